package answers

import (
	"iter"
	"slices"
)

// index is what is known of things by id, in the order in which they came, with their sizes.
type index[T any] struct {
	byID  map[string]entry[T]
	order []place // some of them are gone, or have come again at another place
	bytes int64
	turn  uint64
}

type place struct {
	id   string
	turn uint64
}

type entry[T any] struct {
	value T
	size  int64
	turn  uint64
}

func newIndex[T any]() index[T] { return index[T]{byID: map[string]entry[T]{}} }

func (x *index[T]) get(id string) (T, bool) {
	e, ok := x.byID[id]
	return e.value, ok
}

// put sets what is known; a thing that is there already keeps its place.
func (x *index[T]) put(id string, value T, size int64) {
	before, there := x.byID[id]
	if there {
		x.bytes += size - before.size
		x.byID[id] = entry[T]{value, size, before.turn}
		return
	}
	x.turn++
	x.byID[id] = entry[T]{value, size, x.turn}
	x.order = append(x.order, place{id, x.turn})
	x.bytes += size
}

func (x *index[T]) remove(ids ...string) {
	for _, id := range ids {
		if e, ok := x.byID[id]; ok {
			x.bytes -= e.size
			delete(x.byID, id)
		}
	}
	if len(x.order) > 2*len(x.byID)+16 {
		x.order = slices.DeleteFunc(x.order, func(p place) bool { _, ok := x.at(p); return !ok })
	}
}

// at gives what has a place, if it is still there.
func (x *index[T]) at(p place) (entry[T], bool) {
	e, ok := x.byID[p.id]
	return e, ok && e.turn == p.turn
}

func (x *index[T]) all() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, p := range slices.Clone(x.order) {
			if e, ok := x.at(p); ok && !yield(p.id, e.value) {
				return
			}
		}
	}
}

// makeRoom gives the oldest, which must go before a thing of a size has its place.
func (x *index[T]) makeRoom(id string, size int64, count int, bytes int64) []string {
	n, total := len(x.byID), x.bytes
	if before, there := x.byID[id]; there {
		total -= before.size
	} else {
		n++
	}
	total += size
	var gone []string
	for _, p := range x.order {
		if n <= count && total <= bytes {
			break
		}
		e, ok := x.at(p)
		if !ok || p.id == id {
			continue
		}
		gone = append(gone, p.id)
		n--
		total -= e.size
	}
	return gone
}
