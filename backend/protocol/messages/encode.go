package messages

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
)

// Options are what EncodeRequest must know of the server.
type Options struct {
	// Target is who gets the request; reasoning goes back to its origin only.
	Target llm.Origin
	// MaxTokens is the limit of output tokens where the request has none, since the dialect demands one: the model's own
	// limit. 0 means DefaultMaxTokens.
	MaxTokens int64
}

// DefaultMaxTokens is what models since Claude 4 allow at least.
const DefaultMaxTokens = 32_000

type request struct {
	Model         string      `json:"model"`
	MaxTokens     int64       `json:"max_tokens"`
	System        []textBlock `json:"system,omitempty"`
	Messages      []turn      `json:"messages"`
	Tools         []tool      `json:"tools,omitempty"`
	ToolChoice    *toolChoice `json:"tool_choice,omitempty"`
	Temperature   *float64    `json:"temperature,omitempty"`
	TopP          *float64    `json:"top_p,omitempty"`
	StopSequences []string    `json:"stop_sequences,omitempty"`
	Stream        bool        `json:"stream,omitempty"`
}

type turn struct {
	Role    string `json:"role"`
	Content []any  `json:"content"`
}

type textBlock struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type thinkingBlock struct {
	Type      string `json:"type"`
	Thinking  string `json:"thinking"`
	Signature string `json:"signature"`
}

type toolUseBlock struct {
	Type  string          `json:"type"`
	ID    string          `json:"id"`
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input"`
}

type toolResultBlock struct {
	Type      string `json:"type"`
	ToolUseID string `json:"tool_use_id"`
	Content   []any  `json:"content,omitempty"`
	IsError   bool   `json:"is_error,omitempty"`
}

// mediaBlock is an image or a document.
type mediaBlock struct {
	Type   string      `json:"type"`
	Source mediaSource `json:"source"`
	Title  string      `json:"title,omitempty"`
}

type mediaSource struct {
	Type      string `json:"type"`
	MediaType string `json:"media_type,omitempty"`
	Data      string `json:"data,omitempty"`
	URL       string `json:"url,omitempty"`
	FileID    string `json:"file_id,omitempty"`
}

type tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	InputSchema json.RawMessage `json:"input_schema"`
}

type toolChoice struct {
	Type            string `json:"type"`
	Name            string `json:"name,omitempty"`
	DisableParallel bool   `json:"disable_parallel_tool_use,omitempty"`
}

// EncodeRequest writes a request (API reference, "Create a Message"). The same request always gives the same bytes.
//
// The system messages at the start become the top-level system; a later one keeps its place as a marked text of the
// user's, because moving it up would change its meaning. Neighbours of one role become one turn, in which tool results
// come first. What the dialect can't carry but may do without comes back as notices; what would change the answer is an
// error of class bad request.
func EncodeRequest(req *llm.Request, opts Options) (body []byte, notices []llm.Notice, err error) {
	e := &encoder{opts: opts}
	for _, m := range req.Messages {
		if err := e.message(m); err != nil {
			return nil, nil, err
		}
	}
	if err := e.settle(); err != nil {
		return nil, nil, err
	}
	out := request{
		Model: req.Model, MaxTokens: opts.MaxTokens, System: e.system, Messages: e.turns, TopP: req.TopP,
		StopSequences: req.Stop, Stream: req.Stream,
	}
	if req.MaxOutputTokens != nil {
		out.MaxTokens = *req.MaxOutputTokens
	}
	if out.MaxTokens <= 0 {
		out.MaxTokens = DefaultMaxTokens
	}
	if t := req.Temperature; t != nil {
		out.Temperature = new(min(max(*t, 0), 1))
		if *out.Temperature != *t {
			e.notice("temperature", "it was brought into the range 0 to 1 of "+llm.Messages.String())
		}
	}
	for _, t := range req.Tools {
		schema := t.InputSchema
		if len(schema) == 0 {
			schema = json.RawMessage(`{"type":"object"}`)
		}
		out.Tools = append(out.Tools, tool{t.Name, t.Description, schema})
	}
	if len(out.Tools) > 0 { // without tools, a choice among them is refused
		out.ToolChoice = choice(req.ToolChoice)
	}
	body, err = marshal(out)
	return body, e.notices, err
}

