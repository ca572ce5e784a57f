package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

func open(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func dbPath(t *testing.T) string { return filepath.Join(t.TempDir(), "state", "gatehouse.db") }

func TestOpenMakesPrivateFiles(t *testing.T) {
	path := dbPath(t)
	db := open(t, path)
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700 | os.ModeDir} {
		info, err := os.Stat(name)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	if db.SetAside() != "" || db.Path() != path {
		t.Errorf("set aside %q, path %q", db.SetAside(), db.Path())
	}
	if !markedOpen(path) {
		t.Error("not marked while open")
	}
	if err := db.Close(); err != nil || markedOpen(path) {
		t.Errorf("close: %v, marked %v", err, markedOpen(path))
	}
	if err := db.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if err := db.Write(func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
}

func TestOpenTakesReadersRightsAway(t *testing.T) {
	path := dbPath(t)
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	if info, _ := os.Stat(path); info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestOpenLocked(t *testing.T) {
	path := dbPath(t)
	db := open(t, path)
	if err := NewBucket[int](db, "n").Put("a", 1); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path, Options{Timeout: 50 * time.Millisecond})
	if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Fatalf("got %v", err)
	}
	if !markedOpen(path) {
		t.Error("the second one took the mark away")
	}
	if v, ok, err := NewBucket[int](db, "n").Get("a"); v != 1 || !ok || err != nil {
		t.Errorf("the first one reads %v %v %v", v, ok, err)
	}
}

// A file that is set aside while another process waits for its lock is not the one that process then opens.
func TestOpenWhileSetAside(t *testing.T) {
	path := dbPath(t)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("garbage ", 4096)), 0o600); err != nil {
		t.Fatal(err)
	}
	results := make(chan error, 4)
	opened := make(chan *DB, 4)
	for range 4 {
		go func() {
			db, err := Open(path, Options{Timeout: 300 * time.Millisecond})
			if err == nil {
				opened <- db
			}
			results <- err
		}()
	}
	locked := 0
	for range 4 {
		switch err := <-results; {
		case errors.Is(err, ErrLocked):
			locked++
		case err != nil:
			t.Error(err)
		}
	}
	if locked != 3 || len(opened) != 1 {
		t.Errorf("%d found it locked, %d opened it", locked, len(opened))
	}
	if found, _ := filepath.Glob(path + ".corrupt-*"); len(found) != 1 {
		t.Errorf("set aside: %v", found)
	}
	for range len(opened) {
		_ = (<-opened).Close()
	}
}

func TestOpenErrorsLeaveTheFileAlone(t *testing.T) {
	for _, c := range []struct {
		name, wants string
		prepare     func(t *testing.T, path string)
		is          error
	}{
		{"newer", "newer version", func(t *testing.T, path string) {
			writeBolt(t, path, func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucket(metaBucket)
				if err != nil {
					return err
				}
				return b.Put(versionKey, []byte{0, 0, 0, 0, 0, 0, 0, 99})
			})
		}, ErrNewer},
		{"foreign", "another program", func(t *testing.T, path string) {
			writeBolt(t, path, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("etcd")); return err })
		}, nil},
		{"folder in its place", "move it away", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, nil},
		{"no permission", "owner and mode", func(t *testing.T, path string) {
			if os.Getuid() == 0 {
				t.Skip("root may read everything")
			}
			if err := os.WriteFile(path, []byte("x"), 0); err != nil {
				t.Fatal(err)
			}
		}, os.ErrPermission},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "gatehouse.db")
			c.prepare(t, path)
			before, _ := os.ReadFile(path)
			_, err := Open(path, Options{})
			if err == nil || !strings.Contains(err.Error(), c.wants) || !strings.Contains(err.Error(), path) ||
				c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got %v", err)
			}
			if after, _ := os.ReadFile(path); !slices.Equal(before, after) {
				t.Error("the file was changed")
			}
			if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
				t.Errorf("the folder holds %v", entries)
			}
		})
	}
}

func writeBolt(t *testing.T, path string, fn func(*bbolt.Tx) error) {
	t.Helper()
	b, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Update(fn); err != nil {
		t.Fatal(err)
	}
}

