package rollout

import (
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/event"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) get() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type fixture struct {
	*Keeper
	t      *testing.T
	clock  *clock
	db     *store.DB
	broker *event.Broker
	specs  []Spec
}

const (
	older = "openai/gpt"
	newer = "openai/next"
)

func open(t *testing.T, specs ...Spec) *fixture {
	t.Helper()
	db, err := store.Open(filepath.Join(t.TempDir(), "test.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f := &fixture{
		t: t, db: db, broker: &event.Broker{}, specs: specs,
		clock: &clock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)},
	}
	f.start()
	t.Cleanup(func() { f.Close() })
	return f
}

func (f *fixture) start() {
	f.t.Helper()
	k, err := Open(Options{DB: f.db, Now: f.clock.get, Broker: f.broker, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Keeper = k
	f.Set(f.specs)
}

func (f *fixture) restart() {
	f.t.Helper()
	f.Close()
	f.start()
}

// wants checks the share of the one rollout, -1 where it takes no part.
func (f *fixture) wants(share int) {
	f.t.Helper()
	got := -1
	if all := f.Shares(); len(all) == 1 {
		got = all[0].Share
	}
	if got != share {
		f.t.Errorf("the share is %d, not %d", got, share)
	}
}

func number(n int64) *int64 { return &n }

func answered(model string, firstMs, pico int64) Result {
	return Result{
		Rollout: "next", Arm: model, Served: true, Outcome: gateway.OK, Tried: true, FirstTokenMs: number(firstMs),
		DurationMs: number(2 * firstMs), OutputTokens: number(100), CostPicoUSD: number(pico),
	}
}

// saved is a request that the model failed and another answered.
func saved(model string) Result {
	r := answered(model, 10, 10)
	r.Served = false
	return r
}

func spec(f func(*Spec)) Spec {
	s := Spec{ID: "next", From: older, To: newer, Share: 1000}
	if f != nil {
		f(&s)
	}
	return s
}

func TestGuards(t *testing.T) {
	good := func(int) Result { return answered(newer, 100, 1000) }
	for _, c := range []struct {
		name   string
		guards Guards
		result func(i int) Result
		// trips is the request that breaks the guard, counted from 1; 0 is none of 200.
		trips int
		why   string
	}{
		{"no guard", Guards{}, func(int) Result { return saved(newer) }, 0, ""},
		{"well", Guards{ErrorShare: 500, FirstToken: time.Second, CostPicoUSD: 5000}, good, 0, ""},
		{"errors that the old model saved", Guards{ErrorShare: 1000}, func(i int) Result {
			if i%4 == 0 {
				return saved(newer)
			}
			return good(i)
		}, 20, "failed to answer 5 of 20 requests, more than 10 %"},
		{"errors that nobody saved", Guards{ErrorShare: 1000, Least: 3}, func(int) Result {
			return Result{Rollout: "next", Arm: newer, Outcome: gateway.Failed, Kind: llm.ErrOverloaded, Tried: true}
		}, 3, "3 of 3"},
		{"as many as allowed", Guards{ErrorShare: 2500, Least: 4}, func(i int) Result {
			if i%4 == 3 {
				return saved(newer)
			}
			return good(i)
		}, 0, ""},
		{"requests that are wrong", Guards{ErrorShare: 1, Least: 1}, func(int) Result {
			return Result{Rollout: "next", Arm: newer, Outcome: gateway.Failed, Kind: llm.ErrBadRequest, Tried: true}
		}, 0, ""},
		{"requests that a rule denies", Guards{ErrorShare: 1, Least: 1}, func(int) Result {
			return Result{Rollout: "next", Arm: newer, Outcome: gateway.Failed, Kind: llm.ErrAuth}
		}, 0, ""},
		{"clients that leave", Guards{ErrorShare: 1, Least: 1}, func(int) Result {
			return Result{Rollout: "next", Arm: newer, Outcome: gateway.Cancelled, Tried: true}
		}, 0, ""},
		{"errors of the old model", Guards{ErrorShare: 1, Least: 1}, func(int) Result { return saved(older) }, 0, ""},
		{"late first tokens", Guards{FirstToken: 500 * time.Millisecond}, func(i int) Result {
			if i%3 == 0 {
				return answered(newer, 900, 1)
			}
			return good(i)
		}, 20, "75th percentile of 20 answers, more than 500 ms"},
		{"few late first tokens", Guards{FirstToken: 500 * time.Millisecond}, func(i int) Result {
			if i%5 == 0 {
				return answered(newer, 900, 1)
			}
			return good(i)
		}, 0, ""},
		{"cost", Guards{CostPicoUSD: 999}, good, 20, "cost 0.000000 USD on average of 20"},
		{"unknown cost is no cost", Guards{CostPicoUSD: 1}, func(int) Result {
			r := answered(newer, 1, 1)
			r.CostPicoUSD = nil
			return r
		}, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t, spec(func(s *Spec) { s.Guards = c.guards }))
			tripped := 0
			for i := range 200 {
				f.Settled(c.result(i))
				f.clock.pass(time.Second)
				if len(f.Shares()) == 0 {
					tripped = i + 1
					break
				}
			}
			if tripped != c.trips {
				t.Fatalf("it is rolled back at request %d, not %d", tripped, c.trips)
			}
			st := f.List()[0]
			if tripped > 0 != (st.State == "rolled back") || !strings.Contains(st.Why, c.why) {
				t.Errorf("it is %s: %s", st.State, st.Why)
			}
			if tripped > 0 != (len(f.Warnings()) == 1) {
				t.Errorf("warnings: %q", f.Warnings())
			}
		})
	}
}

