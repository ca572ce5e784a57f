package drift

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// standIn answers questions, the n-th about an id by what answers holds for it (the last one for ever).
type standIn struct {
	mu      sync.Mutex
	answers map[string][]any // Numbers or *llm.Error
	asked   map[string][]time.Time
}

func (s *standIn) look(_ context.Context, provider, credential, id string) (Numbers, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.asked[id])
	s.asked[id] = append(s.asked[id], time.Now())
	list := s.answers[id]
	if provider != "gateway" || credential != "work" || len(list) == 0 {
		return Numbers{}, llm.Errorf(llm.ErrInternal, "asked for %s of %s with %q", id, provider, credential)
	}
	if e, failed := list[min(n, len(list)-1)].(*llm.Error); failed {
		return Numbers{}, e
	}
	return list[min(n, len(list)-1)].(Numbers), nil
}

func (s *standIn) askedAt(id string) []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked[id])
}

type fixture struct {
	*Keeper
	stand *standIn
	on    atomic.Bool
	start time.Time
}

// run gives a keeper in a bubble whose time passes by itself.
func run(t *testing.T, answers map[string][]any, f func(f *fixture)) {
	t.Helper()
	db, err := store.Open(filepath.Join(t.TempDir(), "test.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	synctest.Test(t, func(*testing.T) {
		fix := &fixture{stand: &standIn{answers: answers, asked: map[string][]time.Time{}}, start: time.Now()}
		fix.on.Store(true)
		fix.Keeper = Open(Options{
			DB: db, Asks: func(_, id string) bool { return strings.HasPrefix(id, "gen_") }, Look: fix.stand.look,
			On: fix.on.Load, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		})
		defer fix.Close()
		f(fix)
	})
}

// pass lets time pass until all that can be asked in it was asked.
func (f *fixture) pass(d time.Duration) {
	time.Sleep(d) // of the bubble, which takes no time
	synctest.Wait()
}

func (f *fixture) day(t *testing.T) Day {
	t.Helper()
	days, err := f.Days("", "")
	if err != nil || len(days) != 1 {
		t.Fatalf("%+v, %v", days, err)
	}
	return days[0]
}

func (f *fixture) offer(id string, ours Numbers) {
	f.Offer(Answered{Provider: "gateway", Credential: "work", ID: id, At: time.Now(), Ours: ours})
}

func says(prompt, completion, pico int64) Numbers {
	return Numbers{llm.Tokens(prompt), llm.Tokens(completion), llm.Tokens(pico)}
}

func TestCompared(t *testing.T) {
	answers := map[string][]any{
		"gen_same": {says(100, 20, 5_000_000)}, "gen_rounded": {says(1, 2, 5_000_400)}, "gen_dearer": {says(100, 25, 9_000_000)},
		"gen_silent": {Numbers{Prompt: llm.Tokens(7)}},
	}
	run(t, answers, func(f *fixture) {
		f.offer("gen_same", says(100, 20, 5_000_000))
		f.offer("gen_rounded", says(1, 2, 5_000_000))
		f.offer("gen_dearer", says(100, 20, 5_000_000))
		f.offer("gen_silent", Numbers{Prompt: llm.Tokens(7), Completion: llm.Tokens(3)})
		f.offer("resp_other", says(1, 1, 1)) // nobody tells of it
		f.offer("", says(1, 1, 1))
		f.pass(time.Minute)
		want := Day{
			Day: f.start.Format(time.DateOnly), Provider: "gateway", Compared: 4, Differing: 1,
			Prompt: Measure{4, 208, 208, 0}, Completion: Measure{3, 42, 47, 1}, Cost: Measure{3, 15_000_000, 19_000_400, 1},
		}
		if got := f.day(t); got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		if days, err := f.Days("2000-01-02", "2000-01-03"); err != nil || len(days) != 0 {
			t.Errorf("on other days: %+v, %v", days, err)
		}
	})
}

