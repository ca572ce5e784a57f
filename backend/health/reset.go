package health

import (
	"cmp"
	"slices"
	"time"

	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// Entry is a state that is not healthy, for people to see.
type Entry struct {
	Provider   provider.ID
	Credential string
	// Model is empty for a credential that is set aside with all its models.
	Model string
	// State is open, probing, limited or parked.
	State string
	Why   string
	// Until is when it is tried again by itself; zero where only a change helps.
	Until time.Time
}

// The states of an Entry.
const (
	Opened      = "open"
	Probing     = "probing"
	RateLimited = "limited"
	SetAside    = "parked"
)

// All lists everything that is not healthy now.
func (b *Board) All() []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []Entry{}
	for c := range b.parked {
		if p, ok := b.refusal(c); ok {
			out = append(out, Entry{Provider: c.provider, Credential: c.name, State: SetAside, Why: p.Why})
		}
	}
	now := b.Now()
	for of, t := range b.targets {
		e := Entry{Provider: of.Provider, Credential: of.Credential, Model: of.Model, Why: t.why}
		switch {
		case t.limited.After(now):
			e.State, e.Until = RateLimited, t.limited
		case t.open.After(now):
			e.State, e.Until = Opened, t.open
		case !t.open.IsZero():
			e.State = Probing
		default:
			continue
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Credential, b.Credential), cmp.Compare(a.Model, b.Model))
	})
	return out
}

// Reset forgets everything held against a provider; with an empty id, against all.
func (b *Board) Reset(id provider.ID) {
	b.mu.Lock()
	for c := range b.parked {
		if id == "" || c.provider == id {
			b.unpark(c)
		}
	}
	for of, t := range b.targets {
		if id == "" || of.Provider == id {
			b.heal(of, t)
		}
	}
	b.mu.Unlock()
	b.flush()
}

// Changed says that a provider's credentials or address changed, so that what was held against it says nothing any more.
func (b *Board) Changed(id provider.ID) { b.Reset(id) }

// NetworkChanged says that this machine woke up or is on another network: what could not be reached before may be reached
// now. Rate limits and refused credentials stand.
func (b *Board) NetworkChanged() {
	b.mu.Lock()
	for of, t := range b.targets {
		if !t.open.IsZero() {
			limited, why := t.limited, t.why
			b.heal(of, t)
			t.limited, t.why = limited, why
		}
	}
	b.mu.Unlock()
	b.flush()
}

// heal is called with the lock held.
func (b *Board) heal(of routing.Target, t *target) {
	if !t.open.IsZero() || !t.limited.IsZero() {
		b.dirty[keyOf(of)] = true
	}
	running := t.running
	pace := t.pace
	*t = target{running: running, pace: pace}
}
