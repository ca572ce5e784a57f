package strict

import (
	"strings"

	"github.com/tidwall/gjson"
)

// responses is OpenAI Responses (API reference, "Create a model response").
type responses struct{ *StandIn }

func (p *responses) reasons(model string) bool {
	return !strings.HasPrefix(model, "gpt-4") && !strings.HasPrefix(model, "gpt-3")
}

func (p *responses) read(c *check, body gjson.Result) ask {
	c.only("", body, "model input instructions include previous_response_id conversation store background max_output_tokens "+
		"max_tool_calls parallel_tool_calls reasoning text temperature top_p top_logprobs tools tool_choice truncation stream "+
		"stream_options service_tier prompt prompt_cache_key prompt_cache_options prompt_cache_retention context_management "+
		"metadata safety_identifier user moderation")
	a := ask{model: c.text("model", body.Get("model")), stream: body.Get("stream").Bool(), parallel: true, usage: true}
	a.thinks = p.reasons(a.model)
	p.settings(c, body, &a)
	p.tools(c, body, &a)
	p.format(c, body.Get("text"), &a)
	w := &responsesWalk{responses: p, c: c, a: &a, pending: map[string]string{}, used: map[string]bool{}, first: true}
	input := body.Get("input")
	if input.Type == gjson.String {
		a.text = c.text("input", input)
		w.json(input.Str)
	} else {
		w.items(c.list("input", input))
	}
	w.json(body.Get("instructions").String())
	if !input.Exists() {
		c.refuse("input", "Missing required parameter")
	}
	if a.json && a.schema == "" && !w.mentionsJSON {
		c.refuse("input", "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'")
	}
	return a
}

func (p *responses) settings(c *check, body gjson.Result, a *ask) {
	c.whole("max_output_tokens", body.Get("max_output_tokens"), 16)
	for name, most := range map[string]float64{"temperature": 2, "top_p": 1} {
		c.number(name, body.Get(name), 0, most)
		if body.Get(name).Exists() && a.thinks {
			c.refuse(name, "Unsupported parameter: is not supported with this model")
		}
	}
	for _, name := range []string{"stream", "store", "background"} {
		c.flag(name, body.Get(name))
	}
	if body.Get("stream_options").Exists() && !a.stream {
		c.refuse("stream_options", "is only allowed when 'stream' is enabled")
	}
	for _, v := range c.list("include", body.Get("include")) {
		c.oneOf("include", v, "reasoning.encrypted_content message.output_text.logprobs message.input_image.image_url "+
			"file_search_call.results web_search_call.results web_search_call.action.sources computer_call_output.output.image_url "+
			"code_interpreter_call.outputs")
		if v.Str == "reasoning.encrypted_content" && !a.thinks {
			c.refuse("include", "Encrypted content is not supported with this model")
		}
	}
	if r := body.Get("reasoning"); r.Exists() {
		c.only("reasoning", r, "effort summary context mode generate_summary")
		c.oneOf("reasoning.effort", r.Get("effort"), "none minimal low medium high xhigh max")
		c.oneOf("reasoning.summary", r.Get("summary"), "auto concise detailed")
		if !a.thinks {
			c.refuse("reasoning", "Unsupported parameter: is not supported with this model")
		}
	}
	c.oneOf("service_tier", body.Get("service_tier"), "auto default flex scale priority fast ultrafast")
	for _, name := range []string{"prompt_cache_key", "safety_identifier", "user"} {
		if len(body.Get(name).String()) > 64 {
			c.refuse(name, "is longer than 64 characters")
		}
	}
	if m := body.Get("metadata"); m.Exists() && (!m.IsObject() || len(m.Map()) > 16) {
		c.refuse("metadata", "must be an object of at most 16 pairs")
	}
}

