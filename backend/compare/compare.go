// Package compare puts the same prompts to several models side by side and keeps what they answered, with which answer
// was the best.
//
// It must not know how a request reaches a model, nor who shows the answers or how: they come from a Streamer, and whoever
// shows them follows the events.
package compare

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/chat"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// The types of the events. EventDelta (a Delta) may be lost, the others may not: EventAnswer (a Change) tells that an answer
// began or ended and holds it whole; EventList (nothing) that comparisons or saved prompts changed.
const (
	EventDelta  = "compare.delta"
	EventAnswer = "compare.answer"
	EventList   = "compare.changed"
)

// The states of comparisons and of answers. A comparison is running, done or stopped.
const (
	StateRunning   = "running"
	StateWaiting   = "waiting"
	StateStreaming = "streaming"
	StateDone      = "done"
	StateStopped   = "stopped"
	StateFailed    = "failed"
)

// New is what is to be compared: every prompt is put to every model, by itself.
type New struct {
	Prompts []string
	Models  []string
	// System is the system prompt, empty for none; Temperature is nil for each model's own.
	System      string
	Temperature *float64
}

// Comparison is a comparison without its answers.
type Comparison struct {
	ID          string    `json:"id"`
	Prompts     []string  `json:"prompts"`
	Models      []string  `json:"models"`
	System      string    `json:"system"`
	Temperature *float64  `json:"temperature"`
	CreatedAt   time.Time `json:"createdAt"`
	State       string    `json:"state"`
	// Ended counts the answers that ended, however they did, of len(Prompts) × len(Models).
	Ended int `json:"ended"`
	// Winners are the models picked, by prompt; empty where none is.
	Winners []string `json:"winners"`
}

// Answer is what a model answered to a prompt. Numbers that are unknown are nil.
type Answer struct {
	// Prompt is its place among the prompts, from 0. Model is who was asked, AnsweredBy and Provider who answered.
	Prompt     int    `json:"prompt"`
	Model      string `json:"model"`
	AnsweredBy string `json:"answeredBy"`
	Provider   string `json:"provider"`
	State      string `json:"state"`
	Text       string `json:"text"`
	Reasoning  string `json:"reasoning"`
	Error      string `json:"error"`
	// Seq is the number of the last delta that Text and Reasoning hold.
	Seq          int64  `json:"seq"`
	InputTokens  *int64 `json:"inputTokens"` // without what was read from or written to a cache
	OutputTokens *int64 `json:"outputTokens"`
	CostPicoUSD  *int64 `json:"costPicoUSD"` // in 1e-12 USD
	FirstTokenMs *int64 `json:"timeToFirstTokenMs"`
	DurationMs   *int64 `json:"durationMs"`
	// TokensPerSecond is the output after the first token, by the time after it.
	TokensPerSecond *float64 `json:"tokensPerSecond"`
}

// Detail is a comparison with an answer for each prompt and model: by prompt, then in the order of the models.
type Detail struct {
	Comparison Comparison `json:"comparison"`
	Answers    []Answer   `json:"answers"`
	// Totals are in the order of the models.
	Totals []Total `json:"totals"`
}

// Total is what is known of a model's answers together. Sums are nil where one of those answered is unknown; the medians are
// of those known.
type Total struct {
	Model           string   `json:"model"`
	Wins            int      `json:"wins"`
	Answered        int      `json:"answered"`
	Failed          int      `json:"failed"`
	OutputTokens    *int64   `json:"outputTokens"`
	CostPicoUSD     *int64   `json:"costPicoUSD"` // in 1e-12 USD
	FirstTokenMs    *int64   `json:"timeToFirstTokenMs"`
	TokensPerSecond *float64 `json:"tokensPerSecond"`
}

// Delta is what was added to an answer. Its numbers grow by one, so that a lost one is noticed.
type Delta struct {
	Comparison string `json:"comparison"`
	Prompt     int    `json:"prompt"`
	Model      string `json:"model"`
	Seq        int64  `json:"seq"`
	Text       string `json:"text"`
	Reasoning  string `json:"reasoning"`
}

// Change is an answer that began or ended, with how many of the comparison's have ended by then.
type Change struct {
	Comparison string `json:"comparison"`
	Ended      int    `json:"ended"`
	Answer     Answer `json:"answer"`
}

// Summary is a comparison in a list: Title is the beginning of its first prompt, Prompts counts them.
type Summary struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Prompts   int       `json:"prompts"`
	Models    []string  `json:"models"`
	CreatedAt time.Time `json:"createdAt"`
	State     string    `json:"state"`
	Ended     int       `json:"ended"`
}

// Options are what Comparisons take from outside.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Broker gets the events; nil means that nobody listens.
	Broker *event.Broker
	// Logger gets what could not be saved; nil means nowhere.
	Logger *slog.Logger
	// After is the wait between two rounds of deltas; nil means time.After.
	After func(time.Duration) <-chan time.Time
}

// What bounds a comparison. Sizes are in bytes.
const (
	MinModels  = 2
	MaxModels  = 6
	MaxPrompts = 200
	// MaxText bounds a comparison's prompts together.
	MaxText   = 1 << 20
	MaxSystem = 64 << 10
	// MaxAnswer bounds an answer with its reasoning. A model that writes on and on is stopped there.
	MaxAnswer = 1 << 20
	// MaxRunning bounds how many comparisons run at a time.
	MaxRunning = 2

	maxModel = 512
	maxName  = 100
	maxTitle = 80
	// deltaEvery is the shortest time between two rounds of deltas: two frames of a screen.
	deltaEvery = 33 * time.Millisecond
)

// Comparisons is every comparison. It is safe for concurrent use.
type Comparisons struct {
	opts     Options
	streamer chat.Streamer
	shelf    *shelf

	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu      sync.Mutex
	running map[string]*run
	closed  bool
}

// Open takes up the comparisons of a database. It forgets the deleted ones for good; those that ran when the program ended
// become stopped.
func Open(db *store.DB, streamer chat.Streamer, opts Options) (*Comparisons, error) {
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
	c := &Comparisons{opts: opts, streamer: streamer, shelf: newShelf(db), running: map[string]*run{}}
	if err := c.shelf.tidy(); err != nil {
		return nil, err
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// Close stops every comparison that runs and waits until it is saved, or ctx ends.
func (c *Comparisons) Close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	runs := slices.Collect(maps.Values(c.running))
	c.mu.Unlock()
	c.cancel()
	for _, r := range runs {
		select {
		case <-r.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (c *Comparisons) changed() { c.opts.Broker.PublishEnd(EventList, struct{}{}) }

// saving and reading say for a person what the database said; its own words tell the next step.
func saving(err error) error {
	return llm.Errorf(llm.ErrInternal, "the comparison can't be saved: %w", err)
}

func reading(err error) error {
	return llm.Errorf(llm.ErrInternal, "the comparisons can't be read: %w", err)
}

func noComparison() error {
	return llm.Errorf(llm.ErrNotFound, "there is no such comparison; it may have been deleted")
}
