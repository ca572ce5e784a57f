package control

import (
	"context"
	"time"

	"gatehouse/backend/drift"
)

// UsageDriftQuery asks what providers say of their answers on the days from From to To; empty is unbounded.
type UsageDriftQuery struct {
	From *time.Time `json:"from"`
	To   *time.Time `json:"to"`
}

// UsageDrift is the answer, the newest day first. On tells whether providers are asked.
type UsageDrift struct {
	On   bool            `json:"on"`
	Days []UsageDriftDay `json:"days"`
}

// UsageDriftDay is what was compared of one provider's answers on a day of this machine's zone.
type UsageDriftDay struct {
	Day        string `json:"day"` // YYYY-MM-DD
	Provider   string `json:"provider"`
	Requests   int64  `json:"requests"`   // that it could have been asked about
	Compared   int64  `json:"compared"`   // requests that the provider told of
	Differing  int64  `json:"differing"`  // those with any number that differs
	Missing    int64  `json:"missing"`    // that the provider never came to know
	Unanswered int64  `json:"unanswered"` // that it could not be asked about
	Skipped    int64  `json:"skipped"`    // that were too many to ask about
	// What both say. The prompt has all that went in, be it from a cache or into one; the cost is in 1e-12 USD.
	Prompt     UsageDriftMeasure `json:"promptTokens"`
	Completion UsageDriftMeasure `json:"completionTokens"`
	Cost       UsageDriftMeasure `json:"costPicoUSD"`
}

// UsageDriftMeasure is a number, summed up over the requests of which both say it.
type UsageDriftMeasure struct {
	Requests  int64 `json:"requests"`
	Ours      int64 `json:"ours"`
	Theirs    int64 `json:"theirs"`
	Differing int64 `json:"differing"` // requests of which the two say otherwise
	// Difference is what they say less what we say.
	Difference int64 `json:"difference"`
}

func (s *Service) usageDrift(_ context.Context, q UsageDriftQuery) (UsageDrift, error) {
	date := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.Local().Format(time.DateOnly)
	}
	to := q.To
	if to != nil { // a range ends before To
		last := to.Add(-1)
		to = &last
	}
	days, err := s.Drift.Days(date(q.From), date(to))
	if err != nil {
		return UsageDrift{}, err
	}
	out := UsageDrift{On: s.Settings.Snapshot().CompareBills, Days: []UsageDriftDay{}}
	measure := func(m drift.Measure) UsageDriftMeasure {
		return UsageDriftMeasure{Requests: m.Requests, Ours: m.Ours, Theirs: m.Theirs, Differing: m.Differing, Difference: m.Theirs - m.Ours}
	}
	for _, d := range days {
		out.Days = append(out.Days, UsageDriftDay{
			Day: d.Day, Provider: d.Provider, Requests: d.Compared + d.Missing + d.Unanswered + d.Skipped, Compared: d.Compared, Differing: d.Differing, Missing: d.Missing,
			Unanswered: d.Unanswered, Skipped: d.Skipped,
			Prompt: measure(d.Prompt), Completion: measure(d.Completion), Cost: measure(d.Cost),
		})
	}
	return out, nil
}
