package messages

import (
	"encoding/json"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/hosted"
	"gatehouse/backend/protocol/jsonread"
)

// mergeUsage adds a usage object to what is known (API reference, "Messages", Usage): message_start reports the input,
// message_delta the output so far and, in newer versions, the input again. input_tokens leaves cache reads and writes
// out, as llm.Usage does. Writes that are not split by lifetime count as five-minute ones, the default.
func mergeUsage(known *llm.Usage, u jsonread.Value) {
	take := func(dst *llm.Count, path string) {
		if v := u.Get(path); v.Type() == jsonread.Number {
			*dst = llm.Tokens(v.Int())
		}
	}
	take(&known.Input, "input_tokens")
	take(&known.CacheRead, "cache_read_input_tokens")
	take(&known.Output, "output_tokens")
	take(&known.Reasoning, "output_tokens_details.thinking_tokens")
	take(&known.Searches, "server_tool_use.web_search_requests")
	if tier := u.Get("service_tier").Str(); tier != "" {
		known.Tier = tier
	}
	if region := u.Get("inference_geo").Str(); region != "" {
		known.Region = region
	}
	if split := u.Get("cache_creation"); split.IsObject() {
		take(&known.CacheWrite5m, "cache_creation.ephemeral_5m_input_tokens")
		take(&known.CacheWrite1h, "cache_creation.ephemeral_1h_input_tokens")
	} else if !known.CacheWrite1h.Known() {
		take(&known.CacheWrite5m, "cache_creation_input_tokens")
	}
	known.Raw = json.RawMessage(u.Raw())
	hosted.Costs(known, u)
}

// finishOf maps a stop_reason, keeping the word.
func finishOf(raw string) llm.FinishReason {
	kind := llm.FinishOther
	switch raw {
	case "end_turn":
		kind = llm.FinishStop
	case "stop_sequence":
		kind = llm.FinishStopSequence
	case "max_tokens", "model_context_window_exceeded":
		kind = llm.FinishLength
	case "tool_use":
		kind = llm.FinishToolCalls
	case "pause_turn":
		kind = llm.FinishPause
	case "refusal":
		kind = llm.FinishRefusal
	}
	return llm.FinishReason{Kind: kind, Raw: raw}
}

// appendUsage writes a usage object. What is unknown is left out but for the two numbers that the dialect demands.
func appendUsage(dst []byte, u llm.Usage) []byte {
	member := func(name string, n int64) {
		dst = append(append(append(dst, '"'), name...), '"', ':')
		dst = append(strconv.AppendInt(dst, n, 10), ',')
	}
	dst = append(dst, '{')
	if n, ok := u.Input.Get(); ok {
		member("input_tokens", n)
	}
	if u.CacheWrite5m.Known() || u.CacheWrite1h.Known() {
		member("cache_creation_input_tokens", u.CacheWrite5m.Or(0)+u.CacheWrite1h.Or(0))
	}
	if n, ok := u.CacheRead.Get(); ok {
		member("cache_read_input_tokens", n)
	}
	if u.CacheWrite1h.Known() {
		dst = append(dst, `"cache_creation":{`...)
		member("ephemeral_5m_input_tokens", u.CacheWrite5m.Or(0))
		member("ephemeral_1h_input_tokens", u.CacheWrite1h.Or(0))
		dst = append(dst[:len(dst)-1], "},"...)
	}
	member("output_tokens", u.Output.Or(0))
	if n, ok := u.Reasoning.Get(); ok {
		dst = append(dst, `"output_tokens_details":{`...)
		member("thinking_tokens", n)
		dst = append(dst[:len(dst)-1], "},"...)
	}
	if n, ok := u.Searches.Get(); ok {
		dst = append(dst, `"server_tool_use":{`...)
		member("web_search_requests", n)
		dst = append(dst[:len(dst)-1], "},"...)
	}
	switch u.Tier {
	case "standard", "priority", "batch": // the dialect knows no others
		dst = append(append(append(dst, `"service_tier":"`...), u.Tier...), `",`...)
	}
	return append(dst[:len(dst)-1], '}')
}
