//go:build linux

package usage

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/gateway"
)

// limitFiles lets no file grow beyond a size, as a full disk would, until the function it gives is called.
func limitFiles(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	lift = func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(lift)
	return lift
}

// alone tells whether the test runs in a process of its own, and if not, runs it in one: limitFiles is for the whole
// process, and so for what the go command has it write about itself.
func alone(t *testing.T) bool {
	t.Helper()
	const name = "GATEHOUSE_TEST_ALONE"
	if os.Getenv(name) != "" {
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), name+"=yes")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) &&
		!strings.Contains(string(out), "--- SKIP: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// nextHealth waits for a health that is as asked for.
func nextHealth(t *testing.T, s *event.Subscription, until func(Health) bool) Health {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		ev, err := s.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := ev.Data.(Health); ok && until(h) {
			return h
		}
	}
}

func TestFullDiskAndBack(t *testing.T) {
	if !alone(t) {
		return
	}
	folder := t.TempDir()
	b := start(t, folder)
	b.held = 500
	s := b.broker.Subscribe(100_000)
	defer s.Close()
	b.Begin(opening(day0, "before")).Settle(settlement("before"))
	b.stored(t)
	lift := limitFiles(t, 4096)
	const asked = 600
	ids := map[string]bool{}
	began := time.Now()
	for i := range asked {
		o := opening(day0.Add(time.Duration(i+1)*time.Second), "during")
		e := b.Begin(o)
		if _, ok, _ := b.Get(o.ID); ok {
			ids[o.ID] = true
		}
		e.Guard(t.Context())
		e.Settle(settlement("during"))
	}
	// What can't be guarded is let through at once, not after the limit each.
	if took := time.Since(began); took > guardLimit/2 {
		t.Errorf("%d requests took %v while the disk was full", asked, took)
	}
	h := nextHealth(t, s, func(h Health) bool { return h.Problem != "" && h.Dropped == asked-500 })
	if !strings.Contains(h.Problem, "limit on file sizes") && !strings.Contains(h.Problem, "file too large") {
		t.Errorf("the problem does not name its cause: %s", h.Problem)
	}
	if problem, dropped := b.Health(); problem == "" || dropped != asked-500 || len(ids) != 500 || b.Unguarded() == 0 {
		t.Errorf("problem %q, %d dropped, %d held, %d unguarded", problem, dropped, len(ids), b.Unguarded())
	}
	if records, _, err := b.List(t.Context(), Query{Limit: 1000}); len(records) != 501 || err != nil {
		t.Errorf("%d records while the disk is full, %v", len(records), err)
	}
	lift()
	nextHealth(t, s, func(h Health) bool { return h.Problem == "" })
	b.stored(t)
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	checkBolt(t, b.db.Path())
	b = start(t, folder)
	for id := range ids {
		if r := get(t, b.History, id); r.Outcome != gateway.OK {
			t.Fatalf("%s is %s", id, r.Outcome)
		}
	}
}

// Closing while the disk is full says so and keeps what the journals hold for the next start.
func TestCloseOnAFullDisk(t *testing.T) {
	if !alone(t) {
		return
	}
	folder := t.TempDir()
	b := start(t, folder)
	b.Begin(opening(day0, "before")).Settle(settlement("before"))
	b.stored(t)
	lift := limitFiles(t, 16<<10)
	o := opening(day0.Add(time.Second), "during")
	e := b.Begin(o)
	e.Guard(t.Context())
	e.Settle(settlement("during"))
	if err := b.end(); err == nil || !strings.Contains(err.Error(), "1 records") || !strings.Contains(err.Error(), folder) {
		t.Errorf("got %v", err)
	}
	lift()
	if b.Unguarded() > 0 {
		t.Skip("the journal was full as well")
	}
	b = start(t, folder)
	if r := get(t, b.History, o.ID); r.Outcome != gateway.OK {
		t.Errorf("it is %s", r.Outcome)
	}
}

// A journal that can't be written costs the guard and nothing else.
func TestJournalOnAFullDisk(t *testing.T) {
	folder := t.TempDir()
	for i := range 2 {
		if err := os.Symlink("/dev/full", filepath.Join(folder, fmt.Sprintf("gatehouse.db.usage-%d.journal", i))); err != nil {
			t.Fatal(err)
		}
	}
	b := start(t, folder)
	s := b.broker.Subscribe(100)
	defer s.Close()
	o := opening(day0, "x")
	e := b.Begin(o)
	e.Guard(t.Context())
	e.Settle(settlement("x"))
	nextHealth(t, s, func(h Health) bool { return h.Problem != "" })
	if problem, dropped := b.Health(); !strings.Contains(problem, "no space left") || dropped != 0 || b.Unguarded() != 1 {
		t.Errorf("problem %q, %d dropped, %d unguarded", problem, dropped, b.Unguarded())
	}
	b.stored(t)
	if r := get(t, b.History, o.ID); r.Outcome != gateway.OK {
		t.Errorf("it is %s", r.Outcome)
	}
}

// A request does not wait for the writer longer than its own end or the limit, and the next not at all.
func TestGuardGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &History{}
		stuck := &entry{history: h, batch: &batch{done: make(chan struct{})}}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for i, wait := range []struct {
			ctx   context.Context
			takes time.Duration
		}{{ctx, 0}, {t.Context(), guardLimit}, {t.Context(), 0}} {
			began := time.Now()
			stuck.Guard(wait.ctx)
			if took := time.Since(began); took != wait.takes || h.Unguarded() != int64(i+1) {
				t.Errorf("%d: it took %v; %d unguarded", i, took, h.Unguarded())
			}
		}
	})
}

// Once the writer is back, requests wait for it again.
func TestGuardAfterAStall(t *testing.T) {
	h := start(t, t.TempDir())
	h.stalled.Store(true)
	<-h.Begin(opening(day0, "during")).(*entry).batch.done
	if h.stalled.Load() {
		t.Error("nobody waits for the writer, which is back")
	}
}
