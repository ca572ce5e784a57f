package chatcompletions

import (
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonwrite"
)

// defaultStops is how many stop sequences OpenAI takes, maxID how long a call's id may be there.
const (
	defaultStops = 4
	maxID        = 40
)

// EncodeRequest writes a request (API reference, "Create chat completion"). The same request always gives the same
// bytes. What the dialect can't carry but may do without comes back as notices; what would change the answer is an
// error of class bad request. Ladder tells what becomes of each field. The answer to what is sent here goes through
// fit.Restore.
func EncodeRequest(req *llm.Request, opts Options) (body []byte, notices []llm.Notice, err error) {
	e := &encoder{opts: opts, names: fit.NewNames(req), free: map[string]bool{}}
	for _, t := range req.Tools {
		e.free[t.Name] = t.Freeform != nil && opts.Freeform
	}
	out := request{Model: req.Model, Stream: req.Stream}
	if err := e.format(req, &out); err != nil {
		return nil, nil, err
	}
	if err := e.conversation(req.Messages); err != nil {
		return nil, nil, err
	}
	out.Messages = e.messages
	if err := e.tools(req, &out); err != nil {
		return nil, nil, err
	}
	if err := e.settings(req, &out); err != nil {
		return nil, nil, err
	}
	e.reasoning(req, &out)
	e.identity(req, &out)
	extra, err := e.extra(req.Extra)
	if err != nil {
		return nil, nil, err
	}
	if body, err = marshal(out, fit.Size(req)); err != nil {
		return nil, nil, err
	}
	if len(extra) > 0 {
		body = append(append(body[:len(body)-1], extra...), '}')
	}
	return body, e.notices, nil
}

// marshal writes JSON without HTML escapes, as the official SDKs do. size is about how much it will be, in bytes.
func marshal(v any, size int) ([]byte, error) {
	b, err := jsonwrite.Marshal(v, size)
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request holds JSON that is not valid: %w", err)
	}
	return b, nil
}

type encoder struct {
	opts     Options
	names    *fit.Names
	free     map[string]bool // the tools that are sent as free-form ones
	system   []string        // what the gateway itself has to say to the model
	messages []message
	notices  []llm.Notice
	// media came in tool results or from the assistant, who hold text only here: it follows in a user message.
	media []any
	// last tells that the message at hand is the user's last words, which must not lose anything.
	last bool
}

func (e *encoder) notice(field, text string) {
	for _, n := range e.notices {
		if n.Field == field && n.Message == text {
			return
		}
	}
	e.notices = append(e.notices, llm.Notice{Field: field, Message: text})
}

// leftOut is a notice for a hint that the target does not take.
func (e *encoder) leftOut(field string) {
	e.notice(field, "the provider does not take it, so it was left out")
}

func (e *encoder) conversation(messages []llm.Message) error {
	repaired, notices := fit.Repair(messages, e.callID)
	e.notices = append(e.notices, notices...)
	last := len(repaired) - 1
	for last >= 0 && repaired[last].Role == llm.RoleSystem {
		last--
	}
	for i, m := range repaired {
		e.last = i == last && m.Role == llm.RoleUser
		if err := e.message(m); err != nil {
			return err
		}
	}
	e.last = false
	e.flushMedia()
	if len(e.messages) == 0 {
		return llm.Errorf(llm.ErrBadRequest, "the conversation has no message; send at least one")
	}
	for _, text := range e.system {
		e.messages = append([]message{{Role: "system", Content: text}}, e.messages...)
	}
	if e.opts.SystemFirst {
		e.systemFirst()
	}
	if e.opts.MergeTurns {
		e.merge()
	}
	if e.opts.AnswerTools {
		e.answerTools()
	}
	if last := &e.messages[len(e.messages)-1]; last.Role == "assistant" {
		last.Prefix = e.opts.PrefixLast
	}
	return nil
}

// systemFirst makes one message of the system's at the start; later ones become marked texts of the user's, because
// moving them up would change their meaning.
func (e *encoder) systemFirst() {
	var head []any
	var rest []message
	for _, m := range e.messages {
		switch {
		case m.Role != "system":
			rest = append(rest, m)
		case len(rest) == 0:
			head = append(head, m.Content)
		default:
			rest = append(rest, message{Role: "user", Content: "<system>\n" + plainText(m.Content) + "\n</system>"})
		}
	}
	if len(head) > 0 {
		texts := make([]string, len(head))
		for i, c := range head {
			texts[i] = plainText(c)
		}
		rest = append([]message{{Role: "system", Content: strings.Join(texts, "\n\n")}}, rest...)
	}
	e.messages = rest
}

// answerTools puts a word of the assistant's between the last tool message and the user's.
func (e *encoder) answerTools() {
	var out []message
	for _, m := range e.messages {
		if n := len(out); n > 0 && out[n-1].Role == "tool" && m.Role != "tool" && m.Role != "assistant" {
			out = append(out, message{Role: "assistant", Content: "(The tools have answered.)"})
		}
		out = append(out, m)
	}
	e.messages = out
}

func plainText(content any) string {
	switch c := content.(type) {
	case string:
		return c
	case []any:
		var texts []string
		for _, p := range c {
			if t, ok := p.(textPart); ok {
				texts = append(texts, t.Text)
			}
		}
		return strings.Join(texts, "\n\n")
	}
	return ""
}

