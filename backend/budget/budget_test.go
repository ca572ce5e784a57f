package budget_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/budget"
	"gatehouse/backend/event"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const dollar = 1_000_000_000_000

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// ledger is a history: the only truth that a Keeper adds up from.
type ledger struct {
	mu   sync.Mutex
	all  map[string]budget.Spent
	fail error
	// before is called before each record is given.
	before func()
}

func (l *ledger) put(s budget.Spent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[s.ID] = s
}

func (l *ledger) each(_ context.Context, since time.Time, fn func(budget.Spent) bool) error {
	l.mu.Lock()
	var list []budget.Spent
	for _, s := range l.all {
		if !s.StartedAt.Before(since) {
			list = append(list, s)
		}
	}
	err := l.fail
	l.mu.Unlock()
	slices.SortFunc(list, func(a, b budget.Spent) int { return strings.Compare(b.ID, a.ID) })
	for _, s := range list {
		if l.before != nil {
			l.before()
		}
		if !fn(s) {
			break
		}
	}
	return err
}

// bench is a Keeper with a clock, a ledger and prices of its own.
type bench struct {
	*budget.Keeper
	t      *testing.T
	ledger *ledger
	broker *event.Broker
	now    atomic.Pointer[time.Time]
	next   atomic.Int64
}

