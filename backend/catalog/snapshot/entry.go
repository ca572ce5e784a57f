package snapshot

import (
	"strings"
	"time"

	"gatehouse/backend/catalog"
)

// entry is a model in a file. What is left out is unknown.
type entry struct {
	ID          string   `json:"id"`
	Also        []string `json:"also"` // other names
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Released    day      `json:"released"`
	Context     int64    `json:"context"` // tokens
	Output      int64    `json:"output"`  // tokens
	In          []string `json:"in"`
	Out         []string `json:"out"`
	Tags        []string `json:"tags"`
	Prices      []price  `json:"prices"`
	// Old tells that its maker has given it up.
	Old bool `json:"old"`
}

// price is a price with the day from which, or the hours of each day in which it holds (UTC); of several that hold the
// last one does.
type price struct {
	Since day    `json:"since"`
	From  string `json:"from"`
	To    string `json:"to"`
	catalog.Rates
	Long    []catalog.Step   `json:"long"`
	Search  *catalog.PicoUSD `json:"search"`
	Request *catalog.PicoUSD `json:"request"`
}

// day is a date, as 2026-11-21.
type day struct{ time time.Time }

// UnmarshalText reads a date, which begins at midnight UTC.
func (d *day) UnmarshalText(text []byte) (err error) {
	d.time, err = time.Parse(time.DateOnly, string(text))
	return err
}

func (e *entry) said(origin *catalog.Origin, now time.Time) catalog.Said {
	m := catalog.Model{
		ID: e.ID, Name: e.Name, Description: e.Description, ContextWindow: e.Context, MaxOutput: e.Output,
		InputModalities: e.In, OutputModalities: e.Out, Tags: e.Tags, Price: e.price(now),
	}
	if !e.Released.time.IsZero() {
		m.Released = e.Released.time.Unix()
	}
	if strings.Contains(e.ID, "embedding") {
		m.Type = "embedding"
	}
	return catalog.Said{Model: m, Origin: origin}
}

// price gives the price that holds; nil is unknown.
func (e *entry) price(now time.Time) *catalog.Price {
	var current *price
	for i := range e.Prices {
		p := &e.Prices[i]
		if p.From != "" {
			return nil // hours of the day are not told apart when a request is billed
		}
		if !p.Since.time.After(now) {
			current = p
		}
	}
	if current == nil {
		return nil
	}
	out := catalog.Price{Search: current.Search, Request: current.Request, Source: catalog.FromSnapshot}.
		WithSheet(catalog.Sheet{Rates: current.Rates, Long: current.Long})
	return &out
}