func TestMigrate(t *testing.T) {
	path := dbPath(t)
	db := open(t, path)
	table := []migration{
		{1, func(*bbolt.Tx) error { return errors.New("has run already") }},
		{2, func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("two")); return err }},
		{3, func(tx *bbolt.Tx) error {
			if tx.Bucket([]byte("two")) == nil {
				return errors.New("out of order")
			}
			return nil
		}},
	}
	broken := append(slices.Clone(table), migration{4, func(*bbolt.Tx) error { return errors.New("no") }})
	if err := db.migrate(broken); err == nil || !strings.Contains(err.Error(), "version 4: no") {
		t.Fatalf("got %v", err)
	}
	if err := db.Read(func(tx *Tx) error {
		if v, _, _ := readVersion(tx.bolt); v != 1 || tx.bolt.Bucket([]byte("two")) != nil {
			return fmt.Errorf("a failed migration left version %d", v)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.migrate(table); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.migrate(migrations); !errors.Is(err, ErrNewer) {
		t.Fatalf("an older program: %v", err)
	}
}

type item struct {
	N    int    `json:"n"`
	Text string `json:"text"`
}

func TestBucket(t *testing.T) {
	path := dbPath(t)
	db := open(t, path)
	b := NewBucket[item](db, "items", AppendOnly())
	if _, ok, err := b.Get("a"); ok || err != nil {
		t.Fatalf("empty: %v %v", ok, err)
	}
	if err := errors.Join(b.Delete("a"), b.ForEach(func(string, item) error { return errors.New("not empty") })); err != nil {
		t.Fatal(err)
	}
	for i, k := range []string{"b", "d", "f"} {
		if err := b.Put(k, item{i, k}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Update("d", func(v *item, exists bool) error { v.N += 10; return nil }); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if err := b.Update("d", func(v *item, exists bool) error { v.N = 99; return stop }); err != stop {
		t.Fatalf("an error of fn comes back as %v", err)
	}
	if err := b.Update("h", func(v *item, exists bool) error {
		if exists {
			return stop
		}
		v.Text = "new"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if v, ok, err := b.Get("d"); v != (item{11, "d"}) || !ok || err != nil {
		t.Errorf("got %+v %v %v", v, ok, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b = NewBucket[item](open(t, path), "items")
	for _, c := range []struct {
		from  string
		order Order
		limit int
		want  string
	}{
		{"", Ascending, 9, "b d f h"},
		{"", Descending, 9, "h f d b"},
		{"d", Ascending, 9, "d f h"},
		{"c", Ascending, 9, "d f h"},
		{"z", Ascending, 9, ""},
		{"d", Descending, 9, "d b"},
		{"e", Descending, 9, "d b"},
		{"a", Descending, 9, ""},
		{"z", Descending, 2, "h f"},
		{"", Ascending, 1, "b"},
	} {
		var got []string
		err := b.Range(c.from, c.order, func(k string, v item) (bool, error) {
			got = append(got, k)
			return len(got) < c.limit, nil
		})
		if strings.Join(got, " ") != c.want || err != nil {
			t.Errorf("from %q, descending %v: %v %v, want %s", c.from, c.order, got, err, c.want)
		}
	}
	if err := b.Range("", Ascending, func(string, item) (bool, error) { return true, stop }); err != stop {
		t.Errorf("got %v", err)
	}
}

func TestWriteIsAllOrNothing(t *testing.T) {
	db := open(t, dbPath(t))
	a, b := NewBucket[int](db, "a"), NewBucket[string](db, "b")
	no := errors.New("no")
	for _, fail := range []error{no, nil} {
		err := db.Write(func(tx *Tx) error {
			for i := range 1000 {
				key := fmt.Sprintf("%04d", i)
				if err := errors.Join(a.In(tx).Put(key, i), b.In(tx).Put(key, key)); err != nil {
					return err
				}
			}
			if v, ok, err := a.In(tx).Get("0999"); v != 999 || !ok || err != nil {
				t.Errorf("inside: %v %v %v", v, ok, err)
			}
			return fail
		})
		if err != fail {
			t.Fatalf("got %v", err)
		}
		n := 0
		if err := b.ForEach(func(string, string) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 0, false: 1000}[fail != nil]; n != want {
			t.Errorf("%d stored, want %d", n, want)
		}
	}
}

func TestErrorsNameBucketAndFile(t *testing.T) {
	path := dbPath(t)
	db := open(t, path)
	if err := NewBucket[string](db, "things").Put("k", "text"); err != nil {
		t.Fatal(err)
	}
	wrong := NewBucket[int](db, "things")
	_, _, err1 := wrong.Get("k")
	err2 := wrong.ForEach(func(string, int) error { return nil })
	err3 := wrong.Put("", 1)
	err4 := NewBucket[chan int](db, "things").Put("k", nil)
	for i, err := range []error{err1, err2, err3, err4} {
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "bucket things") {
			t.Errorf("%d: %v", i+1, err)
		}
	}
}

func TestRawIsKeptAsItIs(t *testing.T) {
	db := open(t, dbPath(t))
	b := NewBucket[Raw](db, "raw")
	want := "not { json"
	if err := b.Put("k", Raw(want)); err != nil {
		t.Fatal(err)
	}
	if err := b.Put("empty", Raw{}); err != nil {
		t.Fatal(err)
	}
	got, ok, err := b.Get("k")
	if string(got) != want || !ok || err != nil {
		t.Errorf("%q %v %v", got, ok, err)
	}
	n := 0
	if err := b.ForEach(func(string, Raw) error { n++; return nil }); err != nil || n != 2 {
		t.Errorf("%d values, %v", n, err)
	}
}

func TestAPanicInATransactionIsAnError(t *testing.T) {
	path := dbPath(t)
	db := open(t, path)
	err := db.Write(func(tx *Tx) error { panic("assertion failed: page 7") })
	if err == nil || !strings.Contains(err.Error(), "page 7") {
		t.Fatalf("got %v", err)
	}
	// The database goes on, and is checked at the next start.
	if err := NewBucket[int](db, "n").Put("a", 1); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil || !markedOpen(path) {
		t.Errorf("close: %v, marked %v", err, markedOpen(path))
	}
}