// TestRollsBackWithinOneWindow: a model that did well for days and then fails is gone before one window is over, though
// its share of errors since the start is small, and everybody is told.
func TestRollsBackWithinOneWindow(t *testing.T) {
	guards := Guards{ErrorShare: 2000, Window: 10 * time.Minute}
	f := open(t, spec(func(s *Spec) { s.Guards = guards }))
	for range 3 * 24 * 60 {
		f.Settled(answered(newer, 100, 10))
		f.clock.pass(time.Minute / 2)
	}
	sub := f.broker.Subscribe(16)
	defer sub.Close()
	broke := f.clock.get()
	for len(f.Shares()) > 0 && f.clock.get().Sub(broke) < time.Hour {
		f.Settled(saved(newer))
		f.clock.pass(time.Minute / 2)
	}
	if took := f.clock.get().Sub(broke); took > guards.Window {
		t.Errorf("rolled back after %v", took)
	}
	if e, err := sub.Next(t.Context()); err != nil || e.Type != EventType {
		t.Errorf("told: %v, %v", e, err)
	}
	if all := f.List()[0].Total.New; *all.ErrorShare.Value > 2000 {
		t.Errorf("the total trips by itself: %d", *all.ErrorShare.Value)
	}

	f.restart()
	f.wants(-1)
	f.specs[0].Share = 5000 // another share is no wish to go on
	f.Set(f.specs)
	f.wants(-1)
	if err := f.Resume("next"); err != nil {
		t.Fatal(err)
	}
	f.wants(5000)
	f.Settled(saved(newer)) // what was before is not held against it
	f.wants(5000)
}

func TestOldErrorsAreForgotten(t *testing.T) {
	f := open(t, spec(func(s *Spec) { s.Guards = Guards{ErrorShare: 5000, Window: time.Hour} }))
	for range 19 {
		f.Settled(saved(newer))
	}
	f.clock.pass(time.Hour)
	f.Settled(saved(newer))
	f.wants(1000)
	if n := f.List()[0].Window.New.Requests; n != 1 {
		t.Errorf("%d requests in the window", n)
	}
	if n := f.List()[0].Total.New.Requests; n != 20 {
		t.Errorf("%d requests in all", n)
	}
}

