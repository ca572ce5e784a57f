package prefix

import (
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/blocks"
)

// Cause is why a prefix was of no more use.
type Cause string

// The causes.
const (
	Content  Cause = "content"  // another prompt
	Model    Cause = "model"    // another model
	Provider Cause = "provider" // another provider of the same model
)

// Break is how a request did not go on from the one before it.
type Break struct {
	Cause Cause `json:"cause"`
	// Was is the model or the provider of before, where that is the cause.
	Was string `json:"was,omitempty"`
	// Part is what the first block that differs is a part of: tools, system, user, assistant, tool or other. Number is that
	// message's or tool's, from 1; 0 for a system prompt in front of all messages.
	Part   string `json:"part"`
	Number int    `json:"number,omitempty"`
	// Kept is how many blocks are as before up to there, Blocks how many there were.
	Kept   int `json:"kept"`
	Blocks int `json:"blocks"`
	// After is the id of the request before.
	After string `json:"after"`
	// Tokens is about how many tokens were read anew that a cache could have had. Estimated tells that they are not reckoned
	// from what the provider reports of its cache alone.
	Tokens    int64 `json:"tokens"`
	Estimated bool  `json:"estimated,omitempty"`
	// CostPicoUSD is what that cost more than reading them from the cache, in 1e-12 USD; nil where it is not known.
	CostPicoUSD *int64 `json:"costPicoUSD,omitempty"`
}

// before gives the thread that a turn goes on from, and how many of its blocks are kept; -1 if there is none. One that is
// gone on from whole comes first, then the one of which most is kept.
func (c *conversation) before(n *thread, t Turn) (found, kept int) {
	found = -1
	best := fit{}
	for i, old := range c.threads {
		if !old.ended.After(t.Started.Add(-MaxAge)) {
			continue
		}
		f := old.fits(n, t.Session != "")
		if f.follows && !best.better(f) {
			found, best = i, f
		}
	}
	return found, best.kept
}

// fit is how a turn stands to a thread.
type fit struct {
	follows, whole, same bool
	kept                 int
}

// better tells that a fit is better than another.
func (f fit) better(than fit) bool {
	switch {
	case f.follows != than.follows:
		return f.follows
	case f.whole != than.whole:
		return f.whole
	case f.kept != than.kept:
		return f.kept > than.kept
	}
	return f.same && !than.same
}

// fits looks whether a turn goes on from a thread. Not every request of a session does: titles, sub-agents and one prompt for
// several models are beginnings of their own.
func (old *thread) fits(n *thread, session bool) fit {
	f := fit{same: old.model == n.model, kept: same(old.prompt.Blocks, n.prompt.Blocks)}
	longer := n.prompt.Messages > old.prompt.Messages
	switch {
	case f.kept == len(old.prompt.Blocks) && f.kept == len(n.prompt.Blocks): // it is asked again
		f.follows, f.whole = f.same, true
	case f.kept == len(n.prompt.Blocks): // it went back to where all is as it was
	case f.kept == len(old.prompt.Blocks):
		f.follows, f.whole = f.same || longer, true
	case old.prompt.First != 0 && old.prompt.First == n.prompt.First:
		f.follows = longer || f.same && old.beyondFirst(f.kept)
	default:
		f.follows = session && longer && old.reappears(n)
	}
	return f
}

// beyondFirst tells that so many blocks hold the user's first turn.
func (old *thread) beyondFirst(kept int) bool {
	for _, b := range old.prompt.Blocks[:kept] {
		if b.Part == blocks.User {
			return true
		}
	}
	return false
}

// reappears tells that a turn has what the thread ended with, though the beginning is another: clients cut old messages off.
func (old *thread) reappears(n *thread) bool {
	last := old.prompt.Blocks[len(old.prompt.Blocks)-1]
	for _, b := range n.prompt.Blocks {
		if b.Hash == last.Hash {
			return true
		}
	}
	return false
}

// same counts the blocks that two chains have in common from the start.
func same(a, b []blocks.Block) int {
	for i := range min(len(a), len(b)) {
		if a[i].Hash != b[i].Hash {
			return i
		}
	}
	return min(len(a), len(b))
}

