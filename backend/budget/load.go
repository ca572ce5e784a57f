package budget

import (
	"errors"
	"maps"
	"slices"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

const (
	// addUpStep is how many requests of the history are added up in one transaction: a matter of milliseconds, for which what
	// ends meanwhile is held in memory.
	addUpStep = 5000
	// recallMost is how many of the latest requests are learned from at the start.
	recallMost = 5000
)

// load finds out what new budgets have spent: what their accounts say, once all that is stored is added up in them, and what
// ended and is not stored yet.
func (k *Keeper) load(fresh []*meter) {
	k.recalled.Do(k.recall)
	for len(fresh) > 0 {
		err := k.addUp(fresh)
		fresh = k.loaded(fresh, err)
	}
	k.Broker.PublishEnd(EventType, struct{}{})
}

// recall learns from the latest requests.
func (k *Keeper) recall() {
	n := 0
	err := k.History.Each(k.ctx, time.Time{}, func(s Spent) bool {
		k.learned.recall(s)
		n++
		return n < recallMost
	})
	if err != nil && k.ctx.Err() == nil {
		k.Logger.Warn("nothing can be learned from the history", "error", err)
	}
}

// addUp adds up what was stored before there were accounts of these budgets. It is quick where they have them, and goes on where
// it was broken off.
func (k *Keeper) addUp(fresh []*meter) error {
	for more := true; more; {
		if err := k.ctx.Err(); err != nil {
			return err
		}
		err := k.DB.Write(func(tx *store.Tx) (err error) {
			more, err = k.addUpSome(tx, fresh)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) addUpSome(tx *store.Tx, fresh []*meter) (more bool, err error) {
	accounts := map[string]*account{}
	var since time.Time
	from, first := "", true
	for _, m := range k.current(fresh) { // which nobody changes while they are loading
		a, err := k.account(tx, m.spec.Name)
		if err != nil {
			return false, err
		}
		if a.Done {
			a.begin(m.start, k.Zone)
		}
		if !a.of(m) {
			a = opened(m.spec, m.start, m.end)
		}
		if err := k.write(tx, m.spec.Name, a); err != nil {
			return false, err
		}
		if a.Done {
			continue
		}
		accounts[m.spec.Name] = &a
		if first || a.From < from {
			from = a.From
		}
		if first || a.Start.Before(since) {
			since = a.Start
		}
		first = false
	}
	if len(accounts) == 0 {
		return false, nil
	}
	n, next := 0, ""
	err = k.History.Walk(tx, from, since, func(s Spent) bool {
		if n++; n > addUpStep {
			next = s.ID
			return false
		}
		for _, a := range accounts {
			if !a.reached(s.ID) {
				a.Spent.add(a.took(&s))
			}
		}
		return true
	})
	for name, a := range accounts {
		if err == nil {
			a.From, a.Done = next, next == ""
			err = k.write(tx, name, *a)
		}
	}
	return next != "", err
}

// current gives those of the budgets that no others of their names have replaced.
func (k *Keeper) current(fresh []*meter) (out []*meter) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range fresh {
		if slices.Contains(k.meters, m) {
			out = append(out, m)
		}
	}
	return out
}

// loaded puts what is spent into budgets. It gives those whose period ended meanwhile, which begin anew.
func (k *Keeper) loaded(fresh []*meter, failed error) (again []*meter) {
	ended := k.History.Ended() // before the transaction: what is stored meanwhile is in either, or in both
	err := k.DB.Read(func(tx *store.Tx) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		now := k.Now()
		for _, m := range fresh {
			if !m.holds(now) && k.ctx.Err() == nil {
				m.begin(now)
				m.seen = map[string]bool{}
				k.adopt(m)
				again = append(again, m)
				continue
			}
			err := failed
			if err == nil {
				err = k.settle(tx, m, ended)
			}
			k.ready(m, err)
		}
		return nil
	})
	if err == nil {
		return again
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, m := range fresh {
		if m.loading() && !slices.Contains(again, m) {
			k.ready(m, err)
		}
	}
	return again
}

// settle adds what was spent before to what a budget has seen itself. k.mu is held.
func (k *Keeper) settle(tx *store.Tx, m *meter, ended []Spent) error {
	a, err := k.account(tx, m.spec.Name)
	if err != nil {
		return err
	}
	if !a.of(m) { // a request of a period came that this clock does not know yet
		a = opened(m.spec, m.start, m.end)
	}
	base := a.Spent
	// What ended since the budget is there has counted itself, or is about to.
	own := maps.Clone(m.seen)
	for id := range k.open {
		own[id] = true
	}
	for id := range own {
		s, stored, err := k.History.Stored(tx, id)
		if err != nil {
			return err
		}
		if stored {
			base.take(a.took(&s))
		}
	}
	for _, s := range ended {
		if own[s.ID] {
			continue
		}
		_, stored, err := k.History.Stored(tx, s.ID)
		if err != nil {
			return err
		}
		if !stored {
			base.add(a.took(&s))
		}
	}
	m.spent.add(base)
	return nil
}

// ready ends a budget's loading. k.mu is held.
func (k *Keeper) ready(m *meter, err error) {
	m.step, m.seen, m.problem = m.reached(), nil, ""
	if err != nil && k.ctx.Err() == nil {
		m.problem = "what was spent before could not be read from the history, so it counts from now on: " + llm.AsError(err).Message
		k.Logger.Error("what a budget has spent can't be read", "budget", m.spec.Name, "error", err)
	}
	close(m.ready)
}

// Reload reads anew what all budgets have spent, as after requests were put back into the history.
func (k *Keeper) Reload() {
	k.mu.Lock()
	defer k.mu.Unlock()
	var again []*meter
	for _, m := range k.meters {
		if !m.loading() {
			m.ready, m.seen, m.spent = make(chan struct{}), map[string]bool{}, amounts{}
			again = append(again, m)
		}
	}
	if len(again) > 0 {
		k.loops.Go(func() { k.load(again) })
	}
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
	k.allowing.Lock()
	defer k.allowing.Unlock()
	next, err := k.raised(name, amount)
	if err != nil {
		return Budget{}, err
	}
	if err := k.allowances.Put(name, next); err != nil {
		return Budget{}, &llm.Error{Kind: llm.ErrInternal, Message: "the budget was not raised: " + err.Error(), Cause: err}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.meter(name)
	if m == nil {
		return Budget{}, unknown(name)
	}
	m.allow(next)
	m.step, m.blocked = m.reached(), false
	k.Broker.PublishEnd(EventType, struct{}{})
	return m.state(), nil
}

// raised gives what is allowed on top of a budget once an amount more is.
func (k *Keeper) raised(name, amount string) (allowance, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := k.meter(name)
	if m == nil {
		return allowance{}, unknown(name)
	}
	k.roll(m, k.Now())
	n, err := ParseAmount(amount, m.spec.Limit.Unit)
	if err != nil {
		return allowance{}, err
	}
	if n == 0 {
		return allowance{}, llm.Errorf(llm.ErrBadRequest, "nothing more is nothing to allow; write an amount such as 2")
	}
	return allowance{Unit: m.spec.Limit.Unit, Amount: plus(m.allowed(), n), Start: m.start}, nil
}

// Forget drops what was allowed on top of a budget that is gone, and what it has spent.
func (k *Keeper) Forget(name string) error {
	return errors.Join(k.allowances.Delete(name), k.accounts.Delete(name))
}

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
