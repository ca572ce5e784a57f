package proxy

import (
	"cmp"
	"maps"
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

// grouping says what rows a report has, and which of a line's members holds a row's name.
type grouping struct {
	member func(*aisdk.ReportLine) *string
	by     usage.By
	bucket usage.Width
	layout string // of a bucket's name
}

var groupings = map[string]grouping{
	"day":  {func(l *aisdk.ReportLine) *string { return &l.Day }, "", usage.Daily, time.DateOnly},
	"hour": {func(l *aisdk.ReportLine) *string { return &l.Hour }, "", usage.Hourly, "2006-01-02T15"}, // "day" with the date part "hour"

	"user":            {func(l *aisdk.ReportLine) *string { return &l.User }, usage.ByUser, "", ""},
	"model":           {func(l *aisdk.ReportLine) *string { return &l.Model }, usage.ByModel, "", ""},
	"tag":             {func(l *aisdk.ReportLine) *string { return &l.Tag }, usage.ByTag, "", ""},
	"provider":        {func(l *aisdk.ReportLine) *string { return &l.Provider }, usage.ByProvider, "", ""},
	"credential_type": {func(l *aisdk.ReportLine) *string { return &l.CredentialType }, usage.ByCredential, "", ""},
	"api_key_name":    {func(l *aisdk.ReportLine) *string { return &l.APIKeyName }, usage.ByKey, "", ""},
}

// credentialTypes are our names for the hosted gateway's two.
var credentialTypes = map[string][]string{"system": {"gateway"}, "byok": {"own", "request", "none", ""}}

func hostedCredentialType(ours string) string {
	if ours == "gateway" {
		return "system"
	}
	return "byok"
}

// mostGroups is how many rows a report has at most by names; the others are in one row together.
const mostGroups = 1000

// report serves GET /v1/report.
func (s *Server) report(w http.ResponseWriter, r *http.Request, key access.Key) error {
	q, by, err := readReportQuery(r.URL.Query())
	if err != nil {
		return err
	}
	q.Filter.KeyIDs = []string{key.ID}
	report, err := s.History.Report(r.Context(), q)
	if err != nil {
		return err
	}
	return writeBody(w, aisdk.EncodeReport(aisdk.Report{Results: lines(report, by)}))
}

// readReportQuery reads what is asked for. Days are of UTC.
func readReportQuery(v url.Values) (q usage.ReportQuery, by grouping, err error) {
	q = usage.ReportQuery{Zone: time.UTC, Limit: mostGroups}
	if q.From, err = day(v, "start_date"); err != nil {
		return q, by, err
	}
	last, err := day(v, "end_date")
	if err != nil {
		return q, by, err
	}
	if last.Before(q.From) {
		return q, by, invalid("end_date", "must not be before start_date")
	}
	q.To = last.AddDate(0, 0, 1)
	if q.Filter, err = readReportFilter(v); err != nil {
		return q, by, err
	}
	name, part := cmp.Or(v.Get("group_by"), "day"), cmp.Or(v.Get("date_part"), "day")
	if name == "zero_data_retention" {
		return q, by, invalid("group_by", "can't be zero_data_retention: the local history does not keep it")
	}
	by, known := groupings[name]
	if !known || name == "hour" {
		return q, by, invalid("group_by", "must be day, user, model, tag, provider, credential_type or api_key_name")
	}
	switch {
	case part != "day" && part != "hour":
		return q, by, invalid("date_part", "must be day or hour")
	case part == "hour" && name != "day":
		return q, by, invalid("date_part", "is for group_by=day alone")
	case part == "hour":
		by = groupings["hour"]
	}
	q.By, q.Bucket = by.by, by.bucket
	return q, by, nil
}

func readReportFilter(v url.Values) (f usage.Filter, err error) {
	one := func(name string) []string {
		if text := v.Get(name); text != "" {
			return []string{text}
		}
		return nil
	}
	f.Models, f.Providers, f.Users = one("model"), one("provider"), one("user_id")
	if v.Get("zero_data_retention") != "" {
		return f, invalid("zero_data_retention", "can't be filtered by: the local history does not keep it")
	}
	if name := v.Get("credential_type"); name != "" {
		if f.Credentials = credentialTypes[name]; f.Credentials == nil {
			return f, invalid("credential_type", "must be byok or system")
		}
	}
	if tags := v.Get("tags"); tags != "" {
		f.Tags = strings.Split(tags, ",")
	}
	switch v.Get("tags_match") {
	case "", "any":
	case "all":
		f.AllTags = true
	default:
		return f, invalid("tags_match", "must be any or all")
	}
	return f, nil
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

// lines gives the rows in order: the days as they came, everything else by what it cost.
func lines(report *usage.Report, by grouping) []aisdk.ReportLine {
	out := []aisdk.ReportLine{}
	add := func(name string, f usage.Figures) {
		line := lineOf(f)
		*by.member(&line) = name
		out = append(out, line)
	}
	for _, b := range report.Buckets {
		if b.Figures.Requests > 0 {
			add(b.Start.Format(by.layout), b.Figures)
		}
	}
	if by.by != usage.ByCredential {
		for _, g := range report.Groups {
			if g.Name != "" || by.by != usage.ByTag { // what has no tag is in no row
				add(g.Name, g.Figures)
			}
		}
		if report.Rest != nil {
			add(report.Rest.Name, report.Rest.Figures)
		}
		return out
	}
	types := map[string]usage.Figures{}
	for _, g := range report.Groups {
		name := hostedCredentialType(g.Name)
		types[name] = types[name].Plus(g.Figures)
	}
	for _, name := range slices.SortedFunc(maps.Keys(types), func(a, b string) int {
		return cmp.Or(cmp.Compare(orNone(types[b].CostPicoUSD), orNone(types[a].CostPicoUSD)), strings.Compare(a, b))
	}) {
		add(name, types[name])
	}
	return out
}

// lineOf gives a row without its name. Numbers that no record knows stay nil.
func lineOf(f usage.Figures) aisdk.ReportLine {
	line := aisdk.ReportLine{
		TotalCost: number(catalog.PicoUSD(orNone(f.CostPicoUSD))), UnknownCost: f.UnknownCost, RequestCount: &f.Requests,
		OutputTokens: f.OutputTokens, CachedInputTokens: f.CacheReadTokens, CacheCreationTokens: f.CacheWriteTokens,
		ReasoningTokens: f.ReasoningTokens,
	}
	if f.InputTokens != nil {
		prompt := *f.InputTokens + orNone(f.CacheReadTokens) + orNone(f.CacheWriteTokens)
		line.InputTokens = &prompt
	}
	if f.UnknownCost == 0 {
		line.MarketCost = line.TotalCost
	}
	return line
}

func orNone(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}
