package usage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// randomRequest opens and, most times, settles a request of one of a few models, users and so on.
func randomRequest(b *bench, r *rand.Rand, at time.Time) {
	pick := func(names ...string) string { return names[r.IntN(len(names))] }
	count := func(limit int64) llm.Count {
		if r.IntN(6) == 0 {
			return llm.Count{}
		}
		return llm.Tokens(r.Int64N(limit))
	}
	o := opening(at, pick("a/1", "a/2", "gatehouse/active"))
	o.KeyID = pick("k1", "k2")
	o.Key, o.Project, o.Client = "key "+o.KeyID, pick("p", "q", ""), pick("Cline/3", "Zed")
	o.Stream = r.IntN(3) > 0
	e := b.Begin(o)
	if r.IntN(20) == 0 {
		return
	}
	s := gateway.Settlement{
		Outcome: gateway.OK, Provider: pick("sim", "gateway"), Model: pick("a/1", "b/2", "free/unknown"), Status: 200,
		Usage: llm.Usage{
			Input: count(5000), CacheRead: count(3), CacheWrite5m: count(90), CacheWrite1h: count(10), Output: count(900),
			Reasoning: count(50), Reported: count(1e12), Market: count(1e12),
		},
		FirstToken: time.Duration(r.ExpFloat64() * 4e8), User: pick("", "", "ann", "bob"),
		Attempts: []gateway.Attempt{{CredentialType: "gateway"}, {CredentialType: pick("own", "gateway")}},
	}
	s.Duration = s.FirstToken + time.Duration(r.ExpFloat64()*3e9)
	for _, tag := range []string{"red", "blue", "old"} {
		if r.IntN(4) == 0 {
			s.Tags = append(s.Tags, tag, tag)
		}
	}
	switch r.IntN(8) {
	case 0:
		s.Outcome, s.Model, s.Kind, s.FirstToken = gateway.Failed, "", llm.ErrRateLimit, 0
	case 1:
		s.Outcome = gateway.Cancelled
	}
	e.Settle(s)
}

// naive makes a report's totals and groups of records, one by one.
func naive(records []Record, q ReportQuery) (totals sums, groups map[string]sums, exact map[string][]float64) {
	groups, exact = map[string]sums{}, map[string][]float64{}
	one := func(list []string, name string) bool { return len(list) == 0 || slices.Contains(list, name) }
	for _, r := range records {
		model := r.Model
		if model == "" {
			model = r.RequestedModel
		}
		credential := ""
		if n := len(r.Attempts); n > 0 {
			credential = r.Attempts[n-1].CredentialType
		}
		f := q.Filter
		if !one(f.Models, model) || !one(f.Providers, r.Provider) || !one(f.Projects, r.Project) || !one(f.KeyIDs, r.KeyID) ||
			!one(f.Keys, r.Key) || !one(f.Clients, r.Client) || !one(f.Users, r.User) || !one(f.Credentials, credential) ||
			!one(f.Outcomes, string(r.Outcome)) || !one(f.ErrorKinds, string(r.ErrorKind)) {
			continue
		}
		if !q.From.IsZero() && r.StartedAt.Before(q.From) || !q.To.IsZero() && !r.StartedAt.Before(q.To) {
			continue
		}
		found := 0
		for _, tag := range f.Tags {
			if slices.Contains(r.Tags, tag) {
				found++
			}
		}
		if len(f.Tags) > 0 && (found == 0 || f.AllTags && found < len(f.Tags)) {
			continue
		}
		totals.count(&r)
		names := []string{map[By]string{
			ByModel: model, ByProvider: r.Provider, ByProject: r.Project, ByKey: r.Key, ByClient: r.Client, ByUser: r.User,
			ByCredential: credential, ByOutcome: string(r.Outcome), ByErrorKind: string(r.ErrorKind),
		}[q.By]}
		if q.By == ByTag && len(r.Tags) > 0 {
			names = slices.Compact(slices.Sorted(slices.Values(r.Tags)))
		}
		for _, name := range names {
			g := groups[name]
			g.count(&r)
			groups[name] = g
		}
		if r.DurationMs != nil {
			exact["duration"] = append(exact["duration"], float64(*r.DurationMs))
		}
		if r.FirstTokenMs != nil {
			exact["first"] = append(exact["first"], float64(*r.FirstTokenMs))
		}
		if speed, ok := r.TokensPerSecond(); ok {
			exact["speed"] = append(exact["speed"], speed)
		}
	}
	return totals, groups, exact
}

