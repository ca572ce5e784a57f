package gemini

import (
	"encoding/json"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// DecodeRequest reads a client's request (API reference, "Generating content"), in the spellings systemInstruction and
// system_instruction; model and stream stand in the path (see Path) and come from the caller. Its errors are of class
// bad request and say what is wrong where.
//
// Calls without an id get one that stays the same as the conversation grows, and results find their call by id, else by
// name and order. Members that the vocabulary has no word for are in Request.Extra by their path
// ("generationConfig.responseModalities").
func DecodeRequest(body []byte, model string, stream bool) (*llm.Request, error) {
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON").WithCode("invalid_json")
	}
	if !root.IsObject() {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not a JSON object").WithCode("invalid_json")
	}
	p := &parser{req: &llm.Request{Model: model, Stream: stream}}
	if err := each(root, p.member); err != nil {
		return nil, err
	}
	if p.contents == nil {
		return nil, bad("contents", "is missing; send at least one content")
	}
	conversation, err := p.conversation(*p.contents)
	if err != nil {
		return nil, err
	}
	p.req.Messages = append(p.req.Messages, conversation...)
	p.allowed()
	p.format()
	return p.req, nil
}

func bad(field, format string, args ...any) *llm.Error {
	return llm.Errorf(llm.ErrBadRequest, `"`+field+`" `+format, args...).WithCode("INVALID_ARGUMENT")
}

// each calls fn for each member of an object with its name in camelCase, up to the first error.
func each(object jsonread.Value, fn func(name string, v jsonread.Value) error) (err error) {
	object.ForEach(func(key, value jsonread.Value) bool {
		err = fn(camel(key.String()), value)
		return err == nil
	})
	return err
}

type parser struct {
	req      *llm.Request
	contents *jsonread.Value
	allow    []string // the functions that may be called, where not all may
	mimeType string
	schema   json.RawMessage
}

func (p *parser) extra(name string, v jsonread.Value) {
	if v.Type() != jsonread.Null {
		p.req.Extra = append(p.req.Extra, llm.Extra{Dialect: llm.Gemini, Name: name, Raw: json.RawMessage(v.Raw())})
	}
}

func (p *parser) member(name string, v jsonread.Value) error {
	if v.Type() == jsonread.Null {
		return nil
	}
	switch name {
	case "contents":
		p.contents = &v
	case "systemInstruction":
		return p.systemInstruction(v)
	case "tools":
		return p.tools(v)
	case "toolConfig":
		if !v.IsObject() {
			return bad(name, "must be an object")
		}
		return each(v, p.toolConfig)
	case "generationConfig":
		if !v.IsObject() {
			return bad(name, "must be an object")
		}
		return each(v, p.generation)
	case "serviceTier":
		p.req.ServiceTier = strings.ToLower(v.String())
	case "model":
		if p.req.Model == "" {
			p.req.Model = strings.TrimPrefix(v.String(), "models/")
		}
	default:
		p.extra(name, v)
	}
	return nil
}

func (p *parser) systemInstruction(v jsonread.Value) error {
	var parts []llm.Part
	if v.Type() == jsonread.String { // which some SDKs send
		parts = append(parts, llm.Text{Text: v.Str()})
	} else {
		for _, one := range partsOf(v) {
			if one.Get("text").Type() != jsonread.String {
				return bad("systemInstruction", "can only hold text")
			}
			parts = append(parts, llm.Text{Text: one.Get("text").Str()})
		}
	}
	if len(parts) > 0 {
		p.req.Messages = append(p.req.Messages, llm.Message{Role: llm.RoleSystem, Parts: parts})
	}
	return nil
}

// partsOf gives a content's parts; a single one may stand without its list.
func partsOf(v jsonread.Value) []jsonread.Value {
	parts := v.Get("parts")
	if parts.IsObject() {
		return []jsonread.Value{parts}
	}
	return parts.Array()
}

