package proxy

import (
	"strings"

	"github.com/tidwall/gjson"
)

// outcome is what a client understands of an answer, in no protocol's words but for the finish.
type outcome struct {
	talkAnswer
	finish string
	// input without caches, cache reads, output with reasoning, reasoning; -1 where the answer does not say.
	usage [4]int64
}

// understand reads an answer as the client of a form does.
func understand(form, body string, stream bool) (outcome, error) {
	var who talker
	switch form {
	case "chat":
		who = &chatTalker{}
	case "responses":
		who = &responsesTalker{}
	case "messages":
		who = &messagesTalker{}
	case "gemini":
		who = &geminiTalker{}
	default:
		who = &aisdkTalker{version: int(form[len(form)-1] - '0')}
	}
	a, err := who.answer(body, stream)
	o := outcome{talkAnswer: a}
	list := []gjson.Result{gjson.Parse(body)}
	if stream {
		list = events(body)
	}
	for _, e := range list {
		o.read(form, e)
	}
	return o, err
}

func tokensOf(v gjson.Result) int64 {
	if v.Type != gjson.Number {
		return -1
	}
	return v.Int()
}

// read takes the finish and the usage of an answer or of an event of it; a later one counts.
func (o *outcome) read(form string, e gjson.Result) {
	finish := func(v gjson.Result) {
		if v.Type == gjson.String && v.Str != "" {
			o.finish = v.Str
		}
	}
	switch form {
	case "chat":
		finish(e.Get("choices.0.finish_reason"))
		if u := e.Get("usage"); u.IsObject() {
			cached := u.Get("prompt_tokens_details.cached_tokens")
			if own := u.Get("prompt_cache_hit_tokens"); own.Exists() { // DeepSeek's, as it came
				cached = own
			}
			o.usage = [4]int64{tokensOf(u.Get("prompt_tokens")) - max(tokensOf(cached), 0), tokensOf(cached), tokensOf(u.Get("completion_tokens")), tokensOf(u.Get("completion_tokens_details.reasoning_tokens"))}
		}
	case "responses":
		r := e
		if e.Get("response").Exists() {
			r = e.Get("response")
		}
		finish(r.Get("status"))
		if reason := r.Get("incomplete_details.reason"); reason.Str != "" {
			o.finish = reason.Str
		}
		if u := r.Get("usage"); u.IsObject() {
			cached := u.Get("input_tokens_details.cached_tokens")
			o.usage = [4]int64{tokensOf(u.Get("input_tokens")) - max(tokensOf(cached), 0), tokensOf(cached), tokensOf(u.Get("output_tokens")), tokensOf(u.Get("output_tokens_details.reasoning_tokens"))}
		}
	case "messages":
		finish(e.Get("stop_reason"))
		finish(e.Get("delta.stop_reason"))
		if u := e.Get("usage"); u.IsObject() {
			o.usage = [4]int64{tokensOf(u.Get("input_tokens")), tokensOf(u.Get("cache_read_input_tokens")), tokensOf(u.Get("output_tokens")), tokensOf(u.Get("output_tokens_details.thinking_tokens"))}
		}
	case "gemini":
		finish(e.Get("candidates.0.finishReason"))
		if u := e.Get("usageMetadata"); u.IsObject() {
			cached, thoughts := u.Get("cachedContentTokenCount"), u.Get("thoughtsTokenCount")
			o.usage = [4]int64{tokensOf(u.Get("promptTokenCount")) - max(tokensOf(cached), 0), tokensOf(cached), tokensOf(u.Get("candidatesTokenCount")) + max(tokensOf(thoughts), 0), tokensOf(thoughts)}
		}
	default:
		finish(e.Get("finishReason"))
		finish(e.Get("finishReason.unified"))
		u := e.Get("usage")
		switch {
		case u.Get("inputTokens").IsObject():
			o.usage = [4]int64{tokensOf(u.Get("inputTokens.noCache")), tokensOf(u.Get("inputTokens.cacheRead")), tokensOf(u.Get("outputTokens.total")), tokensOf(u.Get("outputTokens.reasoning"))}
		case u.IsObject():
			cached := u.Get("cachedInputTokens")
			o.usage = [4]int64{tokensOf(u.Get("inputTokens")) - max(tokensOf(cached), 0), tokensOf(cached), tokensOf(u.Get("outputTokens")), tokensOf(u.Get("reasoningTokens"))}
		}
	}
}

// finishes are how each client is told why an answer ended (API references; the AI SDK's finish reasons).
var finishes = map[string]map[string]string{
	"stop":   {"chat": "stop", "responses": "completed", "messages": "end_turn", "gemini": "STOP", "ai-sdk": "stop"},
	"tools":  {"chat": "tool_calls", "responses": "completed", "messages": "tool_use", "gemini": "STOP", "ai-sdk": "tool-calls"},
	"length": {"chat": "length", "responses": "max_output_tokens", "messages": "max_tokens", "gemini": "MAX_TOKENS", "ai-sdk": "length"},
	"filter": {"chat": "content_filter", "responses": "content_filter", "messages": "refusal", "gemini": "SAFETY", "ai-sdk": "content-filter"},
	"sequence": {
		"chat": "stop", "responses": "completed", "messages": "stop_sequence", "gemini": "STOP", "ai-sdk": "stop",
	},
}

func finishWord(kind, form string) string {
	form, _, _ = strings.Cut(form, " ")
	return finishes[kind][form]
}

// errorWord gives the class that an error body names, in the client's words, and its message.
func errorWord(form, body string) (word, message string) {
	e := gjson.Get(body, "error")
	switch form {
	case "gemini":
		return e.Get("status").String(), e.Get("message").String()
	case "chat", "responses":
		return e.Get("type").String() + "/" + e.Get("code").String(), e.Get("message").String()
	case "messages":
		if gjson.Get(body, "type").String() != "error" {
			return "", ""
		}
	}
	return e.Get("type").String(), e.Get("message").String()
}