// compare tells how a turn that goes on from a thread broke its prefix; nil if it did not.
func compare(old, n *thread, kept int, started time.Time) *Break {
	was, now := old.prompt.Blocks, n.prompt.Blocks
	b := &Break{Cause: Content, Kept: kept, Blocks: len(was), After: old.id}
	switch {
	case old.model != n.model:
		b.Cause, b.Was = Model, old.model
	case old.provider != n.provider:
		b.Cause, b.Was = Provider, old.provider
	case kept == len(was) || kept == len(now) || old.heldBy(n):
		return nil
	}
	at := place(was, now, kept)
	b.Part, b.Number = at.Part.String(), int(at.Number)
	from := kept
	if b.Cause != Content {
		from = 0 // nobody has the rest in a cache either
	}
	b.Tokens, b.Estimated = lost(old, n, from, started)
	return b
}

// step is in what steps providers tell what they read of caches that nobody has to ask for, in tokens.
const step = 128

// heldBy tells that a turn's provider read all from its cache that was in it, whatever differs: providers pass over some
// blocks, as Anthropic does over the one in which Claude Code tells of itself.
func (old *thread) heldBy(n *thread) bool {
	cached, known := old.cached()
	read, told := n.usage.CacheRead.Get()
	if !old.usage.CacheWrite5m.Known() && !old.usage.CacheWrite1h.Known() {
		cached -= step
	}
	return known && told && cached > 0 && read >= cached
}

// place is the block at which two chains part: what was put in, or else what was there.
func place(was, now []blocks.Block, kept int) blocks.Block {
	switch {
	case kept >= len(was):
		return now[min(kept, len(now)-1)]
	case kept < len(now) && now[kept].Part < was[kept].Part && now[kept].Part <= blocks.System:
		return now[kept]
	}
	return was[kept]
}

// shortLife is how long a cache is sure to live that nobody asked to live longer.
const shortLife = 5 * time.Minute

// lost reckons the tokens that could have come from a cache had the prefix not broken: those of what stood behind the break,
// as far as the prompt still has it. What is new would have been read in any case.
func lost(old, n *thread, from int, started time.Time) (tokens int64, estimated bool) {
	there := map[uint64]bool{}
	for _, b := range n.prompt.Blocks {
		there[b.Hash] = true
	}
	var all, behind, again int64
	for i, b := range old.prompt.Blocks {
		all += int64(b.Size)
		if i < from {
			continue
		}
		behind += int64(b.Size)
		if there[b.Hash] {
			again += int64(b.Size)
		}
	}
	if again == 0 || all == 0 {
		return 0, false
	}
	cached, reported := old.cached()
	read, known := n.usage.CacheRead.Get()
	if reported && known {
		missed := max(cached-read, 0)
		idle := started.Sub(old.ended)
		return share(missed, again, behind), again != behind || idle > shortLife && old.usage.CacheWrite1h.Or(0) == 0
	}
	if prompt, known := old.read(); known {
		return share(prompt, again, all), true
	}
	const bytesPerToken = 4
	return again / bytesPerToken, true
}

func share(n, part, whole int64) int64 {
	return int64(float64(n) * float64(part) / float64(whole))
}

// read is how many tokens a turn's prompt had.
func (t *thread) read() (tokens int64, known bool) {
	tokens, known = t.usage.Input.Get()
	u := t.usage
	return tokens + u.CacheRead.Or(0) + u.CacheWrite5m.Or(0) + u.CacheWrite1h.Or(0), known && u.Input.Provenance() == llm.Reported
}

// cached is how many tokens of a turn's prompt a cache had behind it: what was read from it and written to it, or the whole
// prompt where the provider only tells what it read.
func (t *thread) cached() (tokens int64, known bool) {
	read, known := t.usage.CacheRead.Get()
	if !known {
		return 0, false
	}
	u := t.usage
	if u.CacheWrite5m.Known() || u.CacheWrite1h.Known() {
		return read + u.CacheWrite5m.Or(0) + u.CacheWrite1h.Or(0), true
	}
	return t.read()
}
