package messages

import (
	"encoding/json"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// DecodeRequest reads a client's request (API reference, "Create a Message"), of either version. Members that the
// vocabulary has no word for are in Extra; those of a member are named with a dot, as output_config.task_budget. Its
// errors are *llm.Error of class bad request that name the member.
func DecodeRequest(body []byte) (*llm.Request, error) {
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON").WithCode("invalid_json")
	}
	if !root.IsObject() {
		return nil, bad("the request body", "must be a JSON object")
	}
	d := requestDecoder{req: &llm.Request{}, calls: map[string]string{}}
	root.ForEach(func(key, value jsonread.Value) bool {
		if value.Type() == jsonread.Null {
			return true
		}
		if read, known := requestMembers[key.Str()]; known {
			d.err = read(&d, value)
		} else {
			d.extra(key.Str(), value)
		}
		return d.err == nil
	})
	if d.err != nil {
		return nil, d.err
	}
	if len(d.req.Messages) == 0 {
		return nil, bad("messages", "must be a list with at least one message")
	}
	d.req.Messages = append(d.system, d.req.Messages...)
	return d.req, nil
}

func raw(v jsonread.Value) json.RawMessage { return json.RawMessage(v.Raw()) }

func bad(field, text string) error {
	return llm.Errorf(llm.ErrBadRequest, "%s: %s", field, text).WithCode("invalid_request_error")
}

type requestDecoder struct {
	req    *llm.Request
	err    error
	system []llm.Message
	// calls are the names of the tools called so far by the calls' ids.
	calls map[string]string
}

func (d *requestDecoder) extra(name string, v jsonread.Value) {
	for _, x := range d.req.Extra {
		if x.Name == name {
			return
		}
	}
	d.req.Extra = append(d.req.Extra, llm.Extra{Dialect: llm.Messages, Name: name, Raw: raw(v)})
}

// rest keeps the members of an object that are not known.
func (d *requestDecoder) rest(name string, v jsonread.Value, known ...string) {
	v.ForEach(func(key, value jsonread.Value) bool {
		for _, k := range known {
			if key.Str() == k {
				return true
			}
		}
		d.extra(name+"."+key.Str(), value)
		return true
	})
}

// requestMembers reads the members that the vocabulary has a word for.
var requestMembers map[string]func(*requestDecoder, jsonread.Value) error

func init() { // they refer to each other
	requestMembers = map[string]func(*requestDecoder, jsonread.Value) error{
		"model":          into("model", func(d *requestDecoder) *string { return &d.req.Model }),
		"max_tokens":     into("max_tokens", func(d *requestDecoder) **int64 { return &d.req.MaxOutputTokens }),
		"system":         (*requestDecoder).systemPrompt,
		"messages":       (*requestDecoder).messages,
		"tools":          (*requestDecoder).tools,
		"tool_choice":    (*requestDecoder).toolChoice,
		"thinking":       (*requestDecoder).thinking,
		"output_config":  (*requestDecoder).outputConfig,
		"output_format":  (*requestDecoder).format, // as the beta had it
		"temperature":    into("temperature", func(d *requestDecoder) **float64 { return &d.req.Temperature }),
		"top_p":          into("top_p", func(d *requestDecoder) **float64 { return &d.req.TopP }),
		"top_k":          into("top_k", func(d *requestDecoder) **int64 { return &d.req.TopK }),
		"stop_sequences": into("stop_sequences", func(d *requestDecoder) *[]string { return &d.req.Stop }),
		"metadata":       (*requestDecoder).metadata,
		"service_tier":   into("service_tier", func(d *requestDecoder) *string { return &d.req.ServiceTier }),
		"stream":         into("stream", func(d *requestDecoder) *bool { return &d.req.Stream }),
	}
}

// into reads a member whose JSON is its value's own.
func into[T any](field string, at func(*requestDecoder) *T) func(*requestDecoder, jsonread.Value) error {
	return func(d *requestDecoder, v jsonread.Value) error {
		if json.Unmarshal([]byte(v.Raw()), at(d)) != nil {
			return bad(field, "is of the wrong type")
		}
		return nil
	}
}

func (d *requestDecoder) metadata(v jsonread.Value) error {
	d.req.User = v.Get("user_id").String()
	d.rest("metadata", v, "user_id")
	return nil
}

