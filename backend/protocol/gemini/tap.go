package gemini

import (
	"bytes"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
	"gatehouse/backend/protocol/watch"
)

// NewTap observes an answer: a stream, as events or as one JSON array, or one JSON body.
func NewTap(stream bool) llm.Tap {
	if stream {
		return &streamTap{split: sse.NewSplitter(0)}
	}
	return watch.NewBody(readBody)
}

func readBody(seen *llm.Observation, body []byte) {
	root := jsonread.Of(body)
	if !root.IsArray() {
		observe(seen, root)
		seen.Ended = true
		return
	}
	seen.Ended = false // a whole array can still hold half an answer
	for _, object := range root.Array() {
		observe(seen, object)
	}
}

// observe reads one object of an answer.
func observe(seen *llm.Observation, root jsonread.Value) {
	root.ForEach(func(key, value jsonread.Value) bool {
		switch key.String() {
		case "error":
			seen.Err = inBandError(bytes.Clone([]byte(root.Raw())))
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
			searches(&seen.Usage, root)
		}
		return true
	})
}

func candidate(seen *llm.Observation, c jsonread.Value) {
	parts := c.Get("content.parts")
	called := seen.Finish.Kind == llm.FinishToolCalls
	parts.ForEach(func(_, p jsonread.Value) bool {
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
	if word.Type() != jsonread.String || word.Str() == "" {
		return
	}
	seen.Ended = true
	seen.Finish = finishOf(word.Str(), called)
	if message, bad := failed[word.Str()]; bad {
		seen.Finish.Kind = llm.FinishError
		seen.Err = &llm.Error{Kind: llm.ErrInternal, Status: 502, Code: word.Str(), Message: message}
	}
}

type streamTap struct {
	seen   llm.Observation
	split  *sse.Splitter
	parser jsonread.Parser
	begun  bool
	array  *watch.Body // where the stream is one JSON array
}

func (t *streamTap) Write(p []byte) *llm.Observation {
	if !t.begun {
		start := bytes.TrimLeft(p, " \t\r\n\ufeff")
		if len(start) == 0 {
			return &t.seen
		}
		t.begun = true
		if start[0] == '[' {
			t.array = watch.NewBody(readBody)
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
	if root, err := t.parser.Parse(e.Data); err == nil { // an event without its blank line may have been cut anywhere
		observe(&t.seen, root)
	}
}
