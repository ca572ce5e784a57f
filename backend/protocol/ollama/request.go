package ollama

import (
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
)

// Head gives a request's model and whether it asks for a stream, which it does unless it says no. Requests of the older
// shape name the model "name".
func Head(body []byte) (model string, stream bool, err error) {
	spans, err := jsonedit.Find(body, "model", "name", "stream")
	if err != nil {
		return "", false, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON: %w", err).WithCode("invalid_json")
	}
	at := spans[0]
	if !at.Found() {
		at = spans[1]
	}
	name := jsonread.Of(at.Of(body))
	if at.Found() && name.Type() != jsonread.String {
		return "", false, bad("model", "must be a string")
	}
	if name.Str() == "" {
		return "", false, llm.Errorf(llm.ErrBadRequest, `the request names no model; set "model" to a name from GET /api/tags`).
			WithCode("model_missing")
	}
	stream = true
	if spans[2].Found() {
		v := jsonread.Of(spans[2].Of(body))
		if !v.IsBool() && v.Type() != jsonread.Null {
			return "", false, bad("stream", "must be true or false")
		}
		stream = v.Type() != jsonread.False
	}
	return name.Str(), stream, nil
}

// Loads tells whether a request asks nothing, which loads a model into memory, or frees it from there where keep_alive
// is 0 (API reference, "Load a model", "Unload a model").
func Loads(body []byte) (loads, unload bool) {
	root := jsonread.Of(body)
	if !root.IsObject() {
		return false, false
	}
	empty := func(name string) bool {
		v := root.Get(name)
		return v.Type() == jsonread.Null || v.Raw() == `""` || v.IsArray() && len(v.Array()) == 0
	}
	keep := root.Get("keep_alive")
	zero := keep.Type() == jsonread.Number && keep.Float() == 0 || strings.Trim(keep.Str(), "0.msh") == "" && keep.Str() != ""
	return empty("messages") && empty("prompt") && empty("images") && empty("suffix"), zero
}

// DecodeChat reads a request of /api/chat (API reference, "Generate a chat completion"). Its errors are *llm.Error of
// class bad request that name the member.
//
// Calls without an id get one that stays the same as the conversation grows. Members that the vocabulary has no word for
// are in Request.Extra by their path ("options.min_p").
func DecodeChat(body []byte) (*llm.Request, error) {
	d := decoder{req: &llm.Request{Stream: true}}
	if err := d.each(body, d.chatMember); err != nil {
		return nil, err
	}
	if len(d.req.Messages) == 0 {
		return nil, bad("messages", "must be a list with at least one message")
	}
	return d.req, nil
}

