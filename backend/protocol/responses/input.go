package responses

import (
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
)

// maxResolved bounds how often an item may stand for others that again stand for others.
const maxResolved = 4

// input reads the conversation: what came before, then the request's own items.
func (d *requestDecoder) input(v jsonread.Value) error {
	for _, raw := range d.opts.History {
		if err := d.item(jsonread.Of(raw), maxResolved); err != nil {
			return err
		}
	}
	switch {
	case v.Type() == jsonread.String:
		item := `{"type":"message","role":"user","content":` + string(jsonedit.String(v.Str())) + `}`
		return d.ownItem(jsonread.Of(item), json.RawMessage(item))
	case v.IsArray():
		text := []byte(v.Raw()) // all of it at once, of which the items have their parts
		for _, item := range v.Array() {
			start := item.Start() - v.Start()
			end := start + len(item.Raw())
			if err := d.ownItem(item, text[start:end:end]); err != nil {
				return err
			}
		}
	case v.Exists():
		return bad("input", "must be a string or a list of items")
	}
	return nil
}

// ownItem reads an item of the request itself, whose text is raw.
func (d *requestDecoder) ownItem(item jsonread.Value, raw json.RawMessage) error {
	kind := item.Get("type").String()
	if items, ok := d.resolve(item, kind); ok {
		for _, raw := range items {
			d.head.Input = append(d.head.Input, raw)
			if err := d.item(jsonread.Of(raw), maxResolved); err != nil {
				return err
			}
		}
		return nil
	}
	d.head.Input = append(d.head.Input, raw)
	return d.item(item, maxResolved)
}

// resolve gives what an item stands for, if it stands for others and someone knows them.
func (d *requestDecoder) resolve(item jsonread.Value, kind string) ([]json.RawMessage, bool) {
	reference := kind == "item_reference" ||
		kind == "" && item.Get("id").Exists() && !item.Get("role").Exists()
	if d.opts.Resolve == nil || !reference && kind != "compaction" && kind != "compaction_summary" {
		return nil, false
	}
	return d.opts.Resolve(json.RawMessage(item.Raw()))
}

// part appends to the turn of its role. Turns of the user and the system are one for each item.
func (d *requestDecoder) part(role llm.Role, p llm.Part) {
	n := len(d.req.Messages)
	if d.role != role || n == 0 {
		d.req.Messages = append(d.req.Messages, llm.Message{Role: role})
		d.role = role
		n++
	}
	m := &d.req.Messages[n-1]
	m.Parts = append(m.Parts, p)
}

// item reads an input item (API reference, "Create a model response", input).
func (d *requestDecoder) item(item jsonread.Value, depth int) error {
	if !item.IsObject() {
		return bad("input", "holds an item that is not an object")
	}
	kind := item.Get("type").String()
	if items, ok := d.resolve(item, kind); ok && depth > 0 {
		for _, raw := range items {
			if err := d.item(jsonread.Of(raw), depth-1); err != nil {
				return err
			}
		}
		return nil
	}
	switch kind {
	case "", "message":
		return d.message(item)
	case "function_call", "custom_tool_call", "tool_search_call":
		return d.call(item, kind)
	case "function_call_output", "custom_tool_call_output", "tool_search_output":
		return d.result(item, kind)
	case "reasoning":
		d.reasoningItem(item)
	case "item_reference":
		return unknownReference(item)
	case "additional_tools":
		return d.tools(item.Get("tools"))
	case "configuration_update":
		return d.update(item)
	case "compaction", "compaction_summary":
		d.compaction(item)
	case "compaction_trigger":
		d.head.Compact = true
	default:
		role := llm.RoleAssistant
		if strings.HasSuffix(kind, "_output") || kind == "mcp_approval_response" {
			role = llm.RoleTool
		}
		d.part(role, llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(item.Raw())})
	}
	return nil
}

func unknownReference(item jsonread.Value) error {
	return llm.Errorf(llm.ErrBadRequest, "input refers to the item %q, which is not known here; send the item itself",
		item.Get("id").String()).WithCode("item_not_found")
}

// update takes a configuration_update: what it says holds for the answer that is asked for.
func (d *requestDecoder) update(item jsonread.Value) error {
	if r := item.Get("reasoning"); r.IsObject() {
		if err := d.reasoning(r); err != nil {
			return err
		}
	}
	if t := item.Get("text"); t.IsObject() {
		return d.text(t)
	}
	return nil
}

