package proxy

import (
	"encoding/json"
	"sync"
)

// memory is what a connection remembers of its answers, the last one of each lane, also of those that are kept nowhere
// else (OpenAI guide, "WebSocket mode"). A nil memory remembers nothing.
type memory struct {
	mu     sync.Mutex
	byID   map[string]*remembered
	latest map[string]string // by lane
}

// remembered is an answer with all that led to it.
type remembered struct {
	items []json.RawMessage
	// ours tells that some of the items were written here, so that no provider knows them.
	ours bool
	// provider is who keeps the answer itself, empty if nobody does.
	provider string
}

// get gives the answer of that id, nil if it is not remembered.
func (m *memory) get(id string) *remembered {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byID[id]
}

// put remembers an answer as the last one of its lane, in place of the one before.
func (m *memory) put(lane, id string, r *remembered) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byID == nil {
		m.byID, m.latest = map[string]*remembered{}, map[string]string{}
	}
	delete(m.byID, m.latest[lane])
	m.byID[id], m.latest[lane] = r, id
}

// drop forgets an answer: a turn that went on from it failed.
func (m *memory) drop(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byID, id)
}