func sameFigures(t *testing.T, what string, got Figures, want sums) {
	t.Helper()
	plain := got
	plain.FirstTokenMs, plain.DurationMs, plain.TokensPerSecond = Quantiles{}, Quantiles{}, Quantiles{}
	if a, b := fmt.Sprint(pretty(plain)), fmt.Sprint(pretty(figuresOf(&want, nil))); a != b {
		t.Errorf("%s:\n got %s\nwant %s", what, a, b)
	}
}

func pretty(f Figures) string {
	n := func(p *int64) string {
		if p == nil {
			return "?"
		}
		return fmt.Sprint(*p)
	}
	return fmt.Sprint(f.Requests, f.Errors, f.Attempts, " tokens ", n(f.InputTokens), n(f.CacheReadTokens), n(f.CacheWrite5mTokens),
		n(f.CacheWrite1hTokens), n(f.OutputTokens), n(f.ReasoningTokens), " cost ", n(f.CostPicoUSD), n(f.ReportedCostPicoUSD),
		n(f.CacheSavedPicoUSD), n(f.MarketCostPicoUSD), " of ", f.Estimated, f.Priced, f.Answered, f.Reported, f.UnknownTokens, f.UnknownCost)
}

// Whatever is asked for, a report says the same as all records read one by one.
func TestReportEqualsAScan(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	b := start(t, t.TempDir())
	for range 2000 {
		randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(60*time.Hour)))))
	}
	b.stored(t)
	for range 200 { // these are on their way, or in
		randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(60*time.Hour)))))
	}
	records, _, err := b.List(t.Context(), Query{Limit: maxLimit})
	if err != nil || len(records) != 2200 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	zones := []*time.Location{time.UTC, time.Local, time.FixedZone("half past", 5*3600+1800), time.FixedZone("", -9*3600-900)}
	some := func(names ...string) []string {
		if r.IntN(3) > 0 {
			return nil
		}
		return names[:1+r.IntN(len(names))]
	}
	days := 0
	kinds := []By{"", ByModel, ByProvider, ByProject, ByKey, ByClient, ByUser, ByTag, ByCredential, ByOutcome, ByErrorKind}
	for i := range 120 {
		q := ReportQuery{
			By: kinds[r.IntN(len(kinds))], Bucket: []Width{NoBuckets, Hourly, Daily, Monthly}[r.IntN(4)], Zone: zones[r.IntN(len(zones))],
			Quantiles: true,
			Filter: Filter{
				Models: some("b/2", "a/1", "gatehouse/active"), Providers: some("sim"), Projects: some("q", ""), KeyIDs: some("k2"),
				Users: some("ann", ""), Tags: some("red", "blue"), AllTags: r.IntN(2) == 0, Outcomes: some("ok", "error", "open"),
				Credentials: some("own", ""), Clients: some("Zed"), Keys: some("key k1", "key k2"), ErrorKinds: some("", string(llm.ErrRateLimit)),
			},
		}
		if r.IntN(3) > 0 {
			q.From = day0.Add(time.Duration(r.Int64N(int64(40 * time.Hour))))
			if r.IntN(2) == 0 {
				q.From = q.From.Truncate(time.Hour)
			}
		}
		if r.IntN(3) > 0 {
			q.To = day0.Add(time.Duration(int64(40*time.Hour) + r.Int64N(int64(30*time.Hour))))
		}
		q.Compare = !q.From.IsZero() && !q.To.IsZero()
		if i%9 == 0 { // days of another zone, and of another part of the history
			until := day0.Add(time.Duration(r.Int64N(int64(90 * time.Hour))))
			built, err := b.buildDays(t.Context(), zones[r.IntN(len(zones))], until)
			if err != nil {
				t.Fatal(err)
			}
			days += built
			daysHold(t, b)
		}
		report, err := b.Report(t.Context(), q)
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		what := fmt.Sprintf("%d: %+v", i, q)
		totals, groups, exact := naive(records, q)
		sameFigures(t, what, report.Totals, totals)
		checkQuantiles(t, what, report.Totals, exact)
		if q.By != "" {
			for _, g := range report.Groups {
				sameFigures(t, what+" group "+g.Name, g.Figures, groups[g.Name])
				if groups[g.Name][sumRequests] > 0 {
					delete(groups, g.Name)
				}
			}
			if len(groups) > 0 || report.Rest != nil {
				t.Errorf("%s: lacks %v", what, groups)
			}
		}
		for j, bucket := range report.Buckets {
			of := q
			of.From, of.To = bucket.Start, bucket.End
			want, _, exact := naive(records, of)
			sameFigures(t, fmt.Sprint(what, " bucket ", j), bucket.Figures, want)
			checkQuantiles(t, what, bucket.Figures, exact)
			var cells int64
			for _, g := range report.Groups {
				cells += g.Cells[j].Requests
			}
			if q.By != "" && q.By != ByTag && cells != bucket.Figures.Requests {
				t.Errorf("%s bucket %d: %d in groups of %d", what, j, cells, bucket.Figures.Requests)
			}
		}
		if q.Compare {
			of := q
			of.From, of.To = q.From.Add(-q.To.Sub(q.From)), q.From
			want, _, _ := naive(records, of)
			sameFigures(t, what+" before", *report.Previous, want)
		}
		if t.Failed() {
			return
		}
	}
	if days == 0 {
		t.Error("no days were summed up")
	}
}

