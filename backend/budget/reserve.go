package budget

import (
	"context"
	"math"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

// Reserve sets aside what a request may take of each budget that it is under, or of none where one of them or the key's
// rate limit refuses it. It waits for budgets whose spending is being added up.
func (k *Keeper) Reserve(ctx context.Context, in gateway.Intent) (gateway.Grant, error) {
	matching, rate, err := k.matching(ctx, in)
	if err != nil {
		return gateway.Grant{}, err
	}
	took := amounts{requests: 1}
	if len(matching) > 0 || rate.TokensPerMinute > 0 {
		took = k.estimate(in)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Now()
	r := &reservation{intent: in, amount: took, bytes: in.Bytes, at: now}
	r.intent.MaxOutput = nil // it holds on to the body
	if rate != (Rate{}) {
		if err := k.pass(r, rate, now); err != nil {
			return gateway.Grant{}, err
		}
	}
	grant, err := k.grant(r, now)
	if err != nil || grant.Instead != "" {
		r.gate.leave(r)
		return grant, err
	}
	r.gate.enter(r)
	k.open[in.ID] = r
	return grant, nil
}

// matching gives the budgets that a request is under, once it is known what they have spent, and its key's rate limit.
func (k *Keeper) matching(ctx context.Context, in gateway.Intent) ([]*meter, Rate, error) {
	for {
		k.mu.Lock()
		matching, rate := k.metersOf(in), k.rateOf(in.Key)
		k.mu.Unlock()
		if in.Key == "" {
			rate = Rate{} // the chat window
		}
		var wait chan struct{}
		for _, m := range matching {
			select {
			case <-m.ready:
			default:
				wait = m.ready
			}
		}
		if wait == nil {
			return matching, rate, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, rate, llm.AsError(ctx.Err())
		}
	}
}

// metersOf gives the budgets that a request is under. k.mu is held.
func (k *Keeper) metersOf(in gateway.Intent) []*meter {
	if len(k.meters) == 0 {
		return nil
	}
	names := []string{in.Model}
	for _, c := range in.Candidates {
		names = append(names, c.Model)
	}
	var out []*meter
	for _, m := range k.meters {
		if m.spec.Scope.matches(in.Key, in.Project, in.Tags, names...) {
			out = append(out, m)
		}
	}
	return out
}

// grant reserves in every budget, or says which of them is against it. k.mu is held.
func (k *Keeper) grant(r *reservation, now time.Time) (gateway.Grant, error) {
	in := r.intent
	matching := k.metersOf(in)
	turned := in.Instead != "" || in.Fixed
	var instead string
	for _, m := range matching {
		k.roll(m, now)
		fallback := m.spec.Fallback
		if turned || len(in.Candidates) > 0 && in.Candidates[0].Model == fallback {
			fallback = ""
		}
		fits := m.fits(r.amount)
		switch {
		case !fits && fallback == "":
			if !m.blocked {
				m.blocked = true
				k.Broker.PublishEnd(EventType, struct{}{})
			}
			return gateway.Grant{}, m.refusal(r.amount)
		case fallback != "" && instead == "" && (!fits || m.falls() && r.amount.of(m.spec.Limit.Unit) > 0):
			instead = fallback
		}
	}
	if instead != "" {
		return gateway.Grant{Instead: instead}, nil
	}
	grant := gateway.Grant{}
	for _, m := range matching {
		if m.holds(in.StartedAt) {
			m.reserved.add(r.amount)
			r.meters = append(r.meters, m)
		}
		if r.amount.of(m.spec.Limit.Unit) > 0 && m.blocked {
			m.blocked = false
			k.changed()
		}
	}
	if len(r.meters) > 0 {
		grant.Reserved = &gateway.Reserved{Tokens: r.amount.tokens, Bytes: int64(r.bytes)}
		if cost := r.amount.picoUSD; r.amount.unpriced == 0 {
			grant.Reserved.PicoUSD = &cost
		}
	}
	grant.Notice = notice(matching, r.amount)
	return grant, nil
}

// estimate says what a request may take: what the dearest of those that may answer would cost, or the two dearest where
// two may answer at once.
func (k *Keeper) estimate(in gateway.Intent) amounts {
	limit := int64(0)
	if in.MaxOutput != nil {
		limit = in.MaxOutput()
	}
	var first, second, tokens int64
	priced := false
	for _, c := range in.Candidates {
		u := k.learned.guess(c.Model, in, limit)
		tokens = max(tokens, u.Input.Or(0)+u.CacheRead.Or(0)+u.Output.Or(0))
		cost, known := k.Price(c.Provider, c.Model, u)
		if !known {
			continue
		}
		priced = true
		if cost > first {
			first, second = cost, first
		} else {
			second = max(second, cost)
		}
	}
	a := amounts{picoUSD: first, tokens: tokens, requests: 1}
	if in.Hedged {
		a.picoUSD = plus(first, second)
	}
	if in.Surface != "" { // how many tokens it takes cannot be told from its length
		a.picoUSD, priced = k.learned.cost(in)
		a.tokens = 0
	}
	if !priced {
		a.unpriced = 1
	}
	return a
}

// Settled takes the history's record of a request that ended in the place of its reservation.
func (k *Keeper) Settled(s Spent) {
	took := s.took()
	k.mu.Lock()
	r := k.release(s.ID)
	if r != nil {
		r.gate.correct(r, took.tokens, k.Now())
	}
	for _, m := range k.meters {
		k.count(m, s, took)
	}
	k.mu.Unlock()
	if r != nil {
		k.learned.learn(s, r.bytes)
	}
}

// End gives back the reservation of a request that the history holds no record of: what it took counts as far as it is
// known, until the next start.
func (k *Keeper) End(id string, s gateway.Settlement) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.release(id)
	if r == nil {
		return
	}
	spent := Spent{
		ID: id, StartedAt: r.intent.StartedAt, Key: r.intent.Key, Project: r.intent.Project, Tags: s.Tags, Requested: r.intent.Model,
		Model: s.Model, Provider: s.Provider, Surface: string(r.intent.Surface), Outcome: s.Outcome, Status: s.Status,
		Reserved: &gateway.Reserved{Tokens: r.amount.tokens, PicoUSD: &r.amount.picoUSD},
	}
	if u := s.Usage; u.Known() {
		tokens := u.Input.Or(0) + u.CacheRead.Or(0) + u.CacheWrite5m.Or(0) + u.CacheWrite1h.Or(0) + u.Output.Or(0)
		spent.Tokens = &tokens
		if cost, known := k.Price(s.Provider, s.Model, u); known {
			spent.PicoUSD = &cost
		}
	}
	for _, m := range k.meters {
		k.count(m, spent, spent.took())
	}
}

// release ends a reservation. k.mu is held.
func (k *Keeper) release(id string) *reservation {
	r := k.open[id]
	if r == nil {
		return nil
	}
	delete(k.open, id)
	for _, m := range r.meters {
		if m.holds(r.intent.StartedAt) {
			m.reserved.take(r.amount)
		}
	}
	r.gate.leave(r)
	return r
}

// count adds what a request took to a budget that it is under. k.mu is held.
func (k *Keeper) count(m *meter, s Spent, took amounts) {
	k.roll(m, k.Now())
	if took == (amounts{}) || !m.holds(s.StartedAt) || !m.spec.Scope.matches(s.Key, s.Project, s.Tags, s.Requested, s.Model) {
		return
	}
	if m.loading() {
		m.seen[s.ID] = true
	}
	m.spent.add(took)
	k.changed()
	if step := m.reached(); step > m.step && !m.loading() {
		m.step = step
		k.Broker.PublishEnd(EventType, struct{}{})
		k.Logger.Info("a budget has reached a step", "budget", m.spec.Name, "step", step, "spent", m.line())
	}
}

// Spent is a request as the history has it. A nil number is unknown.
type Spent struct {
	ID           string
	StartedAt    time.Time
	Key, Project string
	Tags         []string
	// Requested is the model that was asked for, Model who answered, at Provider; both are empty where nobody was asked.
	Requested, Model, Provider string
	Surface                    string
	Outcome                    gateway.Outcome
	Status                     int
	// PicoUSD is in 1e-12 USD. Tokens are all of the request; Input, Cached and Output are those it is made of.
	PicoUSD, Tokens       *int64
	Input, Cached, Output *int64
	// Guessed tells that some of these numbers are estimates.
	Guessed  bool
	Reserved *gateway.Reserved
}

// took is what a request counts as. One whose answer had begun, but whose end nobody told, counts as what it had reserved.
func (s *Spent) took() amounts {
	cut := s.Outcome == gateway.Interrupted
	if s.Outcome == gateway.Open || s.Provider == "" && !cut {
		return amounts{}
	}
	a := amounts{requests: 1}
	if s.Guessed {
		a.estimated = 1
	}
	const refused = 400
	reserved := s.Surface == "" && (cut || s.Status < refused) && s.Reserved != nil
	switch {
	case s.PicoUSD != nil:
		a.picoUSD = max(*s.PicoUSD, 0)
	case reserved && s.Reserved.PicoUSD != nil:
		a.picoUSD, a.estimated = max(*s.Reserved.PicoUSD, 0), 1
	case s.Status < refused:
		a.unpriced = 1
	}
	switch {
	case s.Tokens != nil:
		a.tokens = max(*s.Tokens, 0)
	case reserved:
		a.tokens, a.estimated = max(s.Reserved.Tokens, 0), 1
	}
	a.tokens, a.picoUSD = min(a.tokens, math.MaxInt64/2), min(a.picoUSD, math.MaxInt64/2)
	return a
}
