// Package prefix tells which requests of a conversation did not begin as the one before them did: providers' caches go by how
// a prompt begins, so all that stands behind the first difference is read anew, at the full price.
//
// It remembers of each conversation the latest chains of blocks, as hashes under a key that is made at the start and kept
// nowhere but in memory: what it tells can't be held against a guess of what was said. All of it is bounded by number and
// age. It must not know dialects, prices or who keeps what it tells.
package prefix

import (
	"container/list"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/blocks"
)

// The bounds.
const (
	// MaxConversations and MaxBlocks are how much is kept in all; the conversation that was used longest ago goes first.
	MaxConversations = 2048
	MaxBlocks        = 256 << 10
	// MaxThreads is how many chains are kept of one conversation: beside the main one there are those of sub-agents, titles
	// and branches.
	MaxThreads = 12
	// MaxAge is how long a chain is kept that nothing goes on from: no provider's cache lives longer by itself.
	MaxAge = time.Hour
)

// Turn is a request that was answered.
type Turn struct {
	// ID is the request's own; Caller says whose it is; Dialect is the client's.
	ID, Caller string
	Dialect    llm.Dialect
	// Session is the client's own id of the conversation, empty where it tells none.
	Session string
	Prompt  Reading
	// Provider and Model are who answered, and what of.
	Provider, Model string
	Usage           llm.Usage
	// Started and Ended are when.
	Started, Ended time.Time
}

// Memory is safe for concurrent use.
type Memory struct {
	now func() time.Time
	// most and mostBlocks are MaxConversations and MaxBlocks, less in tests.
	most, mostBlocks int

	seed maphash.Seed
	salt [sha256.Size]byte

	mu sync.Mutex
	// openings are the threads of bodies that open the same, the one that was used last comes last.
	openings      map[uint64][]*thread
	conversations map[string]*list.Element
	order         *list.List // of *conversation, the one that was used last in front
	blocks        int
}

// conversation is what is remembered of one.
type conversation struct {
	id      string
	threads []*thread // the one that was used last comes last
}

// thread is a chain of blocks that a request may go on from.
type thread struct {
	id              string
	prompt          blocks.Prompt
	opening         uint64
	provider, model string
	usage           llm.Usage
	ended           time.Time
}

// New makes an empty Memory, with a key of its own.
func New(now func() time.Time) *Memory {
	m := &Memory{
		now: now, most: MaxConversations, mostBlocks: MaxBlocks, seed: maphash.MakeSeed(), openings: map[uint64][]*thread{}, conversations: map[string]*list.Element{}, order: list.New(),
	}
	_, _ = rand.Read(m.salt[:]) // it never fails
	return m
}

// Reading is a request that was taken apart.
type Reading struct {
	blocks.Prompt
	opening uint64
}

// openingSize is how much of a body tells which ones it may go on from, in bytes; maxOpenings how many those are.
const (
	openingSize = 256
	maxOpenings = 8
)

// Read takes a request apart for a Turn; before are the items that go before its body's own, and who says whose it is and of
// which session. It is not ok where there is nothing to compare.
func (m *Memory) Read(who string, before [][]byte, body []byte) (Reading, bool) {
	r := Reading{opening: maphash.String(m.seed, who) ^ maphash.Bytes(m.seed, body[:min(len(body), openingSize)])}
	m.mu.Lock()
	var earlier []*blocks.Prompt
	for _, t := range m.openings[r.opening] {
		earlier = append(earlier, &t.prompt) // which is not changed any more
	}
	m.mu.Unlock()
	var ok bool
	r.Prompt, ok = blocks.Read(m.seed, before, body, earlier...)
	return r, ok && (!r.Continues || len(before) > 0)
}

// Follow takes a turn in. It gives an id of the conversation that the turn is one of, which is good for this run of the
// program, and how the turn broke its prefix; nil if it did not.
func (m *Memory) Follow(t Turn) (conversationID string, broke *Break) {
	id := m.conversationOf(t)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget()
	c := m.touch(id)
	n := &thread{id: t.ID, prompt: t.Prompt.Prompt, opening: t.Prompt.opening, provider: t.Provider, model: t.Model, usage: t.Usage, ended: t.Ended}
	before, kept := c.before(n, t)
	if before >= 0 {
		old := c.threads[before]
		broke = compare(old, n, kept, t.Started)
		m.drop(c, before)
	}
	for len(c.threads) >= MaxThreads {
		m.drop(c, 0)
	}
	c.threads = append(c.threads, n)
	m.blocks += n.prompt.Weight()
	m.open(n)
	for m.blocks > m.mostBlocks && m.order.Len() > 1 || len(m.conversations) > m.most {
		m.remove(m.order.Back())
	}
	return id, broke
}

// conversationOf is the same for all requests of one conversation: by the client's own id, or by what its user said first.
func (m *Memory) conversationOf(t Turn) string {
	h := hmac.New(sha256.New, m.salt[:])
	for _, part := range []string{t.Caller, string(t.Dialect), t.Session} {
		_, _ = h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))) //nolint:gosec // a header's length
		_, _ = h.Write([]byte(part))
	}
	if t.Session == "" {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, t.Prompt.First))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (m *Memory) touch(id string) *conversation {
	if at := m.conversations[id]; at != nil {
		m.order.MoveToFront(at)
		return at.Value.(*conversation)
	}
	c := &conversation{id: id}
	m.conversations[id] = m.order.PushFront(c)
	return c
}

// forget drops the conversations that are too old.
func (m *Memory) forget() {
	limit := m.now().Add(-MaxAge)
	for at := m.order.Back(); at != nil; at = m.order.Back() {
		c := at.Value.(*conversation)
		if n := len(c.threads); n > 0 && c.threads[n-1].ended.After(limit) {
			return
		}
		m.remove(at)
	}
}

func (m *Memory) remove(at *list.Element) {
	c := m.order.Remove(at).(*conversation)
	delete(m.conversations, c.id)
	for _, t := range c.threads {
		m.blocks -= t.prompt.Weight()
		m.close(t)
	}
}

// open has later bodies go on from a thread's.
func (m *Memory) open(t *thread) {
	if !t.prompt.Marked() {
		return
	}
	list := m.openings[t.opening]
	if len(list) >= maxOpenings {
		list = slices.Delete(list, 0, 1)
	}
	m.openings[t.opening] = append(list, t)
}

func (m *Memory) close(t *thread) {
	list := slices.DeleteFunc(m.openings[t.opening], func(other *thread) bool { return other == t })
	if m.openings[t.opening] = list; len(list) == 0 {
		delete(m.openings, t.opening)
	}
}

func (m *Memory) drop(c *conversation, i int) {
	m.blocks -= c.threads[i].prompt.Weight()
	m.close(c.threads[i])
	c.threads = append(c.threads[:i], c.threads[i+1:]...)
}

// Size tells how many conversations and blocks are remembered.
func (m *Memory) Size() (conversations, blocks int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.conversations), m.blocks
}
