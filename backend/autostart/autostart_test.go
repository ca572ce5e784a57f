//go:build unix && !darwin

package autostart_test

import (
	"os"
	"path/filepath"
	"testing"

	"gatehouse/backend/autostart"
)

func TestEntry(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	e := autostart.Entry{ID: "gatehouse", Name: "Gatehouse", Command: []string{`/opt/A "b" $c\d 5%/gatehouse`, "--hidden"}}
	path := filepath.Join(config, "autostart", "gatehouse.desktop")
	is := func(want bool) {
		t.Helper()
		if on, err := e.Enabled(); err != nil || on != want {
			t.Fatal(on, err)
		}
	}
	is(false)
	if err := e.Set(false); err != nil { // which it is
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Set(true); err != nil {
			t.Fatal(err)
		}
		is(true)
	}
	text, err := os.ReadFile(path)
	want := "[Desktop Entry]\nType=Application\nName=Gatehouse\n" +
		`Exec="/opt/A \\"b\\" \\$c\\\\d 5%%/gatehouse" "--hidden"` + "\nTerminal=false\n"
	if err != nil || string(text) != want {
		t.Fatalf("%s%v", text, err)
	}
	// Desktops' own settings turn an entry off by a line.
	for _, line := range []string{"Hidden=true\n", "X-GNOME-Autostart-enabled=false\n"} {
		if err := os.WriteFile(path, append(text, line...), 0o600); err != nil {
			t.Fatal(err)
		}
		is(false)
	}
	if err := e.Set(true); err != nil {
		t.Fatal(err)
	}
	is(true)
	if err := e.Set(false); err != nil {
		t.Fatal(err)
	}
	is(false)
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 0 {
		t.Fatal(files, err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Dir(path), 0o700)
	if err := e.Set(true); err == nil && os.Geteuid() != 0 {
		t.Fatal("a folder that can't be written")
	}
}
