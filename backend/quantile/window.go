package quantile

import "math"

// count is how often a number is there, by its index in the mapping.
type count struct {
	index int
	n     int64
}

// window counts the numbers between the lowest and the highest of those that were added, in one piece of memory: where many
// thousand sketches are summed up, nearly all of the time goes into adding to this.
type window struct {
	zeros, others int64
	low           int // index of the first of numbers
	numbers       []int64
}

func (w *window) addNumber(v float64) {
	if v == 0 {
		w.zeros++
		return
	}
	index := buckets.Index(v)
	w.reach(index, index)
	w.numbers[index-w.low]++
	w.others++
}

// addAll adds counts that are in order.
func (w *window) addAll(zeros int64, counts []count) {
	w.zeros += zeros
	if len(counts) == 0 {
		return
	}
	w.reach(counts[0].index, counts[len(counts)-1].index)
	numbers, low, sum := w.numbers, w.low, int64(0)
	for _, c := range counts {
		numbers[c.index-low] += c.n
		sum += c.n
	}
	w.others += sum
}

func (w *window) addWindow(o *window) {
	w.zeros += o.zeros
	if len(o.numbers) == 0 {
		return
	}
	w.reach(o.low, o.low+len(o.numbers)-1)
	for i, n := range o.numbers {
		w.numbers[o.low-w.low+i] += n
	}
	w.others += o.others
}

// reach makes room from one index to another.
func (w *window) reach(first, last int) {
	end := w.low + len(w.numbers)
	if len(w.numbers) > 0 {
		if first >= w.low && last < end {
			return
		}
		// A little more than is needed, so that it does not move for each number at the edge.
		const more = 32
		if first < w.low {
			first -= more
		} else {
			first = w.low
		}
		if last >= end {
			last += more
		} else {
			last = end - 1
		}
	}
	first, last = max(first, lowest), min(last, highest)
	grown := make([]int64, last-first+1)
	if len(w.numbers) > 0 {
		copy(grown[w.low-first:], w.numbers)
	}
	w.low, w.numbers = first, grown
}

func (w *window) appendCounts(to []count) []count {
	for i, n := range w.numbers {
		if n != 0 {
			to = append(to, count{w.low + i, n})
		}
	}
	return to
}

// at gives a quantile as the library does: of the numbers in order, that at the place q*(count-1). There must be one.
func (w *window) at(q float64) float64 {
	rank := q * float64(w.zeros+w.others-1)
	before := float64(w.zeros)
	if rank < before {
		return 0
	}
	for i, n := range w.numbers {
		if before += float64(n); before > rank {
			return buckets.Value(w.low + i)
		}
	}
	return math.NaN() // there is no place behind the last number
}
