package responses

import (
	"encoding/json"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// usageOf reads a usage object (API reference, "The response object"). input_tokens includes what was read from and
// written to a cache; llm.Usage keeps the three apart.
func usageOf(u jsonread.Value) llm.Usage {
	out := llm.Usage{Raw: json.RawMessage(u.Raw())}
	var input llm.Count
	take(&input, u.Get("input_tokens"))
	take(&out.Output, u.Get("output_tokens"))
	take(&out.CacheRead, u.Get("input_tokens_details.cached_tokens"))
	take(&out.CacheWrite5m, u.Get("input_tokens_details.cache_write_tokens"))
	take(&out.Reasoning, u.Get("output_tokens_details.reasoning_tokens"))
	if n, ok := input.Get(); ok {
		out.Input = llm.Tokens(n - out.CacheRead.Or(0) - out.CacheWrite5m.Or(0))
	}
	return out
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
