package jsonedit

import (
	"bytes"
	"cmp"
	"io"
	"slices"
)

// Edit puts With in the place of what stands at At, which may be nothing.
type Edit struct {
	At   Span
	With []byte
}

// Edited is a body with several places changed, without a copy of the rest.
type Edited [][]byte

// Apply makes an Edited of a body. Edits must not overlap; their order does not matter.
func Apply(body []byte, edits ...Edit) Edited {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b Edit) int { return cmp.Or(a.At.Start-b.At.Start, a.At.End-b.At.End) })
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

// Insert gives the edit that puts a member in front of an object's others. Its errors are *SyntaxError.
func Insert(body []byte, name string, value []byte) (Edit, error) {
	at := space(body, 0)
	if at >= len(body) || body[at] != '{' {
		return Edit{}, unexpected(body, at, "an object")
	}
	at++
	with := append(append(String(name), ':'), value...)
	if next := space(body, at); next < len(body) && body[next] != '}' {
		with = append(with, ',')
	}
	return Edit{At: Span{at, at}, With: with}, nil
}

// Without gives the edits that take members out of an object, by the spans of their values as Find gives them: names
// included, and as many of the commas between as leaves an object again.
func Without(body []byte, values ...Span) []Edit {
	values = slices.Clone(values)
	slices.SortFunc(values, func(a, b Span) int { return a.Start - b.Start })
	var out []Edit
	for i := 0; i < len(values); {
		run := Span{memberStart(body, values[i]), values[i].End}
		next := space(body, run.End)
		for i++; i < len(values) && next < len(body) && space(body, next+1) == memberStart(body, values[i]); i++ {
			run.End = values[i].End // nothing stays between the two
			next = space(body, run.End)
		}
		if next < len(body) && body[next] == ',' {
			run.End = space(body, next+1)
		} else if before := back(body, run.Start); before > 0 && body[before-1] == ',' {
			run.Start = before - 1
		}
		out = append(out, Edit{At: run})
	}
	return out
}

// memberStart gives where the name of a value's member begins.
func memberStart(body []byte, value Span) int {
	at := back(body, value.Start)   // behind the colon
	at = back(body, at-1)           // behind the name's closing quote
	return openingQuote(body, at-1) // the name's opening quote
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
