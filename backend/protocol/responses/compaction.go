package responses

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/jsonread"
)

// kindSummary is the carrier of a conversation's summary, the content of a compaction item of ours.
const kindSummary = "summary"

// summaryIntro stands before a summary where a model gets it.
const summaryIntro = "The conversation up to here was replaced by this summary of it:\n\n"

// compactionPrompt asks for the summary.
const compactionPrompt = "The conversation above is about to be cut, and what you write now takes its place. Write a summary " +
	"from which the work can go on without asking anything again. Keep: what is asked for and every condition on it; what " +
	"was decided and why; what was done, with the exact names of files, functions, commands, values and links; what was " +
	"found out, with errors in their own words; what is still open, and the very next step. Leave out greetings and what " +
	"came to nothing. Write only the summary."

// compaction reads a compaction item: our own summary as the user's words, anybody else's as it is.
func (d *requestDecoder) compaction(item jsonread.Value) {
	secret := item.Get("encrypted_content").String()
	_, kind, payload, ours := carry.Unpack(secret)
	switch {
	case ours && kind == kindSummary:
		d.role = ""
		d.part(llm.RoleUser, llm.Text{Text: summaryIntro + string(payload)})
		d.role = ""
	case carry.Tagged(secret):
		d.notice("input.encrypted_content", "a compaction item's content was altered and is left out")
	default:
		d.part(llm.RoleAssistant, llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(item.Raw())})
	}
}

// Compaction makes of a request one for the summary of its conversation. Calls and results become text, since tools are
// not offered any more; reasoning is left out.
func Compaction(req *llm.Request) *llm.Request {
	out := *req
	out.Tools, out.ToolChoice, out.Format, out.MaxOutputTokens = nil, nil, nil, nil
	out.Messages = nil
	for _, m := range req.Messages {
		m.Parts = plain(m.Parts)
		if m.Role == llm.RoleTool {
			m.Role = llm.RoleUser
		}
		if len(m.Parts) > 0 {
			out.Messages = append(out.Messages, m)
		}
	}
	out.Messages = append(out.Messages,
		llm.Message{Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: compactionPrompt}}})
	return &out
}

func plain(parts []llm.Part) []llm.Part {
	var out []llm.Part
	for _, p := range parts {
		switch p := p.(type) {
		case llm.Text:
			if p.Text != "" {
				out = append(out, llm.Text{Text: p.Text})
			}
		case llm.Refusal:
			out = append(out, llm.Text{Text: p.Text})
		case llm.Media:
			out = append(out, p)
		case llm.ToolCall:
			out = append(out, llm.Text{Text: "(The tool " + p.Name + " is called with " + string(p.Input) + ")"})
		case llm.ToolResult:
			out = append(out, llm.Text{Text: "(The tool " + p.Name + " answers:)"})
			out = append(out, plain(p.Parts)...)
		}
	}
	return out
}

// Compacting makes of a summary's events those of an answer that is one compaction item.
type Compacting struct {
	// Origin is who writes the summary.
	Origin llm.Origin

	text  strings.Builder
	parts map[int]bool
}

// Next gives the events that take an event's place. A summary that is empty or was cut short is an error.
func (c *Compacting) Next(e llm.Event) ([]llm.Event, *llm.Error) {
	switch e := e.(type) {
	case llm.PartStart:
		if t, ok := e.Part.(llm.Text); ok {
			if c.parts == nil {
				c.parts = map[int]bool{}
			}
			c.parts[e.Index] = true
			c.text.WriteString(t.Text)
		}
		return nil, nil
	case llm.PartDelta:
		if c.parts[e.Index] {
			c.text.WriteString(e.Text)
		}
		return nil, nil
	case llm.PartEnd:
		return nil, nil
	case llm.Finish:
		text := strings.TrimSpace(c.text.String())
		if e.Reason.Kind != llm.FinishStop || text == "" {
			return nil, llm.Errorf(llm.ErrOverloaded, "the model did not write a whole summary of the conversation (%s); "+
				"ask again, or compact with another model", e.Reason.Kind).WithCode("compaction_failed")
		}
		item := appendString([]byte(`{"type":"compaction","encrypted_content":`), carry.Pack(c.Origin, kindSummary, []byte(text)))
		part := llm.Opaque{Dialect: llm.Responses, Raw: append(item, '}')}
		return []llm.Event{llm.PartStart{Index: 0, Part: part}, llm.PartEnd{Index: 0}, e}, nil
	}
	return []llm.Event{e}, nil
}

// EncodeCompaction writes the answer of POST /responses/compact (API reference, "Compact a response"): all messages of
// the user's, then one compaction item. items are those of the conversation, response the answer that holds the item.
func EncodeCompaction(items []json.RawMessage, response []byte, created int64) []byte {
	root := jsonread.Of(response)
	id := root.Get("id").String()
	items = slices.DeleteFunc(slices.Clone(items), func(raw json.RawMessage) bool {
		item := jsonread.Of(raw)
		kind := item.Get("type").String()
		return item.Get("role").String() != "user" || kind != "" && kind != "message"
	})
	b := appendString([]byte(`{"id":`), id)
	b = strconv.AppendInt(append(b, `,"object":"response.compaction","created_at":`...), created, 10)
	b = append(b, `,"output":[`...)
	for _, raw := range Listed(items, id, 0) {
		b = append(append(b, raw...), ',')
	}
	b = append(b, root.Get("output.0").Raw()...)
	b = append(b, `],"usage":`...)
	if u := root.Get("usage").Raw(); u != "" {
		b = append(b, u...)
	} else {
		b = append(b, "null"...)
	}
	return append(b, '}')
}
