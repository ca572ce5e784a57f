package ollama

// fate is what becomes of a member on its way into the vocabulary.
type fate string

const (
	carried fate = "carried" // the same meaning
	mapped  fate = "mapped"  // another spelling or shape
	extra   fate = "extra"   // in Request.Extra: whoever writes the request for a provider tells of it in a notice
	refused fate = "refused" // leaving it out would change the answer
)

// rung is one member of a ladder.
type rung struct {
	field string
	fate  fate
	// why is the meaning it is mapped to, or the reason why it is not carried.
	why string
}

// inbound is what becomes of a request's members. Members that are not here are extra. A test walks it.
var inbound = []rung{
	{"model", carried, "with the tag :latest or without"},
	{"stream", mapped, "true where it is missing"},
	{"messages", carried, ""},
	{"messages.images", mapped, "their kind is told from their first bytes; sounds are taken too"},
	{"messages.images.unknown", refused, "bytes of no known kind"},
	{"messages.thinking", mapped, "reasoning"},
	{"messages.tool_calls", mapped, "those without an id get one that stays the same as the conversation grows"},
	{"messages.tool_name", mapped, "a result finds its call by tool_call_id, else by name and order"},
	{"tools", carried, ""},
	{"format", mapped, "json, or a schema"},
	{"think", mapped, "true is the model's own measure, false none, a level an effort"},
	{"options.temperature", carried, ""},
	{"options.top_p", carried, ""},
	{"options.top_k", carried, "0 is no limit"},
	{"options.seed", carried, "a negative one is none"},
	{"options.stop", carried, "a list or a single text"},
	{"options.num_predict", mapped, "the longest answer; negative ones are no limit"},
	{"options.frequency_penalty", carried, ""},
	{"options.presence_penalty", carried, ""},
	{"options.num_ctx", extra, "the context window is the model's own"},
	{"options.min_p", extra, "few others have it"},
	{"options.repeat_penalty", extra, "few others have it"},
	{"options.num_gpu", extra, "a matter of the machine that the model runs on"},
	{"keep_alive", extra, "nothing is loaded here"},
	{"truncate", extra, "the model's server decides"},
	{"logprobs", extra, "other dialects' models give none"},
	{"prompt", mapped, "the user's message"},
	{"system", mapped, "a system message"},
	{"images", mapped, "the user's, as in messages"},
	{"suffix", refused, "no other dialect fills in a middle"},
	{"template", refused, "the model's server writes the prompt"},
	{"raw", refused, "the model's server writes the prompt"},
	{"context", refused, "it is another server's; /api/chat takes conversations"},
}
