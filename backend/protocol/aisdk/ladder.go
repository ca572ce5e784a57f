package aisdk

import (
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// Fate is what becomes of a request's field.
type Fate string

// The fates.
const (
	// Carried: the vocabulary has the same meaning.
	Carried Fate = "carried"
	// Mapped: the vocabulary spells it otherwise.
	Mapped Fate = "mapped"
	// Kept: it goes on as an llm.Extra, which only encoders of this dialect write and others tell of.
	Kept Fate = "kept"
	// Dropped: it is left out; Why says who is told.
	Dropped Fate = "dropped"
	// Refused: the request fails, for without it the answer would be another.
	Refused Fate = "refused"
)

// Rung says what becomes of one field.
type Rung struct {
	Field string
	Fate  Fate
	// Why is the meaning it is carried or mapped to, or the reason why it is not.
	Why string
	// read takes the field's value; nil where nothing is to be done with it.
	read func(*decoder, jsonread.Value) error
}

// Ladder is what becomes of the members of a request's body (LanguageModelV2, V3 and V4 CallOptions). Every other member
// is kept.
func Ladder() []Rung { return callOptions }

// callOptions are read in this order: the choice needs the tools, the vendors' options the messages.
var callOptions = []Rung{
	{"prompt", Carried, "messages", (*decoder).prompt},
	{"maxOutputTokens", Carried, "", whole(func(r *llm.Request) **int64 { return &r.MaxOutputTokens })},
	{"temperature", Carried, "", real(func(r *llm.Request) **float64 { return &r.Temperature })},
	{"topP", Carried, "", real(func(r *llm.Request) **float64 { return &r.TopP })},
	{"topK", Carried, "", whole(func(r *llm.Request) **int64 { return &r.TopK })},
	{"presencePenalty", Carried, "", real(func(r *llm.Request) **float64 { return &r.PresencePenalty })},
	{"frequencyPenalty", Carried, "", real(func(r *llm.Request) **float64 { return &r.FrequencyPenalty })},
	{"seed", Carried, "", whole(func(r *llm.Request) **int64 { return &r.Seed })},
	{"stopSequences", Carried, "", (*decoder).stop},
	{"responseFormat", Carried, "", (*decoder).format},
	{"tools", Carried, "functions; a gateway's own tools are dropped with a notice", (*decoder).tools},
	{"toolChoice", Carried, "refused where it forces a tool that is dropped", (*decoder).toolChoice},
	{"reasoning", Mapped, "an effort; the vendor's own option goes before it", (*decoder).reasoning},
	{"providerOptions", Mapped, "by the tables below", (*decoder).providerOptions},
	{"includeRawChunks", Dropped, "true gives a notice: an answer's raw form is not kept", (*decoder).rawChunks},
	{"headers", Dropped, "a copy of HTTP headers, which must never reach a provider", nil},
	{"abortSignal", Dropped, "means nothing outside the client", nil},
}

// VendorOptions is what becomes of the members of providerOptions, vendor by vendor (the packages @ai-sdk/openai,
// anthropic, google and so on, in camel case). The rest of gateway is the router's (Call.Gateway). Every other member
// that is meant for the model is kept; those for other vendors' models do nothing in the AI SDK either, so they are
// dropped without a word.
func VendorOptions() []Rung { return vendorOptions }

// vendorOptions are read in this order, which makes the result the same whatever the order in the body.
var vendorOptions = []Rung{
	{"gateway.serviceTier", Mapped, "goes before a vendor's", text(func(r *llm.Request) *string { return &r.ServiceTier })},
	{"openai.reasoningEffort", Mapped, "the effort", (*decoder).effort},
	{"openai.reasoningSummary", Mapped, "the reasoning's text", (*decoder).summary},
	{"openai.user", Mapped, "the end user's id", text(func(r *llm.Request) *string { return &r.User })},
	{"openai.serviceTier", Mapped, "the service tier", text(func(r *llm.Request) *string { return &r.ServiceTier })},
	{"openai.promptCacheKey", Mapped, "the cache key", text(func(r *llm.Request) *string { return &r.CacheKey })},
	{"openai.metadata", Mapped, "the metadata", (*decoder).metadata},
	{"openai.parallelToolCalls", Mapped, "false forbids parallel calls", (*decoder).parallel},
	{"openai.strictJsonSchema", Mapped, "the format's strictness", (*decoder).strict},
	{"azure.reasoningEffort", Mapped, "as OpenAI's", (*decoder).effort},
	{"xai.reasoningEffort", Mapped, "the effort", (*decoder).effort},
	{"groq.reasoningEffort", Mapped, "the effort", (*decoder).effort},
	{"groq.parallelToolCalls", Mapped, "false forbids parallel calls", (*decoder).parallel},
	{"mistral.parallelToolCalls", Mapped, "false forbids parallel calls", (*decoder).parallel},
	{"deepseek.thinking", Mapped, "as Anthropic's", (*decoder).thinking},
	{"anthropic.thinking", Mapped, "the budget, adaptive, or none", (*decoder).thinking},
	{"anthropic.effort", Mapped, "the effort", (*decoder).effort},
	{"anthropic.disableParallelToolUse", Mapped, "true forbids parallel calls", (*decoder).noParallel},
	{"anthropic.cacheControl", Mapped, "a cache mark on the last part", (*decoder).cacheAll},
	{"google.thinkingConfig", Mapped, "level or budget, and whether its text is wanted", (*decoder).thinkingConfig},
	{"vertex.thinkingConfig", Mapped, "as Google's", (*decoder).thinkingConfig},
}

// PartOptions is what becomes of providerOptions on messages, parts and tools. Every other member is dropped with a
// notice, but for those of gateway, which are facts of earlier answers.
func PartOptions() []Rung { return partOptions }

var partOptions = []Rung{
	{"gatehouse.signature", Carried, "a signature that we tagged with its origin", nil},
	{"gatehouse.opaque", Carried, "encrypted reasoning that we tagged with its origin", nil},
	{"anthropic.cacheControl", Mapped, "a cache mark", nil},
	{"anthropic.signature", Carried, "a signature of unknown origin", nil},
	{"anthropic.redactedData", Carried, "opaque reasoning of unknown origin", nil},
	{"google.thoughtSignature", Carried, "a signature of unknown origin", nil},
	{"vertex.thoughtSignature", Carried, "a signature of unknown origin", nil},
	{"openai.itemId", Carried, "with the next, opaque reasoning of unknown origin", nil},
	{"openai.reasoningEncryptedContent", Carried, "opaque reasoning of unknown origin", nil},
	{"openai.imageDetail", Mapped, "how closely an image is looked at", nil},
}
