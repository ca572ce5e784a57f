package blocks

import (
	"hash/maphash"
	"slices"
)

const (
	// markEvery is how many bytes there are at least from one mark to the next, maxMarks how many marks there are at most.
	markEvery = 8 << 10
	maxMarks  = 512
	// markTail is how many bytes tell at once that a mark is none of another body.
	markTail = 64
)

// mark is a place behind a message, and what was known there.
type mark struct {
	end int
	// hash is that of the body's bytes since the mark before, tail that of the last of them.
	hash, tail           uint64
	tools, system, turns int
	messages             int
	first                uint64
	session              string
	begun, continues     bool
}

// marked reads a message of the body and marks its end now and then.
func (r *reader) marked(_ []byte, at int) (int, error) {
	end, err := r.message(at)
	last := 0
	if n := len(r.marks); n > 0 {
		last = r.marks[n-1].end
	}
	// From lists that are full the last blocks can't be had as they were here.
	full := len(r.tools) == MaxTools || len(r.system) == MaxSystem || len(r.turns) == MaxTurns
	if err != nil || end-last < max(markEvery, len(r.body)/maxMarks) || r.unmarked || full {
		return end, err
	}
	r.marks = append(r.marks, mark{
		end: end, hash: r.sum(r.body[last:end]), tail: r.sum(r.body[end-markTail : end]), tools: len(r.tools), system: len(r.system),
		turns: len(r.turns), messages: r.messages, first: r.first, session: r.session, begun: r.begun, continues: r.continues,
	})
	return end, nil
}

// resume puts the reader behind the last message up to which the body is as an earlier one was, and gives that place; 0 if
// there is none.
func (r *reader) resume(earlier []*Prompt) int {
	var best *Prompt
	most := 0 // marks
	for _, p := range earlier {
		if n := r.seen(p); n > most {
			best, most = p, n
		}
	}
	last := 0
	for i := range most {
		m := &best.marks[i]
		if maphash.Bytes(r.seed, r.body[last:m.end]) != m.hash {
			most = i
			break
		}
		last = m.end
	}
	if most == 0 || r.unmarked {
		return 0
	}
	m := best.marks[most-1]
	r.earlier, r.settled, r.marks = best, m.begun, slices.Clip(best.marks[:most])
	r.tools = slices.Clip(best.Blocks[:m.tools])
	r.system = slices.Clip(best.Blocks[best.tools:][:m.system])
	r.turns = slices.Clip(best.Blocks[best.tools+best.system:][:m.turns])
	r.messages, r.first, r.session, r.begun, r.continues = m.messages, m.first, m.session, m.begun, m.continues
	return m.end
}

// rest is what stands behind the messages, where many clients have tools and system prompt, and what was known in front of it.
type rest struct {
	hash                uint64
	size, tools, system int
}

// restFrom notes what stands behind the messages.
func (r *reader) restFrom(end int) {
	if len(r.marks) > 0 {
		r.rest = rest{r.sum(r.body[end:]), len(r.body) - end, len(r.tools), len(r.system)}
	}
}

// sameRest tells that the rest is as that of the earlier body, and takes over what that says.
func (r *reader) sameRest() bool {
	p := r.earlier
	if r.rest != p.rest || r.rest.size == 0 || !r.settled {
		return false
	}
	r.tools, r.system = slices.Clip(p.Blocks[:p.tools]), slices.Clip(p.Blocks[p.tools:][:p.system])
	r.session, r.continues = p.Session, p.Continues
	return true
}

// seen guesses by a few bytes up to which mark the body is as an earlier one was.
func (r *reader) seen(p *Prompt) int {
	for n := len(p.marks); n > 0; n-- {
		m := &p.marks[n-1]
		if m.end < len(r.body) && r.sum(r.body[m.end-markTail:m.end]) == m.tail {
			return n
		}
	}
	return 0
}

// Weight is what a Prompt takes in memory, in blocks, roughly.
func (p *Prompt) Weight() int {
	const perMark = 8
	return len(p.Blocks) + perMark*len(p.marks)
}

// Marked tells whether a later body can go on from what is known of this one.
func (p *Prompt) Marked() bool { return len(p.marks) > 0 }
