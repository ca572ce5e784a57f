// Package quantile keeps a summary of many numbers that tells their quantiles to half a percent, in a few hundred bytes.
// Summaries of parts can be merged into that of the whole, which is what sums over hours, models and projects are made
// with. It is the one door to the sketch library, and must not know what the numbers are.
package quantile

import (
	"encoding/json"
	"fmt"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/mapping"
	"github.com/DataDog/sketches-go/ddsketch/store"
)

// Accuracy is how far a quantile may be off, as a share of it.
const Accuracy = 0.005

// The numbers that a sketch tells apart; smaller ones count as 0, larger ones as Largest. They bound its size.
const (
	Smallest = 1e-3
	Largest  = 1e9
)

var buckets = func() mapping.IndexMapping {
	m, err := mapping.NewLogarithmicMapping(Accuracy)
	if err != nil {
		panic(err) // only an accuracy outside of 0 to 1 is one
	}
	return m
}()

// Sketch is a summary of numbers that are not negative. Its zero value is empty and ready for use.
type Sketch struct{ dd *ddsketch.DDSketch }

// IsZero tells that nothing was added.
func (s *Sketch) IsZero() bool { return s == nil || s.dd == nil || s.dd.IsEmpty() }

// Count is how many numbers were added.
func (s *Sketch) Count() int64 {
	if s.IsZero() {
		return 0
	}
	return int64(s.dd.GetCount())
}

func (s *Sketch) made() *ddsketch.DDSketch {
	if s.dd == nil {
		s.dd = ddsketch.NewDDSketchFromStoreProvider(buckets, store.BufferedPaginatedStoreConstructor)
	}
	return s.dd
}

// Add puts a number in.
func (s *Sketch) Add(v float64) {
	switch {
	case !(v >= Smallest): // no number at all is none, too
		v = 0
	case v > Largest:
		v = Largest
	}
	_ = s.made().Add(v) // refuses only what is out of these bounds
}

// Merge puts all numbers of another sketch in.
func (s *Sketch) Merge(o *Sketch) {
	if !o.IsZero() {
		_ = s.made().MergeWith(o.dd) // refuses only another mapping
	}
}

// At gives the quantile q, from 0 to 1: the number that has a share of q of the others below it. ok is false for a sketch
// without numbers.
func (s *Sketch) At(q float64) (v float64, ok bool) {
	if s.IsZero() {
		return 0, false
	}
	v, err := s.dd.GetValueAtQuantile(min(max(q, 0), 1))
	return v, err == nil
}

// Append writes the sketch; an empty one is no bytes.
func (s *Sketch) Append(b []byte) []byte {
	if !s.IsZero() {
		s.dd.Encode(&b, true)
	}
	return b
}

// MergeBytes puts in all numbers of a sketch that Append wrote.
func (s *Sketch) MergeBytes(b []byte) (err error) {
	if len(b) == 0 {
		return nil
	}
	// The library trusts what it reads, up to an index out of range.
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("broken sketch: %v", v)
		}
	}()
	return s.made().DecodeAndMergeWith(b)
}

// MarshalJSON writes the sketch as the text of what Append writes.
func (s Sketch) MarshalJSON() ([]byte, error) { return json.Marshal(s.Append(nil)) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Sketch) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	*s = Sketch{}
	return s.MergeBytes(b)
}
