package chatcompletions

import (
	"encoding/json"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonwrite"
)

// EncodeResponse writes an answer that is not streamed (API reference, "The chat completion object"). An answer that the
// provider ended with an error is an error.
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
	m := fold(a.Parts, opts.Origin)
	out := append([]byte(nil), `{"id":`...)
	out = jsonwrite.AppendString(out, opts.ID)
	out = append(out, `,"object":"chat.completion","created":`...)
	out = strconv.AppendInt(out, opts.Created, 10)
	out = append(out, `,"model":`...)
	out = jsonwrite.AppendString(out, opts.Model)
	out = append(out, `,"choices":[{"index":0,"message":{"role":"assistant","content":`...)
	out = opts.appendAccount(m.append(out), ",", a.Usage)
	out = append(out, `},"logprobs":null,"finish_reason":`...)
	out = jsonwrite.AppendString(out, finishWord(a.Finish, len(m.calls) > 0, m.refusal != ""))
	out = append(out, `}]`...)
	if a.Usage.Known() {
		out = append(out, `,"usage":`...)
		out = appendUsage(out, a.Usage)
	}
	return append(out, '}'), nil
}

// answerMessage is the message of an answer.
type answerMessage struct {
	content, refusal, reasoning string
	hasContent                  bool
	details, annotations        []json.RawMessage
	images                      []string
	calls                       []llm.ToolCall
}

func fold(parts []llm.Part, origin llm.Origin) *answerMessage {
	m := &answerMessage{}
	for i, p := range parts {
		switch p := p.(type) {
		case llm.Text:
			m.content, m.hasContent = m.content+p.Text, true
			for _, c := range p.Citations {
				m.annotations = append(m.annotations, annotation(c))
			}
		case llm.Refusal:
			m.refusal += p.Text
		case llm.Reasoning:
			m.reasoning += p.Text
			m.detail(p, i, origin)
		case llm.Media:
			m.images = append(m.images, urlOf(p))
		case llm.ToolCall:
			if p.ByProvider {
				continue
			}
			m.calls = append(m.calls, p)
			if carrier := fit.PackCall(p, origin); carrier != "" {
				m.details = append(m.details, appendCarrier(nil, carrier, false, i))
			}
		}
	}
	return m
}

func (m *answerMessage) detail(r llm.Reasoning, index int, origin llm.Origin) {
	carrier := fit.PackReasoning(r, origin)
	switch {
	case r.Text == "" && r.Signature == "" && len(r.Opaque) == 0, carrier == "" && r.Text == "":
	case r.Text == "":
		m.details = append(m.details, appendCarrier(nil, carrier, false, index))
	default:
		out := append([]byte(nil), `{"type":"reasoning.text","text":`...)
		out = jsonwrite.AppendString(out, r.Text)
		if carrier != "" {
			out = append(out, `,"signature":`...)
			out = jsonwrite.AppendString(out, carrier)
		}
		out = append(out, `,"format":"unknown","index":`...)
		m.details = append(m.details, append(strconv.AppendInt(out, int64(index), 10), '}'))
	}
}

// append writes the message from its content on.
func (m *answerMessage) append(out []byte) []byte {
	if m.hasContent || len(m.calls) == 0 && m.refusal == "" {
		out = jsonwrite.AppendString(out, m.content)
	} else {
		out = append(out, "null"...)
	}
	out = append(out, `,"refusal":`...)
	if m.refusal != "" {
		out = jsonwrite.AppendString(out, m.refusal)
	} else {
		out = append(out, "null"...)
	}
	if m.reasoning != "" {
		out = append(out, `,"reasoning_content":`...)
		out = jsonwrite.AppendString(out, m.reasoning)
	}
	out = appendList(out, "reasoning_details", m.details)
	out = appendList(out, "annotations", m.annotations)
	var images, calls []json.RawMessage
	for _, url := range m.images {
		image := jsonwrite.AppendString([]byte(`{"type":"image_url","image_url":{"url":`), url)
		images = append(images, append(image, "}}"...))
	}
	for _, c := range m.calls {
		calls = append(calls, answerCall(c))
	}
	return appendList(appendList(out, "images", images), "tool_calls", calls)
}

func appendList(out []byte, name string, items []json.RawMessage) []byte {
	if len(items) == 0 {
		return out
	}
	out = append(append(append(out, `,"`...), name...), `":[`...)
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, item...)
	}
	return append(out, ']')
}

func answerCall(c llm.ToolCall) json.RawMessage {
	out := jsonwrite.AppendString([]byte(`{"id":`), c.ID)
	if c.Freeform {
		var text string
		if json.Unmarshal(c.Input, &text) != nil {
			text = string(c.Input)
		}
		out = append(out, `,"type":"custom","custom":{"name":`...)
		out = jsonwrite.AppendString(out, c.Name)
		out = append(out, `,"input":`...)
		return append(jsonwrite.AppendString(out, text), "}}"...)
	}
	input := string(c.Input)
	if input == "" {
		input = "{}"
	}
	out = append(out, `,"type":"function","function":{"name":`...)
	out = jsonwrite.AppendString(out, c.Name)
	out = append(out, `,"arguments":`...)
	return append(jsonwrite.AppendString(out, input), "}}"...)
}
