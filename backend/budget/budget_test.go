package budget_test

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gatehouse/backend/budget"
	"gatehouse/backend/gateway"
)

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
// TestNewBudgetWhileRequestsEnd: what a new budget has spent is exact, whatever ends while it is added up.
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
	dir, l := t.TempDir(), newLedger()
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
	if s := b.state("tokens"); s.Spent != 600 || s.Text != "600 of 2,000 tokens today (30 %)" {
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
// TestNotInTheHistory: what the history dropped counts all the same.
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
