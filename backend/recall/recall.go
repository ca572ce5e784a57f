// Package recall remembers for a while the reasoning behind answers, for clients that can't send it back: models demand
// or profit from their own reasoning (its signatures, its encrypted form) in the turns before a tool's result, and many a
// client keeps only what people see.
//
// What is remembered belongs to one caller and to the model that issued it, and comes back for nobody else. It is kept in
// memory only, within bounds of size, number and age. It must not know dialects or providers by name.
package recall

import (
	"container/list"
	"sync"
	"time"

	"gatehouse/backend/llm"
)

// The bounds.
const (
	// MaxBytes is how much is kept in all, MaxTurn of one turn.
	MaxBytes = 32 << 20
	MaxTurn  = 4 << 20
	// MaxTurns is how many turns are kept.
	MaxTurns = 4096
	// MaxAge is how long a turn is kept that nobody asks for.
	MaxAge = 12 * time.Hour
)

// Key says whose turn it is.
type Key struct {
	// Caller is the local API key's id, empty for the chat window.
	Caller string
	// Origin is the model that answered.
	Origin llm.Origin
	// Turn is what a client shows of the turn when it sends it back; see TurnOf.
	Turn Turn
}

// Memory is safe for concurrent use.
type Memory struct {
	now func() time.Time

	mu    sync.Mutex
	turns map[Key]*list.Element
	order *list.List // of *entry, the one that was used last in front
	bytes int
}

type entry struct {
	key   Key
	kept  kept
	size  int
	until time.Time
}

// New makes an empty Memory.
func New(now func() time.Time) *Memory {
	return &Memory{now: now, turns: map[Key]*list.Element{}, order: list.New()}
}

// Keep remembers the reasoning in an answer's parts. Parts without any are not worth keeping, and ones larger than
// MaxTurn are not kept.
func (m *Memory) Keep(caller string, origin llm.Origin, parts []llm.Part) {
	k, size := keep(parts, origin)
	turn, ok := TurnOf(parts)
	if size == 0 || size > MaxTurn || !ok {
		return
	}
	e := &entry{Key{caller, origin, turn}, k, size, m.now().Add(MaxAge)}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.turns[e.key]; old != nil {
		m.drop(old)
	}
	m.turns[e.key] = m.order.PushFront(e)
	m.bytes += size
	for m.bytes > MaxBytes || len(m.turns) > MaxTurns {
		m.drop(m.order.Back())
	}
}

// Recall puts what is remembered of an assistant's turn back into its parts. It gives the parts themselves where nothing
// is remembered, or where the client sent it back.
func (m *Memory) Recall(caller string, origin llm.Origin, parts []llm.Part) []llm.Part {
	if signed(parts) {
		return parts
	}
	turn, ok := TurnOf(parts)
	if !ok {
		return parts
	}
	key := Key{caller, origin, turn}
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.turns[key]
	if at == nil {
		return parts
	}
	e := at.Value.(*entry)
	now := m.now()
	if !now.Before(e.until) {
		m.drop(at)
		return parts
	}
	e.until = now.Add(MaxAge)
	m.order.MoveToFront(at)
	return e.kept.into(parts)
}

func (m *Memory) drop(at *list.Element) {
	e := m.order.Remove(at).(*entry)
	delete(m.turns, e.key)
	m.bytes -= e.size
}
