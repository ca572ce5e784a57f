package gemini

// fate is what becomes of a field on its way into or out of the vocabulary.
type fate string

const (
	carried fate = "carried" // the same meaning
	mapped  fate = "mapped"  // another spelling or shape
	dropped fate = "dropped" // a hint that this API can't honour, told in a notice
	refused fate = "refused" // leaving it out would change the answer
	extra   fate = "extra"   // in Request.Extra: this dialect writes it again, others tell of it
)

// rung is one field of a ladder.
type rung struct {
	field string
	fate  fate
	// why is the meaning it is mapped to, or the reason why it is not carried; of a dropped one it is the notice.
	why string
}

// outbound is what becomes of the vocabulary's fields in a request to a provider. A test walks it.
var outbound = []rung{
	{"model", mapped, "stands in the path, not in the body"},
	{"messages", mapped, "contents; neighbours of one role become one"},
	{"messages.system", mapped, "systemInstruction at the start, a marked text of the user's later"},
	{"messages.media.url", refused, "unless a Google file, a gs:// or a YouTube address; others must be fetched before"},
	{"messages.media.type", refused, "unless images (PNG, JPEG, WebP, HEIC, HEIF), PDF, text, audio or video"},
	{"messages.media.detail", dropped, "Gemini has no such control for a single image"},
	{"messages.cache", dropped, "Gemini keeps prompts by itself, without marks"},
	{"messages.reasoning", mapped, "parts with their thoughtSignature, to the model that wrote them; others are left out"},
	{"tools", mapped, "functionDeclarations; schemas as JSON schema or, for older models, as the OpenAPI subset"},
	{"tools.freeform", mapped, "a function with one string plays it"},
	{"tools.own", dropped, "a tool that only another dialect's provider runs was left out"},
	{"tools.strict", dropped, "Gemini does not check calls against their schema"},
	{"tool_choice", mapped, "functionCallingConfig, if there are functions"},
	{"tool_choice.required", refused, "without tools"},
	{"tool_choice.no_parallel", dropped, "Gemini can't be kept from calling several tools at once"},
	{"max_output_tokens", carried, "maxOutputTokens"},
	{"temperature", carried, "brought into 0 to 2"},
	{"top_p", carried, "topP"},
	{"top_k", carried, "topK"},
	{"seed", carried, "if it fits into 32 bits"},
	{"frequency_penalty", carried, "but to generation 2.5, which refuses it"},
	{"presence_penalty", carried, "but to generation 2.5, which refuses it"},
	{"stop", carried, "up to five"},
	{"stop.many", refused, "more than five; the caller keeps the others back and cuts the answer there"},
	{"format", mapped, "responseMimeType with a schema; in words beside tools before generation 3"},
	{"reasoning", mapped, "thinkingLevel for generation 3, thinkingBudget for 2.5"},
	{"user", dropped, "Gemini has no field for the end user's id"},
	{"service_tier", mapped, "standard, flex or priority"},
	{"cache_key", dropped, "Gemini finds common prefixes by itself"},
	{"metadata", dropped, "Gemini has no field for the caller's own data"},
	{"stream", mapped, "stands in the path, not in the body"},
	{"extra", carried, "of this dialect; of others with a notice"},
}

// inbound is what becomes of the members of a client's request. Members that are not here are extra. A test walks it.
var inbound = []rung{
	{"contents", mapped, "messages; neighbours of the model's become one, results of functions a tool's turn"},
	{"systemInstruction", mapped, "the first system message"},
	{"tools.functionDeclarations", mapped, "parameters become a JSON schema"},
	{"tools.googleSearch", carried, "a tool of this dialect's own, as every other member of a tool"},
	{"toolConfig.functionCallingConfig", mapped, "several allowed names narrow the list of tools"},
	{"toolConfig.retrievalConfig", extra, ""},
	{"generationConfig.temperature", carried, ""},
	{"generationConfig.topP", carried, ""},
	{"generationConfig.topK", carried, ""},
	{"generationConfig.maxOutputTokens", carried, ""},
	{"generationConfig.seed", carried, ""},
	{"generationConfig.presencePenalty", carried, ""},
	{"generationConfig.frequencyPenalty", carried, ""},
	{"generationConfig.stopSequences", carried, ""},
	{"generationConfig.responseMimeType", mapped, "application/json is a format"},
	{"generationConfig.responseMimeType.enum", refused, "text/x.enum has no equal elsewhere"},
	{"generationConfig.responseSchema", mapped, "the format's schema"},
	{"generationConfig.responseJsonSchema", carried, "the format's schema"},
	{"generationConfig.thinkingConfig", mapped, "a level is an effort, a budget of 0 none, of -1 the model's choice"},
	{"generationConfig.candidateCount", refused, "more than one"},
	{"generationConfig.responseModalities", extra, ""},
	{"serviceTier", carried, ""},
	{"safetySettings", extra, ""},
	{"cachedContent", extra, ""},
	{"labels", extra, ""},
	{"model", mapped, "the path's goes before it"},
}

// reason is the notice of a dropped field.
func reason(field string) string {
	for _, r := range outbound {
		if r.field == field {
			return r.why
		}
	}
	return "it was left out"
}
