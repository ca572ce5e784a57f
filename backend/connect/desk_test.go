package connect

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain keeps the files in memory where that can be had: thousands of them are written and waited for.
func TestMain(m *testing.M) {
	if os.Getenv(killVariable) != "" { // it won't live to clear up
		os.Exit(m.Run())
	}
	if dir, err := os.MkdirTemp("/dev/shm", "gatehouse-connect-"); err == nil {
		_ = os.Setenv("TMPDIR", dir)
		code := m.Run()
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}
	os.Exit(m.Run())
}

const secret = "gh_0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"

var values = Values{URL: "http://127.0.0.1:4283", Key: secret, Model: "gatehouse/active"}

// desk is one user's editors.
type desk struct {
	*Editors
	revoked []string
}

func open(t *testing.T) *desk {
	t.Helper()
	dir := t.TempDir()
	e, _, err := New(Options{
		Home: filepath.Join(dir, "home"), State: filepath.Join(dir, "state"), Now: time.Now,
		Getenv: func(name string) string { return map[string]string{"SHELL": "/bin/bash"}[name] },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &desk{Editors: e}
}

func (d *desk) revoke(id string) error {
	d.revoked = append(d.revoked, id)
	return nil
}

// path is the settings file of an editor that has the extension of name.
func (d *desk) path(t *testing.T, id, name string) string {
	t.Helper()
	ed, err := find(id)
	if err != nil {
		t.Fatal(err)
	}
	all := ed.files(d.Editors)
	for _, f := range all {
		if filepath.Ext(f.path) == filepath.Ext(name) {
			return f.path
		}
	}
	return all[0].path
}

func write(t *testing.T, path string, text []byte, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// corpus gives the files of testdata, each in the forms that people's programs write: editor, name, text.
func corpus(t testing.TB, fn func(id, name string, text []byte)) {
	t.Helper()
	files(t, func(id, name string, text []byte) {
		fn(id, name, text)
		if id == "broken" || id == "fuzz" || len(text) == 0 {
			return
		}
		_, rest := cutBOM(text)
		plain := bytes.ReplaceAll(rest, []byte("\r\n"), []byte("\n"))
		for form, other := range map[string][]byte{
			"crlf":       bytes.ReplaceAll(plain, []byte("\n"), []byte("\r\n")),
			"bom":        slices.Concat(bom, plain),
			"no end":     bytes.TrimRight(plain, "\n"),
			"more lines": slices.Concat([]byte("\n"), plain, []byte("\n\n")),
			"unicode":    bytes.ReplaceAll(plain, []byte("EDITME"), []byte("EDITME ßøж漢字 \U0001f600 \u202e")),
			"tabs":       tabbed.ReplaceAllFunc(plain, func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("  "), []byte("\t")) }),
		} {
			if form == "tabs" && strings.Contains(name, ".y") { // YAML takes none
				continue
			}
			if !bytes.Equal(other, text) {
				fn(id, form+" "+name, other)
			}
		}
	})
}

var tabbed = regexp.MustCompile(`(?m)^(  )+`)

// files gives the files of testdata as they are.
func files(t testing.TB, fn func(id, name string, text []byte)) {
	t.Helper()
	all, err := filepath.Glob("testdata/*/*")
	if err != nil || len(all) == 0 {
		t.Fatal(err, len(all))
	}
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fn(filepath.Base(filepath.Dir(path)), filepath.Base(path), text)
	}
}
