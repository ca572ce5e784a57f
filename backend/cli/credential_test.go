package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/control"
)

func TestAskFallback(t *testing.T) {
	for in, want := range map[string]string{
		"\n": "true", "": "true", "y\n": "true", "YES\n": "true", "n\n": "false", "No\n": "false", "what\nn\n": "false", "n": "false", "what": "error",
	} {
		var out bytes.Buffer
		yes, err := askFallback(strings.NewReader(in), &out)
		got := fmt.Sprint(yes)
		if err != nil {
			got = "error"
		}
		if got != want || !strings.Contains(out.String(), "[Y/n]") {
			t.Errorf("%q: %s, want %s; %s", in, got, want, &out)
		}
	}
}

func TestCredentialRows(t *testing.T) {
	end := time.Now().Add(-time.Hour)
	plain := control.Credential{Provider: "openai", ProviderName: "OpenAI", Source: "none", Variable: "OPENAI_API_KEY"}
	named := plain
	named.Name, named.Source = "work", "keychain"
	token := control.Credential{Provider: "gateway", ProviderName: "G", Source: "file", File: "/site/.env.local", ExpiresAt: &end}
	told := time.Now().Add(-63*time.Minute - time.Second)
	rich := control.Credential{Provider: "deepseek", ProviderName: "DeepSeek", Source: "environment", Variable: "DEEPSEEK_API_KEY", Balance: &control.CredentialBalance{Text: "$12.34", At: &told}}
	poor := control.Credential{Provider: "openrouter", ProviderName: "OpenRouter", Source: "environment", Balance: &control.CredentialBalance{Problem: "down"}}
	for _, c := range []struct {
		list []control.Credential
		want []string
	}{
		{[]control.Credential{plain}, []string{"PROVIDER NAME SOURCE VARIABLE", "openai OpenAI none OPENAI_API_KEY"}},
		{[]control.Credential{plain, named}, []string{"PROVIDER NAME CREDENTIAL SOURCE VARIABLE", "openai OpenAI work keychain OPENAI_API_KEY"}},
		{[]control.Credential{token}, []string{
			"PROVIDER NAME SOURCE VARIABLE ENDS", "gateway G from /site/.env.local  " + end.Format("2006-01-02 15:04") + " (ended)",
		}},
		{[]control.Credential{plain, rich, poor}, []string{
			"PROVIDER NAME SOURCE VARIABLE BALANCE", "openai OpenAI none OPENAI_API_KEY ",
			"deepseek DeepSeek from environment DEEPSEEK_API_KEY $12.34 left, asked 1h3m ago", "openrouter OpenRouter from environment  unknown",
		}},
	} {
		var got []string
		for _, row := range credentialRows(c.list) {
			got = append(got, strings.Join(row, " "))
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

// TestTokenOfALinkedProject: it is found in the file that settings name, and shown with its end but without itself.
func TestTokenOfALinkedProject(t *testing.T) {
	t.Setenv("AI_GATEWAY_API_KEY", "")
	t.Setenv("VERCEL_OIDC_TOKEN", "")
	home := shortHome(t)
	file := filepath.Join(home, ".env.local")
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.c2lnbmF0dXJl" // ends with the year 2099
	set, err := json.Marshal(map[string]any{"credentials": map[string]any{"gateway": map[string]any{"envFile": file}}})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{file: "VERCEL_OIDC_TOKEN=" + token + "\n", filepath.Join(home, "gatehouse.jsonc"): string(set)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := gatehouse(t, home, "", "credential", "list")
	if r.code != 0 || !strings.Contains(r.stdout, "from "+file) || !strings.Contains(r.stdout, "2100-01-01") && !strings.Contains(r.stdout, "2099-12-31") {
		t.Errorf("%+v", r)
	}
	if strings.Contains(r.stdout+r.stderr, token[:30]) {
		t.Error("the token is shown")
	}
}

// TestFallbackFlags: both forms are understood; without a keychain nothing is kept, nor written into settings.
func TestFallbackFlags(t *testing.T) {
	home := shortHome(t)
	for _, flag := range []string{"--fallback", "--no-fallback"} {
		r := gatehouse(t, home, "vck-secret\n", "credential", "set", "gateway", flag)
		if r.code != exitFailed || !strings.Contains(r.stderr, "keychain") {
			t.Errorf("%s: %+v", flag, r)
		}
	}
	if _, err := os.Stat(filepath.Join(home, "gatehouse.jsonc")); !os.IsNotExist(err) {
		t.Errorf("settings were written: %v", err)
	}
}

// TestCredentialBalances: what is left is asked for as the list is shown, once for a while; who does not tell is told of.
func TestCredentialBalances(t *testing.T) {
	var asked atomic.Int32
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/deepseek/user/balance":
			asked.Add(1)
			_, _ = io.WriteString(w, `{"is_available":true,"balance_infos":[{"currency":"USD","total_balance":"12.34"}]}`)
		case "/moonshot/users/me/balance":
			http.Error(w, `{"error":{"message":"come back later"}}`, http.StatusServiceUnavailable)
		default:
			_, _ = io.WriteString(w, `{"data":[]}`)
		}
	}))
	defer provider.Close()
	t.Setenv("DEEPSEEK_API_KEY", "sk-canary-deepseek")
	t.Setenv("MOONSHOT_API_KEY", "sk-canary-moonshot")
	home := shortHome(t)
	text := fmt.Sprintf(`{"providers": {"deepseek": {"baseURL": "%[1]s/deepseek"}, "moonshotai": {"baseURL": "%[1]s/moonshot"}}}`, provider.URL)
	if err := os.WriteFile(filepath.Join(home, "gatehouse.jsonc"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, home)
	for range 2 {
		r := gatehouse(t, home, "", "credential", "list")
		if r.code != 0 || !strings.Contains(r.stdout, "$12.34 left") || !strings.Contains(r.stdout, "unknown") ||
			!strings.Contains(r.stdout, "come back later") || strings.Contains(r.stdout, "canary") {
			t.Fatalf("%+v", r)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times for two lists", n)
	}
}