func (p *responses) tools(c *check, body gjson.Result, a *ask) {
	list, seen := c.list("tools", body.Get("tools")), map[string]bool{}
	for i, t := range list {
		at := "tools[" + itoa(i) + "]"
		switch kind := t.Get("type").String(); kind {
		case "function":
			c.only(at, t, "type name description parameters strict defer_loading allowed_callers async output_schema")
			if !t.Get("parameters").IsObject() {
				c.refuse(at+".parameters", "Missing required parameter")
			}
			// (API reference: strict is tried where it is left out; a translation must say what it wants)
			c.functionSchema(at+".parameters", t.Get("parameters"), t.Get("strict").Raw != "false")
		case "custom":
			c.only(at, t, "type name description format defer_loading")
		case "web_search", "tool_search", "namespace", "file_search", "mcp", "local_shell", "image_generation":
			continue
		default:
			c.refuse(at+".type", "%q is not known", kind)
		}
		name := c.text(at+".name", t.Get("name"))
		c.match(at+".name", name, toolName)
		if seen[name] {
			c.refuse(at, "the tool %q is declared twice", name)
		}
		seen[name] = true
		a.tools = append(a.tools, tool{name: name, schema: t.Get("parameters").Raw, freeform: t.Get("type").String() == "custom"})
	}
	if v := body.Get("parallel_tool_calls"); v.Exists() {
		c.flag("parallel_tool_calls", v)
		a.parallel = v.Bool()
	}
	switch choice := body.Get("tool_choice"); {
	case !choice.Exists():
	case choice.Type == gjson.String:
		c.oneOf("tool_choice", choice, "none auto required")
		if a.choice = choice.Str; len(list) == 0 && a.choice == "required" {
			c.refuse("tool_choice", "is only allowed when 'tools' are specified")
		}
	default:
		kind := choice.Get("type").String()
		c.oneOf("tool_choice.type", choice.Get("type"), "function custom allowed_tools mcp web_search")
		if a.choice = choice.Get("name").String(); (kind == "function" || kind == "custom") && !seen[a.choice] {
			c.refuse("tool_choice", "Tool choice '%s' not found in 'tools' parameter", a.choice)
		}
	}
}

func (p *responses) format(c *check, v gjson.Result, a *ask) {
	if !v.Exists() {
		return
	}
	c.only("text", v, "format verbosity")
	c.oneOf("text.verbosity", v.Get("verbosity"), "low medium high")
	f := v.Get("format")
	c.oneOf("text.format.type", f.Get("type"), "text json_object json_schema")
	switch f.Get("type").String() {
	case "json_object":
		c.only("text.format", f, "type")
		a.json = true
	case "json_schema":
		c.only("text.format", f, "type name description schema strict")
		c.match("text.format.name", f.Get("name").String(), toolName)
		if f.Get("strict").Raw != "false" {
			c.strictSchema("text.format.schema", f.Get("schema"), true)
		}
		a.schema, a.json = f.Get("schema").Raw, true
	}
}

// responsesWalk reads the items in their order.
type responsesWalk struct {
	*responses
	c       *check
	a       *ask
	pending map[string]string // the calls without a result, and what kind of result they need
	used    map[string]bool
	// thought tells that the item before was reasoning, which must be followed by the item that it led to.
	thought      string
	first        bool
	calling      bool // the item before was a call
	mentionsJSON bool
}

func (w *responsesWalk) json(text string) {
	w.mentionsJSON = w.mentionsJSON || strings.Contains(strings.ToLower(text), "json")
}

func (w *responsesWalk) items(list []gjson.Result) {
	c := w.c
	for i, v := range list {
		at := "input[" + itoa(i) + "]"
		kind := v.Get("type").String()
		if kind == "" && v.Get("role").Exists() {
			kind = "message"
		}
		role := v.Get("role").String()
		led := kind == "reasoning" || kind == "function_call" || kind == "custom_tool_call" || kind == "message" && role == "assistant"
		if w.thought != "" && !led {
			c.refuse(at, "Item of type 'reasoning' was provided without its required following item: %s", w.thought)
		}
		w.thought = ""
		if kind == "message" && role == "assistant" || strings.HasSuffix(kind, "_call") {
			if !w.calling || kind == "message" {
				w.a.turns++
			}
			w.a.results, w.a.images = 0, 0
		}
		w.item(at, kind, v)
		w.calling = strings.HasSuffix(kind, "_call")
		if c.no != nil {
			return
		}
	}
	if w.thought != "" {
		c.refuse("input", "Item of type 'reasoning' was provided without its required following item: %s", w.thought)
	}
	for id := range w.pending {
		c.refuse("input", "No tool output found for function call %s", id)
	}
}

// id checks an item's id: its form, and that the item is known where only its id says what it is.
func (w *responsesWalk) id(at string, v gjson.Result, prefix string) {
	if id := v.Get("id"); id.Exists() && (!strings.HasPrefix(id.String(), prefix) || len(id.String()) > 64) {
		w.c.refuse(at+".id", "Invalid %s. Expected an ID that begins with '%s'", id.Raw, prefix)
	}
}