func openBench(t *testing.T, dir string, l *ledger) *bench {
	t.Helper()
	db, err := store.Open(filepath.Join(dir, "gatehouse.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if l == nil {
		l = &ledger{all: map[string]budget.Spent{}}
	}
	b := &bench{t: t, ledger: l, broker: &event.Broker{}}
	b.set(noon)
	b.Keeper = budget.Open(budget.Options{
		DB: db, Now: func() time.Time { return *b.now.Load() }, Zone: time.UTC, Broker: b.broker, Logger: slog.New(slog.DiscardHandler),
		Price: price, History: l.each,
	})
	t.Cleanup(func() {
		b.Close()
		_ = db.Close()
	})
	return b
}

func (b *bench) set(at time.Time) { b.now.Store(&at) }

// price is a dollar for a thousand tokens of "a", ten times that for those of "dear", and nothing for "free"; nobody knows
// that of "odd".
func price(_, model string, u llm.Usage) (int64, bool) {
	n := u.Input.Or(0) + u.CacheRead.Or(0) + u.Output.Or(0)
	switch model {
	case "a":
		return n * dollar / 1000, true
	case "dear":
		return n * dollar / 100, true
	case "free":
		return 0, true
	}
	return 0, false
}

func (b *bench) specs(specs ...budget.Spec) {
	b.t.Helper()
	b.Set(specs, nil)
	if err := b.Ready(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// intent is a request to a model of so many bytes, which answers with at most so many tokens.
func (b *bench) intent(model string, bytes int, limit int64) gateway.Intent {
	return gateway.Intent{
		ID: fmt.Sprintf("req_%08d", b.next.Add(1)), StartedAt: *b.now.Load(), Key: "zed", Project: "p", Model: model,
		Candidates: []gateway.Candidate{{Provider: "x", Model: model}}, Bytes: bytes, MaxOutput: func() int64 { return limit },
	}
}

// begin reserves and puts the request into the ledger as the gateway does.
func (b *bench) begin(in gateway.Intent) (gateway.Grant, error) {
	grant, err := b.Reserve(b.t.Context(), in)
	if err == nil && grant.Instead == "" {
		b.ledger.put(budget.Spent{
			ID: in.ID, StartedAt: in.StartedAt, Key: in.Key, Project: in.Project, Requested: in.Model,
			Outcome: gateway.Open, Reserved: grant.Reserved,
		})
	}
	return grant, err
}

// end settles a request that took so many tokens.
func (b *bench) end(in gateway.Intent, input, output int64) {
	model := in.Candidates[0].Model
	total := input + output
	s := budget.Spent{
		ID: in.ID, StartedAt: in.StartedAt, Key: in.Key, Project: in.Project, Tags: in.Tags, Requested: in.Model, Model: model,
		Provider: "x", Outcome: gateway.OK, Status: 200, Tokens: &total, Input: &input, Output: &output,
	}
	if cost, known := price("x", model, llm.Usage{Input: llm.Tokens(input), Output: llm.Tokens(output)}); known {
		s.PicoUSD = &cost
	}
	b.ledger.put(s)
	b.Settled(s)
}

func (b *bench) state(name string) budget.State {
	b.t.Helper()
	for _, s := range b.List() {
		if s.Name == name {
			return s
		}
	}
	b.t.Fatalf("there is no budget %q", name)
	return budget.State{}
}

func usd(name string, amount int64, per budget.Period) budget.Spec {
	return budget.Spec{Name: name, Limit: budget.Limit{Unit: budget.USD, Amount: amount, Per: per}, Warn: []int{50, 75, 90}}
}

func refusal(t *testing.T, err error, status int) *llm.Error {
	t.Helper()
	e, ok := errors.AsType[*llm.Error](err)
	if !ok || e.HTTPStatus() != status {
		t.Fatalf("got %v, want %d", err, status)
	}
	return e
}

func TestRefusalSaysWhatToDo(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	spec := usd("my budget", 2*dollar, budget.Month)
	spec.Scope.Key = "z*"
	b.specs(spec)
	one := b.intent("a", 1500, 500) // 501 tokens in, 500 out
	if _, err := b.begin(one); err != nil {
		t.Fatal(err)
	}
	if got := b.state("my budget").Reserved; got != 1_000*dollar/1000 {
		t.Errorf("reserved %d", got)
	}
	_, err := b.begin(b.intent("a", 1500, 5000))
	e := refusal(t, err, 402)
	for _, want := range []string{
		`"my budget" (the API key z*)`, "Current spend: $0.00, limit: $2.00 this month", "requests that run may take $1.00",
		"this one may take $1.50", "2026-04-01 00:00", "gatehouse budget allow 'my budget' 2",
	} {
		if !strings.Contains(e.Message, want) {
			t.Errorf("%q lacks %q", e.Message, want)
		}
	}
	if e.Code != budget.Code || b.state("my budget").State != "blocked" {
		t.Errorf("code %q, state %q", e.Code, b.state("my budget").State)
	}
	// Another key is not under it, nor is what costs nothing.
	other := b.intent("a", 1500, 5000)
	other.Key = "caret"
	for _, in := range []gateway.Intent{other, b.intent("free", 1e9, 1e9)} {
		if _, err := b.begin(in); err != nil {
			t.Error(err)
		}
	}
	// What one took less than it reserved is there for the next.
	b.end(one, 10, 10)
	if _, err := b.begin(b.intent("a", 1500, 5000)); err != nil {
		t.Error(err)
	}
}

// TestRace: 500 at once against a limit that 20 fit in. What passes the limit is the error of estimates alone, and nobody
// is refused for what is free again.
func TestRace(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	const fit = 20
	b.specs(usd("b", fit*dollar, budget.Day))
	for range 3 { // its length is known from then on: 500 in, 500 out
		in := b.intent("a", 1500, 0)
		in.StartedAt = noon.AddDate(0, 0, -1)
		_, err := b.Reserve(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		b.end(in, 500, 500)
	}
	var passed atomic.Int64
	var mu sync.Mutex
	var over int64 // the sum of (took - reserved), where that is more than nothing
	wave := func(n int) {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				in := b.intent("a", 1500, 0)
				grant, err := b.begin(in)
				if err != nil {
					refusal(t, err, 402)
					return
				}
				passed.Add(1)
				output := int64(300 + (i*37)%400)
				took := (500 + output) * dollar / 1000
				mu.Lock()
				over += max(took-*grant.Reserved.PicoUSD, 0)
				mu.Unlock()
				b.end(in, 500, output)
			})
		}
		all.Wait()
	}
	wave(500)
	for range 200 { // nobody is refused for good while there is room
		wave(1)
	}
	s := b.state("b")
	if s.Spent > s.Limit+over {
		t.Errorf("spent %d, which is more than %d + %d", s.Spent, s.Limit, over)
	}
	if s.Reserved != 0 {
		t.Errorf("%d stays reserved", s.Reserved)
	}
	// Of what was let in, all but the last could be made: less than two estimates are left.
	if left := s.Limit - s.Spent; left > 2*dollar {
		t.Errorf("%d is left of %d after %d requests, and yet the last was refused", left, s.Limit, passed.Load())
	}
}

// TestAllAtOnce holds 500 open at once: exactly as many pass as fit by their estimates.
func TestAllAtOnce(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.specs(usd("b", 20*dollar, budget.Day))
	var passed atomic.Int64
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []gateway.Intent
	for range 500 {
		all.Go(func() {
			in := b.intent("a", 1497, 500) // 500 in, by the guess, and 500 out
			if _, err := b.begin(in); err == nil {
				passed.Add(1)
				mu.Lock()
				open = append(open, in)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if passed.Load() != 20 {
		t.Fatalf("%d passed, 20 fit", passed.Load())
	}
	for _, in := range open { // each takes twice what it reserved: the bound is reached, and not passed
		b.end(in, 1000, 1000)
	}
	if s := b.state("b"); s.Spent != 40*dollar || s.Reserved != 0 {
		t.Errorf("%+v", s)
	}
}

// TestRestart: what the history holds is all that is needed, and a request that the program was killed under counts as what
// it had reserved.
func TestRestart(t *testing.T) {
	dir, l := t.TempDir(), &ledger{all: map[string]budget.Spent{}}
	specs := []budget.Spec{usd("day", 100*dollar, budget.Day), usd("month", 100*dollar, budget.Month), usd("all", 500*dollar, budget.Total)}
	specs = append(specs, budget.Spec{Name: "count", Limit: budget.Limit{Unit: budget.Requests, Amount: 100, Per: budget.Month}})
	var want []budget.State
	t.Run("before", func(t *testing.T) {
		b := openBench(t, dir, l)
		b.specs(specs...)
		b.set(noon.AddDate(0, -2, 0))
		for i := range 40 {
			in := b.intent("a", 1500, 500)
			if _, err := b.begin(in); err != nil {
				t.Fatal(err)
			}
			if i%4 < 3 || i > 36 {
				b.end(in, 400, int64(i))
			}
			b.set(noon.AddDate(0, 0, i/2-19).Add(time.Duration(i) * time.Minute))
		}
		want = b.List()
	})
	for id, s := range l.all { // killed
		if s.Outcome == gateway.Open {
			s.Outcome = gateway.Interrupted
			l.all[id] = s
		}
	}
	b := openBench(t, dir, l)
	b.set(noon.Add(39 * time.Minute))
	b.specs(specs...)
	for i, s := range b.List() {
		w := want[i]
		if s.Spent != w.Spent+w.Reserved || s.Reserved != 0 || s.Percent > 0 && s.Name == "" {
			t.Errorf("%s: spent %d, before the kill %d and %d reserved", s.Name, s.Spent, w.Spent, w.Reserved)
		}
	}
	if s := b.state("all"); s.Estimated == 0 {
		t.Errorf("nothing says that some were not finished: %+v", s)
	}
}

// TestNewBudgetWhileRequestsEnd: what a new budget has spent is exact, whatever ends while it is added up.
func TestNewBudgetWhileRequestsEnd(t *testing.T) {
	for round := range 20 {
		b := openBench(t, t.TempDir(), nil)
		var open []gateway.Intent
		for range 200 {
			in := b.intent("a", 300, 100)
			if _, err := b.begin(in); err != nil {
				t.Fatal(err)
			}
			open = append(open, in)
		}
		ended := 0
		var mu sync.Mutex
		endOne := func() {
			mu.Lock()
			defer mu.Unlock()
			if ended < len(open) {
				b.end(open[ended], 100, int64(ended))
				ended++
			}
		}
		for range rand.IntN(100) {
			endOne()
		}
		b.ledger.before = endOne // as the history is read
		var other sync.WaitGroup
		other.Go(func() {
			for range rand.IntN(60) {
				endOne()
			}
		})
		b.specs(usd("b", 1000*dollar, budget.Total))
		other.Wait()
		for ended < len(open) {
			endOne()
		}
		want := int64(0)
		for i := range open {
			want += int64(100+i) * dollar / 1000
		}
		if s := b.state("b"); s.Spent != want || s.Reserved != 0 {
			t.Fatalf("round %d: spent %d of which %d reserved, want %d", round, s.Spent, s.Reserved, want)
		}
	}
}

func TestWaitsUntilItIsKnown(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	old := int64(2 * dollar)
	b.ledger.put(budget.Spent{ID: "req_0", StartedAt: noon, Model: "a", Provider: "x", Outcome: gateway.OK, PicoUSD: &old})
	gate := make(chan struct{})
	b.ledger.before = func() { <-gate }
	b.Set([]budget.Spec{usd("b", dollar, budget.Day)}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Reserve(ctx, b.intent("a", 3, 3)); llm.AsError(err).Kind != llm.ErrCancelled {
		t.Errorf("got %v", err)
	}
	if got := b.state("b").State; got != "loading" {
		t.Errorf("it is %s", got)
	}
	result := make(chan error)
	go func() { _, err := b.begin(b.intent("a", 3, 3)); result <- err }()
	close(gate)
	refusal(t, <-result, 402)
}

func TestHistoryThatCanNotBeRead(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.ledger.fail = errors.New("the disk is gone")
	b.specs(usd("b", dollar, budget.Day))
	s := b.state("b")
	if !strings.Contains(s.Problem, "counts from now on") || s.State != "ok" {
		t.Errorf("%+v", s)
	}
	if w := s.News(); !strings.Contains(w, "counts from now on") {
		t.Errorf("%q", w)
	}
}

func TestStepsAreToldOnce(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.specs(usd("b", 10*dollar, budget.Day))
	sub := b.broker.Subscribe(1000)
	defer sub.Close()
	var steps []int
	for range 10 {
		in := b.intent("a", 30, 100)
		if _, err := b.begin(in); err != nil {
			break
		}
		b.end(in, 0, 1000)
		steps = append(steps, b.state("b").Step)
	}
	if want := []int{0, 0, 0, 0, 50, 50, 50, 75, 90, 90}; !slices.Equal(steps, want) {
		t.Errorf("steps %v, want %v", steps, want)
	}
	in := b.intent("a", 30, 100)
	if _, err := b.begin(in); err == nil {
		t.Error("it is spent")
	}
	if s := b.state("b"); s.State != "blocked" || s.Text != "$10.00 of $10.00 today (100 %)" {
		t.Errorf("%+v", s)
	}
	if w := b.state("b").News(); !strings.Contains(w, "is spent") {
		t.Errorf("%q", w)
	}
}

func TestNotice(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.specs(usd("büdget", 10*dollar, budget.Day))
	in := b.intent("a", 30, 100)
	grant, err := b.begin(in)
	if err != nil || grant.Notice != "" {
		t.Fatalf("%+v, %v", grant, err)
	}
	b.end(in, 3000, 3000)
	grant, err = b.begin(b.intent("a", 30, 100))
	if err != nil || grant.Notice != "b?dget: $6.00 of $10.00 today (60 %)" {
		t.Errorf("%+v, %v", grant, err)
	}
	grant, err = b.begin(b.intent("odd", 30, 100))
	if err != nil || !strings.Contains(grant.Notice, "price of this request is not known") || grant.Reserved.PicoUSD != nil {
		t.Errorf("%+v, %v", grant, err)
	}
}

func TestAllow(t *testing.T) {
	dir, l := t.TempDir(), &ledger{all: map[string]budget.Spent{}}
	day := usd("day", dollar, budget.Day)
	t.Run("raised", func(t *testing.T) {
		b := openBench(t, dir, l)
		b.specs(day)
		in := b.intent("a", 30, 100)
		if _, err := b.begin(in); err != nil {
			t.Fatal(err)
		}
		b.end(in, 500, 500)
		if _, err := b.begin(b.intent("a", 30, 100)); err == nil {
			t.Fatal("it is spent")
		}
		for name, amount := range map[string]string{"other": "2", "day": "2 tokens"} {
			if _, err := b.Allow(name, amount); err == nil {
				t.Errorf("%s, %s", name, amount)
			}
		}
		s, err := b.Allow("day", "$1.50")
		if err != nil || s.Allowed != 3*dollar/2 || s.State == "blocked" || s.Text != "$1.00 of $2.50 today (40 %)" {
			t.Fatalf("%+v, %v", s, err)
		}
		if _, err := b.begin(b.intent("a", 30, 100)); err != nil {
			t.Error(err)
		}
	})
	b := openBench(t, dir, l) // it holds over a restart, and until the period's end
	b.specs(day)
	if got := b.state("day").Allowed; got != 3*dollar/2 {
		t.Errorf("%d is allowed after a restart", got)
	}
	b.set(noon.AddDate(0, 0, 1))
	if s := b.state("day"); s.Allowed != 0 || s.Spent != 0 {
		t.Errorf("the next day: %+v", s)
	}
}

func TestFallback(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	spec := usd("b", 10*dollar, budget.Day)
	spec.Fallback, spec.FallbackAt = "a", 80
	b.specs(spec)
	in := b.intent("dear", 3, 500)
	if grant, err := b.begin(in); err != nil || grant.Instead != "" {
		t.Fatalf("%+v, %v", grant, err)
	}
	b.end(in, 2, 848) // 8.50
	grant, err := b.begin(b.intent("dear", 3, 1))
	if err != nil || grant.Instead != "a" || grant.Reserved != nil {
		t.Fatalf("%+v, %v", grant, err)
	}
	in = b.intent("a", 3, 500)
	in.Model, in.Instead = "dear", "a"
	if grant, err = b.begin(in); err != nil || grant.Instead != "" || grant.Reserved == nil {
		t.Errorf("%+v, %v", grant, err)
	}
	if got := b.state("b").State; got != "falling" {
		t.Errorf("it is %s", got)
	}
	// Where no other model may answer, the limit is what counts.
	in = b.intent("dear", 3, 50)
	in.Fixed = true
	if grant, err = b.begin(in); err != nil || grant.Instead != "" {
		t.Errorf("%+v, %v", grant, err)
	}
	// The limit holds for the fallback too.
	in = b.intent("a", 3, 5000)
	in.Instead = "a"
	_, err = b.begin(in)
	refusal(t, err, 402)
}

func TestUnits(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.specs(
		budget.Spec{Name: "tokens", Limit: budget.Limit{Unit: budget.Tokens, Amount: 2000, Per: budget.Day}, Scope: budget.Scope{Model: "o*"}},
		budget.Spec{Name: "requests", Limit: budget.Limit{Unit: budget.Requests, Amount: 2, Per: budget.Day}, Scope: budget.Scope{Tag: "ci"}},
		budget.Spec{Name: "money", Limit: budget.Limit{Unit: budget.USD, Amount: dollar, Per: budget.Day}, Scope: budget.Scope{Project: "p"}},
	)
	in := b.intent("odd", 3000, 400) // 1000 + 400 tokens, and nobody knows the price
	if _, err := b.begin(in); err != nil {
		t.Fatal(err)
	}
	_, err := b.begin(b.intent("odd", 3000, 400))
	if e := refusal(t, err, 402); !strings.Contains(e.Message, `"tokens" (the model o*)`) {
		t.Error(e.Message)
	}
	b.end(in, 500, 100)
	if s := b.state("tokens"); s.Spent != 600 || s.Text != "600 tokens of 2,000 tokens today (30 %)" {
		t.Errorf("%+v", s)
	}
	if s := b.state("money"); s.Spent != 0 || s.Unpriced != 1 {
		t.Errorf("%+v", s)
	}
	for i := range 3 {
		in := b.intent("free", 3, 3)
		in.Tags = []string{"x", "ci"}
		if _, err := b.begin(in); (err != nil) != (i == 2) {
			t.Errorf("request %d: %v", i, err)
		}
	}
	// A budget in money that is spent lets nothing through of which nobody knows the price.
	in = b.intent("a", 3, 900)
	if _, err := b.begin(in); err != nil {
		t.Fatal(err)
	}
	b.end(in, 500, 500)
	_, err = b.begin(b.intent("odd", 3, 3))
	if e := refusal(t, err, 402); !strings.Contains(e.Message, "price is not known") {
		t.Error(e.Message)
	}
}

// TestRefusedAndFailed: what nobody was asked for counts as nothing, what was refused costs nothing, and an answer that was
// cut off counts as what it had reserved.
func TestRefusedAndFailed(t *testing.T) {
	reserved := int64(7)
	for name, c := range map[string]struct {
		spent                      budget.Spent
		requests, tokens, estimate int64
		pico                       int64
	}{
		"nobody was asked":         {budget.Spent{Outcome: gateway.Failed, Status: 404}, 0, 0, 0, 0},
		"refused":                  {budget.Spent{Outcome: gateway.Failed, Status: 429, Provider: "x"}, 1, 0, 0, 0},
		"cut off":                  {budget.Spent{Outcome: gateway.Cancelled, Status: 200, Provider: "x"}, 1, 5, 1, 7},
		"killed":                   {budget.Spent{Outcome: gateway.Interrupted}, 1, 5, 1, 7},
		"passed on without a cost": {budget.Spent{Outcome: gateway.OK, Status: 200, Provider: "x", Surface: "images"}, 1, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := openBench(t, t.TempDir(), nil)
			b.specs(usd("usd", dollar, budget.Day),
				budget.Spec{Name: "tokens", Limit: budget.Limit{Unit: budget.Tokens, Amount: 1e6, Per: budget.Day}},
				budget.Spec{Name: "requests", Limit: budget.Limit{Unit: budget.Requests, Amount: 1e6, Per: budget.Day}})
			in := b.intent("a", 30, 100)
			if _, err := b.begin(in); err != nil {
				t.Fatal(err)
			}
			c.spent.ID, c.spent.StartedAt, c.spent.Key = in.ID, in.StartedAt, "zed"
			c.spent.Reserved = &gateway.Reserved{PicoUSD: &reserved, Tokens: 5}
			b.Settled(c.spent)
			b.End(in.ID, gateway.Settlement{}) // which has nothing left to do
			if got := [4]int64{b.state("requests").Spent, b.state("tokens").Spent, b.state("usd").Estimated, b.state("usd").Spent}; got != [4]int64{
				c.requests, c.tokens, c.estimate, c.pico,
			} {
				t.Errorf("got %v", got)
			}
			if b.state("usd").Reserved != 0 {
				t.Error("it stays reserved")
			}
		})
	}
}

// TestNotInTheHistory: what the history dropped counts all the same.
func TestNotInTheHistory(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.specs(usd("b", 10*dollar, budget.Day))
	in := b.intent("a", 30, 100)
	if _, err := b.Reserve(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	b.End(in.ID, gateway.Settlement{
		Outcome: gateway.OK, Status: 200, Provider: "x", Model: "a", Usage: llm.Usage{Input: llm.Tokens(1000), Output: llm.Tokens(1000)},
	})
	if s := b.state("b"); s.Spent != 2*dollar || s.Reserved != 0 {
		t.Errorf("%+v", s)
	}
}

func TestHedgedReservesForBoth(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.specs(usd("b", 100*dollar, budget.Day))
	in := b.intent("a", 0, 99)
	in.Candidates = append(in.Candidates, gateway.Candidate{Provider: "x", Model: "dear"}, gateway.Candidate{Provider: "x", Model: "free"})
	grant, err := b.begin(in)
	if err != nil || *grant.Reserved.PicoUSD != dollar { // the dearest
		t.Fatalf("%+v, %v", grant, err)
	}
	in.ID, in.Hedged = "req_x", true
	if grant, err = b.begin(in); err != nil || *grant.Reserved.PicoUSD != dollar+dollar/10 {
		t.Errorf("%d, %v", *grant.Reserved.PicoUSD, err)
	}
}

func TestPeriodTurns(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.specs(usd("day", dollar, budget.Day), usd("week", 10*dollar, budget.Week))
	last := b.intent("a", 3, 500)
	if _, err := b.begin(last); err != nil {
		t.Fatal(err)
	}
	first := *b.now.Load()
	b.set(noon.AddDate(0, 0, 1))
	next := b.intent("a", 3, 900)
	if _, err := b.begin(next); err != nil {
		t.Fatal(err)
	}
	b.end(last, 0, 500) // it began yesterday, and counts there
	if s := b.state("day"); s.Spent != 0 || s.Reserved != *reservedOf(b, next) || !s.StartedAt.Equal(first.Truncate(24*time.Hour).AddDate(0, 0, 1)) {
		t.Errorf("%+v", s)
	}
	if s := b.state("week"); s.Spent != dollar/2 {
		t.Errorf("%+v", s)
	}
	b.end(next, 0, 900)
	// A clock that is set back gets yesterday's sum again, from the history.
	b.set(first)
	b.List()
	if err := b.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := b.state("day"); s.Spent != dollar/2 || s.Reserved != 0 {
		t.Errorf("set back: %+v", s)
	}
}

func reservedOf(b *bench, in gateway.Intent) *int64 {
	b.ledger.mu.Lock()
	defer b.ledger.mu.Unlock()
	return b.ledger.all[in.ID].Reserved.PicoUSD
}
