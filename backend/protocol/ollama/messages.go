package ollama

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// conversation reads the messages.
func conversation(v jsonread.Value) ([]llm.Message, error) {
	if !v.IsArray() {
		return nil, bad("messages", "must be a list")
	}
	c := &calls{used: map[string]bool{}}
	var out []llm.Message
	for i, m := range v.Array() {
		at := "messages[" + strconv.Itoa(i) + "]"
		message, err := c.message(at, m)
		if err != nil {
			return nil, err
		}
		out = append(out, message)
	}
	return out, nil
}

func (c *calls) message(at string, m jsonread.Value) (out llm.Message, err error) {
	content, err := text(at+".content", m.Get("content"))
	if err != nil {
		return out, err
	}
	images, err := media(at+".images", m.Get("images"))
	if err != nil {
		return out, err
	}
	var parts []llm.Part
	if thinking := m.Get("thinking").Str(); thinking != "" {
		parts = append(parts, llm.Reasoning{Text: thinking})
	}
	if content != "" {
		parts = append(parts, llm.Text{Text: content})
	}
	parts = append(parts, images...)
	switch role := m.Get("role").Str(); role {
	case "system", "developer":
		return llm.Message{Role: llm.RoleSystem, Parts: parts}, nil
	case "user":
		return llm.Message{Role: llm.RoleUser, Parts: parts}, nil
	case "assistant":
		made, err := c.made(at, m.Get("tool_calls"))
		return llm.Message{Role: llm.RoleAssistant, Parts: append(parts, made...)}, err
	case "tool":
		return llm.Message{Role: llm.RoleTool, Parts: []llm.Part{c.result(m, parts)}}, nil
	}
	return out, bad(at+".role", "must be system, user, assistant or tool")
}

// media reads images in plain base64. Some clients write a data URL, of which the data are taken.
func media(field string, v jsonread.Value) (out []llm.Part, err error) {
	for i, image := range v.Array() {
		at := field + "[" + strconv.Itoa(i) + "]"
		s := image.Str()
		if strings.HasPrefix(s, "data:") {
			_, s, _ = strings.Cut(s, ",")
		}
		data, err := base64.StdEncoding.DecodeString(s)
		if err != nil || len(data) == 0 {
			return nil, bad(at, "must be an image in base64; addresses and files are not fetched here")
		}
		kind := kindOf(data)
		if kind == "" {
			return nil, bad(at, "is of no known kind; send PNG, JPEG, WebP or GIF")
		}
		out = append(out, llm.Media{Data: data, MediaType: kind})
	}
	return out, nil
}

// kindOf tells the kind of an image or a sound from its first bytes, empty where it is neither.
func kindOf(data []byte) string {
	kind := http.DetectContentType(data)
	switch {
	case kind == "audio/wave":
		return "audio/wav"
	case strings.HasPrefix(kind, "image/"), strings.HasPrefix(kind, "audio/"):
		return kind
	case len(data) > 12 && bytes.Equal(data[4:8], []byte("ftyp")) && strings.Contains("heic heix mif1", string(data[8:12])):
		return "image/heic"
	}
	return ""
}

// calls are the calls so far, for ids and for results that don't say which call they answer.
type calls struct {
	list []*call
	used map[string]bool
}

type call struct {
	id, sent, name string // sent is the client's own id, if it gave one
	answered       bool
}

func (c *calls) made(at string, list jsonread.Value) ([]llm.Part, error) {
	var out []llm.Part
	for _, one := range list.Array() {
		f := one.Get("function")
		made := llm.ToolCall{ID: one.Get("id").Str(), Name: f.Get("name").Str(), Input: arguments(f.Get("arguments"))}
		if made.Name == "" {
			return nil, bad(at+".tool_calls[].function.name", "must not be empty")
		}
		known := &call{sent: made.ID, name: made.Name}
		if made.ID == "" || c.used[made.ID] {
			made.ID = c.newID(made.Name)
		}
		known.id = made.ID
		c.used[made.ID] = true
		c.list = append(c.list, known)
		out = append(out, made)
	}
	return out, nil
}

// arguments are an object; some clients write them as OpenAI's do, as the text of one.
func arguments(v jsonread.Value) json.RawMessage {
	text := v.Raw()
	if v.Type() == jsonread.String {
		text = v.Str()
	}
	if strings.TrimSpace(text) == "" || v.Type() == jsonread.Null {
		return json.RawMessage("{}")
	}
	return json.RawMessage(text)
}

// newID makes a call's id from its place in the conversation, which stays the same as the conversation grows.
func (c *calls) newID(name string) string {
	for place := len(c.list); ; place++ {
		sum := sha256.Sum256([]byte(strconv.Itoa(place) + "\x00" + name))
		if id := "call_" + hex.EncodeToString(sum[:12]); !c.used[id] {
			return id
		}
	}
}

// result reads a tool's answer. Newer clients say which call it answers, others at most the tool's name.
func (c *calls) result(m jsonread.Value, parts []llm.Part) llm.ToolResult {
	out := llm.ToolResult{CallID: m.Get("tool_call_id").Str(), Name: m.Get("tool_name").Str(), Parts: parts}
	if out.Name == "" {
		out.Name = m.Get("name").Str()
	}
	if answered := c.find(out.CallID, out.Name); answered != nil {
		answered.answered = true
		out.CallID, out.Name = answered.id, answered.name
	} else if out.CallID == "" {
		out.CallID = c.newID("result " + out.Name)
		c.used[out.CallID] = true
	}
	if len(out.Parts) == 0 {
		out.Parts = []llm.Part{llm.Text{}}
	}
	return out
}

// find gives the call that a result answers: the one with its id, else the first of its name that has no result, else
// the first of any name.
func (c *calls) find(id, name string) *call {
	for _, fits := range []func(*call) bool{
		func(one *call) bool { return id != "" && one.sent == id },
		func(one *call) bool { return id == "" && one.name == name },
		func(one *call) bool { return id == "" && name == "" },
	} {
		for _, one := range c.list {
			if !one.answered && fits(one) {
				return one
			}
		}
	}
	return nil
}
