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
// the most requests come first, days newest first. A model is the one that served, or the requested one where none did. With
// tags, a request is in the row of each.
func (h *History) Totals(ctx context.Context, by By, since, until time.Time) ([]Total, error) {
	q := ReportQuery{From: since, To: until, By: by, Limit: maxGroups}
	if by == ByDay {
		q.By, q.Bucket = "", Daily
	} else if by == "" {
		return nil, llm.Errorf(llm.ErrBadRequest, "say what to make totals by: model, provider, project, key, client, user, tag or day")
	}
	report, err := h.Report(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []Total
	for _, b := range report.Buckets {
		if b.Figures.Requests > 0 {
			out = append(out, totalOf(b.Start.Format(time.DateOnly), &b.Figures))
		}
	}
	for _, g := range report.Groups {
		out = append(out, totalOf(g.Name, &g.Figures))
	}
	if report.Rest != nil {
		out = append(out, totalOf(Other, &report.Rest.Figures))
	}
	slices.SortFunc(out, func(a, b Total) int {
		if by == ByDay {
			return strings.Compare(b.Name, a.Name)
		}
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}

func totalOf(name string, f *Figures) Total {
	known := func(n *int64) int64 {
		if n == nil {
			return 0
		}
		return *n
	}
	return Total{
		Name: name, Requests: f.Requests, Errors: f.Errors, InputTokens: known(f.InputTokens), CacheReadTokens: known(f.CacheReadTokens),
		CacheWriteTokens: known(f.CacheWriteTokens), OutputTokens: known(f.OutputTokens), ReasoningTokens: known(f.ReasoningTokens),
		CostPicoUSD: known(f.CostPicoUSD), UnknownTokens: f.UnknownTokens, UnknownCost: f.Requests - f.Priced,
	}
}

// Each gives the requests that started at since or later and before until, newest first, until fn says to stop; zero
// times mean unbounded. A record holds what Total sums up and what tells who asked whom, and nothing else for certain.
func (h *History) Each(ctx context.Context, since, until time.Time, fn func(*Record) bool) error {
	after, before := "", ""
	if !since.IsZero() {
		after = firstID(since.Add(-idSlack))
	}
	if !until.IsZero() {
		before = firstID(until.Add(idSlack))
	}
	return h.newestFirst(ctx, before, everything, forTotals, func(r *Record) bool {
		if r.ID < after {
			return false
		}
		if r.StartedAt.Before(since) || !until.IsZero() && !r.StartedAt.Before(until) {
			return true
		}
		return fn(r)
	})
}

// idSlack is more than what lies between the moment an id is made and the record's start, before it or after it.
const idSlack = time.Minute

// firstID is at most as high as every id of a moment: gateway.NewRequestID's prefix and ten characters of time.
func firstID(t time.Time) string { return gateway.NewRequestID(t)[:14] }
