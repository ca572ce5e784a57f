package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/backend/control"
)

// canaryStray lies in a file in plain text; canaryOther is another one of the same provider.
const (
	canaryStray = "sk-proj-straycanaryQ7wE5rT3yU1iO9pA2sD4fG6hJ8kL"
	canaryOther = "sk-proj-othercanaryZ0xC9vB8nM7qW6eR5tY4uI3oP2aS"
)

// TestStrayKeysLeaveNoTrace: keys in files are found, moved into a real keyring and put back, and are nowhere else meanwhile.
func TestStrayKeysLeaveNoTrace(t *testing.T) {
	if os.Getenv("GATEHOUSE_TEST_KEYRING") == "" {
		t.Skip("there is no session with a keyring; GATEHOUSE_TEST_KEYRING is not set")
	}
	home, user := shortHome(t), t.TempDir()
	s := serve(t, home, "OPENAI_API_KEY=", "HOME="+os.Getenv("HOME"))
	place := control.EditorPlace{Home: user, Variables: map[string]string{"SHELL": "/bin/bash"}}
	first, second := filepath.Join(user, ".bashrc"), filepath.Join(user, "work", ".env")
	originals := map[string]string{
		first:  "alias ll='ls -l'\nexport OPENAI_API_KEY=" + canaryStray + " # mine\n",
		second: "OPENAI_API_KEY=\"" + canaryOther + "\"\r\nOPENAI_BASE_URL=https://api.openai.com/v1\r\n",
	}
	answers := ""
	for path, text := range originals {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list := func() control.StrayList {
		found := call[control.StrayList](t, home, "stray.list", control.StrayQuery{Files: []string{second}, Place: place})
		answers += fmt.Sprint(found)
		return found
	}
	if found := list(); len(found.Files) != 2 || found.Files[0].Moved || len(found.Files[0].Keys) != 1 || found.Files[0].Keys[0].Provider != "openai" {
		t.Fatalf("%+v", found)
	}
	for _, path := range []string{first, second} {
		answers += fmt.Sprint(call[control.StrayPlan](t, home, "stray.plan", control.StrayChange{Path: path}))
		answers += fmt.Sprint(call[control.StrayPlan](t, home, "stray.move", control.StrayChange{Path: path}))
		text, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(text), "canary") || !strings.Contains(string(text), "gh_") || !strings.Contains(string(text), "OPENAI_BASE_URL=http://127.0.0.1") {
			t.Errorf("%s is %s, %v", path, text, err)
		}
	}
	if found := list(); len(found.Files) != 2 || !found.Files[0].Moved || !found.Files[1].Moved {
		t.Errorf("%+v", found)
	}
	answers += fmt.Sprint(call[any](t, home, "credentials.list", control.Empty{}), call[any](t, home, "settings.get", control.Empty{}))
	nowhere := func() {
		t.Helper()
		for _, c := range []string{canaryStray, canaryOther} {
			search(t, home, c)
			if strings.Contains(answers, c) || strings.Contains(answers, c[8:24]) {
				t.Errorf("an answer holds %s", c)
			}
		}
	}
	nowhere()
	searchProcess(t, s.cmd.Process.Pid)
	for path, text := range originals {
		answers += fmt.Sprint(call[control.StrayPlan](t, home, "stray.plan", control.StrayChange{Path: path, Revert: true}))
		answers += fmt.Sprint(call[control.StrayPlan](t, home, "stray.revert", control.StrayChange{Path: path, Revert: true}))
		if got, err := os.ReadFile(path); string(got) != text || err != nil {
			t.Errorf("%s came back as %q, %v", path, got, err)
		}
	}
	for _, k := range call[control.KeyList](t, home, "keys.list", control.Empty{}).Keys {
		if k.RevokedAt == nil {
			t.Errorf("the local key %s still works", k.Name)
		}
	}
	for _, c := range call[control.CredentialList](t, home, "credentials.list", control.Empty{}).Credentials {
		if c.Provider == "openai" && c.Source == "keychain" {
			call[control.Credential](t, home, "credentials.remove", control.CredentialRef{Provider: "openai", Name: c.Name})
		}
	}
	nowhere()
}
