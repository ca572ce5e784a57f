package contents

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/aisdk"
)

// Message is one turn, for people to read.
type Message struct {
	Role  string
	Parts []Part
}

// Part is a piece of a turn. Kind is text, reasoning, refusal, call, result, media or other; Name is the tool's, or says what
// the media is.
type Part struct {
	Kind, Name, Text string
}

// Messages reads the request's turns; nil where it is no conversation or can't be read.
func (k *Kept) Messages() []Message {
	if k.Surface != "" || k.Request.Truncated || len(k.RequestText) == 0 {
		return nil
	}
	asked, err := k.asked()
	if err != nil || asked == nil {
		return nil
	}
	var out []Message
	for _, m := range asked.Request.Messages {
		out = append(out, Message{Role: string(m.Role), Parts: partsOf(m.Parts)})
	}
	return out
}

func (k *Kept) asked() (*protocol.Asked, error) {
	body, head := k.RequestText, protocol.Head{Model: k.Model, Stream: k.Stream}
	switch k.Dialect {
	case llm.Gemini:
		return protocol.Gemini(body, head, false)
	case llm.AISDK:
		return protocol.AISDK(body, aisdk.Head{Version: aisdk.V4, Model: k.Model, Stream: k.Stream})
	case llm.Ollama:
		return protocol.Ollama(body, k.Model, !bytes.Contains(body, []byte(`"messages"`)))
	}
	if decode := protocol.For(k.Dialect).Decode; decode != nil {
		return decode(body)
	}
	return nil, nil
}

func partsOf(parts []llm.Part) []Part {
	out := []Part{}
	for _, p := range parts {
		out = append(out, partOf(p))
	}
	return out
}

func partOf(p llm.Part) Part {
	switch p := p.(type) {
	case llm.Text:
		return Part{Kind: "text", Text: p.Text}
	case llm.Refusal:
		return Part{Kind: "refusal", Text: p.Text}
	case llm.Reasoning:
		return Part{Kind: "reasoning", Text: p.Text}
	case llm.ToolCall:
		return Part{Kind: "call", Name: p.Name, Text: string(p.Input)}
	case llm.ToolResult:
		var texts []string
		for _, one := range p.Parts {
			if part := partOf(one); part.Text != "" {
				texts = append(texts, part.Text)
			} else if part.Name != "" {
				texts = append(texts, "["+part.Name+"]")
			}
		}
		return Part{Kind: "result", Name: p.Name, Text: strings.Join(texts, "\n")}
	case llm.Media:
		return Part{Kind: "media", Name: mediaName(p), Text: p.URL}
	case llm.Opaque:
		return Part{Kind: "other", Text: string(p.Raw)}
	}
	return Part{Kind: "other"}
}

func mediaName(m llm.Media) string {
	name := m.MediaType
	if m.Filename != "" {
		name = strings.TrimSpace(name + " " + m.Filename)
	}
	if n := len(m.Data); n > 0 {
		name = strings.TrimSpace(fmt.Sprintf("%s, %d bytes", name, n))
	}
	if name == "" {
		name = "a file"
	}
	return name
}

// Answered reads the answer's parts, as far as it goes; nil where it is no conversation's or can't be read.
func (k *Kept) Answered() []Part {
	if k.Surface != "" || len(k.AnswerText) == 0 {
		return nil
	}
	codec := protocol.For(k.Dialect)
	var parts []Part
	switch {
	case codec.DecodeStream == nil:
		parts = k.spelled()
	case k.Stream:
		parts = assembled(codec.DecodeStream(bytes.NewReader(k.AnswerText)))
	case !k.Answer.Truncated:
		if events, err := codec.DecodeResponse(k.AnswerText); err == nil {
			parts = assembled(func(yield func(llm.Event, error) bool) {
				for _, e := range events {
					if !yield(e, nil) {
						return
					}
				}
			})
		}
	}
	return parts
}

// assembled puts an answer's parts together. Where it breaks off, what there is up to then is given.
func assembled(events llm.Stream) []Part {
	var order []int
	at := map[int]*Part{}
	for e, err := range events {
		if err != nil {
			break
		}
		switch e := e.(type) {
		case llm.PartStart:
			p := partOf(e.Part)
			at[e.Index], order = &p, append(order, e.Index)
		case llm.PartDelta:
			if p := at[e.Index]; p != nil {
				p.Text += e.Text + e.Input
			}
		}
	}
	var out []Part
	for _, i := range order {
		if p := at[i]; p.Text != "" || p.Name != "" {
			out = append(out, *p)
		}
	}
	return out
}

// places are where the protocols that are never spoken to a provider have an answer's text: the AI SDK's (by the type of an
// event) and Ollama's.
var places = map[string]string{
	"text-delta.delta": "text", "reasoning-delta.delta": "reasoning", "tool-input-delta.delta": "call",
	".message.content": "text", ".message.thinking": "reasoning", ".response": "text",
}

// spelled reads answers in those protocols.
func (k *Kept) spelled() []Part {
	var out []Part
	for _, p := range pieces(k.AnswerText) {
		if kind := places[p.place]; kind != "" && p.text.Len() > 0 {
			out = append(out, Part{Kind: kind, Text: p.text.String()})
		}
	}
	if out != nil {
		return out
	}
	var whole struct {
		Content  []struct{ Type, Text, ToolName, Input string } `json:"content"`
		Message  struct{ Content, Thinking string }             `json:"message"`
		Response string                                         `json:"response"`
	}
	if json.Unmarshal(k.AnswerText, &whole) != nil {
		return nil
	}
	for _, c := range whole.Content {
		switch {
		case c.Text != "" && c.Type == "reasoning":
			out = append(out, Part{Kind: "reasoning", Text: c.Text})
		case c.Text != "":
			out = append(out, Part{Kind: "text", Text: c.Text})
		case c.ToolName != "":
			out = append(out, Part{Kind: "call", Name: c.ToolName, Text: c.Input})
		}
	}
	for _, t := range []Part{{Kind: "reasoning", Text: whole.Message.Thinking}, {Kind: "text", Text: whole.Message.Content}, {Kind: "text", Text: whole.Response}} {
		if t.Text != "" {
			out = append(out, t)
		}
	}
	return out
}
