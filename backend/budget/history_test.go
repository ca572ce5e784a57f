package budget_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/backend/budget"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

func TestRestart(t *testing.T) {
	dir, l := t.TempDir(), newLedger()
	specs := []budget.Spec{usd("day", 100*dollar, budget.Day), usd("month", 100*dollar, budget.Month), usd("all", 500*dollar, budget.Total)}
	specs = append(specs, budget.Spec{Name: "count", Limit: budget.Limit{Unit: budget.Requests, Amount: 100, Per: budget.Month}})
	var want []budget.Budget
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
			l.all[id], l.ended[id] = s, s
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
		"estimated":                {budget.Spent{Outcome: gateway.Cancelled, Status: 200, Provider: "x", PicoUSD: &reserved, Tokens: &reserved, Guessed: true}, 1, 7, 1, 7},
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
