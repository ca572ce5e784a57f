package credential

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
)

// tokenUntil makes a JSON web token that ends at a time. Its signature is not looked at.
func tokenUntil(end time.Time) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." +
		part(fmt.Appendf(nil, `{"iss":"https://oidc.vercel.com/team","exp":%d}`, end.Unix())) + "." + part([]byte("signature-of-a-token"))
}

func TestExpiry(t *testing.T) {
	part := base64.RawURLEncoding.EncodeToString
	at := time.Unix(1_800_000_000, 0)
	padded := strings.Split(tokenUntil(at), ".")
	padded[1] = base64.URLEncoding.EncodeToString([]byte(`{"exp":1800000000}`))
	for _, c := range []struct {
		name, token string
		want        time.Time
	}{
		{"usual", tokenUntil(at), at},
		{"padded", strings.Join(padded, "."), at},
		{"a fraction", "h." + part([]byte(`{"exp":1800000000.5}`)) + ".s", at.Add(500 * time.Millisecond)},
		{"no end", "h." + part([]byte(`{"iat":1}`)) + ".s", time.Time{}},
		{"an end that is none", "h." + part([]byte(`{"exp":"soon"}`)) + ".s", time.Time{}},
		{"an end beyond time", "h." + part([]byte(`{"exp":1e300}`)) + ".s", time.Time{}},
		{"no token", "vck_0123456789", time.Time{}},
		{"two parts", "a.b", time.Time{}},
		{"no base64", "a.!.c", time.Time{}},
	} {
		got, ok := Expiry(c.token)
		if !got.Equal(c.want) || ok == c.want.IsZero() {
			t.Errorf("%s: %v, %v; want %v", c.name, got, ok, c.want)
		}
	}
}

func FuzzExpiry(f *testing.F) {
	f.Add(tokenUntil(time.Unix(1_800_000_000, 0)))
	f.Add("a.eyJleHAiOjFlMzA4fQ.c")
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		at, ok := Expiry(token)
		if ok && (at.Year() < 1969 || at.Year() > 10000) || !ok && !at.IsZero() {
			t.Errorf("%v, %v", at, ok)
		}
	})
}

func FuzzEnvFile(f *testing.F) {
	f.Add([]byte("# made by the Vercel CLI\nVERCEL_OIDC_TOKEN=\"eyJ.a.b\"\nA='b c' # d\nexport B=\n"))
	f.Add([]byte("A=\"open\nB=${A}\\"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if values, err := parseEnv(bytes.NewReader(text)); err != nil && values != nil {
			t.Errorf("%v besides %v", values, err)
		}
	})
}

// logText is a log that can be read while it is written.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// tokenStore is a store whose gateway has a token in the environment; start it in a bubble of synctest.
func tokenStore(log *logText, env map[string]string, file string) (*Store, *fakeKeychain) {
	f := newFake()
	list := []Spec{{
		Provider: "gateway", Variables: []string{"AI_GATEWAY_API_KEY"}, Tokens: []string{"VERCEL_OIDC_TOKEN"}, EnvFile: file,
		Renew: "run `vercel env pull`", Needed: true,
	}}
	redactor := NewRedactor()
	return New(Options{
		Keychain: f, Specs: list, Broker: &event.Broker{}, Refresh: 24 * time.Hour, Redactor: redactor,
		Logger:  slog.New(redactor.Handler(slog.NewTextHandler(log, nil))),
		Environ: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	}), f
}

