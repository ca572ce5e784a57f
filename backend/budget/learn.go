package budget

import (
	"slices"
	"sync"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

const (
	examples  = 64  // kept of each model
	maxModels = 512 // the one that was used for the longest time ago goes first
	// The guesses about a model of which nothing is known yet: the tokens of an answer, and the bytes of a body that one
	// token takes, which is on the safe side of English and of code.
	unknownOutput = 1000
	bytesPerToken = 3
	// likely is the share of answers, in percent, that a guess is to cover.
	likely = 90
)

// example is what a request took: bytes of body, tokens, and 1e-12 USD for what is passed on whole.
type example struct{ bytes, input, cached, output, cost int64 }

// lengths are a model's latest examples, in a ring.
type lengths struct {
	ring []example
	next int
	used uint64
}

// learner knows how long the prompts and answers of models are. It is safe for concurrent use, and bounded.
type learner struct {
	mu     sync.Mutex
	models map[string]*lengths
	uses   uint64
}

func newLearner() *learner { return &learner{models: map[string]*lengths{}} }

func (l *learner) of(model string, add bool) *lengths {
	m := l.models[model]
	if m == nil {
		if !add {
			return nil
		}
		if len(l.models) >= maxModels {
			l.forget()
		}
		m = &lengths{}
		l.models[model] = m
	}
	l.uses++
	m.used = l.uses
	return m
}

func (l *learner) forget() {
	oldest, least := "", l.uses+1
	for name, m := range l.models {
		if m.used < least {
			oldest, least = name, m.used
		}
	}
	delete(l.models, oldest)
}

func (m *lengths) add(e example) {
	if len(m.ring) < examples {
		m.ring = append(m.ring, e)
		return
	}
	m.ring[m.next] = e
	m.next = (m.next + 1) % examples
}

// learn takes what a request took whose body had a length.
func (l *learner) learn(s Spent, bytes int) {
	e, ok := exampleOf(s)
	if !ok {
		return
	}
	e.bytes = int64(bytes)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(key(s.Model, s.Surface), true).add(e)
}

// recall takes one of the history, the latest of which come first.
func (l *learner) recall(s Spent) {
	e, ok := exampleOf(s)
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if m := l.of(key(s.Model, s.Surface), true); len(m.ring) < examples {
		m.ring = slices.Insert(m.ring, 0, e)
	}
}

// key tells what is passed on whole from conversations; no model's id has a blank in it.
func key(model, surface string) string { return model + " " + surface }

func exampleOf(s Spent) (example, bool) {
	if s.Surface != "" {
		if s.PicoUSD == nil {
			return example{}, false
		}
		return example{cost: *s.PicoUSD}, true
	}
	if s.Guessed || s.Outcome != gateway.OK || s.Input == nil || s.Output == nil {
		return example{}, false
	}
	e := example{input: *s.Input, output: *s.Output}
	if s.Cached != nil {
		e.cached = *s.Cached
	}
	if s.Reserved != nil {
		e.bytes = s.Reserved.Bytes
	}
	return e, true
}

// guess says what a request to a model will take, if nine of ten of its latest are to take no more: input by the length of
// its body and the share of it that came from caches, output by the length of answers and the limit that it asks for (0
// is none).
func (l *learner) guess(model string, in gateway.Intent, limit int64) llm.Usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	output := int64(unknownOutput)
	// In thousandths: tokens per byte, and the cached share of the input.
	perByte, cached := int64(1000/bytesPerToken), int64(0)
	if m := l.of(key(model, string(in.Surface)), false); m != nil && len(m.ring) > 0 {
		output = m.quantile(likely, func(e example) (int64, bool) { return e.output, true })
		if n := m.quantile(likely, func(e example) (int64, bool) {
			return (e.input + e.cached) * 1000 / max(e.bytes, 1), e.bytes > 0
		}); n > 0 {
			perByte = n + 1
		}
		cached = m.quantile(100-likely, func(e example) (int64, bool) {
			return e.cached * 1000 / max(e.input+e.cached, 1), true
		})
	}
	if limit > 0 {
		output = min(output, limit)
	}
	if in.Embeds {
		output = 0
	}
	input := int64(in.Bytes)*perByte/1000 + 1
	read := input * cached / 1000
	return llm.Usage{Input: llm.Tokens(input - read), CacheRead: llm.Tokens(read), Output: llm.Tokens(output)}
}

// cost says what a request will cost that is passed on whole, in 1e-12 USD, by the model's latest.
func (l *learner) cost(in gateway.Intent) (picoUSD int64, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range in.Candidates {
		if m := l.of(key(c.Model, string(in.Surface)), false); m != nil && len(m.ring) > 0 {
			picoUSD, known = max(picoUSD, m.quantile(likely, func(e example) (int64, bool) { return e.cost, true })), true
		}
	}
	return picoUSD, known
}

// quantile gives the number that a share of the examples, in percent, does not pass; 0 where none has it.
func (m *lengths) quantile(percent int, of func(example) (int64, bool)) int64 {
	var room [examples]int64 // on the stack: a request pays for this
	all := room[:0]
	for _, e := range m.ring {
		if n, ok := of(e); ok {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[(len(all)-1)*percent/100]
}
