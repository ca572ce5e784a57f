package aisdk

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// Call is a decoded request.
type Call struct {
	Request *llm.Request
	// Gateway is providerOptions.gateway as it came, for the router; nil where there is none.
	Gateway json.RawMessage
	// Notices tell what of the request can't be done at all, whatever the provider.
	Notices []llm.Notice
}

// DecodeRequest reads a language model's call: what Ladder, VendorOptions and PartOptions say. Its errors are *llm.Error
// of class bad request that name the field.
func DecodeRequest(head Head, body []byte) (*Call, error) {
	if head.Model == "" {
		return nil, llm.Errorf(llm.ErrBadRequest,
			"the request names no model; the header %s must be an id from getAvailableModels(), or \"gatehouse/active\"",
			modelHeader).WithCode("model_missing")
	}
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON").WithCode("invalid_json")
	}
	if !root.IsObject() {
		return nil, bad("the request body", "must be a JSON object")
	}
	d := &decoder{call: &Call{Request: &llm.Request{Model: head.Model, Stream: head.Stream}}}
	d.creator, _, _ = strings.Cut(head.Model, "/")
	var members object
	members.read(root)
	for _, rung := range callOptions {
		v := members.get(rung.Field)
		if v.Type() == jsonread.Null || rung.read == nil {
			continue
		}
		if err := rung.read(d, v); err != nil {
			return nil, err
		}
	}
	if len(d.call.Request.Messages) == 0 {
		return nil, bad("prompt", "must hold at least one message")
	}
	for name, v := range members.all {
		if !slices.ContainsFunc(callOptions, func(r Rung) bool { return r.Field == name }) {
			d.keep(name, v)
		}
	}
	d.settle()
	return d.call, nil
}

type decoder struct {
	call *Call
	// creator is the first half of the model's id.
	creator string
	// gone are the names of tools that were dropped.
	gone map[string]bool
	// forbidParallel was asked for by a vendor's option.
	forbidParallel bool
	strictSchema   *bool
}

func (d *decoder) notice(field, message string) {
	for _, n := range d.call.Notices {
		if n.Field == field && n.Message == message {
			return
		}
	}
	d.call.Notices = append(d.call.Notices, llm.Notice{Field: field, Message: message})
}

func (d *decoder) keep(name string, v jsonread.Value) {
	extra := llm.Extra{Dialect: llm.AISDK, Name: name, Raw: json.RawMessage(v.Raw())}
	d.call.Request.Extra = append(d.call.Request.Extra, extra)
}

// settle brings together what several fields decide.
func (d *decoder) settle() {
	r := d.call.Request
	if d.strictSchema != nil && r.Format != nil && r.Format.Schema != nil {
		r.Format.Strict = d.strictSchema
	}
	if d.forbidParallel && len(r.Tools) > 0 {
		if r.ToolChoice == nil {
			r.ToolChoice = &llm.ToolChoice{Mode: llm.ToolAuto}
		}
		r.ToolChoice.NoParallel = true
	}
}

// bad is an error about a field.
func bad(field, message string) error { return badf("%s %s", field, message) }

// badf is an error about the request.
func badf(format string, args ...any) error {
	return llm.Errorf(llm.ErrBadRequest, format, args...).WithCode("invalid_request")
}

func whole(at func(*llm.Request) **int64) func(*decoder, jsonread.Value) error {
	return func(d *decoder, v jsonread.Value) error {
		n := v.Int()
		if v.Type() != jsonread.Number || float64(n) != v.Float() {
			return badf("maxOutputTokens, topK and seed must be whole numbers, not %.40s", v.Raw())
		}
		*at(d.call.Request) = &n
		return nil
	}
}

func real(at func(*llm.Request) **float64) func(*decoder, jsonread.Value) error {
	return func(d *decoder, v jsonread.Value) error {
		if v.Type() != jsonread.Number {
			return badf("temperature, topP, presencePenalty and frequencyPenalty must be numbers, not %.40s", v.Raw())
		}
		*at(d.call.Request) = new(v.Float())
		return nil
	}
}

