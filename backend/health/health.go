// Package health keeps what is known against providers: how often a model at a provider with a credential failed lately,
// whether it asked to be left alone for a while, whether its credential is refused. It also keeps how fast each was, and
// who answered a conversation last.
//
// It must not know how a request is sent, nor who asks; it judges by what it is told at the end of each attempt.
package health

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
	"gatehouse/backend/store"
)

// EventType is the type of the event that says that somebody's state changed. It carries no data.
const EventType = "health"

// The breaker: that many failures in a row, or that share of the latest outcomes, opens it; it stays open for a time that
// doubles with every probe that fails.
const (
	tripAfter    = 3
	window       = 20
	windowFailed = window / 2
	firstPause   = 10 * time.Second
	longestPause = 5 * time.Minute
	// defaultLimit is how long a provider is left alone that answered 429 and did not say for how long.
	defaultLimit = time.Second
	// longestLimit bounds what a provider may ask for, so that a mistaken header can't end it for days.
	longestLimit = 6 * time.Hour
)

// Options is what a Board is made of. All but Mark are needed.
type Options struct {
	DB     *store.DB
	Now    func() time.Time
	Broker *event.Broker
	Logger *slog.Logger
	// Mark gives something that differs between a credential and the one that replaces it, and says nothing else of either;
	// empty where it is not known now. It is kept, so that a refusal holds for the credential that was refused.
	Mark func(id provider.ID, name string) string
}

// Board is the whole of what is known. It is safe for concurrent use.
type Board struct {
	Options
	bucket *store.Bucket[kept]

	mu      sync.Mutex
	targets map[routing.Target]*target
	parked  map[credential]park
	places  *places
	// dirty are the keys whose state changed since it was written.
	dirty map[string]bool

	writing sync.Mutex
}

// credential is one credential of a provider.
type credential struct{ provider, name string }

// park is why a credential is not used.
type park struct {
	Why  string    `json:"why"`
	At   time.Time `json:"at"`
	Mark string    `json:"mark,omitempty"`
}

// target is what is known of one model at one provider with one credential.
type target struct {
	last   []bool // true is a failure, the latest at the end
	inARow int
	// open is until when it is not asked; pause is how long it was left alone the last time.
	open    time.Time
	pause   time.Duration
	probing bool
	limited time.Time
	why     string
	running int
	pace    pace
}

// Open reads what is still true of the last run.
func Open(o Options) (*Board, error) {
	b := &Board{
		Options: o, bucket: store.NewBucket[kept](o.DB, "health"), targets: map[routing.Target]*target{},
		parked: map[credential]park{}, places: newPlaces(), dirty: map[string]bool{},
	}
	return b, b.load()
}

// mostTargets bounds what is kept: clients may ask for any name.
const mostTargets = 4096

// at is called with the lock held.
func (b *Board) at(of routing.Target) *target {
	t := b.targets[of]
	if t != nil {
		return t
	}
	if len(b.targets) >= mostTargets {
		for other, t := range b.targets {
			if t.running == 0 && !t.open.After(b.Now()) && !t.limited.After(b.Now()) {
				if !t.open.IsZero() || !t.limited.IsZero() {
					b.dirty[keyOf(other)] = true
				}
				delete(b.targets, other)
			}
		}
	}
	t = &target{}
	b.targets[of] = t
	return t
}

// State tells what is known against a target now.
func (b *Board) State(of routing.Target) routing.Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p, ok := b.refusal(credential{of.Provider, of.Credential}); ok {
		return routing.Health{Parked: true, Why: p.Why}
	}
	t := b.targets[of]
	now := b.Now()
	switch {
	case t == nil:
	case t.limited.After(now):
		return routing.Health{Limited: true, Until: t.limited, Why: t.why}
	case t.open.After(now), !t.open.IsZero() && t.probing:
		return routing.Health{Open: true, Until: t.open, Why: t.why}
	}
	return routing.Health{}
}

// Admit asks to start an attempt and tells whether it may: a target that comes back after a pause gets one at a time,
// until that one's outcome is known. With anyway it always may. Each that may must be ended by Report.
func (b *Board) Admit(of routing.Target, anyway bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.at(of)
	if !t.open.IsZero() {
		if !anyway && (t.probing || t.open.After(b.Now())) {
			return false
		}
		t.probing = true
	}
	t.running++
	return true
}