func checkQuantiles(t *testing.T, what string, f Figures, exact map[string][]float64) {
	t.Helper()
	for name, got := range map[string]Quantiles{"first": f.FirstTokenMs, "duration": f.DurationMs, "speed": f.TokensPerSecond} {
		all := exact[name]
		slices.Sort(all)
		for q, v := range map[float64]*float64{0.5: got.P50, 0.75: got.P75, 0.95: got.P95} {
			if len(all) == 0 {
				if v != nil {
					t.Errorf("%s: %s of nothing is %g", what, name, *v)
				}
				continue
			}
			want := all[int(q*float64(len(all)-1))]
			if v == nil || math.Abs(*v-want) > 0.01*want+0.005 {
				t.Errorf("%s: %s at %g is %v, want %g", what, name, q, v, want)
			}
		}
	}
}

// What a day has too many names of is told as other, and nothing is lost.
func TestReportIsBounded(t *testing.T) {
	t.Parallel()
	b := start(t, t.TempDir())
	const many = 2200
	for i := range many {
		o := opening(day0.Add(time.Duration(i)*time.Millisecond), fmt.Sprintf("odd/%d", i))
		o.Client = fmt.Sprintf("client %d", i)
		e := b.Begin(o)
		s := settlement("")
		s.User, s.Tags = fmt.Sprintf("user %d", i), []string{"t"}
		e.Settle(s)
		if i%500 == 0 {
			b.stored(t)
		}
	}
	b.stored(t)
	rows := 0
	if err := b.rollups.hours.ForEach(func(string, store.Raw) error { rows++; return nil }); err != nil {
		t.Fatal(err)
	}
	if rows > 2*(coarseLimit+10) {
		t.Errorf("%d rows for an hour", rows)
	}
	for _, by := range []By{ByModel, ByClient, ByUser, ByTag, ByProject} {
		report, err := b.Report(t.Context(), ReportQuery{By: by, Bucket: Daily, Limit: 10, Quantiles: true})
		if err != nil {
			t.Fatal(err)
		}
		var requests, cells int64
		all := report.Groups
		if report.Rest != nil {
			all = append(all, *report.Rest)
		}
		for _, g := range all {
			requests += g.Figures.Requests
			cells += g.Cells[0].Requests
			if g.Figures.DurationMs.P50 == nil {
				t.Errorf("by %s: %s has no times", by, g.Name)
			}
		}
		if report.Totals.Requests != many || requests != many || cells != many {
			t.Errorf("by %s: %d requests, %d in groups, %d in cells", by, report.Totals.Requests, requests, cells)
		}
		if wide := by == ByModel || by == ByClient || by == ByUser; wide != (report.OtherGroups > 0) || wide && all[0].Name != Other {
			t.Errorf("by %s: %d other groups, first %s", by, report.OtherGroups, all[0].Name)
		}
	}
}

