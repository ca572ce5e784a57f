package credential

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/secret"
)

// RefreshNow has the keychain looked up again soon, for example after its status changed. It does not wait.
func (s *Store) RefreshNow() {
	select {
	case s.wanted <- struct{}{}:
	default:
	}
}

func (s *Store) loop(ctx context.Context) {
	tick := time.NewTicker(s.Refresh)
	defer tick.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	for {
		select { // SetSpecs has asked for the first one
		case <-ctx.Done():
			return
		case <-s.wanted:
			s.refresh(ctx)
		case <-tick.C: // also after the machine slept, while timers stood still
			s.rereadAll()
			s.refresh(ctx)
		case <-due.C:
		}
		due.Reset(s.watchTokens())
	}
}

// lookup is one look into the keychain.
type lookup struct {
	provider, name string
	slot           *slot
	edits          int
}

// refresh looks up every credential. While the keychain can't be used, what is known stays in use. A provider's one
// without a name comes last, so that all of them are known when it is.
func (s *Store) refresh(ctx context.Context) {
	changed, down := false, false
	for _, l := range s.lookups() {
		if ctx.Err() != nil {
			return
		}
		value, err := "", error(nil)
		if !down {
			value, err = s.Keychain.Get(ctx, item(l.provider, l.name))
			if _, ok := errors.AsType[*secret.Unavailable](err); ok {
				down = true
			}
		}
		news, replaced := s.learn(l, value, down, err)
		if replaced {
			s.Replaced(l.provider)
		}
		changed = changed || news
	}
	if changed {
		s.changed()
	}
}

func (s *Store) lookups() (out []lookup) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range s.order {
		e := s.providers[id]
		for _, name := range append(slices.Clone(e.spec.Names), "") {
			if slot := e.slots[name]; slot != nil && name != Default {
				out = append(out, lookup{id, name, slot, slot.edits})
			}
		}
	}
	return out
}

// learn takes what a look-up found and tells whether that is news, and whether it takes the place of what was known.
func (s *Store) learn(l lookup, value string, down bool, err error) (news, replaced bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	again := true
	select {
	case <-l.slot.asked:
	default:
		again = false
		defer close(l.slot.asked)
	}
	switch {
	case l.slot.edits != l.edits || down:
		return false, false
	case errors.Is(err, secret.ErrNotFound):
		value = ""
	case err != nil:
		s.Logger.Warn("a credential could not be read from the keychain", "provider", l.provider, "credential", l.name, "error", err)
		return false, false
	default:
		s.Redactor.Add(strings.TrimSpace(value))
		if value, err = clean(value); err != nil {
			s.Logger.Warn("the keychain holds no usable credential", "provider", l.provider, "credential", l.name, "error", err)
			value = ""
		}
	}
	if value == l.slot.stored {
		return false, false
	}
	l.slot.stored = value
	return true, again
}
