package responses

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// tools reads the list of tools (API reference, "Create a model response", tools).
func (d *requestDecoder) tools(v jsonread.Value) error {
	if !v.IsArray() {
		return bad("tools", "must be a list")
	}
	for _, t := range v.Array() {
		if err := d.tool("", t); err != nil {
			return err
		}
	}
	return nil
}

// tool reads one tool. A namespace's description goes to its first tool, since the vocabulary has no namespaces.
func (d *requestDecoder) tool(namespace string, t jsonread.Value) error {
	own := ownName{namespace: namespace, name: t.Get("name").String()}
	out := llm.Tool{Description: t.Get("description").String(), Cache: cacheMark(t)}
	switch kind := t.Get("type").String(); kind {
	case "function":
		out.Strict = optional(t.Get("strict"))
		if p := t.Get("parameters"); p.IsObject() {
			out.InputSchema = json.RawMessage(p.Raw())
		}
	case "custom":
		own.kind = customTool
		out.Freeform = json.RawMessage(`{"type":"text"}`)
		if f := t.Get("format"); f.IsObject() {
			out.Freeform = json.RawMessage(f.Raw())
		}
	case "namespace":
		return d.namespace(own.name, t)
	case "tool_search":
		if t.Get("execution").String() == "client" {
			own = ownName{name: kind, kind: searchTool}
			if p := t.Get("parameters"); p.IsObject() {
				out.InputSchema = json.RawMessage(p.Raw())
			}
			break
		}
		fallthrough
	default:
		if kind == "" {
			return bad("tools", "holds a tool without a type")
		}
		d.add(llm.Tool{Own: &llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(t.Raw())}})
		return nil
	}
	if own.name == "" {
		return bad("tools", "holds a %s tool without a name", t.Get("type").String())
	}
	out.Name = d.head.names.add(own)
	d.add(out)
	return nil
}

func (d *requestDecoder) namespace(name string, t jsonread.Value) error {
	if name == "" {
		return bad("tools", "holds a namespace without a name")
	}
	before := len(d.req.Tools)
	for _, member := range t.Get("tools").Array() {
		switch member.Get("type").String() {
		case "function", "custom":
		default:
			return bad("tools", "holds a namespace with a tool of type %q", member.Get("type").String())
		}
		if err := d.tool(name, member); err != nil {
			return err
		}
	}
	if about := t.Get("description").String(); about != "" && len(d.req.Tools) > before {
		first := &d.req.Tools[before]
		if first.Description != "" {
			about += "\n\n"
		}
		first.Description = about + first.Description
	}
	return nil
}

// add appends a tool, in place of one that has its name: a later item may bring a tool again.
func (d *requestDecoder) add(t llm.Tool) {
	if t.Own == nil {
		for i, have := range d.req.Tools {
			if have.Own == nil && have.Name == t.Name {
				d.req.Tools[i] = t
				return
			}
		}
	}
	d.req.Tools = append(d.req.Tools, t)
}

func cacheMark(v jsonread.Value) *llm.CacheMark {
	// Most parts have none, and looking for the word is cheaper than for the member.
	if !strings.Contains(v.Raw(), "prompt_cache_breakpoint") || !v.Get("prompt_cache_breakpoint").IsObject() {
		return nil
	}
	return &llm.CacheMark{TTL: longCache(v.Get("prompt_cache_breakpoint.ttl").String())}
}

// longCache maps the dialect's lifetimes (30m, 12h) to the vocabulary's.
func longCache(ttl string) string {
	if ttl == "" {
		return ""
	}
	return "1h"
}

func (d *requestDecoder) choose(mode llm.ToolMode, name string) {
	if d.req.ToolChoice == nil {
		d.req.ToolChoice = &llm.ToolChoice{}
	}
	d.req.ToolChoice.Mode, d.req.ToolChoice.Name = mode, name
}

// toolChoice reads tool_choice. What only this dialect can name (a list of tools, one that the provider runs) becomes a
// shorter list of tools, which means the same.
func (d *requestDecoder) toolChoice(v jsonread.Value) error {
	kind := v.Get("type").String()
	if v.Type() == jsonread.String {
		kind = v.Str()
	}
	name := v.Get("name").String()
	switch kind {
	case "none", "auto", "required":
		d.choose(llm.ToolMode(kind), "")
	case "function", "custom":
		if name == "" {
			return bad("tool_choice", "names no tool")
		}
		d.choose(llm.ToolNamed, d.head.names.find(v.Get("namespace").String(), name))
	case "allowed_tools":
		mode := llm.ToolMode(v.Get("mode").String())
		if mode != llm.ToolAuto && mode != llm.ToolRequired {
			return bad("tool_choice.mode", "must be auto or required")
		}
		allowed := v.Get("tools").Array()
		d.narrow(func(t llm.Tool) bool {
			return slices.ContainsFunc(allowed, func(a jsonread.Value) bool { return d.means(a, t) })
		})
		d.choose(mode, "")
	case "":
		return bad("tool_choice", "must be a mode or an object with a type")
	default:
		d.narrow(func(t llm.Tool) bool { return d.means(v, t) })
		if len(d.req.Tools) == 0 {
			return bad("tool_choice", "asks for %q, which is not among the tools", kind)
		}
		d.choose(llm.ToolRequired, "")
	}
	return nil
}

func (d *requestDecoder) narrow(keep func(llm.Tool) bool) {
	d.req.Tools = slices.DeleteFunc(d.req.Tools, func(t llm.Tool) bool { return !keep(t) })
}

// means tells whether a choice's entry names a tool.
func (d *requestDecoder) means(entry jsonread.Value, t llm.Tool) bool {
	kind := entry.Get("type").String()
	if t.Own != nil {
		own := jsonread.Of(t.Own.Raw)
		label := entry.Get("server_label").String()
		return own.Get("type").String() == kind && (label == "" || own.Get("server_label").String() == label)
	}
	own := d.head.names[t.Name]
	name := entry.Get("name").String()
	switch kind {
	case "function", "custom":
		return own.name == name && own.namespace == entry.Get("namespace").String()
	case "namespace":
		return own.namespace == name
	}
	return own.kind == searchTool && kind == "tool_search"
}

func (d *requestDecoder) parallel(v jsonread.Value) error {
	if !v.IsBool() {
		return bad("parallel_tool_calls", "must be true or false")
	}
	if !v.Bool() {
		if d.req.ToolChoice == nil {
			d.choose(llm.ToolAuto, "")
		}
		d.req.ToolChoice.NoParallel = true
	}
	return nil
}
