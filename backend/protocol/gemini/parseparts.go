package gemini

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// conversation reads the contents. Clients that stream put every piece of an answer into a content of its own, so
// neighbours of the model's are one message here, and their texts one text.
func (p *parser) conversation(v jsonread.Value) ([]llm.Message, error) {
	list := v.Array()
	switch {
	case v.Type() == jsonread.String:
		return []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: v.Str()}}}}, nil
	case v.IsObject():
		list = []jsonread.Value{v}
	case !v.IsArray():
		return nil, bad("contents", "must be a list of contents")
	}
	c := &contents{used: map[string]bool{}}
	for i, one := range list {
		field := "contents[" + strconv.Itoa(i) + "]"
		if !one.IsObject() {
			return nil, bad(field, "must be an object")
		}
		var name string
		var parts jsonread.Value
		one.ForEach(func(key, value jsonread.Value) bool {
			switch key.String() {
			case "role":
				name = value.String()
			case "parts":
				parts = value
			}
			return true
		})
		role, ok := roles[name]
		if !ok {
			return nil, bad(field+".role", "must be user or model, not %q", name)
		}
		if err := c.all(role, field, parts); err != nil {
			return nil, err
		}
	}
	return c.out, nil
}

// roles are the API's, and those that clients use in their place.
var roles = map[string]llm.Role{
	"": llm.RoleUser, "user": llm.RoleUser, "function": llm.RoleUser, "tool": llm.RoleUser, "model": llm.RoleAssistant,
	"assistant": llm.RoleAssistant, "system": llm.RoleSystem, "developer": llm.RoleSystem,
}

// all reads a content's parts; a single one may stand without its list.
func (c *contents) all(role llm.Role, field string, parts jsonread.Value) (err error) {
	if parts.IsObject() {
		return c.part(role, field+".parts", parts)
	}
	j := 0
	parts.ForEach(func(_, part jsonread.Value) bool {
		err = c.part(role, field+".parts["+strconv.Itoa(j)+"]", part)
		j++
		return err == nil
	})
	return err
}

type contents struct {
	out   []llm.Message
	calls []*pendingCall // the calls, in their order
	used  map[string]bool
	// joins tells that the last part, a text or reasoning of the model's, may still grow.
	joins bool
}

type pendingCall struct {
	id, sent, name string // sent is the client's own id, if it gave one
	answered       bool
}

func (c *contents) add(role llm.Role, p llm.Part) {
	c.joins = false
	if n := len(c.out); n > 0 && c.out[n-1].Role == role {
		c.out[n-1].Parts = append(c.out[n-1].Parts, p)
		return
	}
	c.out = append(c.out, llm.Message{Role: role, Parts: []llm.Part{p}})
}

// last gives the last part of the model's turn that is being read, if it may grow.
func (c *contents) last() *llm.Part {
	if n := len(c.out); c.joins && n > 0 && c.out[n-1].Role == llm.RoleAssistant {
		parts := c.out[n-1].Parts
		return &parts[len(parts)-1]
	}
	return nil
}

func (c *contents) part(role llm.Role, field string, v jsonread.Value) error {
	if !v.IsObject() {
		return bad(field, "must be an object")
	}
	var body jsonread.Value
	kind, signature, thoughtful := "", "", false
	_ = each(v, func(name string, v jsonread.Value) error {
		switch name {
		case "thought":
			thoughtful = v.Bool()
		case "thoughtSignature":
			signature = v.String()
		case "text", "inlineData", "fileData", "functionCall", "functionResponse":
			kind, body = name, v
		}
		return nil
	})
	switch kind {
	case "text":
		c.text(role, body.String(), thoughtful, signature)
	case "inlineData", "fileData":
		m, err := mediaOf(v)
		if err != nil {
			return bad(field, "holds data that is not base64")
		}
		c.add(role, m)
		c.signed(role, signature)
	case "functionCall":
		return c.call(field, body, signature)
	case "functionResponse":
		return c.response(field, body)
	default:
		c.add(role, llm.Opaque{Dialect: llm.Gemini, Raw: json.RawMessage(v.Raw())})
	}
	return nil
}

func (c *contents) text(role llm.Role, s string, thoughtful bool, signature string) {
	if role != llm.RoleAssistant {
		c.add(role, llm.Text{Text: s})
		return
	}
	if thoughtful {
		c.thought(s, signature)
		return
	}
	if before := c.last(); before != nil {
		if t, ok := (*before).(llm.Text); ok {
			t.Text += s
			*before = t
			s = ""
		}
	}
	if s != "" {
		c.add(role, llm.Text{Text: s})
		c.joins = true
	}
	c.signed(role, signature)
}

