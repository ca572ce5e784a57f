package budget_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/budget"
	"gatehouse/backend/gateway"
)

func (b *bench) rate(r budget.Rate) {
	b.Set(nil, map[string]budget.Rate{"zed": r, "free": {}, "*": {RequestsPerMinute: 1000}})
}

func (b *bench) later(d time.Duration) { b.set(b.now.Load().Add(d)) }

// TestRequestsPerMinute: whoever waits as long as it is told gets in then, and no sooner.
func TestRequestsPerMinute(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.rate(budget.Rate{RequestsPerMinute: 3})
	for _, gap := range []time.Duration{0, 10 * time.Second, 500 * time.Millisecond} {
		b.later(gap)
		in := b.intent("a", 3, 3)
		if _, err := b.begin(in); err != nil {
			t.Fatal(err)
		}
		b.end(in, 1, 1)
	}
	b.later(2 * time.Second)
	_, err := b.begin(b.intent("a", 3, 3))
	e := refusal(t, err, 429)
	if e.RetryAfter != 47*time.Second+500*time.Millisecond || !strings.Contains(e.Message, `"zed" may make 3 requests in a minute, and has; try again in 48s`) {
		t.Fatalf("%s: %s", e.RetryAfter, e.Message)
	}
	other := b.intent("a", 3, 3)
	other.Key = "free"
	window := b.intent("a", 3, 3)
	window.Key = ""
	for _, in := range []gateway.Intent{other, window} {
		if _, err := b.begin(in); err != nil {
			t.Error(err)
		}
	}
	b.later(e.RetryAfter - time.Millisecond)
	_, err = b.begin(b.intent("a", 3, 3))
	refusal(t, err, 429)
	b.later(time.Millisecond)
	if _, err := b.begin(b.intent("a", 3, 3)); err != nil {
		t.Error(err)
	}
	b.later(time.Hour)
	for range 3 {
		if _, err := b.begin(b.intent("a", 3, 3)); err != nil {
			t.Error(err)
		}
	}
	b.rate(budget.Rate{}) // and none again
	for range 10 {
		if _, err := b.begin(b.intent("a", 3, 3)); err != nil {
			t.Error(err)
		}
	}
}

// TestTokensPerMinute: the estimate is let in, and what was really used takes its place.
func TestTokensPerMinute(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.rate(budget.Rate{TokensPerMinute: 1000})
	first := b.intent("a", 1497, 400) // 900 by the guess
	if _, err := b.begin(first); err != nil {
		t.Fatal(err)
	}
	_, err := b.begin(b.intent("a", 297, 100))
	if e := refusal(t, err, 429); e.RetryAfter != time.Minute {
		t.Errorf("%s: %s", e.RetryAfter, e.Message)
	}
	b.later(5 * time.Second)
	b.end(first, 500, 100)
	second := b.intent("a", 297, 100)
	if _, err := b.begin(second); err != nil {
		t.Error(err)
	}
	b.end(second, 100, 3000) // far more than it looked like
	b.later(time.Second)
	_, err = b.begin(b.intent("a", 3, 1))
	if e := refusal(t, err, 429); e.RetryAfter != 59*time.Second {
		t.Errorf("%s: %s", e.RetryAfter, e.Message)
	}
	b.later(59 * time.Second)
	if _, err := b.begin(b.intent("a", 300_000, 1)); err != nil {
		t.Errorf("what is more than the limit by itself would never get in: %v", err)
	}
}

func TestConcurrency(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.rate(budget.Rate{Concurrency: 4})
	taught := b.intent("a", 3, 3)
	if _, err := b.begin(taught); err != nil {
		t.Fatal(err)
	}
	b.later(20 * time.Second)
	b.end(taught, 1, 1) // they take twenty seconds
	var running, most, refused atomic.Int64
	var all sync.WaitGroup
	var mu sync.Mutex
	var open []gateway.Intent
	for range 100 {
		all.Go(func() {
			in := b.intent("a", 3, 3)
			if _, err := b.begin(in); err != nil {
				if e := refusal(t, err, 429); e.RetryAfter != 20*time.Second {
					t.Errorf("%s: %s", e.RetryAfter, e.Message)
				}
				refused.Add(1)
				return
			}
			most.Store(max(most.Load(), running.Add(1)))
			mu.Lock()
			open = append(open, in)
			mu.Unlock()
		})
	}
	all.Wait()
	if most.Load() != 4 || refused.Load() != 96 {
		t.Fatalf("%d at once, %d refused", most.Load(), refused.Load())
	}
	b.End(open[0].ID, gateway.Settlement{})
	b.end(open[1], 1, 1)
	for i := range 3 {
		if _, err := b.begin(b.intent("a", 3, 3)); (err != nil) != (i == 2) {
			t.Errorf("request %d: %v", i, err)
		}
	}
}

// TestRefusedByABudgetIsNotRated: what a budget refuses takes nothing of the rate limit.
func TestRefusedByABudgetIsNotRated(t *testing.T) {
	b := openBench(t, t.TempDir(), nil)
	b.Set([]budget.Spec{usd("b", dollar, budget.Day)}, map[string]budget.Rate{"zed": {RequestsPerMinute: 2, Concurrency: 1}})
	if err := b.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, err := b.begin(b.intent("a", 30_000, 3))
		refusal(t, err, 402)
	}
	if _, err := b.begin(b.intent("a", 3, 3)); err != nil {
		t.Error(err)
	}
}
