package proxy

import "encoding/json"

// memory is what a connection remembers of its answers, also of those that are kept nowhere else.
type memory struct{ byID map[string]*remembered }

// remembered is an answer with all that led to it.
type remembered struct {
	items []json.RawMessage
	// ours tells that some of the items were written here, so that no provider knows them.
	ours bool
}

// get gives the answer of that id, nil if it is not remembered. A nil memory remembers nothing.
func (m *memory) get(id string) *remembered {
	if m == nil {
		return nil
	}
	return m.byID[id]
}
