package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// fill makes a database with branch pages, overflow pages, deleted keys and small and nested buckets.
func fill(t testing.TB, path string, seed uint64, n int) {
	t.Helper()
	b, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(seed, 1))
	for range 4 {
		err := b.Update(func(tx *bbolt.Tx) error {
			if _, err := tx.CreateBucketIfNotExists(metaBucket); err != nil {
				return err
			}
			if err := tx.Bucket(metaBucket).Put(versionKey, []byte{0, 0, 0, 0, 0, 0, 0, 1}); err != nil {
				return err
			}
			for _, name := range []string{"a", "b", "c"} {
				bk, err := tx.CreateBucketIfNotExists([]byte(name))
				if err != nil {
					return err
				}
				for i := range n {
					key := fmt.Appendf(nil, "%06d", rnd.IntN(4*n))
					if i%3 == 0 {
						if err := bk.Delete(key); err != nil {
							return err
						}
						continue
					}
					size := rnd.IntN(300)
					if i%50 == 0 {
						size = 10_000
					}
					if err := bk.Put(key, make([]byte, size)); err != nil {
						return err
					}
				}
				inner, err := bk.CreateBucketIfNotExists([]byte("inner"))
				if err != nil {
					return err
				}
				if err := inner.Put([]byte("k"), []byte("v")); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func verifyBytes(data []byte, full bool) (int64, error) {
	return verify(bytes.NewReader(data), int64(len(data)), full)
}

// The check agrees with bbolt's own on sound files: every page below the mark is reached, free or a meta page.
func TestVerifySoundFiles(t *testing.T) {
	for seed := range uint64(8) {
		path := filepath.Join(t.TempDir(), "db")
		fill(t, path, seed, 50<<seed)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		v := &verifier{file: bytes.NewReader(data)}
		if err := v.readMeta(int64(len(data))); err != nil {
			t.Fatal(err)
		}
		pages, err := verifyBytes(data, true)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		free := int64(0)
		b, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		free = int64(b.Stats().FreePageN)
		if err := b.View(func(tx *bbolt.Tx) error {
			for err := range tx.Check() {
				return err
			}
			return nil
		}); err != nil {
			t.Errorf("bbolt says %v", err)
		}
		_ = b.Close()
		if pages+free+2 != int64(v.high) {
			t.Errorf("seed %d: %d pages reached, %d free, of %d", seed, pages, free, v.high)
		}
	}
}

func TestCorruptFilesAreSetAside(t *testing.T) {
	sound := filepath.Join(t.TempDir(), "sound")
	fill(t, sound, 1, 500)
	data, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	page := os.Getpagesize()
	change := func(at int, with ...byte) []byte {
		out := bytes.Clone(data)
		copy(out[at:], with)
		return out
	}
	badMetas := bytes.Clone(data)
	badMetas[pageHeader+20] ^= 1
	badMetas[page+pageHeader+20] ^= 1
	zeroed := bytes.Clone(data)
	clear(zeroed[2*page:])
	v := &verifier{file: bytes.NewReader(data)}
	if err := v.readMeta(int64(len(data))); err != nil {
		t.Fatal(err)
	}
	root := int(v.root) * page
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"garbage", []byte(strings.Repeat("this is no database\n", 5000))},
		{"short garbage", []byte("x")},
		{"one page", data[:page]},
		{"truncated to half", data[:len(data)/2/page*page]},
		{"truncated in a page", data[:len(data)/2+77]},
		{"truncated to the metas", data[:2*page]},
		{"both metas bad", badMetas},
		{"pages zeroed", zeroed},
		{"wrong page id", change(root, 0xFF, 0xFF)},
		{"wrong page type", change(root+8, 0x77)},
		{"too many elements", change(root+10, 0xFF, 0xFF)},
		{"element outside of its page", change(root+pageHeader+4, 0xFF, 0xFF, 0xFF, 0xFF)},
		{"free list is none", change(int(v.freelist)*page+8, 0x01)},
		{"free list too long", change(int(v.freelist)*page+10, 0xFE, 0xFF)},
		{"a page in use and free", change(int(v.freelist)*page+pageHeader, order.AppendUint64(nil, v.root)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "gatehouse.db")
			now := func() time.Time { return time.Date(2026, 11, 21, 2, 3, 4, 0, time.Local) }
			// Twice within a second: the second must not overwrite the first.
			for i, suffix := range []string{"", "-2"} {
				if err := os.WriteFile(path, c.data, 0o600); err != nil {
					t.Fatal(err)
				}
				db, err := Open(path, Options{Now: now})
				if err != nil {
					t.Fatal(err)
				}
				if want := path + ".corrupt-20261121-020304" + suffix; db.SetAside() != want {
					t.Errorf("set aside as %q, want %q", db.SetAside(), want)
				}
				if err := NewBucket[int](db, "n").Put("k", i); err != nil {
					t.Error(err)
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
				if kept, err := os.ReadFile(path + ".corrupt-20261121-020304" + suffix); err != nil || !bytes.Equal(kept, c.data) {
					t.Errorf("what was set aside is not what was there: %v", err)
				}
				if db, err := Open(path, Options{}); err != nil || db.SetAside() != "" {
					t.Errorf("the new one: %v", err)
				} else {
					_ = db.Close()
				}
			}
		})
	}
}

func TestOneBadMetaIsNoCorruption(t *testing.T) {
	for i := range 2 {
		path := filepath.Join(t.TempDir(), "gatehouse.db")
		fill(t, path, 3, 200)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[i*os.Getpagesize()+pageHeader+20] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		// The older state may be gone in part, as its pages were free to be used again: either is right, but no crash.
		t.Logf("meta %d bad: set aside %q", i, db.SetAside())
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A large file that was closed cleanly is not read in full at each start.
func TestFullCheckAfterUncleanClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	fill(t, path, 5, 2000)
	if err := os.Truncate(path, alwaysVerify+int64(os.Getpagesize())); err != nil { // free space at its end
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, _ := f.Stat()
	// A bad page that only a full check meets.
	bad := int64(0)
	for p := int64(2); bad == 0; p++ {
		head := make([]byte, pageHeader)
		if _, err := f.ReadAt(head, p*int64(os.Getpagesize())); err != nil {
			t.Fatal(err)
		}
		broken := bytes.Clone(head)
		broken[8] = 0x7F
		if _, err := f.WriteAt(broken, p*int64(os.Getpagesize())); err != nil {
			t.Fatal(err)
		}
		_, light := verify(f, info.Size(), false)
		_, full := verify(f, info.Size(), true)
		if light == nil && full != nil {
			bad = p
			break
		}
		if _, err := f.WriteAt(head, p*int64(os.Getpagesize())); err != nil {
			t.Fatal(err)
		}
	}
	db := open(t, path)
	if db.SetAside() != "" {
		t.Error("checked in full after a clean close")
	}
	// The process is killed: the file stays marked.
	if err := db.bolt.Close(); err != nil {
		t.Fatal(err)
	}
	if db := open(t, path); db.SetAside() == "" {
		t.Error("not checked in full after an unclean close")
	}
}

// failing is a disk with a bad sector.
type failing struct{ *bytes.Reader }

var errSector = errors.New("input/output error")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off >= 3*4096 {
		return 0, errSector
	}
	return f.Reader.ReadAt(p, off)
}

func TestAReadErrorIsNoCorruption(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	fill(t, path, 1, 500)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = verify(failing{bytes.NewReader(data)}, int64(len(data)), true)
	var corrupt *corruptError
	if !errors.Is(err, errSector) || errors.As(err, &corrupt) {
		t.Errorf("got %v", err)
	}
}

// Whatever the check lets through, bbolt opens and walks without a fault.
func FuzzVerify(f *testing.F) {
	path := filepath.Join(f.TempDir(), "db")
	fill(f, path, 9, 60)
	sound, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte{1}, uint32(0))
	f.Add(uint32(4096*3+8), []byte{2}, uint32(0))
	f.Add(uint32(4096*4+20), []byte{0xFF, 0xFF, 0xFF}, uint32(5000))
	f.Fuzz(func(t *testing.T, at uint32, with []byte, cut uint32) {
		data := bytes.Clone(sound)
		copy(data[int(at)%len(data):], with)
		data = data[:len(data)-int(cut)%len(data)]
		if _, err := verifyBytes(data, true); err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "db")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatalf("let through, but bbolt says %v", err)
		}
		defer b.Close()
		err = b.View(func(tx *bbolt.Tx) error {
			return walk(tx.Cursor(), func(k []byte) *bbolt.Bucket { return tx.Bucket(k) })
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func walk(c *bbolt.Cursor, sub func([]byte) *bbolt.Bucket) error {
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if v == nil {
			if b := sub(k); b != nil {
				if err := walk(b.Cursor(), b.Bucket); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
