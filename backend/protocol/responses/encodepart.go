package responses

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/jsonread"
)

func (e *Encoder) partStart(start llm.PartStart) {
	if e.parts[start.Index] != nil {
		return
	}
	p := &part{}
	e.parts[start.Index] = p
	first := llm.PartDelta{Index: start.Index}
	switch own := start.Part.(type) {
	case llm.Text:
		e.content(p, contentPartOf{kind: "output_text"})
		first.Text = own.Text
		for _, c := range own.Citations {
			e.annotation(p, c)
		}
	case llm.Refusal:
		e.content(p, contentPartOf{kind: "refusal"})
		first.Text = own.Text
	case llm.Reasoning:
		e.message = nil
		it := &item{kind: "reasoning", origin: own.Origin, opaque: own.Opaque}
		if it.origin == (llm.Origin{}) {
			it.origin = e.opts.Origin
		}
		p.item = e.add(it)
		first.Text, first.Signature = own.Text, own.Signature
	case llm.ToolCall:
		if own.ByProvider {
			break // a client would try to run it
		}
		e.message = nil
		p.item = e.call(own)
		first.Input = string(own.Input)
	case llm.Media:
		e.message = nil
		p.item = e.add(&item{kind: "image_generation_call", text: []byte(base64.StdEncoding.EncodeToString(own.Data))})
	case llm.Opaque:
		if own.Dialect == llm.Responses && jsonread.Valid(own.Raw) && jsonread.Of(own.Raw).Get("type").String() != "" {
			e.message = nil
			p.item = e.add(&item{kind: "opaque", opaque: oneLine(own.Raw)})
		}
	}
	if p.item == nil {
		return
	}
	p.item.open++
	if first.Text != "" || first.Signature != "" || first.Input != "" {
		e.delta(p, first)
	}
}

// content opens a content part, in the message that is open or in a new one.
func (e *Encoder) content(p *part, c contentPartOf) {
	if e.message == nil || e.message.index != len(e.items)-1 {
		e.message = nil
		e.message = e.add(&item{kind: "message"})
	}
	p.item, p.content = e.message, len(e.message.content)
	e.message.content = append(e.message.content, &c)
	e.on("response.content_part.added", p.item)
	e.number("content_index", p.content)
	e.raw("part", c.append)
	e.end()
}

// call opens a call's item: which kind it is the client's own list of tools says. A signature on it gets an item of its
// own before it, since the dialect has no place for one on a call.
func (e *Encoder) call(c llm.ToolCall) *item {
	own := ownName{name: c.Name}
	if c.Freeform {
		own.kind = customTool
	}
	if e.opts.Head != nil {
		if known, ok := e.opts.Head.names[c.Name]; ok {
			own = known
		}
	}
	id := c.ID
	for n := 2; id == "" || e.callIDs[id]; n++ {
		id = c.ID + "_" + strconv.Itoa(n)
		if c.ID == "" {
			id = "call_" + seed(e.id) + "_" + strconv.Itoa(len(e.items)+n)
		}
	}
	e.callIDs[id] = true
	if c.Signature != "" {
		e.signature(id, c.Signature, c.Origin)
	}
	it := &item{kind: "function_call", callID: id, tool: own}
	switch own.kind {
	case customTool:
		it.kind = "custom_tool_call"
		it.freeform = &freeform{}
	case searchTool:
		it.kind = "tool_search_call"
	}
	return e.add(it)
}

// signature writes the item that carries a call's signature.
func (e *Encoder) signature(callID, signature string, origin llm.Origin) {
	if origin == (llm.Origin{}) {
		origin = e.opts.Origin
	}
	carrier := carry.Pack(origin, carry.Call, []byte(callID+"\n"+signature))
	if carrier != "" {
		e.add(&item{kind: "reasoning", carrier: carrier})
	}
}

