package chatcompletions

import (
	"strings"

	"gatehouse/backend/llm"
)

// Options are what EncodeRequest must know of the server. Their zero values suit OpenAI itself; OptionsFor knows what
// others want.
type Options struct {
	// Target is who gets the request; reasoning goes back to its origin only.
	Target llm.Origin
	// MaxOutput is the model's limit of output tokens, by which budgets become efforts; 0 where it is not known.
	MaxOutput int64

	// ReplayReasoning sends the target's own reasoning back as reasoning_content, which DeepSeek and Moonshot want and
	// others refuse.
	ReplayReasoning bool
	// Details takes reasoning_details back, and the reasoning object in place of reasoning_effort (OpenRouter, hosted
	// gateway).
	Details bool
	// Efforts are the values of reasoning_effort, nil for all; NoEffort leaves it out.
	Efforts  []string
	NoEffort bool
	// ThinkingSwitch turns reasoning off and on with thinking.type (DeepSeek, Moonshot).
	ThinkingSwitch bool
	// CallSignatures takes signatures on tool calls, as Gemini's compatible surface does (extra_content).
	CallSignatures bool
	// CacheMarks takes cache_control on parts.
	CacheMarks bool

	// OldTokenLimit says max_tokens where OpenAI says max_completion_tokens, for servers that know only the old name.
	OldTokenLimit bool
	// NoStreamOptions leaves stream_options out, for servers that refuse it; their usage comes unasked.
	NoStreamOptions bool
	// NoSampling leaves out temperature, top_p and the penalties, NoStop refuses stop sequences: reasoning models do.
	NoSampling, NoStop bool
	// MaxStops is how many stop sequences there may be; 0 means OpenAI's four, a negative number no limit.
	MaxStops int
	// TopK takes top_k, which OpenAI does not know. SeedName is the seed's name, "seed" if empty.
	TopK     bool
	SeedName string
	// Lean leaves out what only OpenAI and relays know: user, metadata, service_tier and prompt_cache_key. A refusal is
	// a text there.
	Lean bool

	// Freeform takes tools of type custom. Elsewhere a function with one string plays them; see Restore.
	Freeform bool
	// NoSchema knows the response format json_object only.
	NoSchema bool
	// RequiredIsAny says "any" for a tool choice of "required"; ToolMessageName puts the tool's name on its result.
	RequiredIsAny, ToolMessageName bool
	// CallIDSize is the exact length of a call's id, in letters and digits; 0 means up to 40 characters.
	CallIDSize int
	// SystemFirst allows one system message, at the start; MergeTurns no two neighbours of one role.
	SystemFirst, MergeTurns bool
	// PrefixLast marks an assistant's message at the end as one to go on from.
	PrefixLast bool
	// HostedFiles writes files as the hosted gateway takes them: data, media_type, filename. FilesByURL takes a URL in
	// place of the data.
	HostedFiles, FilesByURL bool
	// NoImages takes no images and NoFiles no other files: one in the user's last words is refused, since the answer would
	// be another without it; earlier ones and those in tool results become a text that tells of them, so that a
	// conversation can go on here. DocumentURL writes files as document_url (Mistral).
	NoImages, NoFiles, DocumentURL bool
	// NoParallelFlag knows no parallel_tool_calls, so a client that wants one call at a time is told of it.
	NoParallelFlag bool
	// AnswerTools puts a word of the assistant's between a tool message and the user's, for servers that demand one.
	AnswerTools bool
	// InlineImages is for servers that fetch no image: they take its bytes only.
	InlineImages bool
}

