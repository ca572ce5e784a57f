package proxy

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/usage"
)

// grouping says what rows a report has: which of a line's members holds the name, and which of a record's it is.
type grouping struct {
	member func(*aisdk.ReportLine) *string
	name   func(*usage.Record) string
	byTime bool
}

// names gives the rows that a record counts in: by tag it is one for each.
func (g grouping) names(r *usage.Record) []string {
	if g.name == nil {
		return r.Tags
	}
	return []string{g.name(r)}
}

var groupings = map[string]grouping{
	"day": {
		func(l *aisdk.ReportLine) *string { return &l.Day },
		func(r *usage.Record) string { return r.StartedAt.UTC().Format(time.DateOnly) }, true,
	},
	"hour": { // "day" with the date part "hour"
		func(l *aisdk.ReportLine) *string { return &l.Hour },
		func(r *usage.Record) string { return r.StartedAt.UTC().Format("2006-01-02T15") }, true,
	},
	"model":           {func(l *aisdk.ReportLine) *string { return &l.Model }, modelServed, false},
	"provider":        {func(l *aisdk.ReportLine) *string { return &l.Provider }, func(r *usage.Record) string { return r.Provider }, false},
	"credential_type": {func(l *aisdk.ReportLine) *string { return &l.CredentialType }, credentialType, false},
	"user":            {func(l *aisdk.ReportLine) *string { return &l.User }, func(r *usage.Record) string { return r.User }, false},
	"tag":             {func(l *aisdk.ReportLine) *string { return &l.Tag }, nil, false},
	"api_key_name":    {func(l *aisdk.ReportLine) *string { return &l.APIKeyName }, func(r *usage.Record) string { return r.Key }, false},
}

func modelServed(r *usage.Record) string { return cmp.Or(r.Model, r.RequestedModel) }

func credentialType(r *usage.Record) string {
	if isBYOK(r) {
		return "byok"
	}
	return "system"
}

// unkept are what the hosted gateway groups and filters by and the history does not keep.
var unkept = []string{"zero_data_retention"}

// reportQuery is what a report is asked for. Days are of UTC.
type reportQuery struct {
	since, until time.Time
	by           grouping
	model        string
	provider     string
	credential   string
	user         string
	tags         []string
	allTags      bool
}

// report serves GET /v1/report.
func (s *Server) report(w http.ResponseWriter, r *http.Request, key access.Key) error {
	q, err := readReportQuery(r.URL.Query())
	if err != nil {
		return err
	}
	rows := map[string]*reportRow{}
	err = s.History.Each(r.Context(), q.since, q.until, func(record *usage.Record) bool {
		if record.KeyID != key.ID || !q.matches(record) {
			return true
		}
		for _, name := range q.by.names(record) {
			if rows[name] == nil {
				rows[name] = &reportRow{name: name}
			}
			rows[name].count(record)
		}
		return true
	})
	if err != nil {
		return err
	}
	return writeBody(w, aisdk.EncodeReport(aisdk.Report{Results: lines(rows, q.by)}))
}

func readReportQuery(v url.Values) (reportQuery, error) {
	q := reportQuery{model: v.Get("model"), provider: v.Get("provider"), credential: v.Get("credential_type"), user: v.Get("user_id")}
	var err error
	if q.since, err = day(v, "start_date"); err != nil {
		return q, err
	}
	last, err := day(v, "end_date")
	if err != nil {
		return q, err
	}
	if last.Before(q.since) {
		return q, invalid("end_date", "must not be before start_date")
	}
	q.until = last.AddDate(0, 0, 1)
	if v.Get("zero_data_retention") != "" {
		return q, invalid("zero_data_retention", "can't be filtered by: the local history does not keep it")
	}
	if tags := v.Get("tags"); tags != "" {
		q.tags = strings.Split(tags, ",")
	}
	match := cmp.Or(v.Get("tags_match"), "any")
	if q.allTags = match == "all"; !q.allTags && match != "any" {
		return q, invalid("tags_match", "must be any or all")
	}
	if q.credential != "" && q.credential != "byok" && q.credential != "system" {
		return q, invalid("credential_type", "must be byok or system")
	}
	by, part := cmp.Or(v.Get("group_by"), "day"), cmp.Or(v.Get("date_part"), "day")
	if slices.Contains(unkept, by) {
		return q, invalid("group_by", "can't be "+by+": the local history does not keep it")
	}
	known := false
	if q.by, known = groupings[by]; !known || by == "hour" {
		return q, invalid("group_by", "must be day, user, model, tag, provider, credential_type or api_key_name")
	}
	switch {
	case part != "day" && part != "hour":
		return q, invalid("date_part", "must be day or hour")
	case part == "hour" && by != "day":
		return q, invalid("date_part", "is for group_by=day alone")
	case part == "hour":
		q.by = groupings["hour"]
	}
	return q, nil
}