func TestSchedule(t *testing.T) {
	f := open(t, spec(func(s *Spec) {
		s.Steps = []Step{{After: time.Hour, Share: 2500}, {After: 24 * time.Hour, Share: 10_000}}
	}))
	f.wants(1000)
	f.clock.pass(time.Hour - 1)
	f.wants(1000)
	f.clock.pass(1)
	f.wants(2500)
	if st := f.List()[0]; st.NextStep == nil || *st.NextShare != 10_000 || st.NextStep.Sub(st.StartedAt) != 24*time.Hour {
		t.Errorf("next: %v %v", st.NextStep, st.NextShare)
	}
	f.restart()
	f.wants(2500)

	f.clock.pass(time.Second)
	if err := f.SetShare("next", 4000); err != nil { // by hand, until the next step
		t.Fatal(err)
	}
	f.specs[0].Share = 4000 // as settings have it then
	f.Set(f.specs)
	f.wants(4000)
	f.clock.pass(2 * time.Hour)
	f.wants(4000)

	if err := f.Halt("next"); err != nil {
		t.Fatal(err)
	}
	f.specs[0].Stopped = true
	f.Set(f.specs)
	f.wants(-1)
	f.clock.pass(100 * time.Hour) // a pause is no progress
	f.specs[0].Stopped = false
	f.Set(f.specs)
	f.wants(4000)
	f.clock.pass(21*time.Hour - time.Second - 1)
	f.wants(4000)
	f.clock.pass(1)
	f.wants(10_000)
	if st := f.List()[0]; st.NextStep != nil || st.State != "running" {
		t.Errorf("%+v", st)
	}
}

func TestAnotherRolloutOfTheName(t *testing.T) {
	f := open(t, spec(nil))
	f.Settled(answered(newer, 1, 1))
	f.clock.pass(time.Hour)
	f.specs[0].To = "openai/other"
	f.Set(f.specs)
	f.Settled(answered(newer, 1, 1)) // of the one before
	if st := f.List()[0]; st.Total.New.Requests != 0 || !st.StartedAt.Equal(f.clock.get()) {
		t.Errorf("%+v", st)
	}
	f.specs = nil
	f.Set(nil)
	f.restart()
	if len(f.List()) != 0 || len(f.all) != 0 {
		t.Errorf("left: %+v", f.all)
	}
	for _, err := range []error{f.SetShare("next", 1), f.Halt("next"), f.Resume("next")} {
		if e := llm.AsError(err); e == nil || e.Kind != llm.ErrNotFound {
			t.Errorf("of an unknown one: %v", err)
		}
	}
}

func TestKeptOverARestart(t *testing.T) {
	f := open(t, spec(nil))
	for i := range int64(500) {
		f.Settled(answered(newer, 100+i, 1000+i))
		f.Settled(answered(older, 50+i, 500))
		f.clock.pass(time.Second)
	}
	f.Settled(saved(newer))
	before := f.List()[0]
	f.restart()
	after := f.List()[0]
	for _, pair := range [][2]Arm{{before.Total.New, after.Total.New}, {before.Total.Old, after.Total.Old}, {before.Window.New, after.Window.New}} {
		if a, b := text(pair[0]), text(pair[1]); a != b {
			t.Errorf("before %s\nafter  %s", a, b)
		}
	}
	if after.Total.New.Requests != 501 || after.Total.New.Errors != 1 {
		t.Errorf("%s", text(after.Total.New))
	}
}

// TestTogether is for the race detector: all that may happen at once.
func TestTogether(t *testing.T) {
	f := open(t, spec(func(s *Spec) { s.Guards = Guards{ErrorShare: 5000, FirstToken: time.Minute, CostPicoUSD: 1 << 40} }))
	var all sync.WaitGroup
	for _, work := range []func(){
		func() { f.Settled(answered(newer, 10, 10)) },
		func() { f.Settled(answered(older, 10, 10)) },
		func() { f.Shares() },
		func() { f.List() },
		func() { f.Warnings() },
		func() { f.Set(f.specs) },
		func() { _ = f.SetShare("next", 2000) },
		func() { f.flush() },
		func() { f.clock.pass(time.Second) },
	} {
		all.Go(func() {
			for range 200 {
				work()
			}
		})
	}
	all.Wait()
	f.restart()
	if n := f.List()[0].Total.New.Requests; n != 200 {
		t.Errorf("%d requests", n)
	}
}
