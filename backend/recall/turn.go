package recall

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"
	"strings"

	"gatehouse/backend/llm"
)

// Turn identifies a turn by what every client sends back of it: its tool calls, or its text where it has none.
type Turn [sha256.Size]byte

// TurnOf gives a turn's identity; it is not ok for one without tool calls and text. Clients write a call's input anew
// (other spaces, another order), so that does not count; nor does white space around a text.
func TurnOf(parts []llm.Part) (Turn, bool) {
	h := sha256.New()
	calls, text := 0, false
	for _, p := range parts {
		if c, ok := p.(llm.ToolCall); ok && !c.ByProvider {
			calls++
			for _, s := range []string{"call", c.ID, c.Name, canonical(c.Input)} {
				write(h, s)
			}
		}
	}
	if calls == 0 {
		var all strings.Builder
		for _, p := range parts {
			if t, ok := p.(llm.Text); ok {
				all.WriteString(t.Text)
			}
		}
		said := strings.TrimSpace(all.String())
		text = said != ""
		write(h, "text")
		write(h, said)
	}
	return Turn(h.Sum(nil)), calls > 0 || text
}

func write(h hash.Hash, s string) {
	var size [binary.MaxVarintLen64]byte
	_, _ = h.Write(size[:binary.PutUvarint(size[:], uint64(len(s)))]) // never fails
	_, _ = h.Write([]byte(s))
}

// canonical is a call's input in one spelling; what is no JSON stays as it is.
func canonical(input json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(input))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		if len(bytes.TrimSpace(input)) == 0 { // no input, which some write as an empty object
			return "{}"
		}
		return string(input)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return string(input)
	}
	return string(text)
}

// kept is the reasoning of a turn, and where it stood.
type kept struct {
	thoughts []thought
	// signatures are the calls' own, by the call's place among the calls.
	signatures map[int]string
	origin     llm.Origin
}

type thought struct {
	// calls is how many calls stood before it, text whether a text did.
	calls int
	text  bool
	part  llm.Reasoning
}

// overhead is what an entry costs besides its texts, roughly.
const overhead = 256

// keep takes the reasoning out of parts; size is 0 where there is none.
func keep(parts []llm.Part, origin llm.Origin) (k kept, size int) {
	k.origin = origin
	calls, text := 0, false
	for _, p := range parts {
		switch p := p.(type) {
		case llm.Reasoning:
			if p.Origin == (llm.Origin{}) {
				p.Origin = origin
			}
			k.thoughts = append(k.thoughts, thought{calls, text, p})
			size += overhead + len(p.Text) + len(p.Signature) + len(p.Opaque)
		case llm.Text:
			text = text || p.Text != ""
		case llm.ToolCall:
			if p.ByProvider {
				continue
			}
			if p.Signature != "" {
				if k.signatures == nil {
					k.signatures = map[int]string{}
				}
				k.signatures[calls] = p.Signature
				size += overhead + len(p.Signature)
			}
			calls++
		}
	}
	return k, size
}

// signed tells that a client sent back what its model needs.
func signed(parts []llm.Part) bool {
	for _, p := range parts {
		switch p := p.(type) {
		case llm.Reasoning:
			if p.Signature != "" || len(p.Opaque) > 0 || p.Origin != (llm.Origin{}) {
				return true
			}
		case llm.ToolCall:
			if p.Signature != "" {
				return true
			}
		}
	}
	return false
}

// into puts the reasoning back: in front, or before the call that it stood before. Plain reasoning that a client sent in
// its place is left out.
func (k kept) into(parts []llm.Part) []llm.Part {
	out := make([]llm.Part, 0, len(parts)+len(k.thoughts))
	rest := k.thoughts
	put := func(due func(thought) bool) {
		for len(rest) > 0 && due(rest[0]) {
			out = append(out, rest[0].part)
			rest = rest[1:]
		}
	}
	put(func(t thought) bool { return t.calls == 0 && !t.text })
	calls := 0
	for _, p := range parts {
		switch p := p.(type) {
		case llm.Reasoning:
			continue
		case llm.ToolCall:
			if p.ByProvider {
				break
			}
			put(func(t thought) bool { return t.calls <= calls })
			if s := k.signatures[calls]; s != "" {
				p.Signature, p.Origin = s, k.origin
			}
			calls++
			out = append(out, p)
			continue
		}
		out = append(out, p)
	}
	put(func(thought) bool { return true })
	return out
}
