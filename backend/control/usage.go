package control

import (
	"context"

	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
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
		User: r.User, Conversation: r.Conversation, Tags: append([]string{}, r.Tags...), Rollout: r.Rollout, Arm: r.Arm,
		ReportedCost: r.ReportedCostPicoUSD, OtherCost: r.OtherCostPicoUSD, CacheSaved: r.CacheSavedPicoUSD, Bill: billView(r.Bill),
		MarketCost: r.MarketCostPicoUSD, Provenance: provenanceOf(&r), Notices: append([]string{}, r.Notices...),
		Retries: max(len(r.Attempts)-1, 0), Attempts: []UsageAttempt{},
	}
	if r.ReportedCostPicoUSD != nil && r.CostPicoUSD != nil {
		difference := *r.ReportedCostPicoUSD - *r.CostPicoUSD
		if r.OtherCostPicoUSD != nil {
			difference += *r.OtherCostPicoUSD
		}
		v.CostDifference = &difference
	}
	if speed, ok := r.TokensPerSecond(); ok {
		v.TokensPerSecond = &speed
	}
	if b := r.Prefix; b != nil {
		v.Prefix = &UsagePrefix{
			Cause: string(b.Cause), Was: b.Was, Part: b.Part, Number: b.Number, Kept: b.Kept, Blocks: b.Blocks, After: b.After,
			Tokens: b.Tokens, Estimated: b.Estimated, CostPicoUSD: b.CostPicoUSD,
		}
	}
	for _, a := range r.Attempts {
		v.CredentialType = a.CredentialType
		v.Attempts = append(v.Attempts, attemptView(a))
	}
	return v
}

func attemptView(a gateway.Attempt) UsageAttempt {
	v := UsageAttempt{
		Provider: a.Provider, Model: a.Model, Credential: a.Credential, CredentialType: a.CredentialType, Reason: a.Reason, At: a.At,
		DurationMs: a.Duration.Milliseconds(), Outcome: string(a.Outcome), Status: a.Status, ErrorKind: string(a.Kind), Error: a.Error,
		CostPicoUSD: a.CostPicoUSD,
	}
	number := func(to **int64, counts ...llm.Count) {
		for _, c := range counts {
			if n, known := c.Get(); known {
				if *to != nil {
					n += **to
				}
				*to = &n
			}
		}
	}
	number(&v.InputTokens, a.Used.Input)
	number(&v.CacheRead, a.Used.CacheRead)
	number(&v.CacheWrite, a.Used.CacheWrite5m, a.Used.CacheWrite1h)
	number(&v.OutputTokens, a.Used.Output)
	return v
}

func provenanceOf(r *usage.Record) UsageProvenance {
	from := func(name string, n *int64) string { return string(r.Provenance(name, n != nil)) }
	cost := r.Provenance("costPicoUSD", r.CostPicoUSD != nil)
	if cost == llm.Reported { // made of what the provider reported, with our prices
		cost = llm.Counted
	}
	return UsageProvenance{
		Input: from("inputTokens", r.InputTokens), CacheRead: from("cacheReadTokens", r.CacheReadTokens),
		CacheWrite: from("cacheWrite5mTokens", r.CacheWriteTokens()), Output: from("outputTokens", r.OutputTokens),
		Reasoning: from("reasoningTokens", r.ReasoningTokens), Cost: string(cost),
	}
}

func billView(b *catalog.Bill) *UsageBill {
	if b == nil {
		return nil
	}
	v := UsageBill{
		Lines: []UsageBillLine{}, Over: b.Over, Service: b.Service, Region: b.Region, Hours: b.Hours, Multipliers: append([]int64{}, b.Multipliers...),
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
