package strict

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// messages is Anthropic Messages (API reference, "Create a Message").
type messages struct{ *StandIn }

// claude is what a generation of models takes (model pages).
type claude struct {
	sampling, both, budget, adaptive, forced, disable, prefill, schema bool
	most                                                               float64
}

func claudeOf(model string) claude {
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(model, w) })
	}
	switch {
	case has("opus-5-5", "sonnet-5-5"):
		return claude{adaptive: true, schema: true, most: 128_000}
	case has("opus-4-7", "opus-4-8", "sonnet-5", "opus-5"):
		return claude{adaptive: true, budget: true, forced: true, disable: true, schema: true, most: 128_000}
	case has("opus-4-6", "sonnet-4-6"):
		return claude{sampling: true, adaptive: true, budget: true, forced: true, disable: true, schema: true, most: 128_000}
	case has("sonnet-4-5", "opus-4-5", "haiku-4-5"):
		return claude{sampling: true, budget: true, forced: true, disable: true, prefill: true, schema: true, most: 64_000}
	}
	return claude{ // another server's model, or an old one
		sampling: true, both: true, budget: true, forced: true, disable: true, prefill: true, schema: !has("claude"), most: 32_000,
	}
}

// useID is the form of a call's id (API reference, "tool_use").
var useID = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

func (p *messages) read(c *check, body gjson.Result) ask {
	c.only("", body, "model max_tokens messages system stop_sequences stream temperature top_p top_k tools tool_choice thinking "+
		"output_config cache_control container metadata service_tier speed inference_geo diagnostics")
	a := ask{model: c.text("model", body.Get("model")), stream: body.Get("stream").Bool(), parallel: true, usage: true}
	q := claudeOf(a.model)
	p.settings(c, body, q, &a)
	p.tools(c, body, q, &a)
	p.thinking(c, body, q, &a)
	w := &messagesWalk{messages: p, c: c, a: &a, uses: map[string]bool{}, open: a.thinks && body.Get("thinking.type").String() == "enabled"}
	if system := body.Get("system"); system.IsArray() {
		for i, b := range c.list("system", system) {
			at := "system[" + itoa(i) + "]"
			c.oneOf(at+".type", b.Get("type"), "text")
			w.text(at, b)
		}
	} else if system.Exists() {
		c.text("system", system)
	}
	turns := c.list("messages", body.Get("messages"))
	if len(turns) == 0 {
		c.refuse("messages", "at least one message is required")
	}
	for i, m := range turns {
		w.turn("messages["+itoa(i)+"]", m, i == 0, i == len(turns)-1)
		if c.no != nil {
			return a
		}
	}
	last := turns[len(turns)-1]
	if last.Get("role").String() == "assistant" {
		switch {
		case !q.prefill || a.thinks:
			c.refuse("messages", "This model does not support assistant message prefill. The conversation must end with a user message")
		case len(w.pending) > 0:
			c.refuse("messages", "tool_use ids were found without tool_result blocks immediately after: %v", w.pending)
		}
	}
	if w.usesTools && len(a.tools) == 0 {
		c.refuse("tools", "Requests which include `tool_use` or `tool_result` blocks must define tools")
	}
	p.marks(c, body)
	return a
}

func (p *messages) settings(c *check, body gjson.Result, q claude, a *ask) {
	limit := body.Get("max_tokens")
	if !limit.Exists() {
		c.refuse("max_tokens", "Field required")
	}
	c.number("max_tokens", limit, 1, q.most)
	c.number("temperature", body.Get("temperature"), 0, 1)
	c.number("top_p", body.Get("top_p"), 0, 1)
	c.whole("top_k", body.Get("top_k"), 0)
	for _, name := range []string{"temperature", "top_p", "top_k"} {
		if body.Get(name).Exists() && !q.sampling {
			c.refuse(name, "Extra inputs are not permitted")
		}
	}
	if body.Get("temperature").Exists() && body.Get("top_p").Exists() && !q.both {
		c.refuse("temperature", "`temperature` and `top_p` cannot both be specified for this model")
	}
	a.stop = c.stops("stop_sequences", body.Get("stop_sequences"), 0)
	for _, s := range a.stop {
		if strings.TrimSpace(s) == "" {
			c.refuse("stop_sequences", "each stop sequence must contain non-whitespace")
		}
	}
	c.oneOf("service_tier", body.Get("service_tier"), "auto standard_only")
	if m := body.Get("metadata"); m.Exists() {
		c.only("metadata", m, "user_id")
	}
	if o := body.Get("output_config"); o.Exists() {
		c.only("output_config", o, "effort format")
		c.oneOf("output_config.effort", o.Get("effort"), "low medium high xhigh max")
		if o.Get("effort").Exists() && !q.adaptive {
			c.refuse("output_config.effort", "This model does not support the effort parameter")
		}
		if f := o.Get("format"); f.Exists() {
			c.only("output_config.format", f, "type schema")
			c.oneOf("output_config.format.type", f.Get("type"), "json_schema")
			if !q.schema {
				c.refuse("output_config.format", "is not supported by this model")
			}
			c.claudeSchema("output_config.format.schema", f.Get("schema"))
			a.schema = f.Get("schema").Raw
		}
	}
}

