package gemini

import (
	"bytes"
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
)

// The roles of a content.
const (
	roleUser  = "user"
	roleModel = "model"
)

// skipSignature is the documented value for a call whose signature is not to be had (API docs, "Thought signatures").
const skipSignature = "skip_thought_signature_validator"

// conversation brings the messages into the form that the API demands: two roles, taking turns, the user first, all
// results of a step in one content and in the order of its calls.
func (e *encoder) conversation() error {
	messages, notices := fit.Repair(e.req.Messages, nil)
	e.notices = append(e.notices, notices...)
	for _, m := range messages {
		if err := e.message(m); err != nil {
			return err
		}
	}
	if len(e.turns) == 0 {
		return llm.Errorf(llm.ErrBadRequest, "the conversation has no message besides the system's; send at least one")
	}
	if e.turns[0].role != roleUser {
		e.notice("messages", "the conversation starts with the assistant, so a user's turn was put before it")
		first := content{roleUser, []any{textPart("(The conversation starts with your answer.)")}}
		e.turns = append([]content{first}, e.turns...)
	}
	if e.traits.noSystem && len(e.system) > 0 {
		e.turns[0].parts = append(e.system, e.turns[0].parts...)
		e.system = nil
	}
	if e.traits.signed {
		e.sign()
	}
	return nil
}

// instruct adds to what the system says.
func (e *encoder) instruct(text string) {
	if e.traits.noSystem {
		e.turns[0].parts = append([]any{textPart(text)}, e.turns[0].parts...)
		return
	}
	e.system = append(e.system, textPart(text))
}

func textPart(text string) part { return part{text: &text} }

func (e *encoder) message(m llm.Message) error {
	var parts []any
	var err error
	role := roleUser
	switch m.Role {
	case llm.RoleSystem:
		return e.systemMessage(m)
	case llm.RoleUser:
		parts, err = e.userParts(m.Parts)
	case llm.RoleTool:
		parts, err = e.results(m.Parts)
	case llm.RoleAssistant:
		role = roleModel
		parts, err = e.modelParts(m.Parts)
	default:
		return llm.Errorf(llm.ErrBadRequest, "a message has the unknown role %q", m.Role)
	}
	if err != nil {
		return err
	}
	e.add(role, parts)
	return nil
}

// add appends to the last turn, if it is of the same role, or makes one.
func (e *encoder) add(role string, parts []any) {
	if len(parts) == 0 {
		return // an empty content is refused
	}
	if n := len(e.turns); n > 0 && e.turns[n-1].role == role {
		e.turns[n-1].parts = append(e.turns[n-1].parts, parts...)
		return
	}
	e.turns = append(e.turns, content{role, parts})
}

func (e *encoder) systemMessage(m llm.Message) error {
	for _, p := range m.Parts {
		t, ok := p.(llm.Text)
		switch {
		case !ok:
			return llm.Errorf(llm.ErrBadRequest, "a system message can only hold text for %s", llm.Gemini)
		case t.Text == "":
			continue
		case len(e.turns) == 0:
			e.system = append(e.system, textPart(t.Text))
		default:
			e.add(roleUser, []any{textPart("<system>\n" + t.Text + "\n</system>")})
		}
		e.cacheMark(t.Cache)
	}
	return nil
}

func (e *encoder) cacheMark(c *llm.CacheMark) {
	if c != nil {
		e.drop("messages.cache")
	}
}

func (e *encoder) userParts(list []llm.Part) (out []any, err error) {
	for _, p := range list {
		switch p := p.(type) {
		case llm.Text:
			e.cacheMark(p.Cache)
			if p.Text != "" {
				out = append(out, textPart(p.Text))
			}
		case llm.Media:
			m, err := e.media(p)
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		case llm.Refusal:
			out = append(out, textPart(p.Text))
		case llm.Opaque:
			out = e.opaque(out, p)
		default:
			return nil, llm.Errorf(llm.ErrBadRequest, "a user's message can't hold reasoning, tool calls or their results")
		}
	}
	return out, nil
}

func (e *encoder) modelParts(list []llm.Part) (out []any, err error) {
	for _, p := range list {
		switch p := p.(type) {
		case llm.Text:
			e.cacheMark(p.Cache)
			if p.Text != "" {
				out = append(out, textPart(p.Text))
			}
		case llm.Refusal:
			if p.Text != "" {
				out = append(out, textPart(p.Text))
			}
		case llm.Media:
			m, err := e.media(p)
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		case llm.Reasoning:
			out = e.reasoning(out, p)
		case llm.ToolCall:
			if p.ByProvider {
				e.notice("messages", "a call of a tool that another provider ran itself was left out")
				continue
			}
			out = append(out, e.call(p))
		case llm.ToolResult: // only of a call that a provider ran itself: the others stand in a turn of their own by now
			e.notice("messages", "the result of a tool that another provider ran itself was left out")
		case llm.Opaque:
			out = e.opaque(out, p)
		}
	}
	return out, nil
}

// own tells whether something was issued by the model that gets the request.
func (e *encoder) own(origin llm.Origin) bool {
	if origin == (llm.Origin{}) {
		return e.opts.Untagged
	}
	return origin == e.opts.Target
}

