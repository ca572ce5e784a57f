package usage

import (
	"fmt"
	"time"

	"gatehouse/backend/store"
)

// The journals, by number. The first two take turns; the third is for what comes after Close.
const (
	journals    = 2
	lateJournal = 2
)

func journalPath(db *store.DB, n int) string { return fmt.Sprintf("%s.usage-%d.journal", db.Path(), n) }

// writer is the goroutine that journals, announces and hands over to the committer. Its fields are its own.
type writer struct {
	h        *History
	journals [journals + 1]*journal
	active   int
	spare    []*entry // the queue's other array
	lines    []byte

	dirty   []*entry // what the database lacks
	commits chan []item
	results chan error
	flight  []item // what is being committed, nil if nothing is

	timer   *time.Timer
	timerOn bool
	due     bool // commit as soon as none is in flight
	backoff time.Duration

	// asked wait for all that is known to be in the database: from the next commit on; flying wait for the one under way.
	asked, flying []chan struct{}

	windowEnd time.Time // announceLimit holds until then
	announced int

	journalProblem, commitProblem string
	told                          Health
	tellLater                     bool
}

// item is one record to commit.
type item struct {
	entry  *entry
	id     string
	record *Record
	raw    []byte
	final  bool
	stored bool
}

func newWriter(h *History) *writer {
	w := &writer{
		h:       h,
		commits: make(chan []item, 1),
		results: make(chan error, 1),
		timer:   time.NewTimer(time.Hour),
		backoff: commitEvery,
	}
	w.timer.Stop()
	for i := range w.journals {
		w.journals[i] = &journal{path: journalPath(h.db, i)}
	}
	return w
}

func (w *writer) run() {
	defer close(w.h.stopped)
	go w.commit()
	defer close(w.commits)
	w.next()
	for {
		select {
		case <-w.h.wake:
			w.take()
		case <-w.timer.C:
			w.timerOn, w.due = false, true
			w.take()
		case done := <-w.h.flushes:
			w.flush(done)
		case err := <-w.results:
			w.settle(err)
			if f := w.h.opts.committed; f != nil {
				f()
			}
			w.take()
		case <-w.h.stop:
			w.finish()
			return
		}
		w.next()
	}
}

// take journals and announces what the queue holds.
func (w *writer) take() {
	h := w.h
	h.mu.Lock()
	queue, batch := h.queue, h.batch
	h.queue, h.batch = w.spare[:0], nil
	for _, e := range queue {
		e.queued = false
		e.seen, e.final = e.record, e.ended
	}
	h.mu.Unlock()
	w.lines = w.lines[:0]
	for _, e := range queue {
		raw, err := appendRecord(make([]byte, 0, 640), e.seen)
		if err != nil { // only a date outside of the years 0 to 9999 can do that
			h.opts.Logger.Error("a request can't be kept in the usage history", "id", e.seen.ID, "error", err)
			w.drop(e)
			continue
		}
		e.raw = raw
		w.lines = append(append(w.lines, raw...), '\n')
		if !e.dirty {
			e.dirty = true
			w.dirty = append(w.dirty, e)
		}
	}
	state := int32(guarded)
	if len(w.lines) > 0 {
		state = w.journal(w.lines)
	}
	if batch != nil {
		h.stalled.Store(false)
		batch.end(state)
	}
	for _, e := range queue {
		w.announce(e)
	}
	clear(queue)
	w.spare = queue
}

// drop gives up on an entry.
func (w *writer) drop(e *entry) {
	w.h.mu.Lock()
	defer w.h.mu.Unlock()
	w.h.health.Dropped++
	delete(w.h.live, e.opening.ID)
}

// announce publishes an entry's opening or end, within the limits that EventRecord tells.
func (w *writer) announce(e *entry) {
	if now := time.Now(); now.After(w.windowEnd) {
		w.windowEnd, w.announced = now.Add(commitEvery), 0
	}
	within := w.announced < announceLimit
	switch {
	case !e.final && e.announced: // it has set something aside since
	case !e.final && within:
		w.announced++
		e.announced = true
		w.h.opts.Broker.Publish(EventRecord, w.h.view(e.seen))
	case !e.final:
	case e.announced:
		w.h.opts.Broker.PublishEnd(EventRecord, w.h.view(e.seen))
	case within:
		w.announced++
		w.h.opts.Broker.PublishEnd(EventRecord, w.h.view(e.seen))
	default:
		w.h.opts.Broker.Publish(EventRecord, w.h.view(e.seen))
	}
}

func (h *History) view(r *Record) any {
	if h.opts.View != nil {
		return h.opts.View(*r)
	}
	return *r
}

