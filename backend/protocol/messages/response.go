package messages

import (
	"encoding/json"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonwrite"
)

// EncodeResponse writes an answer that is not streamed (API reference, "Messages"). An answer that the provider ended
// with an error is an error.
func EncodeResponse(events []llm.Event, opts EncoderOptions) ([]byte, error) {
	a := fit.Fold(events)
	switch a.Finish.Kind {
	case "":
		return nil, brokenOff(nil)
	case llm.FinishError:
		return nil, failedAnswer(a.Finish)
	}
	if opts.ID == "" {
		opts.ID = a.ID
	}
	if opts.Model == "" {
		opts.Model = a.Model
	}
	if !a.Usage.Input.Known() {
		a.Usage.Input = llm.Tokens(opts.InputTokens)
	}
	w := responseWriter{origin: opts.Origin}
	for _, p := range a.Parts {
		w.part(p)
	}
	out := jsonwrite.AppendString([]byte(`{"id":`), opts.ID)
	out = append(out, `,"type":"message","role":"assistant","model":`...)
	out = jsonwrite.AppendString(out, opts.Model)
	out = append(out, `,"content":[`...)
	for i, b := range w.blocks {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, b...)
	}
	out = append(out, `],"stop_reason":"`...)
	out = append(out, stopWord(a.Finish, w.called, w.denied)...)
	out = append(out, `","stop_sequence":`...)
	out = append(appendSequence(out, a.Finish), `,"usage":`...)
	return append(opts.appendAccount(appendUsage(out, a.Usage), a.Usage), '}'), nil
}

type responseWriter struct {
	origin         llm.Origin
	blocks         []json.RawMessage
	called, denied bool
}

func (w *responseWriter) add(b json.RawMessage) { w.blocks = append(w.blocks, b) }

func (w *responseWriter) part(p llm.Part) {
	switch p := p.(type) {
	case llm.Text:
		w.text(p.Text, p.Citations)
	case llm.Refusal:
		w.denied = w.denied || p.Text != ""
		w.text(p.Text, nil)
	case llm.Media:
		w.text(mediaText(p), nil)
	case llm.Reasoning:
		carrier := fit.PackReasoning(p, w.origin)
		switch {
		case p.Text == "" && p.Signature == "" && (len(p.Opaque) == 0 || carrier == ""):
		case p.Text == "" && p.Signature == "":
			w.add(redactedBlock(carrier))
		default:
			w.add(thinkingOf(p.Text, carrier))
		}
	case llm.ToolCall:
		if p.ByProvider {
			return
		}
		w.called = true
		if carrier := fit.PackCall(toClient(p), w.origin); carrier != "" {
			w.add(thinkingOf("", carrier))
		}
		w.add(wholeCall(p))
	case llm.Opaque:
		if p.Dialect == llm.Messages {
			w.add(p.Raw)
		}
	}
}

func (w *responseWriter) text(text string, citations []llm.Citation) {
	if text == "" && len(citations) == 0 {
		return
	}
	out := jsonwrite.AppendString([]byte(`{"type":"text","text":`), text)
	if len(citations) > 0 {
		out = append(out, `,"citations":[`...)
		for i, c := range citations {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, citationBlock(c)...)
		}
		out = append(out, ']')
	}
	w.add(append(out, '}'))
}

func thinkingOf(text, carrier string) json.RawMessage {
	out := jsonwrite.AppendString([]byte(`{"type":"thinking","thinking":`), text)
	out = jsonwrite.AppendString(append(out, `,"signature":`...), carrier)
	return append(out, '}')
}

func wholeCall(p llm.ToolCall) json.RawMessage {
	input := p.Input
	if p.Freeform {
		input = fit.FreeformInput(input)
	}
	input = (&encoder{}).input(input)
	out := jsonwrite.AppendString([]byte(`{"type":"tool_use","id":`), callID(p.ID))
	out = jsonwrite.AppendString(append(out, `,"name":`...), p.Name)
	return append(append(append(out, `,"input":`...), input...), '}')
}
