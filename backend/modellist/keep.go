package modellist

import (
	"reflect"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/provider"
)

// keptVersion changes when lists are read otherwise than before: one of an older version is asked for whole.
const keptVersion = 2

// kept is a last good answer.
type kept struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"` // when it was told, or confirmed
	BaseURL string    `json:"baseUrl"`
	ETag    string    `json:"etag,omitempty"`
	// Public tells that it was asked for without a credential.
	Public bool            `json:"public,omitempty"`
	Models []catalog.Model `json:"models"`
}

func (l *List) load() error {
	err := l.bucket.ForEach(func(id string, k kept) error { l.lists[id] = k; return nil })
	if err != nil {
		return err
	}
	return l.endpoints.ForEach(func(id string, k kept) error { l.serving[id] = k; return nil })
}

// keep stores a remote list for the next start; what is local is asked anew then.
func (l *List) keep(p *provider.Provider, record kept, has bool) {
	var err error
	if has && !p.Local {
		err = l.bucket.Put(p.ID, record)
	} else if _, ok, _ := l.bucket.Get(p.ID); ok {
		err = l.bucket.Delete(p.ID)
	}
	if err != nil {
		l.Logger.Warn("a list of models could not be kept", "provider", p.ID, "error", err)
	}
}

// forget drops the list of a provider that can't be used any more.
func (l *List) forget(id provider.ID) {
	source := l.Source()
	l.mu.Lock()
	_, had := l.lists[id]
	st := l.standing[id]
	bad := st != nil && st.problem != ""
	delete(l.lists, id)
	delete(l.standing, id)
	if had {
		l.rebuildLocked(source)
	}
	l.mu.Unlock()
	if !had && !bad {
		return
	}
	if _, ok, _ := l.bucket.Get(id); ok {
		if err := l.bucket.Delete(id); err != nil {
			l.Logger.Warn("a list of models could not be dropped", "provider", id, "error", err)
		}
	}
	l.Broker.PublishEnd(EventType, struct{}{})
}

// withdraw makes a list one that only tells what there is: the credential with which its models could be asked for is
// gone.
func (l *List) withdraw(id provider.ID) {
	source := l.Source()
	l.mu.Lock()
	k, had := l.lists[id]
	change := had && !k.Public
	if change {
		k.Public = true
		l.lists[id] = k
		l.rebuildLocked(source)
	}
	l.mu.Unlock()
	if change {
		l.keep(source.Providers[id], k, true)
		l.Broker.PublishEnd(EventType, struct{}{})
	}
}

// equal compares what pointers point at, too.
func equal(a, b catalog.Model) bool { return reflect.DeepEqual(a, b) }
