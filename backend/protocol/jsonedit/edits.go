package jsonedit

import (
	"bytes"
	"io"
	"slices"
)

// Edit puts With in the place of what stands at At.
type Edit struct {
	At   Span
	With []byte
}

// Edited is a body with several places changed, without a copy of the rest.
type Edited [][]byte

// Apply makes an Edited of a body. Edits must not overlap; their order does not matter.
func Apply(body []byte, edits ...Edit) Edited {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b Edit) int { return a.At.Start - b.At.Start })
	out := make(Edited, 0, 2*len(edits)+1)
	at := 0
	for _, e := range edits {
		out = append(out, body[at:e.At.Start], e.With)
		at = e.At.End
	}
	return append(out, body[at:])
}

// Len is the length in bytes.
func (e Edited) Len() int64 {
	n := 0
	for _, part := range e {
		n += len(part)
	}
	return int64(n)
}

// Reader reads the edited body from its start; each call gives a new one.
func (e Edited) Reader() io.Reader {
	readers := make([]io.Reader, len(e))
	for i, part := range e {
		readers[i] = bytes.NewReader(part)
	}
	return io.MultiReader(readers...)
}

// Bytes gives the whole.
func (e Edited) Bytes() []byte { return bytes.Join(e, nil) }

// Member gives the span of the whole member that a value of Find belongs to: its name and one of the commas around it
// included, so that what is left without it is an object again.
func Member(body []byte, value Span) Span {
	start := back(body, value.Start)    // behind the colon
	start = back(body, start-1)         // behind the name's closing quote
	start = openingQuote(body, start-1) // the name's opening quote
	end := space(body, value.End)
	if end < len(body) && body[end] == ',' {
		return Span{start, space(body, end+1)}
	}
	if before := back(body, start); before > 0 && body[before-1] == ',' {
		start = before - 1
	}
	return Span{start, value.End}
}

// back gives the place behind the last byte before i that is no white space.
func back(body []byte, i int) int {
	for i > 0 && (body[i-1] == ' ' || body[i-1] == '\t' || body[i-1] == '\n' || body[i-1] == '\r') {
		i--
	}
	return i
}

// openingQuote gives where the string begins whose closing quote stands at i.
func openingQuote(body []byte, i int) int {
	for i--; i > 0; i-- {
		if body[i] != '"' {
			continue
		}
		slashes := 0
		for j := i - 1; j >= 0 && body[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			break
		}
	}
	return i
}