// A record that gets another end is counted once, with the last one.
func TestAnotherEndIsCountedOnce(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := start(t, folder)
	e := b.Begin(opening(day0, "a/1"))
	other := b.Begin(opening(day0.Add(time.Second), "a/1"))
	other.Settle(settlement("a/1"))
	b.stored(t)
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	e.Settle(settlement("a/1")) // after the end: it was stored as interrupted
	b = start(t, folder)
	b.stored(t)
	report, err := b.Report(t.Context(), ReportQuery{By: ByOutcome, Quantiles: true})
	if err != nil || report.Totals.Requests != 2 || len(report.Groups) != 1 || report.Groups[0].Name != "ok" ||
		*report.Totals.OutputTokens != 40 || report.Totals.DurationMs.P95 == nil {
		t.Errorf("%+v %v", report, err)
	}
}

// A history from before there were roll-ups is summed up as it is opened.
func TestOldHistoryIsSummedUp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := start(t, folder)
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(9*time.Hour)))))
	}
	b.stored(t)
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	b = start(t, folder)
	b.stored(t) // those that ran are interrupted now
	want, err := b.Report(t.Context(), ReportQuery{By: ByModel, Quantiles: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.rolled.Put(rolledKey, store.Raw("0")); err != nil {
		t.Fatal(err)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	b = start(t, folder)
	got, err := b.Report(t.Context(), ReportQuery{By: ByModel, Quantiles: true})
	if err != nil || asText(got) != asText(want) || got.Totals.Requests != 300 {
		t.Errorf("%v\n got %s\nwant %s", err, asText(got), asText(want))
	}
}

func asText(r *Report) string {
	text := pretty(r.Totals)
	for _, g := range r.Groups {
		text += "\n" + g.Name + " " + pretty(g.Figures) + fmt.Sprint(*g.Figures.DurationMs.P50)
	}
	return text
}

func TestReportRefuses(t *testing.T) {
	b := start(t, t.TempDir())
	for says, q := range map[string]ReportQuery{
		"is unknown":    {By: "moon"},
		"are unknown":   {Bucket: "week"},
		"needs a start": {Compare: true, From: day0},
		"before the":    {From: day0, To: day0.Add(-1)},
		"more than":     {From: day0, To: day0.AddDate(30, 0, 0), Bucket: Daily},
	} {
		if _, err := b.Report(t.Context(), q); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if r, err := b.Report(t.Context(), ReportQuery{Bucket: Daily, By: ByTag, Quantiles: true}); err != nil || r.Totals.Requests != 0 {
		t.Errorf("an empty history: %+v, %v", r, err)
	}
}

func FuzzParseRow(f *testing.F) {
	var r row
	r.count(opened(opening(day0, "x")).settled(settlement("x"), prices{}))
	f.Add(r.append(nil))
	f.Add([]byte{1, 2, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<12 {
			return
		}
		got, err := parseRow(b)
		if err != nil {
			return
		}
		again, err := parseRow(got.append(nil))
		if err != nil || again.sums != got.sums || again.duration.Count() != got.duration.Count() {
			t.Errorf("%x: %+v, then %+v, %v", b, got, again, err)
		}
	})
}

func FuzzParseSeries(f *testing.F) {
	s := series{provider: "a", model: "b/c", user: "u", tags: []string{"x", ""}, labels: true, labelled: true}
	f.Add(s.append(nil))
	f.Add([]byte{4})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseSeries(b)
		if err != nil {
			return
		}
		again, err := parseSeries(s.append(nil))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(s) {
			t.Errorf("%x: %+v, then %+v, %v", b, s, again, err)
		}
	})
}
