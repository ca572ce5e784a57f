package settings

import (
	"slices"
	"sync"
)

// notifier calls subscribers outside the document's lock, one change at a time, joining changes that pile up.
type notifier struct {
	mu            sync.Mutex
	subscribers   []*subscriber
	before, after *Settings // the change that waits, nil if none does
	delivering    bool
}

type subscriber struct{ f func(before, after *Settings) }

func (n *notifier) add(f func(before, after *Settings)) (cancel func()) {
	s := &subscriber{f}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subscribers = append(n.subscribers, s)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.subscribers = slices.DeleteFunc(slices.Clone(n.subscribers), func(x *subscriber) bool { return x == s })
	}
}

func (n *notifier) queue(before, after *Settings) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.before == nil {
		n.before = before
	}
	n.after = after
}

// deliver calls the subscribers for what waits. If a delivery is under way already it takes care of it.
func (n *notifier) deliver() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.delivering {
		return
	}
	n.delivering = true
	for n.before != nil {
		before, after, subscribers := n.before, n.after, n.subscribers
		n.before, n.after = nil, nil
		n.mu.Unlock()
		for _, s := range subscribers {
			s.f(before, after)
		}
		n.mu.Lock()
	}
	n.delivering = false
}
