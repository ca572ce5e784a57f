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
	for round := range rounds {
		if round > 0 {
			plan = x.again(plan, failed)
			if len(plan) == 0 || !pause(ctx, pauseBefore(round, failed)) {
				break
			}
		}
		answer, more := x.round(ctx, plan, head, round)
		if answer != nil {
			return answer, nil
		}
		failed = append(failed, more...)
		if ctx.Err() != nil {
			return nil, llm.AsError(ctx.Err())
		}
	}
	return x.gaveUp(failed)
}

// round makes each attempt once.
func (x *exchange) round(ctx context.Context, plan []routing.Attempt, head protocol.Head, n int) (*Answer, []failure) {
	var failed []failure
	for i, a := range plan {
		if pointless(a, failed) {
			continue
		}
		// The last one is always made: somebody must find out whether things are well again.
		anyway := a.Probe || i == len(plan)-1 && len(failed) == 0
		if !x.g.Health.Admit(a.Target(), anyway) {
			continue
		}
		if n > 0 {
			a.Reason = fmt.Sprintf("again (%d); %s", n, a.Reason)
		}
		y := x.branch()
		answer, err := y.attempt(ctx, a, head)
		if err == nil {
			x.g.budget.earn(a.Provider.ID)
			return answer, nil
		}
		failed = append(failed, failure{a, answer, llm.AsError(err)})
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// pointless tells that an attempt would fail as one before it did: what a provider said of the request it will say again.
func pointless(a routing.Attempt, failed []failure) bool {
	return slices.ContainsFunc(failed, func(f failure) bool {
		same := f.attempt.Provider.ID == a.Provider.ID && f.attempt.Model == a.Model
		return same && (f.err.Kind == llm.ErrBadRequest || f.err.Kind == llm.ErrNotFound)
	})
}

// mayPass tells that a failure may pass by itself.
func mayPass(e *llm.Error) bool {
	switch {
	case e.Code == "insufficient_quota" || e.Code == "provider_timeout" || e.RetryAfter > longestWait:
		return false
	case e.Kind == llm.ErrRateLimit:
		return true
	case e.Status == http.StatusConflict || e.Status == http.StatusRequestTimeout:
		return true
	}
	return e.Kind == llm.ErrOverloaded || e.Kind == llm.ErrTimeout
}

// again gives the attempts to make once more: those that failed for a reason that may pass and whose provider has retries
// left.
func (x *exchange) again(plan []routing.Attempt, failed []failure) []routing.Attempt {
	return slices.DeleteFunc(slices.Clone(plan), func(a routing.Attempt) bool {
		last := slices.IndexFunc(failed, func(f failure) bool { return f.attempt.Target() == a.Target() })
		return last < 0 || !mayPass(failed[last].err) || !x.g.budget.spend(a.Provider.ID)
	})
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
	main := failed[0]
	if i := slices.IndexFunc(failed, func(f failure) bool { return mayPass(f.err) }); i >= 0 {
		main = failed[i]
	}
	var targets []routing.Target
	var said []string
	for _, f := range failed {
		if t := f.attempt.Target(); !slices.Contains(targets, t) {
			targets = append(targets, t)
			said = append(said, who(f.attempt)+": "+f.err.Message)
		}
	}
	if len(said) == 1 {
		if note := x.decision.WithheldNote(); note != "" && ofCredential(main.err) {
			x.provider, x.model = main.attempt.Provider, main.attempt.Model
			e := *main.err
			e.Raw = nil
			e.Message = fmt.Sprintf("%s failed: %s%s", main.attempt.CredentialOf(), e.Message, note)
			return nil, &e
		}
		if main.answer != nil {
			y := x.branch()
			y.provider, y.model = main.attempt.Provider, main.attempt.Model
			y.settle(Failed, main.err, main.answer.Status)
			return main.answer, nil
		}
		x.provider, x.model = main.attempt.Provider, main.attempt.Model
		return nil, main.err
	}
	x.provider, x.model = main.attempt.Provider, main.attempt.Model
	e := *main.err
	e.Raw = nil
	e.Message = fmt.Sprintf("none of %d attempts succeeded: %s%s", len(said), strings.Join(said, " | "), x.decision.WithheldNote())
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
