// Package contents keeps what clients sent and what they got, for the projects whose user turned that on, until it expires.
//
// Each request is one file of its own in a folder that only the user can enter, so that what is deleted or expires is gone
// from the file system, as it would not be from a database, whose file keeps what was in its free pages. (What a disk itself
// keeps of removed files is not in its power.) All of it is bounded, by request, in memory and on the disk; the oldest goes
// first. Nothing is written before the secrets that are known were taken out.
//
// It must not know HTTP or where settings are, and nothing of what it keeps is logged.
package contents

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

// The bounds, in bytes unless they say otherwise.
const (
	// MaxBody is kept of a request and of an answer, each.
	MaxBody = 2 << 20
	// MaxBytes and MaxRequests are kept on the disk.
	MaxBytes    = 256 << 20
	MaxRequests = 10_000
	// MaxHeld is held in memory of requests that run or wait for the disk.
	MaxHeld = 64 << 20

	// queueLimit is how many requests may wait for the disk.
	queueLimit = 256
	// sweepEvery is how late what expired may be removed, while the program runs.
	sweepEvery = time.Minute
)

// Options are what Contents work with. Zero values of the bounds mean the constants.
type Options struct {
	// Dir is where the files are. It is made when there is something to keep, and removed with the last file.
	Dir string
	Now func() time.Time
	// Rules is how long each project's contents are kept; those of all others are not. Nil says that nobody knows at the
	// moment: nothing new is kept, and nothing is removed before its time. See SetRules.
	Rules map[string]time.Duration
	// Mask takes out what only looks like a secret; nil takes nothing.
	Mask func(string) string
	// Stored is told that a request's contents can be read now; nil is nobody.
	Stored func(id string)
	Logger *slog.Logger

	MaxBody, MaxBytes, MaxHeld int64
	MaxRequests                int
}

// Contents is safe for concurrent use. It implements gateway.Contents.
type Contents struct {
	opts  Options
	rules atomic.Pointer[map[string]time.Duration]
	held  atomic.Int64

	mu      sync.Mutex // is held while files change, too
	kept    map[string]head
	bytes   int64
	running map[*item]struct{}
	lost    int64
	problem string
	closed  bool

	queue   chan *item
	stop    chan struct{}
	stopped chan struct{}
}

var _ gateway.Contents = (*Contents)(nil)

