package strict

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// ask is what the answer depends on.
type ask struct {
	model  string
	stream bool
	// text is the user's last words, the words "do:..." in it steer the answer: fail=STATUS, plain (no tools), twice
	// (tools again after the first results), length, filter, refuse, break (the connection drops), error (inside the
	// stream), wait (until the client leaves).
	text string
	// turns is how many turns of the model's there are, results how many results the last turn brings, steps how many
	// steps of calls the current turn has, images how many pictures the last turn brings.
	turns, results, steps, images int
	tools                         []tool
	choice                        string // "", auto, none, required or a tool's name
	parallel                      bool
	thinks                        bool
	schema                        string // of a structured answer
	json                          bool
	stop                          []string
	usage                         bool // reported in the stream
}

type tool struct {
	name, schema string
	freeform     bool
}

// does tells whether the user's last words hold a directive.
func (a ask) does(what string) bool {
	for word := range strings.FieldsSeq(a.text) {
		if word == "do:"+what {
			return true
		}
	}
	return false
}

// fails is the failure that was asked for, if one was.
func (a ask) fails() *refusal {
	_, rest, ok := strings.Cut(a.text, "do:fail=")
	if !ok {
		return nil
	}
	word, _, _ := strings.Cut(rest, " ")
	if word == "context" {
		return &refusal{status: http.StatusBadRequest, kind: "context", message: "the prompt is too long: 200001 tokens > 200000 maximum"}
	}
	status, err := strconv.Atoi(word)
	if err != nil {
		return nil
	}
	return &refusal{status: status, message: "it was asked to fail"}
}

// finish is why an answer ends.
type finish int

const (
	stopped finish = iota
	stopSequence
	calling
	tooLong
	filtered
	refused
)

// reply is what a model says.
type reply struct {
	thinking string
	// redacted is thinking that may not be shown.
	redacted string
	text     string
	calls    []called
	finish   finish
	stop     string
	number   int
}

type called struct {
	name, args string
	freeform   bool
}

// The tokens that every answer reports, as disjoint numbers.
const (
	uncached, cacheRead, cacheWrite5m, cacheWrite1h = 100, 40, 10, 5
	answered, reasoned                              = 18, 12
)

// reply decides on the answer.
func (a ask) reply(vendor string) reply {
	r := reply{number: a.turns}
	if a.thinks {
		r.thinking = fmt.Sprintf("Thought %d of %s: 雪 is snow.", a.turns, vendor)
		if a.turns%3 == 2 {
			r.redacted = fmt.Sprintf("hidden %d", a.turns)
		}
	}
	forced := a.choice != "" && a.choice != "auto" && a.choice != "none"
	again := a.results == 0 || a.does("twice") && a.steps == 1
	switch {
	case a.does("refuse"):
		r.text, r.finish = "I can't help with that.", refused
	case a.does("filter"):
		r.text, r.finish = "It is", filtered
	case a.does("length"):
		r.text, r.finish = "It goes on and", tooLong
	case len(a.tools) > 0 && a.choice != "none" && (forced || again && !a.does("plain")):
		r.finish, r.text = calling, "Let me look."
		r.calls = a.calls()
	case a.schema != "":
		r.text = sample(gjson.Parse(a.schema), 0)
	case a.json:
		r.text = `{"answer":42}`
	default:
		r.text = fmt.Sprintf("Answer %d of %s, café ☃ 雪 🌨️, after %d results and %d images.", a.turns, vendor, a.results, a.images)
	}
	for _, s := range a.stop {
		if before, _, ok := strings.Cut(r.text, s); ok {
			r.text, r.finish, r.stop = before, stopSequence, s
		}
	}
	return r
}

func (a ask) calls() []called {
	count := 1
	if a.parallel {
		count = max(2, min(len(a.tools), 3))
	}
	var out []called
	for i := range count {
		t := a.tools[i%len(a.tools)]
		for _, named := range a.tools {
			if named.name == a.choice {
				t = named
			}
		}
		c := called{name: t.name, freeform: t.freeform, args: fmt.Sprintf("line %d\n\"雪\"", i)}
		if !t.freeform {
			c.args = sample(gjson.Parse(t.schema), i)
		}
		out = append(out, c)
	}
	return out
}

// sample gives a value that fits a schema.
func sample(schema gjson.Result, n int) string {
	if options := schema.Get("enum").Array(); len(options) > 0 {
		return options[n%len(options)].Raw
	}
	if c := schema.Get("const"); c.Exists() {
		return c.Raw
	}
	kind := strings.ToLower(schema.Get("type").String())
	if schema.Get("type").IsArray() {
		kind = schema.Get("type.0").String()
	}
	switch kind {
	case "string":
		return strconv.Quote("雪 " + strconv.Itoa(n))
	case "integer", "number":
		return strconv.Itoa(n + 1)
	case "boolean":
		return "true"
	case "array":
		return "[" + sample(schema.Get("items"), n) + "]"
	case "null":
		return "null"
	}
	for _, options := range []string{"anyOf", "oneOf"} {
		if first := schema.Get(options + ".0"); first.Exists() && !schema.Get("properties").Exists() {
			return sample(first, n)
		}
	}
	var b strings.Builder
	b.WriteByte('{')
	schema.Get("properties").ForEach(func(key, value gjson.Result) bool {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(key.Raw + ":" + sample(value, n))
		return true
	})
	b.WriteByte('}')
	return b.String()
}

// pieces cuts a text into what a stream sends at a time; characters stay whole, as the vendors keep them.
func pieces(s string) []string {
	var out []string
	runes := []rune(s)
	for len(runes) > 0 {
		n := min(len(runes), 5)
		out = append(out, string(runes[:n]))
		runes = runes[n:]
	}
	return out
}

// quote writes a JSON string.
func quote(s string) string {
	b, err := jsonText(s)
	if err != nil { // a string always can be written
		return `""`
	}
	return b
}
