package budget

import (
	"slices"
	"time"

	"gatehouse/backend/llm"
)

// load adds up what new budgets have spent.
func (k *Keeper) load(fresh []*meter) {
	for len(fresh) > 0 {
		sums, err := k.scan(fresh)
		fresh = k.loaded(fresh, sums, err)
	}
	k.Broker.PublishEnd(EventType, struct{}{})
}

// scan adds up the history. What ends meanwhile counts itself, and is passed over here; so is what runs.
func (k *Keeper) scan(fresh []*meter) ([]amounts, error) {
	sums := make([]amounts, len(fresh))
	since := fresh[0].start // which nobody changes while it is loading
	for _, m := range fresh {
		if m.start.Before(since) {
			since = m.start
		}
	}
	err := k.History(k.ctx, since, func(s Spent) bool {
		k.learned.recall(s)
		took := s.took()
		if took == (amounts{}) {
			return true
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.open[s.ID] != nil {
			return true // its end is on its way here
		}
		for i, m := range fresh {
			if !m.seen[s.ID] && m.holds(s.StartedAt) && m.spec.Scope.matches(s.Key, s.Project, s.Tags, s.Requested, s.Model) {
				sums[i].add(took)
			}
		}
		return true
	})
	return sums, err
}

// loaded puts the sums into budgets. It gives those whose period ended meanwhile, which begin anew.
func (k *Keeper) loaded(fresh []*meter, sums []amounts, err error) (again []*meter) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Now()
	for i, m := range fresh {
		if !m.holds(now) && k.ctx.Err() == nil {
			m.begin(now)
			m.seen = map[string]bool{}
			k.adopt(m)
			again = append(again, m)
			continue
		}
		m.spent.add(sums[i])
		m.step, m.seen, m.problem = m.reached(), nil, ""
		if err != nil && k.ctx.Err() == nil {
			m.problem = "what was spent before could not be read from the history, so it counts from now on: " + llm.AsError(err).Message
			k.Logger.Error("what a budget has spent can't be read", "budget", m.spec.Name, "error", err)
		}
		close(m.ready)
	}
	return again
}

// roll begins the period that now is in, and tells whether it is another. Where the clock was set back, what was spent in
// that period is added up again. k.mu is held.
func (k *Keeper) roll(m *meter, now time.Time) bool {
	switch {
	case m.loading() || m.end.IsZero() || m.holds(now):
		return false
	case now.Before(m.start):
		m.ready, m.seen = make(chan struct{}), map[string]bool{}
		m.begin(now)
		k.adopt(m)
		k.loops.Go(func() { k.load([]*meter{m}) })
	default:
		m.begin(now)
	}
	k.changed()
	return true
}

// adopt puts a new budget's share of what is reserved already on it. k.mu is held.
func (k *Keeper) adopt(m *meter) {
	for _, r := range k.open {
		names := []string{r.intent.Model}
		for _, c := range r.intent.Candidates {
			names = append(names, c.Model)
		}
		if m.holds(r.intent.StartedAt) && m.spec.Scope.matches(r.intent.Key, r.intent.Project, r.intent.Tags, names...) {
			m.reserved.add(r.amount)
			if !slices.Contains(r.meters, m) {
				r.meters = append(r.meters, m)
			}
		}
	}
}

// allowed reads what was allowed on top of a budget. What can't be read was not allowed.
func (k *Keeper) allowed(name string) allowance {
	a, _, err := k.allowances.Get(name)
	if err != nil {
		k.Logger.Error("what was allowed on top of a budget can't be read", "budget", name, "error", err)
		return allowance{}
	}
	return a
}

// Allow raises a budget's limit by an amount of its unit until its period ends; in a budget without an end, until it is
// removed. Its errors are *llm.Error.
func (k *Keeper) Allow(name, amount string) (Budget, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.meter(name)
	if m == nil {
		return Budget{}, unknown(name)
	}
	k.roll(m, k.Now())
	n, err := ParseAmount(amount, m.spec.Limit.Unit)
	if err != nil {
		return Budget{}, err
	}
	if n == 0 {
		return Budget{}, llm.Errorf(llm.ErrBadRequest, "nothing more is nothing to allow; write an amount such as 2")
	}
	next := allowance{Unit: m.spec.Limit.Unit, Amount: plus(m.allowed(), n), Start: m.start}
	if err := k.allowances.Put(name, next); err != nil {
		return Budget{}, &llm.Error{Kind: llm.ErrInternal, Message: "the budget was not raised: " + err.Error(), Cause: err}
	}
	m.allow(next)
	m.step, m.blocked = m.reached(), false
	k.Broker.PublishEnd(EventType, struct{}{})
	return m.state(), nil
}

// Forget drops what was allowed on top of a budget that is gone.
func (k *Keeper) Forget(name string) error { return k.allowances.Delete(name) }

func (k *Keeper) meter(name string) *meter {
	for _, m := range k.meters {
		if m.spec.Name == name {
			return m
		}
	}
	return nil
}

func unknown(name string) error {
	return llm.Errorf(llm.ErrNotFound, "there is no budget %.80q; list them with: gatehouse budget list", name).WithCode("budget_unknown")
}

// ends gives a moment, nil for none.
func ends(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
