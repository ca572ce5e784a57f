package sim

import (
	"crypto/sha256"
	"sync"
	"time"
)

// usage is what a call consumed, in tokens, as disjoint numbers.
type usage struct {
	input, cacheRead, cacheWrite5m, cacheWrite1h int64
	// output includes reasoning.
	output, reasoning int64
}

// mark is one cache breakpoint (Anthropic's cache_control): the prompt up to it has this hash and this many tokens.
type mark struct {
	hash   [sha256.Size]byte
	tokens int64
	ttl    time.Duration
}

// promptCache remembers the marked prompts of the last while, as Anthropic's prompt caching does: the longest one that
// is known is read, the rest up to the last mark is written. It forgets the oldest past its bound.
type promptCache struct {
	mu      sync.Mutex
	entries map[[sha256.Size]byte]time.Time // until when
}

const maxCached = 1024

func newPromptCache() *promptCache {
	return &promptCache{entries: map[[sha256.Size]byte]time.Time{}}
}

// use gives how many tokens of the prompt were read from the cache and how many went into it.
func (c *promptCache) use(marks []mark, now time.Time) (read, written int64, ttl time.Duration) {
	if len(marks) == 0 {
		return 0, 0, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range marks {
		if until, ok := c.entries[m.hash]; ok && now.Before(until) {
			read = m.tokens
		}
	}
	last := marks[len(marks)-1]
	for _, m := range marks {
		c.entries[m.hash] = now.Add(m.ttl)
	}
	for len(c.entries) > maxCached {
		c.forgetOldest()
	}
	return read, last.tokens - read, last.ttl
}

func (c *promptCache) forgetOldest() {
	var oldest [sha256.Size]byte
	var when time.Time
	for hash, until := range c.entries {
		if when.IsZero() || until.Before(when) {
			oldest, when = hash, until
		}
	}
	delete(c.entries, oldest)
}

// meter counts a call.
func (s *server) meter(a *ask, ans *answer) usage {
	read, written, ttl := s.cache.use(a.marks, s.Now())
	u := usage{input: a.input - read - written, cacheRead: read}
	if ttl == time.Hour {
		u.cacheWrite1h = written
	} else {
		u.cacheWrite5m = written
	}
	for _, p := range ans.parts {
		n := count(p.text)
		u.output += n
		if p.kind == partReasoning {
			u.reasoning += n
		}
	}
	return u
}
