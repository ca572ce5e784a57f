package responses

import (
	"encoding/json"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/hosted"
	"gatehouse/backend/protocol/jsonread"
)

// usageOf reads a usage object (API reference, "The response object"). input_tokens includes what was read from and
// written to a cache; llm.Usage keeps the three apart. The service tier stands in the response, as do the calls of the
// search tool, each of which is billed.
func usageOf(response jsonread.Value) llm.Usage {
	u := response.Get("usage")
	out := llm.Usage{Raw: json.RawMessage(u.Raw()), Tier: response.Get("service_tier").Str()}
	out.Searches = searches(response.Get("output"))
	var input llm.Count
	take(&input, u.Get("input_tokens"))
	take(&out.Output, u.Get("output_tokens"))
	take(&out.CacheRead, u.Get("input_tokens_details.cached_tokens"))
	take(&out.CacheWrite5m, u.Get("input_tokens_details.cache_write_tokens"))
	take(&out.Reasoning, u.Get("output_tokens_details.reasoning_tokens"))
	if n, ok := input.Get(); ok {
		out.Input = llm.Tokens(n - out.CacheRead.Or(0) - out.CacheWrite5m.Or(0))
	}
	hosted.Costs(&out, u)
	hosted.Account(&out, response.Get("provider_metadata"))
	return out
}

// searches counts the web searches of an answer; opening a page or looking in it is none (guide, "Web search").
func searches(output jsonread.Value) llm.Count {
	var n int64
	output.ForEach(func(_, item jsonread.Value) bool {
		n += searched(item)
		return true
	})
	return searchCount(n)
}

// searched is 1 for an item that is a web search.
func searched(item jsonread.Value) int64 {
	if item.Get("type").Str() == "web_search_call" {
		if action := item.Get("action.type").Str(); action == "" || action == "search" {
			return 1
		}
	}
	return 0
}

func searchCount(n int64) llm.Count {
	if n == 0 {
		return llm.Count{}
	}
	return llm.Tokens(n)
}

func take(dst *llm.Count, v jsonread.Value) {
	if v.Type() == jsonread.Number {
		*dst = llm.Tokens(v.Int())
	}
}

// appendUsage appends a usage object, whose numbers clients demand; unknown ones are 0 there.
func appendUsage(b []byte, u llm.Usage) []byte {
	writes := u.CacheWrite5m.Or(0) + u.CacheWrite1h.Or(0)
	input := u.Input.Or(0) + u.CacheRead.Or(0) + writes
	for _, f := range []struct {
		before string
		n      int64
	}{
		{`{"input_tokens":`, input},
		{`,"input_tokens_details":{"cached_tokens":`, u.CacheRead.Or(0)},
		{`,"cache_write_tokens":`, writes},
		{`},"output_tokens":`, u.Output.Or(0)},
		{`,"output_tokens_details":{"reasoning_tokens":`, u.Reasoning.Or(0)},
		{`},"total_tokens":`, input + u.Output.Or(0)},
	} {
		b = strconv.AppendInt(append(b, f.before...), f.n, 10)
	}
	return append(b, '}')
}
