package responses

import (
	"strings"

	"gatehouse/backend/llm"
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
	response(seen, root, false, false)
	if e := root.Get("error"); e.Exists() && e.Type() != jsonread.Null {
		seen.Err = inBandError(root)
	}
}

// response reads what a whole response tells. called and refused are what the stream before it told.
func response(seen *llm.Observation, r jsonread.Value, called, refused bool) {
	if id := r.Get("id").String(); id != "" {
		seen.ID = id
	}
	if model := r.Get("model").String(); model != "" {
		seen.Model = model
	}
	if u := r.Get("usage"); u.IsObject() {
		seen.Usage = usageOf(r)
	}
	status := r.Get("status").String()
	if status != "completed" && status != "incomplete" {
		return
	}
	d := decoder{called: called, refused: refused}
	r.Get("output").ForEach(func(_, item jsonread.Value) bool {
		d.called = d.called || calls(item)
		return true
	})
	seen.Finish = d.finishOf(status, r.Get("incomplete_details.reason").String())
}

func calls(item jsonread.Value) bool {
	kind := item.Get("type").String()
	return kind == "function_call" || kind == "custom_tool_call"
}

type streamTap struct {
	seen            llm.Observation
	split           *sse.Splitter
	called, refused bool
	searches        int64
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
	if t.seen.Content && strings.HasSuffix(e.Name, ".delta") {
		return
	}
	data := jsonread.Of(e.Data)
	kind := data.Get("type").String()
	if kind == "" {
		kind = e.Name
	}
	switch kind {
	case "response.created":
		response(&t.seen, data.Get("response"), false, false)
	case "response.output_item.added":
		item := data.Get("item")
		t.called = t.called || calls(item)
		switch item.Get("type").String() {
		case "message", "reasoning":
		default:
			t.seen.Content = true
		}
	case "response.output_item.done":
		t.called = t.called || calls(data.Get("item"))
		t.searches += searched(data.Get("item"))
		t.seen.Content = true
	case "response.completed", "response.incomplete":
		response(&t.seen, data.Get("response"), t.called, t.refused)
		if !t.seen.Usage.Searches.Known() { // some servers leave the output out of the whole response
			t.seen.Usage.Searches = searchCount(t.searches)
		}
		t.seen.Ended = true
	case "response.failed":
		response(&t.seen, data.Get("response"), t.called, t.refused)
		t.seen.Err = inBandError(data)
	case "error":
		t.seen.Err = inBandError(data)
	default:
		t.refused = t.refused || strings.HasPrefix(kind, "response.refusal.")
		if strings.HasSuffix(kind, ".delta") {
			t.seen.Content = true
		}
		if failure := data.Get("error"); kind == "" && failure.Exists() && failure.Type() != jsonread.Null {
			t.seen.Err = inBandError(data)
		}
	}
}
