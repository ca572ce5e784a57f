package gateway

import (
	"context"
	"net/http"
	"slices"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// attempt makes one attempt, up to the first content of its answer, which is the client's once won is called. What it gives
// besides an error is the answer that the provider refused with, in the client's own dialect.
func (x *exchange) attempt(ctx context.Context, a routing.Attempt, head protocol.Head) (*Answer, error) {
	x.provider, x.model, x.arm = a.Provider, a.Model, a.Arm
	started := x.g.Now()
	x.tried = x.line.open(x.noted(a, a.Reason), a)
	status := 0
	x.report = func(r routing.Result) {
		r.Duration = x.g.Now().Sub(started)
		if x.first > 0 { // since the attempt's own start, not the request's
			r.FirstToken = max(x.first-started.Sub(x.start), 1)
		}
		if x.judged(a) {
			x.g.Health.Report(a.Target(), r)
		}
	}
	x.watch, ctx = newWatchdog(ctx, a.Timeouts, a.Provider.Name, x.g.AfterFunc)
	x.watch.leave = x.leave
	x.trying = true
	defer func() { x.trying = false }()
	var resp *http.Response
	answer, err := x.contained(func() (*Answer, error) {
		head, err := x.expand(a, head)
		if err != nil {
			return nil, err
		}
		answer, r, err := x.ask(ctx, a, head)
		resp = r
		return answer, err
	})
	if resp != nil {
		status = resp.StatusCode
	}
	if timeout := cause(ctx); err != nil && timeout != nil {
		answer, err = nil, timeout
	}
	if err != nil {
		x.late = nil
		e := x.told(err)
		x.watch.stop()
		x.settled(outcomeOf(e), e, status)
		return answer, e
	}
	answer.target = a.Target()
	if x.whole {
		x.watch.stop()
		x.late = func() {
			x.settle(OK, nil, status)
			x.learn()
		}
	}
	return answer, nil
}

// won makes an attempt's answer the client's.
func (x *exchange) won() {
	if x.asked != nil && x.asked.Won != nil {
		x.asked.Won()
	}
	if late := x.late; late != nil {
		x.late = nil
		late()
	}
}

// judged tells that an attempt's outcome says something of a target: a credential that the request brought, or the client's
// own token, is not the user's to be set aside.
func (x *exchange) judged(a routing.Attempt) bool { return a.Key == "" && !x.isOwn(a) }

// beginner is an answer's body whose beginning can be looked at before anything of it is given away, and that can be let
// go without being the answer.
type beginner interface {
	begin() error
	drop()
}

// begin looks at the beginning of an answer, which is let go if that is a failure. Its error is an *llm.Error.
func (a *Answer) begin() error {
	b, ok := a.Body.(beginner)
	if !ok {
		return nil
	}
	err := b.begin()
	if err != nil {
		b.drop()
	}
	return err
}

// credentialType says whose credential an attempt uses, in the hosted gateway's words but for the request's own.
func credentialType(a routing.Attempt) string {
	switch {
	case a.Key != "":
		return "request"
	case a.Provider.ID == provider.Gateway:
		return "gateway"
	case a.Provider.Credential == provider.NeedsNone:
		return "none"
	}
	return "own"
}

// ask sends the request, and again written anew where that may help, up to the first content of the answer.
func (x *exchange) ask(ctx context.Context, a routing.Attempt, head protocol.Head) (*Answer, *http.Response, error) {
	answer, resp, err := x.persist(ctx, &a, head)
	if a.Dialect == x.req.Dialect && !x.req.Rewrite && err == nil && answer == nil && x.req.Suffix != "" && lacks(a, resp.StatusCode) {
		resp.Body.Close() //nolint:errcheck // the model itself does it
		x.anew(a, resp.StatusCode, &llm.Error{
			Kind: llm.KindOfStatus(resp.StatusCode), Message: a.Provider.Name + " has no " + x.req.Suffix + " for this model",
		}, "again, as a question to the model itself")
		answer, resp, err = x.send(ctx, a, head, false)
	}
	if err == nil && answer == nil {
		answer, err = x.refused(resp, a)
	}
	if err == nil {
		if err = answer.begin(); err != nil {
			return nil, resp, err
		}
	}
	return answer, resp, err
}

// anew notes that a try failed, and begins another with the same credential.
func (x *exchange) anew(a routing.Attempt, status int, e *llm.Error, reason string) {
	x.line.close(x.tried, x.g.Now(), status, e, Failed, Used{}, nil)
	x.tried = x.line.open(x.noted(a, reason), a)
}

func (x *exchange) noted(a routing.Attempt, reason string) Attempt {
	return Attempt{
		Provider: a.Provider.ID, Model: a.Upstream, Credential: a.Credential, CredentialType: credentialType(a), Reason: reason,
		At: x.g.Now(),
	}
}

// told is an error as it may be told: it may quote what the client sent.
func (x *exchange) told(err error) *llm.Error {
	e := llm.AsError(err)
	if x.req.Own == nil && len(x.decision.Options.Keys) == 0 {
		return e
	}
	clean := *e
	clean.Message = x.redact(e.Message)
	return &clean
}

// settled ends the attempt, once: in the line's list, and for whoever keeps health.
func (x *exchange) settled(outcome Outcome, e *llm.Error, status int) {
	if x.report == nil {
		return
	}
	x.guess(outcome)
	x.line.close(x.tried, x.g.Now(), status, e, outcome, usedOf(x.seen), x.picoUSD())
	r := routing.Result{Err: e, Status: status}
	if outcome == Cancelled && e == nil {
		r.Err = llm.AsError(context.Canceled)
	}
	if x.seen != nil {
		r.Tokens, _ = x.seen.Usage.Output.Get()
	}
	report := x.report
	x.report = nil
	report(r)
}

// open adds an attempt to the line and gives its place.
func (l *line) open(a Attempt, planned routing.Attempt) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, a)
	l.trials = append(l.trials, trial{attempt: planned})
	return len(l.attempts) - 1
}

// close fills in how an attempt ended, and what it used and cost as far as that is known.
func (l *line) close(at int, now time.Time, status int, e *llm.Error, outcome Outcome, used Used, cost *int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last != nil {
		return // the list is the history's by now
	}
	a := &l.attempts[at]
	a.Status, a.Outcome, a.Duration, a.Used, a.CostPicoUSD = status, outcome, now.Sub(a.At), used, cost
	if e != nil {
		a.Kind, a.Error = e.Kind, e.Message
		l.trials[at].timedOut = e.Code == "provider_timeout"
	}
}

// trial gives an attempt as it was planned.
func (l *line) trial(at int) routing.Attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.trials[at].attempt
}

// known gives the attempts as they are now.
func (l *line) known() []Attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.attempts)
}

func (l *line) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.attempts)
}
