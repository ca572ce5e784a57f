package responses

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
)

// inItem is an output item on its way in.
type inItem struct {
	kind   string
	callID string
	done   bool
	part   *inPart   // reasoning's or a call's, nil before it starts
	texts  []*inPart // a message's, as they came
	quoted bool      // the first quote of a free-form input was given out
	last   string    // which piece of reasoning the last text belonged to
}

// inPart is a part of the answer.
type inPart struct {
	index int
	sent  int // bytes of text given out
	ended bool
	at    string // content index in a message
}

func (d *decoder) begin(p llm.Part) *inPart {
	out := &inPart{index: d.next}
	d.next++
	d.emit(llm.PartStart{Index: out.index, Part: p})
	return out
}

func (d *decoder) finish(p *inPart) {
	if p != nil && !p.ended {
		p.ended = true
		d.emit(llm.PartEnd{Index: p.index})
	}
}

// fields are an event's members that most events have, read in one go.
type fields struct {
	kind, itemID, delta    string
	content, summary       string // content_index and summary_index as they stand there
	output                 jsonread.Value
	item, part, annotation jsonread.Value
	response               jsonread.Value
	whole                  string // a done event's text or refusal
	raw                    jsonread.Value
}

func fieldsOf(data jsonread.Value) (f fields) {
	f.raw, f.content = data, "0" // servers that leave the index out have one content
	data.ForEach(func(key, v jsonread.Value) bool {
		switch key.Str() {
		case "type":
			f.kind = v.String()
		case "item_id":
			f.itemID = v.String()
		case "delta":
			f.delta = v.String()
		case "content_index":
			f.content = v.Raw()
		case "summary_index":
			f.summary = v.Raw()
		case "output_index":
			f.output = v
		case "item":
			f.item = v
		case "part":
			f.part = v
		case "annotation":
			f.annotation = v
		case "response":
			f.response = v
		case "text", "refusal":
			f.whole = v.String()
		}
		return true
	})
	return f
}

// item finds the item that an event concerns, or opens it if the event holds it. Some servers give an item another id in
// each event, so its index counts too.
func (d *decoder) item(f fields) *inItem {
	id := f.itemID
	if id == "" {
		id = f.item.Get("id").String()
	}
	if id != "" {
		if it := d.ids[id]; it != nil {
			return it
		}
	}
	if it := d.items[f.output.Int()]; it != nil && f.output.Exists() &&
		(!f.item.Exists() || f.item.Get("type").String() == it.kind) {
		return it
	}
	if !f.item.IsObject() {
		return nil
	}
	at := f.output.Int()
	if !f.output.Exists() {
		at = int64(len(d.order))
	}
	return d.open(at, f.item)
}

func (d *decoder) open(index int64, item jsonread.Value) *inItem {
	it := &inItem{kind: item.Get("type").String(), callID: item.Get("call_id").String()}
	d.items[index] = it
	if id := item.Get("id").String(); id != "" {
		d.ids[id] = it
	}
	d.order = append(d.order, it)
	if it.callID == "" {
		it.callID = item.Get("id").String()
	}
	if it.callID == "" {
		it.callID = "call_" + strconv.Itoa(len(d.order))
	}
	if it.kind == "reasoning" {
		it.part = d.begin(llm.Reasoning{})
	}
	d.beginCall(it, item)
	return it
}

// beginCall starts a call's part, once its name is known.
func (d *decoder) beginCall(it *inItem, item jsonread.Value) {
	freeform := it.kind == "custom_tool_call"
	name := item.Get("name").String()
	if it.part != nil || name == "" || !freeform && it.kind != "function_call" {
		return
	}
	if ns := item.Get("namespace").String(); ns != "" {
		name = flatten(ns, name)
	}
	d.called = true
	it.part = d.begin(llm.ToolCall{ID: it.callID, Name: name, Freeform: freeform})
}

// itemEvent takes an event that belongs to an item; false for one that is not known.
func (d *decoder) itemEvent(f fields) bool {
	it := d.item(f)
	if it != nil && it.done {
		it = nil // too late
	}
	switch f.kind {
	case "response.content_part.added":
		d.text(it, f.content, f.part.Get("type").String(), "")
	case "response.output_text.delta":
		d.text(it, f.content, "output_text", f.delta)
	case "response.output_text.done":
		d.textRest(it, f.content, "output_text", f.whole)
	case "response.refusal.delta":
		d.text(it, f.content, "refusal", f.delta)
	case "response.refusal.done":
		d.textRest(it, f.content, "refusal", f.whole)
	case "response.content_part.done":
		if it != nil {
			d.finish(it.text(f.content))
		}
	case "response.output_text.annotation.added":
		if p := d.textPart(it, f.content, "output_text"); p != nil && f.annotation.IsObject() {
			c := citation(f.annotation)
			d.emit(llm.PartDelta{Index: p.index, Citation: &c})
		}
	case "response.reasoning_summary_text.delta":
		d.reasoning(it, "s"+f.summary, f.delta)
	case "response.reasoning_text.delta":
		d.reasoning(it, "c"+f.content, f.delta)
	case "response.function_call_arguments.delta":
		d.arguments(it, f.delta)
	case "response.custom_tool_call_input.delta":
		d.freeText(it, f.delta)
	case "response.reasoning_summary_part.added", "response.reasoning_summary_part.done",
		"response.reasoning_summary_text.done", "response.reasoning_text.done",
		"response.function_call_arguments.done", "response.custom_tool_call_input.done": // the item has them whole
	default:
		return false
	}
	return true
}

