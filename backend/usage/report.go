package usage

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/quantile"
	"gatehouse/backend/store"
)

// Quantiles are three of a number; each is nil where there are no numbers.
type Quantiles struct {
	P50 *float64 `json:"p50"`
	P75 *float64 `json:"p75"`
	P95 *float64 `json:"p95"`
}

func quantilesOf(s *quantile.Sketch) Quantiles {
	at := func(q float64) *float64 {
		v, ok := s.At(q)
		if !ok {
			return nil
		}
		v = math.Round(v*100) / 100
		return &v
	}
	return Quantiles{at(0.5), at(0.75), at(0.95)}
}

// Figures are what a report tells of some requests. A sum leaves out the requests in which the number is unknown; it is nil
// where it is unknown in all of them.
type Figures struct {
	// Requests are all, those that run included; Errors those that failed, Attempts the tries at providers.
	Requests int64 `json:"requests"`
	Errors   int64 `json:"errors"`
	Attempts int64 `json:"attempts"`
	// Tokens are disjoint, as in Record, but for ReasoningTokens.
	InputTokens        *int64 `json:"inputTokens"`
	CacheReadTokens    *int64 `json:"cacheReadTokens"`
	CacheWrite5mTokens *int64 `json:"cacheWrite5mTokens"`
	CacheWrite1hTokens *int64 `json:"cacheWrite1hTokens"`
	CacheWriteTokens   *int64 `json:"cacheWriteTokens"`
	OutputTokens       *int64 `json:"outputTokens"`
	ReasoningTokens    *int64 `json:"reasoningTokens"`
	// Costs are in 1e-12 USD. CacheSavedPicoUSD is what caching saved, below 0 where it cost more than it saved.
	CostPicoUSD         *int64 `json:"costPicoUSD"`
	ReportedCostPicoUSD *int64 `json:"reportedCostPicoUSD"`
	MarketCostPicoUSD   *int64 `json:"marketCostPicoUSD"`
	CacheSavedPicoUSD   *int64 `json:"cacheSavedPicoUSD"`
	// Priced, Answered and Reported count the requests with a known cost, with known output tokens and with a cost that the
	// provider told; UnknownTokens those without input or output tokens, UnknownCost those that cost something nobody knows.
	Priced        int64 `json:"priced"`
	Answered      int64 `json:"answered"`
	Reported      int64 `json:"reported"`
	UnknownTokens int64 `json:"unknownTokens"`
	UnknownCost   int64 `json:"unknownCost"`
	// Estimated counts the requests with a number that is estimated.
	Estimated int64 `json:"estimated"`
	// FirstTokenMs and DurationMs are in milliseconds, TokensPerSecond of streams after their first token.
	FirstTokenMs    Quantiles `json:"timeToFirstTokenMs"`
	DurationMs      Quantiles `json:"durationMs"`
	TokensPerSecond Quantiles `json:"tokensPerSecond"`
}

// Plus adds other requests' figures; there are no quantiles of both.
func (f Figures) Plus(o Figures) Figures {
	both := func(a, b *int64) *int64 {
		switch {
		case a == nil:
			return b
		case b == nil:
			return a
		}
		sum := *a + *b
		return &sum
	}
	return Figures{
		Requests: f.Requests + o.Requests, Errors: f.Errors + o.Errors, Attempts: f.Attempts + o.Attempts,
		InputTokens: both(f.InputTokens, o.InputTokens), CacheReadTokens: both(f.CacheReadTokens, o.CacheReadTokens),
		CacheWrite5mTokens: both(f.CacheWrite5mTokens, o.CacheWrite5mTokens),
		CacheWrite1hTokens: both(f.CacheWrite1hTokens, o.CacheWrite1hTokens),
		CacheWriteTokens:   both(f.CacheWriteTokens, o.CacheWriteTokens), OutputTokens: both(f.OutputTokens, o.OutputTokens),
		ReasoningTokens: both(f.ReasoningTokens, o.ReasoningTokens), CostPicoUSD: both(f.CostPicoUSD, o.CostPicoUSD),
		ReportedCostPicoUSD: both(f.ReportedCostPicoUSD, o.ReportedCostPicoUSD),
		CacheSavedPicoUSD:   both(f.CacheSavedPicoUSD, o.CacheSavedPicoUSD),
		Priced:              f.Priced + o.Priced, Answered: f.Answered + o.Answered, Reported: f.Reported + o.Reported,
		UnknownTokens: f.UnknownTokens + o.UnknownTokens, UnknownCost: f.UnknownCost + o.UnknownCost,
		MarketCostPicoUSD: both(f.MarketCostPicoUSD, o.MarketCostPicoUSD), Estimated: f.Estimated + o.Estimated,
	}
}

func figuresOf(s *sums, k *sketches) Figures {
	known := func(sum, count int) *int64 {
		if s[count] == 0 {
			return nil
		}
		v := s[sum]
		return &v
	}
	f := Figures{
		Requests: s[sumRequests], Errors: s[sumErrors], Attempts: s[sumAttempts],
		InputTokens: known(sumInput, knownInput), CacheReadTokens: known(sumCacheRead, knownCacheRead),
		CacheWrite5mTokens: known(sumCacheWrite5m, knownCacheWrite), CacheWrite1hTokens: known(sumCacheWrite1h, knownCacheWrite),
		OutputTokens: known(sumOutput, knownOutput), ReasoningTokens: known(sumReasoning, knownReasoning),
		CostPicoUSD: known(sumCost, knownCost), ReportedCostPicoUSD: known(sumReported, knownReported),
		CacheSavedPicoUSD: known(sumSaved, knownSaved),
		Priced:            s[knownCost], Answered: s[knownOutput], Reported: s[knownReported],
		UnknownTokens: s[sumUnknownTokens], UnknownCost: s[sumUnpriced], Estimated: s[sumEstimated],
		MarketCostPicoUSD: known(sumMarket, knownMarket),
	}
	if s[knownCacheWrite] > 0 {
		written := s[sumCacheWrite5m] + s[sumCacheWrite1h]
		f.CacheWriteTokens = &written
	}
	if k != nil {
		f.FirstTokenMs, f.DurationMs, f.TokensPerSecond = quantilesOf(&k.firstToken), quantilesOf(&k.duration), quantilesOf(&k.speed)
	}
	return f
}

