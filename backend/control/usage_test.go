package control_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/control"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/usage"
)

// What the history holds of a request is what `gatehouse usage --json` prints: whose numbers they are, what the provider
// says of the cost and how far that is from ours.
func TestUsageView(t *testing.T) {
	n := func(n int64) *int64 { return &n }
	r := usage.Record{
		ID: "req_1", StartedAt: time.Unix(1, 0), Stream: true, InputTokens: n(10), CacheWrite5mTokens: n(3), OutputTokens: n(400),
		CostPicoUSD: n(1000), ReportedCostPicoUSD: n(900), MarketCostPicoUSD: n(1100), FirstTokenMs: n(1000), DurationMs: n(3000),
		Estimated: []string{"outputTokens", "costPicoUSD"}, Counted: []string{"inputTokens"}, Notices: []string{"top_k: left out"},
		Conversation: "abc", User: "u", Tags: []string{"a"}, Client: "cline",
		Attempts: []gateway.Attempt{
			{Provider: "p", CredentialType: "own", Outcome: gateway.Failed, Duration: time.Second},
			{Provider: "q", CredentialType: "gateway", Outcome: gateway.OK, Used: gateway.Used{Input: llm.Tokens(10)}},
		},
	}
	text, err := json.Marshal(control.UsageView(r))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"costPicoUSD": "1000", "reportedCostPicoUSD": "900", "marketCostPicoUSD": "1100", "costDifferencePicoUSD": "-100",
		"provenance": `{"inputTokens":"counted","cacheReadTokens":"unknown","cacheWriteTokens":"reported","outputTokens":"estimated",` +
			`"reasoningTokens":"unknown","costPicoUSD":"estimated"}`,
		"tokensPerSecond": "200", "retries": "1", "credentialType": `"gateway"`, "notices": `["top_k: left out"]`,
		"conversation": `"abc"`, "user": `"u"`, "tags": `["a"]`, "client": `"cline"`,
		"attempts.0.durationMs": "1000", "attempts.0.outcome": `"error"`, "attempts.0.inputTokens": "null", "attempts.1.inputTokens": "10",
	} {
		if got := gjson.GetBytes(text, path).Raw; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	r.Estimated, r.CostPicoUSD = nil, nil
	text, _ = json.Marshal(control.UsageView(r))
	if v := gjson.GetBytes(text, "costDifferencePicoUSD"); v.Raw != "null" || gjson.GetBytes(text, "provenance.costPicoUSD").Str != "unknown" {
		t.Errorf("%s", text)
	}
}
