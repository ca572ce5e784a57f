// Package chat keeps the conversations of the window: their turns, the answers that are being written, and what a
// search finds in them.
//
// It must not know how a request reaches a model, who shows the conversations or how: answers come from a Streamer, and
// whoever shows them follows the events.
package chat

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// Streamer carries a request to a model. An error means that there is no answer, or one without events that tells how the
// call went; it is an *llm.Error where a person can do something about it.
type Streamer interface {
	Stream(ctx context.Context, req *llm.Request) (*Answer, error)
}

// Answer is a streamed answer.
type Answer struct {
	// Events is read once, to its end or up to where the turn is stopped. Cancelling the context ends it.
	Events llm.Stream
	// Result tells what is known of the call. It is asked for once Events is over or, beside an error, at once.
	Result func() Result
}

// Result is what is known of a call when it is over.
type Result struct {
	// Provider and Model are who answered; empty means that nobody did.
	Provider, Model string
	Usage           llm.Usage
	// CostPicoUSD is in 1e-12 USD, nil where it is unknown.
	CostPicoUSD *int64
	// FirstToken is the time to the first token, 0 if none came.
	FirstToken time.Duration
	Duration   time.Duration
	// Request is the call's id in the usage history, empty where it has no line there; Attempts are who was tried, in order.
	Request  string
	Attempts []Attempt
}

// Attempt is one try at one provider.
type Attempt struct {
	Provider string `json:"provider"`
	Model    string `json:"model"`
	// Outcome is a word of the usage history's: ok, error, cancelled. Status is the provider's HTTP status, 0 if none came.
	Outcome    string `json:"outcome"`
	Status     int    `json:"status"`
	Error      string `json:"error"`
	DurationMs int64  `json:"durationMs"`
}

// The types of the events. EventDelta (a Delta) may be lost, the others may not: EventTurn (a TurnChange) tells that a
// turn began, called a tool or ended and holds it whole; EventList (nothing) that the list of conversations changed.
const (
	EventDelta = "chat.delta"
	EventTurn  = "chat.turn"
	EventList  = "chat.conversations"
)

