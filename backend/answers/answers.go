// Package answers keeps what OpenAI's Responses API keeps at the server, for models whose providers keep nothing: whole
// responses with the input that led to them, chained by previous_response_id, and conversations. It also remembers which
// provider issued an answer that it keeps itself.
//
// Everything belongs to the local API key that made it; for another key it does not exist. All of it is bounded by number,
// size and age, and the oldest goes first. It must not know HTTP or who answers; items are JSON that it does not read
// beyond their ids, and nothing of their contents is logged.
package answers

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/store"
)

// The bounds of what is kept.
const (
	// MaxAnswers, MaxConversations and MaxIssued are numbers, over all keys.
	MaxAnswers       = 10_000
	MaxConversations = 1_000
	MaxIssued        = 10_000
	// MaxBytes is what answers and conversations may take, each.
	MaxBytes = 256 << 20
	// MaxAge is how long after its making (a conversation: after its last use) a thing is kept.
	MaxAge = 30 * 24 * time.Hour
)

// Options are what Answers work with. Zero values of the bounds mean the constants.
type Options struct {
	Now    func() time.Time
	Logger *slog.Logger

	MaxAnswers, MaxConversations, MaxIssued int
	MaxBytes                                int64
	MaxAge                                  time.Duration
}

// Answer is a response with what led to it.
type Answer struct {
	// ID is "resp_" and a ULID, so that ids sort by time. Key is the local API key's id.
	ID, Key   string
	CreatedAt time.Time
	// Previous and Conversation are what it goes on from, empty if nothing.
	Previous, Conversation string
	// Before is how many items the conversation had ever had when the answer was asked for.
	Before int
	// Running tells that it is still being written in the background.
	Running bool
	// Input are the request's own items; what came before is not among them.
	Input []json.RawMessage
	// Response is the response object.
	Response json.RawMessage
	// Events are the events it was streamed as, kept where they can be asked for again.
	Events []byte
}

// Answers is safe for concurrent use.
type Answers struct {
	opts Options
	db   *store.DB

	heads         *store.Bucket[head]
	contents      *store.Bucket[store.Raw]
	conversations *store.Bucket[conversation]
	items         *store.Bucket[store.Raw]
	issued        *store.Bucket[issue]

	// writing is held by whoever changes the database, from the look at what is there to the change of what is known of it.
	writing sync.Mutex

	mu      sync.Mutex // never held while the disk is waited for
	answers index[head]
	convs   index[conversation]
	known   index[issue]
	unsaved map[string]bool // ids of known that are not in the database as they are

	dirty   chan struct{}
	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once
}

// head is what is known of an answer without reading it.
type head struct {
	Key          string    `json:"key"`
	CreatedAt    time.Time `json:"createdAt"`
	Previous     string    `json:"previous,omitempty"`
	Conversation string    `json:"conversation,omitempty"`
	Before       int       `json:"before,omitempty"`
	Running      bool      `json:"running,omitempty"`
	Size         int64     `json:"size"`
}

