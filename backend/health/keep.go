package health

import (
	"strings"
	"time"

	"gatehouse/backend/routing"
	"gatehouse/backend/store"
)

// kept is a state that outlives a restart while it is true.
type kept struct {
	Open    time.Time     `json:"open,omitzero"`
	Pause   time.Duration `json:"pause,omitempty"`
	Limited time.Time     `json:"limited,omitzero"`
	Parked  *park         `json:"parked,omitempty"`
	Why     string        `json:"why,omitempty"`
}

// separator stands between the parts of a key; no id holds it.
const separator = "\x00"

func (c credential) key() string { return c.provider + separator + c.name }

func keyOf(of routing.Target) string {
	return of.Provider + separator + of.Credential + separator + of.Model
}

// load reads what is still true of the last run and forgets the rest.
func (b *Board) load() error {
	var stale []string
	now := b.Now()
	err := b.bucket.ForEach(func(key string, k kept) error {
		parts := strings.Split(key, separator)
		switch {
		case len(parts) == 2 && k.Parked != nil:
			b.parked[credential{parts[0], parts[1]}] = *k.Parked
		case len(parts) == 3 && (k.Open.After(now) || k.Limited.After(now)):
			t := b.at(routing.Target{Provider: parts[0], Credential: parts[1], Model: parts[2]})
			t.open, t.pause, t.limited, t.why = k.Open, k.Pause, k.Limited, k.Why
		default:
			stale = append(stale, key)
		}
		return nil
	})
	if err != nil || len(stale) == 0 {
		return err
	}
	return b.DB.Write(func(tx *store.Tx) error {
		for _, key := range stale {
			if err := b.bucket.In(tx).Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

// flush writes what changed, and tells. States change seldom; what happens between two changes costs nothing here.
func (b *Board) flush() {
	b.writing.Lock()
	defer b.writing.Unlock()
	b.mu.Lock()
	changes := map[string]*kept{}
	for key := range b.dirty {
		changes[key] = b.state(key)
	}
	clear(b.dirty)
	b.mu.Unlock()
	if len(changes) == 0 {
		return
	}
	err := b.DB.Write(func(tx *store.Tx) error {
		for key, k := range changes {
			var err error
			if k == nil {
				err = b.bucket.In(tx).Delete(key)
			} else {
				err = b.bucket.In(tx).Put(key, *k)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // what is in memory holds all the same
		b.Logger.Warn("the health of providers can't be kept for the next start", "error", err)
	}
	b.Broker.PublishEnd(EventType, struct{}{})
}

// state is what to keep under a key, nil for nothing. It is called with the lock held.
func (b *Board) state(key string) *kept {
	parts := strings.Split(key, separator)
	if len(parts) == 2 {
		if p, ok := b.parked[credential{parts[0], parts[1]}]; ok {
			return &kept{Parked: &p}
		}
		return nil
	}
	t := b.targets[routing.Target{Provider: parts[0], Credential: parts[1], Model: parts[2]}]
	if t == nil || t.open.IsZero() && t.limited.IsZero() {
		return nil
	}
	return &kept{Open: t.open, Pause: t.pause, Limited: t.limited, Why: t.why}
}
