package messages

import (
	"encoding/json"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// EncoderOptions are what an answer's encoder must know.
type EncoderOptions struct {
	// ID and Model are the answer's; empty means those of MessageStart.
	ID, Model string
	// Origin is who answers; it is tagged on reasoning, so that it goes back to nobody else.
	Origin llm.Origin
	// InputTokens is an estimate of the prompt, for message_start, which comes before the provider reports; clients show
	// how full the context is by it.
	InputTokens int64
	// Account gives a JSON object of how the answer came about, for provider_metadata.gateway beside the final usage
	// (hosted gateway, "Messages"). It may be nil.
	Account func(llm.Usage) []byte
}

func (o EncoderOptions) appendAccount(dst []byte, u llm.Usage) []byte {
	if o.Account == nil {
		return dst
	}
	dst = append(append(dst, `,"provider_metadata":{"gateway":`...), o.Account(u)...)
	return append(dst, '}')
}

// Encoder writes a streamed answer (API reference, "Streaming Messages"). Blocks come strictly one after another, so what
// belongs to a later one waits until the one before it is over. Reasoning is signed with a carrier that names its model.
type Encoder struct {
	opts   EncoderOptions
	out    []byte
	parts  []*answerBlock
	usage  llm.Usage
	turn   int // the first part that is not over
	blocks int // how many blocks were begun
	called bool
	denied bool
}

// answerBlock is a part that becomes a block.
type answerBlock struct {
	part llm.Part
	// index is the block's, -1 before it begins. A text begins with its first character: empty ones are refused when the
	// client sends them back.
	index           int
	signature       string
	waiting         []llm.PartDelta
	ended           bool
	wrapped, spoken bool
}

// NewEncoder makes an encoder for one answer.
func NewEncoder(opts EncoderOptions) *Encoder { return &Encoder{opts: opts} }

// Encode gives the bytes of one event, none where there is nothing to say yet. The stream must keep llm's grammar.
func (e *Encoder) Encode(event llm.Event) []byte {
	e.out = nil
	switch ev := event.(type) {
	case llm.MessageStart:
		e.start(ev)
	case llm.PartStart:
		e.parts = append(e.parts, &answerBlock{part: ev.Part, index: -1})
		if len(e.parts)-1 == e.turn {
			e.begin(e.parts[e.turn])
		}
	case llm.PartDelta:
		if ev.Index < 0 || ev.Index >= len(e.parts) {
			break
		}
		b := e.parts[ev.Index]
		if ev.Index != e.turn {
			b.waiting = append(b.waiting, ev)
			break
		}
		e.delta(b, ev)
	case llm.PartEnd:
		if ev.Index < 0 || ev.Index >= len(e.parts) {
			break
		}
		e.parts[ev.Index].ended = true
		e.advance()
	case llm.UsageUpdate:
		e.usage = ev.Usage
	case llm.Finish:
		e.finish(ev.Reason)
	case llm.OpaqueEvent:
		e.opaque(ev)
	}
	return e.out
}

// End gives the bytes that end an answer which failed after it began: an error event and no message_stop.
func (e *Encoder) End(err *llm.Error) []byte { return EncodeStreamError(err) }

// Ping gives the event that keeps a silent connection open.
func Ping() []byte { return []byte("event: ping\ndata: {\"type\":\"ping\"}\n\n") }

func (e *Encoder) open(name string) {
	e.out = append(e.out, "event: "...)
	e.out = append(e.out, name...)
	e.out = append(e.out, "\ndata: {\"type\":\""...)
	e.out = append(append(e.out, name...), '"')
}

func (e *Encoder) raw(s string) { e.out = append(e.out, s...) }

func (e *Encoder) str(s string) { e.out = jsonwrite.AppendString(e.out, s) }

func (e *Encoder) close() { e.out = append(e.out, "}\n\n"...) }

func (e *Encoder) at(name string, index int) {
	e.open(name)
	e.raw(`,"index":`)
	e.out = strconv.AppendInt(e.out, int64(index), 10)
}

func (e *Encoder) start(ev llm.MessageStart) {
	if e.opts.ID == "" {
		e.opts.ID = ev.ID
	}
	if e.opts.Model == "" {
		e.opts.Model = ev.Model
	}
	e.open("message_start")
	e.raw(`,"message":{"id":`)
	e.str(e.opts.ID)
	e.raw(`,"type":"message","role":"assistant","model":`)
	e.str(e.opts.Model)
	e.raw(`,"content":[],"stop_reason":null,"stop_sequence":null,"usage":`)
	e.out = appendUsage(e.out, llm.Usage{Input: llm.Tokens(e.opts.InputTokens), Output: llm.Tokens(0)})
	e.raw("}")
	e.close()
}

// begin starts a block, if it starts with what is known of it now.
func (e *Encoder) begin(b *answerBlock) {
	switch p := b.part.(type) {
	case llm.Text:
		for _, c := range p.Citations {
			e.delta(b, llm.PartDelta{Citation: &c})
		}
		e.delta(b, llm.PartDelta{Text: p.Text})
	case llm.Refusal:
		e.delta(b, llm.PartDelta{Text: p.Text})
	case llm.Reasoning:
		b.signature = p.Signature
		e.delta(b, llm.PartDelta{Text: p.Text})
	case llm.ToolCall:
		e.call(b, p)
	case llm.Media:
		e.delta(b, llm.PartDelta{Text: mediaText(p)})
	case llm.Opaque:
		if p.Dialect == llm.Messages {
			e.startBlock(b, p.Raw)
		}
	}
	waiting := b.waiting
	b.waiting = nil
	for _, d := range waiting {
		e.delta(b, d)
	}
}

// mediaText stands for a picture, for which the dialect has no place in an answer.
func mediaText(m llm.Media) string {
	if m.URL != "" {
		return "![" + m.Filename + "](" + m.URL + ")"
	}
	return "[" + m.MediaType + " that " + llm.Messages.String() + " can't carry in an answer]"
}

func (e *Encoder) startBlock(b *answerBlock, content json.RawMessage) {
	b.index = e.blocks
	e.blocks++
	e.at("content_block_start", b.index)
	e.raw(`,"content_block":`)
	e.out = append(e.out, content...)
	e.close()
}

func (e *Encoder) call(b *answerBlock, p llm.ToolCall) {
	if p.ByProvider { // the client would try to run it
		return
	}
	e.called = true
	if carrier := fit.PackCall(toClient(p), e.opts.Origin); carrier != "" {
		e.carrierBlock(carrier)
	}
	e.startBlock(b, callBlock(p))
	e.delta(b, llm.PartDelta{Input: string(p.Input)})
}

// toClient gives the call under the id that the client gets: a carrier names it.
func toClient(p llm.ToolCall) llm.ToolCall {
	p.ID = callID(p.ID)
	return p
}

func callBlock(p llm.ToolCall) json.RawMessage {
	out := jsonwrite.AppendString([]byte(`{"type":"tool_use","id":`), callID(p.ID))
	out = jsonwrite.AppendString(append(out, `,"name":`...), p.Name)
	return append(out, `,"input":{}}`...)
}

// carrierBlock is a thinking block that shows nothing and only carries.
func (e *Encoder) carrierBlock(carrier string) {
	b := &answerBlock{}
	e.startBlock(b, json.RawMessage(`{"type":"thinking","thinking":"","signature":""}`))
	e.signature(b, carrier)
	e.stopBlock(b)
}

func (e *Encoder) signature(b *answerBlock, carrier string) {
	e.at("content_block_delta", b.index)
	e.raw(`,"delta":{"type":"signature_delta","signature":`)
	e.str(carrier)
	e.raw("}")
	e.close()
}

func (e *Encoder) stopBlock(b *answerBlock) {
	e.at("content_block_stop", b.index)
	e.close()
}

func (e *Encoder) piece(b *answerBlock, kind, member, text string) {
	e.at("content_block_delta", b.index)
	e.raw(`,"delta":{"type":"`)
	e.raw(kind)
	e.raw(`","`)
	e.raw(member)
	e.raw(`":`)
	e.str(text)
	e.raw("}")
	e.close()
}

func (e *Encoder) delta(b *answerBlock, d llm.PartDelta) {
	switch p := b.part.(type) {
	case llm.Text, llm.Refusal, llm.Media:
		if _, refusal := p.(llm.Refusal); refusal && d.Text != "" {
			e.denied = true
		}
		if d.Text == "" && d.Citation == nil {
			return
		}
		if b.index < 0 {
			e.startBlock(b, json.RawMessage(`{"type":"text","text":""}`))
		}
		if d.Text != "" {
			e.piece(b, "text_delta", "text", d.Text)
		}
		if d.Citation != nil {
			e.at("content_block_delta", b.index)
			e.raw(`,"delta":{"type":"citations_delta","citation":`)
			e.out = append(e.out, citationBlock(*d.Citation)...)
			e.raw("}")
			e.close()
		}
	case llm.Reasoning:
		b.signature += d.Signature
		if d.Text == "" {
			return
		}
		if b.index < 0 {
			e.startBlock(b, json.RawMessage(`{"type":"thinking","thinking":"","signature":""}`))
		}
		e.piece(b, "thinking_delta", "thinking", d.Text)
	case llm.ToolCall:
		b.signature += d.Signature
		if d.Input != "" && b.index >= 0 {
			e.input(b, p, d.Input)
		}
	}
}

// input sends a piece of a call's input. What is not an object is wrapped in one, as the dialect demands.
func (e *Encoder) input(b *answerBlock, p llm.ToolCall, piece string) {
	if !b.spoken {
		if piece = strings.TrimLeft(piece, " \t\r\n"); piece == "" {
			return
		}
		b.spoken = true
		switch {
		case p.Freeform:
			b.wrapped, piece = true, `{"input":`+piece
		case piece[0] != '{':
			b.wrapped, piece = true, `{"value":`+piece
		}
	}
	e.piece(b, "input_json_delta", "partial_json", piece)
}

// citationBlock gives a citation as this dialect writes it.
func citationBlock(c llm.Citation) []byte {
	if c.Raw.Dialect == llm.Messages {
		return c.Raw.Raw
	}
	out := jsonwrite.AppendString([]byte(`{"type":"web_search_result_location","url":`), c.URL)
	out = jsonwrite.AppendString(append(out, `,"title":`...), c.Title)
	out = jsonwrite.AppendString(append(out, `,"cited_text":`...), c.Cited)
	return append(out, `,"encrypted_index":""}`...)
}

// advance ends the blocks that are over, in their order, and begins the next ones.
func (e *Encoder) advance() {
	for e.turn < len(e.parts) && e.parts[e.turn].ended {
		e.end(e.parts[e.turn])
		e.turn++
		if e.turn < len(e.parts) {
			e.begin(e.parts[e.turn])
		}
	}
}

func (e *Encoder) end(b *answerBlock) {
	switch p := b.part.(type) {
	case llm.Reasoning:
		p.Signature = b.signature
		carrier := fit.PackReasoning(p, e.opts.Origin)
		switch {
		case b.index >= 0:
			if carrier != "" {
				e.signature(b, carrier)
			}
		case p.Signature == "" && len(p.Opaque) == 0 || carrier == "":
			return
		case p.Signature == "": // nothing to read at all
			e.startBlock(b, redactedBlock(carrier))
		default:
			e.startBlock(b, json.RawMessage(`{"type":"thinking","thinking":"","signature":""}`))
			e.signature(b, carrier)
		}
	case llm.ToolCall:
		if b.wrapped {
			e.piece(b, "input_json_delta", "partial_json", "}")
		}
		if b.index >= 0 {
			e.stopBlock(b)
		}
		if c := toClient(p); b.signature != "" && b.index >= 0 {
			c.Signature += b.signature
			e.carrierBlock(fit.PackCall(c, e.opts.Origin))
		}
		return
	}
	if b.index >= 0 {
		e.stopBlock(b)
	}
}

func redactedBlock(carrier string) json.RawMessage {
	out := jsonwrite.AppendString([]byte(`{"type":"redacted_thinking","data":`), carrier)
	return append(out, '}')
}

// opaque passes on the deltas of a block that only this dialect knows, under the index that it has here.
func (e *Encoder) opaque(ev llm.OpaqueEvent) {
	if ev.Dialect != llm.Messages || e.turn >= len(e.parts) {
		return
	}
	b := e.parts[e.turn]
	if _, own := b.part.(llm.Opaque); !own || b.index < 0 || jsonread.Of(ev.Raw).Get("type").String() != "content_block_delta" {
		return
	}
	e.at("content_block_delta", b.index)
	e.raw(`,"delta":`)
	e.raw(jsonread.Of(ev.Raw).Get("delta").Raw())
	e.close()
}

func (e *Encoder) finish(r llm.FinishReason) {
	if r.Kind == llm.FinishError {
		e.out = append(e.out, e.End(failedAnswer(r))...)
		return
	}
	e.open("message_delta")
	e.raw(`,"delta":{"stop_reason":"`)
	e.raw(stopWord(r, e.called, e.denied))
	e.raw(`","stop_sequence":`)
	e.out = appendSequence(e.out, r)
	e.raw(`},"usage":`)
	e.out = e.opts.appendAccount(appendUsage(e.out, e.usage), e.usage)
	e.close()
	e.open("message_stop")
	e.close()
}

// appendSequence writes which stop sequence was met, null where none was or it is not known.
func appendSequence(dst []byte, r llm.FinishReason) []byte {
	if r.Kind != llm.FinishStopSequence || r.Sequence == "" {
		return append(dst, "null"...)
	}
	return jsonwrite.AppendString(dst, r.Sequence)
}

// failedAnswer is an answer that the provider itself ended with an error.
func failedAnswer(r llm.FinishReason) *llm.Error {
	text := "the provider ended the answer with an error"
	if r.Raw != "" {
		text += " (" + r.Raw + ")"
	}
	return &llm.Error{Kind: llm.ErrInternal, Status: 502, Message: text + "; ask again"}
}

// stopWord gives a stop_reason. Calls that came count for more than the provider's word.
func stopWord(r llm.FinishReason, called, denied bool) string {
	switch r.Kind {
	case llm.FinishLength:
		if r.Raw == "model_context_window_exceeded" {
			return r.Raw
		}
		return "max_tokens"
	case llm.FinishContentFilter, llm.FinishRefusal:
		return "refusal"
	case llm.FinishPause:
		return "pause_turn"
	}
	switch {
	case called:
		return "tool_use"
	case denied:
		return "refusal"
	case r.Kind == llm.FinishStopSequence:
		return "stop_sequence"
	}
	return "end_turn"
}
