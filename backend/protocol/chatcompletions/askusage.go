package chatcompletions

import (
	"bytes"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
)

// AskUsage gives the edits that make a streamed request ask for its usage (API reference, "stream_options"), with nothing
// else decoded; none if it asks already. Text completions have the same member. Its errors are *llm.Error of class bad
// request.
func AskUsage(body []byte) ([]jsonedit.Edit, error) {
	if !bytes.Contains(body, []byte(`_options"`)) { // searched for from its rarest letter on
		return insert(body, "stream_options", `{"include_usage":true}`)
	}
	spans, err := jsonedit.Find(body, "stream_options")
	if err != nil {
		return nil, invalid(err)
	}
	at := spans[0]
	options := jsonread.Of(at.Of(body))
	switch include := options.Get("include_usage"); {
	case !at.Found():
		return insert(body, "stream_options", `{"include_usage":true}`)
	case options.Type() == jsonread.Null:
		return []jsonedit.Edit{{At: at, With: []byte(`{"include_usage":true}`)}}, nil
	case !options.IsObject() || include.Type() == jsonread.True:
		return nil, nil // what is of another type the server says
	case include.Exists():
		start := at.Start + include.Start()
		return []jsonedit.Edit{{At: jsonedit.Span{Start: start, End: start + len(include.Raw())}, With: []byte("true")}}, nil
	}
	edit, err := insert(at.Of(body), "include_usage", "true")
	if err == nil {
		edit[0].At = jsonedit.Span{Start: at.Start + edit[0].At.Start, End: at.Start + edit[0].At.End}
	}
	return edit, err
}

func insert(object []byte, name, value string) ([]jsonedit.Edit, error) {
	edit, err := jsonedit.Insert(object, name, []byte(value))
	if err != nil {
		return nil, invalid(err)
	}
	return []jsonedit.Edit{edit}, nil
}

func invalid(err error) error {
	return llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON: %w", err).WithCode("invalid_json")
}

// candidate bounds an event that may be held back because it may turn out to be the usage's, in bytes.
const candidate = 64 << 10

// Unasked takes from a stream the chunk with the usage that only we asked for: the one without choices (API reference,
// "stream_options"). Every other byte stays, in its order. Usage that stands beside choices, as some servers send it,
// stays too: it comes to whoever does not ask.
type Unasked struct {
	held []byte // an event that is not over
	// passing tells that the event is not over but was given away, since it is too long to be the usage's.
	passing bool
	// line is how long the line is that is not over; cr tells that it ended in CR so far.
	line int
	cr   bool
}

// Idle tells that these bytes may be passed on as they are: they are whole events, none of which has a usage.
func (u *Unasked) Idle(p []byte) bool {
	return len(u.held) == 0 && !u.passing && u.line == 0 && bytes.HasSuffix(p, eventEnd) && !bytes.Contains(p, usageMark)
}

var usageMark = []byte(`_tokens"`)

// Write takes the next bytes and appends to dst what may be given to the client.
func (u *Unasked) Write(dst, p []byte) []byte {
	for len(p) > 0 {
		n, over := u.event(p)
		switch {
		case u.passing:
			dst = append(dst, p[:n]...)
		case len(u.held)+n > candidate:
			dst = append(append(dst, u.held...), p[:n]...)
			u.held, u.passing = u.held[:0], true
		default:
			u.held = append(u.held, p[:n]...)
		}
		if over {
			if !hidden(u.held) {
				dst = append(dst, u.held...)
			}
			u.held, u.passing = u.held[:0], false
		}
		p = p[n:]
	}
	return dst
}

// Close gives what is still held: an event without its end.
func (u *Unasked) Close(dst []byte) []byte {
	dst = append(dst, u.held...)
	u.held = nil
	return dst
}

// event gives how many bytes of p still belong to the event that is not over, and whether it is over with them: by an
// empty line, with LF or CRLF.
func (u *Unasked) event(p []byte) (n int, over bool) {
	for n < len(p) {
		end := bytes.IndexByte(p[n:], '\n')
		if end < 0 {
			u.line += len(p) - n
			u.cr = u.line == 1 && p[len(p)-1] == '\r'
			return len(p), false
		}
		length := u.line + end
		empty := length == 0 || length == 1 && (u.cr || end == 1 && p[n] == '\r')
		u.line, u.cr = 0, false
		if n += end + 1; empty {
			return n, true
		}
	}
	return n, false
}

// hidden tells whether an event is the chunk with nothing but the usage.
func hidden(event []byte) bool {
	if !bytes.Contains(event, usageMark) {
		return false
	}
	hide := false
	split := sse.NewSplitter(0)
	take := func(e sse.Event) {
		root := jsonread.Of(e.Data)
		choices := root.Get("choices")
		hide = root.Get("usage").IsObject() && (!choices.Exists() || choices.IsArray() && !choices.At(0).Exists())
	}
	split.Write(event, take)
	return hide
}
