package responses

import "gatehouse/backend/protocol/jsonread"

// fate is what becomes of a field on its way into or out of the vocabulary.
type fate string

const (
	carried fate = "carried" // the same meaning, under our name
	mapped  fate = "mapped"  // another spelling or shape
	kept    fate = "kept"    // not in the vocabulary: in Head, for the service that emulates it
	extra   fate = "extra"   // in Request.Extra: this dialect writes it again, others tell of it
	dropped fate = "dropped" // a hint that has no meaning here
	refused fate = "refused" // leaving it out would change the answer
)

// rung is one field of the ladder: what becomes of it, why, and who reads it.
type rung struct {
	field string
	fate  fate
	why   string
	read  func(*requestDecoder, jsonread.Value) error
}

// inbound is what becomes of each member of a client's request, in the order in which they must be read. Members that
// are not here are extra.
var inbound []rung

func init() { // not a literal: its functions refer to it
	inbound = []rung{
		{"model", carried, "", (*requestDecoder).model},
		{"stream", carried, "", (*requestDecoder).stream},
		{"stream_options", dropped, "answers are never padded, so there is no obfuscation to leave out", nil},
		{"tools", mapped, "namespaces become name prefixes; what only OpenAI runs stays as it is", (*requestDecoder).tools},
		{"tool_choice", mapped, "allowed_tools and a hosted tool narrow the list of tools", (*requestDecoder).toolChoice},
		{"parallel_tool_calls", mapped, "false stands in the tool choice", (*requestDecoder).parallel},
		{"instructions", mapped, "the first system message", (*requestDecoder).instructions},
		{"text", mapped, "its format is ours, its other members are extra", (*requestDecoder).text},
		{"reasoning", mapped, "effort and summary are ours, its other members are extra", (*requestDecoder).reasoning},
		{"input", mapped, "items become messages and parts", (*requestDecoder).input},
		{"max_output_tokens", carried, "", integer("max_output_tokens")},
		{"temperature", carried, "", number("temperature")},
		{"top_p", carried, "", number("top_p")},
		{"service_tier", carried, "", text("service_tier")},
		{"prompt_cache_key", carried, "", text("prompt_cache_key")},
		{"safety_identifier", mapped, "the end user's id", text("safety_identifier")},
		{"user", carried, "", text("user")},
		{"metadata", carried, "", (*requestDecoder).metadata},
		{"previous_response_id", kept, "answers are kept by a service of ours", text("previous_response_id")},
		{"conversation", kept, "conversations are kept by a service of ours", (*requestDecoder).conversation},
		{"store", kept, "answers are kept by a service of ours", flag("store")},
		{"background", kept, "a service of ours would have to run it", flag("background")},
		{"prompt", refused, "a stored prompt is known at OpenAI only; send its text", (*requestDecoder).prompt},
	}
}

// outbound is what becomes of each field of the vocabulary in a request to a provider.
var outbound = []struct {
	field string
	fate  fate
	why   string
}{
	{"Model", carried, ""},
	{"Stream", carried, ""},
	{"Tools", carried, "strict is said always, since leaving it out asks for it here and nowhere else"},
	{"Tool.Name", mapped, "a hash takes the place of what the API does not take; fit.Restore brings it back"},
	{"Tool.Own", carried, "where it is of this dialect; a notice otherwise"},
	{"Tool.Cache", dropped, "prompts are cached without marks"},
	{"ToolChoice", carried, ""},
	{"ToolChoice.NoParallel", mapped, "parallel_tool_calls false"},
	{"Format", mapped, "text.format"},
	{"Reasoning.Effort", carried, ""},
	{"Reasoning.Summary", carried, ""},
	{"Reasoning.Budget", mapped, "the nearest effort, with a notice"},
	{"Reasoning.Adaptive", mapped, "the model's own default"},
	{"MaxOutputTokens", carried, "not below 16, which is the least that is taken"},
	{"Temperature", carried, ""},
	{"TopP", carried, ""},
	{"TopK", dropped, "there is no such control"},
	{"Seed", dropped, "there is no such control"},
	{"FrequencyPenalty", dropped, "there is no such control"},
	{"PresencePenalty", dropped, "there is no such control"},
	{"Stop", refused, "the answer would run on; the caller keeps them back and cuts the answer there"},
	{"User", carried, "hashed where it is longer than the 64 characters that are taken"},
	{"ServiceTier", carried, ""},
	{"CacheKey", carried, "hashed where it is longer than the 64 characters that are taken"},
	{"Metadata", carried, ""},
	{"Extra", carried, "where it is of this dialect; a notice otherwise"},
	{"Reasoning part", carried, "where its origin is the target; a notice otherwise"},
	{"Opaque part", carried, "where it is of this dialect, without its id; a notice otherwise"},
	{"Audio", refused, "the dialect takes images and files"},
	{"ToolResult.IsError", mapped, `"Error: " before the text`},
	{"Text.Citations", dropped, "they belong to an answer and say nothing to the model"},
	{"ToolCall.ByProvider", dropped, "its result is nowhere but in the answer that it led to"},
}