// Conversation is a conversation without its turns.
type Conversation struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Model     string    `json:"model"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
	Turns     int       `json:"turns"`
	Pinned    bool      `json:"pinned"`
	// Configured tells that System, which goes before all turns and is empty for none, and Temperature, nil for the model's
	// own, are the conversation's. Without it both are what Defaults gives for the model that is asked.
	Configured  bool     `json:"configured"`
	System      string   `json:"system"`
	Temperature *float64 `json:"temperature"`
	// Snippet is the text around what a search found; empty without a search.
	Snippet string `json:"snippet"`
}

// Defaults are what goes with the requests to a model, as in Conversation.
type Defaults struct {
	System      string
	Temperature *float64
}

// Detail is a conversation with its turns, oldest first, from number First on.
type Detail struct {
	Conversation Conversation `json:"conversation"`
	First        int          `json:"first"`
	Turns        []Turn       `json:"turns"`
}

// The roles and states of turns. A turn of the user's is always done.
const (
	RoleUser      = "user"
	RoleAssistant = "assistant"

	StateDone      = "done"
	StateStreaming = "streaming"
	StateStopped   = "stopped"
	StateFailed    = "failed"
)

// Turn is one turn of a conversation.
type Turn struct {
	ID        string    `json:"id"`
	Role      string    `json:"role"`
	Text      string    `json:"text"`
	Reasoning string    `json:"reasoning"`
	At        time.Time `json:"at"`
	// Files are the user's.
	Files []File `json:"files"`
	// The rest is the assistant's. Model is who was asked until it is known who answered.
	State    string `json:"state"`
	Error    string `json:"error"`
	Model    string `json:"model"`
	Provider string `json:"provider"`
	// Tools are the tools that were called for the answer, in order.
	Tools []ToolCall `json:"tools"`
	// Seq is the number of the last delta that Text and Reasoning hold.
	Seq int64 `json:"seq"`
	// ReasoningMs is how long the model reasoned where it showed that, so far.
	ReasoningMs *int64 `json:"reasoningMs"`
	// Numbers that are unknown are nil. InputTokens leaves out what was read from or written to a cache.
	InputTokens  *int64 `json:"inputTokens"`
	OutputTokens *int64 `json:"outputTokens"`
	CostPicoUSD  *int64 `json:"costPicoUSD"`
	FirstTokenMs *int64 `json:"timeToFirstTokenMs"`
	DurationMs   *int64 `json:"durationMs"`
	// Request and Attempts are as in Result.
	Request  string    `json:"request"`
	Attempts []Attempt `json:"attempts"`
}

// Delta is what was added to a turn. Its numbers grow by one, so that a lost one is noticed.
type Delta struct {
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
	Seq          int64  `json:"seq"`
	Text         string `json:"text"`
	Reasoning    string `json:"reasoning"`
	// ReasoningMs is how long the model has reasoned in all, nil where it has not.
	ReasoningMs *int64 `json:"reasoningMs"`
}

// TurnChange is a turn that began, called a tool or ended.
type TurnChange struct {
	Conversation string `json:"conversation"`
	Turn         Turn   `json:"turn"`
}

// Options are what Chats take from outside.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Broker gets the events; nil means that nobody listens.
	Broker *event.Broker
	// Logger gets what could not be saved; nil means nowhere.
	Logger *slog.Logger
	// After is the wait between two deltas of a turn; nil means time.After.
	After func(time.Duration) <-chan time.Time
	// Defaults gives those of a model; nil means that all have Temperature and no system prompt.
	Defaults func(model string) Defaults
}

// Temperature is what goes with requests where nothing else is set.
const Temperature = 0.7

const (
	// MaxText bounds a user's text, in bytes.
	MaxText = 1 << 20
	// MaxTitle bounds a title, in characters.
	MaxTitle = 200
	// MaxSystem bounds a system prompt, in bytes.
	MaxSystem = 256 << 10
	// MaxQuery bounds what is searched for, in characters.
	MaxQuery = 256
	// MaxAnswer bounds an answer with its reasoning, in bytes. A model that writes on and on is stopped there.
	MaxAnswer = 16 << 20

	maxModel = 512
	// deltaEvery is the shortest time between two deltas: two frames of a screen.
	deltaEvery = 33 * time.Millisecond
	// saveEvery is how much of an answer a crash may cost.
	saveEvery = 2 * time.Second
)

// Chats is every conversation. It is safe for concurrent use.
type Chats struct {
	opts     Options
	streamer Streamer
	shelf    *shelf

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu      sync.Mutex
	running map[string]*run // by conversation
	// unsaved are ended turns that the disk did not take, by conversation; they are tried again before the next turn.
	unsaved map[string]turnRecord
	closed  bool
}

// Open takes up the conversations of a database. It forgets the deleted ones for good, and turns that were being
// written when the program ended become stopped.
func Open(db *store.DB, streamer Streamer, opts Options) (*Chats, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Broker == nil {
		opts.Broker = &event.Broker{}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.After == nil {
		opts.After = time.After
	}
	if opts.Defaults == nil {
		opts.Defaults = func(string) Defaults { return Defaults{Temperature: new(Temperature)} }
	}
	c := &Chats{
		opts: opts, streamer: streamer, shelf: newShelf(db),
		running: map[string]*run{}, unsaved: map[string]turnRecord{},
	}
	if err := c.shelf.tidy(); err != nil {
		return nil, err
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// StopAll stops every answer that is being written and takes no new ones. It does not wait.
func (c *Chats) StopAll() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
}

// Close stops every answer that is being written and waits until they are saved, or ctx ends.
func (c *Chats) Close(ctx context.Context) error {
	c.StopAll()
	c.mu.Lock()
	runs := slices.Collect(maps.Values(c.running))
	c.mu.Unlock()
	for _, r := range runs {
		select {
		case <-r.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return c.saveUnsaved()
}

func (c *Chats) saveUnsaved() error {
	c.mu.Lock()
	left := maps.Clone(c.unsaved)
	c.mu.Unlock()
	for id, t := range left {
		if err := c.shelf.end(id, t); err != nil {
			return saving(err)
		}
		c.mu.Lock()
		if c.unsaved[id].N == t.N {
			delete(c.unsaved, id)
		}
		c.mu.Unlock()
	}
	return nil
}

// saving and reading say for a person what the database said; its own words tell the next step.
func saving(err error) error {
	return llm.Errorf(llm.ErrInternal, "the conversation can't be saved: %w", err)
}

func reading(err error) error {
	return llm.Errorf(llm.ErrInternal, "the conversations can't be read: %w", err)
}

func noConversation() error {
	return llm.Errorf(llm.ErrNotFound, "there is no such conversation; it may have been deleted")
}
