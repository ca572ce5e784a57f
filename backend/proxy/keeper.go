package proxy

import (
	"sync"
	"time"
)

// Clients and what stands between take a connection for dead that says nothing for long. While nothing comes from the
// upstream, a streaming client gets something that its dialect passes over: first after ten to fifteen seconds, which also
// sends the status line (until then an error still has its own status), and again after every such time of silence.
const (
	tick     = 5 * time.Second
	patience = 3 // ticks, of which the first comes at any time after the last byte
)

// Timer is what AfterFunc gives, as *time.Timer is.
type Timer interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// keeper lets the answers that are open know that time passes. They share one timer, which runs only while there are any:
// one for each would cost every request a wake-up of the runtime's poller.
type keeper struct {
	after func(d time.Duration, f func()) Timer

	mu      sync.Mutex
	open    map[*outlet]struct{}
	timer   Timer
	running bool
	// writing are the keep-alives under way. Each has a goroutine of its own, so that no client that does not read holds
	// up the others'.
	writing sync.WaitGroup
}

func newKeeper(after func(d time.Duration, f func()) Timer) *keeper {
	if after == nil {
		after = func(d time.Duration, f func()) Timer { return time.AfterFunc(d, f) }
	}
	return &keeper{after: after, open: map[*outlet]struct{}{}}
}

func (k *keeper) add(o *outlet) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.open[o] = struct{}{}
	switch {
	case k.running:
		return
	case k.timer == nil:
		k.timer = k.after(tick, k.tick)
	default:
		k.timer.Reset(tick)
	}
	k.running = true
}

func (k *keeper) remove(o *outlet) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.open, o)
}

func (k *keeper) tick() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.running = len(k.open) > 0; !k.running {
		return
	}
	k.timer.Reset(tick)
	for o := range k.open {
		if o.quiet.Add(1) >= patience && o.due.CompareAndSwap(false, true) {
			k.writing.Go(o.keepAlive)
		}
	}
}

// close waits for the keep-alives under way, when no answer is open any more.
func (k *keeper) close() {
	k.mu.Lock()
	if k.timer != nil {
		k.timer.Stop()
	}
	k.mu.Unlock()
	k.writing.Wait()
}
