package gateway

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// The pace of trying again when every attempt of a plan failed for a reason that may pass.
const (
	rounds     = 3
	firstPause = 250 * time.Millisecond
	// longestWait bounds what is waited for at a provider's wish; who wants more is answered with its rate limit.
	longestWait = 3 * time.Second
)

// failure is an attempt that failed before anything of it reached the client.
type failure struct {
	attempt routing.Attempt
	answer  *Answer // the provider's own words, nil where there are none for this client
	err     *llm.Error
}

// try makes the attempts of a plan in order until one answers. When all failed for reasons that may pass, it goes round
// again, as far as the providers' retry budgets allow.
func (x *exchange) try(ctx context.Context, plan []routing.Attempt, head protocol.Head) (*Answer, error) {
	var failed []failure
	for n := range rounds {
		if n > 0 {
			if plan = x.again(plan, failed); len(plan) == 0 || !x.g.Pause(ctx, pauseBefore(n, failed)) {
				break
			}
		}
		r := &round{x: x, ctx: ctx, head: head, plan: plan, before: failed}
		answer := r.run()
		if answer != nil {
			return answer, nil
		}
		failed = append(failed, r.failed...)
		if ctx.Err() != nil {
			break
		}
	}
	if ctx.Err() != nil {
		return nil, llm.AsError(ctx.Err())
	}
	return x.gaveUp(failed)
}

// round makes each attempt of a plan once.
type round struct {
	x    *exchange
	ctx  context.Context
	head protocol.Head
	plan []routing.Attempt
	// before are the failures of the rounds before, failed those of this one.
	before, failed []failure
	at             int
}

func (r *round) run() *Answer {
	for r.ctx.Err() == nil {
		a, ok := r.next()
		if !ok {
			return nil
		}
		if r.x.hedges() {
			if answer := r.race(a); answer != nil {
				return answer
			}
			continue
		}
		y := r.x.branch()
		answer, err := y.attempt(r.ctx, a, r.head)
		if err == nil {
			return r.won(y, a, answer)
		}
		r.lost(a, answer, err)
	}
	return nil
}

// next gives the next attempt that may be made. Whoever takes it must make it.
func (r *round) next() (routing.Attempt, bool) {
	for ; r.at < len(r.plan); r.at++ {
		a := r.plan[r.at]
		times := 0
		for _, f := range r.before {
			if same(f.attempt, a) {
				times++
			}
		}
		if pointless(a, r.failed) || times > 0 && !r.x.g.budget.spend(a.Provider.ID) {
			continue
		}
		// The last one is always made, once: somebody must find out whether things are well again.
		anyway := times == 0 && (a.Probe || r.at == len(r.plan)-1 && len(r.failed) == 0)
		if r.x.judged(a) && !r.x.g.Health.Admit(a.Target(), anyway) {
			if times > 0 {
				r.x.g.budget.refund(a.Provider.ID)
			}
			continue
		}
		if times > 0 {
			a.Reason = fmt.Sprintf("again (%d); %s", times, a.Reason)
		}
		r.at++
		return a, true
	}
	return routing.Attempt{}, false
}

func (r *round) won(y *exchange, a routing.Attempt, answer *Answer) *Answer {
	r.x.g.budget.earn(a.Provider.ID)
	y.won()
	return answer
}

func (r *round) lost(a routing.Attempt, answer *Answer, err error) {
	r.failed = append(r.failed, failure{a, answer, llm.AsError(err)})
	r.x.provider, r.x.model = a.Provider, a.Model
}

// same tells that two attempts are one attempt made twice.
func same(a, b routing.Attempt) bool { return a.Target() == b.Target() && a.Key == b.Key }

// pointless tells that an attempt would fail as one before it did: what a provider said of the request it will say again.
func pointless(a routing.Attempt, failed []failure) bool {
	return slices.ContainsFunc(failed, func(f failure) bool {
		same := f.attempt.Provider.ID == a.Provider.ID && f.attempt.Model == a.Model
		return same && (f.err.Kind == llm.ErrBadRequest || f.err.Kind == llm.ErrNotFound) && !mayPass(f.err)
	})
}

// mayPass tells that a failure may pass by itself.
func mayPass(e *llm.Error) bool {
	switch {
	case e.Code == "insufficient_quota" || e.Code == "provider_timeout" || e.Code == "upstream_redirected" || e.RetryAfter > longestWait:
		return false
	case e.Status == http.StatusConflict || e.Status == http.StatusRequestTimeout:
		return true
	case e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented:
		return true
	}
	return e.Kind == llm.ErrRateLimit || e.Kind == llm.ErrOverloaded || e.Kind == llm.ErrTimeout
}