func (p *messages) tools(c *check, body gjson.Result, q claude, a *ask) {
	list := c.list("tools", body.Get("tools"))
	seen := map[string]bool{}
	for i, t := range list {
		at := "tools[" + itoa(i) + "]"
		if kind := t.Get("type").String(); kind != "" && kind != "custom" {
			continue // one that the server runs
		}
		c.only(at, t, "name description input_schema cache_control type strict eager_input_streaming defer_loading")
		name := c.text(at+".name", t.Get("name"))
		c.match(at+".name", name, toolName)
		if seen[name] {
			c.refuse("tools", "Tool names must be unique: %s", name)
		}
		seen[name] = true
		schema := t.Get("input_schema")
		c.functionSchema(at+".input_schema", schema, false)
		if !schema.Exists() {
			c.refuse(at+".input_schema", "Field required")
		}
		for _, word := range []string{"oneOf", "allOf", "anyOf"} {
			if schema.Get(word).Exists() {
				c.refuse(at+".input_schema", "does not support oneOf, allOf, or anyOf at the top level")
			}
		}
		if t.Get("strict").Bool() {
			c.claudeSchema(at+".input_schema", schema)
		}
		a.tools = append(a.tools, tool{name: name, schema: schema.Raw})
	}
	choice := body.Get("tool_choice")
	if !choice.Exists() {
		return
	}
	c.only("tool_choice", choice, "type name disable_parallel_tool_use")
	c.oneOf("tool_choice.type", choice.Get("type"), "auto any tool none")
	if len(list) == 0 {
		c.refuse("tool_choice", "may only be specified while providing tools")
	}
	a.parallel = !choice.Get("disable_parallel_tool_use").Bool()
	switch kind := choice.Get("type").String(); kind {
	case "any", "tool":
		a.choice = "required"
		if kind == "tool" {
			if a.choice = choice.Get("name").String(); !seen[a.choice] {
				c.refuse("tool_choice", "Tool '%s' not found in provided tools", a.choice)
			}
		}
		if !q.forced {
			c.refuse("tool_choice", "this model does not support forced tool use")
		}
	case "none":
		a.choice = "none"
		if choice.Get("disable_parallel_tool_use").Exists() {
			c.refuse("tool_choice.disable_parallel_tool_use", "Extra inputs are not permitted")
		}
	}
}

// thinking checks how much the model shall think (API guide, "Extended thinking").
func (p *messages) thinking(c *check, body gjson.Result, q claude, a *ask) {
	t := body.Get("thinking")
	if !t.Exists() {
		a.thinks = !q.disable
		return
	}
	c.only("thinking", t, "type budget_tokens display")
	c.oneOf("thinking.display", t.Get("display"), "summarized omitted")
	kind := t.Get("type").String()
	a.thinks = kind == "enabled" || kind == "adaptive"
	switch kind {
	case "enabled":
		budget := t.Get("budget_tokens")
		if !budget.Exists() {
			c.refuse("thinking.budget_tokens", "Field required")
		}
		c.whole("thinking.budget_tokens", budget, 1024)
		if budget.Num >= body.Get("max_tokens").Num {
			c.refuse("max_tokens", "must be greater than thinking.budget_tokens")
		}
		if !q.budget {
			c.refuse("thinking.type", "this model takes adaptive thinking only")
		}
	case "adaptive":
		if !q.adaptive {
			c.refuse("thinking.type", "adaptive thinking is not supported on this model")
		}
	case "disabled", "between_tools":
		if kind == "disabled" && !q.disable {
			c.refuse("thinking.type", "thinking can't be disabled on this model")
		}
		if t.Get("budget_tokens").Exists() || t.Get("display").Exists() {
			c.refuse("thinking", "Extra inputs are not permitted")
		}
	default:
		c.refuse("thinking.type", "%q is not known", kind)
	}
	if !a.thinks {
		return
	}
	if a.choice != "" && a.choice != "none" {
		c.refuse("tool_choice", "Thinking may not be enabled when tool_choice forces tool use")
	}
	if v := body.Get("temperature"); v.Exists() && v.Num != 1 {
		c.refuse("temperature", "may only be set to 1 when thinking is enabled")
	}
	if v := body.Get("top_p"); v.Exists() && v.Num < 0.95 {
		c.refuse("top_p", "must be at least 0.95 when thinking is enabled")
	}
	if body.Get("top_k").Exists() {
		c.refuse("top_k", "must be unset when thinking is enabled")
	}
}

// marks checks the cache marks: at most four, a longer lifetime before a shorter one (API guide, "Prompt caching").
func (p *messages) marks(c *check, body gjson.Result) {
	count, short := 0, false
	var walk func(at string, v gjson.Result)
	walk = func(at string, v gjson.Result) {
		if m := v.Get("cache_control"); m.Exists() && v.IsObject() {
			c.only(at+".cache_control", m, "type ttl")
			c.oneOf(at+".cache_control.type", m.Get("type"), "ephemeral")
			c.oneOf(at+".cache_control.ttl", m.Get("ttl"), "5m 1h")
			if kind := v.Get("type").String(); kind == "thinking" || kind == "redacted_thinking" {
				c.refuse(at, "cache_control can't be set on thinking blocks")
			}
			if count++; count > 4 {
				c.refuse(at, "A maximum of 4 blocks with cache_control may be provided")
			}
			if long := m.Get("ttl").String() == "1h"; long && short {
				c.refuse(at, "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block")
			} else if !long {
				short = true
			}
		}
		v.ForEach(func(key, inner gjson.Result) bool {
			switch key.Str {
			case "input", "input_schema", "cache_control":
				return true
			}
			if inner.IsObject() || inner.IsArray() {
				walk(at+"."+key.String(), inner)
			}
			return c.no == nil
		})
	}
	for _, part := range []string{"tools", "system", "messages"} {
		walk(part, body.Get(part))
	}
}