// textPart gives the part of a message's content, which it opens if need be; nil once it ended.
func (d *decoder) textPart(it *inItem, at, kind string) *inPart {
	if it == nil || it.kind != "message" {
		return nil
	}
	p := it.text(at)
	if p == nil {
		switch kind {
		case "output_text":
			p = d.begin(llm.Text{})
		case "refusal":
			d.refused = true
			p = d.begin(llm.Refusal{})
		default:
			return nil
		}
		p.at = at
		it.texts = append(it.texts, p)
	}
	if p.ended {
		return nil
	}
	return p
}

func (d *decoder) text(it *inItem, at, kind, text string) {
	if p := d.textPart(it, at, kind); p != nil && text != "" {
		p.sent += len(text)
		d.emit(llm.PartDelta{Index: p.index, Text: text})
	}
}

// textRest gives out what a done event has beyond the deltas.
func (d *decoder) textRest(it *inItem, at, kind, whole string) {
	if p := d.textPart(it, at, kind); p != nil {
		d.text(it, at, kind, rest(whole, p.sent))
	}
}

// rest is what of a whole text was not sent, as far as that can be told from its length.
func rest(whole string, sent int) string {
	if sent >= len(whole) || !utf8.RuneStart(whole[sent]) {
		return ""
	}
	return whole[sent:]
}

// reasoning gives out reasoning; its pieces are paragraphs.
func (d *decoder) reasoning(it *inItem, piece, text string) {
	if it == nil || it.kind != "reasoning" || it.part.ended || text == "" {
		return
	}
	if it.last != "" && it.last != piece {
		text = "\n\n" + text
	}
	it.last = piece
	it.part.sent += len(text)
	d.emit(llm.PartDelta{Index: it.part.index, Text: text})
}

func (d *decoder) arguments(it *inItem, piece string) {
	if it == nil || it.kind != "function_call" || it.part == nil || it.part.ended || piece == "" {
		return
	}
	it.part.sent += len(piece)
	d.emit(llm.PartDelta{Index: it.part.index, Input: piece})
}

// freeText gives out a free-form input as the inside of a JSON string.
func (d *decoder) freeText(it *inItem, piece string) {
	if it == nil || it.kind != "custom_tool_call" || it.part == nil || it.part.ended || piece == "" {
		return
	}
	it.part.sent += len(piece)
	quoted := string(jsonedit.String(piece))
	quoted = quoted[1 : len(quoted)-1]
	if !it.quoted {
		it.quoted = true
		quoted = `"` + quoted
	}
	d.emit(llm.PartDelta{Index: it.part.index, Input: quoted})
}

// itemDone closes an item, once. What the item has and was not streamed comes first.
func (d *decoder) itemDone(it *inItem, item jsonread.Value) error {
	if it == nil || it.done {
		return nil
	}
	it.done = true
	d.beginCall(it, item)
	switch it.kind {
	case "message":
		d.messageDone(it, item)
	case "reasoning":
		if whole := reasoningText(item); item.Exists() {
			d.reasoning(it, it.last, rest(whole, it.part.sent))
		}
		if secret := item.Get("encrypted_content").String(); secret != "" {
			d.emit(llm.PartDelta{Index: it.part.index, Signature: secret})
		}
		d.finish(it.part)
	case "function_call":
		if it.part == nil {
			return unreadable(errors.New("a tool call without a name"))
		}
		d.arguments(it, rest(item.Get("arguments").String(), it.part.sent))
		d.finish(it.part)
	case "custom_tool_call":
		if it.part == nil {
			return unreadable(errors.New("a tool call without a name"))
		}
		d.freeText(it, rest(item.Get("input").String(), it.part.sent))
		end := `"`
		if !it.quoted {
			end = `""`
		}
		d.emit(llm.PartDelta{Index: it.part.index, Input: end})
		d.finish(it.part)
	default:
		if item.IsObject() {
			d.finish(d.begin(other(item)))
		}
	}
	return nil
}

func (it *inItem) text(at string) *inPart {
	for _, p := range it.texts {
		if p.at == at {
			return p
		}
	}
	return nil
}

// messageDone gives out what of a message was not streamed and ends its parts.
func (d *decoder) messageDone(it *inItem, item jsonread.Value) {
	for i, c := range item.Get("content").Array() {
		at := strconv.Itoa(i)
		seen := it.text(at) != nil
		switch kind := c.Get("type").String(); kind {
		case "output_text":
			d.textRest(it, at, kind, c.Get("text").String())
			if p := it.text(at); !seen {
				for _, cited := range citations(c.Get("annotations")) {
					d.emit(llm.PartDelta{Index: p.index, Citation: &cited})
				}
			}
		case "refusal":
			d.textRest(it, at, kind, c.Get("refusal").String())
		}
		d.finish(it.text(at))
	}
	for _, p := range it.texts { // those that the whole message has not
		d.finish(p)
	}
}

// reasoningText is all of a reasoning item's text, as the stream would give it.
func reasoningText(item jsonread.Value) string {
	summary, content := joined(item.Get("summary")), joined(item.Get("content"))
	if summary != "" && content != "" {
		return summary + "\n\n" + content
	}
	return summary + content
}

// other is the part of any other item: an image that the model made, or what only this dialect knows.
func other(item jsonread.Value) llm.Part {
	data, err := base64.StdEncoding.DecodeString(item.Get("result").String())
	if item.Get("type").String() != "image_generation_call" || err != nil || len(data) == 0 {
		return opaque(item)
	}
	format := strings.ToLower(item.Get("output_format").String())
	if format == "" {
		format = "png"
	}
	return llm.Media{Data: data, MediaType: "image/" + format}
}
