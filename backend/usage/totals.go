package usage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

// By is what totals are made by.
type By string

// The kinds of totals. A day is one of the machine's local time.
const (
	ByModel    By = "model"
	ByProvider By = "provider"
	ByProject  By = "project"
	ByKey      By = "key"
	ByClient   By = "client"
	ByDay      By = "day"
)

// Total is one row of totals. A sum leaves out the records in which the number is unknown: UnknownTokens counts those
// without input or output tokens, UnknownCost those without a cost.
type Total struct {
	Name             string `json:"name"`
	Requests         int64  `json:"requests"`
	Errors           int64  `json:"errors"`
	InputTokens      int64  `json:"inputTokens"`
	CacheReadTokens  int64  `json:"cacheReadTokens"`
	CacheWriteTokens int64  `json:"cacheWriteTokens"`
	OutputTokens     int64  `json:"outputTokens"`
	ReasoningTokens  int64  `json:"reasoningTokens"`
	CostPicoUSD      int64  `json:"costPicoUSD"`
	UnknownTokens    int64  `json:"unknownTokens"`
	UnknownCost      int64  `json:"unknownCost"`
}

// Totals sums up the requests that started at since or later and before until; zero times mean unbounded. The rows with
// the most requests come first, days newest first. A model is the one that served, or the requested one where none did.
func (h *History) Totals(ctx context.Context, by By, since, until time.Time) ([]Total, error) {
	name, ok := names[by]
	if !ok {
		return nil, llm.Errorf(llm.ErrBadRequest, "totals by %q are unknown; use model, provider, project, key, client or day", by)
	}
	rows := map[string]*Total{}
	err := h.Each(ctx, since, until, func(r *Record) bool {
		n := name(r)
		row := rows[n]
		if row == nil {
			row = &Total{Name: n}
			rows[n] = row
		}
		row.Add(r)
		return true
	})
	if err != nil {
		return nil, err
	}
	out := make([]Total, 0, len(rows))
	for _, row := range rows {
		out = append(out, *row)
	}
	slices.SortFunc(out, func(a, b Total) int {
		if by == ByDay {
			return strings.Compare(b.Name, a.Name)
		}
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}

// Each gives the requests that started at since or later and before until, newest first, until fn says to stop; zero
// times mean unbounded. A record holds what Total sums up and what tells who asked whom, and nothing else for certain.
func (h *History) Each(ctx context.Context, since, until time.Time, fn func(*Record) bool) error {
	// An id is made a moment before or after the record's start.
	const slack = time.Minute
	after, before := "", ""
	if !since.IsZero() {
		after = firstID(since.Add(-slack))
	}
	if !until.IsZero() {
		before = firstID(until.Add(slack))
	}
	return h.newestFirst(ctx, before, nil, forTotals, func(r *Record) bool {
		if r.ID < after {
			return false
		}
		if r.StartedAt.Before(since) || !until.IsZero() && !r.StartedAt.Before(until) {
			return true
		}
		return fn(r)
	})
}

// firstID is at most as high as every id of a moment: gateway.NewRequestID's prefix and ten characters of time.
func firstID(t time.Time) string { return gateway.NewRequestID(t)[:14] }

var names = map[By]func(*Record) string{
	ByModel:    func(r *Record) string { return cmp.Or(r.Model, r.RequestedModel) },
	ByProvider: func(r *Record) string { return r.Provider },
	ByProject:  func(r *Record) string { return r.Project },
	ByKey:      func(r *Record) string { return r.Key },
	ByClient:   func(r *Record) string { return r.Client },
	ByDay:      func(r *Record) string { return r.StartedAt.Local().Format(time.DateOnly) },
}

// Add counts a record in.
func (t *Total) Add(r *Record) {
	t.Requests++
	if r.Outcome == gateway.Failed {
		t.Errors++
	}
	if r.InputTokens == nil || r.OutputTokens == nil {
		t.UnknownTokens++
	}
	if r.CostPicoUSD == nil {
		t.UnknownCost++
	}
	sum(&t.InputTokens, r.InputTokens)
	sum(&t.CacheReadTokens, r.CacheReadTokens)
	sum(&t.CacheWriteTokens, r.CacheWriteTokens())
	sum(&t.OutputTokens, r.OutputTokens)
	sum(&t.ReasoningTokens, r.ReasoningTokens)
	sum(&t.CostPicoUSD, r.CostPicoUSD)
}

func sum(to, n *int64) {
	if n != nil {
		*to += *n
	}
}
