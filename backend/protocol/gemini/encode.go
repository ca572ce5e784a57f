package gemini

import (
	"math"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
)

// Options are what EncodeRequest must know of the server.
type Options struct {
	// Target is who gets the request; reasoning goes back to its origin only. Its model decides the form where the
	// request names none.
	Target llm.Origin
	// Untagged sends back signatures that came without a tag of ours: they are the target's own, because the client has
	// spoken with it in this dialect before.
	Untagged bool
}

// MaxStops is how many stop sequences there may be (API reference, "GenerationConfig").
const MaxStops = 5

// EncodeRequest writes a request (API reference, "Generating content"); the model and whether it streams stand in the
// path, see Path. The same request always gives the same bytes.
//
// The system messages at the start become the systemInstruction; a later one keeps its place as a marked text of the
// user's. What the dialect can't carry but may do without comes back as notices; what would change the answer is an
// error of class bad request. Answers need Restore.
func EncodeRequest(req *llm.Request, opts Options) (body []byte, notices []llm.Notice, err error) {
	model := req.Model
	if model == "" {
		model = opts.Target.Model
	}
	e := &encoder{opts: opts, req: req, traits: traitsOf(model), names: newNames(req)}
	if err := e.conversation(); err != nil {
		return nil, nil, err
	}
	tools, declared, err := e.tools()
	if err != nil {
		return nil, nil, err
	}
	choice, err := e.toolConfig(declared)
	if err != nil {
		return nil, nil, err
	}
	config, err := e.generation(declared)
	if err != nil {
		return nil, nil, err
	}
	w := &members{b: make([]byte, 0, fit.Size(req))}
	if len(e.system) > 0 {
		w.add("systemInstruction", content{parts: e.system}.append(nil))
	}
	w.open("contents", '[')
	for i, t := range e.turns {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = t.append(w.b)
	}
	w.b = append(w.b, ']')
	if len(tools) > 0 {
		raw, err := marshal(tools, 0)
		if err != nil {
			return nil, nil, err
		}
		w.add("tools", raw)
	}
	w.add("toolConfig", choice)
	w.add("generationConfig", config)
	if tier := e.serviceTier(); tier != "" {
		w.add("serviceTier", quote(tier))
	}
	e.extras(w, "")
	e.drops()
	return w.close(), e.notices, nil
}

type encoder struct {
	opts    Options
	req     *llm.Request
	traits  traits
	names   *names
	system  []any
	turns   []content
	notices []llm.Notice
}

func (e *encoder) notice(field, text string) {
	if n := (llm.Notice{Field: field, Message: text}); !slices.Contains(e.notices, n) {
		e.notices = append(e.notices, n)
	}
}

// drop tells of a field that the ladder drops.
func (e *encoder) drop(field string) { e.notice(field, reason(field)) }

// drops tells of the hints that have no place in the API.
func (e *encoder) drops() {
	if e.req.User != "" {
		e.drop("user")
	}
	if e.req.CacheKey != "" {
		e.drop("cache_key")
	}
	if len(e.req.Metadata) > 0 {
		e.drop("metadata")
	}
	for _, x := range e.req.Extra {
		if x.Dialect != llm.Gemini {
			e.notice(x.Name, "only "+x.Dialect.String()+" knows it, so it was left out")
		}
	}
}

// extras writes the members that only this dialect knows, of the object that under names ("" is the request, else with
// the dot).
func (e *encoder) extras(w *members, under string) {
	for _, x := range e.req.Extra {
		name, ok := strings.CutPrefix(x.Name, under)
		if ok && x.Dialect == llm.Gemini && name != "" && !strings.Contains(name, ".") && len(x.Raw) > 0 {
			w.add(name, x.Raw)
		}
	}
}

func (e *encoder) serviceTier() string {
	switch tier := strings.ToLower(e.req.ServiceTier); tier {
	case "", "auto", "unspecified":
		return ""
	case "default", "standard", "standard_only":
		return "standard"
	case "flex", "priority":
		return tier
	}
	e.notice("service_tier", "Gemini has no tier "+e.req.ServiceTier+", so its own default was taken")
	return ""
}