// DecodeGenerate reads a request of /api/generate (API reference, "Generate a completion"), as DecodeChat does.
func DecodeGenerate(body []byte) (*llm.Request, error) {
	d := decoder{req: &llm.Request{Stream: true}}
	var system, prompt string
	var images []llm.Part
	err := d.each(body, func(name string, v jsonread.Value) (err error) {
		switch name {
		case "prompt":
			prompt, err = text(name, v)
		case "system":
			system, err = text(name, v)
		case "images":
			images, err = media(name, v)
		case "suffix":
			err = refuse(name, v.Raw() != `""`, "can't be honoured: only Ollama itself fills in a middle")
		case "template":
			err = refuse(name, v.Raw() != `""`, "can't be honoured: the model's server writes the prompt; leave it out")
		case "raw":
			err = refuse(name, v.Bool(), "can't be honoured: the model's server writes the prompt; leave it out, or ask /api/chat")
		case "context":
			err = refuse(name, len(v.Array()) > 0, "is of another server; send the conversation to /api/chat")
		default:
			err = d.member(name, v)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if system != "" {
		d.req.Messages = append(d.req.Messages, llm.Message{Role: llm.RoleSystem, Parts: []llm.Part{llm.Text{Text: system}}})
	}
	if prompt == "" && len(images) == 0 {
		return nil, bad("prompt", "must not be empty")
	}
	user := llm.Message{Role: llm.RoleUser}
	if prompt != "" {
		user.Parts = append(user.Parts, llm.Text{Text: prompt})
	}
	user.Parts = append(user.Parts, images...)
	d.req.Messages = append(d.req.Messages, user)
	return d.req, nil
}

func bad(field, text string) error {
	return llm.Errorf(llm.ErrBadRequest, "%s %s", field, text).WithCode("invalid_value").WithParam(field)
}

func refuse(field string, asked bool, text string) error {
	if !asked {
		return nil
	}
	return bad(field, text)
}

func text(field string, v jsonread.Value) (string, error) {
	if v.Type() != jsonread.String && v.Type() != jsonread.Null {
		return "", bad(field, "must be a string")
	}
	return v.Str(), nil
}

// raw is a value's own text. The copy lets the body go.
func raw(v jsonread.Value) json.RawMessage { return json.RawMessage(v.Raw()) }

type decoder struct{ req *llm.Request }

// each calls fn for each member that is not null, up to the first error.
func (d *decoder) each(body []byte, fn func(string, jsonread.Value) error) error {
	root, err := jsonread.Parse(body)
	if err != nil || !root.IsObject() {
		return llm.Errorf(llm.ErrBadRequest, "the request body is not a JSON object").WithCode("invalid_json")
	}
	root.ForEach(func(key, v jsonread.Value) bool {
		if v.Type() != jsonread.Null {
			err = fn(key.Str(), v)
		}
		return err == nil
	})
	return err
}

func (d *decoder) extra(name string, v jsonread.Value) {
	d.req.Extra = append(d.req.Extra, llm.Extra{Dialect: llm.Ollama, Name: name, Raw: raw(v)})
}

func (d *decoder) chatMember(name string, v jsonread.Value) (err error) {
	switch name {
	case "messages":
		d.req.Messages, err = conversation(v)
	case "tools":
		err = d.tools(v)
	default:
		err = d.member(name, v)
	}
	return err
}

// member reads what both kinds of request have.
func (d *decoder) member(name string, v jsonread.Value) (err error) {
	switch name {
	case "model", "name":
		if d.req.Model == "" || name == "model" {
			d.req.Model, err = text(name, v)
		}
	case "stream":
		d.req.Stream = v.Type() != jsonread.False
	case "format":
		err = d.format(v)
	case "think":
		err = d.think(v)
	case "options":
		err = d.options(v)
	case "logprobs", "debug_render_only":
		if v.Type() != jsonread.False {
			d.extra(name, v)
		}
	default:
		d.extra(name, v)
	}
	return err
}

func (d *decoder) format(v jsonread.Value) error {
	switch {
	case v.Raw() == `""`:
	case v.Str() == "json":
		d.req.Format = &llm.Format{}
	case v.IsObject():
		d.req.Format = &llm.Format{Schema: raw(v)}
	default:
		return bad("format", `must be "json" or a JSON schema`)
	}
	return nil
}

// efforts are the levels of think in the vocabulary's words.
var efforts = map[string]string{
	"none": "none", "minimal": "minimal", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max", "ultra": "max",
}

func (d *decoder) think(v jsonread.Value) error {
	effort, known := efforts[strings.ToLower(v.Str())]
	switch {
	case v.Type() == jsonread.False, effort == "none":
		d.req.Reasoning = &llm.ReasoningConfig{Effort: "none"}
	case v.Type() == jsonread.True:
		d.req.Reasoning = &llm.ReasoningConfig{Adaptive: true, Summary: "auto"}
	case known:
		d.req.Reasoning = &llm.ReasoningConfig{Effort: effort, Summary: "auto"}
	case v.Raw() != `""`:
		return bad("think", "must be true, false, or low, medium, high or max")
	}
	return nil
}

func (d *decoder) options(v jsonread.Value) (err error) {
	if !v.IsObject() {
		return bad("options", "must be an object")
	}
	v.ForEach(func(key, v jsonread.Value) bool {
		if v.Type() != jsonread.Null {
			err = d.option(key.Str(), "options."+key.Str(), v)
		}
		return err == nil
	})
	return err
}

func (d *decoder) option(name, field string, v jsonread.Value) (err error) {
	r := d.req
	switch name {
	case "temperature":
		r.Temperature, err = number(field, v)
	case "top_p":
		r.TopP, err = number(field, v)
	case "frequency_penalty":
		r.FrequencyPenalty, err = number(field, v)
	case "presence_penalty":
		r.PresencePenalty, err = number(field, v)
	case "top_k":
		r.TopK, err = integer(field, v, 1)
	case "seed":
		r.Seed, err = integer(field, v, 0)
	case "num_predict":
		r.MaxOutputTokens, err = integer(field, v, 1)
	case "stop":
		r.Stop, err = stops(field, v)
	default:
		d.extra(field, v)
	}
	return err
}

func number(field string, v jsonread.Value) (*float64, error) {
	if v.Type() != jsonread.Number {
		return nil, bad(field, "must be a number")
	}
	return new(v.Float()), nil
}

// integer gives a number, nil for one below least: those mean that there is no limit.
func integer(field string, v jsonread.Value, least int64) (*int64, error) {
	n := v.Int()
	if v.Type() != jsonread.Number || v.Float() != float64(n) {
		return nil, bad(field, "must be a whole number")
	}
	if n < least {
		return nil, nil //nolint:nilnil // as said
	}
	return &n, nil
}

func stops(field string, v jsonread.Value) (out []string, err error) {
	for _, s := range v.Array() {
		if s.Type() != jsonread.String {
			return nil, bad(field, "must be a list of strings")
		}
		if s.Str() != "" {
			out = append(out, s.Str())
		}
	}
	return out, nil
}

func (d *decoder) tools(v jsonread.Value) error {
	if !v.IsArray() {
		return bad("tools", "must be a list")
	}
	for _, t := range v.Array() {
		f := t.Get("function")
		tool := llm.Tool{Name: f.Get("name").Str(), Description: f.Get("description").Str()}
		if tool.Name == "" {
			return bad("tools[].function.name", "must not be empty")
		}
		if schema := f.Get("parameters"); schema.IsObject() {
			tool.InputSchema = raw(schema)
		}
		d.req.Tools = append(d.req.Tools, tool)
	}
	return nil
}