// marshal writes JSON without HTML escapes, as the official SDKs do.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request holds JSON that is not valid: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func choice(c *llm.ToolChoice) *toolChoice {
	if c == nil {
		return nil
	}
	out := &toolChoice{Type: "auto", DisableParallel: c.NoParallel}
	switch c.Mode {
	case llm.ToolNone:
		return &toolChoice{Type: "none"}
	case llm.ToolRequired:
		out.Type = "any"
	case llm.ToolNamed:
		out.Type, out.Name = "tool", c.Name
	}
	return out
}

type encoder struct {
	opts    Options
	system  []textBlock
	turns   []turn
	notices []llm.Notice
}

func (e *encoder) notice(field, text string) {
	for _, n := range e.notices {
		if n.Field == field && n.Message == text {
			return
		}
	}
	e.notices = append(e.notices, llm.Notice{Field: field, Message: text})
}

func (e *encoder) message(m llm.Message) error {
	switch m.Role {
	case llm.RoleSystem:
		return e.systemMessage(m)
	case llm.RoleUser, llm.RoleTool, llm.RoleAssistant:
	default:
		return llm.Errorf(llm.ErrBadRequest, "a message has the unknown role %q", m.Role)
	}
	var blocks []any
	for _, p := range m.Parts {
		var b any
		var err error
		if m.Role == llm.RoleAssistant {
			b, err = e.assistantBlock(p)
		} else {
			b, err = e.userBlock(p)
		}
		if err != nil {
			return err
		}
		if b != nil {
			blocks = append(blocks, b)
		}
	}
	e.add(m.Role, blocks)
	return nil
}

func (e *encoder) systemMessage(m llm.Message) error {
	for _, p := range m.Parts {
		t, ok := p.(llm.Text)
		switch {
		case !ok:
			return llm.Errorf(llm.ErrBadRequest, "a system message can only hold text for %s", llm.Messages)
		case blank(t.Text):
		case len(e.turns) == 0:
			e.system = append(e.system, textBlock{"text", t.Text})
		default:
			e.add(llm.RoleUser, []any{textBlock{"text", "<system>\n" + t.Text + "\n</system>"}})
		}
	}
	return nil
}

// add appends to the last turn, if it is of the same role, or makes one.
func (e *encoder) add(role llm.Role, blocks []any) {
	if len(blocks) == 0 {
		return // an empty turn is refused
	}
	if role == llm.RoleTool {
		role = llm.RoleUser
	}
	if n := len(e.turns); n > 0 && e.turns[n-1].Role == string(role) {
		e.turns[n-1].Content = append(e.turns[n-1].Content, blocks...)
		return
	}
	e.turns = append(e.turns, turn{string(role), blocks})
}

// settle brings the turns into the form that the API demands.
func (e *encoder) settle() error {
	if len(e.turns) == 0 {
		return llm.Errorf(llm.ErrBadRequest, "the conversation has no message besides the system's; send at least one")
	}
	if e.turns[0].Role != string(llm.RoleUser) {
		e.notice("messages", "the conversation starts with the assistant, so a user's turn was put before it")
		first := turn{string(llm.RoleUser), []any{textBlock{"text", "(The conversation starts with your answer.)"}}}
		e.turns = append([]turn{first}, e.turns...)
	}
	for i, t := range e.turns {
		if t.Role == string(llm.RoleUser) {
			e.turns[i].Content = resultsFirst(t.Content)
		}
	}
	// A last text of the assistant's that ends in white space is refused.
	last := &e.turns[len(e.turns)-1]
	if t, ok := last.Content[len(last.Content)-1].(textBlock); ok && last.Role == string(llm.RoleAssistant) {
		t.Text = strings.TrimRight(t.Text, " \t\r\n")
		last.Content[len(last.Content)-1] = t
	}
	return nil
}

func resultsFirst(blocks []any) []any {
	out := make([]any, 0, len(blocks))
	for _, results := range []bool{true, false} {
		for _, b := range blocks {
			if _, ok := b.(toolResultBlock); ok == results {
				out = append(out, b)
			}
		}
	}
	return out
}

