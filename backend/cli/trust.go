package cli

import (
	"fmt"
	"strconv"
	"time"

	"gatehouse/backend/control"
)

// span is the time that a command is about.
type span struct {
	Since string `help:"From then on: a day (2026-11-20), a time (2026-11-20T15:04) or how long ago (36h, 7d)." default:"30d"`
	Until string `help:"Up to then; a day is included."`
}

// bounds reads the flags.
func (s span) bounds(now time.Time) (from, to *time.Time, err error) {
	if from, err = moment("--since", s.Since, now, 0); err != nil {
		return nil, nil, err
	}
	to, err = moment("--until", s.Until, now, 1)
	return from, to, err
}

// Validate says what is wrong with the flags before anything is asked.
func (s span) Validate() error {
	_, _, err := s.bounds(time.Now())
	return err
}

type usagePrefixesCommand struct {
	span
	JSON bool `name:"json" help:"Print JSON."`
}

func (c usagePrefixesCommand) Run(s *session) error {
	from, to, err := c.bounds(time.Now())
	if err != nil {
		return err
	}
	found, err := call[control.UsagePrefixes](s, "usage.prefixes", control.UsagePrefixQuery{From: from, To: to})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(found)
	}
	if found.Sums.Requests == 0 {
		s.print("Every request went on as its conversation began.\n")
		return nil
	}
	s.print("%s\n\n", sumsText(found.Sums))
	for _, t := range []struct {
		title string
		rows  []control.UsagePrefixGroup
	}{{"BROKEN AT", found.Places}, {"CLIENT", found.Clients}, {"CONVERSATION", found.Conversations}} {
		rows := [][]string{{t.title, "REQUESTS", "TOKENS", "COST", "LATEST"}}
		for _, g := range t.rows {
			name := g.Name
			if name == "" {
				name = "-"
			}
			rows = append(rows, []string{
				name, strconv.FormatInt(g.Sums.Requests, 10), strconv.FormatInt(g.Sums.Tokens, 10), sumsCost(g.Sums), g.Last,
			})
		}
		s.table(rows)
		s.print("\n")
	}
	return nil
}

func sumsText(sums control.UsagePrefixSums) string {
	return fmt.Sprintf("Broken prefixes: %d; about %d tokens read anew (estimated for %d), which cost %s more than from a cache.", sums.Requests,
		sums.Tokens, sums.Estimated, sumsCost(sums))
}

// sumsCost writes a cost that leaves out what is unknown.
func sumsCost(sums control.UsagePrefixSums) string {
	if sums.CostPicoUSD == nil || sums.UnknownCost == 0 {
		return cost(sums.CostPicoUSD)
	}
	return fmt.Sprintf("%s + %d unknown", cost(sums.CostPicoUSD), sums.UnknownCost)
}

type usageDriftCommand struct {
	span
	JSON bool `name:"json" help:"Print JSON."`
}

func (c usageDriftCommand) Run(s *session) error {
	from, to, err := c.bounds(time.Now())
	if err != nil {
		return err
	}
	found, err := call[control.UsageDrift](s, "usage.drift", control.UsageDriftQuery{From: from, To: to})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(found)
	}
	if !found.On {
		s.print("Providers are not asked: \"compareBills\" is off in settings.\n")
	}
	if len(found.Days) == 0 {
		s.print("Nothing was compared yet. The hosted gateway and OpenRouter tell of their answers some minutes later.\n")
		return nil
	}
	rows := [][]string{{"DAY", "PROVIDER", "COMPARED", "DIFFER", "MISSING", "IN: WE SAY", "THEY SAY", "OUT: WE SAY", "THEY SAY", "COST: WE SAY", "THEY SAY", "DIFFERENCE"}}
	for _, d := range found.Days {
		row := []string{
			d.Day, d.Provider, strconv.FormatInt(d.Compared, 10), strconv.FormatInt(d.Differing, 10),
			strconv.FormatInt(d.Missing+d.Unanswered+d.Skipped, 10),
		}
		for _, m := range []control.UsageDriftMeasure{d.Prompt, d.Completion} {
			row = append(row, said(m, m.Ours, tokenText), said(m, m.Theirs, tokenText))
		}
		rows = append(rows, append(row, said(d.Cost, d.Cost.Ours, costText), said(d.Cost, d.Cost.Theirs, costText), said(d.Cost, d.Cost.Difference, costText)))
	}
	s.table(rows)
	return nil
}

func tokenText(n int64) string { return strconv.FormatInt(n, 10) }

func costText(n int64) string { return cost(&n) }

// said writes a sum, if it is one of anything.
func said(m control.UsageDriftMeasure, n int64, text func(int64) string) string {
	if m.Requests == 0 {
		return unknown
	}
	return text(n)
}
