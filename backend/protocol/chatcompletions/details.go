package chatcompletions

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// The types of a reasoning detail (OpenRouter API reference, "Reasoning tokens"; the hosted gateway sends the same).
const (
	detailText      = "reasoning.text"
	detailSummary   = "reasoning.summary"
	detailEncrypted = "reasoning.encrypted"
)

// claude is the format of details that hold Anthropic's signatures.
const claude = "anthropic-claude-v1"

// sealed is an encrypted detail whose pieces are still coming.
type sealed struct {
	key   string
	shell json.RawMessage
	data  string
}

// details reads reasoning details and tells whether they hold readable text, which is then not taken from the plain field
// beside them. A text or summary is a part whose Opaque is the detail without its text and signature, so that it can be
// put together again; an encrypted one is an Opaque as a whole.
func (d *decoder) details(list jsonread.Value) (text bool) {
	list.ForEach(func(_, item jsonread.Value) bool {
		key := detailKey(item)
		switch item.Get("type").String() {
		case detailEncrypted:
			if d.sealed == nil || d.sealed.key != key {
				d.closeText()
				d.sealed = &sealed{key: key, shell: shell(item)}
			}
			d.sealed.data += item.Get("data").String()
		case detailText, detailSummary:
			readable := item.Get("text").String() + item.Get("summary").String()
			text = text || readable != ""
			d.readable(key, item, readable)
		}
		return true
	})
	return text
}

func detailKey(item jsonread.Value) string {
	return item.Get("type").String() + " " + item.Get("index").Raw() + " " + item.Get("id").String()
}

func (d *decoder) readable(key string, item jsonread.Value, text string) {
	signature := item.Get("signature").String()
	if text == "" && signature == "" {
		return
	}
	if d.detail != key {
		if text == "" && d.closed[key] {
			return // the part that it signs is over
		}
		d.closeText()
		d.openText(llm.Reasoning{Opaque: shell(item)})
		d.detail = key
		if d.closed == nil {
			d.closed = map[string]bool{}
		}
		d.closed[key] = true
	}
	d.emit(llm.PartDelta{Index: d.open, Text: text, Signature: signature})
}

// unseal gives the encrypted detail that is now whole.
func (d *decoder) unseal() {
	s := d.sealed
	if s == nil {
		return
	}
	d.sealed = nil
	d.emit(llm.PartStart{Index: d.next, Part: llm.Reasoning{Opaque: withMember(s.shell, "data", s.data)}})
	d.emit(llm.PartEnd{Index: d.next})
	d.next++
}

// shell is a detail without what comes in pieces.
func shell(item jsonread.Value) json.RawMessage {
	out := []byte{'{'}
	item.ForEach(func(key, value jsonread.Value) bool {
		switch key.Str() {
		case "text", "summary", "signature", "data":
			return true
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, key.Raw()...), ':'), value.Raw()...)
		return true
	})
	return append(out, '}')
}

// withMember adds a string member to an object.
func withMember(object json.RawMessage, name, value string) json.RawMessage {
	out := append(json.RawMessage(nil), object[:len(object)-1]...)
	if len(out) > 1 {
		out = append(out, ',')
	}
	out = append(append(jsonwrite.AppendString(out, name), ':'), jsonwrite.AppendString(nil, value)...)
	return append(out, '}')
}

// detailOf gives the detail in which a reasoning goes back to the model that wrote it, nil if there is none. What came
// in another dialect from the same model is told by its form: Anthropic's signatures and redacted blocks.
func detailOf(r llm.Reasoning) json.RawMessage {
	opaque := jsonread.Of(r.Opaque)
	format := opaque.Get("format").String()
	switch kind := opaque.Get("type").String(); {
	case kind == detailEncrypted:
		return r.Opaque
	case kind == detailSummary:
		return withMember(r.Opaque, "summary", r.Text)
	case kind == "redacted_thinking":
		return withMember(json.RawMessage(`{"type":"`+detailEncrypted+`","format":"`+claude+`"}`), "data",
			opaque.Get("data").String())
	case kind == detailText && r.Signature != "":
		return withMember(withMember(r.Opaque, "text", r.Text), "signature", r.Signature)
	case kind == detailText && format != claude: // which is refused without its signature
		return withMember(r.Opaque, "text", r.Text)
	case kind == "" && r.Signature != "":
		out := json.RawMessage(`{"type":"` + detailText + `","format":"` + claude + `"}`)
		return withMember(withMember(out, "text", r.Text), "signature", r.Signature)
	}
	return nil
}

// callDetail carries the signature on a tool call, as Gemini's come.
func callDetail(c llm.ToolCall) json.RawMessage {
	out := json.RawMessage(`{"type":"` + detailEncrypted + `","format":"google-gemini-v1"}`)
	return withMember(withMember(out, "id", c.ID), "data", c.Signature)
}

// mediaOfURL reads a URL that may be a data URL (RFC 2397).
func mediaOfURL(url string) llm.Media {
	rest, isData := strings.CutPrefix(url, "data:")
	head, data, whole := strings.Cut(rest, ",")
	if !isData || !whole {
		return llm.Media{URL: url}
	}
	mediaType, params, _ := strings.Cut(head, ";")
	if !strings.HasSuffix(";"+params, ";base64") {
		return llm.Media{URL: url, MediaType: mediaType}
	}
	raw, err := decodeBase64(data)
	if err != nil {
		return llm.Media{URL: url, MediaType: mediaType}
	}
	return llm.Media{Data: raw, MediaType: mediaType}
}

// decodeBase64 takes the usual alphabet, with or without padding.
func decodeBase64(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(s), "="))
}
