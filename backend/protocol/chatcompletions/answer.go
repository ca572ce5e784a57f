package chatcompletions

import (
	"encoding/base64"
	"encoding/json"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonwrite"
	"gatehouse/backend/protocol/sse"
)

// EncoderOptions are what an answer's encoder must know.
type EncoderOptions struct {
	// ID and Model are the answer's; empty means those of MessageStart.
	ID, Model string
	// Created is when the answer began, in seconds since 1970.
	Created int64
	// Origin is who answers; it is tagged on reasoning, so that it goes back to nobody else.
	Origin llm.Origin
	// IncludeUsage sends the usage in a chunk of its own at the end of a stream, as the client asked for it.
	IncludeUsage bool
	// Account gives a JSON object of how the answer came about, for provider_metadata.gateway in the chunk with the finish
	// reason (hosted gateway, "Chat Completions"). It may be nil.
	Account func(llm.Usage) []byte
}

// appendAccount writes provider_metadata behind what stands before it.
func (o EncoderOptions) appendAccount(dst []byte, before string, u llm.Usage) []byte {
	if o.Account == nil {
		return dst
	}
	dst = append(append(dst, before...), `"provider_metadata":{"gateway":`...)
	return append(append(dst, o.Account(u)...), '}')
}

// Encoder writes a streamed answer (API reference, "The chat completion chunk object"), with reasoning as
// reasoning_content and as reasoning_details that the client may send back.
type Encoder struct {
	opts   EncoderOptions
	head   []byte // a chunk up to its choices
	parts  []answerPart
	calls  int
	usage  llm.Usage
	text   bool
	called bool
	denied bool
}

// answerPart is what the encoder remembers of a part.
type answerPart struct {
	part      llm.Part
	call      int // a tool call's index among the calls
	detail    int // a reasoning's index among the details
	signature string
	text      bool
	unquote   fit.Unquote
}

// NewEncoder makes an encoder for one answer.
func NewEncoder(opts EncoderOptions) *Encoder { return &Encoder{opts: opts} }

// Encode gives the bytes of one event, none where the dialect has nothing to say. The stream must keep llm's grammar.
func (e *Encoder) Encode(event llm.Event) []byte {
	switch ev := event.(type) {
	case llm.MessageStart:
		return e.start(ev)
	case llm.PartStart:
		return e.partStart(ev)
	case llm.PartDelta:
		return e.partDelta(ev)
	case llm.PartEnd:
		return e.partEnd(ev)
	case llm.UsageUpdate:
		e.usage = ev.Usage
	case llm.Finish:
		return e.finish(ev.Reason)
	}
	return nil
}

// End gives the bytes that end an answer which failed after it began. There is no [DONE] behind them.
func (e *Encoder) End(err *llm.Error) []byte { return EncodeStreamError(err) }

func (e *Encoder) start(ev llm.MessageStart) []byte {
	if e.opts.ID == "" {
		e.opts.ID = ev.ID
	}
	if e.opts.Model == "" {
		e.opts.Model = ev.Model
	}
	h := append([]byte(nil), `data: {"id":`...)
	h = jsonwrite.AppendString(h, e.opts.ID)
	h = append(h, `,"object":"chat.completion.chunk","created":`...)
	h = strconv.AppendInt(h, e.opts.Created, 10)
	h = append(h, `,"model":`...)
	h = jsonwrite.AppendString(h, e.opts.Model)
	e.head = append(h, `,"choices":[`...)
	return e.close(append(e.open(), `"role":"assistant","content":""`...))
}

// open begins a chunk up to the inside of its delta, close ends it.
func (e *Encoder) open() []byte {
	out := make([]byte, 0, len(e.head)+160)
	return append(append(out, e.head...), `{"index":0,"delta":{`...)
}

func (e *Encoder) close(chunk []byte) []byte { return e.closeWith(chunk, "") }

func (e *Encoder) closeWith(chunk []byte, reason string) []byte {
	chunk = append(chunk, `},"finish_reason":`...)
	if reason == "" {
		chunk = append(chunk, "null"...)
	} else {
		chunk = jsonwrite.AppendString(chunk, reason)
	}
	chunk = append(chunk, `}]`...)
	if e.opts.IncludeUsage { // the other chunks say so of themselves
		chunk = append(chunk, `,"usage":null`...)
	}
	return append(chunk, "}\n\n"...)
}

// member gives a chunk whose delta has one string.
func (e *Encoder) member(name, value string) []byte {
	chunk := append(append(append(e.open(), '"'), name...), '"', ':')
	return e.close(jsonwrite.AppendString(chunk, value))
}

