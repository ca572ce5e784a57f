package blocks

import (
	"hash/maphash"
	"strings"

	"gatehouse/backend/protocol/jsonedit"
)

// reader goes through one body.
type reader struct {
	body []byte
	seed maphash.Seed
	// tools, system and turns are the blocks of each, in order.
	tools, system, turns []Block
	messages             int
	// begun tells that a message was seen that is no system prompt.
	begun     bool
	first     uint64
	session   string
	continues bool
	spans     []span // of item, kept for its memory
	marks     []mark
	unmarked  bool    // nothing can go on from here
	earlier   *Prompt // the one that it is read on from
	settled   bool    // all system prompts among the messages are in front of the place where it is read on
	rest      rest
}

// span is a member of an item, by its key and value.
type span struct {
	key   []byte
	value jsonedit.Span
}

// message reads one message, or one of the items that stand for messages in Responses.
func (r *reader) message(at int) (int, error) {
	r.messages++
	mark := len(r.turns)
	if r.at(at) != '{' {
		end, err := r.content(at)
		r.ends(mark, User)
		return end, err
	}
	var role, kind []byte
	var rest Block
	end, err := jsonedit.Walk(r.body, at, func(key []byte, at int) (int, error) {
		switch string(key) {
		case "content", "parts":
			return r.content(at)
		case "cache_control", "providerOptions":
			return jsonedit.Skip(r.body, at)
		}
		end, err := jsonedit.Skip(r.body, at)
		if err != nil {
			return 0, err
		}
		switch value := r.body[at:end]; string(key) {
		case "role":
			role = value
		case "type":
			kind = value
		default:
			rest.Hash = mix(mix(rest.Hash, r.sum(key)), r.sum(value))
			rest.Size = sum(rest.Size, uint32(len(value))) //nolint:gosec // a body is below MaxBody
		}
		return end, err
	})
	if err != nil {
		return 0, err
	}
	switch {
	case rest.Size == 0:
	case len(r.turns) == mark:
		r.add(rest)
	default: // the names and ids of a message stand in front of it
		b := &r.turns[mark]
		b.Hash, b.Size = mix(rest.Hash, b.Hash), sum(rest.Size, b.Size)
	}
	r.ends(mark, partOf(role, kind))
	return end, nil
}

// partOf says whose message it is. Items of Responses without a role say by their type whether they are what a tool gave.
func partOf(role, kind []byte) Part {
	switch strings.Trim(string(role), `"`) {
	case "system", "developer":
		return System
	case "user":
		return User
	case "assistant", "model":
		return Assistant
	case "tool", "function":
		return ToolResult
	}
	switch kind := strings.Trim(string(kind), `"`); {
	case strings.HasSuffix(kind, "_output"):
		return ToolResult
	case kind != "" && kind != "message":
		return Assistant // a call, or its reasoning
	case len(role) == 0:
		return User // Gemini's, where it has one turn only
	}
	return Other
}

// ends says of the blocks since mark whose message they make up.
func (r *reader) ends(mark int, part Part) {
	n := number(r.messages)
	if part == System && !r.begun {
		n = 0
	}
	var whole uint64
	for i := mark; i < len(r.turns); i++ {
		b := &r.turns[i]
		b.Part, b.Number = part, n
		b.Hash = mix(b.Hash, uint64(part)+1)
		whole = mix(whole, b.Hash)
	}
	if n == 0 { // it stands where a system prompt does
		for _, b := range r.turns[mark:] {
			r.system = push(r.system, b, MaxSystem)
		}
		r.turns = r.turns[:mark]
		return
	}
	r.begun = true
	if part == User && r.first == 0 {
		r.first = whole
	}
}

// content reads a text, or a list of parts, or an object that holds a list of them.
func (r *reader) content(at int) (int, error) {
	switch r.at(at) {
	case '[':
		return jsonedit.Walk(r.body, at, func(_ []byte, at int) (int, error) {
			b, end, err := r.item(at)
			if err == nil {
				r.add(b)
			}
			return end, err
		})
	case '{':
		if end, err, parts := r.partsWithin(at); parts || err != nil {
			return end, err
		}
		fallthrough
	case '"':
		b, end, err := r.item(at)
		if err == nil {
			r.add(b)
		}
		return end, err
	}
	return jsonedit.Skip(r.body, at) // null
}

// partsWithin reads an object that only wraps a list of parts, as Gemini's system prompt does.
func (r *reader) partsWithin(at int) (end int, err error, found bool) {
	end, err = jsonedit.Walk(r.body, at, func(key []byte, at int) (int, error) {
		if string(key) == "parts" && r.at(at) == '[' {
			found = true
			return r.content(at)
		}
		return jsonedit.Skip(r.body, at)
	})
	return end, err, found
}

// item reads one part or tool.
func (r *reader) item(at int) (Block, int, error) {
	if r.at(at) != '{' {
		end, err := jsonedit.Skip(r.body, at)
		if err != nil {
			return Block{}, 0, err
		}
		return r.block(r.body[at:end]), end, nil
	}
	r.spans = r.spans[:0]
	text, plain := jsonedit.Span{}, true
	end, err := jsonedit.Walk(r.body, at, func(key []byte, at int) (int, error) {
		end, err := jsonedit.Skip(r.body, at)
		if err != nil {
			return 0, err
		}
		s := span{key, jsonedit.Span{Start: at, End: end}}
		switch name := string(key); {
		case name == "cache_control" || name == "providerOptions":
			return end, nil
		case name == "text" && r.body[at] == '"':
			text = s.value
		case name == "type" && isText(r.body[at:end]):
		default:
			plain = false
		}
		r.spans = append(r.spans, s)
		return end, nil
	})
	if err != nil {
		return Block{}, 0, err
	}
	if plain && text.Found() {
		return r.block(text.Of(r.body)), end, nil
	}
	var b Block
	for _, s := range r.spans {
		b.Hash = mix(mix(b.Hash, r.sum(s.key)), r.sum(s.value.Of(r.body)))
		b.Size = sum(b.Size, uint32(s.value.End-s.value.Start)) //nolint:gosec // a body is below MaxBody
	}
	return b, end, nil
}

// isText tells the types of parts that are a text and nothing else.
func isText(kind []byte) bool {
	switch string(kind) {
	case `"text"`, `"input_text"`, `"output_text"`:
		return true
	}
	return false
}

func (r *reader) block(value []byte) Block {
	return Block{Hash: r.sum(value), Size: uint32(len(value))} //nolint:gosec // a body is below MaxBody
}

func (r *reader) add(b Block) { r.turns = push(r.turns, b, MaxTurns) }

func (r *reader) sum(value []byte) uint64 { return maphash.Bytes(r.seed, value) }
