package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/control"
)

type modelsCommand struct {
	List      modelsList      `cmd:"" default:"withargs" help:"List the models that can be asked for."`
	Show      modelsShow      `cmd:"" help:"Show all that is known of a model: who serves it, prices, limits, and who says so."`
	Refresh   modelsRefresh   `cmd:"" help:"Ask the providers for their lists now."`
	Favourite modelsFavourite `cmd:"" help:"Offer a model first, in the window and in the tray."`
}

type modelsList struct {
	JSON    bool `name:"json" help:"Print JSON."`
	Refresh bool `help:"Ask the providers now."`
	All     bool `help:"Also those that lack a credential."`
}

func (c modelsList) Run(s *session) error {
	name := "models.list"
	if c.Refresh {
		name = "models.refresh"
	} else if _, err := control.Dial(s.home); errors.Is(err, control.ErrNotRunning) {
		name = "models.refresh" // one opened for this command has asked nobody yet
	}
	list, err := call[control.ModelList](s, name, control.Empty{})
	if err != nil {
		return err
	}
	if c.All {
		return c.all(s)
	}
	if c.JSON {
		return s.json(list.Models)
	}
	rows := [][]string{{"MODEL", "PROVIDER", "CONTEXT", "USD/M IN", "USD/M OUT"}}
	for _, m := range list.Models {
		rows = append(rows, []string{m.ID, m.Provider, number(m.ContextWindow), text(m.InputPrice), text(m.OutputPrice)})
	}
	s.table(rows)
	for _, p := range list.Problems {
		fmt.Fprintf(s.stderr, "! %s: %s\n", p.Provider, p.Message)
	}
	return nil
}

func (c modelsList) all(s *session) error {
	known, err := call[control.Catalog](s, "models.catalog", control.Empty{})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(known)
	}
	rows := [][]string{{"MODEL", "PROVIDER", "CONTEXT", "USD/M IN", "USD/M OUT", "USABLE"}}
	for _, m := range known.Models {
		usable := "yes"
		if !m.Usable {
			usable = "no credential"
		}
		rows = append(rows, []string{m.ID, m.Provider, number(m.ContextWindow), perMillion(m.InputPicoUSD), perMillion(m.OutputPicoUSD), usable})
	}
	s.table(rows)
	return nil
}

// perMillion writes a price per token as one per million tokens.
func perMillion(pico *int64) string {
	if pico == nil {
		return unknown
	}
	return catalog.PicoUSD(*pico).PerMillion()
}

type modelsShow struct {
	Model    string `arg:"" help:"The model's id."`
	Provider string `help:"The provider, where several have it."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

func (c modelsShow) Run(s *session) error {
	m, err := call[control.ModelDetail](s, "models.get", control.ModelRef{ID: c.Model, Provider: c.Provider})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(m)
	}
	e := m.Entry
	s.table([][]string{
		{"model", e.ID},
		{"name", e.Name},
		{"provider", e.ProviderName},
		{"type", orUnknown(e.Type)},
		{"context", number(e.ContextWindow)},
		{"longest answer", number(e.MaxOutput)},
		{"abilities", orUnknown(strings.Join(e.Tags, ", "))},
		{"requests", fmt.Sprintf("%d in 30 days", m.History.Requests)},
	})
	if m.Price != nil {
		s.print("\n")
		s.table(priceRows(m.Price))
	}
	s.print("\n")
	rows := [][]string{{"SERVED BY", "AS", "CONTEXT", "USD/M IN", "USD/M OUT", "USABLE"}}
	for _, o := range m.Offers {
		usable := "no credential"
		switch {
		case o.Usable:
			usable = "yes"
		case o.Hosted:
			usable = "through the hosted gateway"
		}
		rows = append(rows, []string{o.ProviderName, orUnknown(o.ID), number(o.ContextWindow), perMillion(o.InputPicoUSD), perMillion(o.OutputPicoUSD), usable})
	}
	s.table(rows)
	s.print("\n")
	rows = [][]string{{"KNOWN", "FROM", "AS OF"}}
	for _, f := range m.Facts {
		rows = append(rows, []string{f.Field, strings.TrimSpace(f.Origin.Source + " " + f.Origin.By), day(f.Origin.At)})
	}
	s.table(rows)
	return nil
}

func orUnknown(text string) string {
	if text == "" {
		return unknown
	}
	return text
}

// day writes a time as its day, in the machine's zone.
func day(t *time.Time) string {
	if t == nil {
		return unknown
	}
	return t.Local().Format(time.DateOnly)
}

// single are the kinds that are not billed by the token, and their units.
var single = map[string]string{
	"request": "request", "search": "search", "image": "image", "video": "second", "audio": "second", "character": "character",
}

// priceRows writes tokens by the million, and what is billed one by one as it is.
func priceRows(p *control.ModelPrice) [][]string {
	rows := [][]string{{"PRICE OF", "USD", "PER", "LONG PROMPTS"}}
	for _, l := range p.Lines {
		price, per, steps := perMillion(&l.PicoUSD), "million tokens", []string{}
		if unit := single[l.Kind]; unit != "" {
			price, per = catalog.PicoUSD(l.PicoUSD).USD(), unit
		}
		for _, step := range l.Steps {
			steps = append(steps, fmt.Sprintf("%s from %d tokens", perMillion(step.PicoUSD), step.From))
		}
		rows = append(rows, []string{l.Kind, price, per, strings.Join(steps, ", ")})
	}
	return rows
}

type modelsRefresh struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c modelsRefresh) Run(s *session) error {
	if _, err := call[control.ModelList](s, "models.refresh", control.Empty{}); err != nil {
		return err
	}
	known, err := call[control.Catalog](s, "models.catalog", control.Empty{})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(known.Lists)
	}
	rows := [][]string{{"PROVIDER", "MODELS", "AS OF", "PROBLEM"}}
	for _, l := range known.Lists {
		at := unknown
		if l.At != nil {
			at = l.At.Local().Format("2006-01-02 15:04")
		}
		rows = append(rows, []string{l.Provider, fmt.Sprint(l.Models), at, l.Problem})
	}
	s.table(rows)
	return nil
}

type modelsFavourite struct {
	Model  string `arg:"" help:"The model's id."`
	Remove bool   `help:"No longer offer it first."`
}

func (c modelsFavourite) Run(s *session) error {
	list, err := call[control.Favourites](s, "models.favourite", control.ModelFavourite{Model: c.Model, Favourite: !c.Remove})
	if err != nil {
		return err
	}
	for _, id := range list.Models {
		s.print("%s\n", id)
	}
	return nil
}
