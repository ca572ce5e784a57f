package settings

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestCredentials(t *testing.T) {
	file := strconv.Quote(filepath.Join(t.TempDir(), ".env.local"))
	d, _ := open(t, `{"credentials": {
		"openai": {"balance": "weighted", "order": ["work", "default"], "named": {
			"home": {}, "work": {"weight": 3, "zeroDataRetention": true, "gatewayFallback": false},
		}},
		"gateway": {"envFile": `+file+`},
	}}`)
	if p := d.Problem(); p != nil {
		t.Fatal(p)
	}
	c := d.Snapshot().Credentials["openai"]
	if w := c.Named["work"]; w.Weight != 3 || !w.ZeroDataRetention || w.GatewayFallback == nil || *w.GatewayFallback {
		t.Errorf("%+v", w)
	}
	if names := c.Names(); !slices.Equal(names, []string{"work", "default", "home"}) {
		t.Errorf("%q", names)
	}
	if names := (Credentials{Named: map[string]Credential{"b": {}, "a": {}, "default": {}}}).Names(); !slices.Equal(names, []string{"default", "a", "b"}) {
		t.Errorf("%q", names)
	}
}

func TestCredentialProblems(t *testing.T) {
	for _, c := range []struct{ name, text, message string }{
		{"unknown provider", `{"credentials": {"opnai": {}}}`, `did you mean "openai"?`},
		{"unknown balance", `{"credentials": {"openai": {"balance": "weigthed"}}}`, `did you mean "weighted"?`},
		{"name", `{"credentials": {"openai": {"named": {"My Key": {}}}}}`, "can't be a credential's name"},
		{"name with a slash", `{"credentials": {"openai": {"named": {"a/b": {}}}}}`, "can't be a credential's name"},
		{"weight", `{"credentials": {"openai": {"named": {"a": {"weight": -1}}}}}`, "outside 0 to 1000000"},
		{"order of nobody", `{"credentials": {"openai": {"order": ["work"]}}}`, `no credential "work"`},
		{"twice in order", `{"credentials": {"openai": {"order": ["default", "default"]}}}`, "twice"},
		{"relative file", `{"credentials": {"gateway": {"envFile": ".env.local"}}}`, "full path"},
		{"a secret", `{"credentials": {"openai": {"named": {"a": {"secret": "sk-x"}}}}}`, "secret"},
	} {
		d, _ := open(t, c.text)
		if p := d.Problem(); p == nil || !strings.Contains(p.Message, c.message) {
			t.Errorf("%s: got %v, want %s", c.name, p, c.message)
		}
	}
}
