package ollama

import "gatehouse/backend/llm"

// Encoder writes a streamed answer: a line for every piece, the last one with done. Parts that overlap come one after the
// other, in the order of their indices.
type Encoder struct {
	answer
	parts []*encodedPart
	head  int // the first part that has not ended
	over  bool
}

type encodedPart struct {
	part  llm.Part
	text  string // what waits to be sent
	input []byte
	ended bool
}

// NewEncoder makes an Encoder.
func NewEncoder(opts AnswerOptions) *Encoder { return &Encoder{answer: answer{opts: opts}} }

// Encode gives the bytes of an event, valid until the next call; there may be none.
func (e *Encoder) Encode(event llm.Event) []byte {
	e.buf = e.buf[:0]
	switch ev := event.(type) {
	case llm.UsageUpdate:
		e.usage = ev.Usage
	case llm.PartStart:
		e.start(ev.Part)
	case llm.PartDelta:
		if ev.Index >= 0 && ev.Index < len(e.parts) {
			p := e.parts[ev.Index]
			p.text += ev.Text
			p.input = append(p.input, ev.Input...)
			e.advance()
		}
	case llm.PartEnd:
		if ev.Index >= 0 && ev.Index < len(e.parts) {
			e.parts[ev.Index].ended = true
			e.advance()
		}
	case llm.Finish:
		e.finishWith(ev.Reason)
	}
	return e.buf
}

// End gives the line that ends a stream with an error; none if it was finished.
func (e *Encoder) End(err *llm.Error) []byte {
	if e.over {
		return nil
	}
	e.over = true
	return EncodeStreamError(err)
}

func (e *Encoder) finishWith(r llm.FinishReason) {
	for _, p := range e.parts {
		p.ended = true
	}
	e.advance()
	if r.Kind == llm.FinishError {
		e.buf = append(e.buf, e.End(failedAnswer(r))...)
		return
	}
	e.over = true
	e.open()
	e.say(said{})
	e.finish(r)
	e.buf = append(e.buf, '\n')
}

func (e *Encoder) start(p llm.Part) {
	one := &encodedPart{part: p}
	switch p := p.(type) {
	case llm.Text:
		one.text = p.Text
	case llm.Refusal:
		one.text = p.Text
	case llm.Reasoning:
		one.text = p.Text
	case llm.ToolCall:
		one.input = append(one.input, p.Input...)
	}
	e.parts = append(e.parts, one)
	e.advance()
}

// advance sends what may be sent by now.
func (e *Encoder) advance() {
	for ; e.head < len(e.parts); e.head++ {
		p := e.parts[e.head]
		e.send(p)
		if !p.ended {
			return
		}
		e.parts[e.head] = &encodedPart{ended: true}
	}
}

// send sends a part's text that waits, or the whole part where it has no text and has ended.
func (e *Encoder) send(p *encodedPart) {
	var one said
	switch part := p.part.(type) {
	case llm.Text, llm.Refusal:
		one.text = p.text
	case llm.Reasoning:
		one.thinking = p.text
	case llm.ToolCall:
		if p.ended {
			part.Input = p.input
			one.add(part, &e.answer)
		}
	case llm.Media:
		if p.ended {
			one.add(part, &e.answer)
		}
	}
	p.text = ""
	if one.text == "" && one.thinking == "" && len(one.calls) == 0 && len(one.images) == 0 {
		return
	}
	e.open()
	e.say(one)
	e.buf = append(e.buf, ",\"done\":false}\n"...)
}
