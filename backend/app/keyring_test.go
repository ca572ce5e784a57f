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
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/control"
	"gatehouse/backend/settings"
)

// canary is a credential that must be nowhere but in the keychain and at the provider.
const canary = "sk-canary-5f1c0ffee0badcafe0123456789abcdef"

// TestSecretLeavesNoTrace sets, uses, tests and removes a credential in a real keyring, provokes every error that might
// repeat it, and then searches the whole state folder and what the system shows of the process. It runs where a session
// with a keyring is provided (see build/desktop/session.sh).
func TestSecretLeavesNoTrace(t *testing.T) {
	if os.Getenv("GATEHOUSE_TEST_KEYRING") == "" {
		t.Skip("there is no session with a keyring; GATEHOUSE_TEST_KEYRING is not set")
	}
	var got atomic.Value
	got.Store("")
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got.Store(r.Header.Get("Authorization"))
		if strings.HasSuffix(r.URL.Path, "/models") {
			_, _ = io.WriteString(w, `{"data":[{"id":"m"}]}`)
			return
		}
		// An upstream that repeats what it was sent, in an error and in an answer.
		w.WriteHeader(map[bool]int{true: 500, false: 401}[r.Header.Get("X-Title") == "500"])
		_, _ = fmt.Fprintf(w, `{"error":{"message":"you sent %s"}}`, r.Header.Get("Authorization"))
	}))
	defer upstream.Close()

	home := shortHome(t)
	text := fmt.Sprintf(`{"providers":{"openai":{"baseURL":%q}}}`, upstream.URL+"/v1")
	if err := os.WriteFile(filepath.Join(home, settings.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, home)
	view := call[control.Credential](t, home, "credentials.set", control.CredentialSecret{Provider: "openai", Secret: canary + "\n"})
	if view.Source != "keychain" {
		t.Fatalf("the credential is in the %q", view.Source)
	}
	if test := call[control.CredentialTest](t, home, "credentials.test", control.CredentialRef{Provider: "openai"}); !test.OK {
		t.Errorf("test: %+v", test)
	}
	token := call[control.CreatedKey](t, home, "keys.create", control.NewKey{Name: "canary"}).Secret
	answers := ""
	for _, title := range []string{"401", "500"} {
		req, err := http.NewRequest(http.MethodPost, s.url+"/v1/chat/completions", strings.NewReader(`{"model":"openai/m"}`))
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
	if got.Load() != "Bearer "+canary {
		t.Errorf("the provider got %q", got.Load())
	}
	for name, params := range map[string]any{
		"credentials.list": control.Empty{}, "usage.list": control.UsageQuery{}, "status.get": control.Empty{}, "settings.get": control.Empty{},
	} {
		answers += fmt.Sprint(call[any](t, home, name, params))
	}
	if strings.Contains(answers, canary) {
		t.Error("an answer holds the secret")
	}
	searchProcess(t, s.cmd.Process.Pid)
	call[control.Credential](t, home, "credentials.remove", control.CredentialRef{Provider: "openai"})
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	// Everything is on the disk now or when the process is killed; both must be clean.
	search(t, home, canary)
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	search(t, home, canary)
	search(t, home, token) // the local key is only a hash, too
}

func searchProcess(t *testing.T, pid int) {
	t.Helper()
	for _, name := range []string{"cmdline", "environ"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte(canary)) {
			t.Errorf("/proc/PID/%s holds the secret", name)
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
