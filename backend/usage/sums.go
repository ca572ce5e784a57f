package usage

import (
	"encoding/binary"
	"errors"
	"fmt"

	"gatehouse/backend/gateway"
	"gatehouse/backend/quantile"
)

// The numbers of a roll-up, in the order in which they are stored. New ones go to the end; a stored row that lacks them has
// 0 there.
const (
	sumRequests = iota
	sumErrors
	sumAttempts
	sumInput
	sumCacheRead
	sumCacheWrite5m
	sumCacheWrite1h
	sumOutput
	sumReasoning
	sumCost
	sumReported
	sumSaved
	// The requests in which a number is known.
	knownInput
	knownCacheRead
	knownCacheWrite
	knownOutput
	knownReasoning
	knownCost
	knownReported
	knownSaved
	// Requests without input or output tokens, and those that cost something nobody knows.
	sumUnknownTokens
	sumUnpriced
	sumMarket
	knownMarket
	// Requests with a number that is estimated.
	sumEstimated
	sumsCount
)

// sums is what is added up, exactly.
type sums [sumsCount]int64

// sketches are the numbers whose quantiles are told: milliseconds, and tokens per second.
type sketches struct{ firstToken, duration, speed quantile.Sketch }

// wide are empty sketches that many others are merged into.
func wide() sketches { return sketches{quantile.Wide(), quantile.Wide(), quantile.Wide()} }

// row is one stored roll-up: an hour of a series.
type row struct {
	sums
	sketches
}

func (s *sums) add(o *sums) {
	for i, n := range o {
		s[i] += n
	}
}

// count puts a record in.
func (s *sums) count(r *Record) {
	s[sumRequests]++
	if r.Outcome == gateway.Failed {
		s[sumErrors]++
	}
	s[sumAttempts] += int64(len(r.Attempts))
	put := func(to, known int, n *int64) {
		if n != nil {
			s[to] += *n
			s[known]++
		}
	}
	put(sumInput, knownInput, r.InputTokens)
	put(sumCacheRead, knownCacheRead, r.CacheReadTokens)
	if r.CacheWrite5mTokens != nil {
		s[sumCacheWrite5m] += *r.CacheWrite5mTokens
	}
	if r.CacheWrite1hTokens != nil {
		s[sumCacheWrite1h] += *r.CacheWrite1hTokens
	}
	if r.CacheWrite5mTokens != nil || r.CacheWrite1hTokens != nil {
		s[knownCacheWrite]++
	}
	put(sumOutput, knownOutput, r.OutputTokens)
	put(sumReasoning, knownReasoning, r.ReasoningTokens)
	put(sumCost, knownCost, r.CostPicoUSD)
	put(sumReported, knownReported, r.ReportedCostPicoUSD)
	put(sumSaved, knownSaved, r.CacheSavedPicoUSD)
	put(sumMarket, knownMarket, r.MarketCostPicoUSD)
	if len(r.Estimated) > 0 {
		s[sumEstimated]++
	}
	if r.InputTokens == nil || r.OutputTokens == nil {
		s[sumUnknownTokens]++
	}
	if r.Unpriced() {
		s[sumUnpriced]++
	}
}

// count puts a record in.
func (s *sketches) count(r *Record) {
	if r.FirstTokenMs != nil {
		s.firstToken.Add(float64(*r.FirstTokenMs))
	}
	if r.DurationMs != nil {
		s.duration.Add(float64(*r.DurationMs))
	}
	if speed, ok := r.TokensPerSecond(); ok {
		s.speed.Add(speed)
	}
}

func (s *sketches) merge(o *sketches) {
	s.firstToken.Merge(&o.firstToken)
	s.duration.Merge(&o.duration)
	s.speed.Merge(&o.speed)
}

func (r *row) count(record *Record) {
	r.sums.count(record)
	r.sketches.count(record)
}

// append writes the row: how many numbers there are, the numbers, and the sketches, each after its length.
func (r *row) append(b []byte) []byte {
	b = append(b, sumsCount)
	for _, n := range r.sums {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range []*quantile.Sketch{&r.firstToken, &r.duration, &r.speed} {
		raw := s.Append(nil)
		b = append(binary.AppendUvarint(b, uint64(len(raw))), raw...)
	}
	return b
}

var errRow = errors.New("broken roll-up")

// parseSums adds the numbers of a stored row to s and gives what follows them.
func parseSums(b []byte, s *sums) (rest []byte, err error) {
	if len(b) == 0 {
		return nil, errRow
	}
	count := int(b[0])
	b = b[1:]
	for i := range count {
		n, size := binary.Varint(b)
		if size <= 0 {
			return nil, errRow
		}
		if i < sumsCount {
			s[i] += n
		}
		b = b[size:]
	}
	return b, nil
}

// parseSketches gives the three sketches of a stored row, as bytes.
func parseSketches(b []byte) (raw [3][]byte, err error) {
	for i := range raw {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return raw, errRow
		}
		raw[i], b = b[size:size+int(n)], b[size+int(n):]
	}
	if len(b) > 0 {
		return raw, errRow
	}
	return raw, nil
}

// mergeRaw puts the sketches of a stored row into others.
func mergeRaw(raw [3][]byte, into ...*sketches) error {
	var few [4]*quantile.Sketch
	for i, pick := range []func(*sketches) *quantile.Sketch{
		func(s *sketches) *quantile.Sketch { return &s.firstToken },
		func(s *sketches) *quantile.Sketch { return &s.duration },
		func(s *sketches) *quantile.Sketch { return &s.speed },
	} {
		targets := few[:0]
		for _, s := range into {
			targets = append(targets, pick(s))
		}
		if err := quantile.MergeBytes(raw[i], targets...); err != nil {
			return fmt.Errorf("%w: %w", errRow, err)
		}
	}
	return nil
}

// parseRow reads what append wrote.
func parseRow(b []byte) (*row, error) {
	r := &row{}
	rest, err := parseSums(b, &r.sums)
	if err != nil {
		return nil, err
	}
	raw, err := parseSketches(rest)
	if err != nil {
		return nil, err
	}
	return r, mergeRaw(raw, &r.sketches)
}

// shortestStream is the time between the first token and the end, in milliseconds, from which on a speed is told: what
// comes all at once has none.
const shortestStream = 100

// TokensPerSecond is how fast the answer was streamed after its first token; ok is false where that is not known.
func (r *Record) TokensPerSecond() (speed float64, ok bool) {
	if !r.Stream || r.OutputTokens == nil || *r.OutputTokens <= 0 || r.FirstTokenMs == nil || r.DurationMs == nil {
		return 0, false
	}
	took := *r.DurationMs - *r.FirstTokenMs
	if took < shortestStream {
		return 0, false
	}
	return float64(*r.OutputTokens) * 1000 / float64(took), true
}
