// Package hosted reads what the hosted gateway says beside an answer's usage of how it was billed
// (provider_metadata; "Chat Completions", "Messages", the AI SDK's package @ai-sdk/gateway).
//
// It must not know where a dialect has its metadata, nor prices.
package hosted

import (
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// Account adds to a usage what the metadata says: what the call cost and what it would have cost without the gateway's
// own terms, the service tier that really served it, searches, and how long Anthropic keeps what went into its cache,
// which the usage itself leaves open. What the usage says already stays.
func Account(u *llm.Usage, metadata jsonread.Value) {
	if !metadata.IsObject() {
		return
	}
	gateway := metadata.Get("gateway")
	if !u.Reported.Known() {
		cost(&u.Reported, gateway.Get("cost"))
	}
	if !u.Market.Known() {
		cost(&u.Market, gateway.Get("marketCost"))
	}
	if tier := gateway.Get("serviceTier").Str(); tier != "" && u.Tier == "" {
		u.Tier = tier
	}
	if n := gateway.Get("billableWebSearchCalls"); n.Type() == jsonread.Number && !u.Searches.Known() {
		u.Searches = llm.Tokens(n.Int())
	}
	lifetimes(u, metadata.Get("anthropic.usage.cache_creation"))
}

// Costs adds what a usage object itself says of costs, in USD: cost (OpenRouter, hosted gateway), market_cost (hosted
// gateway) or cost_in_usd_ticks (xAI, in 1e-10 USD).
func Costs(u *llm.Usage, usage jsonread.Value) {
	cost(&u.Reported, usage.Get("cost"))
	cost(&u.Market, usage.Get("market_cost"))
	if ticks := usage.Get("cost_in_usd_ticks"); ticks.Type() == jsonread.Number {
		u.Reported = llm.CostOf(ticks.Raw() + "e-10")
	}
}

func cost(to *llm.Count, v jsonread.Value) {
	if v.Exists() {
		*to = llm.CostOf(v.String())
	}
}

// lifetimes splits what was written into a cache, if the split makes the same whole.
func lifetimes(u *llm.Usage, split jsonread.Value) {
	hour := split.Get("ephemeral_1h_input_tokens")
	if hour.Type() != jsonread.Number || u.CacheWrite1h.Known() {
		return
	}
	written, short := u.CacheWrite5m.Or(0), split.Get("ephemeral_5m_input_tokens").Int()
	if hour.Int() >= 0 && short >= 0 && hour.Int()+short == written {
		u.CacheWrite5m, u.CacheWrite1h = llm.Tokens(short), llm.Tokens(hour.Int())
	}
}
