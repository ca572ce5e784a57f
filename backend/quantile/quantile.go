// Package quantile keeps a summary of many numbers that tells their quantiles to half a percent, in a few hundred bytes.
// Summaries of parts can be merged into that of the whole, which is what sums over hours, models and projects are made
// with. It is the one door to the sketch library, and must not know what the numbers are.
package quantile

import (
	"encoding/binary"
	"encoding/json"
	"errors"

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

// Wide gives an empty sketch that takes others several times faster than the zero value does, for some kilobytes more.
func Wide() Sketch {
	return Sketch{ddsketch.NewDDSketchFromStoreProvider(buckets, store.DenseStoreConstructor)}
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

// Append writes the sketch; an empty one is no bytes. How many zeros there are comes first, then for each other number, so
// far as it is told apart, how far it is from the one before (doubled, and one more where there are several), and where
// there are several, how many.
func (s *Sketch) Append(b []byte) []byte {
	if s.IsZero() {
		return b
	}
	b = binary.AppendUvarint(b, uint64(s.dd.GetZeroCount()))
	last := lowest - 1
	s.dd.GetPositiveValueStore().ForEach(func(index int, count float64) (stop bool) {
		distance := uint64(index-last) << 1 //nolint:gosec // they come in order
		if count == 1 {
			b = binary.AppendUvarint(b, distance)
		} else {
			b = binary.AppendUvarint(binary.AppendUvarint(b, distance|1), uint64(count))
		}
		last = index
		return false
	})
	return b
}

// lowest and highest are the indices that Add can reach.
var lowest, highest = buckets.Index(Smallest), buckets.Index(Largest)

var errBroken = errors.New("broken sketch")

// MergeBytes puts all numbers of a sketch that Append wrote into other ones. Bytes that are broken leave them broken, too.
func MergeBytes(b []byte, into ...*Sketch) error {
	if len(b) == 0 {
		return nil
	}
	zeros, size := binary.Uvarint(b)
	if size <= 0 || zeros > maxCount {
		return errBroken
	}
	b = b[size:]
	if zeros > 0 {
		for _, s := range into {
			_ = s.made().AddWithCount(0, float64(zeros)) // refuses only what is out of bounds
		}
	}
	var few [4]store.Store
	stores := few[:0]
	for _, s := range into {
		stores = append(stores, s.made().GetPositiveValueStore())
	}
	index := lowest - 1
	for len(b) > 0 {
		distance, size := binary.Uvarint(b)
		if size <= 0 || distance>>1 == 0 || distance>>1 > uint64(highest-index) { //nolint:gosec // never above highest
			return errBroken
		}
		b = b[size:]
		index += int(distance >> 1) //nolint:gosec // checked
		count := uint64(1)
		if distance&1 != 0 {
			if count, size = binary.Uvarint(b); size <= 0 || count > maxCount {
				return errBroken
			}
			b = b[size:]
		}
		for _, s := range stores {
			s.AddWithCount(index, float64(count))
		}
	}
	return nil
}

// maxCount bounds how often a number is there: counts are exact up to it.
const maxCount = 1 << 50

// MarshalJSON writes the sketch as the text of what Append writes.
func (s Sketch) MarshalJSON() ([]byte, error) { return json.Marshal(s.Append(nil)) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Sketch) UnmarshalJSON(text []byte) error {
	var b []byte
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	*s = Sketch{}
	return MergeBytes(b, s)
}