// TestTokenEnds: a token is used until it ends, warned about once an hour before, and then refused with what to do.
func TestTokenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(12 * time.Hour)
		token := tokenUntil(end)
		var log logText
		s, _ := tokenStore(&log, map[string]string{"VERCEL_OIDC_TOKEN": token}, "")
		defer s.Close()
		told := s.Broker.Subscribe(10)
		synctest.Wait()
		if c, err := s.Lookup(t.Context(), "gateway"); err != nil || c.Secret != token {
			t.Fatalf("%+v, %v", c, err)
		}
		if i := s.List()[0]; !i.Expires.Equal(end) || i.Source != Environment || len(s.Warnings()) > 0 {
			t.Fatalf("%+v %q", i, s.Warnings())
		}
		time.Sleep(11*time.Hour - time.Second)
		synctest.Wait()
		if w := s.Warnings(); len(w) > 0 {
			t.Fatalf("warned too early: %q", w)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if w := s.Warnings(); len(w) != 1 || !strings.Contains(w[0], "VERCEL_OIDC_TOKEN ends at") || !strings.Contains(w[0], "vercel env pull") {
			t.Fatalf("%q", w)
		}
		if e, err := told.Next(t.Context()); err != nil || e.Type != EventType {
			t.Fatalf("%+v, %v", e, err)
		}
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if n := strings.Count(log.String(), "a token ends"); n != 1 {
			t.Fatalf("warned %d times: %s", n, &log)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		_, err := s.Lookup(t.Context(), "gateway")
		if e := llm.AsError(err); e.Code != CodeExpired || !strings.Contains(e.Message, "has ended") || !strings.Contains(e.Message, "vercel env pull") {
			t.Fatalf("%v", err)
		}
		if names, err := s.Names(t.Context(), "gateway"); err != nil || len(names) > 0 {
			t.Errorf("%q, %v", names, err)
		}
		if i := s.List()[0]; i.Source != None || !i.Expires.Equal(end) {
			t.Errorf("%+v", i)
		}
		if gives(log.String(), token) || gives(err.Error(), token) {
			t.Errorf("the token is told: %v, %s", err, &log)
		}
	})
}

// TestKeyWinsOverToken: wherever the key comes from, and then nobody is warned about the token.
func TestKeyWinsOverToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logText
		env := map[string]string{"VERCEL_OIDC_TOKEN": tokenUntil(time.Now().Add(time.Minute)), "AI_GATEWAY_API_KEY": "vck-from-env"}
		s, f := tokenStore(&log, env, "")
		defer s.Close()
		synctest.Wait()
		if c, err := s.Lookup(t.Context(), "gateway"); err != nil || c.Secret != "vck-from-env" {
			t.Errorf("%+v, %v", c, err)
		}
		delete(env, "AI_GATEWAY_API_KEY")
		f.do(func() { f.values["gateway"] = "vck-from-keychain" })
		s.SetSpecs(s.Specs)
		synctest.Wait()
		if c, err := s.Lookup(t.Context(), "gateway"); err != nil || c.Secret != "vck-from-keychain" {
			t.Errorf("%+v, %v", c, err)
		}
		if w := s.Warnings(); len(w) > 0 {
			t.Errorf("%q", w)
		}
		// A named key comes before a token, too.
		f.do(func() { clear(f.values) })
		if err := s.Set(t.Context(), "gateway", "team", "vck-of-the-team"); err != nil {
			t.Fatal(err)
		}
		s.RefreshNow()
		synctest.Wait()
		if names, err := s.Names(t.Context(), "gateway"); err != nil || fmt.Sprint(names) != "[team ]" {
			t.Errorf("%q, %v", names, err)
		}
	})
}

// TestEnvFile: the token of a linked project is read, and read again when `vercel env pull` writes a new one.
func TestEnvFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env.local")
	var log logText
	first, second := tokenUntil(time.Now().Add(-time.Minute)), tokenUntil(time.Now().Add(12*time.Hour))
	write := func(token string) {
		text := "# Created by Vercel CLI\nNX_DAEMON=\"\"\nVERCEL_OIDC_TOKEN=\"" + token + "\"\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(first)
	s, _ := tokenStore(&log, nil, path)
	w := world{Store: s, events: s.Broker.Subscribe(100)}
	if _, err := s.Lookup(t.Context(), "gateway"); err == nil || !strings.Contains(llm.AsError(err).Message, path) {
		t.Fatalf("%v", err)
	}
	write(second)
	w.until(t, func() bool { return s.List()[0].Source == File })
	w.want(t, "gateway", Credential{Secret: second, Source: File, Variable: "VERCEL_OIDC_TOKEN"})
	if i := s.List()[0]; i.File != path || i.Expires.IsZero() {
		t.Errorf("%+v", i)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	w.until(t, func() bool { return s.List()[0].Source == None })
	s.Close()
	if text := log.String(); gives(text, first) || gives(text, second) {
		t.Errorf("the log holds a token: %s", text)
	}
	if got := s.Redact(first + " " + second); got != Redacted+" "+Redacted {
		t.Errorf("got %q", got)
	}
}
