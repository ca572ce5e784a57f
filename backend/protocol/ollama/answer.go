package ollama

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// ContentType is that of a streamed answer: a JSON object on each line.
const ContentType = "application/x-ndjson"

// AnswerOptions are what an answer's encoder must know.
type AnswerOptions struct {
	// Model is the name that the client used.
	Model string
	// Generate is an answer of /api/generate, whose text stands in response and not in a message.
	Generate bool
	// Start is when the question came; Now is the clock.
	Start time.Time
	Now   func() time.Time
	// Account gives a JSON object of how the answer came about, for provider_metadata.gateway in the last object: our own
	// addition, which Ollama's clients pass over. It may be nil.
	Account func(llm.Usage) []byte
}

// answer writes the objects of one answer (API reference, "Generate a chat completion").
type answer struct {
	opts  AnswerOptions
	usage llm.Usage
	first time.Time // when the first piece of the answer was there
	calls int
	buf   []byte
}

// open begins an object.
func (a *answer) open() {
	now := a.opts.Now()
	if a.first.IsZero() {
		a.first = now
	}
	a.buf = jsonwrite.AppendString(append(a.buf, `{"model":`...), a.opts.Model)
	a.buf = append(a.buf, `,"created_at":"`...)
	a.buf = now.UTC().AppendFormat(a.buf, time.RFC3339Nano)
	a.buf = append(a.buf, `",`...)
}

// say writes what the model said: in an answer of /api/generate directly, else in a message.
func (a *answer) say(m said) {
	text := `"message":{"role":"assistant","content":`
	if a.opts.Generate {
		text = `"response":`
	}
	a.buf = jsonwrite.AppendString(append(a.buf, text...), m.text)
	if m.thinking != "" {
		a.buf = jsonwrite.AppendString(append(a.buf, `,"thinking":`...), m.thinking)
	}
	a.list("images", m.images)
	a.list("tool_calls", m.calls)
	if !a.opts.Generate {
		a.buf = append(a.buf, '}')
	}
}

func (a *answer) list(name string, items [][]byte) {
	for i, item := range items {
		if i == 0 {
			a.buf = append(append(append(a.buf, `,"`...), name...), `":[`...)
		} else {
			a.buf = append(a.buf, ',')
		}
		a.buf = append(a.buf, item...)
	}
	if len(items) > 0 {
		a.buf = append(a.buf, ']')
	}
}

// said is one piece of an answer, or all of it.
type said struct {
	text, thinking string
	images, calls  [][]byte
}

func (s *said) add(p llm.Part, a *answer) {
	switch p := p.(type) {
	case llm.Text:
		s.text += p.Text
	case llm.Refusal:
		s.text += p.Text
	case llm.Reasoning:
		s.thinking += p.Text
	case llm.ToolCall:
		if !p.ByProvider { // the client would try to run it
			s.calls = append(s.calls, a.call(p))
		}
	case llm.Media:
		if len(p.Data) == 0 {
			s.text += p.URL
			return
		}
		s.images = append(s.images, []byte(`"`+base64.StdEncoding.EncodeToString(p.Data)+`"`))
	}
}

// call writes a tool call, which is never in pieces.
func (a *answer) call(c llm.ToolCall) []byte {
	b := jsonwrite.AppendString([]byte(`{"id":`), c.ID)
	b = strconv.AppendInt(append(b, `,"function":{"index":`...), int64(a.calls), 10)
	b = jsonwrite.AppendString(append(b, `,"name":`...), c.Name)
	b = append(append(b, `,"arguments":`...), input(c)...)
	a.calls++
	return append(b, "}}"...)
}

