package chatcompletions

import (
	"encoding/json"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/hosted"
	"gatehouse/backend/protocol/jsonread"
)

// usageOf reads a usage object (API reference, "The chat completion object"). prompt_tokens includes what was read from
// and written to a cache; llm.Usage keeps the three apart. The cache fields have other names at DeepSeek
// (prompt_cache_hit_tokens), Moonshot (cached_tokens), Mistral (num_cached_tokens) and the hosted gateway
// (cache_creation_input_tokens).
func usageOf(u jsonread.Value) llm.Usage {
	out := llm.Usage{Raw: json.RawMessage(u.Raw())}
	var prompt, read, write, total llm.Count
	u.ForEach(func(key, v jsonread.Value) bool {
		switch key.Str() {
		case "prompt_tokens":
			take(&prompt, v)
		case "completion_tokens":
			take(&out.Output, v)
		case "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens":
			take(&read, v)
		case "cache_creation_input_tokens":
			take(&write, v)
		case "total_tokens":
			take(&total, v)
		case "server_tool_use": // OpenRouter
			take(&out.Searches, v.Get("web_search_requests"))
		case "prompt_tokens_details":
			v.ForEach(func(key, v jsonread.Value) bool {
				switch key.Str() {
				case "cached_tokens":
					take(&read, v)
				case "cache_write_tokens":
					take(&write, v)
				case "audio_tokens":
					take(&out.InputAudio, v)
				}
				return true
			})
		case "completion_tokens_details":
			take(&out.Reasoning, v.Get("reasoning_tokens"))
			take(&out.OutputAudio, v.Get("audio_tokens"))
			take(&out.OutputImage, v.Get("image_tokens"))
		}
		return true
	})
	out.CacheRead, out.CacheWrite5m = read, write
	if n, ok := prompt.Get(); ok {
		out.Input = llm.Tokens(n - read.Or(0) - write.Or(0))
	}
	withReasoning(&out, prompt, total)
	hosted.Costs(&out, u)
	return out
}

// withReasoning adds the reasoning to the output where a source leaves it out of completion_tokens, as xAI does and the
// hosted gateway for some models: it then is more than all of the output, or what the total has besides.
func withReasoning(u *llm.Usage, prompt, total llm.Count) {
	reasoning, output := u.Reasoning.Or(0), u.Output.Or(0)
	besides := prompt.Known() && total.Known() && total.Or(0) == prompt.Or(0)+output+reasoning
	if u.Output.Known() && reasoning > 0 && (reasoning > output || besides) {
		u.Output = llm.Tokens(output + reasoning)
	}
}

func take(dst *llm.Count, v jsonread.Value) {
	if v.Type() == jsonread.Number {
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

// appendUsage writes a usage object. prompt_tokens includes the cache's; what is unknown is left out of the details, and
// of the totals, which the dialect demands, it counts as none.
func appendUsage(dst []byte, u llm.Usage) []byte {
	writes := u.CacheWrite5m.Or(0) + u.CacheWrite1h.Or(0)
	prompt := u.Input.Or(0) + u.CacheRead.Or(0) + writes
	output := u.Output.Or(0)
	member := func(name string, n int64) {
		dst = append(append(append(dst, '"'), name...), '"', ':')
		dst = append(strconv.AppendInt(dst, n, 10), ',')
	}
	dst = append(dst, '{')
	member("prompt_tokens", prompt)
	member("completion_tokens", output)
	member("total_tokens", prompt+output)
	if u.CacheRead.Known() || u.CacheWrite5m.Known() || u.CacheWrite1h.Known() {
		dst = append(dst, `"prompt_tokens_details":{`...)
		if u.CacheRead.Known() {
			member("cached_tokens", u.CacheRead.Or(0))
		}
		if u.CacheWrite5m.Known() || u.CacheWrite1h.Known() {
			member("cache_write_tokens", writes)
		}
		dst = append(dst[:len(dst)-1], "},"...)
	}
	if n, ok := u.Reasoning.Get(); ok {
		dst = append(dst, `"completion_tokens_details":{`...)
		member("reasoning_tokens", n)
		dst = append(dst[:len(dst)-1], "},"...)
	}
	return append(dst[:len(dst)-1], '}')
}