// Open reads what is kept, and removes what expired meanwhile and what was not written to its end. Trouble with the disk is no
// error here: it shows in State.
func Open(opts Options) *Contents {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Stored == nil {
		opts.Stored = func(string) {}
	}
	if opts.Mask == nil {
		opts.Mask = func(text string) string { return text }
	}
	opts.MaxBody, opts.MaxBytes = cmp.Or(opts.MaxBody, MaxBody), cmp.Or(opts.MaxBytes, MaxBytes)
	opts.MaxHeld, opts.MaxRequests = cmp.Or(opts.MaxHeld, MaxHeld), cmp.Or(opts.MaxRequests, MaxRequests)
	c := &Contents{
		opts: opts, kept: map[string]head{}, running: map[*item]struct{}{}, queue: make(chan *item, queueLimit),
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	c.mu.Lock()
	if err := c.load(); err != nil {
		c.trouble("what is kept of prompts and answers can't be read", err)
	}
	c.mu.Unlock()
	c.SetRules(opts.Rules)
	go c.write()
	return c
}

// SetRules says anew how long contents are kept. When it returns, what no rule keeps any more is gone. Nil is as in Options.
func (c *Contents) SetRules(rules map[string]time.Duration) {
	rules = maps.Clone(rules)
	c.rules.Store(&rules)
	c.Sweep()
}

func (c *Contents) ruled() map[string]time.Duration { return *c.rules.Load() }

// end is when a request's contents expire: when it was promised, or earlier where the rule is a shorter one by now.
func (h *head) end(rules map[string]time.Duration) time.Time {
	if rules == nil {
		return h.Until
	}
	keep, ok := rules[h.Project]
	if !ok {
		return time.Time{}
	}
	if end := h.StartedAt.Add(keep); end.Before(h.Until) {
		return end
	}
	return h.Until
}

// Sweep removes what expired.
func (c *Contents) Sweep() {
	now, rules := c.opts.Now(), c.ruled()
	c.removeAll(func(h *head) bool { return !now.Before(h.end(rules)) })
}

// Range is a part of the history: the requests that started at From or later and before To, of a project where one is named
// ("" are those without one). Zero times are unbounded.
type Range struct {
	From, To time.Time
	Project  *string
}

func (r Range) holds(h *head) bool {
	return !h.StartedAt.Before(r.From) && (r.To.IsZero() || h.StartedAt.Before(r.To)) && (r.Project == nil || h.Project == *r.Project)
}

// Delete removes the contents of a part of the history. What runs or waits for the disk meanwhile is not kept either.
func (c *Contents) Delete(r Range) {
	c.mu.Lock()
	for it := range c.running {
		it.forgotten = it.forgotten || r.holds(&it.head)
	}
	c.mu.Unlock()
	c.removeAll(r.holds)
}

func (c *Contents) removeAll(which func(*head) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, h := range c.kept {
		if which(&h) {
			c.remove(id, h)
		}
	}
}

// remove removes a file. One that can't be removed stays known, so that it is tried again. c.mu is held.
func (c *Contents) remove(id string, h head) bool {
	if err := os.Remove(c.path(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		c.trouble("kept contents can't be removed", err)
		return false
	}
	delete(c.kept, id)
	c.bytes -= h.size
	if len(c.kept) == 0 {
		_ = os.Remove(c.opts.Dir) // it stays where something else is in it
	}
	return true
}

// makeRoom removes the oldest until there is room for another file. c.mu is held.
func (c *Contents) makeRoom(size int64) {
	if c.bytes+size <= c.opts.MaxBytes && len(c.kept) < c.opts.MaxRequests {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(c.kept)) { // ids sort by time
		if c.bytes+size <= c.opts.MaxBytes && len(c.kept) < c.opts.MaxRequests || !c.remove(id, c.kept[id]) {
			return
		}
	}
}

// trouble keeps and logs what is wrong with the disk. c.mu is held.
func (c *Contents) trouble(what string, err error) {
	c.problem = what + ": " + err.Error()
	c.opts.Logger.Error(what, "error", err)
}

// ErrNotKept is what Get gives for a request whose contents are not kept.
var ErrNotKept error = &llm.Error{Kind: llm.ErrNotFound, Message: "the prompt and the answer of this request are not kept", Code: "not_kept"}

// Get gives the contents of a request, by its id.
func (c *Contents) Get(id string) (Kept, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.kept[id]
	if end := h.end(c.ruled()); !ok || !c.opts.Now().Before(end) {
		return Kept{}, ErrNotKept
	}
	k, err := readFile(c.path(id))
	if err != nil {
		return Kept{}, llm.Errorf(llm.ErrInternal, "kept contents can't be read: %w", err)
	}
	k.Until = h.end(c.ruled())
	return k, nil
}

// Sum is how much is kept.
type Sum struct {
	Requests, Bytes int64
}

// State is what is kept, by project, and what is wrong: Problem with the disk, empty if nothing is, and how many requests
// were Lost since the start because there was no room for them in memory.
type State struct {
	Projects map[string]Sum
	Problem  string
	Lost     int64
}

// State tells how much is kept.
func (c *Contents) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := State{Projects: map[string]Sum{}, Problem: c.problem, Lost: c.lost}
	for _, h := range c.kept {
		sum := s.Projects[h.Project]
		s.Projects[h.Project] = Sum{sum.Requests + 1, sum.Bytes + h.size}
	}
	return s
}

// Close writes what waits for the disk. What still runs is not kept any more.
func (c *Contents) Close(ctx context.Context) error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.stop)
	}
	c.mu.Unlock()
	select {
	case <-c.stopped:
		return nil
	case <-ctx.Done():
		return llm.AsError(ctx.Err())
	}
}

// write is the goroutine that writes files and removes what expired.
func (c *Contents) write() {
	defer close(c.stopped)
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case it := <-c.queue:
			if c.store(it) {
				c.opts.Stored(it.head.ID)
			}
		case <-tick.C:
			c.Sweep()
		case <-c.stop:
			for {
				select {
				case it := <-c.queue:
					c.store(it)
				default:
					return
				}
			}
		}
	}
}

func (c *Contents) path(id string) string { return filepath.Join(c.opts.Dir, id) }