// input makes a call's input the object that the dialect demands. What is no JSON is kept as a text.
func input(c llm.ToolCall) []byte {
	v := jsonread.Of(c.Input)
	switch {
	case c.Freeform:
		return jsonwrite.AppendCompact(nil, fit.FreeformInput(c.Input))
	case len(c.Input) == 0:
		return []byte("{}")
	case !v.Exists():
		return append(jsonwrite.AppendString([]byte(`{"input":`), string(c.Input)), '}')
	case !v.IsObject():
		return append(jsonwrite.AppendCompact([]byte(`{"value":`), c.Input), '}')
	}
	return jsonwrite.AppendCompact(nil, c.Input) // a line end within would tear the line
}

// finish writes what stands in the last object besides. What is not known is not told: how long loading took, and of an
// answer that came whole, how much of the time was the prompt's.
func (a *answer) finish(r llm.FinishReason) {
	now := a.opts.Now()
	a.buf = append(a.buf, `,"done":true,"done_reason":"`...)
	a.buf = append(append(a.buf, doneReason(r)...), '"')
	a.number("total_duration", int64(now.Sub(a.opts.Start)))
	if a.usage.Input.Known() {
		u := a.usage
		a.number("prompt_eval_count", u.Input.Or(0)+u.CacheRead.Or(0)+u.CacheWrite5m.Or(0)+u.CacheWrite1h.Or(0))
	}
	if d := a.first.Sub(a.opts.Start); d > 0 {
		a.number("prompt_eval_duration", int64(d))
	}
	if n, known := a.usage.Output.Get(); known {
		a.number("eval_count", n)
	}
	a.number("eval_duration", int64(now.Sub(a.first)))
	if a.opts.Account != nil {
		a.buf = append(append(a.buf, `,"provider_metadata":{"gateway":`...), a.opts.Account(a.usage)...)
		a.buf = append(a.buf, '}')
	}
	a.buf = append(a.buf, '}')
}

func (a *answer) number(name string, n int64) {
	a.buf = append(append(append(a.buf, `,"`...), name...), `":`...)
	a.buf = strconv.AppendInt(a.buf, max(n, 0), 10)
}

// doneReason gives a done_reason. Ollama itself knows stop and length; an answer that was held back is neither.
func doneReason(r llm.FinishReason) string {
	switch r.Kind {
	case llm.FinishLength:
		return "length"
	case llm.FinishContentFilter, llm.FinishRefusal:
		return "content_filter"
	}
	return "stop"
}

// failedAnswer is an answer that the provider itself ended with an error.
func failedAnswer(r llm.FinishReason) *llm.Error {
	text := "the provider ended the answer with an error"
	if r.Raw != "" {
		text += " (" + r.Raw + ")"
	}
	return &llm.Error{Kind: llm.ErrInternal, Status: http.StatusBadGateway, Message: text + "; ask again"}
}

// EncodeResponse writes an answer that is not streamed. Events without a Finish are an incomplete answer, and an answer
// that the provider ended with an error is one.
func EncodeResponse(events []llm.Event, opts AnswerOptions) ([]byte, error) {
	folded := fit.Fold(events)
	switch folded.Finish.Kind {
	case "":
		return nil, &llm.Error{
			Kind: llm.ErrInternal, Status: http.StatusBadGateway, Cause: llm.ErrIncomplete,
			Message: "the provider broke off before the answer was finished; ask again",
		}
	case llm.FinishError:
		return nil, failedAnswer(folded.Finish)
	}
	a := &answer{opts: opts, usage: folded.Usage, first: opts.Start}
	var all said
	for _, p := range folded.Parts {
		all.add(p, a)
	}
	a.open()
	a.say(all)
	a.finish(folded.Finish)
	return a.buf, nil
}

// EncodeLoaded writes the answer to a request that asks nothing (see Loads).
func EncodeLoaded(unload bool, opts AnswerOptions) []byte {
	a := &answer{opts: opts}
	a.open()
	a.say(said{})
	reason := "load"
	if unload {
		reason = "unload"
	}
	return append(a.buf, `,"done":true,"done_reason":"`+reason+`"}`...)
}
