package chatcompletions

import (
	"encoding/json"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

func (d *requestDecoder) messages(v jsonread.Value) error {
	if !v.IsArray() {
		return bad("messages", "must be a list")
	}
	for i, m := range v.Array() {
		at := "messages[" + strconv.Itoa(i) + "]"
		message := llm.Message{}
		var err error
		switch role := m.Get("role").String(); role {
		case "system", "developer":
			message.Role = llm.RoleSystem
			message.Parts, err = readContent(m.Get("content"), at)
		case "user":
			message.Role = llm.RoleUser
			message.Parts, err = readContent(m.Get("content"), at)
		case "assistant":
			message.Role = llm.RoleAssistant
			message.Parts, err = d.assistant(m, at)
		case "tool", "function":
			message.Role = llm.RoleTool
			message.Parts, err = d.toolResult(m, at)
		default:
			return bad(at+".role", "must be system, developer, user, assistant or tool")
		}
		if err != nil {
			return err
		}
		if c := cacheMark(m); c != nil { // on the message as a whole, as the hosted gateway takes it
			markLast(message.Parts, c)
		}
		d.req.Messages = append(d.req.Messages, message)
	}
	return nil
}

// markLast puts a mark on the last part that can hold one.
func markLast(parts []llm.Part, c *llm.CacheMark) {
	for i := len(parts) - 1; i >= 0; i-- {
		switch p := parts[i].(type) {
		case llm.Text:
			p.Cache = c
			parts[i] = p
		case llm.Media:
			p.Cache = c
			parts[i] = p
		case llm.ToolCall:
			p.Cache = c
			parts[i] = p
		case llm.ToolResult:
			p.Cache = c
			parts[i] = p
		default:
			continue
		}
		return
	}
}

// readContent reads content: a string, a list of parts, or nothing.
func readContent(v jsonread.Value, at string) ([]llm.Part, error) {
	switch {
	case v.Type() == jsonread.String:
		return []llm.Part{llm.Text{Text: v.Str()}}, nil
	case !v.Exists() || v.Type() == jsonread.Null:
		return nil, nil
	case !v.IsArray():
		return nil, bad(at+".content", "must be a string or a list of parts")
	}
	var parts []llm.Part
	for i, p := range v.Array() {
		part, err := readPart(p, at+".content["+strconv.Itoa(i)+"]")
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

func readPart(p jsonread.Value, at string) (llm.Part, error) {
	cache := cacheMark(p)
	switch kind := p.Get("type").String(); kind {
	case "text":
		return llm.Text{Text: p.Get("text").String(), Cache: cache}, nil
	case "refusal":
		return llm.Refusal{Text: p.Get("refusal").String()}, nil
	case "image_url":
		url := p.Get("image_url.url")
		if s := p.Get("image_url"); s.Type() == jsonread.String { // Mistral's
			url = s
		}
		if url.String() == "" {
			return nil, bad(at+".image_url.url", "must be a URL")
		}
		m := mediaOfURL(url.String())
		m.Detail, m.Cache = p.Get("image_url.detail").String(), cache
		return m, nil
	case "input_audio":
		data, err := decodeBase64(p.Get("input_audio.data").String())
		if err != nil {
			return nil, bad(at+".input_audio.data", "is not base64")
		}
		format := p.Get("input_audio.format").String()
		if format == "mp3" {
			format = "mpeg"
		}
		return llm.Media{Data: data, MediaType: "audio/" + format, Cache: cache}, nil
	case "file":
		m, err := readFile(p.Get("file"), at)
		m.Cache = cache
		return m, err
	case "":
		return nil, bad(at+".type", "is missing")
	}
	return llm.Opaque{Dialect: llm.ChatCompletions, Raw: raw(p)}, nil
}

// readFile takes OpenAI's file_data (a data URL), OpenRouter's (also a URL) and the hosted gateway's data.
func readFile(f jsonread.Value, at string) (llm.Media, error) {
	m := llm.Media{FileID: f.Get("file_id").String(), Filename: f.Get("filename").String()}
	mediaType := f.Get("media_type").String()
	switch data := f.Get("file_data").String(); {
	case m.FileID != "":
	case strings.Contains(data, ":"):
		from := mediaOfURL(data)
		m.Data, m.URL, m.MediaType = from.Data, from.URL, from.MediaType
	default:
		if data == "" {
			data = f.Get("data").String()
		}
		if strings.Contains(data, ":") {
			from := mediaOfURL(data)
			m.Data, m.URL, m.MediaType = from.Data, from.URL, from.MediaType
			break
		}
		decoded, err := decodeBase64(data)
		if err != nil || len(decoded) == 0 {
			return m, bad(at+".file", "must hold a file_id or base64 data")
		}
		m.Data = decoded
	}
	if mediaType != "" {
		m.MediaType = mediaType
	}
	if m.MediaType == "" && m.FileID == "" {
		m.MediaType = "application/pdf" // the only kind that all who take files know
	}
	return m, nil
}

func (d *requestDecoder) assistant(m jsonread.Value, at string) ([]llm.Part, error) {
	parts, carriers := readReasoning(m)
	text, err := readContent(m.Get("content"), at)
	if err != nil {
		return nil, err
	}
	parts = append(parts, text...)
	if refusal := m.Get("refusal"); refusal.Type() == jsonread.String && refusal.Str() != "" {
		parts = append(parts, llm.Refusal{Text: refusal.Str()})
	}
	for _, image := range m.Get("images").Array() {
		if media := mediaOfURL(image.Get("image_url.url").String()); media.URL != "" || len(media.Data) > 0 {
			parts = append(parts, media)
		}
	}
	for _, c := range m.Get("tool_calls").Array() {
		call := llm.ToolCall{ID: c.Get("id").String()}
		if own := c.Get("custom"); own.IsObject() {
			call.Name, call.Freeform = own.Get("name").String(), true
			call.Input = jsonwrite.AppendString(nil, own.Get("input").String())
		} else {
			call.Name, call.Input = c.Get("function.name").String(), trimmed(arguments(c.Get("function.arguments")))
		}
		if s := c.Get("extra_content.google.thought_signature").String(); s != "" {
			if _, signature, origin, ok := fit.UnpackCall(s); ok {
				call.Signature, call.Origin = signature, origin
			}
		}
		if call.Name == "" {
			return nil, bad(at+".tool_calls[].function.name", "must not be empty")
		}
		d.calls[call.ID] = call.Name
		parts = append(parts, call)
	}
	if old := m.Get("function_call"); old.IsObject() {
		d.lastCall = "call_" + strconv.Itoa(len(d.req.Messages))
		d.calls[d.lastCall] = old.Get("name").String()
		parts = append(parts, llm.ToolCall{
			ID: d.lastCall, Name: old.Get("name").String(), Input: trimmed(arguments(old.Get("arguments"))),
		})
	}
	fit.SignCalls(parts, carriers)
	return parts, nil
}

func (d *requestDecoder) toolResult(m jsonread.Value, at string) ([]llm.Part, error) {
	parts, err := readContent(m.Get("content"), at)
	if err != nil {
		return nil, err
	}
	id := m.Get("tool_call_id").String()
	if m.Get("role").String() == "function" {
		id = d.lastCall
	}
	name := m.Get("name").String()
	if name == "" {
		name = d.calls[id]
	}
	return []llm.Part{llm.ToolResult{CallID: id, Name: name, Parts: parts}}, nil
}

// readReasoning reads what a client sends back of an answer's reasoning, and the carriers of signatures on calls.
func readReasoning(m jsonread.Value) (parts []llm.Part, carriers []string) {
	var readable bool
	for _, item := range mergeDetails(m.Get("reasoning_details")) {
		switch item.kind {
		case detailText, detailSummary:
			r := fit.UnpackReasoning(item.signature)
			r.Text = item.text
			readable = readable || r.Text != ""
			if len(r.Opaque) == 0 && r.Origin == (llm.Origin{}) {
				r.Opaque = item.shell
			}
			parts = append(parts, r)
		case detailEncrypted:
			if _, _, _, ok := fit.UnpackCall(item.data); ok {
				carriers = append(carriers, item.data)
				continue
			}
			r := fit.UnpackReasoning(item.data)
			if r.Signature == item.data { // the client's own provider's
				r = llm.Reasoning{Opaque: withMember(item.shell, "data", item.data)}
			}
			parts = append(parts, r)
		}
	}
	if readable {
		return parts, carriers
	}
	text := m.Get("reasoning_content")
	if text.Type() != jsonread.String {
		text = m.Get("reasoning")
	}
	if text.Type() == jsonread.String && text.Str() != "" {
		r := llm.Reasoning{Text: text.Str()}
		if len(parts) > 0 { // the text of what is encrypted
			r.Origin = parts[0].(llm.Reasoning).Origin
		}
		parts = append([]llm.Part{r}, parts...)
	}
	return parts, carriers
}

type detail struct {
	key, kind             string
	text, signature, data string
	shell                 json.RawMessage
}

// mergeDetails puts the pieces of a stream together that a client sends back as they came: neighbours of one type, index
// and id.
func mergeDetails(list jsonread.Value) []detail {
	var out []detail
	for _, item := range list.Array() {
		next := detail{
			key: detailKey(item), kind: item.Get("type").String(),
			text:      item.Get("text").String() + item.Get("summary").String(),
			signature: item.Get("signature").String(), data: item.Get("data").String(), shell: shell(item),
		}
		if n := len(out); n > 0 && out[n-1].key == next.key && item.Get("index").Exists() && out[n-1].signature == "" {
			last := &out[n-1]
			last.text += next.text
			last.data += next.data
			last.signature = next.signature
			continue
		}
		out = append(out, next)
	}
	return out
}
