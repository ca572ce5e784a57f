package gemini

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// mergeUsage adds a usageMetadata to what is known (API reference, "UsageMetadata"); each one repeats the numbers so
// far. The prompt's count includes what came from a cache and leaves out what Google's own tools put in; the
// candidates' count leaves the thoughts out.
func mergeUsage(known *llm.Usage, u jsonread.Value) {
	get := func(name string) (int64, bool) {
		v := u.Get(name)
		return v.Int(), v.Type() == jsonread.Number
	}
	prompt, hasPrompt := get("promptTokenCount")
	ofTools, _ := get("toolUsePromptTokenCount")
	cached, hasCached := get("cachedContentTokenCount")
	candidates, hasCandidates := get("candidatesTokenCount")
	thoughts, hasThoughts := get("thoughtsTokenCount")
	if hasPrompt {
		known.Input = llm.Tokens(prompt + ofTools - cached)
	}
	if hasCached {
		known.CacheRead = llm.Tokens(min(cached, prompt+ofTools))
	}
	if hasCandidates || hasThoughts {
		known.Output = llm.Tokens(candidates + thoughts)
	}
	if hasThoughts {
		known.Reasoning = llm.Tokens(thoughts)
	}
	byModality(known, u)
	if tier := u.Get("trafficType").Str(); tier != "" {
		known.Tier = tier
	}
	known.Raw = json.RawMessage(u.Raw())
}

// searches reads how many web searches are billed ("Grounding with Google Search", Pricing): from Gemini 3 on each query,
// before that each prompt that led to any. It tells whether an object has some.
func searches(known *llm.Usage, root jsonread.Value) bool {
	queries := int64(len(root.Get("candidates.0.groundingMetadata.webSearchQueries").Array()))
	if queries == 0 {
		return false
	}
	for _, old := range []string{"gemini-1", "gemini-2"} {
		if strings.HasPrefix(root.Get("modelVersion").String(), old) {
			queries = 1
		}
	}
	known.Searches = llm.Tokens(queries)
	return true
}

// byModality reads how much of each number was sound or pictures.
func byModality(known *llm.Usage, u jsonread.Value) {
	take := func(list, modality string) (n int64, ok bool) {
		u.Get(list).ForEach(func(_, d jsonread.Value) bool {
			if d.Get("modality").Str() == modality {
				n, ok = n+d.Get("tokenCount").Int(), true
			}
			return true
		})
		return n, ok
	}
	cached, hasCached := take("cacheTokensDetails", "AUDIO")
	if hasCached {
		known.CacheReadAudio = llm.Tokens(cached)
	}
	if n, ok := take("promptTokensDetails", "AUDIO"); ok {
		known.InputAudio = llm.Tokens(n - cached)
	}
	if n, ok := take("candidatesTokensDetails", "AUDIO"); ok {
		known.OutputAudio = llm.Tokens(n)
	}
	if n, ok := take("candidatesTokensDetails", "IMAGE"); ok {
		known.OutputImage = llm.Tokens(n)
	}
}

// appendUsage writes a usageMetadata as a member behind others. What is not known is left out.
func appendUsage(b []byte, u llm.Usage) []byte {
	if !u.Known() {
		return b
	}
	w := &members{}
	add := func(name string, n int64, known bool) {
		if known {
			w.add(name, strconv.AppendInt(nil, n, 10))
		}
	}
	output, hasOutput := u.Output.Get()
	thoughts, hasThoughts := u.Reasoning.Get()
	thoughts = min(thoughts, output)
	prompt := u.Input.Or(0) + u.CacheRead.Or(0) + u.CacheWrite5m.Or(0) + u.CacheWrite1h.Or(0)
	add("promptTokenCount", prompt, u.Input.Known())
	add("cachedContentTokenCount", u.CacheRead.Or(0), u.CacheRead.Known())
	add("candidatesTokenCount", output-thoughts, hasOutput)
	add("thoughtsTokenCount", thoughts, hasOutput && hasThoughts)
	add("totalTokenCount", prompt+output, u.Input.Known())
	return append(append(b, `,"usageMetadata":`...), w.close()...)
}

// Finish reasons (API reference, "FinishReason").
var (
	filtered = []string{
		"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
		"IMAGE_RECITATION", "LANGUAGE", "MODEL_ARMOR", "JAILBREAK",
	}
	// failed are answers that are of no use: what the model wrote can't be read.
	failed = map[string]string{
		"MALFORMED_FUNCTION_CALL":   "the model wrote a tool call that can't be read; ask again",
		"UNEXPECTED_TOOL_CALL":      "the model called a tool that the request does not have; ask again, or offer the tool",
		"TOO_MANY_TOOL_CALLS":       "the model called too many tools in a row; ask again",
		"MALFORMED_RESPONSE":        "the model's answer can't be read; ask again",
		"MISSING_THOUGHT_SIGNATURE": "the provider missed a reasoning signature in the conversation; start a new one",
	}
)

// finishOf maps a finishReason, keeping the word. STOP also stands for tool calls.
func finishOf(raw string, called bool) llm.FinishReason {
	kind := llm.FinishOther
	switch {
	case raw == "STOP" && called:
		kind = llm.FinishToolCalls
	case raw == "STOP":
		kind = llm.FinishStop
	case raw == "MAX_TOKENS":
		kind = llm.FinishLength
	case raw == "CONTINUATION": // goes on with the continuationToken that comes beside it
		kind = llm.FinishPause
	case slices.Contains(filtered, raw):
		kind = llm.FinishContentFilter
	}
	return llm.FinishReason{Kind: kind, Raw: raw}
}

// finishWord gives the finishReason of an answer. A word of the API's own stays.
func finishWord(r llm.FinishReason) (word, message string) {
	switch r.Kind {
	case llm.FinishStop, llm.FinishStopSequence, llm.FinishToolCalls:
		return "STOP", ""
	case llm.FinishLength:
		return "MAX_TOKENS", ""
	case llm.FinishContentFilter:
		if slices.Contains(filtered, r.Raw) {
			return r.Raw, ""
		}
		return "SAFETY", r.Raw
	case llm.FinishRefusal:
		return "SAFETY", "the model declined to answer"
	}
	if r.Raw == "CONTINUATION" {
		return r.Raw, ""
	}
	return "OTHER", r.Raw
}
