package gateway

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
)

// watchdog ends an attempt that is too slow: until its first content, between two pieces of it, or in all.
type watchdog struct {
	limits    routing.Timeouts
	name      string // the provider's
	afterFunc func(d time.Duration, f func()) Timer
	cancel    context.CancelCauseFunc
	leave     context.CancelCauseFunc // of the context that it was given; may be nil

	mu          sync.Mutex
	pace, total Timer
	// begun tells that there was content, over that nothing is watched any more.
	begun, over bool
}

// newWatchdog watches an attempt that runs in the context it gives. stop must be called when the attempt is over.
func newWatchdog(
	ctx context.Context, limits routing.Timeouts, name string, after func(time.Duration, func()) Timer,
) (*watchdog, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{limits: limits, name: name, afterFunc: after, cancel: cancel}
	w.pace = w.after(limits.FirstToken, "nothing came for %s (the first-token timeout)")
	w.total = w.after(limits.Total, "the answer was not finished after %s (the total timeout)")
	return w, ctx
}

func byTheClock(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }

// after gives nil where there is no limit.
func (w *watchdog) after(limit time.Duration, what string) Timer {
	if limit <= 0 {
		return nil
	}
	return w.afterFunc(limit, func() {
		w.cancel(llm.Errorf(llm.ErrTimeout, w.name+": "+what+"; timeouts are set in settings or by the request", limit).
			WithStatus(http.StatusGatewayTimeout).WithCode("provider_timeout"))
	})
}

// beat tells that a piece of the answer came, the first time that there is content.
func (w *watchdog) beat() {
	if w.limits.FirstToken <= 0 && w.limits.Idle <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	switch {
	case w.begun && w.pace != nil && w.pace.Stop(): // one that fired already is not set again
		w.pace.Reset(w.limits.Idle)
		return
	case w.begun:
		return
	}
	w.begun = true
	if w.pace != nil {
		w.pace.Stop()
	}
	w.pace = w.after(w.limits.Idle, "nothing came for %s (the idle timeout)")
}

// stop ends the watch, and whatever of the attempt still runs.
func (w *watchdog) stop() {
	w.mu.Lock()
	w.over = true
	for _, t := range []Timer{w.pace, w.total} {
		if t != nil {
			t.Stop()
		}
	}
	w.mu.Unlock()
	w.cancel(nil)
	if w.leave != nil {
		w.leave(nil)
	}
}

// cause gives the timeout that ended a context, nil if it was something else.
func cause(ctx context.Context) *llm.Error {
	e, _ := errors.AsType[*llm.Error](context.Cause(ctx))
	return e
}
