package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"gatehouse/backend/app"
	"gatehouse/backend/control"
)

type result struct {
	code           int
	stdout, stderr string
}

// gatehouse runs a command line in a state folder.
func gatehouse(t *testing.T, home, stdin string, args ...string) result {
	t.Helper()
	t.Setenv("GATEHOUSE_HOME", home)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // the hosted gateway is asked for nothing
	var out, errs bytes.Buffer
	code := run(context.Background(), Program{Version: "1.2.3", Pages: fstest.MapFS{}}, args, strings.NewReader(stdin), &out, &errs)
	return result{code, out.String(), errs.String()}
}

func shortHome(t *testing.T) string {
	t.Helper()
	home, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	return home
}

// start runs a core in this process, as `serve` does.
func start(t *testing.T, home string) *app.Core {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // the hosted gateway is asked for nothing
	core, err := app.Open(app.Options{Home: home, Version: "1.2.3", Build: "headless", Addr: "127.0.0.1:0", Pages: fstest.MapFS{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := core.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeCore(core) })
	return core
}

// TestKeysAndUse goes through the same commands without a running Gatehouse and with one.
func TestKeysAndUse(t *testing.T) {
	for _, runs := range []bool{false, true} {
		home := shortHome(t)
		if runs {
			start(t, home)
		}
		created := gatehouse(t, home, "", "key", "create", "cline", "--project", "web", "--models", "sim/*,openai/*", "--expires", "30d")
		if created.code != 0 || !regexp.MustCompile(`^gh_[0-9A-Za-z]{10}_[0-9A-Za-z]{43}\n$`).MatchString(created.stdout) {
			t.Fatalf("running %v: %+v", runs, created)
		}
		var keys []control.Key
		list := gatehouse(t, home, "", "key", "list", "--json")
		if err := json.Unmarshal([]byte(list.stdout), &keys); err != nil || len(keys) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		k := keys[0]
		if k.Name != "cline" || k.Project != "web" || len(k.Models) != 2 || k.ExpiresAt == nil || strings.Contains(list.stdout, strings.TrimSpace(created.stdout)) {
			t.Errorf("%+v", k)
		}
		if r := gatehouse(t, home, "", "key", "revoke", "cline"); r.code != 0 {
			t.Errorf("%+v", r)
		}
		if r := gatehouse(t, home, "", "key", "list"); !strings.Contains(r.stdout, "revoked") {
			t.Errorf("%+v", r)
		}
		if r := gatehouse(t, home, "", "use"); r.stdout != "sim/echo\n" {
			t.Errorf("%+v", r)
		}
		if r := gatehouse(t, home, "", "use", "sim/think"); r.code != 0 || r.stdout != "sim/think\n" {
			t.Errorf("%+v", r)
		}
		if r := gatehouse(t, home, "", "use"); r.stdout != "sim/think\n" {
			t.Errorf("%+v", r)
		}
		if r := gatehouse(t, home, "", "models", "--json"); r.code != 0 || !strings.Contains(r.stdout, `"sim/echo"`) {
			t.Errorf("%+v", r)
		}
		if r := gatehouse(t, home, "", "usage", "--json"); r.stdout != "[]\n" {
			t.Errorf("%+v", r)
		}
		if r := gatehouse(t, home, "", "usage", "--by", "model", "--json"); r.stdout != "[]\n" {
			t.Errorf("%+v", r)
		}
	}
}

// TestFailuresSayWhatToDo: exit codes, and messages on stderr alone.
func TestFailuresSayWhatToDo(t *testing.T) {
	home := shortHome(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"no-such-command"}, exitUsage, "--help"},
		{[]string{"key", "create"}, exitUsage, "--help"},
		{[]string{"usage", "--by", "colour"}, exitUsage, "--help"},
		{[]string{"usage", "--since", "yesterday"}, exitUsage, "is no time"},
		{[]string{"usage", "--by", "day", "--search", "x"}, exitUsage, "--search"},
		{[]string{"status"}, exitFailed, "gatehouse serve"},
		{[]string{"ui"}, exitFailed, "gatehouse serve"},
		{[]string{"pause"}, exitFailed, "gatehouse serve"},
		{[]string{"use", "openai/gpt"}, exitFailed, "gatehouse credential set openai"},
		{[]string{"use", "gatehouse/active"}, exitFailed, "can't be it"},
		{[]string{"key", "revoke", "nobody"}, exitFailed, "nobody"},
		{[]string{"key", "create", "x", "--expires", "soon"}, exitFailed, "30d"},
		{[]string{"credential", "set", "no-such"}, exitFailed, "credential list"},
		{[]string{"credential", "set", "sim"}, exitFailed, "takes no credential"},
		{[]string{"credential", "set", "openai"}, exitFailed, "keychain"},
		{[]string{"credential", "test", "groq"}, exitFailed, "credential"},
		{[]string{"serve", "--addr", "0.0.0.0:1"}, exitFailed, "loopback"},
	} {
		r := gatehouse(t, home, "secret-value\n", c.args...)
		if r.code != c.code || !strings.Contains(r.stderr, c.says) || r.stdout != "" {
			t.Errorf("%v: %+v", c.args, r)
		}
		if strings.Contains(r.stderr, "secret-value") {
			t.Errorf("%v repeats the secret", c.args)
		}
	}
	if r := gatehouse(t, home, "", "credential", "set", "openai"); r.code != exitFailed || !strings.Contains(r.stderr, "standard input") {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "version"); r.stdout != "gatehouse 1.2.3 (headless)\n" {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "--help"); r.code != 0 || !strings.Contains(r.stdout, "credential") {
		t.Errorf("%+v", r)
	}
}

