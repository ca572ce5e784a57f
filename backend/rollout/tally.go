package rollout

import (
	"math"
	"time"

	"gatehouse/backend/quantile"
)

// tally is what is kept of one model's requests. Times, tokens and cost are of its own answers alone, not of those of
// who answered in its place.
type tally struct {
	Requests  int64 `json:"requests,omitempty"`
	Errors    int64 `json:"errors,omitempty"`
	Cancelled int64 `json:"cancelled,omitempty"` // not among Requests
	// FirstToken is in milliseconds.
	FirstToken sketch `json:"firstTokenMs,omitzero"`
	DurationMs mean   `json:"durationMs,omitzero"`
	Output     mean   `json:"output,omitzero"`
	Cost       mean   `json:"cost,omitzero"` // 1e-12 USD
	// UnknownCost counts answers whose cost is not known.
	UnknownCost int64 `json:"unknownCost,omitempty"`
}

// pair is both models' tallies.
type pair [2]tally

const (
	oldArm = 0
	newArm = 1
)

func (t *tally) add(r Result, v verdict) {
	switch v {
	case silent:
		return
	case cancelled:
		t.Cancelled++
		return
	case failed:
		t.Errors++
	case served:
		if r.FirstTokenMs != nil {
			t.FirstToken.add(*r.FirstTokenMs)
		}
		t.DurationMs.add(r.DurationMs)
		t.Output.add(r.OutputTokens)
		t.Cost.add(r.CostPicoUSD)
		if r.CostPicoUSD == nil {
			t.UnknownCost++
		}
	}
	t.Requests++
}

func (t *tally) merge(o *tally) {
	t.Requests, t.Errors, t.Cancelled = t.Requests+o.Requests, t.Errors+o.Errors, t.Cancelled+o.Cancelled
	t.FirstToken.merge(&o.FirstToken)
	t.DurationMs.merge(o.DurationMs)
	t.Output.merge(o.Output)
	t.Cost.merge(o.Cost)
	t.UnknownCost += o.UnknownCost
}

// mean is a sum that is exact, with what its interval takes: the squares of the distances from the mean, by Welford's
// method, which Chan's joins.
type mean struct {
	N       int64   `json:"n"`
	Sum     int64   `json:"sum"`
	Squares float64 `json:"squares"`
}

// IsZero tells that nothing was added.
func (m mean) IsZero() bool { return m.N == 0 }

func (m *mean) add(v *int64) {
	if v != nil {
		m.merge(mean{N: 1, Sum: *v})
	}
}

func (m *mean) merge(o mean) {
	switch {
	case o.N == 0:
		return
	case m.N > 0:
		apart := float64(o.Sum)/float64(o.N) - float64(m.Sum)/float64(m.N)
		m.Squares += apart * apart * float64(m.N) * float64(o.N) / float64(m.N+o.N)
	}
	m.N, m.Sum, m.Squares = m.N+o.N, m.Sum+o.Sum, m.Squares+o.Squares
}

// value is the mean, rounded; m must not be empty.
func (m mean) value() int64 { return int64(math.Round(float64(m.Sum) / float64(m.N))) }

// sketch holds milliseconds for their quantiles.
type sketch struct{ quantile.Sketch }

// longestMs bounds what a sketch takes.
const longestMs = int64(24 * time.Hour / time.Millisecond)

func (s *sketch) count() int64 { return s.Count() }

func (s *sketch) add(ms int64) { s.Add(float64(min(max(ms, 0), longestMs))) }

func (s *sketch) merge(o *sketch) { s.Merge(&o.Sketch) }

// atRank gives the number of a rank, from 1 to count, so far as quantile.Accuracy goes.
func (s *sketch) atRank(rank int64) int64 {
	q, n := 0.0, s.count()
	if n > 1 {
		q = float64(min(max(rank, 1), n)-1) / float64(n-1)
	}
	v, _ := s.At(q)
	return int64(math.Round(v))
}

// window is what happened lately, in slices of time.
type window struct {
	Width  time.Duration `json:"width,omitempty"`
	Slices []slice       `json:"slices,omitempty"`
}

type slice struct {
	Start time.Time `json:"start"`
	Arms  *pair     `json:"arms"`
}

// sliceCount is of how many slices a window is made: it looks back at least so many less one.
const sliceCount = 12

// at gives the slice of a time. A window of another length starts anew.
func (w *window) at(now time.Time, length time.Duration) *pair {
	width := length / sliceCount
	if w.Width != width {
		*w = window{Width: width}
	}
	w.drop(now)
	start := now.Truncate(width)
	for i := len(w.Slices) - 1; i >= 0; i-- {
		if w.Slices[i].Start.Equal(start) {
			return w.Slices[i].Arms
		}
	}
	w.Slices = append(w.Slices, slice{start, &pair{}})
	return w.Slices[len(w.Slices)-1].Arms
}

// drop forgets slices that are too old, and those of a clock that was ahead.
func (w *window) drop(now time.Time) {
	kept := w.Slices[:0]
	for _, s := range w.Slices {
		if age := now.Sub(s.Start); age >= 0 && age < sliceCount*w.Width && s.Arms != nil {
			kept = append(kept, s)
		}
	}
	clear(w.Slices[len(kept):])
	w.Slices = kept
}

// sum gives all of the window together.
func (w *window) sum(now time.Time, length time.Duration) *pair {
	out := &pair{}
	if w.Width != length/sliceCount {
		return out
	}
	w.drop(now)
	for _, s := range w.Slices {
		for arm := range out {
			out[arm].merge(&s.Arms[arm])
		}
	}
	return out
}
