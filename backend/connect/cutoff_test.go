package connect

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/wholefile"
)

// at is when everything here happens: what is written depends on it.
var at = time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC)

// lab is one user's disk, on which the same is done again and again.
type lab struct {
	home, state string
	id          string
	// original are the settings files as the user had them; those that were not there are missing.
	original map[string][]byte
}

func newLab(t *testing.T, id string, existing bool) *lab {
	t.Helper()
	dir := t.TempDir()
	l := &lab{home: filepath.Join(dir, "home"), state: filepath.Join(dir, "state"), id: id, original: map[string][]byte{}}
	if existing {
		e := l.open(t, nil)
		files(t, func(folder, name string, text []byte) {
			if folder == id {
				l.original[(&desk{Editors: e}).path(t, id, name)] = text
			}
		})
	}
	return l
}

// options are those of a run that ends before the change of the disk that end says yes to.
func (l *lab) options(before func(what, path string) error) Options {
	return Options{
		Home: l.home, State: l.state, Now: func() time.Time { return at }, disk: wholefile.Disk{Before: before},
		Getenv: func(name string) string { return map[string]string{"SHELL": "/bin/bash"}[name] },
	}
}

func (l *lab) open(t *testing.T, before func(what, path string) error) *Editors {
	t.Helper()
	e, _, err := New(l.options(before))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// reset puts the disk back to how the user had it.
func (l *lab) reset(t *testing.T) {
	t.Helper()
	for _, dir := range []string{l.home, l.state} {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for path, text := range l.original {
		write(t, path, text, 0o640)
	}
}

// files gives everything that is below the home folder, folders with it.
func (l *lab) files(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(l.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == l.home {
			return err
		}
		out[path] = "folder"
		if !d.IsDir() {
			out[path] = string(read(t, path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var errEnd = errors.New("this is the end")

// act is what is done to the disk until it ends or is ended.
type act func(e *Editors) error

func connecting(l *lab) act {
	return func(e *Editors) error {
		_, err := e.Apply(l.id, values, "key")
		return err
	}
}

func reverting(l *lab) act {
	return func(e *Editors) error {
		_, err := e.Revert(l.id, func(string) error { return nil })
		return err
	}
}

// until does it with an end before the nth change of the disk, and tells whether it came to that. The end is an error, or
// like a kill: nothing more is run, not even what clears up.
func (l *lab) until(t *testing.T, n int, kill bool, do act) (ended bool, err error) {
	t.Helper()
	e := l.open(t, nil)
	e.disk.Before = func(string, string) error {
		if n--; n >= 0 {
			return nil
		}
		ended = true
		if kill {
			panic(errEnd)
		}
		return errEnd
	}
	defer func() {
		if p := recover(); p != nil && p != errEnd { //nolint:errorlint // it is that very one
			panic(p)
		}
	}()
	return ended, do(e)
}

// TestEndedAnywhere: connecting and reverting each editor, ended before each change of the disk, leaves every file whole,
// as it was or as it was to be; the next start leaves nothing half done, and nothing besides.
func TestEndedAnywhere(t *testing.T) {
	for _, ed := range editors {
		for _, existing := range []bool{false, true} {
			for _, kill := range []bool{false, true} {
				if !kill && ed.id != "gemini-cli" { // which has two files; an error is met in the same place by all
					continue
				}
				t.Run(fmt.Sprintf("%s existing=%v kill=%v", ed.id, existing, kill), func(t *testing.T) {
					t.Parallel()
					l := newLab(t, ed.id, existing)
					l.reset(t)
					user := l.files(t)
					if err := connecting(l)(l.open(t, nil)); err != nil {
						t.Fatal(err)
					}
					ours := l.files(t)
					for n := 0; ; n++ {
						l.reset(t)
						ended, err := l.until(t, n, kill, connecting(l))
						l.check(t, fmt.Sprint("connect ", n), user, ours, ended && !kill && err == nil)
						if !ended {
							break
						}
					}
					for n := 0; ; n++ {
						l.reset(t)
						if err := connecting(l)(l.open(t, nil)); err != nil {
							t.Fatal(err)
						}
						ended, _ := l.until(t, n, kill, reverting(l))
						l.check(t, fmt.Sprint("revert ", n), user, ours, false)
						if !ended {
							break
						}
					}
				})
			}
		}
	}
}

// check looks at the disk right after the end, and after the next start.
func (l *lab) check(t *testing.T, when string, user, ours map[string]string, hidden bool) {
	t.Helper()
	if hidden {
		t.Errorf("%s: the end went unnoticed", when)
	}
	for path, text := range l.files(t) {
		if isTemporary(path) || text == "folder" {
			continue
		}
		if text != user[path] && text != ours[path] {
			t.Errorf("%s: %s is neither old nor new:\n%s", when, path, text)
		}
	}
	e := l.open(t, nil)
	got, want := l.files(t), user
	if r, err := e.load(l.id); err != nil {
		t.Fatal(err)
	} else if r != nil {
		want = ours
	}
	for path := range joined(got, want) {
		if got[path] != want[path] {
			t.Errorf("%s: %s is %q after the next start, want %q", when, path, got[path], want[path])
		}
	}
	left, err := filepath.Glob(filepath.Join(e.folder(), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%s: %v are left beside the records, %v", when, left, err)
	}
}

func isTemporary(path string) bool {
	return strings.HasSuffix(path, ".tmp") && strings.Contains(path, ".gatehouse-")
}

func joined(a, b map[string]string) map[string]bool {
	out := map[string]bool{}
	for _, m := range []map[string]string{a, b} {
		for k := range m {
			out[k] = true
		}
	}
	return out
}

// killVariable names the folder in which the process that dies works.
const killVariable = "GATEHOUSE_TEST_KILL"

// TestKilledAnywhere does the same with a process that really dies. It runs itself.
func TestKilledAnywhere(t *testing.T) {
	if dir := os.Getenv(killVariable); dir != "" {
		die(t, dir)
		return
	}
	for _, verb := range []string{"connect", "revert"} {
		l := newLab(t, "gemini-cli", false)
		l.original[(&desk{Editors: l.open(t, nil)}).path(t, l.id, ".env")] = read(t, "testdata/gemini-cli/vars.env")
		l.reset(t)
		user := l.files(t)
		if err := connecting(l)(l.open(t, nil)); err != nil {
			t.Fatal(err)
		}
		ours := l.files(t)
		for n := 0; ; n++ {
			l.reset(t)
			if verb == "revert" {
				if err := connecting(l)(l.open(t, nil)); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestKilledAnywhere$")
			cmd.Env = append(os.Environ(), killVariable+"="+filepath.Dir(l.home), "GATEHOUSE_TEST_VERB="+verb, "GATEHOUSE_TEST_STEP="+strconv.Itoa(n))
			out, err := cmd.CombinedOutput()
			l.check(t, fmt.Sprintf("%s, killed at %d", verb, n), user, ours, false)
			if err == nil {
				if n < 8 {
					t.Errorf("%s ended after %d steps: %s", verb, n, out)
				}
				break
			}
			if bytes.Contains(out, []byte("FAIL")) {
				t.Fatalf("%s", out)
			}
		}
	}
}

// die is the process that dies.
func die(t *testing.T, dir string) {
	t.Helper()
	l := &lab{home: filepath.Join(dir, "home"), state: filepath.Join(dir, "state"), id: "gemini-cli"}
	n, err := strconv.Atoi(os.Getenv("GATEHOUSE_TEST_STEP"))
	if err != nil {
		t.Fatal(err)
	}
	e := l.open(t, nil)
	e.disk.Before = func(string, string) error {
		if n--; n >= 0 {
			return nil
		}
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		if err != nil {
			t.Fatal(err)
		}
		select {} // until it takes hold
	}
	do := connecting(l)
	if os.Getenv("GATEHOUSE_TEST_VERB") == "revert" {
		do = reverting(l)
	}
	if err := do(e); err != nil {
		t.Fatal(err)
	}
}

// TestEditedWhileCutOff: what the user did to a file that a dead run had written stays, and ours goes.
func TestEditedWhileCutOff(t *testing.T) {
	l := newLab(t, "gemini-cli", false)
	path := (&desk{Editors: l.open(t, nil)}).path(t, l.id, ".env")
	l.original[path] = []byte("FOO=bar\n")
	l.reset(t)
	writes := 0
	e := l.open(t, nil)
	e.disk.Before = func(what, path string) error {
		if what == "rename" {
			writes++
		}
		if writes > 2 { // the record and the first file are written
			panic(errEnd)
		}
		return nil
	}
	func() {
		defer func() { _ = recover() }()
		_ = connecting(l)(e)
	}()
	if !bytes.Contains(read(t, path), []byte(secret)) {
		t.Fatalf("%s", read(t, path))
	}
	write(t, path, slices.Concat([]byte("BAZ=1\n"), read(t, path)), 0o640)
	l.open(t, nil)
	if got := string(read(t, path)); got != "BAZ=1\nFOO=bar\n" {
		t.Errorf("left is %q", got)
	}
}
