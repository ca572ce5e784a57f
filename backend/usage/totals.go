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

// Total is one row of totals.
type Total struct {
	Name string
	Figures
}

// Totals gives a report's groups alone, or its days. The rows with the most requests come first, days newest first. A model is
// the one that served, or the requested one where none did. With tags, a request is in the row of each.
func (h *History) Totals(ctx context.Context, q ReportQuery) ([]Total, error) {
	byDay := q.By == ByDay
	q.Limit = maxGroups
	switch {
	case byDay:
		q.By, q.Bucket = "", Daily
	case q.By == "":
		return nil, llm.Errorf(llm.ErrBadRequest, "say what to make totals by: model, provider, project, key, client, user, tag, credential, "+
			"outcome, error or day")
	}
	report, err := h.Report(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []Total
	for _, b := range report.Buckets {
		if b.Figures.Requests > 0 {
			out = append(out, Total{b.Start.Format(time.DateOnly), b.Figures})
		}
	}
	for _, g := range report.Groups {
		out = append(out, Total{g.Name, g.Figures})
	}
	if report.Rest != nil {
		out = append(out, Total{Other, report.Rest.Figures})
	}
	slices.SortFunc(out, func(a, b Total) int {
		if byDay {
			return strings.Compare(b.Name, a.Name)
		}
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Name, b.Name))
	})
	return out, nil
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
