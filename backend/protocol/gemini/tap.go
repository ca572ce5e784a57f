package gemini

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/sse"
)

// bodyLimit bounds what a tap keeps of an answer that is not a stream of events; usage of a larger one stays unknown.
const bodyLimit = 32 << 20

// NewTap observes an answer: a stream, as events or as one JSON array, or one JSON body.
func NewTap(stream bool) llm.Tap {
	if stream {
		return &streamTap{split: sse.NewSplitter(0)}
	}
	return &bodyTap{}
}

type bodyTap struct {
	seen llm.Observation
	body []byte
	over bool
}

func (t *bodyTap) Write(p []byte) *llm.Observation {
	if t.over || len(t.body)+len(p) > bodyLimit {
		t.over, t.body = true, nil
	} else {
		t.body = append(t.body, p...)
	}
	t.seen.Content = true
	return &t.seen
}

func (t *bodyTap) Close() *llm.Observation {
	if t.over {
		t.seen.Ended = true // we no longer know, and saying "cut off" would be a guess
		return &t.seen
	}
	if !json.Valid(t.body) {
		return &t.seen
	}
	root := gjson.ParseBytes(t.body)
	if !root.IsArray() {
		observe(&t.seen, root)
		t.seen.Ended = true
		return &t.seen
	}
	for _, object := range root.Array() {
		observe(&t.seen, object)
	}
	return &t.seen
}

// observe reads one object of an answer.
func observe(seen *llm.Observation, root gjson.Result) {
	root.ForEach(func(key, value gjson.Result) bool {
		switch key.String() {
		case "error":
			seen.Err = inBandError(bytes.Clone([]byte(root.Raw)))
		case "responseId":
			seen.ID = value.String()
		case "modelVersion":
			seen.Model = value.String()
		case "usageMetadata":
			if value.IsObject() {
				mergeUsage(&seen.Usage, value)
			}
		case "promptFeedback":
			if word := value.Get("blockReason"); word.Exists() {
				seen.Finish = llm.FinishReason{Kind: llm.FinishContentFilter, Raw: word.String()}
				seen.Ended = true
			}
		case "candidates":
			candidate(seen, value.Get("0"))
		}
		return true
	})
}

func candidate(seen *llm.Observation, c gjson.Result) {
	parts := c.Get("content.parts")
	called := seen.Finish.Kind == llm.FinishToolCalls
	parts.ForEach(func(_, p gjson.Result) bool {
		call := p.Get("functionCall").Exists()
		called = called || call
		if t := p.Get("text"); call || !t.Exists() || t.String() != "" {
			seen.Content = true
		}
		return true
	})
	if called && seen.Finish.Raw == "" { // until the finishReason comes, which does not tell
		seen.Finish.Kind = llm.FinishToolCalls
	}
	word := c.Get("finishReason")
	if word.Type != gjson.String || word.Str == "" {
		return
	}
	seen.Ended = true
	seen.Finish = finishOf(word.Str, called)
	if message, bad := failed[word.Str]; bad {
		seen.Finish.Kind = llm.FinishError
		seen.Err = &llm.Error{Kind: llm.ErrInternal, Status: 502, Code: word.Str, Message: message}
	}
}

type streamTap struct {
	seen  llm.Observation
	split *sse.Splitter
	begun bool
	array *bodyTap // where the stream is one JSON array
}

func (t *streamTap) Write(p []byte) *llm.Observation {
	if !t.begun {
		start := bytes.TrimLeft(p, " \t\r\n\ufeff")
		if len(start) == 0 {
			return &t.seen
		}
		t.begun = true
		if start[0] == '[' {
			t.array = &bodyTap{}
		}
	}
	if t.array != nil {
		return t.array.Write(p)
	}
	t.split.Write(p, t.event)
	return &t.seen
}

func (t *streamTap) Close() *llm.Observation {
	if t.array != nil {
		return t.array.Close()
	}
	t.split.Close(t.event)
	if t.split.Overflowed() {
		t.seen.Ended = true // we no longer know, and saying "cut off" would be a guess
	}
	return &t.seen
}

func (t *streamTap) event(e sse.Event) {
	if gjson.ValidBytes(e.Data) { // an event without its blank line may have been cut anywhere
		observe(&t.seen, gjson.ParseBytes(e.Data))
	}
}
