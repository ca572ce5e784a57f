package control

import (
	"context"

	"gatehouse/backend/catalog"
	"gatehouse/backend/usage"
)

// UsageView gives a record as the faces show it.
func UsageView(r usage.Record) UsageRecord {
	v := UsageRecord{
		ID: r.ID, StartedAt: r.StartedAt, Key: r.Key, Project: r.Project, Client: r.Client, Dialect: r.Dialect, Surface: r.Surface,
		Stream:         r.Stream,
		RequestedModel: r.RequestedModel, Model: r.Model, Provider: r.Provider, InputTokens: r.InputTokens,
		CacheRead: r.CacheReadTokens, CacheWrite: r.CacheWriteTokens(), OutputTokens: r.OutputTokens, Reasoning: r.ReasoningTokens,
		CostPicoUSD: r.CostPicoUSD, FirstTokenMs: r.FirstTokenMs, DurationMs: r.DurationMs, Outcome: string(r.Outcome),
		Status: r.Status, ErrorKind: string(r.ErrorKind), Error: r.Error, FinishReason: string(r.FinishReason),
		User: r.User, Tags: append([]string{}, r.Tags...), Rollout: r.Rollout, Arm: r.Arm,
		ReportedCost: r.ReportedCostPicoUSD, CacheSaved: r.CacheSavedPicoUSD, Bill: billView(r.Bill),
		Attempts: []UsageAttempt{},
	}
	for _, a := range r.Attempts {
		v.Attempts = append(v.Attempts, UsageAttempt{
			Provider: a.Provider, Model: a.Model, Reason: a.Reason, At: a.At, Status: a.Status, ErrorKind: string(a.Kind), Error: a.Error,
		})
	}
	return v
}

func billView(b *catalog.Bill) *UsageBill {
	if b == nil {
		return nil
	}
	v := UsageBill{
		Lines: []UsageBillLine{}, Over: b.Over, Service: b.Service, Region: b.Region, Multipliers: append([]int64{}, b.Multipliers...),
		Discount: b.Discount, Source: string(b.Source), Version: b.Version,
	}
	for _, l := range b.Lines {
		v.Lines = append(v.Lines, UsageBillLine{string(l.Kind), l.Units, (*int64)(l.Price), (*int64)(l.Amount)})
	}
	return &v
}

func (s *Service) usageList(ctx context.Context, q UsageQuery) (UsagePage, error) {
	records, next, err := s.History.List(ctx, usage.Query{Limit: q.Limit, Before: q.Before, Project: q.Project, Model: q.Model})
	if err != nil {
		return UsagePage{}, err
	}
	page := UsagePage{Records: []UsageRecord{}, Next: next}
	for _, r := range records {
		page.Records = append(page.Records, UsageView(r))
	}
	return page, nil
}

func (s *Service) usageTotals(ctx context.Context, q UsageBy) (UsageRows, error) {
	var filter usage.Filter
	if q.Filter != nil {
		filter = filterOf(*q.Filter)
	}
	totals, err := s.History.Totals(ctx, usage.ReportQuery{
		By: usage.By(q.By), From: timeOr(q.Since), To: timeOr(q.Until), Filter: filter, Quantiles: true,
	})
	if err != nil {
		return UsageRows{}, err
	}
	rows := UsageRows{Rows: []UsageTotals{}}
	known := func(n *int64) int64 { // nothing known sums up to nothing
		if n == nil {
			return 0
		}
		return *n
	}
	for _, t := range totals {
		rows.Rows = append(rows.Rows, UsageTotals{
			Name: t.Name, Requests: t.Requests, Errors: t.Errors, InputTokens: known(t.InputTokens), CacheRead: known(t.CacheReadTokens),
			CacheWrite: known(t.CacheWriteTokens), OutputTokens: known(t.OutputTokens), Reasoning: known(t.ReasoningTokens),
			CostPicoUSD: known(t.CostPicoUSD), UnknownTokens: t.UnknownTokens, UnknownCost: t.UnknownCost, CacheSaved: t.CacheSavedPicoUSD,
			FirstTokenMs: UsageQuantiles(t.FirstTokenMs), DurationMs: UsageQuantiles(t.DurationMs),
			TokensPerSecond: UsageQuantiles(t.TokensPerSecond),
		})
	}
	return rows, nil
}