// Report is the answer to a ReportQuery. From and To are zero where the query leaves them open and there are no requests.
type Report struct {
	From, To time.Time
	Totals   Figures
	// Previous is of the time before; nil without a comparison.
	Previous *Figures
	Buckets  []ReportBucket
	// Groups are the dearest first. Rest sums up those over the limit, OtherGroups counts them. With tags, a request is in
	// the group of each of its tags.
	Groups      []ReportGroup
	Rest        *ReportGroup
	OtherGroups int
}

// ReportBucket is a part of a report's time. Model and Provider are those of most of its requests.
type ReportBucket struct {
	Start, End      time.Time
	Figures         Figures
	Model, Provider string
}

// ReportGroup is one group of a report, with a cell for each bucket.
type ReportGroup struct {
	Name     string
	Figures  Figures
	Previous *Figures
	Cells    []ReportCell
}

// ReportCell is a group's share of a bucket.
type ReportCell struct {
	Requests, Errors, Tokens, CostPicoUSD int64
}

// Report sums up the history. Hours that are in it as a whole come from the roll-ups, the requests of the others are read one
// by one, and those that run or are on their way into the database are counted, too.
func (h *History) Report(ctx context.Context, q ReportQuery) (*Report, error) {
	if err := q.prepare(); err != nil {
		return nil, err
	}
	// What is committed while we read is in live or in the database or in both, as live is read first.
	live := h.liveRecords()
	var report *Report
	err := h.db.Read(func(tx *store.Tx) error {
		pending, err := h.pending(tx, live)
		if err != nil {
			return err
		}
		first, last, err := h.hoursStored(tx)
		if err != nil {
			return err
		}
		report, err = (&collector{ctx: ctx, h: h, tx: tx, q: q, live: pending}).collect(first, last)
		return err
	})
	var known *llm.Error
	if err != nil && !errors.As(err, &known) && ctx.Err() != nil {
		err = llm.AsError(ctx.Err())
	}
	return report, err
}

// pending gives those of the records in memory that the roll-ups do not count.
func (h *History) pending(tx *store.Tx, live []*Record) ([]*Record, error) {
	records := h.records.In(tx)
	return slices.DeleteFunc(live, func(r *Record) bool {
		if r.Outcome == gateway.Open {
			return false
		}
		raw, stored, err := records.Get(r.ID)
		return err == nil && stored && ended(raw)
	}), nil
}

// hoursStored gives the start of the first stored hour and the end of the last; zero where there are none.
func (h *History) hoursStored(tx *store.Tx) (first, last time.Time, err error) {
	end := func(order store.Order, from string, at func(hour uint32)) error {
		return h.rollups.hours.In(tx).Range(from, order, func(key string, _ store.Raw) (bool, error) {
			k, err := parseKey(key)
			if err == nil && k[0] == plainRows {
				at(k.hour())
			}
			return false, err
		})
	}
	highest := keyOf(plainRows, math.MaxUint32, math.MaxUint32)
	err = errors.Join(
		end(store.Ascending, "", func(hour uint32) { first = startOf(hour) }),
		end(store.Descending, string(highest[:]), func(hour uint32) { last = startOf(hour + 1) }),
	)
	return first, last, err
}

// Summarize makes a report of records that are given.
func Summarize(ctx context.Context, records []Record, q ReportQuery) (*Report, error) {
	if err := q.prepare(); err != nil {
		return nil, err
	}
	c := &collector{ctx: ctx, q: q}
	for i := range records {
		c.live = append(c.live, &records[i])
	}
	return c.collect(time.Time{}, time.Time{})
}

// collect makes the report. first and last are what the roll-ups hold.
func (c *collector) collect(first, last time.Time) (*Report, error) {
	c.bound(first, last)
	report, err := c.run()
	if !errors.Is(err, errManyGroups) {
		return report, err
	}
	// Only those that are told of in the end are worth times and cells.
	c.chosen = c.dearest()
	return c.run()
}

// bound gives an open start and end the first and the last hour with requests.
func (c *collector) bound(first, last time.Time) {
	for _, r := range c.live {
		hour := hourOf(r.StartedAt)
		if start := startOf(hour); first.IsZero() || start.Before(first) {
			first = start
		}
		if end := startOf(hour + 1); end.After(last) {
			last = end
		}
	}
	if c.q.From.IsZero() {
		c.q.From = first
	}
	if c.q.To.IsZero() {
		c.q.To = last
	}
	if c.q.To.Before(c.q.From) {
		c.q.To = c.q.From
	}
}

// byCost orders groups: the dearest first, then those with the most requests.
func byCost(a, b *group) int {
	return cmp.Or(cmp.Compare(b.sums[sumCost], a.sums[sumCost]), cmp.Compare(b.sums[sumRequests], a.sums[sumRequests]),
		strings.Compare(a.name, b.name))
}
