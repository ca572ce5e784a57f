package app

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/backend/control"
	"gatehouse/backend/settings"
)

// The canaries must be nowhere but in the keychain, or in a file of the user's, and at the provider: a credential, a named
// one, a token that ends in the year 2099, and what a collector of traces gets.
const (
	canary      = "sk-canary-5f1c0ffee0badcafe0123456789abcdef"
	canaryNamed = "sk-namedcanary-77d1e0fbadf00d8899aabbccddeeff"
	canaryTrace = "otlp-canary-3e9ab1c0ffeef00d5566778899aa"
	canaryToken = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im1yay1jYW5hcnkifQ.eyJleHAiOjQxMDI0NDQ4MDAsInN1YiI6ImNhbmFyeSJ9.c2lnbmF0dXJlLWNhbmFyeQ"
)

var canaries = []string{canary, canaryNamed, canaryToken, canaryTrace}

// TestSecretLeavesNoTrace sets, uses, tests and removes a credential in a real keyring, provokes every error that might
// repeat it, and then searches the whole state folder and what the system shows of the process. It runs where a session
// with a keyring is provided (see build/desktop/session.sh).
func TestSecretLeavesNoTrace(t *testing.T) {
	if os.Getenv("GATEHOUSE_TEST_KEYRING") == "" {
		t.Skip("there is no session with a keyring; GATEHOUSE_TEST_KEYRING is not set")
	}
	var lock sync.Mutex
	got := map[string]bool{}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		lock.Lock()
		got[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] = true
		lock.Unlock()
		if strings.HasSuffix(r.URL.Path, "/models") || strings.HasSuffix(r.URL.Path, "/credits") {
			_, _ = io.WriteString(w, `{"data":[{"id":"m"}]}`)
			return
		}
		// An upstream that repeats what it was sent, in an error and in an answer.
		w.WriteHeader(map[bool]int{true: 500, false: 401}[r.Header.Get("X-Title") == "500"])
		_, _ = fmt.Fprintf(w, `{"error":{"message":"you sent %s"}}`, r.Header.Get("Authorization"))
	}))
	defer upstream.Close()

	home := shortHome(t)
	file := filepath.Join(t.TempDir(), ".env.local")
	if err := os.WriteFile(file, []byte("VERCEL_OIDC_TOKEN=\""+canaryToken+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"providers":{"openai":{"baseURL":%q},"gateway":{"baseURL":%q}},"credentials":{"gateway":{"envFile":%q}},"traces":{"endpoint":%q}}`,
		upstream.URL+"/v1", upstream.URL, file, upstream.URL+"/otlp")
	if err := os.WriteFile(filepath.Join(home, settings.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, home, "AI_GATEWAY_API_KEY=", "VERCEL_OIDC_TOKEN=")
	view := call[control.Credential](t, home, "credentials.set", control.CredentialSecret{Provider: "openai", Secret: canary + "\n"})
	if view.Source != "keychain" {
		t.Fatalf("the credential is in the %q", view.Source)
	}
	call[control.Credential](t, home, "credentials.set", control.CredentialSecret{Provider: "openai", Name: "work", Secret: canaryNamed})
	for _, ref := range []control.CredentialRef{{Provider: "openai"}, {Provider: "openai", Name: "work"}, {Provider: "gateway"}} {
		if test := call[control.CredentialTest](t, home, "credentials.test", ref); !test.OK {
			t.Errorf("%+v: %+v", ref, test)
		}
	}
	call[control.Credential](t, home, "credentials.set", control.CredentialSecret{Provider: settings.CollectorID, Secret: canaryTrace})
	if test := call[control.CredentialTest](t, home, "credentials.test", control.CredentialRef{Provider: settings.CollectorID}); test.OK || test.Status != 401 {
		t.Errorf("the collector refuses, and that is %+v", test)
	}
	token := call[control.CreatedKey](t, home, "keys.create", control.NewKey{Name: "canary"}).Secret
	call[control.ContentsList](t, home, "contents.set", control.ContentsRule{Keep: "24h"}) // which keeps all but secrets
	answers := ""
	for i, title := range []string{"401", "500", "401", "500"} {
		model := []string{"openai/m", "gateway/openai/m"}[i/2]
		req, err := http.NewRequest(http.MethodPost, s.url+"/v1/chat/completions", strings.NewReader(`{"model":"`+model+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("X-Title", title)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		answers += string(body)
	}
	lock.Lock()
	for i, c := range canaries {
		if !got[c] {
			t.Errorf("the provider did not get canary %d", i)
		}
	}
	lock.Unlock()
	for name, params := range map[string]any{
		"credentials.list": control.Empty{}, "credentials.balances": control.Empty{}, "usage.list": control.UsageQuery{}, "status.get": control.Empty{}, "settings.get": control.Empty{},
	} {
		answers += fmt.Sprint(call[any](t, home, name, params))
	}
	for i, c := range canaries {
		if strings.Contains(answers, c) || strings.Contains(answers, c[10:26]) {
			t.Errorf("an answer holds canary %d", i)
		}
	}
	kept := func() int64 { // or there would be nothing to search
		return call[control.ContentsList](t, home, "contents.list", control.Empty{}).Projects[0].Requests
	}
	for deadline := time.Now().Add(20 * time.Second); kept() < 4; {
		if time.Now().After(deadline) {
			t.Fatalf("the contents of %d requests are kept", kept())
		}
	}
	searchProcess(t, s.cmd.Process.Pid)
	call[control.Credential](t, home, "credentials.remove", control.CredentialRef{Provider: "openai"})
	call[control.Credential](t, home, "credentials.remove", control.CredentialRef{Provider: "openai", Name: "work"})
	call[control.Credential](t, home, "credentials.remove", control.CredentialRef{Provider: settings.CollectorID})
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	// Everything is on the disk now or when the process is killed; both must be clean.
	for _, c := range canaries {
		search(t, home, c)
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	for _, c := range canaries {
		search(t, home, c)
	}
	search(t, home, token) // the local key is only a hash, too
}

func searchProcess(t *testing.T, pid int) {
	t.Helper()
	for _, name := range []string{"cmdline", "environ"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range canaries {
			if bytes.Contains(text, []byte(c)) {
				t.Errorf("/proc/PID/%s holds canary %d", name, i)
			}
		}
	}
}

// search looks for a secret, and for its parts, in every file below a folder.
func search(t *testing.T, folder, secret string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, part := range []string{secret, secret[len(secret)-16:], secret[10:26]} {
			if bytes.Contains(text, []byte(part)) {
				t.Errorf("%s holds the secret", path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 4 {
		t.Errorf("only %d files were searched at %v", files, time.Now())
	}
}
