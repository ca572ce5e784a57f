package gateway

import (
	"context"
	"fmt"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
)

// lateDefault is when an attempt is late at a target that was not measured yet.
const lateDefault = 10 * time.Second

// hedges tells that a late attempt gets another one beside it. What is passed on whole may begin something that goes on
// without its request (a batch, a video, a file), and must not begin it twice.
func (x *exchange) hedges() bool { return x.decision.Options.Hedge && x.pass == nil }

// runner is an attempt that runs beside another.
type runner struct {
	y      *exchange
	a      routing.Attempt
	cancel context.CancelCauseFunc
	answer *Answer
	err    error
}

// race makes an attempt, and the next one beside it when it is late. The first that has content gives the answer; the other
// is ended, and waited for: what it reads of the request is gone when the request is over.
func (r *round) race(first routing.Attempt) *Answer {
	ends := make(chan *runner, 2)
	running := []*runner{r.start(first, ends)}
	wait := r.x.g.Health.Late(first.Target(), !r.head.Stream)
	if wait <= 0 {
		wait = lateDefault
	}
	late := make(chan struct{}, 1)
	timer := r.x.g.AfterFunc(wait, func() { late <- struct{}{} })
	defer timer.Stop()
	for len(running) > 0 {
		select {
		case <-late:
			if second, ok := r.next(); ok {
				second.Reason = fmt.Sprintf("beside the one before, which gave nothing for %s; %s", wait.Round(time.Millisecond), second.Reason)
				running = append(running, r.start(second, ends))
			}
		case done := <-ends:
			running = without(running, done)
			if done.err != nil {
				done.cancel(nil)
				r.lost(done.a, done.answer, done.err)
				continue
			}
			end(running, ends)
			return r.won(done.y, done.a, done.answer)
		}
	}
	return nil
}

// start runs an attempt, which ends by a value in ends.
func (r *round) start(a routing.Attempt, ends chan<- *runner) *runner {
	ctx, cancel := context.WithCancelCause(r.ctx)
	run := &runner{y: r.x.branch(), a: a, cancel: cancel}
	run.y.leave = cancel
	go func() {
		defer func() { ends <- run }()
		run.answer, run.err = run.y.contained(func() (*Answer, error) { return run.y.attempt(ctx, a, r.head) })
	}()
	return run
}

func without(list []*runner, one *runner) []*runner {
	var out []*runner
	for _, r := range list {
		if r != one {
			out = append(out, r)
		}
	}
	return out
}

// end ends the attempts that were slower.
func end(running []*runner, ends <-chan *runner) {
	for _, r := range running {
		r.cancel(llm.Errorf(llm.ErrCancelled, "another attempt was faster"))
	}
	for range running {
		r := <-ends
		if r.answer != nil && r.err == nil {
			r.y.lost, r.y.late = true, nil
			r.answer.Body.Close() //nolint:errcheck // it is not the answer
			r.y.settled(Cancelled, llm.Errorf(llm.ErrCancelled, "another attempt was faster"), r.answer.Status)
		}
	}
}
