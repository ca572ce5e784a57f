package chatcompletions

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

// usageOf reads a usage object (API reference, "The chat completion object"). prompt_tokens includes what was read from
// and written to a cache; llm.Usage keeps the three apart. The cache fields have other names at DeepSeek
// (prompt_cache_hit_tokens), Moonshot (cached_tokens) and the hosted gateway (cache_creation_input_tokens).
func usageOf(u gjson.Result) llm.Usage {
	first := func(paths ...string) (int64, bool) {
		for _, p := range paths {
			if v := u.Get(p); v.Type == gjson.Number {
				return v.Int(), true
			}
		}
		return 0, false
	}
	out := llm.Usage{Raw: json.RawMessage(u.Raw)}
	read, readKnown := first("prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens", "cached_tokens")
	write, writeKnown := first("prompt_tokens_details.cache_write_tokens", "cache_creation_input_tokens")
	if readKnown {
		out.CacheRead = llm.Tokens(read)
	}
	if writeKnown {
		out.CacheWrite5m = llm.Tokens(write)
	}
	if n, ok := first("prompt_tokens"); ok {
		out.Input = llm.Tokens(n - read - write)
	}
	if n, ok := first("completion_tokens"); ok {
		out.Output = llm.Tokens(n)
	}
	if n, ok := first("completion_tokens_details.reasoning_tokens"); ok {
		out.Reasoning = llm.Tokens(n)
	}
	return out
}

// finishOf maps a finish_reason, keeping the word.
func finishOf(raw string) llm.FinishReason {
	kind := llm.FinishOther
	switch raw {
	case "stop":
		kind = llm.FinishStop
	case "length", "model_length":
		kind = llm.FinishLength
	case "tool_calls", "function_call":
		kind = llm.FinishToolCalls
	case "content_filter":
		kind = llm.FinishContentFilter
	case "error", "insufficient_system_resource":
		kind = llm.FinishError
	}
	return llm.FinishReason{Kind: kind, Raw: raw}
}