func (e *Encoder) partStart(ev llm.PartStart) []byte {
	own := answerPart{part: ev.Part}
	defer func() { e.parts = append(e.parts, own) }()
	switch p := ev.Part.(type) {
	case llm.Text:
		return e.textDelta(p.Text)
	case llm.Refusal:
		if p.Text != "" {
			e.denied = true
			return e.member("refusal", p.Text)
		}
	case llm.Reasoning:
		own.detail = len(e.parts)
		own.signature = p.Signature
		if p.Text != "" {
			own.text = true
			return e.reasoningDelta(own.detail, p.Text)
		}
	case llm.Media:
		chunk := append(e.open(), `"images":[{"type":"image_url","image_url":{"url":`...)
		return e.close(append(jsonwrite.AppendString(chunk, urlOf(p)), `}}]`...))
	case llm.ToolCall:
		if p.ByProvider { // the client would try to run it
			return nil
		}
		own.call = e.calls
		e.calls++
		e.called = true
		chunk := e.callStart(own.call, p)
		if carrier := fit.PackCall(p, e.opts.Origin); carrier != "" {
			detail := append(e.open(), `"reasoning_details":[{"type":"reasoning.encrypted","data":`...)
			detail = jsonwrite.AppendString(detail, carrier)
			detail = append(detail, `,"id":`...)
			detail = jsonwrite.AppendString(detail, p.ID)
			detail = append(detail, `,"format":"unknown","index":`...)
			detail = strconv.AppendInt(detail, int64(len(e.parts)), 10)
			chunk = append(e.close(append(detail, `}]`...)), chunk...)
		}
		return chunk
	}
	return nil
}

func urlOf(m llm.Media) string {
	if m.URL != "" {
		return m.URL
	}
	return "data:" + m.MediaType + ";base64," + base64.StdEncoding.EncodeToString(m.Data)
}

func (e *Encoder) textDelta(text string) []byte {
	if text == "" {
		return nil
	}
	e.text = true
	return e.member("content", text)
}

func (e *Encoder) reasoningDelta(index int, text string) []byte {
	chunk := append(e.open(), `"reasoning_content":`...)
	chunk = jsonwrite.AppendString(chunk, text)
	chunk = append(chunk, `,"reasoning_details":[{"type":"reasoning.text","text":`...)
	chunk = jsonwrite.AppendString(chunk, text)
	chunk = append(chunk, `,"format":"unknown","index":`...)
	chunk = strconv.AppendInt(chunk, int64(index), 10)
	return e.close(append(chunk, `}]`...))
}

func (e *Encoder) callStart(index int, c llm.ToolCall) []byte {
	chunk := e.callOpen(index)
	chunk = append(chunk, `,"id":`...)
	chunk = jsonwrite.AppendString(chunk, c.ID)
	if c.Freeform {
		chunk = append(chunk, `,"type":"custom","custom":{"name":`...)
		chunk = jsonwrite.AppendString(chunk, c.Name)
		chunk = append(chunk, `,"input":`...)
		var text string
		if json.Unmarshal(c.Input, &text) != nil {
			text = ""
		}
		chunk = jsonwrite.AppendString(chunk, text)
	} else {
		chunk = append(chunk, `,"type":"function","function":{"name":`...)
		chunk = jsonwrite.AppendString(chunk, c.Name)
		chunk = append(chunk, `,"arguments":`...)
		chunk = jsonwrite.AppendString(chunk, string(c.Input))
	}
	return e.close(append(chunk, `}}]`...))
}

func (e *Encoder) callOpen(index int) []byte {
	return strconv.AppendInt(append(e.open(), `"tool_calls":[{"index":`...), int64(index), 10)
}

func (e *Encoder) partDelta(ev llm.PartDelta) []byte {
	if ev.Index < 0 || ev.Index >= len(e.parts) {
		return nil
	}
	own := &e.parts[ev.Index]
	switch p := own.part.(type) {
	case llm.Text:
		out := e.textDelta(ev.Text)
		if ev.Citation != nil {
			chunk := append(append(e.open(), `"annotations":[`...), annotation(*ev.Citation)...)
			out = append(out, e.close(append(chunk, ']'))...)
		}
		return out
	case llm.Refusal:
		if ev.Text == "" {
			return nil
		}
		e.denied = true
		return e.member("refusal", ev.Text)
	case llm.Reasoning:
		own.signature += ev.Signature
		if ev.Text == "" {
			return nil
		}
		own.text = true
		return e.reasoningDelta(own.detail, ev.Text)
	case llm.ToolCall:
		if p.ByProvider {
			return nil
		}
		own.signature += ev.Signature
		return e.inputDelta(own, p, ev.Input)
	}
	return nil
}

