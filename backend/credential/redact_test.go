package credential

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

const canary = "sk-proj-Canary0123456789abcdefXYZ"

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// encodings are the ways in which texts carry other texts.
var encodings = map[string]func(string) string{
	"plain":       func(s string) string { return s },
	"json":        quote,
	"json twice":  func(s string) string { return quote(quote(s)) },
	"json thrice": func(s string) string { return quote(quote(quote(s))) },
	"query":       url.QueryEscape,
	"path":        url.PathEscape,
	"query lower": func(s string) string { return lowerEscapes.ReplaceAllStringFunc(url.QueryEscape(s), strings.ToLower) },
	"base64":      func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 url":  func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"basic auth":  func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + s + ":x")) },
	"base64 json": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(`{"k":"` + s + `"}`)) },
	"hex":         func(s string) string { return hex.EncodeToString([]byte(s)) },
	"go string":   func(s string) string { return fmt.Sprintf("%q", s) },
}

func TestRedact(t *testing.T) {
	r := NewRedactor()
	r.Add(canary)
	r.Add("k%y")
	r.Add("hunter2")
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"nothing to see", "nothing to see"},
		{canary, "[redacted]"},
		{"a " + canary + " b " + canary + ".", "a [redacted] b [redacted]."},
		{canary + canary, "[redacted]"},
		{"cut " + canary[:20], "cut [redacted]"},
		{"cut " + canary[:12] + "... (truncated)", "cut [redacted]... (truncated)"},
		{canary[10:] + " tail", "[redacted] tail"},
		{canary[5:25], "[redacted]"},
		{"x" + canary[:7] + "x", "xsk-projx"},
		{"pass hunter2!", "pass [redacted]!"},
		{"k%y is too short to be a secret", "k%y is too short to be a secret"},
	} {
		if got := r.Redact(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
		if got := r.RedactBytes([]byte(c.in)); string(got) != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
	for name, encode := range encodings {
		text := "<" + encode(canary) + ">"
		if got := r.Redact(text); gives(got, canary) || !strings.Contains(got, Redacted) || got[0] != '<' {
			t.Errorf("%s: %q became %q", name, text, got)
		}
	}
}

// gives tells whether a text holds eight consecutive bytes of a secret, plainly or in an encoding that can be undone.
func gives(text, secret string) bool {
	for i := 0; i+piece <= len(secret); i++ {
		if strings.Contains(text, secret[i:i+piece]) {
			return true
		}
	}
	return false
}

// TestRedactProperty hides random secrets in random texts, in one encoding within another, cut off anywhere, and looks
// for what can still be read.
func TestRedactProperty(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []rune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+/=\"\\<>&% äß日")
	word := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	names := make([]string, 0, len(encodings))
	for name := range encodings {
		names = append(names, name)
	}
	for round := range 600 {
		secret := word(16 + random.IntN(60))
		r := NewRedactor()
		r.Add(secret)
		name := names[random.IntN(len(names))]
		encoded := encodings[name](secret)
		from, to := 0, len(encoded)
		switch random.IntN(3) {
		case 0:
			to = random.IntN(len(encoded) + 1)
		case 1:
			from = random.IntN(len(encoded) + 1)
		}
		// The neighbours have letters that no secret and no encoding has, so that they can be told from it.
		text := "⟦" + encoded[from:to] + "⟧"
		got := r.Redact(text)
		if gives(got, secret) {
			t.Fatalf("round %d, %s of %q: got %q", round, name, secret, got)
		}
		switch name {
		case "basic auth", "base64 json": // what stands around the secret in them stays
		case "go string": // spells quotes and control characters in its own way
		default:
			for _, left := range strings.Split(strings.Trim(got, "⟦⟧"), Redacted) {
				if len(strings.Trim(left, `"\=`)) >= piece {
					t.Fatalf("round %d, %s of %q, cut to %q: left %q", round, name, secret, encoded[from:to], left)
				}
			}
		}
		if again := r.Redact(got); again != got {
			t.Fatalf("redacting twice differs: %q, %q", got, again)
		}
	}
}