// Report ends an attempt that Admit let through.
func (b *Board) Report(of routing.Target, r routing.Result) {
	b.mu.Lock()
	t := b.at(of)
	before := *t
	t.running = max(t.running-1, 0)
	probe := t.probing
	switch verdict(r) {
	case neutral:
		t.probing = false
	case good:
		t.close()
		t.note(false)
		t.pace.add(r)
		b.unpark(credential{of.Provider, of.Credential})
	case refused:
		t.probing = false
		b.park(credential{of.Provider, of.Credential}, r.Err)
	case limited:
		t.probing = false
		t.limit(b.Now(), r.Err)
	case bad:
		t.note(true)
		t.fail(b.Now(), r.Err, probe)
	}
	if before.open != t.open || before.limited != t.limited {
		b.dirty[keyOf(of)] = true
	}
	b.mu.Unlock()
	b.flush()
}

// judgement is what an outcome says of its target.
type judgement int

const (
	// neutral says nothing: the client left, or its request was wrong.
	neutral judgement = iota
	good
	bad
	limited
	refused
)

func verdict(r routing.Result) judgement {
	if r.Err == nil {
		return good
	}
	switch {
	case r.Err.Kind == llm.ErrCancelled:
		return neutral
	case r.Status == 401 || r.Status == 402 || r.Err.Code == "credential_refused" || r.Err.Code == "insufficient_quota":
		return refused
	case r.Status == 429 || r.Err.Kind == llm.ErrRateLimit:
		return limited
	case r.Err.Kind == llm.ErrOverloaded || r.Err.Kind == llm.ErrTimeout || r.Status >= 500:
		return bad
	}
	return neutral
}

func (t *target) note(failed bool) {
	t.last = append(t.last, failed)
	if len(t.last) > window {
		t.last = t.last[1:]
	}
	if failed {
		t.inARow++
	} else {
		t.inARow = 0
	}
}

func (t *target) failures() int {
	n := 0
	for _, failed := range t.last {
		if failed {
			n++
		}
	}
	return n
}

// close forgets what was held against the target.
func (t *target) close() {
	if !t.open.IsZero() {
		t.last = nil
	}
	t.open, t.pause, t.probing, t.limited, t.why = time.Time{}, 0, false, time.Time{}, ""
}

// fail opens the breaker where that is due. A probe that fails opens it for longer.
func (t *target) fail(now time.Time, e *llm.Error, probe bool) {
	t.probing = false
	often := t.failures() >= windowFailed
	if !probe && t.inARow < tripAfter && !often {
		return
	}
	switch {
	case probe && t.pause > 0:
		t.pause = min(2*t.pause, longestPause)
	default:
		t.pause = max(t.pause, firstPause)
	}
	t.open = now.Add(t.pause)
	t.why = fmt.Sprintf("it failed %d times in a row (%s) and is left alone until %s", t.inARow, e.Message, t.open.Format("15:04:05"))
	if t.inARow < 2 {
		t.why = fmt.Sprintf("it failed again (%s) and is left alone until %s", e.Message, t.open.Format("15:04:05"))
	}
}

func (t *target) limit(now time.Time, e *llm.Error) {
	wait := e.RetryAfter
	if wait <= 0 {
		wait = defaultLimit
	}
	t.limited = now.Add(min(wait, longestLimit))
	t.why = fmt.Sprintf("its rate limit is reached until %s", t.limited.Format("15:04:05"))
}

// park sets a credential aside. It is called with the lock held.
func (b *Board) park(c credential, e *llm.Error) {
	if _, ok := b.refusal(c); ok {
		return
	}
	name := "the credential of " + c.provider
	if c.name != "" {
		name = fmt.Sprintf("the credential %q of %s", c.name, c.provider)
	}
	b.parked[c] = park{Why: name + " was refused: " + e.Message, At: b.Now(), Mark: b.mark(c)}
	b.dirty[c.key()] = true
	b.Logger.Warn("a credential is set aside", "provider", c.provider, "credential", c.name)
}

// refusal tells whether a credential is set aside: the one that is there now, not one that it replaced. It is called with
// the lock held.
func (b *Board) refusal(c credential) (park, bool) {
	p, ok := b.parked[c]
	if now := b.mark(c); ok && p.Mark != "" && now != "" && now != p.Mark {
		return p, false
	}
	return p, ok
}

func (b *Board) mark(c credential) string {
	if b.Mark == nil {
		return ""
	}
	return b.Mark(c.provider, c.name)
}

func (b *Board) unpark(c credential) {
	if _, ok := b.parked[c]; ok {
		delete(b.parked, c)
		b.dirty[c.key()] = true
	}
}
