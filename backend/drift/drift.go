// Package drift asks providers that can be asked what they counted and charged for an answer, and keeps for each day how that
// differs from what we say.
//
// It works beside the requests: they only hand over an id, as many a minute as are worth it, and one goroutine asks when the
// provider may know. What waits is kept in memory and bounded; of the answers only sums are kept. It must not know HTTP,
// prices or who answers how.
package drift

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// The bounds.
const (
	// PerMinute is how many requests are looked up at most, MaxWaiting how many wait for it.
	PerMinute  = 20
	MaxWaiting = 500
	// MaxAge is how long days are kept.
	MaxAge = 400 * 24 * time.Hour
)

// waits are how long after its end a request is asked about, and then again where its provider does not know it yet (hosted
// gateway: "eventually consistent", some 90 s).
var waits = []time.Duration{20 * time.Second, 40 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute}

const (
	// askFor bounds one question.
	askFor = 20 * time.Second
	// The rests that a provider gets which has enough of questions, or refuses them.
	firstRest   = time.Minute
	longestRest = time.Hour
)

// Numbers are what somebody says of an answer. Prompt has all that went in, be it from a cache or into one; the cost is in
// 1e-12 USD.
type Numbers struct {
	Prompt, Completion, PicoUSD llm.Count
}

// Answered is an answer to ask about.
type Answered struct {
	// Provider and Credential are who gave it and which of its credentials was used, empty for the only one. ID is the
	// provider's own id of it.
	Provider, Credential, ID string
	At                       time.Time
	Ours                     Numbers
}

// Options is what a Keeper is made of. All are needed.
type Options struct {
	DB *store.DB
	// Asks tells whether a provider can be asked about an id.
	Asks func(provider, id string) bool
	// Look asks. Its errors are *llm.Error: not found is not known yet.
	Look func(ctx context.Context, provider, credential, id string) (Numbers, error)
	// On tells whether the user wants it.
	On     func() bool
	Now    func() time.Time
	Logger *slog.Logger
}

// Keeper is safe for concurrent use.
type Keeper struct {
	Options
	days *store.Bucket[Day]

	mu      sync.Mutex
	waiting []*question // in order of due
	minute  time.Time
	taken   int
	fresh   map[string]*Day // what was noted since the last flush, by day and provider
	rests   map[string]rest

	writing sync.Mutex // is held while what was noted goes to the disk

	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

// question is an answer that waits to be asked about.
type question struct {
	Answered
	due   time.Time
	asked int
}

// rest is a provider that is left alone.
type rest struct {
	until time.Time
	next  time.Duration
}

// Open starts to ask.
func Open(o Options) *Keeper {
	ctx, cancel := context.WithCancel(context.Background())
	k := &Keeper{
		Options: o, days: store.NewBucket[Day](o.DB, "drift"), fresh: map[string]*Day{}, rests: map[string]rest{},
		wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{}),
	}
	k.prune()
	go k.run(ctx)
	return k
}

// Close ends; what waits is forgotten.
func (k *Keeper) Close() {
	k.cancel()
	<-k.done
}

// Offer takes an answer to ask about. It only hands it over.
func (k *Keeper) Offer(a Answered) {
	if a.ID == "" || !k.Asks(a.Provider, a.ID) || !k.On() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Now()
	if now.Sub(k.minute) >= time.Minute || now.Before(k.minute) {
		k.minute, k.taken = now, 0
	}
	if k.taken >= PerMinute || len(k.waiting) >= MaxWaiting {
		k.dayOf(&a).Skipped++
		return
	}
	k.taken++
	k.enqueue(&question{Answered: a, due: now.Add(waits[0])})
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// enqueue puts a question in its place. mu is held.
func (k *Keeper) enqueue(q *question) {
	at, _ := slices.BinarySearchFunc(k.waiting, q, func(a, b *question) int { return cmp.Or(a.due.Compare(b.due), -1) })
	k.waiting = slices.Insert(k.waiting, at, q)
}

// run asks whenever a question is due.
func (k *Keeper) run(ctx context.Context) {
	defer close(k.done)
	defer k.flush()
	for ctx.Err() == nil {
		q, wait := k.next()
		if q != nil {
			k.ask(ctx, q)
			continue
		}
		k.flush()
		if wait < 0 {
			select {
			case <-ctx.Done():
				return
			case <-k.wake:
				continue
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-k.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// next takes the question that is due, or tells how long there is none; below 0 where none waits.
func (k *Keeper) next() (*question, time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.waiting) > 0 {
		q := k.waiting[0]
		now := k.Now()
		if wait := q.due.Sub(now); wait > 0 {
			return nil, wait
		}
		k.waiting = k.waiting[1:]
		if r := k.rests[q.Provider]; r.until.After(now) {
			q.due = r.until
			k.enqueue(q)
			continue
		}
		return q, 0
	}
	return nil, -1
}

// ask asks one question and says what becomes of it.
func (k *Keeper) ask(ctx context.Context, q *question) {
	if ctx.Err() != nil || !k.On() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, askFor)
	theirs, err := k.Look(limited, q.Provider, q.Credential, q.ID)
	cancel()
	if ctx.Err() != nil {
		return
	}
	if err == nil {
		k.rested(q.Provider)
		k.note(q, func(d *Day) { d.compare(q.Ours, theirs) })
		return
	}
	var e *llm.Error
	if !errors.As(err, &e) {
		e = llm.AsError(err)
	}
	if e.Kind == llm.ErrRateLimit || e.Kind == llm.ErrAuth {
		k.leaveAlone(q, e)
		return
	}
	if q.asked++; q.asked < len(waits) {
		k.mu.Lock()
		q.due = k.Now().Add(waits[q.asked])
		k.enqueue(q)
		k.mu.Unlock()
		return
	}
	k.note(q, func(d *Day) {
		if e.Kind == llm.ErrNotFound {
			d.Missing++
			return
		}
		d.Unanswered++
	})
	k.Logger.Debug("a provider does not tell of an answer", "provider", q.Provider, "id", q.ID, "error", e)
}

// leaveAlone gives a provider a rest that has enough of questions, or does not take the credential for them. The question
// waits for its end.
func (k *Keeper) leaveAlone(q *question, e *llm.Error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := k.rests[q.Provider]
	r.next = min(max(2*r.next, firstRest), longestRest)
	if e.Kind != llm.ErrRateLimit {
		r.next = longestRest
	}
	now := k.Now()
	r.until = now.Add(max(r.next, e.RetryAfter))
	k.rests[q.Provider] = r
	if q.asked++; q.asked < len(waits) {
		q.due = r.until
		k.enqueue(q)
	} else {
		k.dayOf(&q.Answered).Skipped++
	}
	k.Logger.Info("a provider is not asked about its answers for a while", "provider", q.Provider, "for", r.until.Sub(now), "reason", e)
}

func (k *Keeper) rested(provider string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.rests, provider)
}
