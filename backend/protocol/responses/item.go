package responses

import (
	"bytes"
	"encoding/json"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
)

// item is an output item on its way out.
type item struct {
	kind  string
	id    string
	index int
	open  int    // parts that have not ended
	final []byte // as output_item.done gave it, nil before

	content []*contentPartOf // a message's
	// text is reasoning, a call's input or an image's base64.
	text      []byte
	signature []byte
	carrier   string // reasoning's encrypted content
	origin    llm.Origin
	callID    string
	tool      ownName
	freeform  *freeform
	opaque    json.RawMessage // an item that only this dialect knows, or reasoning that only its origin does
}

// contentPartOf is a part of a message: output_text or refusal.
type contentPartOf struct {
	kind        string
	text        []byte
	annotations []json.RawMessage
}

func (c *contentPartOf) append(b []byte) []byte {
	if c.kind == "refusal" {
		b = appendString(append(b, `{"type":"refusal","refusal":`...), string(c.text))
		return append(b, '}')
	}
	b = appendString(append(b, `{"type":"output_text","text":`...), string(c.text))
	b = append(b, `,"annotations":[`...)
	for i, a := range c.annotations {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, a...)
	}
	return append(b, `],"logprobs":[]}`...)
}

// prefix is what ids of this kind of item begin with.
func (it *item) prefix() string {
	switch it.kind {
	case "message":
		return "msg_"
	case "reasoning":
		return "rs_"
	case "function_call":
		return "fc_"
	case "custom_tool_call":
		return "ctc_"
	case "image_generation_call":
		return "ig_"
	case "opaque":
		if jsonread.Of(it.opaque).Get("type").String() == "compaction" {
			return "cmp_"
		}
	}
	return "item_"
}

// append writes the item as it is so far.
func (it *item) append(b []byte, status string) []byte {
	if it.kind == "opaque" {
		return it.appendOpaque(b)
	}
	b = appendString(append(b, `{"id":`...), it.id)
	b = append(append(append(b, `,"type":"`...), it.kind...), '"')
	switch it.kind {
	case "message":
		b = append(b, `,"role":"assistant","content":[`...)
		for i, c := range it.content {
			if i > 0 {
				b = append(b, ',')
			}
			b = c.append(b)
		}
		b = append(b, ']')
	case "reasoning":
		b = append(b, `,"summary":[`...)
		if len(it.text) > 0 {
			b = it.appendSummary(b)
		}
		b = append(b, ']')
		if it.carrier != "" {
			b = appendString(append(b, `,"encrypted_content":`...), it.carrier)
		}
	case "image_generation_call":
		b = appendString(append(b, `,"result":`...), string(it.text))
	default:
		b = it.appendCall(b)
	}
	return append(append(append(b, `,"status":"`...), status...), `"}`...)
}

func (it *item) appendSummary(b []byte) []byte {
	return append(appendString(append(b, `{"type":"summary_text","text":`...), string(it.text)), '}')
}

func (it *item) appendCall(b []byte) []byte {
	b = appendString(append(b, `,"call_id":`...), it.callID)
	if it.kind == "tool_search_call" {
		b = append(b, `,"execution":"client","arguments":`...)
		if jsonread.Valid(it.text) && bytes.HasPrefix(bytes.TrimSpace(it.text), []byte("{")) {
			return append(b, oneLine(it.text)...)
		}
		return append(b, "{}"...)
	}
	b = appendString(append(b, `,"name":`...), it.tool.name)
	if it.tool.namespace != "" {
		b = appendString(append(b, `,"namespace":`...), it.tool.namespace)
	}
	if it.kind == "custom_tool_call" {
		return appendString(append(b, `,"input":`...), string(it.text))
	}
	return appendString(append(b, `,"arguments":`...), string(it.text))
}

// appendOpaque writes another's item under our id, which clients demand to be there and to be unique.
func (it *item) appendOpaque(b []byte) []byte {
	b = appendString(append(b, `{"id":`...), it.id)
	_ = jsonedit.Members(it.opaque, func(key []byte, value jsonedit.Span) error {
		if string(key) != "id" {
			b = append(append(append(b, `,"`...), key...), `":`...)
			b = append(b, value.Of(it.opaque)...)
		}
		return nil
	}) // it was checked to be an object
	return append(b, '}')
}

// carry gives reasoning's encrypted content: what its model must get back, tagged with who wrote it. Reasoning without
// any is tagged too, since some models want their plain reasoning back and must not get another's.
func (it *item) carry() string {
	switch {
	case len(it.signature) > 0:
		return carry.Pack(it.origin, carry.Signature, it.signature)
	case len(it.opaque) > 0:
		return carry.Pack(it.origin, carry.Opaque, it.opaque)
	}
	return carry.Pack(it.origin, carry.Plain, []byte(carry.PlainPayload))
}

// annotation writes a citation; one without a URL that is not of this dialect has no form here.
func annotation(c llm.Citation) json.RawMessage {
	if c.Raw.Dialect == llm.Responses && jsonread.Valid(c.Raw.Raw) {
		return oneLine(c.Raw.Raw)
	}
	if c.URL == "" {
		return nil
	}
	raw, err := marshal(struct {
		Type  string `json:"type"`
		URL   string `json:"url"`
		Title string `json:"title"`
		Start int64  `json:"start_index"`
		End   int64  `json:"end_index"`
	}{"url_citation", c.URL, c.Title, c.Start, c.End}, 0)
	if err != nil { // strings and numbers always marshal
		return nil
	}
	return raw
}