func (e *Encoder) delta(p *part, d llm.PartDelta) {
	it := p.item
	if d.Citation != nil {
		e.annotation(p, *d.Citation)
	}
	it.signature = append(it.signature, d.Signature...)
	switch it.kind {
	case "message":
		c := it.content[p.content]
		if d.Text == "" {
			return
		}
		c.text = append(c.text, d.Text...)
		e.on("response."+c.kind+".delta", it)
		e.number("content_index", p.content)
		e.string("delta", d.Text)
		if c.kind == "output_text" {
			e.out = append(e.out, `,"logprobs":[]`...)
		}
		e.end()
	case "reasoning":
		if d.Text == "" {
			return
		}
		if len(it.text) == 0 {
			e.summary("response.reasoning_summary_part.added", it)
		}
		it.text = append(it.text, d.Text...)
		e.on("response.reasoning_summary_text.delta", it)
		e.number("summary_index", 0)
		e.string("delta", d.Text)
		e.end()
	case "function_call":
		it.text = append(it.text, d.Input...)
		e.input("response.function_call_arguments.delta", it, d.Input)
	case "custom_tool_call":
		text := it.freeform.write(d.Input)
		it.text = append(it.text, text...)
		e.input("response.custom_tool_call_input.delta", it, text)
	case "tool_search_call":
		it.text = append(it.text, d.Input...)
	}
}

func (e *Encoder) input(kind string, it *item, piece string) {
	if piece == "" {
		return
	}
	e.on(kind, it)
	e.string("delta", piece)
	e.end()
}

func (e *Encoder) summary(kind string, it *item) {
	e.on(kind, it)
	e.number("summary_index", 0)
	e.raw("part", it.appendSummary)
	e.end()
}

func (e *Encoder) annotation(p *part, c llm.Citation) {
	own := annotation(c)
	if own == nil || p.item == nil || p.item.kind != "message" {
		return
	}
	content := p.item.content[p.content]
	content.annotations = append(content.annotations, own)
	e.on("response.output_text.annotation.added", p.item)
	e.number("content_index", p.content)
	e.number("annotation_index", len(content.annotations)-1)
	e.raw("annotation", func(b []byte) []byte { return append(b, own...) })
	e.end()
}

func (e *Encoder) partEnd(index int) {
	p := e.parts[index]
	delete(e.parts, index)
	if p == nil || p.item == nil {
		return
	}
	it := p.item
	it.open--
	switch it.kind {
	case "message":
		c := it.content[p.content]
		e.on("response."+c.kind+".done", it)
		e.number("content_index", p.content)
		if c.kind == "refusal" {
			e.string("refusal", string(c.text))
		} else {
			e.string("text", string(c.text))
			e.out = append(e.out, `,"logprobs":[]`...)
		}
		e.end()
		e.on("response.content_part.done", it)
		e.number("content_index", p.content)
		e.raw("part", c.append)
		e.end()
	case "reasoning":
		it.carrier = it.carry()
		if len(it.text) > 0 {
			e.on("response.reasoning_summary_text.done", it)
			e.number("summary_index", 0)
			e.string("text", string(it.text))
			e.end()
			e.summary("response.reasoning_summary_part.done", it)
		}
	case "function_call":
		if len(bytes.TrimSpace(it.text)) == 0 { // clients parse it
			it.text = []byte("{}")
			e.input("response.function_call_arguments.delta", it, "{}")
		}
		e.on("response.function_call_arguments.done", it)
		e.string("arguments", string(it.text))
		e.end()
	case "custom_tool_call":
		rest := it.freeform.rest()
		it.text = append(it.text, rest...)
		e.input("response.custom_tool_call_input.delta", it, rest)
		e.on("response.custom_tool_call_input.done", it)
		e.string("input", string(it.text))
		e.end()
	}
	if it.callID != "" && len(it.signature) > 0 {
		e.signature(it.callID, string(it.signature), llm.Origin{})
	}
}
