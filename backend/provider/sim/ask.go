package sim

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// ask is a request without its dialect: what the simulator looks at.
type ask struct {
	model  string
	stream bool
	// includeUsage is Chat's stream_options.include_usage.
	includeUsage bool
	// array is Gemini's stream as one JSON array, summary that the client wants to see reasoning, encrypted that it wants
	// it back in a form that it can send again; Messages and Chat always show theirs.
	array, summary, encrypted bool
	// text is the last user turn's, media how many images and files it holds.
	text  string
	media int
	// results are the tool results behind the last assistant turn.
	results []result
	// task is the last one that a user set, nil if none did, and used are the tool results behind it.
	task     *task
	used     []result
	tools    []tool
	choice   choice
	parallel bool
	// limit is the most output tokens, 0 for none given.
	limit int64
	stop  []string
	// input is the prompt in tokens. marks are its cache breakpoints.
	input int64
	marks []mark
}

type result struct {
	name, text string
	isError    bool
}

type tool struct {
	name   string
	schema json.RawMessage
	// freeform tells that the input is any text (Responses' custom tools).
	freeform bool
}

// choice is how free the model is to call tools: "auto", "none", "required", or "named" with a name.
type choice struct{ mode, name string }

// knobs are the words in a text that steer the answer. A negative number means that the text does not say.
type knobs struct {
	tokens int
	rate   float64
	delay  time.Duration
	think  bool
	fail   string
}

const (
	maxTokens = 100_000
	maxRate   = 1_000_000
	maxDelay  = 10 * time.Minute
)

// readKnobs takes the last of each; what is out of range or unreadable counts as not said.
func readKnobs(text string) knobs {
	k := knobs{tokens: -1, rate: -1, delay: -1}
	for word := range strings.FieldsSeq(text) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			continue
		}
		value = strings.TrimRight(value, ".,;:!?)\"'")
		switch strings.ToLower(strings.TrimLeft(name, "(\"'")) {
		case "tokens":
			if n, err := strconv.Atoi(value); err == nil && n >= 1 && n <= maxTokens {
				k.tokens = n
			}
		case "rate":
			if n, err := strconv.ParseFloat(value, 64); err == nil && n >= 0 && n <= maxRate {
				k.rate = n
			}
		case "delay":
			if d, err := time.ParseDuration(value); err == nil && d >= 0 && d <= maxDelay {
				k.delay = d
			}
		case "think":
			k.think = value == "yes"
		case "fail":
			switch value {
			case "none", "429", "503", "stream", "drop":
				k.fail = value
			}
		}
	}
	return k
}