// text takes a string where no earlier rung gave one.
func text(at func(*llm.Request) *string) func(*decoder, jsonread.Value) error {
	return func(d *decoder, v jsonread.Value) error {
		if to := at(d.call.Request); *to == "" && v.Type() == jsonread.String {
			*to = v.Str()
		}
		return nil
	}
}

func (d *decoder) stop(v jsonread.Value) error {
	if !v.IsArray() {
		return bad("stopSequences", "must be a list of strings")
	}
	for _, s := range v.Array() {
		if s.Type() != jsonread.String {
			return bad("stopSequences", "must be a list of strings")
		}
		d.call.Request.Stop = append(d.call.Request.Stop, s.Str())
	}
	return nil
}

func (d *decoder) format(v jsonread.Value) error {
	switch kind := v.Get("type").String(); kind {
	case "text":
		return nil
	case "json":
		f := &llm.Format{Name: v.Get("name").String(), Description: v.Get("description").String()}
		if schema := v.Get("schema"); schema.IsObject() {
			f.Schema = json.RawMessage(schema.Raw())
		} else if schema.Exists() && schema.Type() != jsonread.Null {
			return bad("responseFormat.schema", "must be a JSON schema")
		}
		d.call.Request.Format = f
		return nil
	default:
		return badf("responseFormat.type must be text or json, not %q", kind)
	}
}

// gatewayTools starts the ids of tools that the hosted gateway runs itself.
const gatewayTools = "gateway."

func (d *decoder) tools(v jsonread.Value) error {
	if !v.IsArray() {
		return bad("tools", "must be a list")
	}
	for _, own := range v.ForEach {
		var t object
		t.read(own)
		name := t.get("name").String()
		switch kind := t.get("type").String(); kind {
		case "function":
			if name == "" {
				return bad("tools", "holds a function without a name")
			}
			tool := llm.Tool{Name: name, Description: t.get("description").String()}
			tool.Cache = d.options("tools", t.get("providerOptions")).cache
			if schema := t.get("inputSchema"); schema.IsObject() {
				tool.InputSchema = json.RawMessage(schema.Raw())
			} else {
				tool.InputSchema = json.RawMessage(`{"type":"object"}`)
			}
			if strict := t.get("strict"); strict.IsBool() {
				tool.Strict = new(strict.Bool())
			}
			if len(t.get("inputExamples").Array()) > 0 {
				d.notice("tools", "input examples were left out")
			}
			d.call.Request.Tools = append(d.call.Request.Tools, tool)
		case "provider", "provider-defined": // the first since version 3, the second before
			if id := t.get("id").String(); strings.HasPrefix(id, gatewayTools) {
				if d.gone == nil {
					d.gone = map[string]bool{}
				}
				d.gone[name] = true
				d.notice(toolField+name, id+" runs on the hosted gateway only, so it was left out")
				continue
			}
			raw := llm.Opaque{Dialect: llm.AISDK, Raw: json.RawMessage(own.Raw())}
			d.call.Request.Tools = append(d.call.Request.Tools, llm.Tool{Name: name, Own: &raw})
		default:
			return badf("tools: a tool's type must be function or provider, not %q", kind)
		}
	}
	return nil
}

func (d *decoder) toolChoice(v jsonread.Value) error {
	choice := llm.ToolChoice{}
	switch kind := v.Get("type").String(); kind {
	case "auto":
		choice.Mode = llm.ToolAuto
	case "none":
		choice.Mode = llm.ToolNone
	case "required":
		choice.Mode = llm.ToolRequired
	case "tool":
		choice.Mode, choice.Name = llm.ToolNamed, v.Get("toolName").String()
	default:
		return badf("toolChoice.type must be auto, none, required or tool, not %q", kind)
	}
	forced := choice.Mode == llm.ToolRequired || choice.Mode == llm.ToolNamed
	switch none := len(d.call.Request.Tools) == 0; {
	case forced && (none || d.gone[choice.Name]):
		return bad("toolChoice", "forces a tool, but there is none that can run here; give a tool or leave the choice out")
	case none:
		return nil // AI SDK 7 says auto even without tools
	}
	d.call.Request.ToolChoice = &choice
	return nil
}

func (d *decoder) rawChunks(v jsonread.Value) error {
	if v.Bool() {
		d.notice("includeRawChunks", "raw chunks are not available")
	}
	return nil
}
