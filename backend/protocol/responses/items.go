package responses

import (
	"encoding/json"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// requestEncoder writes the items of a request.
type requestEncoder struct {
	opts    Options
	names   *fit.Names
	items   []inputItem
	notices []llm.Notice
	// calls are the history's calls by the id that results name.
	calls map[string]*callState
	ids   map[string]bool // those on the wire
}

type inputItem struct {
	value any
	kind  string // reasoning, assistant (a message or call), or empty
	call  *callState
}

type callState struct {
	id       string // on the wire
	freeform bool
	answered bool
}

func (e *requestEncoder) notice(field, text string) {
	for _, n := range e.notices {
		if n.Field == field && n.Message == text {
			return
		}
	}
	e.notices = append(e.notices, llm.Notice{Field: field, Message: text})
}

func (e *requestEncoder) noCacheMarks() {
	e.notice("cache_control", llm.Responses.String()+" caches prompts without marks, so they were left out")
}

func (e *requestEncoder) add(kind string, v any) {
	e.items = append(e.items, inputItem{value: v, kind: kind})
}

// turn writes a message's parts as items: results first, since they must follow their calls, then what stands beside
// them as one message. An assistant's texts, reasoning and calls keep their order.
func (e *requestEncoder) turn(m llm.Message) error {
	role := string(m.Role)
	switch m.Role {
	case llm.RoleTool:
		role = string(llm.RoleUser)
	case llm.RoleSystem, llm.RoleUser, llm.RoleAssistant:
	default:
		return llm.Errorf(llm.ErrBadRequest, "a message has the unknown role %q", m.Role)
	}
	var content []any
	flush := func() {
		if len(content) == 0 {
			return
		}
		kind := ""
		if m.Role == llm.RoleAssistant {
			kind = "assistant"
		}
		e.add(kind, messageItem{"message", role, content})
		content = nil
	}
	if m.Role != llm.RoleAssistant {
		for _, p := range m.Parts {
			if r, ok := p.(llm.ToolResult); ok {
				if err := e.result(r); err != nil {
					return err
				}
			}
		}
	}
	for _, p := range m.Parts {
		var c any
		var err error
		if m.Role == llm.RoleAssistant {
			c, err = e.assistantPart(p, flush)
		} else {
			c, err = e.part(p, m.Role, flush)
		}
		if err != nil {
			return err
		}
		if c != nil {
			content = append(content, c)
		}
	}
	flush()
	return nil
}

// part gives the content of a part of a system's or user's message, nil where it is none.
func (e *requestEncoder) part(p llm.Part, role llm.Role, flush func()) (any, error) {
	switch p := p.(type) {
	case llm.ToolResult:
		return nil, nil // written before
	case llm.Opaque:
		if p.Dialect == llm.Responses && strings.HasPrefix(jsonread.Of(p.Raw).Get("type").String(), "input_") {
			return p.Raw, nil
		}
		return nil, e.opaque(p, flush)
	case llm.Media:
		if role == llm.RoleSystem {
			return nil, llm.Errorf(llm.ErrBadRequest, "a system message can only hold text for %s", llm.Responses)
		}
	}
	return e.content(p)
}

// assistantPart gives the content of a part that stands in a message; others become items, after what came before.
func (e *requestEncoder) assistantPart(p llm.Part, flush func()) (any, error) {
	switch p := p.(type) {
	case llm.Text:
		if p.Text == "" {
			return nil, nil
		}
		return textContent{"output_text", p.Text}, nil
	case llm.Refusal:
		return refusalContent{"refusal", p.Text}, nil
	case llm.Opaque:
		return nil, e.opaque(p, flush)
	}
	flush()
	switch p := p.(type) {
	case llm.Reasoning:
		e.reasoningItem(p)
		return nil, nil
	case llm.ToolCall:
		e.call(p)
		return nil, nil
	case llm.Media: // an answer's image can't go back as such
		c, err := media(p)
		if err != nil {
			return nil, err
		}
		e.add("", messageItem{"message", "user", []any{textContent{"input_text", "(You made this:)"}, c}})
		return nil, nil
	}
	return nil, llm.Errorf(llm.ErrBadRequest, "an assistant's message can't hold tool results for %s", llm.Responses)
}

// opaque writes an item that only this dialect knows, without its id, which the server does not know.
func (e *requestEncoder) opaque(p llm.Opaque, flush func()) error {
	if p.Dialect != llm.Responses {
		e.notice("messages", "a part that only "+p.Dialect.String()+" knows was left out")
		return nil
	}
	flush()
	if !jsonread.Valid(p.Raw) {
		return llm.Errorf(llm.ErrBadRequest, "the conversation holds an item that is not valid JSON")
	}
	raw, err := withoutID(p.Raw)
	if err != nil {
		return err
	}
	kind := "assistant"
	if strings.HasSuffix(jsonread.Of(raw).Get("type").String(), "_output") {
		kind = ""
	}
	e.items = append(e.items, inputItem{value: jsonwrite.Text(raw), kind: kind})
	return nil
}

// withoutID removes an item's id and keeps the rest's bytes.
func withoutID(raw json.RawMessage) (json.RawMessage, error) {
	out := json.RawMessage("{")
	err := jsonedit.Members(raw, func(key []byte, value jsonedit.Span) error {
		if string(key) == "id" {
			return nil
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(append(out, '"'), key...), `":`...), value.Of(raw)...)
		return nil
	})
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the conversation holds an item that is not an object: %w", err)
	}
	return append(out, '}'), nil
}

