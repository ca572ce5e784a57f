package strict

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// chat is Chat Completions with a vendor's rules (API reference, "Create chat completion").
type chat struct {
	*StandIn
	chatRules
}

func (p *chat) read(c *check, body gjson.Result) ask {
	p.chatRules = p.forModel(p.vendor, body.Get("model").String())
	c.only("", body, p.fields)
	if c.no != nil && p.unknown != 0 {
		c.no.status = p.unknown
	}
	a := ask{model: c.text("model", body.Get("model")), stream: body.Get("stream").Bool(), parallel: true}
	a.thinks = p.reasons != "" && body.Get("thinking.type").String() != "disabled"
	c.flag("stream", body.Get("stream"))
	p.settings(c, body, &a)
	p.tools(c, body, &a)
	p.format(c, body, &a)
	w := &chatWalk{chat: p, c: c, a: &a, pending: map[string]bool{}, used: map[string]bool{}}
	messages := c.list("messages", body.Get("messages"))
	if len(messages) == 0 {
		c.refuse("messages", "must not be empty")
	}
	for i, m := range messages {
		w.message("messages["+itoa(i)+"]", m, i == len(messages)-1)
		if c.no != nil {
			return a
		}
	}
	w.answered("messages")
	if a.json && !w.mentionsJSON { // (API reference, "response_format": the prompt must mention JSON)
		c.refuse("messages", "must contain the word 'json' in some form to use response_format json_object")
	}
	return a
}

func (p *chat) settings(c *check, body gjson.Result, a *ask) {
	for name, bounds := range map[string][2]float64{
		"temperature": {0, 2}, "top_p": {0, 1}, "frequency_penalty": {-2, 2}, "presence_penalty": {-2, 2},
	} {
		v := body.Get(name)
		c.number(name, v, bounds[0], bounds[1])
		if v.Exists() && !p.sampling {
			c.refuse(name, "is not supported with this model")
		}
	}
	c.whole("max_tokens", body.Get("max_tokens"), 1)
	c.whole("max_completion_tokens", body.Get("max_completion_tokens"), 1)
	switch limit, old := body.Get("max_completion_tokens").Exists(), body.Get("max_tokens").Exists(); {
	case old && !p.oldLimit:
		c.refuse("max_tokens", "is not supported with this model; use max_completion_tokens")
	case limit && !p.newLimit:
		c.refuse("max_completion_tokens", "unknown field")
	case old && limit:
		c.refuse("max_tokens", "can't stand beside max_completion_tokens")
	}
	c.whole("seed", body.Get("seed"), -1<<31)
	if stop := body.Get("stop"); stop.Type == gjson.String {
		a.stop = []string{c.text("stop", stop)}
	} else {
		a.stop = c.stops("stop", stop, p.stops)
	}
	if o := body.Get("stream_options"); o.Exists() {
		c.only("stream_options", o, "include_usage include_obfuscation")
		if !a.stream {
			c.refuse("stream_options", "is only allowed when 'stream' is enabled")
		}
	}
	a.usage = body.Get("stream_options.include_usage").Bool() || p.vendor == "mistral"
	if e := body.Get("reasoning_effort"); e.Exists() {
		if p.efforts == "" {
			c.refuse("reasoning_effort", "unknown field for this model")
		}
		c.oneOf("reasoning_effort", e, p.efforts)
	}
	if t := body.Get("thinking"); t.Exists() {
		c.only("thinking", t, "type")
		c.oneOf("thinking.type", t.Get("type"), "enabled disabled")
	}
	c.oneOf("service_tier", body.Get("service_tier"), "auto default flex scale priority fast")
	if key := body.Get("prompt_cache_key").String(); len(key) > 64 {
		c.refuse("prompt_cache_key", "is longer than 64 characters")
	}
	if m := body.Get("metadata"); m.Exists() && (!m.IsObject() || len(m.Map()) > 16) {
		c.refuse("metadata", "must be an object of at most 16 pairs")
	}
}

