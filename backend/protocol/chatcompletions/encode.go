package chatcompletions

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
)

// Options are what EncodeRequest must know of the server. Their zero values suit OpenAI itself.
type Options struct {
	// Target is who gets the request; reasoning goes back to its origin only.
	Target llm.Origin
	// ReplayReasoning sends the target's own reasoning back as reasoning_content, which DeepSeek and Moonshot want and
	// others refuse.
	ReplayReasoning bool
	// OldTokenLimit says max_tokens where OpenAI says max_completion_tokens, for servers that know only the old name.
	OldTokenLimit bool
	// NoStreamOptions leaves stream_options out, for servers that refuse it; their usage comes unasked.
	NoStreamOptions bool
}

type request struct {
	Model               string         `json:"model"`
	Messages            []message      `json:"messages"`
	Tools               []tool         `json:"tools,omitempty"`
	ToolChoice          any            `json:"tool_choice,omitempty"`
	ParallelToolCalls   *bool          `json:"parallel_tool_calls,omitempty"`
	MaxCompletionTokens *int64         `json:"max_completion_tokens,omitempty"`
	MaxTokens           *int64         `json:"max_tokens,omitempty"`
	Temperature         *float64       `json:"temperature,omitempty"`
	TopP                *float64       `json:"top_p,omitempty"`
	Stop                []string       `json:"stop,omitempty"`
	Stream              bool           `json:"stream,omitempty"`
	StreamOptions       *streamOptions `json:"stream_options,omitempty"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

// message is one of any role; Content is a string, a list of parts, or null.
type message struct {
	Role             string     `json:"role"`
	Content          any        `json:"content"`
	ReasoningContent string     `json:"reasoning_content,omitempty"`
	ToolCalls        []toolCall `json:"tool_calls,omitempty"`
	ToolCallID       string     `json:"tool_call_id,omitempty"`
}

type toolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function functionCall `json:"function"`
}

type functionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type tool struct {
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type function struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
}

type textPart struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type imagePart struct {
	Type     string   `json:"type"`
	ImageURL imageURL `json:"image_url"`
}

type imageURL struct {
	URL string `json:"url"`
}

type audioPart struct {
	Type       string     `json:"type"`
	InputAudio inputAudio `json:"input_audio"`
}

type inputAudio struct {
	Data   string `json:"data"`
	Format string `json:"format"`
}

type filePart struct {
	Type string   `json:"type"`
	File fileData `json:"file"`
}

type fileData struct {
	FileData string `json:"file_data,omitempty"`
	FileID   string `json:"file_id,omitempty"`
	Filename string `json:"filename,omitempty"`
}

// EncodeRequest writes a request (API reference, "Create chat completion"). The same request always gives the same
// bytes. What the dialect can't carry but may do without comes back as notices; what would change the answer is an
// error of class bad request.
func EncodeRequest(req *llm.Request, opts Options) (body []byte, notices []llm.Notice, err error) {
	e := &encoder{opts: opts}
	for _, m := range req.Messages {
		if err := e.message(m); err != nil {
			return nil, nil, err
		}
	}
	e.flushMedia()
	if len(e.messages) == 0 {
		return nil, nil, llm.Errorf(llm.ErrBadRequest, "the conversation has no message; send at least one")
	}
	out := request{
		Model: req.Model, Messages: e.messages, Temperature: req.Temperature, TopP: req.TopP, Stop: req.Stop,
		Stream: req.Stream,
	}
	if opts.OldTokenLimit {
		out.MaxTokens = req.MaxOutputTokens
	} else {
		out.MaxCompletionTokens = req.MaxOutputTokens
	}
	if req.Stream && !opts.NoStreamOptions {
		out.StreamOptions = &streamOptions{IncludeUsage: true}
	}
	for _, t := range req.Tools {
		out.Tools = append(out.Tools, tool{"function", function{t.Name, t.Description, t.InputSchema}})
	}
	if len(out.Tools) > 0 && req.ToolChoice != nil { // without tools, servers refuse a choice among them
		out.ToolChoice = toolChoice(req.ToolChoice)
		if req.ToolChoice.NoParallel {
			out.ParallelToolCalls = new(false)
		}
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

func toolChoice(c *llm.ToolChoice) any {
	switch c.Mode {
	case llm.ToolNone, llm.ToolRequired:
		return string(c.Mode)
	case llm.ToolNamed:
		return struct {
			Type     string `json:"type"`
			Function struct {
				Name string `json:"name"`
			} `json:"function"`
		}{"function", struct {
			Name string `json:"name"`
		}{c.Name}}
	}
	return "auto"
}

type encoder struct {
	opts     Options
	messages []message
	notices  []llm.Notice
	// media came in tool results, which hold text only here: it follows in a user message behind the last of them.
	media []any
}

func (e *encoder) notice(field, text string) {
	for _, n := range e.notices {
		if n.Field == field && n.Message == text {
			return
		}
	}
	e.notices = append(e.notices, llm.Notice{Field: field, Message: text})
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
		if t, ok := parts[0].(textPart); ok {
			return t.Text
		}
	}
	return parts
}

// part gives a part of a system or user message, nil for one that is left out.
func (e *encoder) part(p llm.Part) (any, error) {
	switch p := p.(type) {
	case llm.Text:
		return textPart{"text", p.Text}, nil
	case llm.Media:
		return media(p)
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

func media(m llm.Media) (any, error) {
	kind, format, _ := strings.Cut(m.MediaType, "/")
	data := "data:" + m.MediaType + ";base64," + base64.StdEncoding.EncodeToString(m.Data)
	switch {
	case m.FileID != "":
		return filePart{"file", fileData{FileID: m.FileID}}, nil
	case m.URL != "" && (kind == "image" || kind == ""):
		return imagePart{"image_url", imageURL{m.URL}}, nil
	case m.URL != "":
		return nil, llm.Errorf(llm.ErrBadRequest, "%s takes images by URL only, not %s; send the file's content",
			llm.ChatCompletions, m.MediaType)
	case kind == "image":
		return imagePart{"image_url", imageURL{data}}, nil
	case kind == "audio":
		switch format {
		case "wav", "x-wav", "wave":
			format = "wav"
		case "mp3", "mpeg":
			format = "mp3"
		default:
			return nil, llm.Errorf(llm.ErrBadRequest, "%s takes audio as wav or mp3, not %s", llm.ChatCompletions, m.MediaType)
		}
		return audioPart{"input_audio", inputAudio{base64.StdEncoding.EncodeToString(m.Data), format}}, nil
	}
	return filePart{"file", fileData{FileData: data, Filename: m.Filename}}, nil
}

func (e *encoder) toolResult(r llm.ToolResult) error {
	var text strings.Builder
	if r.IsError { // there is no flag for it
		text.WriteString("Error: ")
	}
	for i, p := range r.Parts {
		switch p := p.(type) {
		case llm.Text:
			if i > 0 {
				text.WriteString("\n")
			}
			text.WriteString(p.Text)
		case llm.Media:
			part, err := media(p)
			if err != nil {
				return err
			}
			e.media = append(e.media, part)
			if i > 0 {
				text.WriteString("\n")
			}
			text.WriteString("[attached below]")
		default:
			e.notice("messages", "a part of a tool result that only its own protocol knows was left out")
		}
	}
	e.add(message{Role: "tool", ToolCallID: r.CallID, Content: text.String()})
	return nil
}

func (e *encoder) assistant(m llm.Message) error {
	out := message{Role: string(llm.RoleAssistant)}
	var parts []any
	for _, p := range m.Parts {
		switch p := p.(type) {
		case llm.Text:
			parts = append(parts, textPart{"text", p.Text})
		case llm.Reasoning:
			if e.opts.ReplayReasoning && p.Origin == e.opts.Target {
				out.ReasoningContent += p.Text
				continue
			}
			e.notice("messages", "reasoning of earlier turns was left out")
		case llm.ToolCall:
			arguments := string(p.Input)
			if strings.TrimSpace(arguments) == "" {
				arguments = "{}"
			}
			out.ToolCalls = append(out.ToolCalls, toolCall{p.ID, "function", functionCall{p.Name, arguments}})
		case llm.Opaque:
			if p.Dialect == llm.ChatCompletions {
				parts = append(parts, p.Raw)
				continue
			}
			e.notice("messages", "a part that only "+p.Dialect.String()+" knows was left out")
		default:
			return llm.Errorf(llm.ErrBadRequest, "%s can't take %s in an assistant's message", llm.ChatCompletions, name(p))
		}
	}
	if len(parts) == 0 && len(out.ToolCalls) == 0 {
		return nil // an answer that was only reasoning would be an empty message
	}
	if len(parts) > 0 {
		out.Content = content(parts)
	}
	e.add(out)
	return nil
}
