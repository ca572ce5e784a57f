package responses

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// requestDecoder reads a client's request.
type requestDecoder struct {
	req  *llm.Request
	head *Head
	opts DecodeOptions
	// callNames gives the tool of a call by its id, since results don't say.
	callNames map[string]string
	// signatures stand on calls; they come in items of their own.
	signatures map[string]signed
	role       llm.Role
}

type signed struct {
	signature string
	origin    llm.Origin
}

// DecodeRequest reads a client's request (API reference, "Create a model response"). Its errors are *llm.Error of class
// bad request that name the field.
func DecodeRequest(body []byte, opts DecodeOptions) (*llm.Request, *Head, error) {
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, nil, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON").WithCode("invalid_json")
	}
	if !root.IsObject() {
		return nil, nil, bad("the request body", "must be a JSON object")
	}
	d := &requestDecoder{
		req:       &llm.Request{},
		head:      &Head{names: names{}, echo: map[string]json.RawMessage{}},
		opts:      opts,
		callNames: map[string]string{}, signatures: map[string]signed{},
	}
	members := map[string]jsonread.Value{}
	root.ForEach(func(key, value jsonread.Value) bool {
		if value.Type() == jsonread.Null {
			return true
		}
		members[key.Str()] = value
		if echoed[key.Str()] {
			d.head.echo[key.Str()] = oneLine(json.RawMessage(value.Raw()))
		}
		if !slices.ContainsFunc(inbound, func(r rung) bool { return r.field == key.Str() }) {
			d.extra(key.Str(), value)
		}
		return true
	})
	for _, r := range inbound {
		value, ok := members[r.field]
		if !ok && r.field != "input" {
			continue
		}
		if r.read != nil {
			if err := r.read(d, value); err != nil {
				return nil, nil, err
			}
		}
	}
	d.settle()
	return d.req, d.head, nil
}

// bad is a request's fault.
func bad(field, why string, args ...any) *llm.Error {
	return llm.Errorf(llm.ErrBadRequest, field+" "+why, args...).WithCode("invalid_value")
}

func (d *requestDecoder) extra(name string, value jsonread.Value) {
	d.req.Extra = append(d.req.Extra, llm.Extra{Dialect: llm.Responses, Name: name, Raw: json.RawMessage(value.Raw())})
}

func (d *requestDecoder) notice(field, message string) {
	d.head.Notices = append(d.head.Notices, llm.Notice{Field: field, Message: message})
}

// integer, number, text and flag read the plain members.
func integer(name string) func(*requestDecoder, jsonread.Value) error {
	return func(d *requestDecoder, v jsonread.Value) error {
		if v.Type() != jsonread.Number || v.Float() != math.Trunc(v.Float()) || v.Float() < 0 || v.Float() > 1<<53 {
			return bad(name, "must be a whole number that is not negative")
		}
		n := v.Int()
		d.req.MaxOutputTokens = &n
		return nil
	}
}

func number(name string) func(*requestDecoder, jsonread.Value) error {
	return func(d *requestDecoder, v jsonread.Value) error {
		if v.Type() != jsonread.Number || math.IsInf(v.Float(), 0) {
			return bad(name, "must be a number")
		}
		n := v.Float()
		if name == "top_p" {
			d.req.TopP = &n
		} else {
			d.req.Temperature = &n
		}
		return nil
	}
}

func text(name string) func(*requestDecoder, jsonread.Value) error {
	return func(d *requestDecoder, v jsonread.Value) error {
		if v.Type() != jsonread.String {
			return bad(name, "must be a string")
		}
		switch name {
		case "service_tier":
			d.req.ServiceTier = v.Str()
		case "prompt_cache_key":
			d.req.CacheKey = v.Str()
		case "safety_identifier":
			d.req.User = v.Str()
		case "user":
			if d.req.User == "" { // the newer name wins
				d.req.User = v.Str()
			}
		case "previous_response_id":
			d.head.PreviousResponseID = v.Str()
		}
		return nil
	}
}