func (p *chat) tools(c *check, body gjson.Result, a *ask) {
	list := c.list("tools", body.Get("tools")) // an empty list is refused by several servers
	seen := map[string]bool{}
	for i, t := range list {
		at := "tools[" + itoa(i) + "]"
		f := t.Get("function")
		out := tool{}
		switch kind := t.Get("type").String(); {
		case kind == "function":
			c.only(at, t, "type function")
			c.only(at+".function", f, "name description parameters strict")
			out = tool{name: c.text(at+".function.name", f.Get("name")), schema: f.Get("parameters").Raw}
			c.functionSchema(at+".function.parameters", f.Get("parameters"), f.Get("strict").Bool())
		case kind == "custom" && p.vendor == "openai" && strings.HasPrefix(a.model, "gpt-5"):
			c.only(at, t, "type custom")
			c.only(at+".custom", t.Get("custom"), "name description format")
			out = tool{name: c.text(at+".custom.name", t.Get("custom.name")), freeform: true}
		default:
			c.refuse(at+".type", "%q is not supported with this model", kind)
		}
		c.match(at+".name", out.name, toolName)
		if seen[out.name] {
			c.refuse(at, "the tool %q is declared twice", out.name)
		}
		seen[out.name] = true
		a.tools = append(a.tools, out)
	}
	choice := body.Get("tool_choice")
	if (choice.Exists() || body.Get("parallel_tool_calls").Exists()) && len(list) == 0 {
		c.refuse("tool_choice", "is only allowed when 'tools' are specified")
	}
	if v := body.Get("parallel_tool_calls"); v.Exists() {
		c.flag("parallel_tool_calls", v)
		a.parallel = v.Bool()
	}
	switch {
	case choice.Type == gjson.String:
		c.oneOf("tool_choice", choice, p.choices)
		a.choice = strings.Replace(choice.Str, "any", "required", 1)
	case choice.Exists():
		kind := choice.Get("type").String()
		c.only("tool_choice", choice, "type "+kind)
		a.choice = choice.Get(kind + ".name").String()
		if (kind != "function" && kind != "custom") || !seen[a.choice] {
			c.refuse("tool_choice", "names no declared tool: %s", choice.Raw)
		}
	}
}

func (p *chat) format(c *check, body gjson.Result, a *ask) {
	f := body.Get("response_format")
	if !f.Exists() {
		return
	}
	c.oneOf("response_format.type", f.Get("type"), p.formats)
	switch f.Get("type").String() {
	case "json_object":
		c.only("response_format", f, "type")
		a.json = true
	case "json_schema":
		c.only("response_format", f, "type json_schema")
		s := f.Get("json_schema")
		c.only("response_format.json_schema", s, "name description schema strict")
		c.match("response_format.json_schema.name", s.Get("name").String(), toolName)
		if s.Get("strict").Bool() {
			c.strictSchema("response_format.json_schema.schema", s.Get("schema"), true)
		}
		a.schema = s.Get("schema").Raw
	}
}

// chatWalk reads the messages in their order.
type chatWalk struct {
	*chat
	c *check
	a *ask
	// pending are the calls of the last assistant's message that no tool message has answered.
	pending      map[string]bool
	used         map[string]bool
	before       string
	mentionsJSON bool
}

// answered demands that every call has its result (API reference, "Function calling").
func (w *chatWalk) answered(at string) {
	for id := range w.pending {
		w.c.refuse(at, "an assistant message with 'tool_calls' must be followed by tool messages for each 'tool_call_id'; missing: %s", id)
	}
}

