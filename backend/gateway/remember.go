package gateway

import (
	"slices"

	"gatehouse/backend/llm"
	"gatehouse/backend/recall"
)

// forgetful are the dialects whose clients as a rule send an answer's reasoning not back: what they know of it is an
// extension that they may pass over.
var forgetful = map[llm.Dialect]bool{llm.ChatCompletions: true, llm.Ollama: true}

// recall puts back the reasoning of turns that a client sends without it, where the same model gets them again.
func (t *translation) recall() {
	if !forgetful[t.x.req.Dialect] || t.x.forget {
		return
	}
	messages := t.asked.Request.Messages
	for i, m := range messages {
		if m.Role == llm.RoleAssistant {
			parts, restore := t.known(m.Parts)
			messages[i].Parts = restore(t.x.g.memory.Recall(t.x.req.Caller.KeyID, t.origin, parts))
		}
	}
}

// known gives a turn as it is remembered, and what undoes that. Ollama's clients, its own for Python among them, lose the
// ids of calls, so theirs are remembered without.
func (t *translation) known(parts []llm.Part) ([]llm.Part, func([]llm.Part) []llm.Part) {
	if t.x.req.Dialect != llm.Ollama {
		return parts, func(out []llm.Part) []llm.Part { return out }
	}
	var ids []string
	out := slices.Clone(parts)
	for i, p := range out {
		if c, ok := p.(llm.ToolCall); ok {
			ids = append(ids, c.ID)
			c.ID = ""
			out[i] = c
		}
	}
	return out, func(parts []llm.Part) []llm.Part {
		n := 0
		for i, p := range parts {
			if c, ok := p.(llm.ToolCall); ok && n < len(ids) {
				c.ID = ids[n]
				n++
				parts[i] = c
			}
		}
		return parts
	}
}

// remember passes an answer on and keeps its reasoning at its end.
func (t *translation) remember(in llm.Stream) llm.Stream {
	if !forgetful[t.x.req.Dialect] {
		return in
	}
	return func(yield func(llm.Event, error) bool) {
		var c collector
		for e, err := range in {
			if err == nil {
				c.take(e)
			}
			if _, finished := e.(llm.Finish); finished && !c.over {
				parts, _ := t.known(c.whole())
				t.x.g.memory.Keep(t.x.req.Caller.KeyID, t.origin, parts)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// collector puts an answer's parts together as far as they are of use here.
type collector struct {
	parts []collected
	size  int
	over  bool // it is more than is ever kept
}

type collected struct {
	part                   llm.Part
	text, signature, input []byte
}

func (c *collector) take(e llm.Event) {
	switch e := e.(type) {
	case llm.PartStart:
		c.parts = append(c.parts, collected{part: e.Part})
	case llm.PartDelta:
		c.size += len(e.Text) + len(e.Signature) + len(e.Input)
		if c.over = c.over || c.size > recall.MaxTurn || e.Index >= len(c.parts); c.over {
			c.parts = nil
			return
		}
		p := &c.parts[e.Index]
		p.text = append(p.text, e.Text...)
		p.signature = append(p.signature, e.Signature...)
		p.input = append(p.input, e.Input...)
	}
}

func (c *collector) whole() []llm.Part {
	out := make([]llm.Part, 0, len(c.parts))
	for _, p := range c.parts {
		switch part := p.part.(type) {
		case llm.Text:
			part.Text += string(p.text)
			p.part = part
		case llm.Reasoning:
			part.Text += string(p.text)
			part.Signature += string(p.signature)
			p.part = part
		case llm.ToolCall:
			part.Signature += string(p.signature)
			part.Input = append(part.Input[:len(part.Input):len(part.Input)], p.input...)
			p.part = part
		}
		out = append(out, p.part)
	}
	return out
}
