package wholefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"gatehouse/backend/wholefile"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWriteAndRemove(t *testing.T) {
	dir := t.TempDir()
	var d wholefile.Disk
	folder := filepath.Join(dir, "a", "b")
	path := filepath.Join(folder, "file[1]?*")
	for _, text := range []string{"old", "", "new"} {
		if err := d.Write(path, []byte(text), 0o640); err != nil || read(t, path) != text {
			t.Fatalf("%q, %v", read(t, path), err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Error(info.Mode(), err)
	}
	if all, err := os.ReadDir(folder); err != nil || len(all) != 1 {
		t.Errorf("%v is left, %v", all, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a", "other"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // removing what is gone is no error
		if err := d.Remove(path, []string{folder, filepath.Join(dir, "a"), dir}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the folder that was made is left")
	}
	if _, err := os.Stat(filepath.Join(dir, "a", "other")); err != nil {
		t.Error("somebody else's file is gone")
	}
}

// TestEnd: an end before any change leaves the old file, and nothing that Sweep does not find.
func TestEnd(t *testing.T) {
	end := errors.New("the end")
	for n := 0; ; n++ {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		left, ended := n, false
		d := wholefile.Disk{Before: func(string, string) error {
			if left--; left < 0 {
				ended = true
				panic(end)
			}
			return nil
		}}
		func() {
			defer func() { _ = recover() }()
			if err := d.Write(path, []byte("new"), 0o600); err != nil {
				t.Error(err)
			}
		}()
		if got := read(t, path); got != "old" && got != "new" {
			t.Errorf("%d: %q", n, got)
		}
		if err := wholefile.Sweep(path); err != nil {
			t.Error(err)
		}
		if all, err := os.ReadDir(filepath.Dir(path)); err != nil || len(all) != 1 {
			t.Errorf("%d: %v is left, %v", n, all, err)
		}
		if !ended {
			break
		}
	}
	if err := wholefile.Sweep(filepath.Join(t.TempDir(), "no", "folder")); err != nil {
		t.Error(err)
	}
}
