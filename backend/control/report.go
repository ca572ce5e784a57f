package control

import (
	"context"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/usage"
)

func timeOr(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func filterOf(f UsageFilter) usage.Filter {
	return usage.Filter{
		Models: f.Models, Providers: f.Providers, Projects: f.Projects, Keys: f.Keys, Clients: f.Clients, Users: f.Users,
		Tags: f.Tags, AllTags: f.AllTags, Credentials: f.Credentials, Outcomes: f.Outcomes, ErrorKinds: f.ErrorKinds,
	}
}

func (s *Service) usageReport(ctx context.Context, q UsageReportQuery) (UsageReport, error) {
	zone := time.Local
	if q.Zone != "" {
		var err error
		if zone, err = time.LoadLocation(q.Zone); err != nil {
			return UsageReport{}, llm.Errorf(llm.ErrBadRequest, "the time zone %q is unknown; use a name such as Europe/Berlin", q.Zone)
		}
	}
	r, err := s.History.Report(ctx, usage.ReportQuery{
		From: timeOr(q.From), To: timeOr(q.To), By: usage.By(q.GroupBy), Limit: q.Limit, Bucket: usage.Width(q.Bucket), Zone: zone,
		Filter: filterOf(q.Filter), Compare: q.Compare, Quantiles: true,
	})
	if err != nil {
		return UsageReport{}, err
	}
	out := UsageReport{
		From: timeOrNil(r.From), To: timeOrNil(r.To), Totals: figures(r.Totals), Previous: figuresOrNil(r.Previous),
		Buckets: []UsageBucket{}, Groups: []UsageGroup{}, OtherGroups: r.OtherGroups,
	}
	var last UsageBucket
	for _, b := range r.Buckets {
		v := UsageBucket{Start: b.Start, End: b.End, Figures: figures(b.Figures), Model: b.Model, Provider: b.Provider}
		if b.Figures.Requests > 0 {
			v.Changed = last.Figures.Requests > 0 && (last.Model != v.Model || last.Provider != v.Provider)
			last = v
		}
		out.Buckets = append(out.Buckets, v)
	}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, groupView(g))
	}
	if r.Rest != nil {
		rest := groupView(*r.Rest)
		out.Rest = &rest
	}
	out.Change = trendOf(out.Totals, out.Previous)
	if q.Drawn > 0 {
		for i, others := range othersOf(&out, q.Drawn) {
			out.Buckets[i].Others = &others
		}
	}
	return out, nil
}

func groupView(g usage.ReportGroup) UsageGroup {
	v := UsageGroup{Name: g.Name, Figures: figures(g.Figures), Previous: figuresOrNil(g.Previous), Cells: []UsageCell{}}
	v.Change = trendOf(v.Figures, v.Previous)
	for _, c := range g.Cells {
		v.Cells = append(v.Cells, UsageCell(c))
	}
	return v
}

func figures(f usage.Figures) UsageFigures {
	v := UsageFigures{
		Requests: f.Requests, Errors: f.Errors, Attempts: f.Attempts, InputTokens: f.InputTokens, CacheRead: f.CacheReadTokens,
		CacheWrite: f.CacheWriteTokens, CacheWrite5m: f.CacheWrite5mTokens, CacheWrite1h: f.CacheWrite1hTokens,
		OutputTokens: f.OutputTokens, Reasoning: f.ReasoningTokens, CostPicoUSD: f.CostPicoUSD, ReportedCost: f.ReportedCostPicoUSD,
		MarketCost: f.MarketCostPicoUSD, Estimated: f.Estimated, CacheSaved: f.CacheSavedPicoUSD, UnknownTokens: f.UnknownTokens, UnknownCost: f.UnknownCost,
		FirstTokenMs: UsageQuantiles(f.FirstTokenMs), DurationMs: UsageQuantiles(f.DurationMs),
		TokensPerSecond: UsageQuantiles(f.TokensPerSecond),
	}
	if f.CacheReadTokens != nil && f.InputTokens != nil {
		prompt := *f.InputTokens + *f.CacheReadTokens
		if f.CacheWriteTokens != nil {
			prompt += *f.CacheWriteTokens
		}
		if prompt > 0 {
			share := float64(*f.CacheReadTokens) / float64(prompt)
			v.CacheHitShare = &share
		}
	}
	if f.Requests > 0 {
		share := float64(f.Errors) / float64(f.Requests)
		v.ErrorShare = &share
	}
	if f.OutputTokens != nil && f.Answered > 0 {
		mean := float64(*f.OutputTokens) / float64(f.Answered)
		v.OutputPerRequest = &mean
	}
	return v
}

func figuresOrNil(f *usage.Figures) *UsageFigures {
	if f == nil {
		return nil
	}
	v := figures(*f)
	return &v
}

func (s *Service) usageRequests(ctx context.Context, q UsageSearch) (UsageFound, error) {
	found, err := s.History.Search(ctx, usage.Search{
		Limit: q.Limit, Before: q.Before, From: timeOr(q.From), To: timeOr(q.To), Filter: filterOf(q.Filter), Model: q.Model, Text: q.Text,
		Broken: q.Broken,
	})
	if err != nil {
		return UsageFound{}, err
	}
	page := UsageFound{Records: []UsageRecord{}, Next: found.Next, Partial: found.Partial}
	for _, r := range found.Records {
		page.Records = append(page.Records, UsageView(r))
	}
	return page, nil
}

func (s *Service) usageGet(_ context.Context, ref UsageRef) (UsageRecord, error) {
	r, found, err := s.History.Get(ref.ID)
	if err == nil && !found {
		err = llm.Errorf(llm.ErrNotFound, "there is no request %.80q in the history; it may have been one of another installation", ref.ID).
			WithCode("request_unknown")
	}
	if err != nil {
		return UsageRecord{}, err
	}
	return UsageView(r), nil
}