func (e *requestEncoder) reasoningItem(r llm.Reasoning) {
	own := r.Origin != (llm.Origin{}) && r.Origin == e.opts.Target || r.Origin == (llm.Origin{}) && e.opts.Untagged
	if !own || r.Signature == "" {
		e.notice("messages", "reasoning that another model wrote, or that is not signed, was left out")
		return
	}
	out := reasoningItem{Type: "reasoning", Summary: []textContent{}, Encrypted: r.Signature}
	if r.Text != "" {
		out.Summary = append(out.Summary, textContent{"summary_text", r.Text})
	}
	e.add("reasoning", out)
}

// call writes a call. Its id is brought to the length that is taken, and told from an earlier call's.
func (e *requestEncoder) call(c llm.ToolCall) {
	if c.ByProvider {
		e.notice("messages", "a call that another provider ran itself was left out")
		return
	}
	state := &callState{id: hashed("call_", c.ID), freeform: c.Freeform && !e.opts.NoFreeform}
	for n := 2; e.ids[state.id]; n++ {
		state.id = hashed("call_", c.ID+"_"+strconv.Itoa(n))
	}
	e.calls[c.ID], e.ids[state.id] = state, true
	var item any
	switch {
	case state.freeform:
		input := jsonread.Of(c.Input)
		item = customCallItem{"custom_tool_call", state.id, e.names.Out(c.Name), input.String()}
	case c.Freeform:
		item = functionCallItem{"function_call", state.id, e.names.Out(c.Name), string(fit.FreeformInput(c.Input))}
	default:
		args := string(c.Input)
		if strings.TrimSpace(args) == "" {
			args = "{}"
		}
		item = functionCallItem{"function_call", state.id, e.names.Out(c.Name), args}
	}
	e.add("assistant", item)
	e.items[len(e.items)-1].call = state
}

// result writes a call's result. One whose call is not there is refused by the API, so it becomes the user's words.
func (e *requestEncoder) result(r llm.ToolResult) error {
	output, err := e.output(r)
	if err != nil {
		return err
	}
	call := e.calls[r.CallID]
	if call == nil || call.answered {
		e.notice("messages", "a tool's result without its call was sent as a message")
		parts, ok := output.([]any)
		if !ok {
			parts = []any{textContent{"input_text", "Result of a tool: " + output.(string)}}
		}
		e.add("", messageItem{"message", "user", parts})
		return nil
	}
	call.answered = true
	kind := "function_call_output"
	if call.freeform {
		kind = "custom_tool_call_output"
	}
	e.add("", outputItem{kind, call.id, output})
	return nil
}

// output is a string where there is one text, a list of parts otherwise.
func (e *requestEncoder) output(r llm.ToolResult) (any, error) {
	if r.Cache != nil {
		e.noCacheMarks()
	}
	var parts []any
	for _, p := range r.Parts {
		if o, ok := p.(llm.Opaque); ok {
			if o.Dialect == llm.Responses {
				parts = append(parts, o.Raw)
			} else {
				e.notice("messages", "a part that only "+o.Dialect.String()+" knows was left out")
			}
			continue
		}
		c, err := e.content(p)
		if err != nil {
			return nil, err
		}
		if c != nil {
			parts = append(parts, c)
		}
	}
	if r.IsError { // there is no flag for it
		parts = append([]any{textContent{"input_text", "Error: "}}, parts...)
		if len(parts) > 1 {
			if t, ok := parts[1].(textContent); ok {
				parts = append([]any{textContent{t.Type, "Error: " + t.Text}}, parts[2:]...)
			}
		}
	}
	switch t, one := first(parts).(textContent); {
	case len(parts) == 0:
		return "(no output)", nil
	case one && len(parts) == 1:
		return t.Text, nil
	}
	return parts, nil
}

func first(parts []any) any {
	if len(parts) == 0 {
		return nil
	}
	return parts[0]
}
