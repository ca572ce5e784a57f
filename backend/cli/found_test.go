package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/backend/control"
)

// TestKeyFound: keys are found where they usually are and in the files that are named, and never shown whole. Where nothing
// can be kept, nothing is moved.
func TestKeyFound(t *testing.T) {
	const secret = "sk-ant-api03-CliCanary_0123456789abcdefXYZ"
	home, user := shortHome(t), t.TempDir()
	t.Setenv("HOME", user)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	start(t, home)
	file := filepath.Join(user, "my.env")
	text := "ANTHROPIC_API_KEY=" + secret + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := gatehouse(t, home, "", "key", "found"); r.code != 0 || !strings.Contains(r.stdout, "no provider's key") {
		t.Errorf("%+v", r)
	}
	var files []control.StrayFile
	if r := gatehouse(t, home, "", "key", "found", file, "--json"); json.Unmarshal([]byte(r.stdout), &files) != nil || len(files) != 1 || strings.Contains(r.stdout, "Canary") {
		t.Fatalf("%+v", r)
	}
	if r := gatehouse(t, home, "", "key", "found", file); !strings.Contains(r.stdout, "sk-a…fXYZ") || strings.Contains(r.stdout, "Canary") {
		t.Errorf("%+v", r)
	}
	r := gatehouse(t, home, "", "key", "found", file, "--move", "--dry-run")
	if r.code != 0 || !strings.Contains(r.stdout, "+ANTHROPIC_BASE_URL=http://127.0.0.1:") || strings.Contains(r.stdout, "Canary") {
		t.Errorf("%+v", r)
	}
	for _, args := range [][]string{{"--move"}, {"--revert", "--yes"}, {"--move", "--revert"}} {
		if r := gatehouse(t, home, "", append([]string{"key", "found", file}, args...)...); r.code == 0 {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if got, err := os.ReadFile(file); string(got) != text || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}