func (d *requestDecoder) reasoning() *llm.ReasoningConfig {
	if d.req.Reasoning == nil {
		d.req.Reasoning = &llm.ReasoningConfig{}
	}
	return d.req.Reasoning
}

func (d *requestDecoder) thinking(v jsonread.Value) error {
	switch v.Get("type").String() {
	case "enabled":
		budget := v.Get("budget_tokens")
		if budget.Type() != jsonread.Number || budget.Int() < 1 {
			return bad("thinking.budget_tokens", "must be a positive number")
		}
		d.reasoning().Budget = new(budget.Int())
	case "adaptive":
		d.reasoning().Adaptive = true
	case "disabled":
		d.reasoning().Effort = "none"
	case "between_tools":
		d.reasoning().Effort = "minimal"
	default:
		return bad("thinking.type", "must be enabled, adaptive, disabled or between_tools")
	}
	switch display := v.Get("display"); display.String() {
	case "summarized":
		d.reasoning().Summary = "auto"
	case "omitted":
		d.extra("thinking.display", display)
	}
	d.rest("thinking", v, "type", "budget_tokens", "display")
	return nil
}

func (d *requestDecoder) outputConfig(v jsonread.Value) error {
	if effort := v.Get("effort"); effort.Type() == jsonread.String && d.reasoning().Effort == "" {
		d.reasoning().Effort = effort.Str() // a thinking that is off stays off
	}
	if f := v.Get("format"); f.IsObject() {
		if err := d.format(f); err != nil {
			return err
		}
	}
	d.rest("output_config", v, "effort", "format")
	return nil
}

func (d *requestDecoder) format(v jsonread.Value) error {
	if v.Get("type").String() != "json_schema" || !v.Get("schema").IsObject() {
		return bad("output_config.format", "must be of type json_schema and hold a schema")
	}
	d.req.Format = &llm.Format{Schema: raw(v.Get("schema")), Name: v.Get("name").String()}
	return nil
}

func (d *requestDecoder) tools(v jsonread.Value) error {
	if !v.IsArray() {
		return bad("tools", "must be a list")
	}
	for i, t := range v.Array() {
		at := "tools." + strconv.Itoa(i)
		out := llm.Tool{Name: t.Get("name").String(), Cache: cacheMark(t)}
		if out.Name == "" && t.Get("mcp_server_name").Exists() {
			out.Name = t.Get("mcp_server_name").String()
		}
		if out.Name == "" {
			return bad(at+".name", "must not be empty")
		}
		if kind := t.Get("type").String(); kind != "" && kind != "custom" {
			out.Own = &llm.Opaque{Dialect: llm.Messages, Raw: raw(t)}
			d.req.Tools = append(d.req.Tools, out)
			continue
		}
		out.Description = t.Get("description").String()
		if schema := t.Get("input_schema"); schema.IsObject() {
			out.InputSchema = raw(schema)
		}
		if strict := t.Get("strict"); strict.IsBool() {
			out.Strict = new(strict.Bool())
		}
		d.rest("tools[]", t, "type", "name", "description", "input_schema", "strict", "cache_control")
		d.req.Tools = append(d.req.Tools, out)
	}
	return nil
}

func (d *requestDecoder) toolChoice(v jsonread.Value) error {
	c := &llm.ToolChoice{NoParallel: v.Get("disable_parallel_tool_use").Bool()}
	switch v.Get("type").String() {
	case "auto":
		c.Mode = llm.ToolAuto
	case "any":
		c.Mode = llm.ToolRequired
	case "none":
		c.Mode = llm.ToolNone
	case "tool":
		if c.Mode, c.Name = llm.ToolNamed, v.Get("name").String(); c.Name == "" {
			return bad("tool_choice.name", "must name a tool")
		}
	default:
		return bad("tool_choice.type", "must be auto, any, tool or none")
	}
	d.req.ToolChoice = c
	return nil
}

func cacheMark(v jsonread.Value) *llm.CacheMark {
	c := v.Get("cache_control")
	if !c.IsObject() {
		return nil
	}
	mark := &llm.CacheMark{}
	if ttl := c.Get("ttl").String(); ttl == "5m" || ttl == "1h" {
		mark.TTL = ttl
	}
	return mark
}
