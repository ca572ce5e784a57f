package chatcompletions

import (
	"bytes"
	"net/http"

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
	seen.ID = root.Get("id").String()
	seen.Model = root.Get("model").String()
	if r := root.Get("choices.0.finish_reason"); r.Type() == jsonread.String {
		seen.Finish = finishOf(r.String())
	}
	if u := root.Get("usage"); u.IsObject() {
		seen.Usage = usageOf(u)
		seen.Usage.Tier = root.Get("service_tier").Str()
		hosted.Account(&seen.Usage, metadataOf(root.Get("choices.0")))
	}
	if root.Get("error").Exists() && root.Get("error").Type() != jsonread.Null {
		seen.Err = inBandError(body)
	}
}

type streamTap struct {
	seen  llm.Observation
	split *sse.Splitter
}

func (t *streamTap) Write(p []byte) *llm.Observation {
	for len(p) > 0 {
		p = p[t.skip(p):]
		end := bytes.Index(p, eventEnd) + len(eventEnd)
		if end < len(eventEnd) {
			end = len(p)
		}
		t.split.Write(p[:end], t.event)
		p = p[end:]
	}
	return &t.seen
}

var eventEnd = []byte("\n\n")

// skip gives how much of p is whole events that tell nothing, so that they need not even be split: almost all of a
// stream is deltas, which after the first tell a tap nothing.
func (t *streamTap) skip(p []byte) int {
	if !t.seen.Content || !t.split.AtStart() {
		return 0
	}
	if i := teller(p); i >= 0 {
		p = p[:i]
	}
	if end := bytes.LastIndex(p, eventEnd); end >= 0 {
		return end + len(eventEnd)
	}
	return 0
}

func (t *streamTap) Close() *llm.Observation {
	t.split.Close(func(e sse.Event) { // an event without its blank line may have been cut anywhere
		if jsonread.Valid(e.Data) || bytes.Equal(e.Data, done) {
			t.event(e)
		}
	})
	if t.split.Overflowed() {
		t.seen.Ended = true // we no longer know, and saying "cut off" would be a guess
	}
	return &t.seen
}

var done = []byte("[DONE]")

func (t *streamTap) event(e sse.Event) {
	if bytes.Equal(e.Data, done) {
		t.seen.Ended = true
		return
	}
	root := jsonread.Of(e.Data)
	root.ForEach(func(key, value jsonread.Value) bool {
		switch key.Str() {
		case "id":
			if t.seen.ID == "" {
				t.seen.ID = value.String()
			}
		case "model":
			if t.seen.Model == "" {
				t.seen.Model = value.String()
			}
		case "choices":
			value.ForEach(func(_, choice jsonread.Value) bool { t.choice(choice, root); return true })
		case "usage":
			if value.IsObject() {
				t.usage(value, root)
			}
		case "service_tier":
			if value.Str() != "" {
				t.seen.Usage.Tier = value.Str()
			}
		case "x_groq":
			if u := value.Get("usage"); u.IsObject() && !t.seen.Usage.Known() {
				t.usage(u, root)
			}
		case "error":
			if value.Type() != jsonread.Null {
				t.seen.Err = inBandError(e.Data)
			}
		}
		return true
	})
}

// teller gives where in some events the first thing stands that may be more than a delta: a finish_reason or a usage that
// is not null, an error, the end; -1 if there is none. It looks for bytes that are rare in what else there is, so that
// most of a stream is passed over at the speed of a search for one byte. An error that is not the first member of its
// object goes by; the stream then ends without its terminal marker, which is found.
func teller(data []byte) int {
	first := len(data)
	for _, mark := range []struct {
		at    byte
		tells func(rest []byte) bool
	}{
		{'_', tellsReasonOrUsage},
		{'{', func(rest []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(rest, " "), errorName) }},
		{'[', func(rest []byte) bool { return bytes.HasPrefix(rest, doneName) }},
	} {
		for at := 0; ; {
			i := bytes.IndexByte(data[at:first], mark.at)
			if i < 0 {
				break
			}
			if at += i + 1; mark.tells(data[at:]) {
				first = at - 1
				break
			}
		}
	}
	if first < len(data) {
		return first
	}
	return -1
}

// tellsReasonOrUsage looks at what stands behind the underscore of finish_reason, prompt_tokens and the like.
func tellsReasonOrUsage(rest []byte) bool {
	if bytes.HasPrefix(rest, tokensName) {
		return true
	}
	value, ok := bytes.CutPrefix(rest, reasonName)
	if !ok {
		return false
	}
	for len(value) > 0 && (value[0] == ':' || value[0] == ' ') {
		value = value[1:]
	}
	return !bytes.HasPrefix(value, null)
}

var (
	errorName  = []byte(`"error"`)
	tokensName = []byte("tokens")
	reasonName = []byte(`reason"`)
	doneName   = []byte("DONE]")
	null       = []byte("null")
)

func (t *streamTap) choice(choice, root jsonread.Value) {
	choice.ForEach(func(key, value jsonread.Value) bool {
		switch key.Str() {
		case "delta":
			if !t.seen.Content {
				t.seen.Content = hasContent(value)
			}
		case "finish_reason":
			if value.Type() == jsonread.String {
				t.seen.Finish = finishOf(value.Str())
				t.seen.Ended = true
			}
		case "usage": // Moonshot
			if value.IsObject() {
				t.usage(value, root)
			}
		}
		return true
	})
}

// usage takes a usage object of a chunk. The tier stands beside it, or in a chunk before.
func (t *streamTap) usage(u, root jsonread.Value) {
	tier := t.seen.Usage.Tier
	t.seen.Usage = usageOf(u)
	t.seen.Usage.Tier = tier
	hosted.Account(&t.seen.Usage, metadataOf(root.Get("choices.0")))
}

func hasContent(delta jsonread.Value) bool {
	found := false
	delta.ForEach(func(key, value jsonread.Value) bool {
		switch key.Str() {
		case "content", "reasoning", "reasoning_content", "refusal":
			found = value.Type() == jsonread.String && value.Str() != "" || value.IsArray()
		case "tool_calls", "reasoning_details", "images", "function_call", "audio":
			found = value.IsArray() || value.IsObject()
		}
		return !found
	})
	return found
}

// inBandError reads an error that came inside a successful answer. Its status, if it names one, gives the class.
func inBandError(body []byte) *llm.Error {
	status := int(jsonread.Of(body).Get("error.code").Int())
	if status < 400 || status > 599 {
		status = http.StatusBadGateway
	}
	e := DecodeError(status, bytes.Clone(body))
	if e.Code == "overloaded_error" || e.Code == "overloaded" {
		e.Kind = llm.ErrOverloaded
	}
	return e
}
