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
	out := llm.Usage{Raw: json.RawMessage(u.Raw)}
	var prompt, read, write llm.Count
	u.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "prompt_tokens":
			take(&prompt, v)
		case "completion_tokens":
			take(&out.Output, v)
		case "prompt_cache_hit_tokens", "cached_tokens":
			take(&read, v)
		case "cache_creation_input_tokens":
			take(&write, v)
		case "prompt_tokens_details":
			v.ForEach(func(key, v gjson.Result) bool {
				switch key.Str {
				case "cached_tokens":
					take(&read, v)
				case "cache_write_tokens":
					take(&write, v)
				}
				return true
			})
		case "completion_tokens_details":
			take(&out.Reasoning, v.Get("reasoning_tokens"))
		}
		return true
	})
	out.CacheRead, out.CacheWrite5m = read, write
	if n, ok := prompt.Get(); ok {
		out.Input = llm.Tokens(n - read.Or(0) - write.Or(0))
	}
	return out
}

func take(dst *llm.Count, v gjson.Result) {
	if v.Type == gjson.Number {
		*dst = llm.Tokens(v.Int())
	}
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
