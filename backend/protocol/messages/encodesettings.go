package messages

import (
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

var emptySchema = json.RawMessage(`{"type":"object"}`)

// tools writes the tools and the choice among them. Tools that only stand in the conversation are declared as well, since
// blocks of undeclared ones are refused; they must not be called then.
func (e *encoder) tools(req *llm.Request, out *request) error {
	for _, t := range req.Tools {
		own := &tool{Name: e.names.Out(t.Name), Description: t.Description, CacheControl: mark(t.Cache)}
		switch {
		case t.Own != nil && t.Own.Dialect == llm.Messages:
			out.Tools = append(out.Tools, t.Own.Raw)
			continue
		case t.Own != nil:
			e.notice("tools", "the tool "+t.Name+", which only providers of "+t.Own.Dialect.String()+" run, was left out")
			continue
		case t.Freeform != nil:
			own.Description, own.InputSchema = fit.FreeformDescription(t), fit.FreeformSchema
		default:
			own.InputSchema = e.inputSchema(t)
			if t.Strict != nil && *t.Strict && !e.quirks.NoSchema {
				own.Strict = t.Strict
				own.InputSchema, _ = strictSchema(own.InputSchema)
			}
		}
		out.Tools = append(out.Tools, own)
	}
	if len(out.Tools) == 0 {
		if c := req.ToolChoice; c != nil && len(req.Tools) > 0 && (c.Mode == llm.ToolRequired || c.Mode == llm.ToolNamed) {
			return llm.Errorf(llm.ErrBadRequest, "tool_choice demands a tool that %s can't offer", llm.Messages)
		}
		e.stubs(req, out)
		return nil // without tools, a choice among them is refused
	}
	return e.toolChoice(req, out)
}

func (e *encoder) stubs(req *llm.Request, out *request) {
	seen := map[string]bool{}
	for _, m := range req.Messages {
		for _, p := range m.Parts {
			if c, ok := p.(llm.ToolCall); ok && !c.ByProvider && !seen[c.Name] {
				seen[c.Name] = true
				out.Tools = append(out.Tools, &tool{Name: e.names.Out(c.Name), InputSchema: emptySchema})
			}
		}
	}
	if len(out.Tools) > 0 {
		out.ToolChoice = &toolChoice{Type: "none"}
	}
}

// inputSchema makes sure of an object at the top, without alternatives there, as the API demands.
func (e *encoder) inputSchema(t llm.Tool) json.RawMessage {
	if len(t.InputSchema) == 0 {
		return emptySchema
	}
	root := jsonread.Of(t.InputSchema)
	alternatives := root.Get("anyOf").Exists() || root.Get("oneOf").Exists() || root.Get("allOf").Exists()
	if !root.IsObject() || root.Get("type").String() == "object" && !alternatives {
		return t.InputSchema
	}
	out := []byte(`{"type":"object"`)
	root.ForEach(func(key, value jsonread.Value) bool {
		switch key.Str() {
		case "type":
		case "anyOf", "oneOf", "allOf":
			e.notice("tools", "the alternatives at the top of the schema of "+t.Name+" were left out")
		default:
			out = append(append(append(append(out, ','), key.Raw()...), ':'), value.Raw()...)
		}
		return true
	})
	return append(out, '}')
}

func (e *encoder) toolChoice(req *llm.Request, out *request) error {
	c := req.ToolChoice
	if c == nil {
		return nil
	}
	choice := &toolChoice{Type: "auto", DisableParallel: c.NoParallel}
	var instead string
	switch c.Mode {
	case llm.ToolNone:
		choice = &toolChoice{Type: "none"}
	case llm.ToolRequired:
		choice.Type = "any"
		instead = "Answer by calling at least one of the tools."
	case llm.ToolNamed:
		found := false
		for _, t := range req.Tools {
			found = found || t.Name == c.Name
		}
		if !found {
			return llm.Errorf(llm.ErrBadRequest, "tool_choice names the tool %q, which is not among the tools", c.Name)
		}
		choice.Type, choice.Name = "tool", e.names.Out(c.Name)
		instead = "Answer by calling the tool " + choice.Name + "."
	}
	if instead != "" && e.quirks.NoForcedTool {
		choice.Type, choice.Name = "auto", ""
		e.system = append(e.system, say(instead))
		e.notice("tool_choice", "the model can't be forced to call a tool, so it was told to in the system message")
	}
	out.ToolChoice = choice
	return nil
}

// format writes the form of the answer; models that know no schemas are told of it in words.
func (e *encoder) format(f *llm.Format, out *request) error {
	switch {
	case f == nil:
	case f.Schema == nil:
		e.system = append(e.system, say("Answer with one JSON object and nothing else."))
		e.notice("response_format", llm.Messages.String()+
			" has no format for JSON without a schema, so the model was told in the system message")
	case e.quirks.NoSchema:
		e.system = append(e.system, say("Answer with one JSON object that fits this JSON schema, and nothing else:\n"+string(f.Schema)))
		e.notice("response_format", "the model knows no schemas, so it was told of it in the system message")
	default:
		schema, changed := strictSchema(f.Schema)
		if changed != "" {
			e.notice("response_format", "the schema was brought into the form that "+llm.Messages.String()+" takes: "+changed)
		}
		out.OutputConfig = append(out.OutputConfig, member{"format", outputFormat{"json_schema", schema}})
	}
	return nil
}

// TakesStop tells whether the API takes a stop sequence: it refuses white space alone.
func TakesStop(s string) bool { return !blank(s) }

// settings writes sampling, stop sequences and who asks.
func (e *encoder) settings(req *llm.Request, out *request) error {
	e.sampling(req, out)
	for _, s := range req.Stop {
		if !TakesStop(s) {
			return llm.Errorf(llm.ErrBadRequest, "stop: %s refuses stop sequences of white space only", llm.Messages)
		}
	}
	out.StopSequences = req.Stop
	if req.User != "" {
		out.Metadata = append(out.Metadata, member{"user_id", req.User})
	}
	switch req.ServiceTier {
	case "":
	case "auto", "standard_only":
		out.ServiceTier = req.ServiceTier
	case "priority":
		out.ServiceTier = "auto" // which takes the Priority Tier where it is bought
	case "default":
		out.ServiceTier = "standard_only"
	default:
		e.leftOut("service_tier")
	}
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"seed", req.Seed != nil},
		{"frequency_penalty", req.FrequencyPenalty != nil && *req.FrequencyPenalty != 0},
		{"presence_penalty", req.PresencePenalty != nil && *req.PresencePenalty != 0},
		{"prompt_cache_key", req.CacheKey != ""},
		{"metadata", len(req.Metadata) > 0},
	} {
		if f.set {
			e.leftOut(f.name)
		}
	}
	return nil
}

