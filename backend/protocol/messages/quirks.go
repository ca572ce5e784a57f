package messages

import "strings"

// Quirks are what a model of this dialect takes and refuses.
type Quirks struct {
	// NoSampling refuses temperature, top_p and top_k. OneSampling refuses temperature and top_p together.
	NoSampling, OneSampling bool
	// NoForcedTool refuses the tool choices any and tool.
	NoForcedTool bool
	// Adaptive takes thinking.type adaptive and output_config.effort, NoBudget refuses thinking.type enabled,
	// NoThinking has no thinking at all.
	Adaptive, NoBudget, NoThinking bool
	// AlwaysThinks refuses thinking.type disabled; BetweenTools takes between_tools, the least there is then.
	AlwaysThinks, BetweenTools bool
	// Efforts are the values of output_config.effort.
	Efforts []string
	// NoPrefill refuses an assistant's turn at the end.
	NoPrefill bool
	// NoSchema knows no output_config.format and no strict tools.
	NoSchema bool
	// MaxOutput is the limit of output tokens; 0 is unknown.
	MaxOutput int64
}

var (
	efforts46 = []string{"low", "medium", "high", "max"}
	efforts47 = []string{"low", "medium", "high", "xhigh", "max"}
)

// The generations of Claude that differ (model pages and the AI SDK's model table).
var (
	claude55 = Quirks{
		NoSampling: true, NoForcedTool: true, Adaptive: true, NoBudget: true, AlwaysThinks: true, Efforts: efforts47,
		NoPrefill: true, MaxOutput: 128_000,
	}
	claude5  = Quirks{NoSampling: true, Adaptive: true, Efforts: efforts47, NoPrefill: true, MaxOutput: 128_000}
	claude46 = Quirks{Adaptive: true, OneSampling: true, Efforts: efforts46, NoPrefill: true, MaxOutput: 128_000}
	claude45 = Quirks{OneSampling: true, MaxOutput: 64_000}
	claude41 = Quirks{OneSampling: true, NoSchema: true, MaxOutput: 32_000}
	claude4  = Quirks{NoSchema: true, MaxOutput: 64_000}
	claude3  = Quirks{NoSchema: true, NoThinking: true, MaxOutput: 4_096}
)

// quirks are the models by a pattern in their id, in which '.' counts as '-'; the first that fits is taken.
var quirks = []struct {
	pattern string
	quirks  Quirks
}{
	{"sonnet-5-5", with(claude55, func(q *Quirks) { q.BetweenTools = true })},
	{"opus-5-5", claude55},
	{"fable-5-1", claude55},
	{"fable-5-2", claude55},
	{"fable-5", with(claude55, func(q *Quirks) { q.NoForcedTool = false })},
	{"sonnet-5", claude5},
	{"opus-5", claude5},
	{"haiku-5", claude5},
	{"opus-4-8", claude5},
	{"opus-4-7", claude5},
	{"opus-4-6", claude46},
	{"sonnet-4-6", claude46},
	{"opus-4-5", claude45},
	{"sonnet-4-5", claude45},
	{"haiku-4-5", claude45},
	{"opus-4-1", claude41},
	{"opus-4", with(claude4, func(q *Quirks) { q.MaxOutput = 32_000 })},
	{"sonnet-4", claude4},
	{"claude-3-7", with(claude3, func(q *Quirks) { q.NoThinking, q.MaxOutput = false, 64_000 })},
	{"claude-3-5", with(claude3, func(q *Quirks) { q.MaxOutput = 8_192 })},
	{"claude-3", claude3},
	{"claude-2", claude3},
	{"claude", claude5}, // one that came after this table: most like the newest
}

func with(q Quirks, change func(*Quirks)) Quirks {
	change(&q)
	return q
}

// QuirksOf gives what is known of a model, by its id at any provider. One that is not Claude, served by another
// server of this dialect, has none.
func QuirksOf(model string) Quirks {
	id := strings.ReplaceAll(strings.ToLower(model), ".", "-")
	for _, row := range quirks {
		if strings.Contains(id, row.pattern) {
			return row.quirks
		}
	}
	return Quirks{}
}
