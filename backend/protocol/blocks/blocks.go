// Package blocks takes the prompt of a conversation's request apart, as it came and whatever its dialect: into tools, system
// prompt and parts of messages, each with a keyed hash, its place and its size. Two requests whose first blocks are the same
// have the same prefix, which is what providers' caches go by.
//
// The marks that say what to cache move from turn to turn without a change to the prompt, so they don't count; nor does it
// whether a text stands by itself or as the only part of a list. The text is gone through once. It must not know what the
// hashes are compared with, and keeps nothing of the text.
package blocks

import (
	"hash/maphash"
	"math"
	"slices"
	"strings"

	"gatehouse/backend/protocol/jsonedit"
)

// The bounds. MaxBody is how large a body is looked at, in bytes. MaxTools, MaxSystem and MaxTurns are how many blocks are told
// apart; the rest counts as part of the last one.
const (
	MaxBody   = 32 << 20
	MaxTools  = 1024
	MaxSystem = 256
	MaxTurns  = 4096
)

// Part is what a block is a part of.
type Part uint8

// The parts, in the order in which providers' caches have them.
const (
	Tools Part = iota
	System
	User
	Assistant
	ToolResult
	Other
)

// String gives the word for a part.
func (p Part) String() string {
	return [...]string{"tools", "system", "user", "assistant", "tool", "other"}[min(p, Other)]
}

// Block is a piece of a prompt.
type Block struct {
	Hash uint64
	// Size is in bytes.
	Size uint32
	// Number is the message's or tool's, from 1; 0 for a system prompt in front of all messages.
	Number uint16
	Part   Part
}

// Prompt is what a request asks its model to read.
type Prompt struct {
	Blocks []Block
	// Messages is how many there are.
	Messages int
	// First is the hash of the first turn of the user, by which conversations can be told apart; 0 if there is none.
	First uint64
	// Session is the client's own id of the conversation, where the body says it.
	Session string
	// Continues tells that the request only goes on from what a server keeps.
	Continues bool

	// tools and system are how many of Blocks those are.
	tools, system int
	marks         []mark
	rest          rest
}

// Read takes a body apart; before are the items that go before its own, as JSON. It is not ok where the body can't be read,
// holds no prompt or is too large. What begins byte for byte as an earlier body did, of which only hashes are known, is not
// taken apart again.
func Read(seed maphash.Seed, before [][]byte, body []byte, earlier ...*Prompt) (prompt Prompt, ok bool) {
	if len(body) > MaxBody {
		return Prompt{}, false
	}
	r := reader{seed: seed, unmarked: len(before) > 0}
	for _, item := range before {
		r.body = item
		if _, err := r.message(0); err != nil {
			return Prompt{}, false
		}
	}
	r.body = body
	if err := r.read(earlier); err != nil || len(r.turns) == 0 {
		return Prompt{}, false
	}
	return r.prompt(), true
}

// read goes through the whole body, or on from where it is as an earlier one was.
func (r *reader) read(earlier []*Prompt) error {
	if at := r.resume(earlier); at > 0 {
		end, err := jsonedit.Continue(r.body, at, false, r.marked)
		if err != nil {
			return err
		}
		if r.restFrom(end); !r.sameRest() {
			_, err = jsonedit.Continue(r.body, end, true, r.member)
		}
		return err
	}
	start := 0
	for start < len(r.body) && r.body[start] <= ' ' {
		start++
	}
	_, err := jsonedit.Walk(r.body, start, r.member)
	return err
}

func (r *reader) prompt() Prompt {
	out := Prompt{
		Messages: r.messages, First: r.first, Session: r.session, Continues: r.continues, tools: len(r.tools), system: len(r.system),
	}
	out.Blocks, out.marks = slices.Concat(r.tools, r.system, r.turns), r.marks
	out.rest = r.rest
	return out
}

// push adds a block to a list of at most so many.
func push(list []Block, b Block, most int) []Block {
	if len(list) < most {
		return append(list, b)
	}
	last := &list[most-1]
	last.Hash, last.Size = mix(last.Hash, b.Hash), sum(last.Size, b.Size)
	return list
}

// member reads one member of the body. The names mean the same in all dialects that have them (OpenAI, "Chat", "Responses";
// Anthropic, "Messages"; Gemini, "GenerateContent"; Ollama, "Chat"; package @ai-sdk/gateway).
func (r *reader) member(key []byte, at int) (int, error) {
	switch string(key) {
	case "tools", "functions":
		return r.toolList(at)
	case "system", "systemInstruction", "system_instruction", "instructions":
		return r.systemPrompt(at)
	case "messages", "contents", "input", "prompt":
		return r.conversation(at)
	case "metadata":
		return r.metadata(at)
	case "previous_response_id", "conversation":
		end, err := jsonedit.Skip(r.body, at)
		r.continues = r.continues || err == nil && r.body[at] != 'n' // null goes on from nothing
		return end, err
	}
	return jsonedit.Skip(r.body, at)
}

func (r *reader) toolList(at int) (int, error) {
	if r.at(at) != '[' {
		return jsonedit.Skip(r.body, at)
	}
	return jsonedit.Walk(r.body, at, func(_ []byte, at int) (int, error) {
		b, end, err := r.item(at)
		if err == nil {
			b.Part, b.Number = Tools, number(len(r.tools)+1)
			r.tools = push(r.tools, b, MaxTools)
		}
		return end, err
	})
}

func (r *reader) systemPrompt(at int) (int, error) {
	mark := len(r.turns)
	end, err := r.content(at)
	for _, b := range r.turns[mark:] {
		b.Part = System
		r.system = push(r.system, b, MaxSystem)
	}
	r.turns = r.turns[:mark]
	return end, err
}

// conversation reads what makes up the messages: a list of them, or one text.
func (r *reader) conversation(at int) (int, error) {
	switch r.at(at) {
	case '[':
		end, err := jsonedit.Walk(r.body, at, r.marked)
		if err == nil {
			r.restFrom(end)
		}
		return end, err
	case '"':
		r.messages++
		mark := len(r.turns)
		end, err := r.content(at)
		r.ends(mark, User)
		return end, err
	case '{': // a prompt that the server keeps, by id
		return r.systemPrompt(at)
	}
	return jsonedit.Skip(r.body, at)
}

// metadata reads the id that Claude Code writes into the user's.
func (r *reader) metadata(at int) (int, error) {
	if r.at(at) != '{' {
		return jsonedit.Skip(r.body, at)
	}
	return jsonedit.Walk(r.body, at, func(key []byte, at int) (int, error) {
		end, err := jsonedit.Skip(r.body, at)
		if err == nil && string(key) == "user_id" {
			if id := string(r.body[at:end]); strings.Contains(id, "session") {
				r.session = id
			}
		}
		return end, err
	})
}

func (r *reader) at(i int) byte {
	if i < len(r.body) {
		return r.body[i]
	}
	return 0
}

func number(n int) uint16 { return uint16(min(n, math.MaxUint16)) }

func sum(a, b uint32) uint32 { return uint32(min(uint64(a)+uint64(b), math.MaxUint32)) }

// mix makes one hash of two in order.
func mix(a, b uint64) uint64 {
	const odd = 0x9e3779b97f4a7c15 // the golden ratio's digits
	a = (a ^ b) * odd
	return a ^ a>>29 ^ b<<1
}
