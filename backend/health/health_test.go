package health

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
	"gatehouse/backend/store"
)

type clock struct{ now time.Time }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

type fixture struct {
	*Board
	t     *testing.T
	clock *clock
	db    *store.DB
}

func open(t *testing.T) *fixture {
	t.Helper()
	db, err := store.Open(filepath.Join(t.TempDir(), "test.db"), store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f := &fixture{t: t, clock: &clock{time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}, db: db}
	f.reopen()
	return f
}

func (f *fixture) reopen() {
	f.t.Helper()
	b, err := Open(Options{
		DB: f.db, Now: func() time.Time { return f.clock.now }, Broker: &event.Broker{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.Board = b
}

var (
	one   = routing.Target{Provider: "openai", Model: "openai/gpt", Credential: "a"}
	other = routing.Target{Provider: "openai", Model: "openai/gpt", Credential: "b"}
	mini  = routing.Target{Provider: "openai", Model: "openai/mini", Credential: "a"}
)

func failed(kind llm.ErrorKind, status int) routing.Result {
	return routing.Result{Err: llm.Errorf(kind, "no luck"), Status: status}
}

// attempt lets one attempt run to its result.
func (f *fixture) attempt(of routing.Target, r routing.Result) {
	f.t.Helper()
	if !f.Admit(of, false) {
		f.t.Fatalf("%v is not admitted", of)
	}
	f.Report(of, r)
}

func (f *fixture) wants(of routing.Target, what string) {
	f.t.Helper()
	h := f.State(of)
	got := "well"
	switch {
	case h.Parked:
		got = "parked"
	case h.Limited:
		got = "limited"
	case h.Open:
		got = "open"
	}
	if got != what {
		f.t.Errorf("%v is %s (%s), not %s", of, got, h.Why, what)
	}
	if got != "well" && h.Why == "" {
		f.t.Errorf("%v is %s without a reason", of, got)
	}
}

func TestBreaker(t *testing.T) {
	f := open(t)
	bad := failed(llm.ErrOverloaded, 503)
	f.attempt(one, bad)
	f.attempt(one, bad)
	f.attempt(one, routing.Result{}) // an answer in between starts the count anew
	f.attempt(one, bad)
	f.attempt(one, bad)
	f.wants(one, "well")
	f.attempt(one, bad)
	f.wants(one, "open")
	f.wants(other, "well")
	f.wants(mini, "well")
	if f.Admit(one, false) {
		t.Error("an open target admits")
	}

	f.clock.pass(firstPause + 1)
	f.wants(one, "well")
	if !f.Admit(one, false) {
		t.Fatal("after its pause it takes no probe")
	}
	if f.Admit(one, false) {
		t.Error("it takes a second probe beside the first")
	}
	f.wants(one, "open")
	f.Report(one, bad)
	f.clock.pass(firstPause + 1)
	f.wants(one, "open") // for twice as long now
	f.clock.pass(firstPause)
	f.attempt(one, routing.Result{})
	f.wants(one, "well")
	f.attempt(one, bad)
	f.wants(one, "well")
}

func TestProbeThatTheClientEnds(t *testing.T) {
	f := open(t)
	for range tripAfter {
		f.attempt(one, failed(llm.ErrTimeout, 0))
	}
	f.clock.pass(firstPause + 1)
	f.attempt(one, failed(llm.ErrCancelled, 0))
	f.attempt(one, routing.Result{}) // the next one may probe
	f.wants(one, "well")
}

func TestShareOfFailuresOpens(t *testing.T) {
	f := open(t)
	for i := range 2 * windowFailed {
		if f.State(one).Open {
			break
		}
		r := routing.Result{}
		if i%2 == 0 {
			r = failed(llm.ErrOverloaded, 500)
		}
		f.attempt(one, r)
	}
	f.wants(one, "open")
}

func TestWhatSaysNothing(t *testing.T) {
	f := open(t)
	for range 2 * tripAfter {
		f.attempt(one, failed(llm.ErrBadRequest, 400))
		f.attempt(one, failed(llm.ErrNotFound, 404))
		f.attempt(one, failed(llm.ErrCancelled, 0))
	}
	f.wants(one, "well")
}

func TestRateLimit(t *testing.T) {
	f := open(t)
	e := llm.Errorf(llm.ErrRateLimit, "slow down")
	e.RetryAfter = 30 * time.Second
	f.attempt(one, routing.Result{Err: e, Status: 429})
	f.wants(one, "limited")
	f.wants(mini, "well")
	f.wants(other, "well")
	if until := f.State(one).Until; !until.Equal(f.clock.now.Add(30 * time.Second)) {
		t.Errorf("until %v", until)
	}
	f.NetworkChanged()
	f.wants(one, "limited")
	f.clock.pass(31 * time.Second)
	f.wants(one, "well")
}

func TestRefusedCredential(t *testing.T) {
	for _, r := range []routing.Result{
		failed(llm.ErrAuth, 401), failed(llm.ErrBadRequest, 402),
		{Err: llm.Errorf(llm.ErrAuth, "API key not valid").WithCode("credential_refused"), Status: 400}, // Gemini's way
		{Err: llm.Errorf(llm.ErrRateLimit, "quota").WithCode("insufficient_quota"), Status: 429},
	} {
		f := open(t)
		f.attempt(one, r)
		f.wants(one, "parked")
		f.wants(mini, "parked")
		f.wants(other, "well")
		f.reopen()
		f.wants(one, "parked")
		f.NetworkChanged()
		f.wants(one, "parked")
		f.Changed("openai")
		f.wants(one, "well")
		f.reopen()
		f.wants(one, "well")
	}
}

// TestRefusalIsOfOneCredential: what replaced the refused one, while nobody looked, is tried.
func TestRefusalIsOfOneCredential(t *testing.T) {
	f := open(t)
	mark := ""
	f.Mark = func(string, string) string { return mark }
	mark = "aa11"
	f.attempt(one, failed(llm.ErrAuth, 401))
	f.reopen()
	f.Mark = func(string, string) string { return mark }
	for now, want := range map[string]string{"aa11": "parked", "": "parked", "bb22": "well"} {
		mark = now
		f.wants(one, want)
		if n := len(f.All()); (n == 1) != (want == "parked") {
			t.Errorf("%q: %d are shown", now, n)
		}
	}
	mark = "bb22"
	f.attempt(one, failed(llm.ErrAuth, 401)) // and refused in its turn
	f.wants(one, "parked")
	mark = "aa11"
	f.wants(one, "well")
}

func TestKeptOverARestart(t *testing.T) {
	f := open(t)
	for range tripAfter {
		f.attempt(one, failed(llm.ErrOverloaded, 503))
	}
	f.reopen()
	f.wants(one, "open")
	if all := f.All(); len(all) != 1 || all[0].State != Opened || all[0].Model != "openai/gpt" {
		t.Errorf("all: %+v", all)
	}
	f.clock.pass(firstPause + 1)
	f.reopen() // it is not true any more
	f.wants(one, "well")
	if all := f.All(); len(all) != 0 {
		t.Errorf("all: %+v", all)
	}
}

func TestHealsOnAnotherNetwork(t *testing.T) {
	f := open(t)
	for range tripAfter {
		f.attempt(one, failed(llm.ErrOverloaded, 0))
	}
	f.wants(one, "open")
	w := watcher{last: f.clock.now, addresses: "10.0.0.1/24"}
	if f.clock.pass(watchEvery); w.moved(f.clock.now, "10.0.0.1/24") {
		t.Error("nothing moved")
	}
	if f.clock.pass(watchEvery); !w.moved(f.clock.now, "10.0.0.2/24") {
		t.Error("another address is no change")
	}
	if f.clock.pass(time.Hour); !w.moved(f.clock.now, "10.0.0.2/24") {
		t.Error("sleep is no change")
	}
	f.NetworkChanged()
	f.wants(one, "well")
}

func TestMeasures(t *testing.T) {
	f := open(t)
	for _, ms := range []int64{100, 300, 200} {
		f.attempt(one, routing.Result{FirstToken: time.Duration(ms) * time.Millisecond, Duration: time.Duration(ms+1000) * time.Millisecond, Tokens: 50})
	}
	if m := f.Measured(one); m.FirstToken != 200*time.Millisecond || m.MilliTokensPerSecond != 50_000 {
		t.Errorf("%+v", m)
	}
	if m := f.Measured(routing.Target{Provider: "openai", Model: "openai/gpt"}); m.FirstToken != 200*time.Millisecond {
		t.Errorf("of the provider: %+v", m)
	}
	if m := f.Measured(mini); m != (routing.Measure{}) {
		t.Errorf("of another model: %+v", m)
	}
}

func TestRunningAndPlaces(t *testing.T) {
	f := open(t)
	f.Admit(one, false)
	f.Admit(mini, false)
	if n := f.Running("openai", "a"); n != 2 {
		t.Errorf("%d are running", n)
	}
	f.Report(one, routing.Result{})
	if n := f.Running("openai", "a"); n != 1 {
		t.Errorf("%d are running", n)
	}
	f.Remember("talk", other)
	if got, ok := f.Stuck("talk"); !ok || got != other {
		t.Errorf("%v %v", got, ok)
	}
	for i := range mostPlaces {
		f.Remember(string(rune(i+1000)), one)
	}
	if _, ok := f.Stuck("talk"); ok {
		t.Error("the oldest conversation is not forgotten")
	}
}

func TestLate(t *testing.T) {
	for _, whole := range []bool{false, true} {
		f := open(t)
		for i := range 20 {
			if late := f.Late(one, whole); (late == 0) != (i < lateLeast) {
				t.Errorf("after %d answers: %v", i, late)
			}
			took := time.Duration(20-i) * time.Second
			if whole {
				f.attempt(one, routing.Result{Duration: took})
			} else {
				f.attempt(one, routing.Result{FirstToken: took, Duration: time.Minute})
			}
		}
		if late := f.Late(one, whole); late != 19*time.Second {
			t.Errorf("95 of 100 answered within %v", late)
		}
		if late := f.Late(one, !whole); late != 0 {
			t.Errorf("streams and answers in one piece are mixed up: %v", late)
		}
		if late := f.Late(other, whole); late != 0 {
			t.Errorf("of another credential: %v", late)
		}
	}
}

func TestTargetsAreBounded(t *testing.T) {
	f := open(t)
	f.Admit(one, false)
	for i := range 2 * mostTargets {
		of := routing.Target{Provider: "openai", Model: fmt.Sprint("openai/", i)}
		if f.Admit(of, false); i%2 == 0 {
			f.Report(of, routing.Result{})
			continue
		}
		e := llm.Errorf(llm.ErrRateLimit, "slow down")
		f.Board.mu.Lock()
		t := f.at(of)
		t.running, t.limited = 0, f.clock.now.Add(time.Second)
		t.why = e.Message
		f.Board.mu.Unlock()
		f.clock.pass(2 * time.Second)
	}
	if n := len(f.targets); n > mostTargets {
		t.Errorf("%d targets are kept", n)
	}
	if f.Running("openai", "a") != 1 {
		t.Error("one that runs was forgotten")
	}
}
