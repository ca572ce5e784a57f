package responses

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// Options are what EncodeRequest must know of the server. Their zero values suit OpenAI itself.
type Options struct {
	// Target is who gets the request; reasoning goes back to its origin only.
	Target llm.Origin
	// NoEncrypted does not ask for encrypted reasoning, for models and servers that refuse to be asked.
	NoEncrypted bool
	// NoReasoning is for models that do not reason, NoSampling for those that refuse temperature and top_p.
	NoReasoning, NoSampling bool
	// NoFreeform is for models that take no custom tools: a function with one string plays them. Answers need fit.Restore.
	NoFreeform bool
	// Untagged sends back encrypted reasoning that came without a tag of ours: it is the target's own, because the client
	// has spoken with it in this dialect before.
	Untagged bool
}

// traits are what models refuse, by a pattern at the start of their id at their own provider; the first that fits counts
// (API reference, "Reasoning models", and the model pages).
var traits = []struct {
	pattern string
	apply   func(*Options)
}{
	{"gpt-5-chat", func(o *Options) { o.NoReasoning, o.NoEncrypted, o.NoFreeform = true, true, true }},
	{"gpt-5", func(o *Options) { o.NoSampling = true }},
	{"gpt-4", func(o *Options) { o.NoReasoning, o.NoEncrypted, o.NoFreeform = true, true, true }},
	{"gpt-3", func(o *Options) { o.NoReasoning, o.NoEncrypted, o.NoFreeform = true, true, true }},
	{"chatgpt", func(o *Options) { o.NoReasoning, o.NoEncrypted, o.NoFreeform = true, true, true }},
	{"o1", func(o *Options) { o.NoSampling, o.NoFreeform = true, true }},
	{"o3", func(o *Options) { o.NoSampling, o.NoFreeform = true, true }},
	{"o4", func(o *Options) { o.NoSampling, o.NoFreeform = true, true }},
}

// OptionsFor gives what is known of a target.
func OptionsFor(target llm.Origin) Options {
	o := Options{Target: target}
	model := strings.ToLower(target.Model[strings.LastIndex(target.Model, "/")+1:])
	for _, row := range traits {
		if strings.HasPrefix(model, row.pattern) {
			row.apply(&o)
			break
		}
	}
	return o
}

type request struct {
	Model             string            `json:"model"`
	Tools             []json.RawMessage `json:"tools,omitempty"`
	ToolChoice        any               `json:"tool_choice,omitempty"`
	ParallelToolCalls *bool             `json:"parallel_tool_calls,omitempty"`
	MaxOutputTokens   *int64            `json:"max_output_tokens,omitempty"`
	Temperature       *float64          `json:"temperature,omitempty"`
	TopP              *float64          `json:"top_p,omitempty"`
	Reasoning         json.RawMessage   `json:"reasoning,omitempty"`
	Text              json.RawMessage   `json:"text,omitempty"`
	ServiceTier       string            `json:"service_tier,omitempty"`
	PromptCacheKey    string            `json:"prompt_cache_key,omitempty"`
	User              string            `json:"user,omitempty"`
	Metadata          json.RawMessage   `json:"metadata,omitempty"`
	Store             bool              `json:"store"`
	Include           []string          `json:"include,omitempty"`
	Stream            bool              `json:"stream,omitempty"`
}

// minOutputTokens is the least that the API takes.
const minOutputTokens = 16

const encrypted = "reasoning.encrypted_content"

// EncodeRequest writes a request (API reference, "Create a model response"). The same request always gives the same
// bytes. Nothing is kept at the server, so items go without ids and reasoning comes encrypted. What the dialect can't
// carry but may do without comes back as notices; what would change the answer is an error of class bad request. Tool
// names are brought into the form that is taken, ^[a-zA-Z0-9_-]{1,64}$, so answers need fit.Restore.
func EncodeRequest(req *llm.Request, opts Options) (body []byte, notices []llm.Notice, err error) {
	if len(req.Stop) > 0 {
		return nil, nil, llm.Errorf(llm.ErrBadRequest,
			"%s has no stop sequences; leave them out or use a model of another provider", llm.Responses)
	}
	e := &requestEncoder{opts: opts, names: fit.NewNames(req), calls: map[string]*callState{}, ids: map[string]bool{}}
	for _, m := range req.Messages {
		if err := e.turn(m); err != nil {
			return nil, nil, err
		}
	}
	e.settle()
	if len(e.items) == 0 {
		return nil, nil, llm.Errorf(llm.ErrBadRequest, "the conversation has no message; send at least one")
	}
	out := request{
		Model: req.Model, MaxOutputTokens: req.MaxOutputTokens, Temperature: req.Temperature, TopP: req.TopP,
		ServiceTier: e.serviceTier(req.ServiceTier), PromptCacheKey: hashed("key_", req.CacheKey), User: hashed("user_", req.User),
		Metadata: req.Metadata, Stream: req.Stream,
	}
	if n := req.MaxOutputTokens; n != nil && *n < minOutputTokens {
		out.MaxOutputTokens = new(int64(minOutputTokens))
		e.notice("max_output_tokens", "it was raised to 16, which is the least that "+llm.Responses.String()+" takes")
	}
	if opts.NoSampling && (req.Temperature != nil || req.TopP != nil) {
		out.Temperature, out.TopP = nil, nil
		e.notice("temperature", "the model takes neither temperature nor top_p, so they were left out")
	}
	if err := e.toolList(req, &out); err != nil {
		return nil, nil, err
	}
	extras := e.extras(req)
	if !opts.NoReasoning {
		out.Reasoning = e.reasoning(req.Reasoning, req.MaxOutputTokens, extras)
	} else if req.Reasoning != nil && req.Reasoning.Effort != "none" {
		e.notice("reasoning", "the model does not reason, so it was left out")
	}
	if out.Text, err = textConfig(req.Format, extras); err != nil {
		return nil, nil, err
	}
	out.Include = include(extras, !opts.NoEncrypted)
	e.dropped(req)
	if body, err = marshal(out, fit.Size(req)); err != nil {
		return nil, nil, err
	}
	if body, err = e.withInput(body, extras); err != nil {
		return nil, nil, err
	}
	return body, e.notices, nil
}

