package messages

import (
	"encoding/base64"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
)

func (d *requestDecoder) systemPrompt(v jsonread.Value) error {
	parts, err := readSystem(v, "system")
	if len(parts) > 0 {
		d.system = []llm.Message{{Role: llm.RoleSystem, Parts: parts}}
	}
	return err
}

func readSystem(v jsonread.Value, at string) (parts []llm.Part, err error) {
	if v.Type() == jsonread.String {
		if v.Str() == "" {
			return nil, nil
		}
		return []llm.Part{llm.Text{Text: v.Str()}}, nil
	}
	if !v.IsArray() {
		return nil, bad(at, "must be a string or a list of text blocks")
	}
	for _, b := range v.Array() {
		if b.Get("type").String() != "text" {
			return nil, bad(at, "may hold text blocks only")
		}
		parts = append(parts, llm.Text{Text: b.Get("text").String(), Cache: cacheMark(b)})
	}
	return parts, nil
}

func (d *requestDecoder) messages(v jsonread.Value) error {
	if !v.IsArray() {
		return bad("messages", "must be a list")
	}
	for i, m := range v.Array() {
		at, content := "messages."+strconv.Itoa(i), m.Get("content")
		var err error
		switch m.Get("role").String() {
		case "user":
			err = d.user(content, at+".content")
		case "assistant":
			err = d.assistant(content, at+".content")
		case "system":
			message := llm.Message{Role: llm.RoleSystem}
			message.Parts, err = readSystem(content, at+".content")
			d.req.Messages = append(d.req.Messages, message)
		default:
			err = bad(at+".role", "must be user, assistant or system")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// blocks visits the blocks of content; a string is one block of text.
func blocks(content jsonread.Value, at string, visit func(b jsonread.Value, at string) error) error {
	if !content.IsArray() {
		return bad(at, "must be a string or a list of blocks")
	}
	for i, b := range content.Array() {
		if err := visit(b, at+"."+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

// user makes a message of the tools' of the results in a user's turn, and one of the user's of the rest behind it.
func (d *requestDecoder) user(content jsonread.Value, at string) error {
	results, rest := llm.Message{Role: llm.RoleTool}, llm.Message{Role: llm.RoleUser}
	if content.Type() == jsonread.String {
		rest.Parts = []llm.Part{llm.Text{Text: content.Str()}}
		d.req.Messages = append(d.req.Messages, rest)
		return nil
	}
	err := blocks(content, at, func(b jsonread.Value, at string) error {
		if b.Get("type").String() != "tool_result" {
			parts, err := readBlock(b, at)
			rest.Parts = append(rest.Parts, parts...)
			return err
		}
		result := llm.ToolResult{CallID: b.Get("tool_use_id").String(), IsError: b.Get("is_error").Bool(), Cache: cacheMark(b)}
		result.Name = d.calls[result.CallID]
		switch inner := b.Get("content"); {
		case inner.Type() == jsonread.String:
			result.Parts = []llm.Part{llm.Text{Text: inner.Str()}}
		case inner.Exists() && inner.Type() != jsonread.Null:
			if err := blocks(inner, at+".content", func(b jsonread.Value, at string) error {
				parts, err := readBlock(b, at)
				result.Parts = append(result.Parts, parts...)
				return err
			}); err != nil {
				return err
			}
		}
		results.Parts = append(results.Parts, result)
		return nil
	})
	for _, m := range []llm.Message{results, rest} {
		if len(m.Parts) > 0 {
			d.req.Messages = append(d.req.Messages, m)
		}
	}
	return err
}

// readBlock reads a block of a user's turn or of a tool's result. Only a document of blocks gives more than one part.
func readBlock(b jsonread.Value, at string) ([]llm.Part, error) {
	switch b.Get("type").String() {
	case "text":
		return []llm.Part{llm.Text{Text: b.Get("text").String(), Cache: cacheMark(b)}}, nil
	case "image", "document":
		return readMedia(b, at)
	case "":
		return nil, bad(at+".type", "is missing")
	}
	return []llm.Part{llm.Opaque{Dialect: llm.Messages, Raw: raw(b)}}, nil
}

func readMedia(b jsonread.Value, at string) (parts []llm.Part, err error) {
	source, document := b.Get("source"), b.Get("type").String() == "document"
	m := llm.Media{MediaType: source.Get("media_type").String(), Filename: b.Get("title").String(), Cache: cacheMark(b)}
	switch source.Get("type").String() {
	case "base64":
		data := strings.TrimRight(strings.TrimSpace(source.Get("data").String()), "=")
		if m.Data, err = base64.RawStdEncoding.DecodeString(data); err != nil {
			return nil, bad(at+".source.data", "is not base64")
		}
	case "text":
		m.Data, m.MediaType = []byte(source.Get("data").String()), "text/plain"
	case "url":
		if m.URL = source.Get("url").String(); document {
			m.MediaType = "application/pdf"
		}
	case "file":
		if m.FileID = source.Get("file_id").String(); !document {
			m.MediaType = "image/*"
		}
	case "content":
		content := source.Get("content")
		if content.Type() == jsonread.String {
			return []llm.Part{llm.Text{Text: content.Str(), Cache: m.Cache}}, nil
		}
		err = blocks(content, at+".source.content", func(b jsonread.Value, at string) error {
			inner, err := readBlock(b, at)
			parts = append(parts, inner...)
			return err
		})
		return parts, err
	default:
		return nil, bad(at+".source.type", "must be base64, text, url, file or content")
	}
	return []llm.Part{m}, nil
}

func (d *requestDecoder) assistant(content jsonread.Value, at string) error {
	message := llm.Message{Role: llm.RoleAssistant}
	if content.Type() == jsonread.String {
		message.Parts = []llm.Part{llm.Text{Text: content.Str()}}
		d.req.Messages = append(d.req.Messages, message)
		return nil
	}
	var carriers []string
	err := blocks(content, at, func(b jsonread.Value, at string) error {
		switch b.Get("type").String() {
		case "text":
			message.Parts = append(message.Parts, llm.Text{
				Text: b.Get("text").String(), Citations: readCitations(b.Get("citations")), Cache: cacheMark(b),
			})
		case "thinking":
			signature := b.Get("signature").String()
			if _, _, _, ok := fit.UnpackCall(signature); ok {
				carriers = append(carriers, signature)
				return nil
			}
			r := fit.UnpackReasoning(signature)
			r.Text = b.Get("thinking").String()
			message.Parts = append(message.Parts, r)
		case "redacted_thinking":
			message.Parts = append(message.Parts, readRedacted(b, &carriers)...)
		case "tool_use":
			call := llm.ToolCall{ID: b.Get("id").String(), Name: b.Get("name").String(), Input: raw(b.Get("input")), Cache: cacheMark(b)}
			if call.Name == "" {
				return bad(at+".name", "must not be empty")
			}
			d.calls[call.ID] = call.Name
			message.Parts = append(message.Parts, call)
		case "":
			return bad(at+".type", "is missing")
		default:
			message.Parts = append(message.Parts, llm.Opaque{Dialect: llm.Messages, Raw: raw(b)})
		}
		return nil
	})
	fit.SignCalls(message.Parts, carriers)
	d.req.Messages = append(d.req.Messages, message)
	return err
}

// readRedacted reads a block that is Anthropic's own or one of our carriers.
func readRedacted(b jsonread.Value, carriers *[]string) []llm.Part {
	data := b.Get("data").String()
	if _, _, _, ok := fit.UnpackCall(data); ok {
		*carriers = append(*carriers, data)
		return nil
	}
	r := fit.UnpackReasoning(data)
	if data != "" && r.Signature == data {
		r = llm.Reasoning{Opaque: raw(b)}
	}
	return []llm.Part{r}
}

func readCitations(list jsonread.Value) (out []llm.Citation) {
	for _, c := range list.Array() {
		out = append(out, citation(c))
	}
	return out
}

// citation reads a citation of any location type.
func citation(c jsonread.Value) llm.Citation {
	title := c.Get("title")
	if title.Type() != jsonread.String {
		title = c.Get("document_title")
	}
	url := c.Get("url")
	if url.Type() != jsonread.String {
		url = c.Get("source")
	}
	return llm.Citation{
		URL: url.String(), Title: title.String(), Cited: c.Get("cited_text").String(),
		Raw: llm.Opaque{Dialect: llm.Messages, Raw: raw(c)},
	}
}