func (w *responsesWalk) item(at, kind string, v gjson.Result) {
	c := w.c
	switch kind {
	case "message":
		w.message(at, v)
	case "reasoning":
		c.only(at, v, "type id summary content encrypted_content status")
		w.id(at, v, "rs_")
		if !v.Get("summary").IsArray() {
			c.refuse(at+".summary", "Missing required parameter")
		}
		for i, s := range v.Get("summary").Array() {
			c.only(at+".summary["+itoa(i)+"]", s, "type text")
			c.oneOf(at+".summary.type", s.Get("type"), "summary_text")
		}
		sealed := v.Get("encrypted_content")
		if _, ok := w.opened("encrypted", sealed.String()); sealed.Exists() && sealed.Type != gjson.Null && !ok {
			c.refuse(at, "The encrypted content could not be verified. Reason: Encrypted content could not be decrypted or parsed")
			c.no.kind = "invalid_encrypted_content"
		} else if !ok && !w.kept(v.Get("id").String()) {
			c.refuse(at, "Item with id '%s' not found. Items are not persisted when `store` is set to false", v.Get("id").String())
		}
		w.thought = at
	case "function_call", "custom_tool_call":
		c.only(at, v, "type id call_id name arguments input namespace status async caller")
		w.id(at, v, map[string]string{"function_call": "fc", "custom_tool_call": "ctc"}[kind])
		id := c.text(at+".call_id", v.Get("call_id"))
		if len(id) > 64 {
			c.refuse(at+".call_id", "string too long. Expected a string with maximum length 64")
		}
		c.match(at+".name", v.Get("name").String(), toolName)
		if args := v.Get("arguments"); kind == "function_call" && (args.Type != gjson.String || !gjson.Parse(args.Str).IsObject()) {
			c.refuse(at+".arguments", "must be the text of a JSON object, not %.60q", args.Raw)
		}
		if v.Get("input").Type != gjson.String && kind == "custom_tool_call" {
			c.refuse(at+".input", "must be a string")
		}
		if w.used[id] {
			c.refuse(at+".call_id", "Duplicate call_id %s", id)
		}
		w.used[id], w.pending[id] = true, kind+"_output"
		if !w.calling {
			w.a.steps++
		}
	case "function_call_output", "custom_tool_call_output":
		c.only(at, v, "type id call_id output status")
		id := v.Get("call_id").String()
		if w.pending[id] != kind {
			c.refuse(at, "No tool call found for function call output with call_id %s", id)
		}
		delete(w.pending, id)
		w.a.results++
		w.content(at+".output", v.Get("output"), "input_text input_image input_file")
	case "item_reference":
		if !w.kept(v.Get("id").String()) {
			c.refuse(at, "Item with id '%s' not found", v.Get("id").String())
		}
	default:
		c.refuse(at+".type", "Invalid value: %q", kind)
	}
}

func (w *responsesWalk) message(at string, v gjson.Result) {
	c, role := w.c, v.Get("role").String()
	c.only(at, v, "type id role content status phase")
	c.oneOf(at+".role", v.Get("role"), "user assistant system developer")
	kinds := "input_text input_image input_file"
	switch role {
	case "assistant":
		w.id(at, v, "msg")
		kinds = "output_text refusal"
	case "system", "developer":
		kinds = "input_text"
	}
	text := w.content(at+".content", v.Get("content"), kinds)
	if role == "user" && text != "" {
		w.a.text = text
		if w.a.results == 0 {
			w.a.steps = 0
		}
	}
}

func (w *responsesWalk) content(at string, v gjson.Result, kinds string) string {
	c := w.c
	if v.Type == gjson.String {
		w.json(v.Str)
		return v.Str
	}
	if !v.IsArray() {
		c.refuse(at, "must be a string or a list of parts, not %.60s", v.Raw)
	}
	text := ""
	for i, part := range c.list(at, v) {
		at := at + "[" + itoa(i) + "]"
		c.oneOf(at+".type", part.Get("type"), kinds)
		switch part.Get("type").String() {
		case "input_text":
			c.only(at, part, "type text prompt_cache_breakpoint")
			text = part.Get("text").String()
			w.json(text)
		case "output_text":
			c.only(at, part, "type text annotations logprobs")
		case "refusal":
			c.only(at, part, "type refusal")
		case "input_image":
			w.a.images++
			c.only(at, part, "type image_url file_id detail")
			c.oneOf(at+".detail", part.Get("detail"), "auto low high original")
			if url := part.Get("image_url").String(); strings.HasPrefix(url, "data:") {
				mediaType, data := c.dataURL(at, url)
				c.image(at, mediaType, data)
			} else if !strings.HasPrefix(url, "http") && !part.Get("file_id").Exists() {
				c.refuse(at+".image_url", "Expected a valid URL")
			}
		case "input_file":
			c.only(at, part, "type file_data file_id file_url filename detail")
			if data := part.Get("file_data"); data.Exists() {
				c.text(at+".filename", part.Get("filename"))
				mediaType, b := c.dataURL(at+".file_data", data.String())
				if mediaType == "application/pdf" {
					c.pdf(at+".file_data", b)
				} else if !strings.HasPrefix(mediaType, "text/") {
					c.refuse(at+".file_data", "Unsupported MIME type %q", mediaType)
				}
			}
		}
	}
	return text
}
