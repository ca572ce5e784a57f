package gemini

import "gatehouse/backend/llm"

// Encoder writes a streamed answer, each event's bytes at once; parts that overlap come one after the other, in the
// order of their indices.
type Encoder struct {
	answer
	parts []*encodedPart
	head  int // the first part that has not ended
	begun bool
	over  bool
	buf   []byte
	piece []byte
}

type encodedPart struct {
	part  llm.Part // with its texts and inputs so far; for the head, texts that are sent already are left out
	text  []byte   // what waits to be sent
	whole []byte   // a text as a whole, by which citations are placed
	input []byte
	ended bool
}

// NewEncoder makes an Encoder.
func NewEncoder(opts AnswerOptions) *Encoder {
	e := &Encoder{answer: answer{opts: opts}}
	e.name()
	return e
}

// Encode gives the bytes of an event, valid until the next call; there may be none.
func (e *Encoder) Encode(event llm.Event) []byte {
	e.buf = e.buf[:0]
	switch ev := event.(type) {
	case llm.MessageStart:
		e.id, e.model = ev.ID, ev.Model
		e.name()
	case llm.UsageUpdate:
		e.usage = ev.Usage
		e.name()
	case llm.PartStart:
		e.parts = append(e.parts, startPart(ev.Part))
		e.advance()
	case llm.PartDelta:
		e.delta(ev)
	case llm.PartEnd:
		if ev.Index >= 0 && ev.Index < len(e.parts) {
			e.parts[ev.Index].ended = true
			e.advance()
		}
	case llm.OpaqueEvent:
		e.opaqueEvent(ev)
	case llm.Finish:
		for _, p := range e.parts {
			p.ended = true
		}
		e.advance()
		e.piece = e.lastOf(e.piece[:0]) // clients drop a content without parts from their history
		e.frame(&ev.Reason)
		e.finish()
	}
	return e.buf
}

// End gives the bytes that end a stream with an error; none if it was finished.
func (e *Encoder) End(err *llm.Error) []byte {
	if e.over {
		return nil
	}
	e.buf = e.buf[:0]
	if !e.opts.Array {
		e.over = true
		return append(e.buf, EncodeStreamError(err)...)
	}
	e.buf = append(e.buf, e.separator()...)
	_, body := EncodeError(err)
	e.buf = append(e.buf, body...)
	e.finish()
	return e.buf
}

func (e *Encoder) finish() {
	e.over = true
	if e.opts.Array {
		e.buf = append(e.buf, "]\n"...)
	}
}

func (e *Encoder) separator() string {
	if e.begun {
		return ",\r\n"
	}
	e.begun = true
	return "["
}

// frame sends the parts in piece.
func (e *Encoder) frame(reason *llm.FinishReason) {
	if e.opts.Array {
		e.buf = append(e.buf, e.separator()...)
		e.buf = e.object(e.buf, e.piece, reason)
		return
	}
	e.buf = append(e.buf, "data: "...)
	e.buf = e.object(e.buf, e.piece, reason)
	e.buf = append(e.buf, "\n\n"...)
}

func startPart(p llm.Part) *encodedPart {
	out := &encodedPart{part: p}
	switch p := p.(type) {
	case llm.Text:
		out.text = []byte(p.Text)
	case llm.Refusal:
		out.text = []byte(p.Text)
	case llm.Reasoning:
		out.text = []byte(p.Text)
	case llm.ToolCall:
		out.input = append(out.input, p.Input...)
	}
	return out
}

func (e *Encoder) delta(d llm.PartDelta) {
	if d.Index < 0 || d.Index >= len(e.parts) {
		return
	}
	p := e.parts[d.Index]
	p.text = append(p.text, d.Text...)
	p.input = append(p.input, d.Input...)
	switch part := p.part.(type) {
	case llm.Text:
		if d.Citation != nil {
			part.Citations = append(part.Citations, *d.Citation)
			p.part = part
		}
	case llm.Reasoning:
		part.Signature += d.Signature
		p.part = part
	case llm.ToolCall:
		part.Signature += d.Signature
		p.part = part
	}
	if d.Index == e.head {
		e.send(p)
	}
}

// advance sends what may be sent by now.
func (e *Encoder) advance() {
	for ; e.head < len(e.parts); e.head++ {
		p := e.parts[e.head]
		e.send(p)
		if !p.ended {
			return
		}
		e.close(p)
		e.parts[e.head] = &encodedPart{ended: true}
	}
}

// send sends the text that waits.
func (e *Encoder) send(p *encodedPart) {
	if len(p.text) == 0 {
		return
	}
	switch p.part.(type) {
	case llm.Text:
		p.whole = append(p.whole, p.text...)
		e.piece = textOf(e.piece[:0], string(p.text))
	case llm.Refusal:
		e.piece = textOf(e.piece[:0], string(p.text))
	case llm.Reasoning:
		e.piece = thoughtOf(e.piece[:0], string(p.text), "")
	default:
		return
	}
	p.text = p.text[:0]
	e.frame(nil)
}

// close sends what is known only at a part's end: a call, a signature, media.
func (e *Encoder) close(p *encodedPart) {
	e.piece = e.piece[:0]
	switch part := p.part.(type) {
	case llm.Text:
		for _, c := range part.Citations {
			e.cited.add(c, p.whole)
		}
		e.cited.base += len(p.whole)
		return
	case llm.Refusal:
		return
	case llm.Reasoning:
		signature := e.signature(part)
		if signature == "" {
			return
		}
		e.piece = thoughtOf(e.piece, "", signature)
	case llm.ToolCall:
		part.Input = p.input
		e.piece = e.whole(e.piece, part)
	case nil:
		return
	default:
		e.piece = e.whole(e.piece, part)
	}
	if len(e.piece) > 0 {
		e.frame(nil)
	}
}
