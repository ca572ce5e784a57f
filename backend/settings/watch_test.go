package settings

import (
	"os"
	"testing"
	"time"
)

// subscribe gives a channel with a token after each change.
func subscribe(t *testing.T, d *Document) <-chan struct{} {
	t.Helper()
	changed := make(chan struct{}, 100)
	t.Cleanup(d.Subscribe(func(_, _ *Settings) { changed <- struct{}{} }))
	return changed
}

func waitFor(t *testing.T, changed <-chan struct{}, reached func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !reached() {
		select {
		case <-changed:
		case <-deadline:
			t.Fatal("the edit was not noticed")
		}
	}
}

func TestLiveEdits(t *testing.T) {
	d, path := open(t, "")
	changed := subscribe(t, d)
	model := func(want string) func() bool {
		return func() bool { return d.Snapshot().ActiveModel == want && d.Problem() == nil }
	}
	write(t, path, `{"activeModel": "sim/slow"}`)
	waitFor(t, changed, model("sim/slow"))

	// As editors save: write another file, rename it into place.
	write(t, path+"~", `{"activeModel": "sim/think"}`)
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
	waitFor(t, changed, model("sim/think"))

	write(t, path, `{"activeModel": 5}`)
	waitFor(t, changed, func() bool { return d.Problem() != nil })
	if d.Snapshot().ActiveModel != "sim/think" {
		t.Fatal("the last good settings must stay in force")
	}
	write(t, path, `{"activeModel": "sim/tools"}`)
	waitFor(t, changed, model("sim/tools"))

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	waitFor(t, changed, model("sim/echo"))
}

func TestHalfWaySavesAreNotSeen(t *testing.T) {
	d, path := open(t, `{"activeModel": "sim/slow"}`)
	problems := make(chan *Problem, 100)
	seen := make(chan string, 100)
	t.Cleanup(d.Subscribe(func(_, after *Settings) {
		if p := d.Problem(); p != nil {
			problems <- p
		}
		seen <- after.ActiveModel
	}))
	// Emptied, then written in two parts, as some editors do. Each step is looked at as the watcher would.
	write(t, path, "")
	if !d.refresh(false) {
		t.Fatal("an empty file must wait to be reported")
	}
	write(t, path, `{"activeModel": `)
	d.refresh(false)
	write(t, path, `{"activeModel": "sim/think"}`)
	d.refresh(false)
	deadline := time.After(20 * time.Second)
	for model := ""; model != "sim/think"; {
		select {
		case model = <-seen:
		case <-deadline:
			t.Fatal("the edit was not noticed")
		}
		if model == "sim/echo" {
			t.Fatal("the defaults came in force in between")
		}
	}
}

func TestModifyTakesInAnEditThatWasNotNoticedYet(t *testing.T) {
	d, path := open(t, `{"activeModel": "sim/slow"}`)
	d.mu.Lock() // keeps the watcher from reading
	write(t, path, `{"activeModel": "sim/think", "maxBodyBytes": 4096}`)
	d.mu.Unlock()
	if err := d.Modify(func(s *Settings) error { s.DiscoverLocal = false; return nil }); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, path), `{"activeModel": "sim/think", "maxBodyBytes": 4096, "discoverLocal": false}`; got != want {
		t.Fatalf("got %s", got)
	}
}

func TestSubscribersSeeEachStateInOrder(t *testing.T) {
	d, _ := open(t, "")
	told := make(chan int64, 100)
	last := d.Snapshot() // used by the subscriber only, whose calls come one at a time
	cancel := d.Subscribe(func(before, after *Settings) {
		if before.MaxBodyBytes != last.MaxBodyBytes {
			t.Errorf("from %d, but the last was %d", before.MaxBodyBytes, last.MaxBodyBytes)
		}
		last = after
		if after.MaxBodyBytes == 2001 { // a subscriber may change settings itself
			if err := d.Modify(func(s *Settings) error { s.MaxBodyBytes = 3000; return nil }); err != nil {
				t.Error(err)
			}
		}
		told <- after.MaxBodyBytes
	})
	for n := range int64(2) {
		if err := d.Modify(func(s *Settings) error { s.MaxBodyBytes = 2000 + n; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.After(20 * time.Second)
	for n := int64(0); n != 3000; {
		select {
		case n = <-told:
		case <-deadline:
			t.Fatal("the last state was not told")
		}
	}
	cancel()
	seen := make(chan struct{})
	d.Subscribe(func(_, _ *Settings) { close(seen) })
	if err := d.Modify(func(s *Settings) error { s.MaxBodyBytes = 4000; return nil }); err != nil {
		t.Fatal(err)
	}
	<-seen
	if len(told) != 0 {
		t.Fatal("told after cancel")
	}
}

func TestConcurrentModify(t *testing.T) {
	d, _ := open(t, "")
	const n = 20
	done := make(chan error, n)
	for range n {
		go func() {
			done <- d.Modify(func(s *Settings) error { s.MaxBodyBytes++; return nil })
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := d.Snapshot().MaxBodyBytes; got != Default().MaxBodyBytes+n {
		t.Fatalf("%d changes were lost", Default().MaxBodyBytes+n-got)
	}
}