func flag(name string) func(*requestDecoder, jsonread.Value) error {
	return func(d *requestDecoder, v jsonread.Value) error {
		if !v.IsBool() {
			return bad(name, "must be true or false")
		}
		if name == "store" {
			d.head.Store = new(v.Bool())
		} else {
			d.head.Background = v.Bool()
		}
		return nil
	}
}

func (d *requestDecoder) model(v jsonread.Value) error {
	if v.Type() != jsonread.String {
		return bad("model", "must be a string")
	}
	d.req.Model = v.Str()
	return nil
}

func (d *requestDecoder) stream(v jsonread.Value) error {
	if !v.IsBool() {
		return bad("stream", "must be true or false")
	}
	d.req.Stream = v.Bool()
	return nil
}

func (d *requestDecoder) metadata(v jsonread.Value) error {
	if !v.IsObject() {
		return bad("metadata", "must be an object")
	}
	d.req.Metadata = json.RawMessage(v.Raw())
	return nil
}

// conversation is an id or an object that holds one.
func (d *requestDecoder) conversation(v jsonread.Value) error {
	d.head.Conversation = v.Get("id").String()
	if v.Type() == jsonread.String {
		d.head.Conversation = v.Str()
	}
	switch {
	case d.head.Conversation == "":
		return bad("conversation", "must be an id or an object with one")
	case d.head.PreviousResponseID != "":
		return bad("conversation", "can't stand beside previous_response_id; send one of them")
	}
	d.head.echo["conversation"] = append(appendString([]byte(`{"id":`), d.head.Conversation), '}')
	return nil
}

func (d *requestDecoder) prompt(jsonread.Value) error {
	return bad("prompt", "names a prompt that is stored at OpenAI, which other models can't read; "+
		"send its text as instructions and input, or an OpenAI model to OpenAI itself")
}

func (d *requestDecoder) instructions(v jsonread.Value) error {
	if v.Type() != jsonread.String {
		return bad("instructions", "must be a string")
	}
	if v.Str() != "" {
		d.req.Messages = append(d.req.Messages,
			llm.Message{Role: llm.RoleSystem, Parts: []llm.Part{llm.Text{Text: v.Str()}}})
	}
	return nil
}

func (d *requestDecoder) text(v jsonread.Value) error {
	var err error
	v.ForEach(func(key, value jsonread.Value) bool {
		if key.Str() == "format" {
			d.req.Format, err = format(value)
		} else if value.Type() != jsonread.Null {
			d.extra("text."+key.Str(), value)
		}
		return err == nil
	})
	return err
}

func format(v jsonread.Value) (*llm.Format, error) {
	switch kind := v.Get("type").String(); kind {
	case "text", "":
		return nil, nil
	case "json_object":
		return &llm.Format{}, nil
	case "json_schema":
		schema := v.Get("schema")
		if !schema.IsObject() {
			return nil, bad("text.format.schema", "must be a JSON schema")
		}
		return &llm.Format{
			Schema: json.RawMessage(schema.Raw()), Name: v.Get("name").String(),
			Description: v.Get("description").String(), Strict: optional(v.Get("strict")),
		}, nil
	default:
		return nil, bad("text.format.type", "%q is not known; use text, json_object or json_schema", kind)
	}
}

func optional(v jsonread.Value) *bool {
	if !v.IsBool() {
		return nil
	}
	return new(v.Bool())
}

var efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

func (d *requestDecoder) reasoning(v jsonread.Value) error {
	if !v.IsObject() {
		return bad("reasoning", "must be an object")
	}
	if d.req.Reasoning == nil {
		d.req.Reasoning = &llm.ReasoningConfig{}
	}
	config := d.req.Reasoning
	var err error
	v.ForEach(func(key, value jsonread.Value) bool {
		switch {
		case value.Type() == jsonread.Null:
		case key.Str() == "effort":
			if config.Effort = value.String(); !slices.Contains(efforts, config.Effort) {
				err = bad("reasoning.effort", "%q is not known; use %s", value.String(), strings.Join(efforts, ", "))
			}
		case key.Str() == "summary" || key.Str() == "generate_summary": // its old name
			config.Summary = value.String()
		default:
			d.extra("reasoning."+key.Str(), value)
		}
		return err == nil
	})
	return err
}
