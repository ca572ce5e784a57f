package messages

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
)

func mark(c *llm.CacheMark) *cacheControl {
	if c == nil {
		return nil
	}
	return &cacheControl{"ephemeral", c.TTL}
}

// userBlock gives a block of a user's turn, nil for one that is left out.
func (e *encoder) userBlock(p llm.Part) (any, error) {
	switch p := p.(type) {
	case llm.Text:
		if blank(p.Text) {
			return nil, nil
		}
		return &textBlock{Type: "text", Text: p.Text, CacheControl: mark(p.Cache)}, nil
	case llm.Refusal:
		if blank(p.Text) {
			return nil, nil
		}
		return say(p.Text), nil
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
		return &textBlock{Type: "text", Text: p.Text, Citations: e.citations(p.Citations), CacheControl: mark(p.Cache)}, nil
	case llm.Refusal:
		if blank(p.Text) {
			return nil, nil
		}
		return say(p.Text), nil
	case llm.Reasoning:
		return e.reasoning(p), nil
	case llm.ToolCall:
		if p.ByProvider {
			e.notice("messages", "a call of a tool that the provider ran itself was left out")
			return nil, nil
		}
		input := p.Input
		if p.Freeform {
			input = fit.FreeformInput(input)
		}
		return &toolUseBlock{"tool_use", p.ID, e.names.Out(p.Name), e.input(input), mark(p.Cache)}, nil
	case llm.Media:
		b, err := media(p)
		if err != nil {
			return nil, err
		}
		e.media = append(e.media, b)
		return say("[the picture stands in the next turn]"), nil
	case llm.ToolResult:
		e.notice("messages", "the result of a tool that the provider ran itself was left out")
		return nil, nil
	case llm.Opaque:
		return e.opaque(p), nil
	}
	return nil, llm.Errorf(llm.ErrBadRequest, "an assistant's message holds a part that %s does not know", llm.Messages)
}

// citations go back in this dialect's own form only.
func (e *encoder) citations(list []llm.Citation) (out []json.RawMessage) {
	for _, c := range list {
		if c.Raw.Dialect == llm.Messages && len(c.Raw.Raw) > 0 {
			out = append(out, c.Raw.Raw)
			continue
		}
		e.notice("citations", "the sources of earlier answers were left out")
	}
	return out
}

// reasoning goes back to the model that wrote it, byte for byte, and to nobody else. What came from it in another
// dialect is told by its form.
func (e *encoder) reasoning(r llm.Reasoning) any {
	own := r.Origin != (llm.Origin{}) && r.Origin == e.opts.Target || r.Origin == (llm.Origin{}) && e.opts.Untagged
	opaque := jsonread.Of(r.Opaque)
	kind, format := opaque.Get("type").String(), opaque.Get("format").String()
	claude := format == "anthropic-claude-v1"
	switch {
	case !own:
	case kind == "redacted_thinking":
		return r.Opaque
	case kind == "reasoning.encrypted" && claude:
		return struct {
			Type string `json:"type"`
			Data string `json:"data"`
		}{"redacted_thinking", opaque.Get("data").String()}
	case r.Signature != "" && (kind == "" || kind == "reasoning.text" && claude):
		return thinkingBlock{"thinking", r.Text, r.Signature}
	}
	e.notice("messages", "reasoning that another model wrote, or that is not signed, was left out")
	return nil
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
	case !jsonread.Valid(raw):
		e.notice("messages", "a tool call's input is not valid JSON and was sent as an empty object")
	case raw[0] == '{':
		return raw
	default:
		return append(append(json.RawMessage(`{"value":`), raw...), '}')
	}
	return json.RawMessage("{}")
}

func (e *encoder) toolResult(r llm.ToolResult) (any, error) {
	out := &toolResultBlock{Type: "tool_result", ToolUseID: r.CallID, IsError: r.IsError, CacheControl: mark(r.Cache)}
	for _, p := range r.Parts {
		switch p.(type) {
		case llm.Text, llm.Refusal, llm.Media, llm.Opaque:
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
	if out.IsError && len(out.Content) == 0 { // refused
		out.Content = []any{say("(The tool failed and said nothing.)")}
	}
	return out, nil
}

// NeedsInline tells whether media with a URL must be brought inline before EncodeRequest: a URL stands for an image or a
// PDF only (API reference, "URLImageSource", "URLPDFSource").
func NeedsInline(m llm.Media) bool {
	kind, _, _ := strings.Cut(m.MediaType, ";")
	return kind != "" && kind != "application/pdf" && !strings.HasPrefix(kind, "image/")
}

// images are the media types that are taken inline.
var images = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true}

func media(m llm.Media) (any, error) {
	out := &mediaBlock{Type: "document", Title: m.Filename, CacheControl: mark(m.Cache)}
	kind, _, _ := strings.Cut(m.MediaType, ";")
	if kind == "image/jpg" {
		kind = "image/jpeg"
	}
	if strings.HasPrefix(kind, "image/") || kind == "" && m.URL != "" {
		out.Type, out.Title = "image", ""
	}
	switch {
	case strings.HasPrefix(kind, "audio/") || strings.HasPrefix(kind, "video/"):
		return nil, llm.Errorf(llm.ErrBadRequest, "%s takes images, PDF and plain text, not %s", llm.Messages, m.MediaType)
	case m.FileID != "":
		out.Source = mediaSource{Type: "file", FileID: m.FileID}
	case m.URL != "":
		out.Source = mediaSource{Type: "url", URL: m.URL}
	case strings.HasPrefix(kind, "text/") || kind == "application/json":
		out.Source = mediaSource{Type: "text", MediaType: "text/plain", Data: string(m.Data)}
	case images[kind] || kind == "application/pdf":
		out.Source = mediaSource{Type: "base64", MediaType: kind, Data: base64.StdEncoding.EncodeToString(m.Data)}
	default:
		return nil, llm.Errorf(llm.ErrBadRequest, "%s takes images (JPEG, PNG, GIF, WebP), PDF and plain text, not %s",
			llm.Messages, m.MediaType)
	}
	return out, nil
}
