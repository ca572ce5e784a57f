package strict

import "regexp"

// chatRules are what a server of Chat Completions takes. Unknown fields are refused by all of them here, also by those
// that would overlook them, so that nothing is sent in the hope that nobody looks.
type chatRules struct {
	fields, assistant, roles string
	// unknown is the status for an unknown field.
	unknown int
	ids     *regexp.Regexp
	efforts string // of reasoning_effort, empty where it is not known
	choices string
	formats string
	stops   int
	// images and files are taken, images by URL too.
	images, imageURLs, files bool
	// replay is whether an assistant's reasoning_content must come back on turns with calls; R1 refuses it.
	replay, noReplay bool
	// order is Mistral's: a tool's message is followed by the assistant's only, the system speaks first or beside users,
	// a last assistant's message says that it is a beginning.
	order, named bool
	sampling     bool   // temperature and its like are taken
	oldLimit     bool   // max_tokens is taken
	newLimit     bool   // max_completion_tokens is taken
	reasons      string // where the answer's reasoning stands: reasoning_content, reasoning, or parts
}

const (
	sharedFields = "model messages stream temperature top_p stop tools tool_choice response_format frequency_penalty presence_penalty "
	openaiFields = sharedFields + "stream_options max_tokens max_completion_tokens n seed logprobs top_logprobs logit_bias " +
		"parallel_tool_calls reasoning_effort verbosity modalities audio prediction service_tier store metadata user " +
		"safety_identifier prompt_cache_key prompt_cache_options prompt_cache_retention web_search_options moderation"
)

var (
	anyID     = regexp.MustCompile(`^.{1,40}$`)        // (API reference, "Chat": longer ids are refused)
	mistralID = regexp.MustCompile(`^[a-zA-Z0-9]{9}$`) // (Mistral API, "Function calling")
	groqID    = regexp.MustCompile(`^[a-zA-Z0-9_.:-]{1,64}$`)
)

// chatRulesOf gives a vendor's rules (the vendors' API references, "Chat").
func chatRulesOf(vendor string) chatRules {
	r := chatRules{
		fields: openaiFields, assistant: "role content refusal tool_calls name audio", roles: "system developer user assistant tool",
		ids: anyID, efforts: "none minimal low medium high xhigh max", choices: "none auto required", formats: "text json_object json_schema",
		stops: 4, images: true, imageURLs: true, files: true, sampling: true, newLimit: true, oldLimit: true,
	}
	switch vendor {
	case "openai":
	case "deepseek":
		r.fields = sharedFields + "stream_options max_tokens logprobs top_logprobs thinking reasoning_effort user_id"
		r.assistant = "role content tool_calls name reasoning_content prefix"
		r.roles, r.efforts, r.formats, r.stops = "system user assistant tool", "low high max", "text json_object", 16
		r.images, r.files, r.newLimit, r.replay, r.reasons = false, false, false, true, "reasoning_content"
	case "mistral":
		r.fields = sharedFields + "max_tokens n random_seed parallel_tool_calls prediction prompt_mode safe_prompt metadata"
		r.assistant = "role content tool_calls prefix"
		r.roles, r.efforts, r.choices = "system user assistant tool", "", "none auto any required"
		r.unknown, r.ids, r.order, r.named, r.newLimit, r.stops = 422, mistralID, true, true, false, 0
		r.files, r.reasons = false, "parts"
	case "groq":
		r.fields = sharedFields + "stream_options max_tokens max_completion_tokens n seed parallel_tool_calls reasoning_effort " +
			"reasoning_format include_reasoning service_tier user"
		r.assistant = "role content tool_calls reasoning"
		r.efforts, r.files, r.reasons, r.ids = "low medium high", false, "reasoning", groqID
	case "ollama":
		r.fields = sharedFields + "stream_options max_tokens seed reasoning_effort reasoning parallel_tool_calls"
		r.assistant = "role content tool_calls reasoning"
		r.roles, r.efforts = "system user assistant tool", "none low medium high max"
		r.imageURLs, r.files, r.newLimit, r.stops, r.reasons = false, false, false, 0, "reasoning"
	default: // what every compatible server knows
		r.fields = sharedFields + "stream_options max_tokens seed n parallel_tool_calls reasoning_effort"
		r.assistant, r.newLimit, r.stops, r.files = "role content tool_calls refusal", false, 0, true
	}
	return r
}

// forModel gives the rules that a model adds (API references, "Reasoning models", "deepseek-reasoner").
func (r chatRules) forModel(vendor, model string) chatRules {
	switch {
	case vendor == "openai" && regexp.MustCompile(`^(gpt-5|o\d)`).MatchString(model):
		r.sampling, r.oldLimit = false, false
	case vendor == "openai":
		r.efforts = ""
	case vendor == "deepseek" && model == "deepseek-reasoner":
		r.replay, r.noReplay, r.efforts = false, true, ""
	}
	return r
}
