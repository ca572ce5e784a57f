package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/backend/control"
)

// TestModels: what a stand-in lists, corrected by the settings and completed by what comes with the program.
func TestModels(t *testing.T) {
	home := shortHome(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/models" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`{"data":[{"id":"gpt-5.4","odd":{"x":1}},{"id":"gpt-mine"}]}`))
	}))
	defer server.Close()
	text := `{"discoverLocal": false, "hostedList": false, "providers": {"openai": {"baseURL": "` + server.URL + `/v1"}},
		"catalog": {"openai/gpt-mine": {"context_window": 4096, "pricing": {"input": "0.000001", "output": "0.000002"}},
			"openai/gpt-secret": {"tags": ["vision"]}}}`
	if err := os.WriteFile(filepath.Join(home, "gatehouse.jsonc"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OPENAI_API_KEY", "sk-test")
	start(t, home)

	if r := gatehouse(t, home, "", "models", "refresh"); r.code != 0 || !strings.Contains(r.stdout, "openai") {
		t.Fatalf("%+v", r)
	}
	list := gatehouse(t, home, "", "models")
	for _, line := range []string{"openai/gpt-mine ", "4096", "openai/gpt-secret ", "sim/echo "} {
		if !strings.Contains(list.stdout, line) {
			t.Errorf("no %q in\n%s", line, list.stdout)
		}
	}
	if all := gatehouse(t, home, "", "models", "--all"); !strings.Contains(all.stdout, "anthropic/claude-opus-4-5") || strings.Contains(list.stdout, "anthropic/") {
		t.Errorf("what lacks a credential is not told apart:\n%s", list.stdout)
	}

	var m control.ModelDetail
	r := gatehouse(t, home, "", "models", "show", "openai/gpt-5.4", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &m); err != nil {
		t.Fatal(err, r.stderr)
	}
	if *m.Entry.InputPicoUSD != 2_500_000 || m.Price.Lines[0].Steps[0].From != 272_000 || len(m.Offers) == 0 || !m.Offers[0].Usable {
		t.Errorf("%s", r.stdout)
	}
	var raw struct{ Odd struct{ X int } }
	if err := json.Unmarshal(m.Raw, &raw); err != nil || raw.Odd.X != 1 {
		t.Errorf("the provider's own entry: %s", m.Raw)
	}
	show := gatehouse(t, home, "", "models", "show", "openai/gpt-5.4")
	for _, part := range []string{"@pydantic/genai-prices 0.1.8", "2026-09-23", "5.00 from 272000 tokens", "million tokens"} {
		if !strings.Contains(show.stdout, part) {
			t.Errorf("no %q in\n%s", part, show.stdout)
		}
	}
	if r := gatehouse(t, home, "", "models", "show", "openai/no-such"); r.code != 1 || !strings.Contains(r.stderr, "models refresh") {
		t.Errorf("%+v", r)
	}
	gatehouse(t, home, "", "models", "favourite", "sim/slow")
	if r := gatehouse(t, home, "", "models", "favourite", "sim/echo"); r.stdout != "sim/slow\nsim/echo\n" {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "models", "favourite", "sim/slow", "--remove"); r.stdout != "sim/echo\n" {
		t.Errorf("%+v", r)
	}
}