// reasoning gives the model its own thoughts back. A signature without text stood on the part before it, which is text
// or media, or on an empty text.
func (e *encoder) reasoning(out []any, r llm.Reasoning) []any {
	switch {
	case !e.own(r.Origin):
		e.notice("messages", "reasoning that another model wrote, or whose writer is not known, was left out")
		return out
	case r.Text != "":
		return append(out, part{text: &r.Text, thought: true, signature: r.Signature})
	case r.Signature == "":
		return out
	}
	if n := len(out); n > 0 {
		before, ok := out[n-1].(part)
		if ok && !before.thought && before.signature == "" && before.call == nil {
			before.signature = r.Signature
			out[n-1] = before
			return out
		}
	}
	return append(out, part{text: &r.Text, signature: r.Signature})
}

func (e *encoder) call(c llm.ToolCall) part {
	e.cacheMark(c.Cache)
	out := part{call: &functionCall{name: e.names.out(c.Name)}}
	if e.traits.callIDs {
		out.call.id = c.ID
	}
	if e.own(c.Origin) {
		out.signature = c.Signature
	}
	input := bytes.TrimSpace(c.Input)
	switch {
	case c.Freeform:
		out.call.args = fit.FreeformInput(input)
	case len(input) == 0:
		out.call.args = json.RawMessage("{}")
	case !jsonread.Valid(input):
		e.notice("messages", "a tool call's input is not valid JSON and was sent as an empty object")
		out.call.args = json.RawMessage("{}")
	case input[0] != '{':
		out.call.args = json.RawMessage(`{"value":` + string(input) + `}`)
	default:
		out.call.args = json.RawMessage(input)
	}
	return out
}

// opaque gives a part of this dialect back as it came. Its signature, if it has one, goes only to the model that wrote
// it.
func (e *encoder) opaque(out []any, p llm.Opaque) []any {
	root := jsonread.Of(p.Raw)
	if p.Dialect != llm.Gemini || !root.IsObject() {
		e.notice("messages", "a part that only "+p.Dialect.String()+" knows was left out")
		return out
	}
	w := &members{}
	root.ForEach(func(key, value jsonread.Value) bool {
		name := key.String()
		if camel(name) != "thoughtSignature" {
			w.add(name, []byte(value.Raw()))
		} else if r := openSignature(value.String()); e.own(r.Origin) && r.Signature != "" {
			w.add("thoughtSignature", quote(r.Signature))
		}
		return true
	})
	return append(out, json.RawMessage(w.close()))
}

// results writes the results of a step, in the order of its calls as fit.Repair gave them. Media that can't stand
// inside them comes behind them all.
func (e *encoder) results(list []llm.Part) (out []any, err error) {
	var behind []any
	for _, p := range list {
		r, ok := p.(llm.ToolResult)
		if !ok {
			return nil, llm.Errorf(llm.ErrBadRequest, "a tool message can only hold results")
		}
		e.cacheMark(r.Cache)
		response := &functionResponse{name: e.names.out(r.Name)}
		if e.traits.callIDs {
			response.id = r.CallID
		}
		var texts []string
		for _, p := range r.Parts {
			switch p := p.(type) {
			case llm.Text:
				texts = append(texts, p.Text)
			case llm.Refusal:
				texts = append(texts, p.Text)
			case llm.Media:
				m, err := e.media(p)
				if err != nil {
					return nil, err
				}
				if e.traits.resultParts && insideResult(m) {
					response.parts = append(response.parts, m)
				} else {
					behind = append(behind, m)
				}
			case llm.Opaque:
				e.notice("messages", "a part of a tool result that only "+p.Dialect.String()+" knows was left out")
			default:
				return nil, llm.Errorf(llm.ErrBadRequest, "a tool result can only hold text, images and files")
			}
		}
		text := strings.Join(texts, "\n")
		if text == "" && len(texts) < len(r.Parts) {
			text = "(The result is the media beside it.)"
		}
		response.wrap(text, r.IsError)
		out = append(out, part{response: response})
	}
	return append(out, behind...), nil
}

// wrap makes a result the object that the API demands. A text that is an object already stays one, unless the API would
// change it or take it for a failure: it reserves $ref and error, and keeps numbers as floating point.
func (r *functionResponse) wrap(text string, failed bool) {
	r.text, r.member = text, "result"
	if failed {
		r.member = "error"
	} else if isSafeObject(text) {
		r.member = ""
	}
}

func isSafeObject(text string) bool {
	if !strings.HasPrefix(text, "{") || strings.Contains(text, `"$ref"`) || !jsonread.Valid(text) ||
		jsonread.Of(text).Get("error").Exists() {
		return false
	}
	digits := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			if digits++; digits > 15 { // more than a float64 keeps for sure
				return false
			}
		case c != '.':
			digits = 0
		}
	}
	return true
}

// sign puts the documented stand-in on the first call of each step of the current turn that has no signature of its
// own. The turn starts behind the last content of the user's that holds no results.
func (e *encoder) sign() {
	for i := len(e.turns) - 1; i >= 0; i-- {
		if t := e.turns[i]; t.role == roleModel {
			e.signFirst(t.parts)
		} else if !hasResponse(t.parts) {
			return
		}
	}
}

func (e *encoder) signFirst(parts []any) {
	for i, p := range parts {
		p, ok := p.(part)
		if !ok || p.call == nil {
			continue
		}
		if p.signature == "" {
			p.signature = skipSignature
			parts[i] = p
			e.notice("messages", "the model is told not to look for its signature on a tool call that it did not write")
		}
		return
	}
}

func hasResponse(parts []any) bool {
	for _, p := range parts {
		if p, ok := p.(part); ok && p.response != nil {
			return true
		}
	}
	return false
}

// hasProperties tells whether an object schema says anything.
func hasProperties(schema json.RawMessage) bool {
	root := jsonread.Of(schema)
	return root.Get("properties").IsObject() || root.Get("anyOf").IsArray()
}