// merge joins neighbours of one role. Tool messages stay apart, each for its call.
func (e *encoder) merge() {
	var out []message
	for _, m := range e.messages {
		if n := len(out); n > 0 && out[n-1].Role == m.Role && m.Role != "tool" {
			last := &out[n-1]
			last.Content = join(last.Content, m.Content)
			last.ToolCalls = append(last.ToolCalls, m.ToolCalls...)
			last.ReasoningDetails = append(last.ReasoningDetails, m.ReasoningDetails...)
			last.Refusal += m.Refusal
			if m.ReasoningContent != nil {
				text := *m.ReasoningContent
				if last.ReasoningContent != nil {
					text = *last.ReasoningContent + text
				}
				last.ReasoningContent = &text
			}
			continue
		}
		out = append(out, m)
	}
	e.messages = out
}

func join(a, b any) any {
	at, aText := a.(string)
	bt, bText := b.(string)
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case aText && bText:
		return at + "\n\n" + bt
	}
	var parts []any
	for _, c := range []any{a, b} {
		switch c := c.(type) {
		case string:
			parts = append(parts, textPart{Type: "text", Text: c})
		case []any:
			parts = append(parts, c...)
		}
	}
	return parts
}

func (e *encoder) tools(req *llm.Request, out *request) error {
	for _, t := range req.Tools {
		if t.Cache != nil {
			e.notice("cache_control", "marks on tools are not known to the provider and were left out")
		}
		switch {
		case t.Own != nil && t.Own.Dialect == llm.ChatCompletions:
			e.notice("tools", "the tool "+t.Name+" runs only at its own provider and was left out")
		case t.Own != nil:
			e.notice("tools", "the tool "+t.Name+", which only providers of "+t.Own.Dialect.String()+" run, was left out")
		case t.Freeform != nil && e.opts.Freeform:
			out.Tools = append(out.Tools, tool{Type: "custom", Custom: &custom{e.names.Out(t.Name), t.Description, grammar(t.Freeform)}})
		case t.Freeform != nil:
			out.Tools = append(out.Tools, tool{Type: "function", Function: &function{
				Name: e.names.Out(t.Name), Description: fit.FreeformDescription(t), Parameters: fit.FreeformSchema,
			}})
		default:
			out.Tools = append(out.Tools, tool{Type: "function", Function: &function{
				e.names.Out(t.Name), t.Description, t.InputSchema, t.Strict,
			}})
		}
	}
	if req.ToolChoice == nil {
		return nil
	}
	if len(out.Tools) == 0 { // servers refuse a choice without tools
		if req.ToolChoice.Mode == llm.ToolRequired || req.ToolChoice.Mode == llm.ToolNamed {
			if len(req.Tools) > 0 {
				return llm.Errorf(llm.ErrBadRequest, "tool_choice demands a tool that %s can't offer here", llm.ChatCompletions)
			}
			e.notice("tool_choice", "there are no tools to choose from, so it was left out")
		}
		return nil
	}
	choice, err := e.toolChoice(req.ToolChoice, out.Tools)
	if err != nil {
		return err
	}
	out.ToolChoice = choice
	switch {
	case !req.ToolChoice.NoParallel:
	case e.opts.NoParallelFlag:
		e.notice("parallel_tool_calls", "the provider can't be kept to one call at a time")
	default:
		out.ParallelToolCalls = new(false)
	}
	return nil
}

func (e *encoder) toolChoice(c *llm.ToolChoice, tools []tool) (any, error) {
	switch c.Mode {
	case llm.ToolRequired:
		if e.opts.RequiredIsAny {
			return "any", nil
		}
		return "required", nil
	case llm.ToolNone:
		return "none", nil
	case llm.ToolNamed:
		name := e.names.Out(c.Name)
		for _, t := range tools {
			switch {
			case t.Custom != nil && t.Custom.Name == name:
				return namedChoice{Type: "custom", Custom: &toolName{name}}, nil
			case t.Function != nil && t.Function.Name == name:
				return namedChoice{Type: "function", Function: &toolName{name}}, nil
			}
		}
		return nil, llm.Errorf(llm.ErrBadRequest, "tool_choice names the tool %q, which is not among the tools", c.Name)
	}
	return "auto", nil
}

// grammar gives a free-form tool's format as this dialect writes it: the grammar one level deeper than in Responses.
func grammar(raw json.RawMessage) json.RawMessage {
	var flat struct {
		Type       string          `json:"type"`
		Syntax     string          `json:"syntax"`
		Definition string          `json:"definition"`
		Grammar    json.RawMessage `json:"grammar"`
	}
	if json.Unmarshal(raw, &flat) != nil || flat.Type == "text" {
		return nil
	}
	if flat.Type != "grammar" || len(flat.Grammar) > 0 {
		return raw
	}
	out := append([]byte(`{"type":"grammar","grammar":{"syntax":`), jsonwrite.AppendString(nil, flat.Syntax)...)
	out = append(append(out, `,"definition":`...), jsonwrite.AppendString(nil, flat.Definition)...)
	return append(out, "}}"...)
}