// tools writes the tools; declared tells whether there are functions among them.
func (e *encoder) tools() (out []any, declared bool, err error) {
	var functions []declaration
	for _, t := range e.req.Tools {
		if t.Strict != nil && *t.Strict {
			e.drop("tools.strict")
		}
		if t.Cache != nil {
			e.drop("messages.cache")
		}
		if t.Own != nil {
			if t.Own.Dialect == llm.Gemini {
				out = append(out, t.Own.Raw)
			} else {
				e.drop("tools.own")
			}
			continue
		}
		d := declaration{Name: e.names.out(t.Name), Description: t.Description}
		schema := t.InputSchema
		if t.Freeform != nil {
			schema = fit.FreeformSchema
		}
		switch {
		case len(schema) == 0:
		case !jsonread.Valid(schema):
			return nil, false, llm.Errorf(llm.ErrBadRequest, "the schema of the tool %q is not valid JSON", t.Name)
		case e.traits.jsonSchema:
			d.JSONSchema = noConst(schema)
		default:
			d.Parameters = openAPI(schema)
			if !hasProperties(d.Parameters) {
				d.Parameters = nil // an object without properties is refused
			}
		}
		functions = append(functions, d)
	}
	if len(functions) > 0 {
		out = append(out, map[string][]declaration{"functionDeclarations": functions})
	}
	return out, len(functions) > 0, nil
}

// toolConfig is sent with functions only; without them the API refuses it.
func (e *encoder) toolConfig(declared bool) ([]byte, error) {
	w := &members{}
	if c := e.req.ToolChoice; c != nil {
		forced := c.Mode == llm.ToolRequired || c.Mode == llm.ToolNamed
		switch {
		case forced && !declared:
			return nil, llm.Errorf(llm.ErrBadRequest,
				"the tool choice demands a call, but the request has no tools that %s can call", llm.Gemini)
		case declared:
			raw, err := marshal(e.calling(c), 0)
			if err != nil {
				return nil, err
			}
			w.add("functionCallingConfig", raw)
		}
		if c.NoParallel {
			e.drop("tool_choice.no_parallel")
		}
	}
	e.extras(w, "toolConfig.")
	if len(w.b) == 0 {
		return nil, nil
	}
	return w.close(), nil
}

// extraValidated is the mode VALIDATED (calls follow their schemas, or text), which the vocabulary has no word for.
const extraValidated = "toolConfig.functionCallingConfig.mode"

func (e *encoder) calling(c *llm.ToolChoice) callingConfig {
	switch c.Mode {
	case llm.ToolNone:
		return callingConfig{Mode: "NONE"}
	case llm.ToolRequired:
		return callingConfig{Mode: "ANY"}
	case llm.ToolNamed:
		return callingConfig{Mode: "ANY", Allowed: []string{e.names.out(c.Name)}}
	}
	for _, x := range e.req.Extra {
		if x.Dialect == llm.Gemini && x.Name == extraValidated {
			return callingConfig{Mode: "VALIDATED"}
		}
	}
	return callingConfig{Mode: "AUTO"}
}

