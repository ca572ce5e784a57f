package control

import "math"

// trendOf tells how figures changed from the time before; nil where there is nothing to compare with.
func trendOf(now UsageFigures, before *UsageFigures) *UsageTrend {
	if before == nil {
		return nil
	}
	return &UsageTrend{
		Requests: percentMore(&now.Requests, &before.Requests), Errors: percentMore(&now.Errors, &before.Errors),
		InputTokens: percentMore(now.InputTokens, before.InputTokens), OutputTokens: percentMore(now.OutputTokens, before.OutputTokens),
		CacheRead: percentMore(now.CacheRead, before.CacheRead), CacheWrite: percentMore(now.CacheWrite, before.CacheWrite),
		CostPicoUSD: percentMore(now.CostPicoUSD, before.CostPicoUSD), CacheSaved: percentMore(now.CacheSaved, before.CacheSaved),
	}
}

// percentMore tells by how many percent, rounded, a number is above an earlier one, or below it; nil where one of the two is
// unknown or the earlier one is 0. What lay below 0, such as savings that cost, counts by its size.
func percentMore(now, before *int64) *int64 {
	if now == nil || before == nil || *before == 0 {
		return nil
	}
	from := float64(*before)
	percent := int64(math.Round((float64(*now) - from) / math.Abs(from) * 100))
	return &percent
}

// othersOf sums up, for each bucket, the groups from a place on, and what is not told of by itself.
func othersOf(r *UsageReport, from int) []UsageCell {
	sums := make([]UsageCell, len(r.Buckets))
	add := func(g *UsageGroup) {
		for i, c := range g.Cells {
			sums[i].Requests += c.Requests
			sums[i].Errors += c.Errors
			sums[i].Tokens += c.Tokens
			sums[i].CostPicoUSD += c.CostPicoUSD
		}
	}
	for i := from; i < len(r.Groups); i++ {
		add(&r.Groups[i])
	}
	if r.Rest != nil {
		add(r.Rest)
	}
	return sums
}
