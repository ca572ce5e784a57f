package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gatehouse/backend/control"
)

type usageCommands struct {
	Show     usageCommand         `cmd:"" default:"withargs" help:"Show the latest requests, totals, or one request."`
	Prefixes usagePrefixesCommand `cmd:"" help:"Show where conversations did not go on as they began, so that no cache could have the rest."`
	Drift    usageDriftCommand    `cmd:"" help:"Show what providers say of their answers beside what we say, by day."`
	Export   usageExportCommand   `cmd:"" help:"Write the history, or totals, as a table for other programs."`
	Delete   usageDeleteCommand   `cmd:"" help:"Delete requests from the history, and from what reports count."`
}

type usageCommand struct {
	ID       string   `arg:"" optional:"" help:"A request's id, to show it whole, with prompt and answer where they are kept."`
	By       string   `help:"Print totals instead: by model, provider, project, key, client, user, tag, credential, outcome, error or day." enum:",model,provider,project,key,client,user,tag,credential,outcome,error,day" default:""`
	Limit    int      `help:"How many of the latest requests." default:"100"`
	Since    string   `help:"From then on: a day (2026-11-20), a time (2026-11-20T15:04) or how long ago (36h, 7d)."`
	Until    string   `help:"Up to then; a day is included."`
	Project  string   `help:"Only this project."`
	Model    string   `help:"Only this model."`
	Provider string   `help:"Only this provider."`
	Key      string   `help:"Only the API key with this name."`
	User     string   `help:"Only this user, as requests name one."`
	Tag      []string `help:"Only requests with one of these tags."`
	Outcome  string   `help:"Only these: ok, error, cancelled, interrupted or open." enum:",ok,error,cancelled,interrupted,open" default:""`
	Broken   bool     `help:"Only requests whose prompt did not begin as the one before it in the conversation."`
	Search   string   `help:"Only requests with this text in an id, a name, a tag or an error."`
	JSON     bool     `name:"json" help:"Print JSON."`
}

// Validate says what is wrong with the flags before anything is asked.
func (c usageCommand) Validate() error {
	if c.By != "" && c.Search != "" {
		return errors.New("--search finds requests; totals can't be made of it")
	}
	if c.By != "" && c.Broken {
		return errors.New("--broken finds requests; see: gatehouse usage prefixes")
	}
	_, err := c.query(time.Now())
	return err
}

func (c usageCommand) Run(s *session) error {
	if c.ID != "" {
		return c.one(s)
	}
	q, err := c.query(time.Now())
	if err != nil {
		return err
	}
	if c.By != "" {
		return c.totals(s, q)
	}
	page, err := call[control.UsageFound](s, "usage.requests", q)
	if err != nil {
		return err
	}
	for page.Partial && len(page.Records) < c.Limit {
		q.Before, q.Limit = page.Next, c.Limit-len(page.Records)
		next, err := call[control.UsageFound](s, "usage.requests", q)
		if err != nil {
			return err
		}
		next.Records = append(page.Records, next.Records...)
		page = next
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

// query is what the flags ask for.
func (c usageCommand) query(now time.Time) (q control.UsageSearch, err error) {
	list := func(text string) []string {
		if text == "" {
			return nil
		}
		return []string{text}
	}
	q = control.UsageSearch{Limit: c.Limit, Model: c.Model, Text: c.Search, Broken: c.Broken, Filter: control.UsageFilter{
		Projects: list(c.Project), Providers: list(c.Provider), Keys: list(c.Key), Users: list(c.User), Tags: c.Tag, Outcomes: list(c.Outcome),
	}}
	if q.From, err = moment("--since", c.Since, now, 0); err != nil {
		return q, err
	}
	q.To, err = moment("--until", c.Until, now, 1)
	return q, err
}

// moment reads a time of the machine's zone; a day is that many days later.
func moment(flag, text string, now time.Time, days int) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		t = t.AddDate(0, 0, days)
		return &t, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return &t, nil
		}
	}
	if n, err := strconv.Atoi(strings.TrimSuffix(text, "d")); err == nil && strings.HasSuffix(text, "d") && n >= 0 {
		t := now.AddDate(0, 0, -n)
		return &t, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		t := now.Add(-ago)
		return &t, nil
	}
	return nil, fmt.Errorf("%s %q is no time; use a day such as 2026-11-20, a time such as 2026-11-20T15:04, or how long "+
		"ago, such as 36h or 7d", flag, text)
}

func (c usageCommand) totals(s *session, q control.UsageSearch) error {
	if c.Model != "" {
		q.Filter.Models = []string{c.Model}
	}
	rows, err := call[control.UsageRows](s, "usage.totals", control.UsageBy{By: c.By, Since: q.From, Until: q.To, Filter: &q.Filter})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(rows.Rows)
	}
	out := [][]string{{strings.ToUpper(c.By), "REQUESTS", "ERRORS", "IN", "CACHED", "WRITTEN", "OUT", "COST", "SAVED", "FIRST P50", "P95", "TOTAL P50", "P95"}}
	for _, r := range rows.Rows {
		total := cost(&r.CostPicoUSD)
		if r.UnknownCost > 0 {
			total += fmt.Sprintf(" + %d unknown", r.UnknownCost)
		}
		out = append(out, []string{
			r.Name, fmt.Sprint(r.Requests), fmt.Sprint(r.Errors), fmt.Sprint(r.InputTokens), fmt.Sprint(r.CacheRead),
			fmt.Sprint(r.CacheWrite), fmt.Sprint(r.OutputTokens), total, cost(r.CacheSaved), seconds(r.FirstTokenMs.P50), seconds(r.FirstTokenMs.P95),
			seconds(r.DurationMs.P50), seconds(r.DurationMs.P95),
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
	if *pico < 0 {
		above := -*pico
		return "-" + cost(&above)
	}
	const dollar, cent = 1_000_000_000_000, 10_000_000_000
	if *pico == 0 || *pico >= 100*cent {
		return fmt.Sprintf("$%d.%02d", *pico/dollar, *pico%dollar/cent)
	}
	return fmt.Sprintf("$%d.%06d", *pico/dollar, *pico%dollar/1_000_000)
}

func seconds(ms *float64) string {
	if ms == nil {
		return unknown
	}
	return fmt.Sprintf("%.2fs", *ms/1000)
}

func millis(ms *int64) string {
	if ms == nil {
		return unknown
	}
	return fmt.Sprintf("%d.%03ds", *ms/1000, *ms%1000)
}