// generation writes the generationConfig, nil if it is empty.
func (e *encoder) generation(declared bool) ([]byte, error) {
	r := e.req
	if len(r.Stop) > MaxStops {
		return nil, llm.Errorf(llm.ErrBadRequest,
			"%s takes up to %d stop sequences, not %d", llm.Gemini, MaxStops, len(r.Stop))
	}
	out := generation{
		TopP: r.TopP, TopK: r.TopK, MaxOutputTokens: r.MaxOutputTokens, StopSequences: r.Stop, Seed: r.Seed,
		PresencePenalty: r.PresencePenalty, FrequencyPenalty: r.FrequencyPenalty, Thinking: e.thinking(),
	}
	if t := r.Temperature; t != nil {
		out.Temperature = new(min(max(*t, 0), 2))
		if *out.Temperature != *t {
			e.notice("temperature", "it was brought into the range 0 to 2 of "+llm.Gemini.String())
		}
	}
	if s := r.Seed; s != nil && (*s < math.MinInt32 || *s > math.MaxInt32) {
		out.Seed = nil
		e.notice("seed", "it does not fit into the 32 bits that "+llm.Gemini.String()+" has for it")
	}
	if e.traits.noPenalties && r.PresencePenalty != nil {
		out.PresencePenalty = nil
		e.notice("presence_penalty", "models of this generation refuse it")
	}
	if e.traits.noPenalties && r.FrequencyPenalty != nil {
		out.FrequencyPenalty = nil
		e.notice("frequency_penalty", "models of this generation refuse it")
	}
	if err := e.format(&out, declared); err != nil {
		return nil, err
	}
	raw, err := marshal(out, 0)
	if err != nil {
		return nil, err
	}
	w := &members{}
	if len(raw) > len("{}") {
		w.b = raw[:len(raw)-1]
	}
	e.extras(w, "generationConfig.")
	if len(w.b) == 0 {
		return nil, nil
	}
	return w.close(), nil
}

// format asks for JSON. Models that refuse that beside functions are told in words.
func (e *encoder) format(out *generation, declared bool) error {
	f := e.req.Format
	if f == nil {
		return nil
	}
	if len(f.Schema) > 0 && !jsonread.Valid(f.Schema) {
		return llm.Errorf(llm.ErrBadRequest, "the schema of the answer's format is not valid JSON")
	}
	if declared && !e.traits.formatWithTools {
		e.notice("format", "this model takes no format beside tools, so it was asked for in words")
		ask := "When you give your final answer, it must be JSON only, with no other text and no code fence."
		if len(f.Schema) > 0 {
			ask += " It must fit this JSON schema:\n" + string(f.Schema)
		}
		e.instruct(ask)
		return nil
	}
	out.ResponseMIMEType = "application/json"
	switch {
	case len(f.Schema) == 0:
	case e.traits.jsonSchema:
		out.ResponseJSON = noConst(f.Schema)
	default:
		out.ResponseSchema = openAPI(f.Schema)
	}
	return nil
}

// thinking asks for as much thinking as the caller wants, in the way of the model's generation.
func (e *encoder) thinking() *thinking {
	r, t := e.req.Reasoning, e.traits
	if r == nil {
		return nil
	}
	off := r.Effort == "none" || r.Budget != nil && *r.Budget == 0
	switch {
	case t.levels == nil && t.maxBudget == 0:
		if !off {
			e.notice("reasoning", "this model does not think")
		}
		return nil
	case off && t.always:
		e.notice("reasoning", "this model can't stop thinking, so it was asked to think as little as it can")
	case off:
		return &thinking{Budget: new(int64(0))}
	}
	out := &thinking{IncludeThoughts: !off}
	effort := r.Effort
	switch {
	case off && t.levels != nil:
		out.Level = strings.ToUpper(t.levels[0])
	case off:
		out.Budget = &t.minBudget
	case t.levels != nil:
		if effort == "" && r.Budget != nil {
			effort = fit.Effort(*r.Budget, maxOutput)
			e.notice("reasoning", "this model takes levels, so the budget became the level "+effort)
		}
		level := fit.Nearest(effort, t.levels)
		if effort != "" && level != effort {
			e.notice("reasoning", "this model has no level "+effort+", so the nearest was taken")
		}
		out.Level = strings.ToUpper(level)
	case r.Budget != nil:
		out.Budget = new(min(max(*r.Budget, t.minBudget), t.maxBudget))
		if *out.Budget != *r.Budget {
			e.notice("reasoning", "the budget was brought into the model's range")
		}
	case effort != "":
		out.Budget = new(min(max(fit.Budget(effort, maxOutput), t.minBudget), t.maxBudget))
	case r.Adaptive:
		out.Budget = new(int64(-1))
	}
	return out
}