// serviceTier gives the tier in this dialect's words, empty for one that it has not.
func (e *requestEncoder) serviceTier(tier string) string {
	switch tier {
	case "", "auto", "default", "flex", "scale", "priority", "fast", "ultrafast":
		return tier
	case "standard_only", "standard": // Anthropic's word, and Google's
		return "default"
	}
	e.notice("service_tier", llm.Responses.String()+" has no such tier, so it was left out")
	return ""
}

// dropped tells of the controls that the dialect has not.
func (e *requestEncoder) dropped(req *llm.Request) {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"top_k", req.TopK != nil},
		{"seed", req.Seed != nil},
		{"frequency_penalty", req.FrequencyPenalty != nil},
		{"presence_penalty", req.PresencePenalty != nil},
	} {
		if f.set {
			e.notice(f.name, llm.Responses.String()+" has no such control, so it was left out")
		}
	}
}

// extras are the request's members that only this dialect knows, by name.
func (e *requestEncoder) extras(req *llm.Request) []llm.Extra {
	var out []llm.Extra
	for _, x := range req.Extra {
		if x.Dialect == llm.Responses && jsonread.Valid(x.Raw) {
			out = append(out, x)
			continue
		}
		e.notice(x.Name, "only "+x.Dialect.String()+" knows it, so it was left out")
	}
	return out
}

// include is what the answer shall hold besides: what the client asked for, and encrypted reasoning.
func include(extras []llm.Extra, reasoning bool) []string {
	var out []string
	for _, x := range extras {
		if x.Name == "include" {
			for _, name := range jsonread.Of(x.Raw).Array() {
				out = append(out, name.String())
			}
		}
	}
	out = slices.DeleteFunc(out, func(name string) bool { return name == encrypted })
	if reasoning {
		out = append(out, encrypted)
	}
	return out
}

// withInput appends the items and the extra members to the object of a request. Extra members
// that belong inside another stand there already.
func (e *requestEncoder) withInput(body []byte, extras []llm.Extra) ([]byte, error) {
	body = append(body[:len(body)-1], `,"input":[`...)
	for i, it := range e.items {
		if i > 0 {
			body = append(body, ',')
		}
		var err error
		if body, err = jsonwrite.Append(body, it.value); err != nil {
			return nil, invalid(err)
		}
	}
	body = append(body, ']')
	for _, x := range extras {
		if strings.Contains(x.Name, ".") || x.Name == "include" {
			continue
		}
		body = append(appendString(append(body, ','), x.Name), ':')
		body = append(body, x.Raw...)
	}
	return append(body, '}'), nil
}

func (e *requestEncoder) toolList(req *llm.Request, out *request) error {
	for _, t := range req.Tools {
		raw, err := e.tool(t)
		if err != nil {
			return err
		}
		if raw != nil {
			out.Tools = append(out.Tools, raw)
		}
	}
	choice := req.ToolChoice
	if choice == nil {
		return nil
	}
	if len(out.Tools) == 0 { // without tools, a choice among them is refused
		if choice.Mode == llm.ToolRequired || choice.Mode == llm.ToolNamed {
			return llm.Errorf(llm.ErrBadRequest, "the tool choice demands a call, but there is no tool that %s can carry",
				llm.Responses)
		}
		return nil
	}
	switch choice.Mode {
	case llm.ToolNone, llm.ToolRequired, llm.ToolAuto:
		out.ToolChoice = string(choice.Mode)
	case llm.ToolNamed:
		kind := "function"
		if slices.ContainsFunc(req.Tools, func(t llm.Tool) bool { return t.Name == choice.Name && t.Freeform != nil }) && !e.opts.NoFreeform {
			kind = "custom"
		}
		out.ToolChoice = struct {
			Type string `json:"type"`
			Name string `json:"name"`
		}{kind, e.names.Out(choice.Name)}
	}
	if choice.NoParallel {
		out.ParallelToolCalls = new(false)
	}
	return nil
}