func day(v url.Values, name string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, v.Get(name))
	if err != nil {
		return t, invalid(name, "must be a day such as 2026-11-30")
	}
	return t, nil
}

func invalid(field, text string) error {
	return llm.Errorf(llm.ErrBadRequest, "%s %s", field, text).WithCode("invalid_value")
}

func (q *reportQuery) matches(r *usage.Record) bool {
	return (q.model == "" || modelServed(r) == q.model) && (q.provider == "" || r.Provider == q.provider) &&
		(q.credential == "" || credentialType(r) == q.credential) && (q.user == "" || r.User == q.user) && q.tagged(r)
}

// tagged tells that a record has one of the tags that are asked for, or all of them.
func (q *reportQuery) tagged(r *usage.Record) bool {
	has := func(tag string) bool { return slices.Contains(r.Tags, tag) }
	if q.allTags {
		return !slices.ContainsFunc(q.tags, func(tag string) bool { return !has(tag) })
	}
	return len(q.tags) == 0 || slices.ContainsFunc(q.tags, has)
}

// reportRow sums records up. Numbers that no record knows stay nil.
type reportRow struct {
	name                                    string
	cost                                    catalog.PicoUSD
	requests, unknown                       int64
	input, output, read, written, reasoning *int64
}

func (row *reportRow) count(r *usage.Record) {
	row.requests++
	row.unknown += one(unpriced(r))
	add(&row.cost, r.CostPicoUSD)
	for _, n := range []struct {
		to   **int64
		from *int64
	}{
		{&row.input, promptTokens(r)},
		{&row.output, r.OutputTokens},
		{&row.read, r.CacheReadTokens},
		{&row.written, r.CacheWriteTokens()},
		{&row.reasoning, r.ReasoningTokens},
	} {
		if n.from == nil {
			continue
		}
		if *n.to == nil {
			*n.to = new(int64)
		}
		**n.to += *n.from
	}
}

// lines gives the rows in order: the days as they came, everything else by what it cost.
func lines(rows map[string]*reportRow, by grouping) []aisdk.ReportLine {
	sorted := make([]*reportRow, 0, len(rows))
	for _, row := range rows {
		sorted = append(sorted, row)
	}
	slices.SortFunc(sorted, func(a, b *reportRow) int {
		if by.byTime {
			return strings.Compare(a.name, b.name)
		}
		return cmp.Or(cmp.Compare(b.cost, a.cost), strings.Compare(a.name, b.name))
	})
	out := make([]aisdk.ReportLine, 0, len(sorted))
	for _, row := range sorted {
		line := aisdk.ReportLine{
			TotalCost: number(row.cost), UnknownCost: row.unknown, RequestCount: &row.requests, InputTokens: row.input,
			OutputTokens: row.output, CachedInputTokens: row.read, CacheCreationTokens: row.written, ReasoningTokens: row.reasoning,
		}
		if row.unknown == 0 {
			line.MarketCost = line.TotalCost
		}
		*by.member(&line) = row.name
		out = append(out, line)
	}
	return out
}
