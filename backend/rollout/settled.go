package rollout

import (
	"fmt"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

// Result is how a request ended that took part in a rollout. Nil is unknown.
type Result struct {
	Rollout string
	// Arm is the model that the rollout gave it to, Served whether that model answered.
	Arm    string
	Served bool
	// Outcome and Kind are what the client saw. Tried tells that anybody was asked at all.
	Outcome      gateway.Outcome
	Kind         llm.ErrorKind
	Tried        bool
	FirstTokenMs *int64
	DurationMs   *int64
	OutputTokens *int64
	CostPicoUSD  *int64
}

// verdict is what a result says of the model that it was given to.
type verdict int

const (
	// silent says nothing: the request was refused before anybody was asked, or by everybody for what it is.
	silent verdict = iota
	cancelled
	served
	failed
)

// verdict judges the model by whether it answered: that another one saved the request does not count for it.
func (r Result) verdict() verdict {
	switch {
	case r.Outcome == gateway.Cancelled:
		return cancelled
	case r.Outcome == gateway.OK && r.Served:
		return served
	case r.Outcome == gateway.Failed && (!r.Tried || r.Kind == llm.ErrBadRequest):
		return silent
	}
	return failed
}

// Settled takes the end of a request. It is quick: nothing is written before it returns.
func (k *Keeper) Settled(res Result) {
	v := res.verdict()
	if v == silent {
		return
	}
	k.mu.Lock()
	r := k.all[res.Rollout]
	if r == nil || res.Arm != r.From && res.Arm != r.To {
		k.mu.Unlock()
		return
	}
	now := k.Now()
	arm := oldArm
	if res.Arm == r.To {
		arm = newArm
	}
	r.Total[arm].add(res, v)
	r.Window.at(now, r.spec.Guards.window())[arm].add(res, v)
	k.dirty[res.Rollout] = true
	broken := ""
	if arm == newArm && r.Stop == nil {
		broken = r.broken(now)
	}
	if broken != "" {
		r.Stop = &Stop{At: now, Why: broken, Guard: true}
	}
	k.mu.Unlock()
	if broken != "" {
		k.Logger.Warn("a rollout is rolled back: everybody gets the old model", "rollout", res.Rollout, "model", r.From, "why", broken)
		k.changed()
	}
}

// broken says which guard the new model breaks, empty for none. A guard looks at what is known only, and at nothing
// before enough is.
func (r *rollout) broken(now time.Time) string {
	g := r.spec.Guards
	if g == (Guards{Least: g.Least, Window: g.Window}) {
		return ""
	}
	t := r.Window.sum(now, g.window())[newArm]
	if g.ErrorShare > 0 && t.Requests >= g.least() && t.Errors*everything > int64(g.ErrorShare)*t.Requests {
		return fmt.Sprintf("%s failed to answer %d of %d requests, more than %s %%", r.To, t.Errors, t.Requests, percent(int64(g.ErrorShare)))
	}
	if n := t.FirstToken.count(); g.FirstToken > 0 && n >= g.least() {
		if ms := t.FirstToken.atRank(rankOf(n)); ms > g.FirstToken.Milliseconds() {
			return fmt.Sprintf("%s took %d ms to its first token at the 75th percentile of %d answers, more than %d ms",
				r.To, ms, n, g.FirstToken.Milliseconds())
		}
	}
	if g.CostPicoUSD > 0 && t.Cost.N >= g.least() {
		if mean := t.Cost.value(); mean > g.CostPicoUSD {
			return fmt.Sprintf("an answer of %s cost %s USD on average of %d, more than %s USD", r.To, dollars(mean), t.Cost.N, dollars(g.CostPicoUSD))
		}
	}
	return ""
}

// percent writes hundredths of a percent.
func percent(share int64) string {
	if share%100 == 0 {
		return fmt.Sprint(share / 100)
	}
	return fmt.Sprintf("%d.%02d", share/100, share%100)
}

// dollars writes 1e-12 USD in millionths of a dollar.
func dollars(pico int64) string {
	const dollar, millionth = 1_000_000_000_000, 1_000_000
	return fmt.Sprintf("%d.%06d", pico/dollar, pico%dollar/millionth)
}
