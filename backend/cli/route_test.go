package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/backend/settings"
)

// TestRouteForWhom: a dry run for a key, a project and an hour is held to the rules for those.
func TestRouteForWhom(t *testing.T) {
	home := shortHome(t)
	text := `{
		"addr": "127.0.0.1:0",
		"virtualModels": {"fast": {"model": "sim/echo"}},
		"rules": [
			{"id": "night", "deny": true, "hours": [3], "reason": "Ask again at six."},
			{"id": "site", "rewrite": "sim/think", "projects": ["site"]},
		],
	}`
	if err := os.WriteFile(filepath.Join(home, settings.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, home)
	gatehouse(t, home, "", "key", "create", "laptop", "--project", "site")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--hour", "4"}, "sim  sim/echo"},
		{[]string{"--hour", "3"}, "! the request for fast is denied by the routing rule \"night\": Ask again at six."},
		{[]string{"--hour", "4", "--project", "site"}, "sim  sim/think"},
		{[]string{"--hour", "4", "--key", "laptop"}, "sim  sim/think"},
		{[]string{"--hour", "4", "--key", "laptop", "--project", "other"}, "sim  sim/echo"},
		{[]string{"--options", `{"wings": 1}`}, "! providerOptions.gateway.wings is not understood"},
	} {
		r := gatehouse(t, home, "", append([]string{"route", "fast"}, c.args...)...)
		if got := strings.Join(strings.Fields(r.stdout), " "); !strings.Contains(got, strings.Join(strings.Fields(c.want), " ")) {
			t.Errorf("%v: %s%s", c.args, r.stdout, r.stderr)
		}
	}
}