func (e *Encoder) inputDelta(own *answerPart, c llm.ToolCall, input string) []byte {
	kind, name := `,"function":{`, `"arguments":`
	if c.Freeform {
		kind, name, input = `,"custom":{`, `"input":`, own.unquote.Next(input)
	}
	if input == "" {
		return nil
	}
	own.text = true
	chunk := append(append(e.callOpen(own.call), kind...), name...)
	return e.close(append(jsonwrite.AppendString(chunk, input), `}}]`...))
}

// partEnd sends what a client must send back with a reasoning.
func (e *Encoder) partEnd(ev llm.PartEnd) []byte {
	if ev.Index < 0 || ev.Index >= len(e.parts) {
		return nil
	}
	own := &e.parts[ev.Index]
	switch p := own.part.(type) {
	case llm.Reasoning:
		p.Signature = own.signature
		carrier := fit.PackReasoning(p, e.opts.Origin)
		if !own.text && p.Signature == "" && len(p.Opaque) == 0 || carrier == "" {
			return nil
		}
		chunk := append(e.open(), `"reasoning_details":[`...)
		chunk = appendCarrier(chunk, carrier, own.text, own.detail)
		return e.close(append(chunk, ']'))
	case llm.ToolCall:
		return e.callEnd(own, p, ev.Index)
	}
	return nil
}

// callEnd gives a call without input an empty object, which clients parse, and sends a signature that came late.
func (e *Encoder) callEnd(own *answerPart, c llm.ToolCall, index int) (out []byte) {
	if c.ByProvider {
		return nil
	}
	if !own.text && len(c.Input) == 0 && !c.Freeform {
		out = e.inputDelta(own, c, "{}")
	}
	if own.signature != "" {
		c.Signature += own.signature
		chunk := append(e.open(), `"reasoning_details":[`...)
		chunk = appendCarrier(chunk, fit.PackCall(c, e.opts.Origin), false, index)
		out = append(out, e.close(append(chunk, ']'))...)
	}
	return out
}

// appendCarrier writes a detail that holds a carrier: as the signature of a text, or, without one, as encrypted data.
func appendCarrier(dst []byte, carrier string, text bool, index int) []byte {
	if text {
		dst = append(dst, `{"type":"reasoning.text","text":"","signature":`...)
	} else {
		dst = append(dst, `{"type":"reasoning.encrypted","data":`...)
	}
	dst = jsonwrite.AppendString(dst, carrier)
	dst = append(dst, `,"format":"unknown","index":`...)
	return append(strconv.AppendInt(dst, int64(index), 10), '}')
}

// annotation gives a citation as this dialect writes it.
func annotation(c llm.Citation) []byte {
	if c.Raw.Dialect == llm.ChatCompletions {
		return c.Raw.Raw
	}
	out := append([]byte(nil), `{"type":"url_citation","url_citation":{"url":`...)
	out = jsonwrite.AppendString(out, c.URL)
	out = append(out, `,"title":`...)
	out = jsonwrite.AppendString(out, c.Title)
	if c.Cited != "" {
		out = append(out, `,"content":`...)
		out = jsonwrite.AppendString(out, c.Cited)
	}
	out = append(out, `,"start_index":`...)
	out = strconv.AppendInt(out, c.Start, 10)
	out = append(out, `,"end_index":`...)
	return append(strconv.AppendInt(out, c.End, 10), "}}"...)
}

func (e *Encoder) finish(r llm.FinishReason) []byte {
	if r.Kind == llm.FinishError {
		return e.End(failedAnswer(r))
	}
	out := e.closeWith(e.opts.appendAccount(e.open(), "", e.usage), finishWord(r, e.called, e.denied))
	if e.opts.IncludeUsage && e.usage.Known() {
		out = append(append(out, e.head...), `],"usage":`...)
		out = append(appendUsage(out, e.usage), "}\n\n"...)
	}
	return sse.Append(out, "", done)
}

// failedAnswer is an answer that the provider itself ended with an error.
func failedAnswer(r llm.FinishReason) *llm.Error {
	text := "the provider ended the answer with an error"
	if r.Raw != "" {
		text += " (" + r.Raw + ")"
	}
	return &llm.Error{Kind: llm.ErrInternal, Status: 502, Message: text + "; ask again"}
}

// finishWord gives a finish_reason. Calls that came count for more than the provider's word.
func finishWord(r llm.FinishReason, called, denied bool) string {
	switch r.Kind {
	case llm.FinishLength:
		return "length"
	case llm.FinishContentFilter:
		return "content_filter"
	case llm.FinishRefusal:
		if !denied { // the text alone does not tell
			return "content_filter"
		}
	}
	if called {
		return "tool_calls"
	}
	return "stop"
}
