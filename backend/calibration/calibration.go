// Package calibration learns how far the estimate of a prompt's tokens is off at each provider's models, from what
// requests turned out to use, and corrects it by that.
//
// It keeps sums of tokens and nothing of what was in a request. It must not know how the estimate is made.
package calibration

import (
	"context"
	"log/slog"
	"math/bits"
	"sync"
	"time"

	"gatehouse/backend/store"
)

// Options is what a Calibration is made of. All are needed.
type Options struct {
	Now    func() time.Time
	Logger *slog.Logger
}

const (
	// limit is how many models are kept; the one that taught nothing for the longest goes first.
	limit = 512
	// prior is how many tokens of an estimate that is right a model starts with, so that a few short requests, which are
	// mostly frame, decide nothing.
	prior = 2000
	// memory bounds the sums: what is older weighs half when they reach it. A model's tokenizer does not change, but what it
	// is asked does.
	memory = 4_000_000
	// ready is after how many requests a model is known well enough to be measured no more than once in an interval.
	ready    = 16
	interval = time.Minute
	// saveAfter is how long news wait for others before they are written.
	saveAfter = time.Minute
)

// sums is what a model taught: tokens as estimated and as used, of how many requests, and when last.
type sums struct {
	Estimated int64     `json:"estimated"`
	Actual    int64     `json:"actual"`
	Requests  int64     `json:"requests"`
	At        time.Time `json:"at"`
}

// Calibration is safe for concurrent use.
type Calibration struct {
	opts   Options
	db     *store.DB
	bucket *store.Bucket[sums]

	mu    sync.Mutex
	known map[string]sums
	dirty map[string]bool // changed or, where known lacks it, gone
	wake  chan struct{}

	stop context.CancelFunc
	done chan struct{}
}

// Open reads what was learned before. What can't be read is learned anew.
func Open(db *store.DB, opts Options) *Calibration {
	ctx, stop := context.WithCancel(context.Background())
	c := &Calibration{
		opts: opts, db: db, bucket: store.NewBucket[sums](db, "calibration"),
		known: map[string]sums{}, dirty: map[string]bool{}, wake: make(chan struct{}, 1), stop: stop, done: make(chan struct{}),
	}
	err := c.bucket.ForEach(func(key string, s sums) error {
		if s.Estimated > 0 && s.Actual > 0 && len(c.known) < limit {
			c.known[key] = s
		}
		return nil
	})
	if err != nil {
		opts.Logger.Warn("what was learned of counting tokens can't be read and is learned anew", "error", err)
	}
	go c.keep(ctx)
	return c
}

// key can't be mistaken: no provider's id has a blank in it.
func key(provider, model string) string { return provider + " " + model }

// Correct gives the tokens that a prompt probably has, by its estimate. It is at least 1, and within a quarter and four
// times the estimate: beyond that something else is wrong.
func (c *Calibration) Correct(provider, model string, estimated int64) int64 {
	c.mu.Lock()
	s := c.known[key(provider, model)]
	c.mu.Unlock()
	estimated = max(estimated, 1)
	high, low := bits.Mul64(uint64(estimated), uint64(s.Actual+prior)) //nolint:gosec // neither is negative
	out := estimated
	if divisor := uint64(s.Estimated + prior); high < divisor { //nolint:gosec // not negative
		quotient, _ := bits.Div64(high, low, divisor)
		out = int64(min(quotient, 1<<62)) //nolint:gosec // it fits
	}
	return max(min(out, 4*estimated), estimated/4, 1)
}

// Wants tells whether it is worth the work of an estimate to learn from a request.
func (c *Calibration) Wants(provider, model string) bool {
	c.mu.Lock()
	s := c.known[key(provider, model)]
	c.mu.Unlock()
	return s.Requests < ready || c.opts.Now().Sub(s.At) >= interval
}

// Learn takes the estimate of a prompt and what it really had. What is too far apart to be the same prompt is left out.
func (c *Calibration) Learn(provider, model string, estimated, actual int64) {
	const apart, largest = 16, 1 << 30
	if estimated < 1 || actual < 1 || estimated > largest || actual > largest ||
		actual/apart > estimated+prior || estimated/apart > actual+prior {
		return
	}
	k := key(provider, model)
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.known[k]
	if !ok && len(c.known) >= limit {
		c.forgetOldest()
	}
	s.Estimated, s.Actual, s.Requests, s.At = s.Estimated+estimated, s.Actual+actual, s.Requests+1, c.opts.Now().Round(0)
	for s.Estimated > memory {
		s.Estimated, s.Actual = s.Estimated/2, s.Actual/2
	}
	c.known[k], c.dirty[k] = s, true
	select {
	case c.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (c *Calibration) forgetOldest() {
	oldest := ""
	for k, s := range c.known {
		if oldest == "" || s.At.Before(c.known[oldest].At) {
			oldest = k
		}
	}
	delete(c.known, oldest)
	c.dirty[oldest] = true
}

// keep writes what was learned, a while after it was.
func (c *Calibration) keep(ctx context.Context) {
	defer close(c.done)
	for {
		select {
		case <-ctx.Done():
			c.save()
			return
		case <-c.wake:
		}
		wait := time.NewTimer(saveAfter)
		select {
		case <-ctx.Done():
		case <-wait.C:
		}
		wait.Stop()
		c.save()
	}
}

func (c *Calibration) save() {
	c.mu.Lock()
	changed := make(map[string]sums, len(c.dirty))
	for k := range c.dirty {
		changed[k] = c.known[k]
	}
	clear(c.dirty)
	c.mu.Unlock()
	if len(changed) == 0 {
		return
	}
	err := c.db.Write(func(tx *store.Tx) error {
		b := c.bucket.In(tx)
		for k, s := range changed {
			var err error
			if s.Requests == 0 {
				err = b.Delete(k)
			} else {
				err = b.Put(k, s)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.opts.Logger.Warn("what was learned of counting tokens is not saved", "error", err)
	}
}

// Close saves and stops.
func (c *Calibration) Close() {
	c.stop()
	<-c.done
}
