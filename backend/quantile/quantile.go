// Package quantile keeps a summary of many numbers that tells their quantiles to half a percent, in a few hundred bytes.
// Summaries of parts can be merged into that of the whole, which is what sums over hours, models and projects are made
// with. It is the one door to the sketch library, and must not know what the numbers are.
package quantile

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"sync"

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
type Sketch struct {
	dd  *ddsketch.DDSketch
	sum *window // in its place, in a wide one
}

// IsZero tells that nothing was added.
func (s *Sketch) IsZero() bool { return s.Count() == 0 }

// Count is how many numbers were added.
func (s *Sketch) Count() int64 {
	switch {
	case s == nil:
		return 0
	case s.sum != nil:
		return s.sum.zeros + s.sum.others
	case s.dd == nil:
		return 0
	}
	return int64(s.dd.GetCount())
}

// Wide gives an empty sketch that takes others many times faster than the zero value does, for some kilobytes more.
func Wide() Sketch { return Sketch{sum: &window{}} }

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
	if s.sum != nil {
		s.sum.addNumber(v)
		return
	}
	_ = s.made().Add(v) // refuses only what is out of these bounds
}

// Merge puts all numbers of another sketch in.
func (s *Sketch) Merge(o *Sketch) {
	switch {
	case o.IsZero():
	case s.sum != nil && o.sum != nil:
		s.sum.addWindow(o.sum)
	case s.sum != nil:
		s.sum.addAll(o.zeros(), o.counts(nil))
	case o.sum != nil:
		s.put(o.zeros(), o.counts(nil))
	default:
		_ = s.made().MergeWith(o.dd) // refuses only another mapping
	}
}

// zeros is how many of the numbers are 0.
func (s *Sketch) zeros() int64 {
	if s.sum != nil {
		return s.sum.zeros
	}
	return int64(s.dd.GetZeroCount())
}

// counts appends how often there are which of the other numbers, in order. The sketch must not be empty.
func (s *Sketch) counts(to []count) []count {
	if s.sum != nil {
		return s.sum.appendCounts(to)
	}
	s.dd.GetPositiveValueStore().ForEach(func(index int, n float64) (stop bool) {
		to = append(to, count{index, int64(n)})
		return false
	})
	return to
}

// put adds what is counted.
func (s *Sketch) put(zeros int64, counts []count) {
	if s.sum != nil {
		s.sum.addAll(zeros, counts)
		return
	}
	if zeros > 0 {
		_ = s.made().AddWithCount(0, float64(zeros)) // refuses only what is out of bounds
	}
	if len(counts) > 0 {
		kept := s.made().GetPositiveValueStore()
		for _, c := range counts {
			kept.AddWithCount(c.index, float64(c.n))
		}
	}
}

// At gives the quantile q, from 0 to 1: the number that has a share of q of the others below it. ok is false for a sketch
// without numbers.
func (s *Sketch) At(q float64) (v float64, ok bool) {
	if s.IsZero() {
		return 0, false
	}
	q = min(max(q, 0), 1)
	if s.sum != nil {
		return s.sum.at(q), true
	}
	v, err := s.dd.GetValueAtQuantile(q)
	return v, err == nil
}

// Append writes the sketch; an empty one is no bytes. How many zeros there are comes first, then for each other number, so
// far as it is told apart, how far it is from the one before (doubled, and one more where there are several), and where
// there are several, how many.
func (s *Sketch) Append(b []byte) []byte {
	if s.IsZero() {
		return b
	}
	b = binary.AppendUvarint(b, uint64(s.zeros())) //nolint:gosec // a count
	last := lowest - 1
	for _, c := range s.counts(nil) {
		distance := uint64(c.index-last) << 1 //nolint:gosec // they come in order
		if c.n == 1 {
			b = binary.AppendUvarint(b, distance)
		} else {
			b = binary.AppendUvarint(binary.AppendUvarint(b, distance|1), uint64(c.n)) //nolint:gosec // a count
		}
		last = c.index
	}
	return b
}

// lowest and highest are the indices that Add can reach.
var lowest, highest = buckets.Index(Smallest), buckets.Index(Largest)

var errBroken = errors.New("broken sketch")

// MergeBytes puts all numbers of a sketch that Append wrote into other ones, which bytes that are broken leave as they were.
func MergeBytes(b []byte, into ...*Sketch) error {
	if len(b) == 0 {
		return nil
	}
	room := rooms.Get().(*[]count)
	defer rooms.Put(room)
	zeros, counts, err := parse(b, (*room)[:0])
	if err != nil {
		return err
	}
	*room = counts
	for _, s := range into {
		s.put(zeros, counts)
	}
	return nil
}

// rooms are the memory in which a sketch is read: a report reads some ten thousand.
var rooms = sync.Pool{New: func() any { return new([]count) }}

// parse reads what Append wrote of a sketch that is not empty.
func parse(b []byte, to []count) (zeros int64, counts []count, err error) {
	first, size := binary.Uvarint(b)
	if size <= 0 || first > maxCount {
		return 0, nil, errBroken
	}
	b = b[size:]
	for index := lowest - 1; len(b) > 0; {
		distance, size := uint64(b[0]), 1
		if distance >= 0x80 { // what follows is rare: most numbers are close to the one before
			if distance, size = binary.Uvarint(b); size <= 0 {
				return 0, nil, errBroken
			}
		}
		if distance>>1 == 0 || distance>>1 > uint64(highest-index) { //nolint:gosec // never above highest
			return 0, nil, errBroken
		}
		b = b[size:]
		index += int(distance >> 1) //nolint:gosec // checked
		n := uint64(1)
		if distance&1 != 0 {
			if n, size = binary.Uvarint(b); size <= 0 || n > maxCount {
				return 0, nil, errBroken
			}
			b = b[size:]
		}
		to = append(to, count{index, int64(n)}) //nolint:gosec // checked
	}
	return int64(first), to, nil //nolint:gosec // checked
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
