package chatcompletions

import (
	"bytes"
	"encoding/json"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
)

// DecodeRequest reads a client's request (API reference, "Create chat completion"; with the members that OpenRouter and
// the hosted gateway add: reasoning, reasoning_details, cache_control, top_k, files by data). Members that the vocabulary
// has no word for are in Extra. Its errors are *llm.Error of class bad request that name the member.
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
			d.req.Extra = append(d.req.Extra, llm.Extra{Dialect: llm.ChatCompletions, Name: key.Str(), Raw: raw(value)})
		}
		return d.err == nil
	})
	if d.err != nil {
		return nil, d.err
	}
	if len(d.req.Messages) == 0 {
		return nil, bad("messages", "must be a list with at least one message")
	}
	d.settle()
	return d.req, nil
}

// raw is a value's own text. The copy lets the body go.
func raw(v jsonread.Value) json.RawMessage { return json.RawMessage(v.Raw()) }

func bad(field, text string) error {
	return llm.Errorf(llm.ErrBadRequest, "%s %s", field, text).WithCode("invalid_value")
}

type requestDecoder struct {
	req *llm.Request
	err error
	// calls are the names of the tools called so far by the calls' ids; lastCall is the last id that the old
	// function_call was given.
	calls    map[string]string
	lastCall string
	// noParallel and allowed wait for the tool choice and the tools.
	noParallel bool
	allowed    []string
	effort     string
}

// requestMembers reads the members that the vocabulary has a word for.
var requestMembers map[string]func(*requestDecoder, jsonread.Value) error

