package aisdk

import (
	"bytes"
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/hosted"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
	"gatehouse/backend/protocol/watch"
)

// NewTap observes a language model's answer, of whatever version: a stream of parts or one JSON body.
func NewTap(stream bool) llm.Tap {
	if stream {
		return &streamTap{split: sse.NewSplitter(0)}
	}
	return watch.NewBody(readBody)
}

func readBody(seen *llm.Observation, body []byte) {
	root := jsonread.Of(body)
	observe(seen, root.Get("response"))
	ended(seen, root)
	if fails(root) {
		seen.Err = inBandError(body)
	}
}

// fails tells whether an object is an error, though nothing in it may say so but what it holds.
func fails(root jsonread.Value) bool {
	e := root.Get("error")
	return e.Exists() && e.Type() != jsonread.Null && !root.Get("finishReason").Exists()
}

type streamTap struct {
	seen  llm.Observation
	split *sse.Splitter
}

func (t *streamTap) Write(p []byte) *llm.Observation {
	t.split.Write(p, t.event)
	return &t.seen
}

func (t *streamTap) Close() *llm.Observation {
	t.split.Close(func(e sse.Event) { // an event without its blank line may have been cut anywhere
		if jsonread.Valid(e.Data) {
			t.event(e)
		}
	})
	if t.split.Overflowed() {
		t.seen.Ended = true // we no longer know, and saying "cut off" would be a guess
	}
	return &t.seen
}

func (t *streamTap) event(e sse.Event) {
	data := jsonread.Of(e.Data)
	switch kind := data.Get("type").String(); kind {
	case "text-delta", "reasoning-delta", "tool-input-delta":
		t.seen.Content = true // almost all of a stream, and after the first they tell a tap nothing
		return
	case "stream-start", "raw", "ping", "text-start", "reasoning-start", "text-end", "reasoning-end":
	case "response-metadata":
		observe(&t.seen, data)
	case "finish":
		t.seen.Ended = true
		ended(&t.seen, data)
		return
	case "error":
		t.seen.Err = inBandError(e.Data)
	case "":
		if fails(data) {
			t.seen.Err = inBandError(e.Data)
		}
	default: // calls, files, sources
		t.seen.Content = true
	}
	generation(&t.seen, data)
}

func observe(seen *llm.Observation, info jsonread.Value) {
	if seen.ID == "" {
		seen.ID = info.Get("id").String()
	}
	seen.Model = info.Get("modelId").String()
}

// generation takes the gateway's own id of the answer, by which it can be asked about; it goes before the model's.
func generation(seen *llm.Observation, of jsonread.Value) {
	if id := of.Get("providerMetadata.gateway.generationId").String(); id != "" {
		seen.ID = id
	}
}

func ended(seen *llm.Observation, of jsonread.Value) {
	generation(seen, of)
	switch r := of.Get("finishReason"); {
	case r.IsObject():
		seen.Finish = finishOf(r.Get("unified").String(), r.Get("raw").String())
	case r.Type() == jsonread.String:
		seen.Finish = finishOf(r.Str(), r.Str())
	}
	if u := of.Get("usage"); u.IsObject() {
		seen.Usage = usageOf(u)
		hosted.Account(&seen.Usage, of.Get("providerMetadata"))
	}
}

// finishOf maps the word of a finish reason, keeping the source's own.
func finishOf(word, raw string) llm.FinishReason {
	out := llm.FinishReason{Kind: llm.FinishOther, Raw: raw}
	switch word {
	case "stop":
		out.Kind = llm.FinishStop
	case "length":
		out.Kind = llm.FinishLength
	case "content-filter":
		out.Kind = llm.FinishContentFilter
	case "tool-calls":
		out.Kind = llm.FinishToolCalls
	case "error":
		out.Kind = llm.FinishError
	}
	return out
}

// usageOf reads version 2's flat numbers or the nested ones since. The flat input includes what came from a cache, but
// for some models it does not, which only shows where the cache gave more than the whole.
func usageOf(u jsonread.Value) llm.Usage {
	out := llm.Usage{Raw: json.RawMessage(strings.Clone(u.Raw()))}
	take := func(path string) (c llm.Count) {
		if v := u.Get(path); v.Type() == jsonread.Number {
			c = llm.Tokens(v.Int())
		}
		return c
	}
	if u.Get("inputTokens").IsObject() || u.Get("outputTokens").IsObject() {
		out.CacheRead, out.CacheWrite5m = take("inputTokens.cacheRead"), take("inputTokens.cacheWrite")
		out.Input = take("inputTokens.noCache")
		if total, ok := take("inputTokens.total").Get(); ok && !out.Input.Known() {
			out.Input = llm.Tokens(total - out.CacheRead.Or(0) - out.CacheWrite5m.Or(0))
		}
		out.Output, out.Reasoning = take("outputTokens.total"), take("outputTokens.reasoning")
		return out
	}
	out.Input, out.CacheRead = take("inputTokens"), take("cachedInputTokens")
	if total, ok := out.Input.Get(); ok && total >= out.CacheRead.Or(0) {
		out.Input = llm.Tokens(total - out.CacheRead.Or(0))
	}
	out.Output, out.Reasoning = take("outputTokens"), take("reasoningTokens")
	return out
}

// inBandError reads an error part.
func inBandError(data []byte) *llm.Error {
	status := int(jsonread.Of(data).Get("error.statusCode").Int())
	if status < 400 || status > 599 {
		status = statusOf(jsonread.Of(data).Get("error.type").String())
	}
	return DecodeError(status, bytes.Clone(data))
}
