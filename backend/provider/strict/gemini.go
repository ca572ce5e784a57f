package strict

import (
	"regexp"
	"strings"

	"github.com/tidwall/gjson"
)

// gemini is Gemini's generateContent (API reference, "Generating content").
type gemini struct {
	*StandIn
	model   string
	streams bool
}

// functionName is what Gemini takes for a name (API reference, "FunctionDeclaration").
var functionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$`)

// skipSignature is the documented value for a call that another model wrote (API docs, "Thought signatures").
const skipSignature = "skip_thought_signature_validator"

func (p *gemini) third() bool { return strings.HasPrefix(p.model, "gemini-3") }

func (p *gemini) read(c *check, body gjson.Result) ask {
	c.only("", body, "contents systemInstruction tools toolConfig generationConfig safetySettings cachedContent labels serviceTier store")
	a := ask{model: p.model, stream: p.streams, parallel: true, usage: true}
	if s := body.Get("systemInstruction"); s.Exists() {
		c.only("systemInstruction", s, "parts role")
		for i, part := range c.list("systemInstruction.parts", s.Get("parts")) {
			c.only("systemInstruction.parts["+itoa(i)+"]", part, "text")
			c.text("systemInstruction.parts["+itoa(i)+"].text", part.Get("text"))
		}
	}
	p.tools(c, body, &a)
	p.config(c, body.Get("generationConfig"), &a)
	c.oneOf("serviceTier", body.Get("serviceTier"), "standard flex priority")
	p.contents(c, body.Get("contents"), &a)
	return a
}

func (p *gemini) tools(c *check, body gjson.Result, a *ask) {
	declared, seen := 0, map[string]bool{}
	for i, t := range c.list("tools", body.Get("tools")) {
		at := "tools[" + itoa(i) + "]"
		c.only(at, t, "functionDeclarations googleSearch urlContext codeExecution computerUse fileSearch googleMaps")
		for j, f := range c.list(at+".functionDeclarations", t.Get("functionDeclarations")) {
			at := at + ".functionDeclarations[" + itoa(j) + "]"
			declared++
			c.only(at, f, "name description parameters parametersJsonSchema response responseJsonSchema behavior")
			name := c.text(at+".name", f.Get("name"))
			c.match(at+".name", name, functionName)
			if seen[name] {
				c.refuse(at, "Duplicate function declaration found: %s", name)
			}
			seen[name] = true
			schema := f.Get("parameters")
			if schema.Exists() {
				c.geminiSchema(at+".parameters", schema)
			}
			if own := f.Get("parametersJsonSchema"); own.Exists() {
				if schema.Exists() {
					c.refuse(at, "parameters and parametersJsonSchema are mutually exclusive")
				}
				c.geminiJSON(at+".parametersJsonSchema", own)
				schema = own
			}
			a.tools = append(a.tools, tool{name: name, schema: schema.Raw})
		}
	}
	config := body.Get("toolConfig")
	if !config.Exists() {
		return
	}
	c.only("toolConfig", config, "functionCallingConfig retrievalConfig")
	calling := config.Get("functionCallingConfig")
	if !calling.Exists() {
		return
	}
	if declared == 0 { // (API: a tool config without function declarations is refused)
		c.refuse("toolConfig", "Function calling config is set without function_declarations")
	}
	c.only("toolConfig.functionCallingConfig", calling, "mode allowedFunctionNames")
	c.oneOf("toolConfig.functionCallingConfig.mode", calling.Get("mode"), "AUTO ANY NONE VALIDATED")
	a.choice = map[string]string{"ANY": "required", "NONE": "none"}[calling.Get("mode").String()]
	for _, name := range c.list("toolConfig.functionCallingConfig.allowedFunctionNames", calling.Get("allowedFunctionNames")) {
		if !seen[name.Str] || calling.Get("mode").String() != "ANY" && calling.Get("mode").String() != "VALIDATED" {
			c.refuse("toolConfig.functionCallingConfig.allowedFunctionNames", "%s is not declared, or the mode is not ANY", name.Raw)
		}
		a.choice = name.Str
	}
}

func (p *gemini) config(c *check, g gjson.Result, a *ask) {
	a.thinks = true
	if !g.Exists() {
		a.thinks = p.third()
		return
	}
	const at = "generationConfig"
	c.only(at, g, "temperature topP topK candidateCount maxOutputTokens stopSequences seed presencePenalty frequencyPenalty "+
		"responseMimeType responseSchema responseJsonSchema responseModalities thinkingConfig responseLogprobs logprobs mediaResolution")
	c.number(at+".temperature", g.Get("temperature"), 0, 2)
	c.number(at+".topP", g.Get("topP"), 0, 1)
	c.whole(at+".topK", g.Get("topK"), 1)
	c.whole(at+".maxOutputTokens", g.Get("maxOutputTokens"), 1)
	c.whole(at+".seed", g.Get("seed"), -1<<31)
	a.stop = c.stops(at+".stopSequences", g.Get("stopSequences"), 5)
	for _, name := range []string{"presencePenalty", "frequencyPenalty"} {
		c.number(at+"."+name, g.Get(name), -2, 2)
		if g.Get(name).Exists() && !strings.HasPrefix(p.model, "gemini-2.0") {
			c.refuse(at+"."+name, "Penalty is not enabled for this model")
		}
	}
	kind := g.Get("responseMimeType")
	c.oneOf(at+".responseMimeType", kind, "text/plain application/json text/x.enum")
	schema, own := g.Get("responseSchema"), g.Get("responseJsonSchema")
	if (schema.Exists() || own.Exists()) && kind.String() != "application/json" {
		c.refuse(at+".responseMimeType", "must be application/json beside a schema")
	}
	if schema.Exists() {
		c.geminiSchema(at+".responseSchema", schema)
		a.schema = schema.Raw
	}
	if own.Exists() {
		c.geminiJSON(at+".responseJsonSchema", own)
		a.schema = own.Raw
	}
	a.json = kind.String() == "application/json"
	if a.json && len(a.tools) > 0 && !p.third() { // (API: refused before Gemini 3)
		c.refuse(at+".responseMimeType", "Function calling with a response mime type: 'application/json' is unsupported")
	}
	t := g.Get("thinkingConfig")
	a.thinks = p.third() || t.Get("includeThoughts").Bool()
	if !t.Exists() {
		return
	}
	c.only(at+".thinkingConfig", t, "includeThoughts thinkingBudget thinkingLevel")
	c.oneOf(at+".thinkingConfig.thinkingLevel", t.Get("thinkingLevel"), "MINIMAL LOW MEDIUM HIGH")
	c.number(at+".thinkingConfig.thinkingBudget", t.Get("thinkingBudget"), -1, 32768)
	switch level, budget := t.Get("thinkingLevel").Exists(), t.Get("thinkingBudget").Exists(); {
	case level && budget:
		c.refuse(at+".thinkingConfig", "You can only set one of thinking budget and thinking level")
	case level && !p.third():
		c.refuse(at+".thinkingConfig.thinkingLevel", "Thinking level is not supported for this model")
	}
}

// contents checks the turns and their parts.
func (p *gemini) contents(c *check, v gjson.Result, a *ask) {
	list := merged(c.list("contents", v))
	if len(list) == 0 {
		c.refuse("contents", "contents is not specified")
	}
	current := 0 // where the current turn starts: behind the last content of the user's that holds no results
	for i, one := range list {
		if one.Get("role").String() == "user" && !strings.Contains(one.Raw, `"functionResponse"`) {
			current = i
		}
	}
	var pending []gjson.Result
	for i, one := range list {
		at := "contents[" + itoa(i) + "]"
		c.only(at, one, "role parts")
		role := one.Get("role").String()
		c.oneOf(at+".role", one.Get("role"), "user model")
		if i == 0 && role != "user" {
			c.refuse(at, "Please ensure that the first content is of the user's")
		}
		var calls, answers []gjson.Result
		parts := c.list(at+".parts", one.Get("parts"))
		if len(parts) == 0 {
			c.refuse(at+".parts", "must not be empty")
		}
		a.images = 0
		for j, part := range parts {
			p.part(c, at+".parts["+itoa(j)+"]", role, part, a)
			if part.Get("functionCall").Exists() {
				calls = append(calls, part)
			}
			if part.Get("functionResponse").Exists() {
				answers = append(answers, part.Get("functionResponse"))
			}
			if c.no != nil {
				return
			}
		}
		p.paired(c, at, role, pending, answers)
		pending = calls
		if role == "user" {
			if a.results = len(answers); len(answers) == 0 {
				a.steps = 0
			}
			continue
		}
		a.turns++
		if len(calls) > 0 {
			a.steps++
		}
		if p.third() && i > current && len(calls) > 0 && calls[0].Get("thoughtSignature").String() == "" {
			c.refuse(at, "Function call is missing a thought_signature in functionCall parts")
		}
	}
	if len(pending) > 0 {
		c.refuse("contents", "Please ensure that function call turn comes immediately before its response")
	}
}

// merged joins neighbours of one role, as the API does: clients that stream put every piece into a content of its own.
func merged(list []gjson.Result) (out []gjson.Result) {
	for _, one := range list {
		n := len(out)
		if n == 0 || out[n-1].Get("role").String() != one.Get("role").String() || !one.Get("parts").IsArray() || len(one.Get("parts").Array()) == 0 {
			out = append(out, one)
			continue
		}
		head := strings.TrimSuffix(strings.TrimSpace(out[n-1].Get("parts").Raw), "]")
		out[n-1] = gjson.Parse(`{"role":` + one.Get("role").Raw + `,"parts":` + head + "," + strings.TrimSpace(one.Get("parts").Raw)[1:] + "}")
	}
	return out
}

// paired demands as many results as the turn before has calls, of the same names (API docs, "Function calling").
func (p *gemini) paired(c *check, at, role string, calls, answers []gjson.Result) {
	if len(calls) == 0 && len(answers) == 0 {
		return
	}
	if role != "user" || len(calls) != len(answers) {
		c.refuse(at, "Please ensure that the number of function response parts is equal to the number of function call parts of "+
			"the function call turn: %d, %d", len(answers), len(calls))
		return
	}
	for i, answer := range answers {
		call := calls[i].Get("functionCall")
		if answer.Get("name").String() != call.Get("name").String() {
			c.refuse(at, "the response is of %s, the call of %s", answer.Get("name").Raw, call.Get("name").Raw)
		}
		if answer.Get("id").Exists() && call.Get("id").Exists() && answer.Get("id").String() != call.Get("id").String() {
			c.refuse(at, "the response's id %s is not its call's", answer.Get("id").Raw)
		}
	}
}

func (p *gemini) part(c *check, at, role string, v gjson.Result, a *ask) {
	c.only(at, v, "text thought thoughtSignature inlineData fileData functionCall functionResponse")
	data := 0
	for _, name := range []string{"text", "inlineData", "fileData", "functionCall", "functionResponse"} {
		if v.Get(name).Exists() {
			data++
		}
	}
	if data != 1 {
		c.refuse(at, "required oneof field 'data' must have one initialized field")
	}
	signature := v.Get("thoughtSignature")
	if role == "user" && (signature.Exists() || v.Get("thought").Exists() || v.Get("functionCall").Exists()) {
		c.refuse(at, "only the model's turns hold calls, thoughts and signatures")
	}
	if role == "model" && v.Get("functionResponse").Exists() {
		c.refuse(at, "function response parts stand in the user's turns")
	}
	if text := v.Get("text"); text.Exists() {
		if text.Type != gjson.String || text.Str == "" && !signature.Exists() {
			c.refuse(at+".text", "must not be empty")
		}
		if role == "user" && !strings.HasPrefix(text.Str, "<system>") {
			a.text = text.Str
		}
	}
	p.signed(c, at, v, signature)
	for _, inline := range []gjson.Result{v.Get("inlineData")} {
		if inline.Exists() {
			p.inline(c, at+".inlineData", inline, a)
		}
	}
	if f := v.Get("fileData"); f.Exists() {
		c.only(at+".fileData", f, "mimeType fileUri")
		c.text(at+".fileData.fileUri", f.Get("fileUri"))
	}
	if f := v.Get("functionCall"); f.Exists() {
		c.only(at+".functionCall", f, "id name args")
		c.match(at+".functionCall.name", f.Get("name").String(), functionName)
		if args := f.Get("args"); args.Exists() && !args.IsObject() {
			c.refuse(at+".functionCall.args", "must be an object")
		}
		if f.Get("id").Exists() && !p.third() {
			c.refuse(at+".functionCall.id", "unknown name \"id\"")
		}
	}
	if f := v.Get("functionResponse"); f.Exists() {
		p.response(c, at+".functionResponse", f, a)
	}
}

// signed demands that a signature is this stand-in's own and stands where it came.
func (p *gemini) signed(c *check, at string, v, signature gjson.Result) {
	if !signature.Exists() || signature.Str == skipSignature && v.Get("functionCall").Exists() {
		return
	}
	content, ok := p.opened("part", signature.Str)
	if !ok || content != signedContent(v) {
		c.refuse(at+".thoughtSignature", "Corrupted thought signature")
	}
}

// signedContent is what a part's signature is bound to.
func signedContent(v gjson.Result) string {
	if f := v.Get("functionCall"); f.Exists() {
		return "call " + f.Get("name").String()
	}
	return "text"
}
