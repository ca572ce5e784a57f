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
	// Old tells that its maker has given it up, or that its name stands for several: it is not offered.
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

// price gives the price that holds, with those of the hours of the day in it; nil is unknown.
func (e *entry) price(now time.Time) *catalog.Price {
	var current *price
	var hours []catalog.Hours
	for i := range e.Prices {
		p := &e.Prices[i]
		switch {
		case p.From != "":
			h, ok := p.hours()
			if !ok {
				return nil
			}
			hours = append([]catalog.Hours{h}, hours...)
		case !p.Since.time.After(now):
			current = p
		}
	}
	if current == nil {
		return nil
	}
	out := catalog.Price{Search: current.Search, Request: current.Request, Hours: hours, Source: catalog.FromSnapshot}.
		WithSheet(catalog.Sheet{Rates: current.Rates, Long: current.Long})
	return &out
}

// hours reads a price that holds in some hours of each day. Its fees are those of all day.
func (p *price) hours() (catalog.Hours, bool) {
	from, err := time.Parse("15:04:05Z", p.From)
	to, err2 := time.Parse("15:04:05Z", p.To)
	return catalog.Hours{
		From: from.Hour()*60 + from.Minute(), To: to.Hour()*60 + to.Minute(),
		Variant: catalog.Variant{Sheet: catalog.Sheet{Rates: p.Rates, Long: p.Long}},
	}, err == nil && err2 == nil
}