func (d *requestDecoder) message(item jsonread.Value) error {
	var role llm.Role
	switch r := item.Get("role").String(); r {
	case "user", "assistant", "system":
		role = llm.Role(r)
	case "developer":
		role = llm.RoleSystem
	case "":
		if item.Get("id").Exists() && !item.Get("content").Exists() {
			return unknownReference(item)
		}
		return bad("input", "holds a message without a role")
	default:
		return bad("input", "holds a message with the unknown role %q", r)
	}
	if role != llm.RoleAssistant {
		d.role = "" // a turn of its own
	}
	if phase := item.Get("phase").String(); phase != "" {
		d.notice("input.phase", "it is not carried to a provider of another dialect")
	}
	content := item.Get("content")
	switch {
	case content.Type() == jsonread.String:
		d.part(role, llm.Text{Text: content.Str()})
	case content.IsArray():
		for _, c := range content.Array() {
			p, err := contentPart(c)
			if err != nil {
				return err
			}
			d.part(role, p)
		}
	default:
		return bad("input", "holds a message whose content is neither a string nor a list")
	}
	return nil
}

func (d *requestDecoder) call(item jsonread.Value, kind string) error {
	id := item.Get("call_id").String()
	call := llm.ToolCall{ID: id, Name: d.head.names.find(item.Get("namespace").String(), item.Get("name").String())}
	switch kind {
	case "function_call":
		if args := item.Get("arguments").String(); args != "" {
			call.Input = json.RawMessage(args)
		}
	case "custom_tool_call":
		call.Freeform = true
		call.Input = jsonedit.String(item.Get("input").String())
	default: // tool_search_call
		if item.Get("execution").String() != "client" {
			d.part(llm.RoleAssistant, llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(item.Raw())})
			return nil
		}
		call.Name = "tool_search"
		if args := item.Get("arguments"); args.IsObject() {
			call.Input = json.RawMessage(args.Raw())
		}
	}
	if id == "" || call.Name == "" {
		return bad("input", "holds a %s without its call_id or name", kind)
	}
	d.callNames[id] = call.Name
	d.part(llm.RoleAssistant, call)
	return nil
}

func (d *requestDecoder) result(item jsonread.Value, kind string) error {
	id := item.Get("call_id").String()
	if kind == "tool_search_output" {
		if item.Get("execution").String() != "client" {
			d.part(llm.RoleTool, llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(item.Raw())})
			return nil
		}
		if err := d.tools(item.Get("tools")); err != nil {
			return err
		}
	}
	if id == "" {
		return bad("input", "holds a %s without its call_id", kind)
	}
	out := llm.ToolResult{CallID: id, Name: d.callNames[id], Cache: cacheMark(item)}
	output := item.Get("output")
	switch {
	case kind == "tool_search_output":
		out.Parts = []llm.Part{llm.Text{Text: item.Get("tools").Raw()}}
	case output.Type() == jsonread.String:
		out.Parts = []llm.Part{llm.Text{Text: output.Str()}}
	case output.IsArray():
		for _, c := range output.Array() {
			p, err := contentPart(c)
			if err != nil {
				return err
			}
			out.Parts = append(out.Parts, p)
		}
	default:
		return bad("input", "holds a %s whose output is neither a string nor a list", kind)
	}
	d.part(llm.RoleTool, out)
	return nil
}

// reasoningItem reads reasoning. Its encrypted content is our carrier, or the client's own provider's; a carrier that is
// damaged is left out, since nobody could read it.
func (d *requestDecoder) reasoningItem(item jsonread.Value) {
	out := llm.Reasoning{Text: joined(item.Get("content"))}
	if out.Text == "" {
		out.Text = joined(item.Get("summary"))
	}
	secret := item.Get("encrypted_content").String()
	origin, kind, payload, ours := carry.Unpack(secret)
	switch {
	case !ours && carry.Tagged(secret):
		d.notice("input.encrypted_content", "a reasoning item's encrypted content was altered and is left out")
	case !ours:
		out.Signature = secret
	case kind == carry.Call:
		if id, signature, ok := strings.Cut(string(payload), "\n"); ok {
			d.signatures[id] = signed{signature, origin}
		}
		return
	case kind == carry.Opaque && jsonread.Valid(payload):
		out.Opaque, out.Origin = payload, origin
	case kind == carry.Signature:
		out.Signature, out.Origin = string(payload), origin
	case kind == carry.Plain:
		out.Origin = origin
	}
	if out.Text != "" || out.Signature != "" || out.Opaque != nil {
		d.part(llm.RoleAssistant, out)
	}
}

// joined are the texts of a list, a blank line between them.
func joined(list jsonread.Value) string {
	var b strings.Builder
	for i, t := range list.Array() {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(t.Get("text").String())
	}
	return b.String()
}

// settle puts the signatures on their calls.
func (d *requestDecoder) settle() {
	if len(d.signatures) == 0 {
		return
	}
	for _, m := range d.req.Messages {
		for i, p := range m.Parts {
			if call, ok := p.(llm.ToolCall); ok {
				if s, ok := d.signatures[call.ID]; ok {
					call.Signature, call.Origin = s.signature, s.origin
					m.Parts[i] = call
				}
			}
		}
	}
}