// thought joins pieces of reasoning up to the one with the signature, which belongs to them all.
func (c *contents) thought(s, signature string) {
	if before := c.last(); before != nil {
		if r, ok := (*before).(llm.Reasoning); ok {
			s = r.Text + s
			*before = llm.Reasoning{Text: s}
			if signature != "" {
				signed := openSignature(signature)
				signed.Text = s
				*before = signed
				c.joins = false
			}
			return
		}
	}
	r := llm.Reasoning{}
	if signature != "" {
		r = openSignature(signature)
	}
	r.Text = s
	if s == "" && r.Signature == "" && len(r.Opaque) == 0 {
		return
	}
	c.add(llm.RoleAssistant, r)
	c.joins = signature == ""
}

// signed adds the signature that stood on a text or on media as reasoning of its own behind it.
func (c *contents) signed(role llm.Role, signature string) {
	if role != llm.RoleAssistant || signature == "" {
		return
	}
	if r := openSignature(signature); r.Signature != "" || len(r.Opaque) > 0 {
		c.add(role, r)
	}
	c.joins = false
}

func (c *contents) call(field string, v jsonread.Value, signature string) error {
	call := llm.ToolCall{Input: json.RawMessage("{}")}
	sent := ""
	v.ForEach(func(key, value jsonread.Value) bool {
		switch key.String() {
		case "name":
			call.Name = value.String()
		case "id":
			sent = value.String()
		case "args":
			if value.Type() != jsonread.Null {
				call.Input = json.RawMessage(value.Raw())
			}
		}
		return true
	})
	if call.Name == "" {
		return bad(field+".functionCall", "has no name")
	}
	call.ID = sent
	call.Signature, call.Origin = openCall(signature)
	if call.ID == "" || c.used[call.ID] {
		call.ID = c.newID(call.Name)
	}
	c.used[call.ID] = true
	c.calls = append(c.calls, &pendingCall{id: call.ID, sent: sent, name: call.Name})
	c.add(llm.RoleAssistant, call)
	return nil
}

// newID makes a call's id from its place in the conversation, which stays the same as the conversation grows.
func (c *contents) newID(name string) string {
	for place := len(c.calls); ; place++ {
		sum := sha256.Sum256([]byte(strconv.Itoa(place) + "\x00" + name))
		if id := "call_" + hex.EncodeToString(sum[:12]); !c.used[id] {
			return id
		}
	}
}

// find gives the call that a result answers: the one with its id, else the first of its name without a result.
func (c *contents) find(id, name string) *pendingCall {
	for _, call := range c.calls {
		if id != "" && call.sent == id && !call.answered {
			return call
		}
	}
	for _, call := range c.calls {
		if call.name == name && !call.answered && (id == "" || call.sent == "") {
			return call
		}
	}
	return nil
}

func (c *contents) response(field string, v jsonread.Value) error {
	result := llm.ToolResult{}
	var answer, parts jsonread.Value
	v.ForEach(func(key, value jsonread.Value) bool {
		switch key.String() {
		case "id":
			result.CallID = value.String()
		case "name":
			result.Name = value.String()
		case "response":
			answer = value
		case "parts":
			parts = value
		}
		return true
	})
	if result.Name == "" && result.CallID == "" {
		return bad(field+".functionResponse", "has no name")
	}
	if call := c.find(result.CallID, result.Name); call != nil {
		call.answered = true
		result.CallID = call.id
		if result.Name == "" {
			result.Name = call.name
		}
	} else if result.CallID == "" {
		result.CallID = c.newID("result " + result.Name)
		c.used[result.CallID] = true
	}
	text, failed := unwrapResult(answer)
	result.IsError = failed
	media := parts.Array()
	if text != "" || len(media) == 0 {
		result.Parts = append(result.Parts, llm.Text{Text: text})
	}
	for _, p := range media {
		m, err := mediaOf(p)
		if err != nil {
			return bad(field+".functionResponse.parts", "holds data that is not base64")
		}
		result.Parts = append(result.Parts, m)
	}
	c.add(llm.RoleTool, result)
	return nil
}

// unwrapResult undoes what clients wrap a text in: a single member result, output or error. Any other object is its own
// text.
func unwrapResult(v jsonread.Value) (text string, failed bool) {
	names, only := 0, jsonread.Value{}
	name := ""
	v.ForEach(func(key, value jsonread.Value) bool {
		names++
		name, only = key.String(), value
		return names < 2
	})
	switch {
	case !v.IsObject():
		return v.String(), false
	case names == 0:
		return "", false
	case names == 1 && name == "error":
		return only.String(), true
	case names == 1 && only.Type() == jsonread.String && (name == "result" || name == "output"):
		return only.String(), false
	}
	return v.Raw(), false
}