func init() { // they refer to each other
	requestMembers = map[string]func(*requestDecoder, jsonread.Value) error{
		"model":                 into("model", func(d *requestDecoder) *string { return &d.req.Model }),
		"messages":              (*requestDecoder).messages,
		"tools":                 (*requestDecoder).tools,
		"functions":             (*requestDecoder).functions,
		"tool_choice":           (*requestDecoder).toolChoice,
		"function_call":         (*requestDecoder).toolChoice,
		"parallel_tool_calls":   func(d *requestDecoder, v jsonread.Value) error { d.noParallel = v.Type() == jsonread.False; return nil },
		"max_tokens":            (*requestDecoder).maxTokens,
		"max_completion_tokens": (*requestDecoder).maxTokens,
		"temperature":           into("temperature", func(d *requestDecoder) **float64 { return &d.req.Temperature }),
		"top_p":                 into("top_p", func(d *requestDecoder) **float64 { return &d.req.TopP }),
		"top_k":                 into("top_k", func(d *requestDecoder) **int64 { return &d.req.TopK }),
		"seed":                  into("seed", func(d *requestDecoder) **int64 { return &d.req.Seed }),
		"frequency_penalty":     into("frequency_penalty", func(d *requestDecoder) **float64 { return &d.req.FrequencyPenalty }),
		"presence_penalty":      into("presence_penalty", func(d *requestDecoder) **float64 { return &d.req.PresencePenalty }),
		"stop":                  (*requestDecoder).stop,
		"response_format":       (*requestDecoder).format,
		"reasoning_effort":      into("reasoning_effort", func(d *requestDecoder) *string { return &d.effort }),
		"reasoning":             (*requestDecoder).reasoning,
		"thinking":              (*requestDecoder).thinking,
		"user":                  into("user", func(d *requestDecoder) *string { return &d.req.User }),
		"safety_identifier":     (*requestDecoder).safetyIdentifier,
		"service_tier":          into("service_tier", func(d *requestDecoder) *string { return &d.req.ServiceTier }),
		"prompt_cache_key":      into("prompt_cache_key", func(d *requestDecoder) *string { return &d.req.CacheKey }),
		"metadata":              func(d *requestDecoder, v jsonread.Value) error { d.req.Metadata = raw(v); return nil },
		"stream":                into("stream", func(d *requestDecoder) *bool { return &d.req.Stream }),
		// Whether usage is asked for is the answer's business: see EncoderOptions and IncludeUsage.
		"stream_options": func(*requestDecoder, jsonread.Value) error { return nil },
		"n":              (*requestDecoder).n,
		"modalities":     (*requestDecoder).modalities,
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

// IncludeUsage tells whether a streamed request asks for its usage (stream_options.include_usage).
func IncludeUsage(body []byte) bool {
	spans, err := jsonedit.Glance(body, "stream_options")
	if err == nil && !spans[0].Found() {
		spans, err = jsonedit.Find(body, "stream_options")
	}
	return err == nil && jsonread.Of(spans[0].Of(body)).Get("include_usage").Type() == jsonread.True
}

func (d *requestDecoder) maxTokens(v jsonread.Value) error {
	if v.Type() != jsonread.Number || v.Int() < 1 {
		return bad("max_tokens", "must be a positive number")
	}
	d.req.MaxOutputTokens = new(v.Int())
	return nil
}

// n answers at once are not in the vocabulary: asking one by one would cost the prompt n times.
func (d *requestDecoder) n(v jsonread.Value) error {
	if v.Int() > 1 {
		return bad("n", "must be 1: the model is served by a provider of another protocol, which gives one answer at a time")
	}
	return nil
}

func (d *requestDecoder) modalities(v jsonread.Value) error {
	for _, m := range v.Array() {
		if m.String() == "audio" {
			return bad("modalities", "can't hold audio: the model is served by a provider of another protocol")
		}
	}
	if v.Raw() != `["text"]` {
		d.req.Extra = append(d.req.Extra, llm.Extra{Dialect: llm.ChatCompletions, Name: "modalities", Raw: raw(v)})
	}
	return nil
}

func (d *requestDecoder) stop(v jsonread.Value) error {
	if v.Type() == jsonread.String {
		d.req.Stop = []string{v.Str()}
		return nil
	}
	if !v.IsArray() {
		return bad("stop", "must be a string or a list of strings")
	}
	for _, s := range v.Array() {
		if s.Type() != jsonread.String {
			return bad("stop", "must be a string or a list of strings")
		}
		d.req.Stop = append(d.req.Stop, s.Str())
	}
	return nil
}

func (d *requestDecoder) safetyIdentifier(v jsonread.Value) error {
	if d.req.User == "" {
		d.req.User = v.String()
	}
	return nil
}

func (d *requestDecoder) format(v jsonread.Value) error {
	switch kind := v.Get("type").String(); kind {
	case "text":
	case "json_object":
		d.req.Format = &llm.Format{}
		if schema := v.Get("schema"); schema.IsObject() { // llama.cpp's
			d.req.Format.Schema = raw(schema)
		}
	case "json_schema", "json":
		from := v.Get("json_schema")
		if !from.IsObject() { // the hosted gateway's older form
			from = v
		}
		f := &llm.Format{Name: from.Get("name").String(), Description: from.Get("description").String()}
		schema := from.Get("schema")
		switch {
		case schema.IsObject():
			f.Schema = raw(schema)
		case kind == "json_schema":
			return bad("response_format.json_schema.schema", "must be a JSON schema")
		}
		if strict := from.Get("strict"); strict.IsBool() {
			f.Strict = new(strict.Bool())
		}
		d.req.Format = f
	default:
		return bad("response_format.type", "must be text, json_object or json_schema")
	}
	return nil
}

// reasoning reads the object of OpenRouter and the hosted gateway.
func (d *requestDecoder) reasoning(v jsonread.Value) error {
	r := &llm.ReasoningConfig{Effort: v.Get("effort").String()}
	if budget := v.Get("max_tokens"); budget.Type() == jsonread.Number {
		r.Budget = new(budget.Int())
	}
	if enabled := v.Get("enabled"); r.Effort == "" && r.Budget == nil && enabled.IsBool() {
		r.Adaptive = enabled.Bool()
		if !r.Adaptive {
			r.Effort = "none"
		}
	}
	if s := v.Get("summary"); s.Type() == jsonread.String {
		r.Summary = s.Str()
	}
	d.req.Reasoning = r
	return nil
}

// thinking reads the switch of DeepSeek and Moonshot.
func (d *requestDecoder) thinking(v jsonread.Value) error {
	if d.req.Reasoning != nil {
		return nil
	}
	switch v.Get("type").String() {
	case "disabled":
		d.req.Reasoning = &llm.ReasoningConfig{Effort: "none"}
	case "enabled", "adaptive":
		d.req.Reasoning = &llm.ReasoningConfig{Adaptive: true}
		if budget := v.Get("budget_tokens"); budget.Type() == jsonread.Number {
			d.req.Reasoning = &llm.ReasoningConfig{Budget: new(budget.Int())}
		}
	}
	return nil
}

func (d *requestDecoder) tools(v jsonread.Value) error {
	if !v.IsArray() {
		return bad("tools", "must be a list")
	}
	for _, t := range v.Array() {
		tool, err := readTool(t)
		if err != nil {
			return err
		}
		d.req.Tools = append(d.req.Tools, tool)
	}
	return nil
}

func readTool(t jsonread.Value) (llm.Tool, error) {
	out := llm.Tool{Cache: cacheMark(t)}
	switch kind := t.Get("type").String(); kind {
	case "function":
		f := t.Get("function")
		readFunction(f, &out)
	case "custom":
		c := t.Get("custom")
		out.Name, out.Description, out.Freeform = c.Get("name").String(), c.Get("description").String(), raw(c.Get("format"))
		if len(out.Freeform) == 0 {
			out.Freeform = json.RawMessage(`{"type":"text"}`)
		}
	default:
		if kind == "" {
			return out, bad("tools[].type", "must be function or custom")
		}
		out.Name, out.Own = kind, &llm.Opaque{Dialect: llm.ChatCompletions, Raw: raw(t)}
	}
	if out.Name == "" {
		return out, bad("tools[].function.name", "must not be empty")
	}
	return out, nil
}

func readFunction(f jsonread.Value, out *llm.Tool) {
	out.Name, out.Description = f.Get("name").String(), f.Get("description").String()
	if schema := f.Get("parameters"); schema.IsObject() {
		out.InputSchema = raw(schema)
	}
	if strict := f.Get("strict"); strict.IsBool() {
		out.Strict = new(strict.Bool())
	}
}

// functions are the tools of before 2023-11.
func (d *requestDecoder) functions(v jsonread.Value) error {
	for _, f := range v.Array() {
		var t llm.Tool
		if readFunction(f, &t); t.Name == "" {
			return bad("functions[].name", "must not be empty")
		}
		d.req.Tools = append(d.req.Tools, t)
	}
	return nil
}

func (d *requestDecoder) toolChoice(v jsonread.Value) error {
	choice := &llm.ToolChoice{}
	word := v.Str()
	if v.IsObject() {
		switch kind := v.Get("type").String(); kind {
		case "function", "custom", "":
			choice.Mode, choice.Name = llm.ToolNamed, v.Get(kind+".name").String()
			if kind == "" { // function_call
				choice.Name = v.Get("name").String()
			}
			if choice.Name == "" {
				return bad("tool_choice", "must name a tool")
			}
		case "allowed_tools":
			list := v.Get("allowed_tools")
			word = list.Get("mode").String()
			d.allowed = []string{}
			for _, t := range list.Get("tools").Array() {
				d.allowed = append(d.allowed, t.Get("function.name").String()+t.Get("custom.name").String())
			}
		default:
			return bad("tool_choice", "is of an unknown type")
		}
	}
	switch word {
	case "auto":
		choice.Mode = llm.ToolAuto
	case "none":
		choice.Mode = llm.ToolNone
	case "required", "any":
		choice.Mode = llm.ToolRequired
	default:
		if choice.Mode == "" {
			return bad("tool_choice", "must be auto, none, required or name a tool")
		}
	}
	d.req.ToolChoice = choice
	return nil
}

// settle brings together what stands in several members.
func (d *requestDecoder) settle() {
	if d.noParallel {
		if d.req.ToolChoice == nil {
			d.req.ToolChoice = &llm.ToolChoice{Mode: llm.ToolAuto}
		}
		d.req.ToolChoice.NoParallel = true
	}
	if d.allowed != nil {
		var tools []llm.Tool
		for _, t := range d.req.Tools {
			for _, name := range d.allowed {
				if t.Name == name {
					tools = append(tools, t)
					break
				}
			}
		}
		d.req.Tools = tools
	}
	if d.effort != "" {
		if d.req.Reasoning == nil {
			d.req.Reasoning = &llm.ReasoningConfig{}
		}
		if d.req.Reasoning.Effort == "" && d.req.Reasoning.Budget == nil {
			d.req.Reasoning.Effort, d.req.Reasoning.Adaptive = d.effort, false
		}
	}
}

// cacheMark reads Anthropic's mark or OpenAI's breakpoint.
func cacheMark(v jsonread.Value) *llm.CacheMark {
	if c := v.Get("cache_control"); c.IsObject() {
		mark := &llm.CacheMark{}
		if ttl := c.Get("ttl").String(); ttl == "5m" || ttl == "1h" {
			mark.TTL = ttl
		}
		return mark
	}
	if b := v.Get("prompt_cache_breakpoint"); b.IsObject() {
		if b.Get("ttl").String() == "12h" {
			return &llm.CacheMark{TTL: "1h"}
		}
		return &llm.CacheMark{}
	}
	return nil
}

// trimmed is a value's own text without white space around it.
func trimmed(s string) json.RawMessage { return bytes.TrimSpace([]byte(s)) }
