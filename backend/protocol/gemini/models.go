package gemini

import (
	"path"
	"strings"
)

// traits are how a model departs from the API as a whole. The zero value is a model of the first generations.
type traits struct {
	// noSystem takes no systemInstruction.
	noSystem bool
	// jsonSchema takes parametersJsonSchema and responseJsonSchema; others know the OpenAPI subset only.
	jsonSchema bool
	// formatWithTools takes structured output and functions in one request.
	formatWithTools bool
	// callIDs knows functionCall.id and functionResponse.id.
	callIDs bool
	// signed demands a thoughtSignature on the first functionCall of each step of the current turn.
	signed bool
	// resultParts takes media inside a functionResponse.
	resultParts bool
	// noPenalties refuses presencePenalty and frequencyPenalty.
	noPenalties bool
	// levels are the thinking levels it takes, from least to most; nil where it takes budgets or nothing.
	levels []string
	// minBudget and maxBudget bound the thinking budget in tokens; maxBudget 0 means that it takes none.
	minBudget, maxBudget int64
	// always can't stop thinking.
	always bool
}

// maxOutput is the limit of output tokens of every model that thinks.
const maxOutput = 65_536

var (
	fromMinimal = []string{"minimal", "low", "medium", "high"}
	fromLow     = fromMinimal[1:]
)

func generation3(levels []string) traits {
	return traits{
		jsonSchema: true, formatWithTools: true, callIDs: true, signed: true, resultParts: true, levels: levels, always: true,
	}
}

func generation25(minBudget, maxBudget int64, always bool) traits {
	return traits{jsonSchema: true, noPenalties: true, minBudget: minBudget, maxBudget: maxBudget, always: always}
}

// models are the traits by the pattern of a model's id, the first match counts (API docs "Thinking", "Thought
// signatures", "Structured output"; AI SDK, google-model-catalog). What matches nothing is taken for a model newer than
// this table.
var models = []struct {
	pattern string
	traits  traits
}{
	{"gemma-*", traits{noSystem: true}},
	{"gemini-1*", traits{}},
	{"gemini-pro", traits{}},
	{"gemini-pro-vision", traits{}},
	{"gemini-2.0-*", traits{}},
	{"gemini-2.5-pro*", generation25(128, 32_768, true)},
	{"gemini-2.5-flash-lite*", generation25(512, 24_576, false)},
	{"gemini-2.5-flash-image*", generation25(0, 0, false)},
	{"gemini-2.5-*", generation25(1, 24_576, false)},
	{"gemini-robotics-er-1.5*", generation25(1, 24_576, false)},
	{"gemini-3-pro-image*", traits{
		jsonSchema: true, formatWithTools: true, callIDs: true, signed: true, resultParts: true,
		minBudget: 128, maxBudget: 32_768, always: true,
	}},
	{"gemini-3-pro*", generation3([]string{"low", "high"})},
	{"gemini-3*-pro*", generation3(fromLow)},
	{"gemini-*-flash-lite*", generation3(fromMinimal)},
	{"gemini-3.[789]-flash*", generation3(fromLow)},
	{"gemini-3*-flash*", generation3(fromMinimal)},
	{"gemini-4-hydrogen*", generation3([]string{"low", "medium", "high", "xhigh"})},
}

// traitsOf finds a model's traits by its id, with or without a path before it.
func traitsOf(model string) traits {
	id := strings.ToLower(model[strings.LastIndexByte(model, '/')+1:])
	for _, m := range models {
		if ok, err := path.Match(m.pattern, id); ok && err == nil {
			return m.traits
		}
	}
	return generation3(fromLow)
}
