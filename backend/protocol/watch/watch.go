// Package watch is what the dialects' taps have in common: keeping an answer that is not streamed until it is whole.
//
// It must not know any dialect.
package watch

import (
	"encoding/json"

	"gatehouse/backend/llm"
)

// limit bounds what is kept of an answer; of a larger one nothing is read.
const limit = 32 << 20

// Body observes an answer that is one JSON body. It implements llm.Tap.
type Body struct {
	seen llm.Observation
	read func(seen *llm.Observation, body []byte)
	body []byte
	over bool
}

// NewBody makes a Body. read takes what there is to know from a whole body, which is valid JSON.
func NewBody(read func(seen *llm.Observation, body []byte)) *Body { return &Body{read: read} }

// Write takes the next bytes.
func (b *Body) Write(p []byte) *llm.Observation {
	if b.over || len(b.body)+len(p) > limit {
		b.over, b.body = true, nil
	} else {
		b.body = append(b.body, p...)
	}
	b.seen.Content = true
	return &b.seen
}

// Close reads the body if it is whole. One that was too large to keep counts as ended: saying "cut off" would be a guess.
func (b *Body) Close() *llm.Observation {
	b.seen.Ended = b.over || json.Valid(b.body)
	if b.seen.Ended && !b.over {
		b.read(&b.seen, b.body)
	}
	return &b.seen
}