// next starts a commit if one is due, sets the timer for the next one, and tells of a change in health.
func (w *writer) next() {
	w.due = w.due && len(w.dirty) > 0
	if w.flight == nil && len(w.dirty) > 0 && (w.due || len(w.dirty) >= commitSize && w.commitProblem == "") {
		w.cut()
	}
	w.tell()
	if !w.timerOn && w.flight == nil && (len(w.dirty) > 0 || w.tellLater) {
		w.timer.Reset(w.backoff)
		w.timerOn = true
	}
	w.h.mu.Lock()
	defer w.h.mu.Unlock()
	w.h.armed = w.timerOn || w.flight != nil
	if !w.h.armed && len(w.h.queue) > 0 {
		w.h.signal()
	}
}

// flush has what is known committed at once, and done closed when that is over, also where it failed.
func (w *writer) flush(done chan struct{}) {
	w.take()
	switch {
	case len(w.dirty) > 0:
		w.asked, w.due = append(w.asked, done), true
	case w.flight != nil:
		w.flying = append(w.flying, done)
	default:
		close(done)
	}
}

// cut hands all dirty records to the committer and turns to the other journal, if that one is empty: what the old one
// holds is then all in the commit.
func (w *writer) cut() {
	w.due = false
	w.timer.Stop()
	w.timerOn = false
	w.flight = make([]item, len(w.dirty))
	for i, e := range w.dirty {
		e.dirty = false
		w.flight[i] = item{entry: e, id: e.opening.ID, record: e.seen, raw: e.raw, final: e.final, stored: e.stored}
	}
	clear(w.dirty)
	w.dirty = w.dirty[:0]
	w.flying, w.asked = append(w.flying, w.asked...), nil
	if other := 1 - w.active; !w.journals[other].used {
		w.active = other
	}
	w.commits <- w.flight
}

// settle takes the result of a commit.
func (w *writer) settle(err error) {
	items := w.flight
	w.flight = nil
	defer func() {
		for _, done := range w.flying {
			close(done)
		}
		w.flying = nil
	}()
	if err != nil {
		w.commitProblem = err.Error()
		w.backoff = min(w.backoff*2, maxBackoff)
		for _, it := range items {
			if !it.entry.dirty {
				it.entry.dirty = true
				w.dirty = append(w.dirty, it.entry)
			}
		}
		return
	}
	w.commitProblem = ""
	w.backoff = commitEvery
	w.h.mu.Lock()
	for _, it := range items {
		it.entry.stored = true
		if it.final {
			delete(w.h.live, it.id)
		}
	}
	w.h.mu.Unlock()
	for i, j := range w.journals {
		if i != w.active {
			w.empty(j)
		}
	}
	if w.journalProblem != "" {
		w.journal([]byte("\n")) // a blank line tells whether it can be written again
	}
}

// journal appends lines to the active journal and tells how that went, as a batch's state.
func (w *writer) journal(lines []byte) int32 {
	if err := w.journals[w.active].append(lines); err != nil {
		w.journalProblem = "can't write the journal of the usage history: " + err.Error()
		return gaveUp
	}
	w.journalProblem = ""
	return guarded
}

func (w *writer) empty(j *journal) {
	if err := j.empty(); err != nil {
		w.journalProblem = "can't empty the journal of the usage history: " + err.Error()
	}
}

// tell publishes the health when it changed; a count that only grows is told once per commitEvery.
func (w *writer) tell() {
	h := w.h
	h.mu.Lock()
	problem := w.commitProblem
	if problem == "" {
		problem = w.journalProblem
	}
	h.health.Problem = problem
	health := h.health
	h.mu.Unlock()
	w.tellLater = false
	if health == w.told {
		return
	}
	if health.Problem == w.told.Problem && time.Now().Before(w.windowEnd) {
		w.tellLater = true
		return
	}
	if health.Problem != w.told.Problem {
		if health.Problem != "" {
			h.opts.Logger.Error("the usage history can't be written; records are held in memory", "problem", health.Problem)
		} else {
			h.opts.Logger.Info("the usage history can be written again", "dropped", health.Dropped)
		}
	}
	w.told = health
	h.opts.Broker.PublishEnd(EventHealth, health)
}

// finish journals and commits what is left. The journals of a failed commit stay for the next Open.
func (w *writer) finish() {
	w.timer.Stop()
	w.take()
	if w.flight != nil {
		w.settle(<-w.results)
	}
	if len(w.dirty) > 0 {
		w.cut()
		w.settle(<-w.results)
	}
	if len(w.dirty) == 0 {
		w.empty(w.journals[w.active])
	}
	w.tell()
	for _, j := range w.journals {
		if err := j.close(); err != nil {
			w.h.opts.Logger.Warn("can't close a journal of the usage history", "error", err)
		}
	}
}