func (e *encoder) sampling(req *llm.Request, out *request) {
	temperature, topP, topK := req.Temperature, req.TopP, req.TopK
	if t := temperature; t != nil {
		temperature = new(min(max(*t, 0), 1))
		if *temperature != *t && !e.quirks.NoSampling {
			e.notice("temperature", "it was brought into the range 0 to 1 of "+llm.Messages.String())
		}
	}
	drop := func(name, why string, set bool) bool {
		if set {
			e.notice(name, why+", so it was left out")
		}
		return set
	}
	thinks := out.Thinking != nil && (out.Thinking.Type == "enabled" || out.Thinking.Type == "adaptive")
	switch {
	case e.quirks.NoSampling:
		drop("temperature", "the model refuses it", temperature != nil)
		drop("top_p", "the model refuses it", topP != nil)
		drop("top_k", "the model refuses it", topK != nil)
		return
	case thinks:
		if drop("temperature", "a model that thinks takes only 1", temperature != nil && *temperature != 1) {
			temperature = nil
		}
		if drop("top_p", "a model that thinks takes only 0.95 and more", topP != nil && *topP < 0.95) {
			topP = nil
		}
		if drop("top_k", "a model that thinks refuses it", topK != nil) {
			topK = nil
		}
	}
	if e.quirks.OneSampling && drop("top_p", "the model refuses it beside temperature", temperature != nil && topP != nil) {
		topP = nil
	}
	out.Temperature, out.TopP, out.TopK = temperature, topP, topK
}

// extra writes this dialect's own members again and tells of the others'. A name with a dot is a member of a member.
func (e *encoder) extra(list []llm.Extra, out *request) ([]byte, error) {
	var rest []byte
	for _, x := range list {
		parent, name, nested := strings.Cut(x.Name, ".")
		switch {
		case x.Dialect != llm.Messages:
			e.notice(x.Name, "only "+x.Dialect.String()+" knows it, so it was left out")
		case !jsonread.Valid(x.Raw):
			return nil, llm.Errorf(llm.ErrBadRequest, "%s holds JSON that is not valid", x.Name)
		case parent == "output_config" && nested:
			out.OutputConfig = append(out.OutputConfig, member{name, x.Raw})
		case parent == "metadata" && nested:
			out.Metadata = append(out.Metadata, member{name, x.Raw})
		case parent == "thinking" && nested: // see thinking
		case x.Name == "cache_control":
			var c cacheControl
			if json.Unmarshal(x.Raw, &c) == nil {
				out.CacheControl = &c
			}
		case nested:
			e.notice(x.Name, "it is not carried when a request is translated")
		default:
			rest = append(append(append(append(rest, ','), jsonwrite.AppendString(nil, x.Name)...), ':'), x.Raw...)
		}
	}
	return rest, nil
}

// maxMarks is how many cache marks a request may have.
const maxMarks = 4

// marks keeps the cache marks within the API's rules: at most four, which are the last, since each covers everything
// before it; and no longer lifetime behind a shorter one.
func (e *encoder) marks(out *request) {
	var list []**cacheControl
	room := maxMarks
	visit := func(block any) {
		switch b := block.(type) {
		case *textBlock:
			list = append(list, &b.CacheControl)
		case *mediaBlock:
			list = append(list, &b.CacheControl)
		case *toolUseBlock:
			list = append(list, &b.CacheControl)
		case *toolResultBlock:
			list = append(list, &b.CacheControl)
		case *tool:
			list = append(list, &b.CacheControl)
		case json.RawMessage:
			if jsonread.Of(b).Get("cache_control").IsObject() {
				room--
			}
		}
	}
	for _, blocks := range [][]any{out.Tools, out.System} {
		for _, b := range blocks {
			visit(b)
		}
	}
	for _, t := range out.Messages {
		for _, b := range t.Content {
			if r, ok := b.(*toolResultBlock); ok {
				for _, inner := range r.Content {
					visit(inner)
				}
			}
			visit(b)
		}
	}
	set := list[:0]
	for _, m := range list {
		if *m != nil {
			set = append(set, m)
		}
	}
	if len(set) == 0 && room == maxMarks && e.opts.AutoCache {
		out.CacheControl = &cacheControl{Type: "ephemeral"}
	}
	for ; len(set) > max(room, 0); set = set[1:] {
		*set[0] = nil
		e.notice("cache_control", "there may be four marks, so the first ones were left out")
	}
	short := false
	for _, m := range set {
		if (*m).TTL == "1h" && short {
			*m = &cacheControl{Type: "ephemeral"}
			e.notice("cache_control", "a mark of one hour behind a shorter one was shortened")
		}
		short = short || (*m).TTL != "1h"
	}
}
