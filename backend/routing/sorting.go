package routing

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/provider"
)

// Sorting is by what the providers of the first model were ordered, and what is known of each.
type Sorting struct {
	By      Sort
	Metrics []Metric
	// Deprioritized are those that come last or not at all, since they are not well.
	Deprioritized []provider.ID
}

// Metric is what is known of a provider: USD per input token, milliseconds to the first token, or tokens per second; empty
// where nothing is.
type Metric struct {
	Provider provider.ID
	Value    json.Number
}

// measured is what a request sorts by: 1e-12 USD per input token, nanoseconds to the first token, thousandths of a token per
// second.
func (d *decider) measured(s serving) (n int64, known bool) {
	m := Measure{}
	if d.w.Measured != nil {
		m = d.w.Measured(Target{Provider: s.p.ID, Model: s.model})
	}
	switch s.terms.Options.Sort {
	case ByCost:
		if price, ok := d.w.Catalog.Price(s.p.ID, s.model); ok && price.Input != nil {
			return int64(*price.Input), true
		}
	case ByFirstToken:
		return int64(m.FirstToken), m.FirstToken > 0
	case BySpeed:
		return m.MilliTokensPerSecond, m.MilliTokensPerSecond > 0
	}
	return 0, false
}

// metric is the place that a request's order gives a provider, the smaller the better.
func (d *decider) metric(s serving) int64 {
	by := s.terms.Options.Sort
	last, ok := d.last()
	switch n, known := d.measured(s); {
	case by == "":
		return 0
	case ok && by != ByCost && last.Provider == s.p.ID && last.Model == s.model:
		return fastest // who answered the conversation last has its prompt cache
	case !known:
		return unmeasured
	case by == BySpeed:
		return -n
	default:
		return n
	}
}

// sorting says by what the providers of a model were ordered, nil where by nothing.
func (d *decider) sorting(list []serving) *Sorting {
	by := list[0].terms.Options.Sort
	if by == "" {
		return nil
	}
	out := &Sorting{By: by}
	for _, s := range list {
		m := Metric{Provider: s.p.ID}
		if n, known := d.measured(s); known {
			m.Value = by.number(n)
		}
		out.Metrics = append(out.Metrics, m)
		unwell := slices.ContainsFunc(d.out.Left, func(l Left) bool {
			return l.Provider == s.p.ID && l.Model == s.model && (l.kind == leftOpen || l.kind == leftLimited)
		})
		if unwell {
			out.Deprioritized = append(out.Deprioritized, s.p.ID)
		}
	}
	return out
}

// number writes a measure for people and programs.
func (by Sort) number(n int64) json.Number {
	switch by {
	case ByCost:
		return json.Number(catalog.PicoUSD(n).USD())
	case ByFirstToken:
		return json.Number(strconv.FormatInt(time.Duration(n).Milliseconds(), 10))
	}
	return json.Number(strconv.FormatFloat(float64(n)/1000, 'f', -1, 64))
}
