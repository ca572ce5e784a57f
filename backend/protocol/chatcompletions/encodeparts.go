package chatcompletions

import (
	"bytes"
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
)

func (e *encoder) callID(id string) string {
	if e.opts.CallIDSize > 0 {
		return fit.Alphanumeric(id, e.opts.CallIDSize)
	}
	if id == "" || len(id) <= maxID {
		return id
	}
	return fit.Plain(id, maxID)
}

func (e *encoder) add(m message) {
	if m.Role != string(llm.RoleTool) {
		e.flushMedia()
	}
	e.messages = append(e.messages, m)
}

func (e *encoder) flushMedia() {
	if len(e.media) > 0 {
		e.messages = append(e.messages, message{Role: string(llm.RoleUser), Content: e.media})
		e.media = nil
	}
}

func (e *encoder) message(m llm.Message) error {
	switch m.Role {
	case llm.RoleAssistant:
		return e.assistant(m)
	case llm.RoleSystem, llm.RoleUser, llm.RoleTool:
	default:
		return llm.Errorf(llm.ErrBadRequest, "a message has the unknown role %q", m.Role)
	}
	var parts []any
	for _, p := range m.Parts {
		if r, ok := p.(llm.ToolResult); ok {
			if err := e.toolResult(r); err != nil {
				return err
			}
			continue
		}
		if _, ok := p.(llm.Media); ok && m.Role == llm.RoleSystem {
			return llm.Errorf(llm.ErrBadRequest, "a system message can only hold text for %s", llm.ChatCompletions)
		}
		part, err := e.part(p)
		if err != nil {
			return err
		}
		if part != nil {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	role := m.Role
	if role == llm.RoleTool { // what stands beside a result is the user's
		role = llm.RoleUser
	}
	e.add(message{Role: string(role), Content: content(parts)})
	return nil
}

// content is a plain string where that is enough: not every server takes a list.
func content(parts []any) any {
	if len(parts) == 1 {
		if t, ok := parts[0].(textPart); ok && t.CacheControl == nil {
			return t.Text
		}
	}
	return parts
}

func (e *encoder) mark(c *llm.CacheMark) *cacheControl {
	switch {
	case c == nil:
		return nil
	case !e.opts.CacheMarks:
		e.notice("cache_control", "the provider caches by itself and takes no marks, so they were left out")
		return nil
	}
	return &cacheControl{"ephemeral", c.TTL}
}

// part gives a part of a system or user message, nil for one that is left out.
func (e *encoder) part(p llm.Part) (any, error) {
	switch p := p.(type) {
	case llm.Text:
		return textPart{"text", p.Text, e.mark(p.Cache)}, nil
	case llm.Refusal:
		return textPart{Type: "text", Text: p.Text}, nil
	case llm.Media:
		return e.mediaPart(p)
	case llm.Opaque:
		if p.Dialect == llm.ChatCompletions {
			return p.Raw, nil
		}
		e.notice("messages", "a part that only "+p.Dialect.String()+" knows was left out")
		return nil, nil
	}
	return nil, llm.Errorf(llm.ErrBadRequest, "only an assistant's message can hold %s", name(p))
}

func name(p llm.Part) string {
	switch p.(type) {
	case llm.Reasoning:
		return "reasoning"
	case llm.ToolCall:
		return "a tool call"
	case llm.ToolResult:
		return "a tool result"
	case llm.Media:
		return "an image or file"
	}
	return "this part"
}

// noOutput stands for an empty result, which some servers refuse.
const noOutput = "(no output)"

func (e *encoder) toolResult(r llm.ToolResult) error {
	var texts []string
	cache := r.Cache
	for _, p := range r.Parts {
		switch p := p.(type) {
		case llm.Text:
			texts = append(texts, p.Text)
			if p.Cache != nil {
				cache = p.Cache
			}
		case llm.Refusal:
			texts = append(texts, p.Text)
		case llm.Media:
			if p.Cache != nil {
				cache, p.Cache = p.Cache, nil
			}
			text, err := e.later(p)
			if err != nil {
				return err
			}
			texts = append(texts, text)
		default:
			e.notice("messages", "a part of a tool result that only its own protocol knows was left out")
		}
	}
	text := strings.Join(texts, "\n")
	if text == "" {
		text = noOutput
	}
	if r.IsError { // there is no flag for it
		text = "Error: " + text
	}
	out := message{Role: "tool", ToolCallID: r.CallID, Content: content([]any{textPart{"text", text, e.mark(cache)}})}
	if e.opts.ToolMessageName {
		out.Name = e.names.Out(r.Name)
	}
	e.add(out)
	return nil
}

func (e *encoder) assistant(m llm.Message) error {
	out := message{Role: string(llm.RoleAssistant)}
	var parts, media []any
	for _, p := range m.Parts {
		switch p := p.(type) {
		case llm.Text:
			if len(p.Citations) > 0 {
				e.notice("citations", "the sources of earlier answers were left out")
			}
			if p.Text != "" {
				parts = append(parts, textPart{"text", p.Text, e.mark(p.Cache)})
			}
		case llm.Refusal:
			if e.opts.Lean && p.Text != "" {
				parts = append(parts, textPart{Type: "text", Text: p.Text})
				continue
			}
			out.Refusal += p.Text
		case llm.Reasoning:
			e.replay(p, &out)
		case llm.Media:
			part, err := e.mediaPart(p)
			if err != nil {
				return err
			}
			media = append(media, part)
			parts = append(parts, textPart{Type: "text", Text: "[attached below]"})
		case llm.ToolCall:
			e.toolCall(p, &out)
		case llm.Opaque:
			if p.Dialect == llm.ChatCompletions {
				parts = append(parts, p.Raw)
				continue
			}
			e.notice("messages", "a part that only "+p.Dialect.String()+" knows was left out")
		case llm.ToolResult:
			e.notice("messages", "the result of a tool that the provider ran itself was left out")
		default:
			return llm.Errorf(llm.ErrBadRequest, "%s can't take %s in an assistant's message", llm.ChatCompletions, name(p))
		}
	}
	if len(parts) == 0 && len(out.ToolCalls) == 0 && out.Refusal == "" {
		return nil // an answer that was only reasoning would be an empty message
	}
	if e.opts.ReplayReasoning && len(out.ToolCalls) > 0 && out.ReasoningContent == nil {
		out.ReasoningContent = new("") // DeepSeek demands it on every turn with calls
	}
	if len(parts) > 0 {
		out.Content = content(parts)
	}
	e.add(out)
	e.media = append(e.media, media...)
	return nil
}

// replay sends reasoning back to whoever wrote it, in the form that it takes.
func (e *encoder) replay(r llm.Reasoning, out *message) {
	own := r.Origin == e.opts.Target && r.Origin != (llm.Origin{})
	switch {
	case own && e.opts.Details:
		if detail := detailOf(r); detail != nil {
			out.ReasoningDetails = append(out.ReasoningDetails, detail)
			return
		}
	case own && e.opts.ReplayReasoning:
		text := r.Text
		if out.ReasoningContent != nil {
			text = *out.ReasoningContent + text
		}
		out.ReasoningContent = &text
		return
	}
	e.notice("messages", "reasoning of earlier turns was left out")
}

func (e *encoder) toolCall(c llm.ToolCall, out *message) {
	if c.ByProvider {
		e.notice("messages", "a call of a tool that the provider ran itself was left out")
		return
	}
	call := toolCall{ID: c.ID, Type: "function"}
	switch {
	case c.Freeform && e.free[c.Name]:
		var text string
		if json.Unmarshal(c.Input, &text) != nil {
			text = string(c.Input)
		}
		call.Type, call.Custom = "custom", &customCall{e.names.Out(c.Name), text}
	case c.Freeform:
		call.Function = &functionCall{e.names.Out(c.Name), string(fit.FreeformInput(c.Input))}
	default:
		call.Function = &functionCall{e.names.Out(c.Name), e.arguments(c.Input)}
	}
	if c.Signature != "" && c.Origin == e.opts.Target {
		switch {
		case e.opts.Details:
			out.ReasoningDetails = append(out.ReasoningDetails, callDetail(c))
		case e.opts.CallSignatures:
			call.ExtraContent = signed(c.Signature)
		}
	}
	out.ToolCalls = append(out.ToolCalls, call)
}

// arguments must be JSON: servers that read them refuse the whole conversation otherwise.
func (e *encoder) arguments(input json.RawMessage) string {
	trimmed := bytes.TrimSpace(input)
	switch {
	case len(trimmed) == 0:
		return "{}"
	case !jsonread.Valid(trimmed):
		e.notice("messages", "a tool call's input is not valid JSON and was sent as an empty object")
		return "{}"
	}
	return string(input)
}