// TestKnownLater: an answer that is not known yet is asked about again, more and more rarely, and given up in the end.
func TestKnownLater(t *testing.T) {
	notFound := llm.Errorf(llm.ErrNotFound, "not ingested yet").WithStatus(404)
	down := llm.Errorf(llm.ErrOverloaded, "down").WithStatus(502)
	run(t, map[string][]any{"gen_late": {notFound, down, says(1, 2, 3)}, "gen_never": {notFound}, "gen_down": {down}}, func(f *fixture) {
		for _, id := range []string{"gen_late", "gen_never", "gen_down"} {
			f.offer(id, says(1, 2, 3))
		}
		f.pass(2 * time.Minute)
		if d := f.day(t); d.Compared != 1 || d.Differing != 0 || d.Missing != 0 {
			t.Errorf("after 2 minutes: %+v", d)
		}
		f.pass(24 * time.Hour)
		if d := f.day(t); d.Compared != 1 || d.Missing != 1 || d.Unanswered != 1 {
			t.Errorf("after a day: %+v", d)
		}
		at := f.stand.askedAt("gen_never")
		if len(at) != len(waits) {
			t.Fatalf("asked %d times", len(at))
		}
		for i := 2; i < len(at); i++ {
			if at[i].Sub(at[i-1]) < at[i-1].Sub(at[i-2]) {
				t.Errorf("asked at %v", at)
			}
		}
	})
}

// TestLeftAlone: a provider that has enough is left alone for as long as it says, and longer each time.
func TestLeftAlone(t *testing.T) {
	enough := llm.Errorf(llm.ErrRateLimit, "too many").WithStatus(429)
	enough.RetryAfter = 5 * time.Minute
	refused := llm.Errorf(llm.ErrAuth, "not with this key").WithStatus(401)
	run(t, map[string][]any{"gen_a": {enough, says(1, 2, 3)}, "gen_b": {says(1, 2, 3)}, "gen_c": {refused}}, func(f *fixture) {
		f.offer("gen_a", says(1, 2, 3))
		f.offer("gen_b", says(1, 2, 3))
		f.pass(4 * time.Minute)
		if n := len(f.stand.askedAt("gen_a")) + len(f.stand.askedAt("gen_b")); n != 1 {
			t.Errorf("asked %d times although it has enough", n)
		}
		f.pass(5 * time.Minute)
		if d := f.day(t); d.Compared != 2 || d.Differing != 0 {
			t.Errorf("after its rest: %+v", d)
		}
		f.offer("gen_c", says(1, 2, 3))
		f.pass(time.Minute)
		f.offer("gen_b", says(1, 2, 3))
		f.pass(50 * time.Minute)
		if n := len(f.stand.askedAt("gen_c")); n != 1 || len(f.stand.askedAt("gen_b")) != 1 {
			t.Errorf("asked %d times with a key that is refused", n)
		}
	})
}

// TestBounded: so many a minute, so many that wait, and none where it is not wanted.
func TestBounded(t *testing.T) {
	notFound := llm.Errorf(llm.ErrNotFound, "not yet")
	run(t, map[string][]any{"gen_x": {notFound}}, func(f *fixture) {
		f.on.Store(false)
		f.offer("gen_x", says(1, 2, 3))
		f.on.Store(true)
		for range 3 * PerMinute {
			f.offer("gen_x", says(1, 2, 3))
		}
		if d := f.day(t); d.Skipped != 2*PerMinute {
			t.Errorf("%d were skipped", d.Skipped)
		}
		for range 2 * MaxWaiting / PerMinute {
			f.pass(time.Minute)
			for range PerMinute {
				f.offer("gen_x", says(1, 2, 3))
			}
		}
		f.mu.Lock()
		waiting := len(f.waiting)
		f.mu.Unlock()
		if waiting > MaxWaiting || waiting < MaxWaiting/2 {
			t.Errorf("%d wait", waiting)
		}
		f.on.Store(false)
		asked := len(f.stand.askedAt("gen_x"))
		f.pass(time.Hour)
		if n := len(f.stand.askedAt("gen_x")); n != asked {
			t.Errorf("asked %d times although it is switched off", n-asked)
		}
	})
}

func TestOldDaysAreForgotten(t *testing.T) {
	run(t, map[string][]any{"gen_x": {says(1, 2, 3)}}, func(f *fixture) {
		f.offer("gen_x", says(1, 2, 3))
		f.pass(time.Minute)
		f.day(t)
		f.pass(MaxAge + 48*time.Hour)
		f.prune()
		if days, err := f.Days("", ""); err != nil || len(days) != 0 {
			t.Errorf("%+v, %v", days, err)
		}
	})
}