// blank texts are refused.
func blank(text string) bool { return strings.TrimSpace(text) == "" }

// userBlock gives a block of a user's turn, nil for one that is left out.
func (e *encoder) userBlock(p llm.Part) (any, error) {
	switch p := p.(type) {
	case llm.Text:
		if blank(p.Text) {
			return nil, nil
		}
		return textBlock{"text", p.Text}, nil
	case llm.Media:
		return media(p)
	case llm.ToolResult:
		return e.toolResult(p)
	case llm.Opaque:
		return e.opaque(p), nil
	}
	return nil, llm.Errorf(llm.ErrBadRequest, "a user's message can't hold reasoning or tool calls")
}

// assistantBlock gives a block of an assistant's turn, nil for one that is left out.
func (e *encoder) assistantBlock(p llm.Part) (any, error) {
	switch p := p.(type) {
	case llm.Text:
		if blank(p.Text) {
			return nil, nil
		}
		return textBlock{"text", p.Text}, nil
	case llm.Reasoning:
		switch {
		case p.Origin != e.opts.Target || p.Origin == llm.Origin{}:
		case len(p.Opaque) > 0:
			return p.Opaque, nil
		case p.Signature != "":
			return thinkingBlock{"thinking", p.Text, p.Signature}, nil
		}
		e.notice("messages", "reasoning that another model wrote, or that is not signed, was left out")
		return nil, nil
	case llm.ToolCall:
		return toolUseBlock{"tool_use", p.ID, p.Name, e.input(p.Input)}, nil
	case llm.Opaque:
		return e.opaque(p), nil
	}
	return nil, llm.Errorf(llm.ErrBadRequest, "an assistant's message can't hold images, files or tool results for %s",
		llm.Messages)
}

func (e *encoder) opaque(p llm.Opaque) any {
	if p.Dialect == llm.Messages {
		return p.Raw
	}
	e.notice("messages", "a part that only "+p.Dialect.String()+" knows was left out")
	return nil
}

// input makes a tool's input the object that the dialect demands.
func (e *encoder) input(raw json.RawMessage) json.RawMessage {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0:
	case !json.Valid(raw):
		e.notice("messages", "a tool call's input is not valid JSON and was sent as an empty object")
	case raw[0] == '{':
		return raw
	default:
		return append(append(json.RawMessage(`{"value":`), raw...), '}')
	}
	return json.RawMessage("{}")
}

func (e *encoder) toolResult(r llm.ToolResult) (any, error) {
	out := toolResultBlock{Type: "tool_result", ToolUseID: r.CallID, IsError: r.IsError}
	for _, p := range r.Parts {
		switch p.(type) {
		case llm.Text, llm.Media, llm.Opaque:
		default:
			return nil, llm.Errorf(llm.ErrBadRequest, "a tool result can only hold text, images and files")
		}
		b, err := e.userBlock(p)
		if err != nil {
			return nil, err
		}
		if b != nil {
			out.Content = append(out.Content, b)
		}
	}
	return out, nil
}

func media(m llm.Media) (any, error) {
	out := mediaBlock{Type: "document", Title: m.Filename}
	if strings.HasPrefix(m.MediaType, "image/") || m.MediaType == "" && m.URL != "" {
		out = mediaBlock{Type: "image"}
	}
	switch {
	case m.FileID != "":
		out.Source = mediaSource{Type: "file", FileID: m.FileID}
	case m.URL != "":
		out.Source = mediaSource{Type: "url", URL: m.URL}
	case m.MediaType == "text/plain":
		out.Source = mediaSource{Type: "text", MediaType: m.MediaType, Data: string(m.Data)}
	case out.Type == "image" || m.MediaType == "application/pdf":
		out.Source = mediaSource{Type: "base64", MediaType: m.MediaType, Data: base64.StdEncoding.EncodeToString(m.Data)}
	default:
		return nil, llm.Errorf(llm.ErrBadRequest, "%s takes images, PDF and plain text, not %s", llm.Messages, m.MediaType)
	}
	return out, nil
}