// Open reads what is kept. An answer that was being written when the program ended is failed by settle, which gives its
// response anew.
func Open(db *store.DB, opts Options, settle func(response json.RawMessage) json.RawMessage) (*Answers, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	opts.MaxAnswers, opts.MaxConversations = or(opts.MaxAnswers, MaxAnswers), or(opts.MaxConversations, MaxConversations)
	opts.MaxIssued, opts.MaxBytes = or(opts.MaxIssued, MaxIssued), or(opts.MaxBytes, MaxBytes)
	opts.MaxAge = or(opts.MaxAge, MaxAge)
	a := &Answers{
		opts: opts, db: db,
		heads:         store.NewBucket[head](db, "answers.heads"),
		contents:      store.NewBucket[store.Raw](db, "answers.contents"),
		conversations: store.NewBucket[conversation](db, "answers.conversations"),
		items:         store.NewBucket[store.Raw](db, "answers.items"),
		issued:        store.NewBucket[issue](db, "answers.issued"),
		answers:       newIndex[head](), convs: newIndex[conversation](), known: newIndex[issue](),
		unsaved: map[string]bool{}, dirty: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := a.load(); err != nil {
		return nil, err
	}
	if err := a.settle(settle); err != nil {
		return nil, err
	}
	if err := a.Prune(nil); err != nil {
		return nil, err
	}
	go a.saveIssued()
	return a, nil
}

func or[T comparable](value, other T) T {
	var none T
	if value == none {
		return other
	}
	return value
}

func (a *Answers) load() error {
	if err := a.heads.ForEach(func(id string, h head) error { a.answers.put(id, h, h.Size); return nil }); err != nil {
		return err
	}
	convs, issued := map[string]conversation{}, map[string]issue{}
	if err := a.conversations.ForEach(func(id string, c conversation) error { convs[id] = c; return nil }); err != nil {
		return err
	}
	if err := a.issued.ForEach(func(id string, i issue) error { issued[id] = i; return nil }); err != nil {
		return err
	}
	for _, id := range slices.SortedFunc(maps.Keys(convs), func(x, y string) int {
		return cmp.Or(convs[x].UsedAt.Compare(convs[y].UsedAt), cmp.Compare(x, y))
	}) {
		a.convs.put(id, convs[id], convs[id].Size)
	}
	for _, id := range slices.SortedFunc(maps.Keys(issued), func(x, y string) int {
		return cmp.Or(issued[x].At.Compare(issued[y].At), cmp.Compare(x, y))
	}) {
		a.known.put(id, issued[id], 1)
	}
	return nil
}

// settle ends the answers that were being written when the program ended.
func (a *Answers) settle(response func(json.RawMessage) json.RawMessage) error {
	for id, h := range a.answers.all() {
		if !h.Running {
			continue
		}
		answer, ok, err := a.Get(h.Key, id)
		if err != nil {
			return err
		}
		if !ok || response == nil {
			continue
		}
		answer.Running, answer.Response = false, response(answer.Response)
		if err := a.Put(answer); err != nil {
			return err
		}
	}
	return nil
}

// Close saves what is not saved yet and stops.
func (a *Answers) Close(ctx context.Context) error {
	a.closing.Do(func() { close(a.stop) })
	select {
	case <-a.stopped:
	case <-ctx.Done():
		return ctx.Err()
	}
	return a.flush()
}

// Put keeps an answer; it is on the disk when Put returns. An answer of that id is replaced.
func (a *Answers) Put(answer Answer) error { return a.put(answer, false) }

// Replace is Put for an answer that is there; one that was deleted meanwhile stays so.
func (a *Answers) Replace(answer Answer) error { return a.put(answer, true) }

func (a *Answers) put(answer Answer, only bool) error {
	content := appendContent(nil, answer)
	h := head{
		Key: answer.Key, CreatedAt: answer.CreatedAt, Previous: answer.Previous, Conversation: answer.Conversation,
		Before: answer.Before, Running: answer.Running, Size: int64(len(content)),
	}
	a.writing.Lock()
	defer a.writing.Unlock()
	var gone []string
	there := false
	a.locked(func() {
		_, there = a.answers.get(answer.ID)
		gone = a.answers.makeRoom(answer.ID, h.Size, a.opts.MaxAnswers, a.opts.MaxBytes)
	})
	if only && !there {
		return nil
	}
	err := a.db.Write(func(tx *store.Tx) error {
		if err := a.drop(tx, gone); err != nil {
			return err
		}
		if err := a.heads.In(tx).Put(answer.ID, h); err != nil {
			return err
		}
		return a.contents.In(tx).Put(answer.ID, store.Raw(content))
	})
	if err != nil {
		return err
	}
	a.locked(func() {
		a.answers.remove(gone...)
		a.answers.put(answer.ID, h, h.Size)
	})
	return nil
}

// locked looks at what is known, or changes it.
func (a *Answers) locked(look func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	look()
}

// drop removes answers from the database.
func (a *Answers) drop(tx *store.Tx, ids []string) error {
	for _, id := range ids {
		if err := a.heads.In(tx).Delete(id); err != nil {
			return err
		}
		if err := a.contents.In(tx).Delete(id); err != nil {
			return err
		}
	}
	return nil
}

// Has tells whether there is an answer of that id for a key, and whether it is still being written.
func (a *Answers) Has(key, id string) (running, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h, ok := a.answers.get(id)
	if !ok || h.Key != key || a.old(h.CreatedAt) {
		return false, false
	}
	return h.Running, true
}

// Get gives a key's answer.
func (a *Answers) Get(key, id string) (Answer, bool, error) {
	a.mu.Lock()
	h, ok := a.answers.get(id)
	a.mu.Unlock()
	if !ok || h.Key != key || a.old(h.CreatedAt) {
		return Answer{}, false, nil
	}
	content, ok, err := a.contents.Get(id)
	if err != nil || !ok {
		return Answer{}, false, err
	}
	answer := Answer{
		ID: id, Key: h.Key, CreatedAt: h.CreatedAt, Previous: h.Previous, Conversation: h.Conversation,
		Before: h.Before, Running: h.Running,
	}
	readContent(content, &answer)
	return answer, true, nil
}

// History gives the items of an answer and of all before it, in order: each request's input and what it led to. It is not
// ok where the answer or one before it is not there.
func (a *Answers) History(key, id string) (items []json.RawMessage, ok bool, err error) {
	var chain [][]json.RawMessage
	for seen := 0; id != ""; seen++ {
		answer, ok, err := a.Get(key, id)
		if err != nil || !ok || answer.Running || seen > a.opts.MaxAnswers {
			return nil, false, err
		}
		chain = append(chain, Output(answer.Response), answer.Input)
		if answer.Conversation != "" {
			before, ok, err := a.Before(key, answer.Conversation, answer.Before)
			if err != nil || !ok {
				return nil, false, err
			}
			chain = append(chain, before)
		}
		id = answer.Previous
	}
	for i := len(chain) - 1; i >= 0; i-- {
		items = append(items, chain[i]...)
	}
	return items, true, nil
}

// Delete removes a key's answer, and tells whether there was one.
func (a *Answers) Delete(key, id string) (bool, error) {
	a.writing.Lock()
	defer a.writing.Unlock()
	var h head
	ok := false
	a.locked(func() { h, ok = a.answers.get(id) })
	if !ok || h.Key != key {
		return false, nil
	}
	if err := a.db.Write(func(tx *store.Tx) error { return a.drop(tx, []string{id}) }); err != nil {
		return false, err
	}
	a.locked(func() { a.answers.remove(id) })
	return true, nil
}

func (a *Answers) old(at time.Time) bool { return a.opts.Now().Sub(at) > a.opts.MaxAge }

// Prune removes what is too old, and what belongs to a key that alive says no to; nil keeps all keys.
func (a *Answers) Prune(alive func(key string) bool) error {
	a.writing.Lock()
	defer a.writing.Unlock()
	dead := func(key string, at time.Time) bool { return a.old(at) || alive != nil && !alive(key) }
	var answers, convs, issued []string
	a.locked(func() {
		for id, h := range a.answers.all() {
			if dead(h.Key, h.CreatedAt) {
				answers = append(answers, id)
			}
		}
		for id, c := range a.convs.all() {
			if dead(c.Key, c.UsedAt) {
				convs = append(convs, id)
			}
		}
		for id, i := range a.known.all() {
			if dead(i.Key, i.At) {
				issued = append(issued, id)
			}
		}
	})
	if len(answers)+len(convs)+len(issued) == 0 {
		return nil
	}
	err := a.db.Write(func(tx *store.Tx) error {
		if err := a.drop(tx, answers); err != nil {
			return err
		}
		if err := a.dropConversations(tx, convs); err != nil {
			return err
		}
		for _, id := range issued {
			if err := a.issued.In(tx).Delete(id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.locked(func() {
		a.answers.remove(answers...)
		a.convs.remove(convs...)
		a.known.remove(issued...)
		for _, id := range issued {
			delete(a.unsaved, id)
		}
	})
	return nil
}
