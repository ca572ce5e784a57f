package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"gatehouse/backend/budget"
	"gatehouse/backend/settings"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

// openBudgets makes the budgets before the history that they are added up from.
func (c *Core) openBudgets(db *store.DB, prices pricer) {
	c.budgets = budget.Open(budget.Options{
		DB: db, Now: time.Now, Zone: time.Local, Broker: c.broker, Logger: c.logger, Price: prices.Cost,
		History: spending{c},
	})
}

// spending is the history as budgets see it.
type spending struct{ core *Core }

func (s spending) Each(ctx context.Context, since time.Time, fn func(budget.Spent) bool) error {
	return s.core.history.Each(ctx, since, time.Time{}, func(r *usage.Record) bool { return fn(spentOf(r)) })
}

func (s spending) Ended() (out []budget.Spent) {
	for _, r := range s.core.history.Ended() {
		out = append(out, spentOf(r))
	}
	return out
}

func (s spending) Stored(tx *store.Tx, id string) (budget.Spent, bool, error) {
	r, ok, err := s.core.history.Stored(tx, id)
	if !ok {
		return budget.Spent{}, false, err
	}
	return spentOf(r), true, nil
}

func (s spending) Walk(tx *store.Tx, from string, since time.Time, fn func(budget.Spent) bool) error {
	return s.core.history.Walk(tx, from, since, func(r *usage.Record) bool { return fn(spentOf(r)) })
}

// historyChanged has budgets count what changes in the history.
func (c *Core) historyChanged(tx *store.Tx, changes []usage.Change) error {
	kinds := map[usage.ChangeKind]budget.ChangeKind{
		usage.Ended: budget.Ended, usage.Deleted: budget.Deleted, usage.PutBack: budget.PutBack,
	}
	out := make([]budget.Change, len(changes))
	for i, change := range changes {
		out[i] = budget.Change{Kind: kinds[change.Kind], Spent: spentOf(change.Record)}
		if change.Before != nil {
			before := spentOf(change.Before)
			out[i].Before = &before
		}
	}
	return c.budgets.Count(tx, out)
}

// setBudgets tells the budgets what settings say of them now.
func (c *Core) setBudgets() {
	c.budgeting.Lock()
	defer c.budgeting.Unlock()
	s := c.settings.Snapshot()
	var specs []budget.Spec
	for _, name := range slices.Sorted(maps.Keys(s.Budgets)) {
		specs = append(specs, budgetOf(name, s.Budgets[name]))
	}
	rates := map[string]budget.Rate{}
	for key, r := range s.RateLimits {
		rates[key] = budget.Rate(r)
	}
	c.budgets.Set(specs, rates)
}

// The steps of a budget that says nothing of its own.
var usualSteps = []int{50, 75, 90}

const usualFallbackAt = 90

func budgetOf(name string, b settings.Budget) budget.Spec {
	spec := budget.Spec{
		Name: name, Scope: budget.Scope{Key: b.Key, Project: b.Project, Model: b.Model, Tag: b.Tag}, Warn: b.Warn,
		Fallback: b.Fallback, FallbackAt: b.FallbackAt,
	}
	if b.Warn == nil {
		spec.Warn = usualSteps
	}
	if b.FallbackAt == 0 {
		spec.FallbackAt = usualFallbackAt
	}
	spec.Limit = budget.Limit{Per: budget.Period(b.Per)}
	switch {
	case b.USD != nil:
		spec.Limit.Unit, spec.Limit.Amount = budget.USD, int64(*b.USD)
	case b.Tokens != nil:
		spec.Limit.Unit, spec.Limit.Amount = budget.Tokens, *b.Tokens
	case b.Requests != nil:
		spec.Limit.Unit, spec.Limit.Amount = budget.Requests, *b.Requests
	}
	return spec
}

// spentOf is a record as budgets count it.
func spentOf(r *usage.Record) budget.Spent {
	s := budget.Spent{
		ID: r.ID, StartedAt: r.StartedAt, Key: r.Key, Project: r.Project, Tags: r.Tags, Requested: r.RequestedModel, Model: r.Model,
		Provider: r.Provider, Surface: r.Surface, Outcome: r.Outcome, Status: r.Status, PicoUSD: r.CostPicoUSD,
		Input: r.InputTokens, Cached: r.CacheReadTokens, Output: r.OutputTokens, Reserved: r.Reserved,
		Guessed: len(r.Estimated) > 0,
	}
	if r.InputTokens != nil || r.OutputTokens != nil {
		sum := int64(0)
		for _, n := range []*int64{r.InputTokens, r.CacheReadTokens, r.CacheWriteTokens(), r.OutputTokens} {
			if n != nil {
				sum += *n
			}
		}
		s.Tokens = &sum
	}
	return s
}
