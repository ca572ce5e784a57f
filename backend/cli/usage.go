package cli

import (
	"fmt"
	"strings"

	"gatehouse/backend/control"
)

type usageCommand struct {
	By      string `help:"Print totals instead: by model, provider, project, key, client or day." enum:",model,provider,project,key,client,day" default:""`
	Limit   int    `help:"How many of the latest requests." default:"100"`
	Project string `help:"Only this project."`
	Model   string `help:"Only this model."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

func (c usageCommand) Run(s *session) error {
	if c.By != "" {
		return c.totals(s)
	}
	page, err := call[control.UsagePage](s, "usage.list", control.UsageQuery{Limit: c.Limit, Project: c.Project, Model: c.Model})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(page.Records)
	}
	rows := [][]string{{"STARTED", "KEY", "PROJECT", "MODEL", "PROVIDER", "IN", "CACHED", "OUT", "COST", "FIRST", "TOTAL", "OUTCOME"}}
	for _, r := range page.Records {
		model := r.Model
		if model == "" {
			model = r.RequestedModel
		}
		rows = append(rows, []string{
			r.StartedAt.Local().Format("01-02 15:04:05"), r.Key, r.Project, model, r.Provider, number(r.InputTokens), number(r.CacheRead),
			number(r.OutputTokens), cost(r.CostPicoUSD), millis(r.FirstTokenMs), millis(r.DurationMs), r.Outcome,
		})
	}
	s.table(rows)
	return nil
}

func (c usageCommand) totals(s *session) error {
	rows, err := call[control.UsageRows](s, "usage.totals", control.UsageBy{By: c.By})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(rows.Rows)
	}
	out := [][]string{{strings.ToUpper(c.By), "REQUESTS", "ERRORS", "IN", "CACHED", "WRITTEN", "OUT", "COST"}}
	for _, r := range rows.Rows {
		total := cost(&r.CostPicoUSD)
		if r.UnknownCost > 0 {
			total += fmt.Sprintf(" + %d unknown", r.UnknownCost)
		}
		out = append(out, []string{
			r.Name, fmt.Sprint(r.Requests), fmt.Sprint(r.Errors), fmt.Sprint(r.InputTokens), fmt.Sprint(r.CacheRead),
			fmt.Sprint(r.CacheWrite), fmt.Sprint(r.OutputTokens), total,
		})
	}
	s.table(out)
	return nil
}

// cost writes picoUSD as dollars: cents where there are some, more digits below.
func cost(pico *int64) string {
	if pico == nil {
		return unknown
	}
	const dollar, cent = 1_000_000_000_000, 10_000_000_000
	if *pico == 0 || *pico >= 100*cent {
		return fmt.Sprintf("$%d.%02d", *pico/dollar, *pico%dollar/cent)
	}
	return fmt.Sprintf("$%d.%06d", *pico/dollar, *pico%dollar/1_000_000)
}

func millis(ms *int64) string {
	if ms == nil {
		return unknown
	}
	return fmt.Sprintf("%d.%03ds", *ms/1000, *ms%1000)
}
