package llm

import (
	"errors"
	"fmt"
	"iter"
)

// Event is one step of a streamed answer. The set is sealed: MessageStart, PartStart, PartDelta, PartEnd, UsageUpdate,
// Finish, OpaqueEvent.
//
// The grammar, which Validate checks: one MessageStart comes first; parts start with indices 0, 1, 2, ... in order and
// may overlap; deltas go to a started part that has not ended; every started part ends; exactly one Finish comes last.
// A stream that stops without Finish is an error, never a stop.
type Event interface{ event() }

// MessageStart opens the answer.
type MessageStart struct{ ID, Model string }

// PartStart opens part Index; Part holds what is known at once (a tool call's id and name).
type PartStart struct {
	Index int
	Part  Part
}

// PartDelta adds to part Index: text, reasoning or refusal text, a signature, a piece of a tool call's input, a citation.
type PartDelta struct {
	Index     int
	Text      string
	Signature string
	Input     string
	Citation  *Citation
}

// PartEnd closes part Index.
type PartEnd struct{ Index int }

// UsageUpdate is the usage so far; a later one replaces it.
type UsageUpdate struct{ Usage Usage }

// Finish ends the answer.
type Finish struct{ Reason FinishReason }

// OpaqueEvent is an event that only one dialect knows, kept as it came.
type OpaqueEvent struct{ Opaque }

func (MessageStart) event() {}
func (PartStart) event()    {}
func (PartDelta) event()    {}
func (PartEnd) event()      {}
func (UsageUpdate) event()  {}
func (Finish) event()       {}
func (OpaqueEvent) event()  {}

// Stream is a streamed answer: events, then at most one error, which ends it.
type Stream = iter.Seq2[Event, error]

// ErrIncomplete is the end of a stream that came before its Finish.
var ErrIncomplete = errors.New("the stream ended before the answer was finished")

// Validate passes a stream through and ends it with an error at the first breach of the grammar.
func Validate(in Stream) Stream {
	return func(yield func(Event, error) bool) {
		var v validator
		for e, err := range in {
			if err != nil {
				yield(nil, err)
				return
			}
			if err := v.step(e); err != nil {
				yield(nil, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if !v.finished {
			yield(nil, ErrIncomplete)
		}
	}
}

type validator struct {
	started, finished bool
	open              map[int]bool
	next              int
}

func (v *validator) step(e Event) error {
	if v.finished {
		return fmt.Errorf("event %T after Finish", e)
	}
	if _, first := e.(MessageStart); first == v.started {
		if first {
			return errors.New("a second MessageStart")
		}
		return fmt.Errorf("event %T before MessageStart", e)
	}
	switch e := e.(type) {
	case MessageStart:
		v.started, v.open = true, map[int]bool{}
	case PartStart:
		if e.Index != v.next {
			return fmt.Errorf("part %d starts where part %d was due", e.Index, v.next)
		}
		v.open[e.Index] = true
		v.next++
	case PartDelta:
		if !v.open[e.Index] {
			return fmt.Errorf("delta for part %d, which is not open", e.Index)
		}
	case PartEnd:
		if !v.open[e.Index] {
			return fmt.Errorf("end of part %d, which is not open", e.Index)
		}
		delete(v.open, e.Index)
	case Finish:
		if len(v.open) > 0 {
			return fmt.Errorf("finish while %d parts are open", len(v.open))
		}
		v.finished = true
	}
	return nil
}
