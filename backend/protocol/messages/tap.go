package messages

import (
	"bytes"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/hosted"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
	"gatehouse/backend/protocol/watch"
)

// NewTap observes an answer: a stream of events or one JSON body.
func NewTap(stream bool) llm.Tap {
	if stream {
		return &streamTap{split: sse.NewSplitter(0)}
	}
	return watch.NewBody(readBody)
}

func readBody(seen *llm.Observation, body []byte) {
	root := jsonread.Of(body)
	message(seen, root)
	if r := root.Get("stop_reason"); r.Type() == jsonread.String {
		seen.Finish = finishOf(r.String())
	}
	if fails(root) {
		seen.Err = inBandError(body)
	}
}

// fails tells whether an answer is an error. Servers that only resemble Anthropic's may leave its type out.
func fails(root jsonread.Value) bool {
	kind, e := root.Get("type").String(), root.Get("error")
	return kind == "error" || kind == "" && e.Exists() && e.Type() != jsonread.Null
}

func message(seen *llm.Observation, m jsonread.Value) {
	seen.ID = m.Get("id").String()
	seen.Model = m.Get("model").String()
	if u := m.Get("usage"); u.IsObject() {
		mergeUsage(&seen.Usage, u)
		hosted.Account(&seen.Usage, m.Get("provider_metadata"))
	}
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
	// Deltas are almost all of a stream, and after the first they tell a tap nothing.
	if e.Name == "content_block_delta" && t.seen.Content {
		return
	}
	data := jsonread.Of(e.Data)
	switch data.Get("type").String() {
	case "message_start":
		message(&t.seen, data.Get("message"))
	case "content_block_start":
		kind := data.Get("content_block.type").String()
		t.seen.Content = t.seen.Content || kind != "text" && kind != "thinking"
	case "content_block_delta":
		t.seen.Content = true
	case "message_delta":
		if r := data.Get("delta.stop_reason"); r.Type() == jsonread.String {
			t.seen.Finish = finishOf(r.String())
		}
		if u := data.Get("usage"); u.IsObject() {
			mergeUsage(&t.seen.Usage, u)
			hosted.Account(&t.seen.Usage, data.Get("provider_metadata"))
		}
	case "message_stop":
		t.seen.Ended = true
	default:
		if fails(data) {
			t.seen.Err = inBandError(e.Data)
		}
	}
}

// inBandError reads an error that came inside a successful answer.
func inBandError(body []byte) *llm.Error {
	kind := jsonread.Of(body).Get("error.type").String()
	return DecodeError(statusOf(kind), bytes.Clone(body))
}
