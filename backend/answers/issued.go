package answers

import (
	"time"

	"gatehouse/backend/store"
)

// issue is an answer that its provider keeps.
type issue struct {
	Key      string    `json:"key"`
	Provider string    `json:"provider"`
	At       time.Time `json:"at"`
}

// Issued remembers which provider keeps an answer. It does not wait for the disk.
func (a *Answers) Issued(key, id, provider string) {
	a.mu.Lock()
	gone := a.known.makeRoom(id, 1, a.opts.MaxIssued, int64(a.opts.MaxIssued))
	a.known.remove(gone...)
	a.known.put(id, issue{key, provider, a.opts.Now()}, 1)
	for _, old := range append(gone, id) {
		a.unsaved[old] = true
	}
	a.mu.Unlock()
	a.wake()
}

func (a *Answers) wake() {
	select {
	case a.dirty <- struct{}{}:
	default: // the one that waits saves it too
	}
}

// Provider gives the provider that keeps a key's answer.
func (a *Answers) Provider(key, id string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.known.get(id)
	if !ok || i.Key != key || a.old(i.At) {
		return "", false
	}
	return i.Provider, true
}

// Forget forgets which provider keeps an answer.
func (a *Answers) Forget(id string) {
	a.mu.Lock()
	if _, ok := a.known.get(id); ok {
		a.known.remove(id)
		a.unsaved[id] = true
	}
	a.mu.Unlock()
	a.wake()
}

// tidyEvery is how often what is too old is removed; nobody gets it from the moment that it is too old.
const tidyEvery = time.Hour

// saveIssued writes what was remembered, all that came meanwhile in one go, and removes what is too old.
func (a *Answers) saveIssued() {
	defer close(a.stopped)
	tidy := time.NewTicker(tidyEvery)
	defer tidy.Stop()
	for {
		select {
		case <-tidy.C:
			if err := a.Prune(nil); err != nil {
				a.opts.Logger.Warn("can't remove answers that are too old", "error", err)
			}
		case <-a.dirty:
			if err := a.flush(); err != nil {
				a.opts.Logger.Warn("can't save which provider keeps an answer", "error", err)
			}
		case <-a.stop:
			return
		}
	}
}

func (a *Answers) flush() error {
	a.mu.Lock()
	unsaved := a.unsaved
	a.unsaved = map[string]bool{}
	values := map[string]issue{}
	for id := range unsaved {
		if i, ok := a.known.get(id); ok {
			values[id] = i
		}
	}
	a.mu.Unlock()
	if len(unsaved) == 0 {
		return nil
	}
	err := a.db.Write(func(tx *store.Tx) error {
		b := a.issued.In(tx)
		for id := range unsaved {
			i, ok := values[id]
			if !ok {
				if err := b.Delete(id); err != nil {
					return err
				}
				continue
			}
			if err := b.Put(id, i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // they are in memory, and tried again with the next one
		a.mu.Lock()
		for id := range unsaved {
			a.unsaved[id] = true
		}
		a.mu.Unlock()
	}
	return err
}
