// Package usage is the history of requests: one record each, opened when the request starts and settled when it ends.
//
// It promises that every request a client saw begin is in the history, also after the program was killed, as settled or
// as interrupted; and that keeping it costs a request no more than a hand-over in memory. One goroutine (the writer)
// takes what is handed over, appends it to a journal file beside the database, where it survives the program, and
// announces it; another commits to the database every quarter of a second. Two journals take turns: while what is in the
// one is committed, the other is written, and after the commit the first is emptied. Open brings back what the journals
// hold.
//
// What reports are made of, the sums of each hour, is committed together with the records that it counts: a report is never
// ahead of the records nor behind them, and is the same number by whatever it is grouped. Days that are over are summed up
// in the background.
//
// It must not know protocols, prices or what the records are shown with.
package usage

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/event"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// The events. EventRecord carries a Record: a request's opening or its end. EventHealth carries a Health.
//
// A busy gateway must not drown those who watch it, so per quarter of a second at most announceLimit openings are
// announced, and those may get lost. The end of a request whose opening was announced is delivered for certain, as is
// the end of any other within the same limit; ends over the limit may get lost. So nothing that was shown as open stays
// so, and a subscriber with room for some hundred events never lags because of this package.
const (
	EventRecord = "usage"
	EventHealth = "usage.health"
)

const (
	commitEvery   = 250 * time.Millisecond
	commitSize    = 1000 // records that make a commit due at once
	maxBackoff    = 10 * time.Second
	guardLimit    = 2 * time.Second
	maxHeld       = 10_000 // records held in memory: running, or not in the database yet
	announceLimit = 50
)

// Pricer tells what a call cost, with the arithmetic; nil where no price is known. It must be quick and not block.
type Pricer interface {
	Bill(provider, model string, u llm.Usage) *catalog.Bill
}

// Options are what a History works with. All may be left out.
type Options struct {
	// Now is the clock that dates an id where a request came without one, and tells which hours and days are over; nil means time.Now.
	Now func() time.Time
	// Zone is the one whose days are summed up, so that reports over many of them are quick; nil means the machine's.
	Zone   *time.Location
	Logger *slog.Logger
	Broker *event.Broker
	// Pricer is asked as a request settles; without one every cost is unknown.
	Pricer Pricer
	// View gives what EventRecord carries for a record; nil means the Record itself.
	View func(Record) any
	// Keep says how much is kept; nil is everything.
	Keep func() Keep
	// Changed is told of each change to what is stored, in the transaction that makes it: an error undoes both. Nil is nobody.
	Changed func(tx *store.Tx, changes []Change) error
	// Deleted is told of each part of the history that was deleted, or some of it where that failed. Nil is nobody.
	Deleted func(Deletion)
	// Settled is told of each request that ends, in the request's own time: it must be quick and not block. Nil is nobody.
	Settled func(*Record)

	committed func() // for tests: called after each commit
}

// Health is whether the history can be kept.
type Health struct {
	// Problem says why records can't be written at the moment and what to do; empty if they can.
	Problem string `json:"problem"`
	// Dropped counts the records lost since the start.
	Dropped int64 `json:"dropped"`
}

// History is the usage history. It implements gateway.Recorder.
type History struct {
	db      *store.DB
	records *store.Bucket[store.Raw]
	// open holds the ids of the stored records whose outcome is open, so that Open finds them without a scan.
	open *store.Bucket[store.Raw]
	// broken holds the ids of the stored records whose prompt broke a prefix.
	broken  *store.Bucket[store.Raw]
	rollups rollups
	// rolled says how the roll-ups were made.
	rolled *store.Bucket[store.Raw]
	opts   Options
	held   int // maxHeld, less in tests
	step   int // searchStep, less in tests

	mu sync.Mutex
	// live is every record that is not in the database in its final form.
	live map[string]*entry
	// queue is the entries with news for the writer; batch is what guards the openings among them, nil if there are none.
	queue  []*entry
	batch  *batch
	armed  bool // the writer is going to look at the queue within commitEvery
	closed bool
	health Health

	jobs      chan job           // for the committer
	flushes   chan chan struct{} // for the writer
	wake      chan struct{}
	tidy      chan struct{} // look after what is stored at once
	stop      chan struct{}
	stopped   chan struct{}
	tended    chan struct{} // closed once nothing is deleted or summed up any more
	unguarded atomic.Int64
	stalled   atomic.Bool // the writer took longer than guardLimit, and has not come back
	lateMu    sync.Mutex
}

var _ gateway.Recorder = (*History)(nil)

// Open starts the history in a database. What the journals of a killed program hold is in it from then on. Trouble with
// the disk is no error here: it shows in Health.
func Open(db *store.DB, opts Options) (*History, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Zone == nil {
		opts.Zone = time.Local
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Broker == nil {
		opts.Broker = &event.Broker{}
	}
	h := &History{
		db:      db,
		records: store.NewBucket[store.Raw](db, "usage", store.AppendOnly()),
		open:    store.NewBucket[store.Raw](db, "usage.open"),
		broken:  store.NewBucket[store.Raw](db, "usage.broken"),
		rollups: newRollups(db),
		rolled:  store.NewBucket[store.Raw](db, "usage.rolled"),
		opts:    opts,
		held:    maxHeld,
		step:    searchStep,
		live:    map[string]*entry{},
		jobs:    make(chan job),
		flushes: make(chan chan struct{}),
		wake:    make(chan struct{}, 1),
		tidy:    make(chan struct{}, 1),
		tended:  make(chan struct{}),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	w := newWriter(h)
	if err := w.restore(); err != nil {
		return nil, fmt.Errorf("can't read the usage history: %w", err)
	}
	if err := h.rollUpOld(context.Background()); err != nil {
		opts.Logger.Error("reports lack what came before this start", "error", err)
	}
	go w.run()
	go h.tend()
	return h, nil
}

// Health tells why records can't be written at the moment, empty if they can, and how many were lost since the start.
func (h *History) Health() (problem string, dropped int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.health.Problem, h.health.Dropped
}

// Unguarded counts the requests that were let through though a crash could have lost their line.
func (h *History) Unguarded() int64 { return h.unguarded.Load() }

// Close stores everything; requests that still run are stored as interrupted. Where it can't before ctx ends, it gives
// the reason, and the journals keep what is missing for the next Open. The database may be closed after it.
func (h *History) Close(ctx context.Context) error {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		for _, e := range h.live {
			if !e.ended {
				e.ended, e.shut = true, true
				e.record = e.record.interrupted()
				h.enqueue(e)
			}
		}
		close(h.stop)
	}
	h.mu.Unlock()
	for _, end := range []chan struct{}{h.stopped, h.tended} {
		select {
		case <-end:
		case <-ctx.Done():
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.live); n > 0 {
		return fmt.Errorf("%d records are not in the usage history yet; they are kept in %s for the next start: %s", n,
			journalPath(h.db, 0), h.health.Problem)
	}
	return nil
}

// flush waits until what ended by now is in the database, or can't be put there, or the history or ctx ends.
func (h *History) flush(ctx context.Context) {
	done := make(chan struct{})
	select {
	case h.flushes <- done:
	case <-h.stopped:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-h.stopped:
	case <-ctx.Done():
	}
}

func (h *History) signal() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}
