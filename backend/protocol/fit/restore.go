package fit

import (
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// FreeformSchema is the input of the function that plays a free-form tool: one string.
var FreeformSchema = json.RawMessage(
	`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}`)

// FreeformDescription is the description of the function that plays a free-form tool: the tool's own and its grammar.
func FreeformDescription(t llm.Tool) string {
	text := t.Description
	var form struct {
		Definition string `json:"definition"`
		Syntax     string `json:"syntax"`
		Grammar    struct {
			Definition string `json:"definition"`
			Syntax     string `json:"syntax"`
		} `json:"grammar"`
	}
	if json.Unmarshal(t.Freeform, &form) != nil {
		return text
	}
	syntax, definition := form.Syntax+form.Grammar.Syntax, form.Definition+form.Grammar.Definition
	if definition == "" {
		return text
	}
	if text != "" {
		text += "\n\n"
	}
	return text + "The input must fit this grammar (" + syntax + "):\n" + definition
}

// FreeformInput gives the object that a free-form call's input, a JSON string, becomes.
func FreeformInput(input json.RawMessage) json.RawMessage {
	text := strings.TrimSpace(string(input))
	if text == "" || !jsonread.Valid(text) || text[0] != '"' {
		text = string(jsonwrite.AppendString(nil, string(input)))
	}
	return json.RawMessage(`{"input":` + text + `}`)
}

// Restore undoes in an answer what fitting a request did: tools have the caller's names again, and calls of the functions
// that played free-form tools are free-form calls.
func Restore(req *llm.Request, in llm.Stream) llm.Stream {
	r := restorer{names: NewNames(req), freeform: map[string]bool{}, open: map[int]*unwrap{}}
	for _, t := range req.Tools {
		if t.Freeform != nil {
			r.freeform[t.Name] = true
		}
	}
	if r.names.Same() && len(r.freeform) == 0 {
		return in
	}
	return func(yield func(llm.Event, error) bool) {
		for e, err := range in {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, e := range r.event(e) {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

type restorer struct {
	names    *Names
	freeform map[string]bool
	open     map[int]*unwrap // the free-form calls that are open
}

func (r *restorer) event(e llm.Event) []llm.Event {
	switch ev := e.(type) {
	case llm.PartStart:
		call, ok := ev.Part.(llm.ToolCall)
		if !ok {
			break
		}
		call.Name = r.names.Back(call.Name)
		if r.freeform[call.Name] && !call.Freeform {
			call.Freeform = true
			r.open[ev.Index] = &unwrap{}
		}
		ev.Part = call
		return []llm.Event{ev}
	case llm.PartDelta:
		if u := r.open[ev.Index]; u != nil && ev.Input != "" {
			if ev.Input = u.next(ev.Input); ev.Input == "" && ev.Signature == "" {
				return nil
			}
			return []llm.Event{ev}
		}
	case llm.PartEnd:
		if u := r.open[ev.Index]; u != nil {
			delete(r.open, ev.Index)
			if rest := u.end(); rest != "" {
				return []llm.Event{llm.PartDelta{Index: ev.Index, Input: rest}, ev}
			}
		}
	}
	return []llm.Event{e}
}

// unwrap takes the string out of {"input":"..."} as it comes, still quoted. Anything else it gives at its end, as a
// string of the whole.
type unwrap struct {
	raw          strings.Builder
	inside, done bool
	held         string
}

func (u *unwrap) next(piece string) string {
	if u.done {
		return ""
	}
	if u.inside {
		return u.until(piece)
	}
	u.raw.WriteString(piece)
	rest := u.raw.String()
	for _, token := range []string{"{", `"input"`, ":", `"`} {
		if rest = strings.TrimLeft(rest, " \t\r\n"); !strings.HasPrefix(rest, token) {
			return "" // not yet, or never
		}
		rest = rest[len(token):]
	}
	u.inside = true
	return `"` + u.until(rest)
}

// until gives a piece up to and with the closing quote. An escape that is not whole waits for the next piece.
func (u *unwrap) until(piece string) string {
	piece, u.held = u.held+piece, ""
	for i := 0; i < len(piece); {
		switch piece[i] {
		case '"':
			u.done = true
			return piece[:i+1]
		case '\\':
			size := 2
			if i+1 < len(piece) && piece[i+1] == 'u' {
				size = 6
			}
			if i+size > len(piece) {
				u.held = piece[i:]
				return piece[:i]
			}
			i += size
		default:
			i++
		}
	}
	return piece
}

func (u *unwrap) end() string {
	switch {
	case u.done:
		return ""
	case u.inside: // cut off by the limit of tokens
		return `"`
	}
	return string(jsonwrite.AppendString(nil, u.raw.String()))
}
