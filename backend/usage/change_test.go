package usage

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

// follower keeps the ends of requests by what it is told of changes, in the transactions that make them.
type follower struct {
	t     *testing.T
	ends  *store.Bucket[string]
	kinds [3]atomic.Int32
	again atomic.Int32 // ends that replaced another
	fail  atomic.Int32
}

func (f *follower) follow(tx *store.Tx, changes []Change) error {
	for _, c := range changes {
		f.kinds[c.Kind].Add(1)
		old, there, err := f.ends.In(tx).Get(c.Record.ID)
		switch {
		case err != nil:
			return err
		case c.Kind == Deleted:
			if !there || old != string(c.Record.Outcome) {
				f.t.Errorf("%s is deleted as %q, it was %q", c.Record.ID, c.Record.Outcome, old)
			}
			err = f.ends.In(tx).Delete(c.Record.ID)
		default:
			if there != (c.Before != nil) || there && old != string(c.Before.Outcome) {
				f.t.Errorf("%s ends again: %+v, it was %q", c.Record.ID, c.Before, old)
			}
			if there {
				f.again.Add(1)
			}
			err = f.ends.In(tx).Put(c.Record.ID, string(c.Record.Outcome))
		}
		if err != nil {
			return err
		}
	}
	if f.fail.Add(-1) == 0 {
		return errors.New("what follows is full")
	}
	return nil
}

// Who is told of changes has, at every moment, what is stored: over ends that come late, deletion, retention, restoring, restarts and
// transactions that fail.
func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f := &follower{t: t}
	now := day0.AddDate(0, 0, 3)
	var keep atomic.Pointer[Keep]
	keep.Store(&Keep{})
	open := func() *bench {
		db, err := store.Open(filepath.Join(folder, "gatehouse.db"), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		f.ends = store.NewBucket[string](db, "ends")
		b := &bench{db: db, committed: make(chan struct{}, 1)}
		b.History, err = Open(db, Options{
			Pricer: prices{}, Now: func() time.Time { return now }, Keep: func() Keep { return *keep.Load() }, Changed: f.follow,
			committed: func() {
				select {
				case b.committed <- struct{}{}:
				default:
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.end() })
		return b
	}
	held := func(b *bench, when string) {
		t.Helper()
		b.stored(t)
		err := b.db.Read(func(tx *store.Tx) error {
			records := 0
			err := b.Walk(tx, "", time.Time{}, func(r *Record) bool {
				records++
				if outcome, _, err := f.ends.In(tx).Get(r.ID); err != nil || outcome != string(r.Outcome) {
					t.Errorf("%s: %s is %q, not %q, %v", when, r.ID, r.Outcome, outcome, err)
				}
				return true
			})
			told := 0
			return errorOf(err, f.ends.In(tx).ForEach(func(string, string) error { told++; return nil }), same(told, records))
		})
		if err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	b := open()
	r := rand.New(rand.NewPCG(41, 42))
	some := func(n int) {
		for range n {
			randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(40*time.Hour)))))
		}
	}
	f.fail.Store(1) // it is tried again
	some(300)
	late := b.Begin(opening(day0, "late"))
	held(b, "ended")
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := b.db.Backup(backup); err != nil {
		t.Fatal(err)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	late.Settle(settlement("late"))
	b = open()
	some(100)
	held(b, "late ends")
	if get(t, b.History, late.(*entry).opening.ID).Outcome != gateway.OK {
		t.Error("the late end is lost")
	}
	project := "q"
	if _, err := b.Delete(t.Context(), Deletion{Project: &project}); err != nil {
		t.Fatal(err)
	}
	held(b, "deleted")
	keep.Store(&Keep{Age: now.Sub(day0.Add(10 * time.Hour))})
	if _, err := b.Prune(t.Context()); err != nil {
		t.Error(err)
	}
	held(b, "some are kept no longer")
	if r, err := b.Report(t.Context(), ReportQuery{To: day0.Add(10 * time.Hour), Filter: Filter{Outcomes: []string{"ok"}}}); err != nil || r.Totals.Requests > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	keep.Store(&Keep{})
	other, err := store.Open(backup, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // only read
	f.fail.Store(1)
	if _, err := b.Import(context.Background(), other); err == nil {
		t.Error("what was not followed is put back")
	}
	if n, err := b.Import(t.Context(), other); err != nil || n == 0 {
		t.Error(n, err)
	}
	held(b, "put back")
	for kind := range f.kinds {
		if f.kinds[kind].Load() == 0 {
			t.Errorf("there was no change of kind %d", kind)
		}
	}
	if f.again.Load() == 0 {
		t.Error("no end replaced another")
	}
}

func same(got, want int) error {
	if got != want {
		return errors.New("other records are told of than there are")
	}
	return nil
}