func (p *parser) tools(v jsonread.Value) error {
	list := v.Array()
	if v.IsObject() {
		list = []jsonread.Value{v}
	}
	for _, t := range list {
		if !t.IsObject() {
			return bad("tools", "must hold objects")
		}
		err := each(t, func(name string, v jsonread.Value) error {
			if name != "functionDeclarations" {
				own := &llm.Opaque{Dialect: llm.Gemini, Raw: json.RawMessage(`{"` + name + `":` + v.Raw() + `}`)}
				p.req.Tools = append(p.req.Tools, llm.Tool{Name: name, Own: own})
				return nil
			}
			for _, f := range v.Array() {
				tool, err := function(f)
				if err != nil {
					return err
				}
				p.req.Tools = append(p.req.Tools, tool)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func function(f jsonread.Value) (t llm.Tool, err error) {
	err = each(f, func(name string, v jsonread.Value) error {
		switch name {
		case "name":
			t.Name = v.String()
		case "description":
			t.Description = v.String()
		case "parameters":
			if v.IsObject() {
				t.InputSchema = jsonSchema(json.RawMessage(v.Raw()))
			}
		case "parametersJsonSchema":
			if v.IsObject() {
				t.InputSchema = json.RawMessage(v.Raw())
			}
		}
		return nil
	})
	if t.Name == "" {
		return t, bad("tools.functionDeclarations", "holds a function without a name")
	}
	if t.InputSchema == nil {
		t.InputSchema = json.RawMessage(`{"type":"object","properties":{}}`)
	}
	return t, err
}

func (p *parser) toolConfig(name string, v jsonread.Value) error {
	if name != "functionCallingConfig" {
		p.extra("toolConfig."+name, v)
		return nil
	}
	choice := &llm.ToolChoice{Mode: llm.ToolAuto}
	err := each(v, func(name string, v jsonread.Value) error {
		switch name {
		case "mode":
			switch mode := strings.ToUpper(v.String()); mode {
			case "AUTO", "MODE_UNSPECIFIED", "":
			case "VALIDATED":
				p.extra(extraValidated, v)
			case "ANY":
				choice.Mode = llm.ToolRequired
			case "NONE":
				choice.Mode = llm.ToolNone
			default:
				return bad("toolConfig.functionCallingConfig.mode", "must be AUTO, ANY, NONE or VALIDATED, not %q", mode)
			}
		case "allowedFunctionNames":
			for _, n := range v.Array() {
				p.allow = append(p.allow, n.String())
			}
		default:
			p.extra("toolConfig.functionCallingConfig."+name, v)
		}
		return nil
	})
	p.req.ToolChoice = choice
	return err
}

// allowed narrows the tools to those that may be called.
func (p *parser) allowed() {
	choice := p.req.ToolChoice
	if choice == nil || len(p.allow) == 0 || choice.Mode == llm.ToolNone {
		return
	}
	if len(p.allow) == 1 && choice.Mode == llm.ToolRequired {
		choice.Mode, choice.Name = llm.ToolNamed, p.allow[0]
		return
	}
	tools := p.req.Tools[:0:0]
	for _, t := range p.req.Tools {
		ok := t.Own != nil
		for _, name := range p.allow {
			ok = ok || name == t.Name
		}
		if ok {
			tools = append(tools, t)
		}
	}
	p.req.Tools = tools
}

func (p *parser) generation(name string, v jsonread.Value) (err error) {
	if v.Type() == jsonread.Null {
		return nil
	}
	r, field := p.req, "generationConfig."+name
	switch name {
	case "temperature":
		r.Temperature, err = number(field, v)
	case "topP":
		r.TopP, err = number(field, v)
	case "topK":
		r.TopK, err = integer(field, v)
	case "maxOutputTokens":
		r.MaxOutputTokens, err = integer(field, v)
	case "seed":
		r.Seed, err = integer(field, v)
	case "presencePenalty":
		r.PresencePenalty, err = number(field, v)
	case "frequencyPenalty":
		r.FrequencyPenalty, err = number(field, v)
	case "stopSequences":
		for _, s := range v.Array() {
			r.Stop = append(r.Stop, s.String())
		}
	case "candidateCount":
		n, err := integer(field, v)
		if err != nil {
			return err
		}
		if *n > 1 {
			return bad(field, "can only be 1: one answer is given")
		}
	case "responseMimeType":
		p.mimeType = v.String()
		if p.mimeType == "text/x.enum" {
			return bad(field, `can't be "text/x.enum"; use "application/json" with a schema of type string and an enum`)
		}
	case "responseSchema":
		if p.schema == nil && v.IsObject() {
			p.schema = jsonSchema(json.RawMessage(v.Raw()))
		}
	case "responseJsonSchema":
		p.schema = json.RawMessage(v.Raw())
	case "thinkingConfig":
		return p.thinking(v)
	default:
		p.extra(field, v)
	}
	return err
}

func (p *parser) format() {
	if p.mimeType == "application/json" || p.schema != nil {
		p.req.Format = &llm.Format{Schema: p.schema}
	}
}

func (p *parser) thinking(v jsonread.Value) error {
	if !v.IsObject() {
		return bad("generationConfig.thinkingConfig", "must be an object")
	}
	out := &llm.ReasoningConfig{}
	err := each(v, func(name string, v jsonread.Value) error {
		field := "generationConfig.thinkingConfig." + name
		switch name {
		case "includeThoughts":
			if v.Bool() {
				out.Summary = "auto"
			}
		case "thinkingLevel":
			if level := strings.ToLower(v.String()); level != "thinking_level_unspecified" {
				out.Effort = level
			}
		case "thinkingBudget":
			n, err := integer(field, v)
			switch {
			case err != nil:
				return err
			case *n < 0:
				out.Adaptive = true
			case *n == 0:
				out.Effort = "none"
			default:
				out.Budget = n
			}
		default:
			p.extra(field, v)
		}
		return nil
	})
	if *out != (llm.ReasoningConfig{}) {
		p.req.Reasoning = out
	}
	return err
}

func number(field string, v jsonread.Value) (*float64, error) {
	if v.Type() != jsonread.Number {
		return nil, bad(field, "must be a number")
	}
	return new(v.Float()), nil
}

// integer takes a number or, as protobuf's JSON does, a string of one.
func integer(field string, v jsonread.Value) (*int64, error) {
	text := v.Raw()
	if v.Type() == jsonread.String {
		text = v.Str()
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return &n, nil
	}
	if v.Type() == jsonread.Number && v.Float() == float64(int64(v.Float())) { // 1e3
		return new(int64(v.Float())), nil
	}
	return nil, bad(field, "must be a whole number")
}