func TestRedactorForgetsOnlyTheOldest(t *testing.T) {
	r := NewRedactor()
	for i := range maxRemembered + 1 {
		r.Add(fmt.Sprintf("%03d~~~~~", i))
	}
	if got := r.Redact("000~~~~~"); got != "000~~~~~" {
		t.Errorf("got %q", got)
	}
	if got := r.Redact("001~~~~~ 512~~~~~"); got != "[redacted] [redacted]" {
		t.Errorf("got %q", got)
	}
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"key sk-ant-api03-abcdefgh!", "key sk-[redacted]!"},
		{"vck_0123456789abc", "vck_[redacted]"},
		{"gh_0123456789abc", "gh_[redacted]"},
		{"AIzaSyA-0123456789", "AIza[redacted]"},
		{"Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"},
		{`{"authorization":"bearer abcdefgh"}`, `{"authorization":"bearer [redacted]"}`},
		{"a desk-top-computer and a task-force", "a desk-top-computer and a task-force"},
		{"basic authentication", "basic authentication"},
		{"Basic dXNlcjpwYXNzd29yZA==", "Basic [redacted]"},
		{"sk-short", "sk-short"},
	} {
		if got := Mask(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

type valuer struct{ s string }

func (v valuer) LogValue() slog.Value { return slog.GroupValue(slog.String("inner", v.s)) }

func TestHandler(t *testing.T) {
	for name, make := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var out bytes.Buffer
		r := NewRedactor()
		log := slog.New(r.Handler(make(&out))).With("early", canary).WithGroup("g").With("sub", []byte(canary))
		r.Add(canary) // known only after With
		log.Info("message "+canary,
			"string", canary, "error", fmt.Errorf("failed: %w", errors.New(canary)), "bytes", []byte(canary),
			"struct", struct{ K string }{canary}, "pointer", &struct{ K string }{canary}, "map", map[string]string{"a": canary},
			"list", []string{canary}, "raw", json.RawMessage(quote(canary)), "valuer", valuer{canary}, canary, 1,
			slog.Group("h", "x", canary), "other", "Bearer unknown-token", "n", 42, "ok", true)
		got := out.String()
		if gives(got, canary) || strings.Contains(got, "unknown-token") {
			t.Errorf("%s: %s", name, got)
		}
		for _, want := range []string{"message", "42", "failed: ", "g"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q is missing in %s", name, want, got)
			}
		}
		if n := strings.Count(got, Redacted); n != 15 {
			t.Errorf("%s: %d places masked: %s", name, n, got)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("some text "+canary+" more", canary)
	f.Add("", "")
	f.Add("aaaaaaaaaaaaaaaa", "aaaaaaaa")
	f.Fuzz(func(t *testing.T, text, secret string) {
		r := NewRedactor()
		r.Add(secret)
		got := r.Redact(text)
		if len(secret) >= piece && gives(strings.ReplaceAll(got, Redacted, "\x00"), secret) && !strings.Contains(secret, "\x00") {
			t.Fatalf("%q in %q: %q", secret, text, got)
		}
		if string(r.RedactBytes([]byte(text))) != got {
			t.Fatal("RedactBytes differs")
		}
		Mask(text)
	})
}

func BenchmarkRedact(b *testing.B) {
	r := NewRedactor()
	for i := range 20 {
		r.Add(fmt.Sprintf("%s-%d", canary, i))
	}
	text := strings.Repeat("an ordinary line of a log, of no interest\n", 25000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Redact(text)
	}
}

// TestConceal: what nobody shall remember is masked in every spelling, and not remembered.
func TestConceal(t *testing.T) {
	const token = "sk-vendor-canary-0123456789"
	for _, text := range []string{token, "x " + token[:12] + " y", url.QueryEscape(token), base64.StdEncoding.EncodeToString([]byte("Bearer " + token))} {
		if got := string(Conceal([]byte(text), []string{token, ""})); gives(got, token) || !strings.Contains(got, Redacted) {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := string(Conceal([]byte("nothing here"), []string{token})); got != "nothing here" {
		t.Errorf("%q", got)
	}
}
