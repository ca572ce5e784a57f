package aisdk

import (
	"bytes"
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// flatUsage is version 2's (LanguageModelV2Usage). null reads like absent, which is how an unknown number goes.
type flatUsage struct {
	Input     *int64 `json:"inputTokens,omitempty"`
	Output    *int64 `json:"outputTokens,omitempty"`
	Total     *int64 `json:"totalTokens,omitempty"`
	Reasoning *int64 `json:"reasoningTokens,omitempty"`
	Cached    *int64 `json:"cachedInputTokens,omitempty"`
}

// nestedUsage is that of versions 3 and 4 (LanguageModelV3Usage). Both objects must stand: the client reads into them.
type nestedUsage struct {
	Input  inputUsage      `json:"inputTokens"`
	Output outputUsage     `json:"outputTokens"`
	Raw    json.RawMessage `json:"raw,omitempty"`
}

type inputUsage struct {
	Total      *int64 `json:"total,omitempty"`
	NoCache    *int64 `json:"noCache,omitempty"`
	CacheRead  *int64 `json:"cacheRead,omitempty"`
	CacheWrite *int64 `json:"cacheWrite,omitempty"`
}

type outputUsage struct {
	Total     *int64 `json:"total,omitempty"`
	Text      *int64 `json:"text,omitempty"`
	Reasoning *int64 `json:"reasoning,omitempty"`
}

// usage gives a version's usage object. Its totals include cache and reasoning, where llm.Usage keeps cache apart.
func (v Version) usage(u llm.Usage) any {
	write := sum(u.CacheWrite5m, u.CacheWrite1h)
	var input *int64
	if n, ok := u.Input.Get(); ok {
		input = new(n + u.CacheRead.Or(0) + write.Or(0))
	}
	output := number(u.Output)
	if v == V2 {
		out := flatUsage{Input: input, Output: output, Reasoning: number(u.Reasoning), Cached: number(u.CacheRead)}
		if input != nil && output != nil {
			out.Total = new(*input + *output)
		}
		return out
	}
	out := nestedUsage{
		Input:  inputUsage{input, number(u.Input), number(u.CacheRead), number(write)},
		Output: outputUsage{Total: output, Reasoning: number(u.Reasoning)},
	}
	if n, ok := u.Reasoning.Get(); ok && output != nil {
		out.Output.Text = new(max(*output-n, 0))
	}
	if raw := bytes.TrimSpace(u.Raw); len(raw) > 0 && raw[0] == '{' && jsonread.Valid(raw) {
		out.Raw = raw
	}
	return out
}

func number(c llm.Count) *int64 {
	if n, ok := c.Get(); ok {
		return &n
	}
	return nil
}

func sum(a, b llm.Count) llm.Count {
	if !a.Known() && !b.Known() {
		return llm.Count{}
	}
	return llm.Tokens(a.Or(0) + b.Or(0))
}

// reason is the finish reason of versions 3 and 4.
type reason struct {
	Unified string `json:"unified"`
	Raw     string `json:"raw,omitempty"`
}

// finishReason gives a version's finish reason: a bare word in version 2, an object since.
func (v Version) finishReason(r llm.FinishReason) any {
	word := "other"
	switch r.Kind {
	case llm.FinishStop, llm.FinishStopSequence, llm.FinishPause:
		word = "stop"
	case llm.FinishToolCalls:
		word = "tool-calls"
	case llm.FinishLength:
		word = "length"
	case llm.FinishContentFilter, llm.FinishRefusal:
		word = "content-filter"
	case llm.FinishError:
		word = "error"
	}
	if v == V2 {
		return word
	}
	return reason{word, r.Raw}
}

// warning is a call warning of any version; which members stand is up to its type.
type warning struct {
	Type    string `json:"type"`
	Setting string `json:"setting,omitempty"`
	Tool    any    `json:"tool,omitempty"`
	Feature string `json:"feature,omitempty"`
	Details string `json:"details,omitempty"`
	Message string `json:"message,omitempty"`
}

// toolField is what Notice.Field starts with where the notice is about a tool; its name follows.
const toolField = "tools."

// settings are the call's own settings (LanguageModelV2CallOptions), which version 2 warns of by name, under the names
// that notices have for them.
var settings = map[string]string{
	"max_tokens": "maxOutputTokens", "maxOutputTokens": "maxOutputTokens", "temperature": "temperature",
	"top_p": "topP", "topP": "topP", "top_k": "topK", "topK": "topK", "seed": "seed",
	"presence_penalty": "presencePenalty", "presencePenalty": "presencePenalty",
	"frequency_penalty": "frequencyPenalty", "frequencyPenalty": "frequencyPenalty",
	"stop": "stopSequences", "stopSequences": "stopSequences", "response_format": "responseFormat",
	"responseFormat": "responseFormat", "tool_choice": "toolChoice", "toolChoice": "toolChoice",
}

// warnings gives notices in a version's words. An empty list is a list.
func (v Version) warnings(notices []llm.Notice) []warning {
	out := make([]warning, 0, len(notices))
	for _, n := range notices {
		tool, aboutTool := strings.CutPrefix(n.Field, toolField)
		setting := settings[n.Field]
		switch {
		case aboutTool && v == V2:
			own := providerTool{Type: "provider-defined", ID: tool, Name: tool}
			out = append(out, warning{Type: "unsupported-tool", Tool: own, Details: n.Message})
		case aboutTool:
			out = append(out, warning{Type: "unsupported", Feature: "tool " + tool, Details: n.Message})
		case setting != "" && v == V2:
			out = append(out, warning{Type: "unsupported-setting", Setting: setting, Details: n.Message})
		case setting != "":
			out = append(out, warning{Type: "unsupported", Feature: setting, Details: n.Message})
		case n.Field != "":
			out = append(out, warning{Type: "other", Message: n.Field + ": " + n.Message})
		default:
			out = append(out, warning{Type: "other", Message: n.Message})
		}
	}
	return out
}

// providerTool is a tool in a version 2 warning (LanguageModelV2ProviderDefinedTool).
type providerTool struct {
	Type string   `json:"type"`
	ID   string   `json:"id"`
	Name string   `json:"name"`
	Args struct{} `json:"args"`
}

// marshal writes JSON without HTML escapes. What it writes are this package's own types, whose raw members were checked.
func marshal(v any) []byte {
	b, err := jsonwrite.Marshal(v, 0)
	if err != nil {
		return []byte("null")
	}
	return b
}
