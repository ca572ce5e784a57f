package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/backend/control"
)

// TestConnectDoctorRevert: each editor is connected, tried the way it would ask, and left as it was.
func TestConnectDoctorRevert(t *testing.T) {
	home, user := shortHome(t), t.TempDir()
	t.Setenv("HOME", user)
	t.Setenv("SHELL", "/bin/bash")
	for _, name := range []string{"CODEX_HOME", "CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME", "GEMINI_CLI_HOME", "CONTINUE_GLOBAL_DIR"} {
		t.Setenv(name, "")
	}
	start(t, home)
	var editors []control.Editor
	if r := gatehouse(t, home, "", "connect", "--json"); json.Unmarshal([]byte(r.stdout), &editors) != nil || len(editors) < 12 {
		t.Fatalf("%+v", r)
	}
	config := filepath.Join(user, ".codex", "config.toml")
	if err := os.Mkdir(filepath.Join(user, ".config"), 0o700); err != nil {
		t.Fatal(err)
	}
	original := "# mine\nmodel = \"gpt-5\"\n"
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(original), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := gatehouse(t, home, "", "connect", "codex"); r.code != exitFailed || !strings.Contains(r.stderr, "--yes") {
		t.Errorf("it did not ask: %+v", r)
	}
	if r := gatehouse(t, home, "", "connect", "codex", "--dry-run"); r.code != 0 || !strings.Contains(r.stdout, "-model = \"gpt-5\"") {
		t.Errorf("%+v", r)
	}
	if text, err := os.ReadFile(config); string(text) != original || err != nil {
		t.Fatalf("%s, %v", text, err)
	}
	for _, e := range editors {
		if r := gatehouse(t, home, "", "connect", e.ID, "--yes"); r.code != 0 || strings.Contains(r.stdout, "gh_…") {
			t.Errorf("%s: %+v", e.ID, r)
		}
	}
	var findings []control.Finding
	r := gatehouse(t, home, "", "doctor", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &findings); err != nil || r.code != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	answered := 0
	for _, f := range findings {
		if strings.Contains(f.Message, "answered") {
			answered++
		}
	}
	if answered != 9 { // all that keep their key in a file
		t.Errorf("%d answered: %+v", answered, findings)
	}
	if r := gatehouse(t, home, "", "key", "revoke", "codex"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	if r := gatehouse(t, home, "", "doctor"); r.code != exitFailed || !strings.Contains(r.stdout, "gatehouse connect codex") {
		t.Errorf("a revoked key went unnoticed: %+v", r)
	}
	if r := gatehouse(t, home, "", "connect", "opencode", "--model", "sim/no-such", "--yes"); r.code != 0 {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "doctor"); !strings.Contains(r.stdout, "gatehouse connect opencode --model MODEL") {
		t.Errorf("an unknown model went unnoticed: %+v", r)
	}
	for _, e := range editors {
		if r := gatehouse(t, home, "", "connect", e.ID, "--revert", "--yes"); r.code != 0 {
			t.Errorf("%s: %+v", e.ID, r)
		}
	}
	if text, err := os.ReadFile(config); string(text) != original || err != nil {
		t.Errorf("left is %s, %v", text, err)
	}
	left, err := os.ReadDir(user)
	if err != nil || len(left) != 2 { // those that were there
		t.Errorf("left are %v, %v", left, err)
	}
	var keys []control.Key
	if r := gatehouse(t, home, "", "key", "list", "--json"); json.Unmarshal([]byte(r.stdout), &keys) != nil {
		t.Fatalf("%+v", r)
	}
	for _, k := range keys {
		if k.RevokedAt == nil {
			t.Errorf("%s still works", k.Name)
		}
	}
}

// TestDoctorWithoutGatehouse: it says that nothing listens, and what to do.
func TestDoctorWithoutGatehouse(t *testing.T) {
	home := shortHome(t)
	t.Setenv("HOME", t.TempDir())
	if err := os.WriteFile(filepath.Join(home, "gatehouse.jsonc"), []byte(`{"addr": "127.0.0.1:1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := gatehouse(t, home, "", "doctor"); r.code != exitFailed || !strings.Contains(r.stdout, "gatehouse serve") {
		t.Errorf("%+v", r)
	}
}