// TestSecondStart: the state folder has one owner; a second `serve` says who, and changes nothing.
func TestSecondStart(t *testing.T) {
	home := shortHome(t)
	core := start(t, home)
	if r := gatehouse(t, home, "", "serve", "--addr", "127.0.0.1:0"); r.code != exitFailed || !strings.Contains(r.stderr, "another Gatehouse") {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "status"); r.code != 0 || !strings.Contains(r.stdout, core.Service().Status().Endpoint.URL) {
		t.Errorf("%+v", r)
	}
}

// TestPortInUse: everything but the endpoint works, and the status says what to do.
func TestPortInUse(t *testing.T) {
	first := start(t, shortHome(t))
	addr := first.Service().Status().Endpoint.Addresses[0]
	home := shortHome(t)
	second, err := app.Open(app.Options{Home: home, Addr: addr, Pages: fstest.MapFS{}})
	if err != nil {
		t.Fatal(err)
	}
	defer closeCore(second)
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	status := second.Service().Status()
	if status.Endpoint.State != "failed" || !strings.Contains(status.Endpoint.Problem, "another program has the port") {
		t.Errorf("%+v", status.Endpoint)
	}
	if r := gatehouse(t, home, "", "status"); r.code != 0 || !strings.Contains(r.stdout, "another program has the port") {
		t.Errorf("%+v", r)
	}
}

// TestCorruptDatabaseIsSetAside: it is kept under a name that is shown, and a new one is made.
func TestCorruptDatabaseIsSetAside(t *testing.T) {
	home := shortHome(t)
	garbage := bytes.Repeat([]byte("not a database "), 4096)
	if err := os.WriteFile(filepath.Join(home, "gatehouse.db"), garbage, 0o600); err != nil {
		t.Fatal(err)
	}
	core := start(t, home)
	aside := core.Service().Status().History.SetAside
	if kept, err := os.ReadFile(aside); err != nil || !bytes.Equal(kept, garbage) {
		t.Fatalf("set aside as %q: %v", aside, err)
	}
	if r := gatehouse(t, home, "", "status"); !strings.Contains(r.stdout, aside) {
		t.Errorf("%+v", r)
	}
}

// TestBrokenSettings: kept as they are, reported with the place, and everything goes on.
func TestBrokenSettings(t *testing.T) {
	home := shortHome(t)
	broken := "{\n  \"activeModle\": \"sim/think\"\n}\n"
	path := filepath.Join(home, "gatehouse.jsonc")
	if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, home)
	r := gatehouse(t, home, "", "status")
	if !strings.Contains(r.stdout, "line 2") || !strings.Contains(r.stdout, "activeModel") {
		t.Errorf("%+v", r)
	}
	if r := gatehouse(t, home, "", "use", "sim/echo"); r.code != exitFailed {
		t.Errorf("a broken file was overwritten: %+v", r)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != broken {
		t.Errorf("%q, %v", text, err)
	}
}
