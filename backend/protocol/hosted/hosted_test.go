package hosted_test

import (
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/hosted"
	"gatehouse/backend/protocol/jsonread"
)

// FuzzAccount: whatever stands in the metadata, what the usage says stays, and nothing becomes less than none.
func FuzzAccount(f *testing.F) {
	f.Add(`{"gateway":{"cost":"0.1","marketCost":"1e-3","serviceTier":"flex","billableWebSearchCalls":2}}`, `{"cost":0.5,"market_cost":null}`, int64(90))
	f.Add(`{"anthropic":{"usage":{"cache_creation":{"ephemeral_5m_input_tokens":40,"ephemeral_1h_input_tokens":50}}}}`, `{"cost_in_usd_ticks":-7}`, int64(90))
	f.Add(`{"anthropic":{"usage":{"cache_creation":{"ephemeral_5m_input_tokens":9223372036854775807,"ephemeral_1h_input_tokens":1}}}}`, `{}`, int64(-1))
	f.Fuzz(func(t *testing.T, metadata, usage string, written int64) {
		u := llm.Usage{CacheWrite5m: llm.Tokens(written), Tier: "priority", Searches: llm.Tokens(7)}
		hosted.Costs(&u, jsonread.Of(usage))
		reported, market := u.Reported, u.Market
		hosted.Account(&u, jsonread.Of(metadata))
		if u.Tier != "priority" || u.Searches.Or(0) != 7 || reported.Known() && u.Reported != reported || market.Known() && u.Market != market {
			t.Fatalf("%+v", u)
		}
		if u.CacheWrite5m.Or(0)+u.CacheWrite1h.Or(0) != max(written, 0) {
			t.Fatalf("%d written became %+v", written, u)
		}
		for _, n := range []llm.Count{u.Reported, u.Market, u.CacheWrite5m, u.CacheWrite1h} {
			if n.Or(0) < 0 {
				t.Fatalf("%+v", u)
			}
		}
	})
}