// again gives the attempts of another round: first those that were passed over because a target was being probed, then
// those that failed for a reason that may pass and whose provider has retries left.
func (x *exchange) again(plan []routing.Attempt, failed []failure) []routing.Attempt {
	var passed, retried []routing.Attempt
	for _, a := range plan {
		f := latest(a, failed)
		switch {
		case f == nil && !pointless(a, failed):
			a.Probe = true
			passed = append(passed, a)
		case f != nil && mayPass(f.err) && x.g.budget.any(a.Provider.ID):
			retried = append(retried, a)
		}
	}
	return append(passed, retried...)
}

// latest gives the last failure of an attempt, nil if it was not made.
func latest(a routing.Attempt, failed []failure) *failure {
	for i := len(failed) - 1; i >= 0; i-- {
		if same(failed[i].attempt, a) {
			return &failed[i]
		}
	}
	return nil
}

// pauseBefore is how long to wait before a round: longer each time, and as long as the most patient provider wants.
func pauseBefore(round int, failed []failure) time.Duration {
	wait := firstPause << (round - 1)
	wait += time.Duration(rand.Int64N(int64(wait) / 2)) //nolint:gosec // so that clients don't come back all at once
	for _, f := range failed {
		if mayPass(f.err) {
			wait = max(wait, f.err.RetryAfter)
		}
	}
	return wait
}

// pause waits and tells whether the client is still there.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// gaveUp gives what the client is told when nobody answered: the one provider's own words, or what each of them said. Of
// several failures the first that may pass sets the kind, so that the client knows to come back.
func (x *exchange) gaveUp(failed []failure) (*Answer, error) {
	if len(failed) == 0 {
		return nil, llm.Errorf(llm.ErrOverloaded, "every provider of this model is being probed after failures; try again").
			WithCode("providers_unwell")
	}
	var last []failure // of each attempt
	for _, f := range failed {
		if i := slices.IndexFunc(last, func(o failure) bool { return same(o.attempt, f.attempt) }); i >= 0 {
			last[i] = f
		} else {
			last = append(last, f)
		}
	}
	main := last[0]
	if i := slices.IndexFunc(last, func(f failure) bool { return mayPass(f.err) }); i >= 0 {
		main = last[i]
	}
	x.provider, x.model = main.attempt.Provider, main.attempt.Model
	note := x.decision.WithheldNote()
	if len(last) == 1 && note != "" && ofCredential(main.err) {
		e := *main.err
		e.Raw = nil
		e.Message = fmt.Sprintf("%s failed: %s%s", main.attempt.CredentialOf(), e.Message, note)
		return nil, &e
	}
	if len(last) == 1 && main.answer != nil {
		x.settle(Failed, main.err, main.answer.Status)
		return main.answer, nil
	}
	said := make([]string, len(last))
	for i, f := range last {
		said[i] = f.err.Message
	}
	if len(last) == 1 || main.err.Kind == llm.ErrBadRequest && len(slices.Compact(slices.Clone(said))) == 1 { // it is the request's fault
		return nil, main.err
	}
	for i, f := range last {
		said[i] = who(f.attempt) + ": " + said[i]
	}
	e := *main.err
	e.Raw = nil
	e.Message = fmt.Sprintf("none of %d attempts succeeded: %s%s", len(failed), strings.Join(said, " | "), note)
	return nil, &e
}

// ofCredential tells that a failure is one of the credential or its provider, where another one may do better, and not of
// the request.
func ofCredential(e *llm.Error) bool {
	return e.Kind == llm.ErrAuth || e.Kind == llm.ErrRateLimit || e.Kind == llm.ErrOverloaded || e.Kind == llm.ErrTimeout ||
		e.Status == http.StatusPaymentRequired || e.Status >= http.StatusInternalServerError || e.Code == "insufficient_quota"
}

func who(a routing.Attempt) string {
	if a.Credential != "" {
		return fmt.Sprintf("%s (%s)", a.Provider.ID, a.Credential)
	}
	return a.Provider.ID
}

// The retry budget: retries may add this share to a provider's requests, and this many at once, so that a storm of
// failures does not become a storm of retries (the idea is Finagle's).
const (
	budgetShare = 5 // one retry earned by that many answers
	budgetMost  = 20
)

// budget counts the retries that each provider has left. It is safe for concurrent use.
type budget struct {
	mu   sync.Mutex
	left map[provider.ID]int // in budgetShare-ths
}

func (b *budget) at(id provider.ID) int {
	if b.left == nil {
		b.left = map[provider.ID]int{}
	}
	if n, ok := b.left[id]; ok {
		return n
	}
	return budgetMost * budgetShare
}

func (b *budget) earn(id provider.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left[id] = min(b.at(id)+1, budgetMost*budgetShare)
}

// refund takes back what was spent on a retry that was not made.
func (b *budget) refund(id provider.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left[id] = min(b.at(id)+budgetShare, budgetMost*budgetShare)
}

// any tells whether a retry is left.
func (b *budget) any(id provider.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at(id) >= budgetShare
}

func (b *budget) spend(id provider.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.at(id)
	if n < budgetShare {
		return false
	}
	b.left[id] = n - budgetShare
	return true
}
