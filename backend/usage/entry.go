package usage

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"time"

	"gatehouse/backend/gateway"
)

// entry is one record on its way into the database. It implements gateway.Entry.
type entry struct {
	history *History
	opening *Record
	batch   *batch

	// Guarded by History.mu. A record is never changed, only replaced.
	record *Record
	ended  bool // settled, or interrupted by Close
	shut   bool // interrupted by Close
	queued bool

	// The writer's own.
	seen      *Record // record as the writer saw it last
	raw       []byte  // its JSON
	final     bool    // raw is of an ended request
	dirty     bool    // raw is not in the database
	stored    bool    // the database has the record as open
	restored  bool    // it was brought back at the start: the database may have another end of it
	announced bool
}

// batch is the openings that one write to the journal guards.
type batch struct {
	state atomic.Int32
	done  chan struct{} // closed once state says how it ended
}

const (
	guarded = 1
	gaveUp  = 2
)

func (b *batch) end(state int32) {
	b.state.Store(state)
	close(b.done)
}

// Begin opens a line. It only hands it over; where the history is closed or can't take more, the line is dropped and
// counted.
func (h *History) Begin(o gateway.Opening) gateway.Entry {
	if !validID(o.ID) {
		o.ID = gateway.NewRequestID(h.opts.Now())
	}
	opening := opened(o)
	e := &entry{history: h, opening: opening, record: opening}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, twice := h.live[o.ID]; twice || h.closed || len(h.live) >= h.held {
		h.health.Dropped++
		h.signal() // tells those who watch the health
		return dropped{}
	}
	h.live[o.ID] = e
	if h.batch == nil {
		h.batch = &batch{done: make(chan struct{})}
	}
	e.batch = h.batch
	h.enqueue(e)
	h.signal()
	return e
}

// enqueue tells the writer that there is news of an entry. History.mu is held.
func (h *History) enqueue(e *entry) {
	if !e.queued {
		e.queued = true
		h.queue = append(h.queue, e)
	}
}

// Guard waits until the line is in the journal, for at most guardLimit. While a writer for which somebody waited in vain
// still says nothing, nobody else waits: a disk that hangs holds requests up once, and not each of them.
func (e *entry) Guard(ctx context.Context) {
	state := e.batch.state.Load()
	if state == 0 && !e.history.stalled.Load() {
		limit := time.NewTimer(guardLimit)
		defer limit.Stop()
		select {
		case <-e.batch.done:
		case <-ctx.Done():
		case <-limit.C:
			e.history.stalled.Store(true)
		}
		state = e.batch.state.Load()
	}
	if state != guarded {
		e.history.unguarded.Add(1)
	}
}

// Reserve notes what the request has set aside, so that it is known if the program ends under it.
func (e *entry) Reserve(r gateway.Reserved) {
	h := e.history
	with := *e.opening
	with.Reserved = &r
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.ended {
		return
	}
	e.opening, e.record = &with, &with
	if h.batch == nil {
		h.batch = &batch{done: make(chan struct{})}
	}
	e.batch = h.batch // Guard waits for this line too
	h.enqueue(e)
	h.signal()
}

// Settle ends the line. Only the first call counts.
func (e *entry) Settle(s gateway.Settlement) {
	h := e.history
	record := e.opening.settled(s, h.opts.Pricer)
	h.mu.Lock()
	late := e.shut
	e.shut = false
	ends := !e.ended
	if ends {
		e.ended, e.record = true, record
		h.enqueue(e)
		if !h.armed {
			h.signal()
		}
	}
	h.mu.Unlock()
	if ends && h.opts.Settled != nil {
		h.opts.Settled(record)
	}
	if late {
		h.settleLate(record)
	}
}

// settleLate keeps the end of a request that outlived the history in a journal of its own, for the next Open.
func (h *History) settleLate(r *Record) {
	line, err := json.Marshal(r)
	if err == nil {
		h.lateMu.Lock()
		defer h.lateMu.Unlock()
		late := journal{path: journalPath(h.db, lateJournal)}
		err = errors.Join(late.append(append(line, '\n')), late.close())
	}
	if err != nil {
		h.opts.Logger.Error("the end of a request came after the usage history was closed and can't be kept", "id", r.ID,
			"error", err)
		return
	}
	h.opts.Logger.Warn("the end of a request came after the usage history was closed; it shows from the next start",
		"id", r.ID, "journal", journalPath(h.db, lateJournal))
}

// dropped is the line of a request that is not kept.
type dropped struct{}

func (dropped) Guard(context.Context)     {}
func (dropped) Reserve(gateway.Reserved)  {}
func (dropped) Settle(gateway.Settlement) {}