// accents are how known servers differ from OpenAI, by provider id (wire fact sheets and the servers' API references).
var accents = map[string]Options{
	"openai": {Freeform: true},
	"gateway": {
		Details: true, CacheMarks: true, HostedFiles: true, TopK: true, MaxStops: -1,
	},
	"openrouter": {Details: true, CacheMarks: true, TopK: true, FilesByURL: true, MaxStops: -1},
	"deepseek": {
		ReplayReasoning: true, OldTokenLimit: true, ThinkingSwitch: true, Efforts: []string{"low", "high", "max"},
		NoSchema: true, Lean: true, MaxStops: 16, NoImages: true, NoFiles: true, NoParallelFlag: true,
	},
	"groq": {Lean: true, NoFiles: true, Efforts: []string{"low", "medium", "high"}},
	"xai":  {OldTokenLimit: true},
	"mistral": {
		OldTokenLimit: true, NoStreamOptions: true, NoEffort: true, SeedName: "random_seed", Lean: true, RequiredIsAny: true,
		ToolMessageName: true, CallIDSize: 9, MergeTurns: true, PrefixLast: true, MaxStops: -1,
		SystemFirst: true, AnswerTools: true, DocumentURL: true,
	},
	"moonshotai": {InlineImages: true, ReplayReasoning: true, OldTokenLimit: true, ThinkingSwitch: true, Lean: true, MaxStops: 5},
	"google":     {InlineImages: true, CallSignatures: true, OldTokenLimit: true, Lean: true, MaxStops: 5},
	"ollama":     {InlineImages: true, NoFiles: true, NoParallelFlag: true, OldTokenLimit: true, Lean: true, MaxStops: -1, Efforts: []string{"low", "medium", "high", "max"}},
	"lmstudio":   {InlineImages: true, OldTokenLimit: true, Lean: true, MaxStops: -1, TopK: true, NoEffort: true},
	"llamacpp":   {InlineImages: true, OldTokenLimit: true, Lean: true, MaxStops: -1, TopK: true, NoEffort: true, SystemFirst: true, MergeTurns: true},
	"vllm":       {OldTokenLimit: true, Lean: true, MaxStops: -1, TopK: true, NoEffort: true},
}

// modelAccents are what certain models want wherever they are served; the first pattern that stands in the model's id
// counts for each row's own provider, or for all if it names none.
var modelAccents = []struct {
	provider, pattern string
	apply             func(*Options)
}{
	// Reasoning models refuse sampling (API reference, "Reasoning models"); some refuse stop sequences too.
	{"openai", "gpt-5-chat", func(o *Options) { o.NoEffort, o.Freeform = true, false }},
	{"openai", "gpt-5", func(o *Options) { o.NoSampling = true }},
	{"openai", "o4-mini", func(o *Options) { o.NoSampling, o.NoStop, o.Freeform = true, true, false }},
	{"openai", "o3", func(o *Options) { o.NoSampling, o.NoStop, o.Freeform = true, true, false }},
	{"openai", "o1", func(o *Options) { o.NoSampling, o.Freeform = true, false }},
	{"openai", "gpt-4", func(o *Options) { o.NoEffort, o.Freeform = true, false }},
	{"openai", "gpt-3", func(o *Options) { o.NoEffort, o.Freeform = true, false }},
	// R1 refuses its own reasoning.
	{"deepseek", "reasoner", func(o *Options) { o.ReplayReasoning, o.ThinkingSwitch, o.NoEffort = false, false, true }},
	{"moonshotai", "k3", func(o *Options) {
		o.ThinkingSwitch, o.NoSampling, o.Efforts = false, true, []string{"low", "high", "max"}
	}},
	{"moonshotai", "", func(o *Options) { o.NoEffort = true }},
	{"xai", "reasoning", func(o *Options) { o.NoStop, o.NoEffort = true, true }},
}

// OptionsFor gives what is known of a target; a server that is not known is taken for a plain compatible one.
func OptionsFor(target llm.Origin) Options {
	o, known := accents[target.Provider]
	if !known {
		o = Options{OldTokenLimit: true, Lean: true, MaxStops: -1}
	}
	o.Target = target
	model := strings.ToLower(target.Model)
	for _, row := range modelAccents {
		if row.provider == target.Provider && strings.Contains(model, row.pattern) {
			row.apply(&o)
			break
		}
	}
	return o
}

// StopLimit is how many stop sequences the server takes, negative where there is no limit.
func (o Options) StopLimit() int {
	switch {
	case o.NoStop:
		return 0
	case o.MaxStops == 0:
		return defaultStops
	}
	return o.MaxStops
}

// NeedsInline tells whether media with a URL must be brought inline before EncodeRequest. Only images have a place for a
// URL here, and files where FilesByURL says so.
func (o Options) NeedsInline(m llm.Media) bool {
	kind, _, _ := strings.Cut(m.MediaType, "/")
	switch kind {
	case "", "image":
		return o.InlineImages
	case "audio":
		return true
	}
	return !o.FilesByURL
}