func (w *chatWalk) message(at string, m gjson.Result, last bool) {
	c, role := w.c, m.Get("role").String()
	c.oneOf(at+".role", m.Get("role"), w.roles)
	if role != "tool" {
		w.answered(at)
	}
	w.turns(at, role, m, last)
	w.before = role
	switch role {
	case "tool":
		allowed := "role content tool_call_id"
		if w.named {
			allowed += " name"
			c.text(at+".name", m.Get("name"))
		}
		c.only(at, m, allowed)
		id := c.text(at+".tool_call_id", m.Get("tool_call_id"))
		if !w.pending[id] {
			c.refuse(at, "a message with role 'tool' must be a response to a preceding message with 'tool_calls': %s", id)
		}
		delete(w.pending, id)
		w.a.results++
		w.content(at+".content", m.Get("content"), "text")
	case "assistant":
		w.a.turns++
		if w.a.images = 0; m.Get("tool_calls").Exists() {
			w.a.results = 0
		}
		w.assistant(at, m, last)
	default:
		allowed := "role content name"
		if w.vendor == "groq" || w.order {
			allowed = "role content"
		}
		c.only(at, m, allowed)
		kinds := "text"
		if role == "user" {
			if kinds = "text image_url input_audio file"; w.order {
				kinds = "text image_url document_url"
			}
		}
		text := w.content(at+".content", m.Get("content"), kinds)
		if role == "user" && text != "" && !strings.HasPrefix(text, "<system>") {
			w.a.text, w.a.results, w.a.steps = text, 0, 0
		}
	}
}

// turns checks Mistral's order of roles.
func (w *chatWalk) turns(at, role string, m gjson.Result, last bool) {
	if !w.order {
		return
	}
	follow := map[string]string{
		"": "system user", "system": "system user assistant", "user": "user system assistant",
		"assistant": "assistant user tool", "tool": "tool assistant",
	}
	if !slices.Contains(strings.Fields(follow[w.before]), role) {
		w.c.refuse(at, "Unexpected role '%s' after role '%s'", role, w.before)
	}
	if last && role == "assistant" && !m.Get("prefix").Bool() {
		w.c.refuse(at, "Expected last role User or Tool (or Assistant with prefix True)")
	}
}

func (w *chatWalk) assistant(at string, m gjson.Result, last bool) {
	c := w.c
	c.only(at, m, w.chatRules.assistant)
	calls := c.list(at+".tool_calls", m.Get("tool_calls"))
	content := m.Get("content")
	if content.Exists() && content.Type != gjson.Null {
		w.content(at+".content", content, "text refusal thinking")
	} else if len(calls) == 0 && m.Get("refusal").String() == "" {
		c.refuse(at, "an assistant's message must have content or tool_calls")
	}
	if prefix := m.Get("prefix"); prefix.Bool() && !last {
		c.refuse(at+".prefix", "stands on a message that is not the last")
	}
	reasoning := m.Get("reasoning_content")
	switch {
	case w.replay && len(calls) > 0 && reasoning.Type != gjson.String:
		c.refuse(at+".reasoning_content", "must be passed back to the API in thinking mode")
	case w.noReplay && reasoning.Exists():
		c.refuse(at+".reasoning_content", "must not be in the messages")
	case w.vendor == "deepseek" && reasoning.String() != "" && !w.kept(reasoning.String()):
		c.refuse(at+".reasoning_content", "is not this model's own")
	}
	if len(calls) > 0 {
		w.a.steps++
	}
	for i, call := range calls {
		at := at + ".tool_calls[" + itoa(i) + "]"
		id := c.text(at+".id", call.Get("id"))
		c.match(at+".id", id, w.ids)
		if w.used[id] {
			c.refuse(at+".id", "duplicate id %s", id)
		}
		w.used[id], w.pending[id] = true, true
		kind := call.Get("type").String()
		c.only(at, call, "id type index "+kind)
		switch kind {
		case "function":
			c.only(at+".function", call.Get("function"), "name arguments")
			c.match(at+".function.name", call.Get("function.name").String(), toolName)
			if args := call.Get("function.arguments"); args.Type != gjson.String || !gjson.Valid(args.Str) || !gjson.Parse(args.Str).IsObject() {
				c.refuse(at+".function.arguments", "must be the text of a JSON object, not %.60q", args.Raw)
			}
		case "custom":
			if w.vendor != "openai" {
				c.refuse(at+".type", "custom is not known")
			}
			c.only(at+".custom", call.Get("custom"), "name input")
		default:
			c.refuse(at+".type", "must be function")
		}
	}
}
