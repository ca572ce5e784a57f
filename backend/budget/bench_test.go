package budget_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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

// ledger is a history: what it knows is in memory at once, and stored, as it is committed, in the database that the budgets
// keep their accounts in.
type ledger struct {
	mu    sync.Mutex
	all   map[string]budget.Spent
	ended map[string]budget.Spent // and not stored yet
	fail  error
	// before is called before each record is given to be learned from, walked before each that is given to be added up.
	before func()
	walked func() error

	stored *store.Bucket[budget.Spent]
	commit chan struct{}
}

func newLedger() *ledger {
	return &ledger{all: map[string]budget.Spent{}, ended: map[string]budget.Spent{}}
}

// serve commits what ended to a database, until the test is over, as the history does.
func (l *ledger) serve(t testing.TB, db *store.DB, count func(*store.Tx, []budget.Change) error) {
	l.mu.Lock()
	commit := make(chan struct{}, 1)
	l.stored, l.commit = store.NewBucket[budget.Spent](db, "ledger"), commit
	commit <- struct{}{} // of what a killed program left
	l.mu.Unlock()
	var loop sync.WaitGroup
	loop.Go(func() {
		for range commit {
			if err := l.flush(db, count); err != nil {
				t.Error(err)
			}
		}
	})
	t.Cleanup(func() {
		close(commit)
		loop.Wait()
	})
}

func (l *ledger) flush(db *store.DB, count func(*store.Tx, []budget.Change) error) error {
	l.mu.Lock()
	ended := maps.Clone(l.ended)
	l.mu.Unlock()
	err := db.Write(func(tx *store.Tx) error {
		var changes []budget.Change
		for id, s := range ended {
			change := budget.Change{Kind: budget.Ended, Spent: s}
			if before, ok, err := l.stored.In(tx).Get(id); err != nil {
				return err
			} else if ok {
				change.Before = &before
			}
			changes = append(changes, change)
			if err := l.stored.In(tx).Put(id, s); err != nil {
				return err
			}
		}
		return count(tx, changes)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range ended {
		delete(l.ended, id)
	}
	return err
}

func (l *ledger) put(s budget.Spent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all[s.ID] = s
	if s.Outcome != gateway.Open {
		l.ended[s.ID] = s
		select {
		case l.commit <- struct{}{}:
		default:
		}
	}
}

func (l *ledger) Each(_ context.Context, since time.Time, fn func(budget.Spent) bool) error {
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

func (l *ledger) Ended() []budget.Spent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.ended))
}

func (l *ledger) Stored(tx *store.Tx, id string) (budget.Spent, bool, error) {
	return l.stored.In(tx).Get(id)
}

func (l *ledger) Walk(tx *store.Tx, from string, _ time.Time, fn func(budget.Spent) bool) error {
	if l.fail != nil {
		return l.fail
	}
	return l.stored.In(tx).Range(from, store.Ascending, func(_ string, s budget.Spent) (bool, error) {
		if l.walked != nil {
			if err := l.walked(); err != nil {
				return false, err
			}
		}
		return fn(s), nil
	})
}

// change changes what is stored, as a deletion does or a backup that is put back.
func (b *bench) change(kind budget.ChangeKind, list ...budget.Spent) {
	b.t.Helper()
	err := b.DB.Write(func(tx *store.Tx) error {
		var changes []budget.Change
		for _, s := range list {
			err := b.ledger.stored.In(tx).Put(s.ID, s)
			if kind == budget.Deleted {
				err = b.ledger.stored.In(tx).Delete(s.ID)
			}
			if err != nil {
				return err
			}
			changes = append(changes, budget.Change{Kind: kind, Spent: s})
		}
		return b.Count(tx, changes)
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// committed waits until all that ended is stored.
func (b *bench) committed() {
	for len(b.ledger.Ended()) > 0 {
		_ = b.DB.Write(func(*store.Tx) error { return nil }) // after the commit that runs
	}
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
		l = newLedger()
	}
	b := &bench{t: t, ledger: l, broker: &event.Broker{}}
	b.set(noon)
	b.Keeper = budget.Open(budget.Options{
		DB: db, Now: func() time.Time { return *b.now.Load() }, Zone: time.UTC, Broker: b.broker, Logger: slog.New(slog.DiscardHandler),
		Price: price, History: l,
	})
	t.Cleanup(func() {
		b.Close()
		_ = db.Close()
	})
	l.serve(t, db, b.Count)
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

func (b *bench) state(name string) budget.Budget {
	b.t.Helper()
	for _, s := range b.List() {
		if s.Name == name {
			return s
		}
	}
	b.t.Fatalf("there is no budget %q", name)
	return budget.Budget{}
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
