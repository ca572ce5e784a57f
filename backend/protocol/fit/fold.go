package fit

import (
	"encoding/json"

	"gatehouse/backend/llm"
)

// Answer is a whole answer.
type Answer struct {
	ID, Model string
	Parts     []llm.Part
	Usage     llm.Usage
	Finish    llm.FinishReason
}

// Fold puts a whole answer together from its events.
func Fold(events []llm.Event) Answer {
	var a Answer
	inputs := map[int][]byte{}
	texts := map[int][]byte{}
	for _, e := range events {
		switch e := e.(type) {
		case llm.MessageStart:
			a.ID, a.Model = e.ID, e.Model
		case llm.PartStart:
			a.Parts = append(a.Parts, e.Part)
		case llm.PartDelta:
			if e.Index < 0 || e.Index >= len(a.Parts) {
				continue
			}
			if e.Text != "" {
				texts[e.Index] = append(texts[e.Index], e.Text...)
			}
			if e.Input != "" {
				inputs[e.Index] = append(inputs[e.Index], e.Input...)
			}
			a.Parts[e.Index] = withDelta(a.Parts[e.Index], e)
		case llm.UsageUpdate:
			a.Usage = e.Usage
		case llm.Finish:
			a.Finish = e.Reason
		}
	}
	for i, p := range a.Parts {
		a.Parts[i] = withText(p, string(texts[i]), inputs[i])
	}
	return a
}

func withDelta(p llm.Part, d llm.PartDelta) llm.Part {
	switch p := p.(type) {
	case llm.Text:
		if d.Citation != nil {
			p.Citations = append(p.Citations, *d.Citation)
		}
		return p
	case llm.Reasoning:
		p.Signature += d.Signature
		return p
	case llm.ToolCall:
		p.Signature += d.Signature
		return p
	}
	return p
}

func withText(p llm.Part, text string, input []byte) llm.Part {
	switch p := p.(type) {
	case llm.Text:
		p.Text += text
		return p
	case llm.Refusal:
		p.Text += text
		return p
	case llm.Reasoning:
		p.Text += text
		return p
	case llm.ToolCall:
		if len(input) > 0 {
			p.Input = append(append(json.RawMessage(nil), p.Input...), input...)
		}
		return p
	}
	return p
}

// Stream gives whole events as a stream.
func Stream(events []llm.Event) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}
