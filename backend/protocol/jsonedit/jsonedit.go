// Package jsonedit finds and replaces members at the top level of a JSON object without decoding the rest, so that a
// request that is only passed on keeps its bytes: key order, number spelling, white space, everything.
//
// It checks the object's skeleton (strings closed, brackets matched, members well formed at the top level, nothing
// behind the end) and leaves the finer syntax of nested values to whoever decodes them. It must not know what the
// members mean.
package jsonedit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Span is where a value stands: body[Start:End]. The zero Span means that there is none.
type Span struct{ Start, End int }

// Found tells whether there is a value.
func (s Span) Found() bool { return s.End > s.Start }

// Of gives the value's bytes.
func (s Span) Of(body []byte) []byte { return body[s.Start:s.End] }

// SyntaxError is a body that is no JSON object.
type SyntaxError struct {
	// Offset counts bytes from the start.
	Offset  int
	Message string
	// cut tells that what is missing may stand behind what was looked at.
	cut bool
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Message, e.Offset) }

// maxDepth bounds nesting; encoding/json has the same bound.
const maxDepth = 10000

// Find gives the span of the value of each named member, in the order of names. A named member that stands twice is an
// error: readers differ in which one they take.
func Find(body []byte, names ...string) ([]Span, error) {
	spans := make([]Span, len(names))
	err := Members(body, func(key []byte, value Span) error { return take(spans, names, key, value) })
	return spans, err
}

// glanceHead and glanceTail are how much Glance looks at on either side.
const (
	glanceHead = 32 << 10
	glanceTail = 4 << 10
)

// Glance is Find for bodies whose middle is not worth a look: it walks the members that lie whole within the first 32 KB,
// and finds the named ones among those that lie whole within the last 4 KB. What stands only in between is not found,
// and neither are mistakes there. A member that is found twice is an error, as is a body that was cut off.
func Glance(body []byte, names ...string) ([]Span, error) {
	if len(body) <= 2*glanceHead {
		return Find(body, names...)
	}
	spans := make([]Span, len(names))
	head := body[:glanceHead]
	err := Members(head, func(key []byte, value Span) error {
		if value.End == len(head) {
			return errCut // a number may go on behind the window
		}
		return take(spans, names, key, value)
	})
	if e := (*SyntaxError)(nil); errors.As(err, &e) && !e.cut {
		return nil, err
	}
	if last := bytes.TrimRight(body[len(body)-glanceTail:], " \t\r\n"); len(last) == 0 || last[len(last)-1] != '}' {
		return nil, &SyntaxError{Offset: len(body), Message: "the JSON object is cut off"}
	}
	return spans, glanceBack(body, spans, names)
}

// tries bounds how many places at the end are looked at; a name may well stand there in nested objects too.
const tries = 16

// glanceBack finds the named members at the end. A place is one if from there the body's own members go on to its end.
func glanceBack(body []byte, spans []Span, names []string) error {
	from := len(body) - glanceTail
	for i, name := range names {
		quoted, until := []byte(`"`+name+`"`), len(body)
		for range tries {
			at := bytes.LastIndex(body[from:until], quoted)
			if at < 0 {
				break
			}
			at += from
			until = at
			first := Span{}
			whole := members(body, at, func(_ []byte, value Span) error {
				if !first.Found() {
					first = value
				}
				return nil
			})
			if whole != nil || first == spans[i] {
				continue
			}
			if spans[i].Found() {
				return &SyntaxError{Offset: first.Start, Message: fmt.Sprintf("a second member %q", name)}
			}
			spans[i] = first
		}
	}
	return nil
}

// errCut ends a walk at the edge of a window.
var errCut = &SyntaxError{Message: "cut at the window", cut: true}

// take keeps a member's span if it is one of the named.
func take(spans []Span, names []string, key []byte, value Span) error {
	for i, name := range names {
		if !keyIs(key, name) {
			continue
		}
		if spans[i].Found() {
			return &SyntaxError{Offset: value.Start, Message: fmt.Sprintf("a second member %q", name)}
		}
		spans[i] = value
	}
	return nil
}

// keyIs compares a raw key (without its quotes) with a name. Keys with escapes are decoded first.
func keyIs(raw []byte, name string) bool {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw) == name
	}
	var key string
	quoted := append(append([]byte{'"'}, raw...), '"')
	return json.Unmarshal(quoted, &key) == nil && key == name
}

// Members calls visit for each member of the object with its raw key (without quotes) and its value's span. It stops at
// the first error, its own or visit's.
func Members(body []byte, visit func(key []byte, value Span) error) error {
	i := space(body, 0)
	if i == len(body) {
		return &SyntaxError{Offset: i, Message: "the body is empty"}
	}
	if body[i] != '{' {
		return &SyntaxError{Offset: i, Message: "the body is not a JSON object"}
	}
	i = space(body, i+1)
	if i < len(body) && body[i] == '}' {
		return end(body, i+1)
	}
	return members(body, i, visit)
}

// members walks from the member whose name starts at i to the end of the body.
func members(body []byte, i int, visit func(key []byte, value Span) error) error {
	for {
		if i >= len(body) || body[i] != '"' {
			return unexpected(body, i, "a member's name")
		}
		keyEnd, err := skipString(body, i)
		if err != nil {
			return err
		}
		key := body[i+1 : keyEnd-1]
		i = space(body, keyEnd)
		if i >= len(body) || body[i] != ':' {
			return unexpected(body, i, "':'")
		}
		start := space(body, i+1)
		stop, err := skipValue(body, start)
		if err != nil {
			return err
		}
		if err := visit(key, Span{start, stop}); err != nil {
			return err
		}
		i = space(body, stop)
		switch {
		case i < len(body) && body[i] == ',':
			i = space(body, i+1)
		case i < len(body) && body[i] == '}':
			return end(body, i+1)
		default:
			return unexpected(body, i, "',' or '}'")
		}
	}
}

func end(body []byte, i int) error {
	if i = space(body, i); i < len(body) {
		return &SyntaxError{Offset: i, Message: "something stands behind the JSON object"}
	}
	return nil
}

func unexpected(body []byte, i int, want string) error {
	if i >= len(body) {
		return &SyntaxError{Offset: i, Message: "the JSON ends where " + want + " was expected", cut: true}
	}
	return &SyntaxError{Offset: i, Message: fmt.Sprintf("%q where %s was expected", body[i], want)}
}

func space(body []byte, i int) int {
	for i < len(body) {
		switch body[i] {
		case ' ', '\t', '\n', '\r':
			i++
		default:
			return i
		}
	}
	return i
}

// skipString gives the index behind the string that starts at i.
func skipString(body []byte, i int) (int, error) {
	start := i
	for i++; ; {
		n := bytes.IndexByte(body[i:], '"')
		if n < 0 {
			return 0, &SyntaxError{Offset: start, Message: "a string without its end", cut: true}
		}
		i += n + 1
		if body[i-2] != '\\' {
			return i, nil
		}
		slashes := 1
		for body[i-2-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i, nil
		}
	}
}

func skipValue(body []byte, i int) (int, error) {
	if i >= len(body) {
		return 0, unexpected(body, i, "a value")
	}
	switch c := body[i]; c {
	case '"':
		return skipString(body, i)
	case '{', '[':
		return skipNested(body, i)
	default:
		start := i
		for i < len(body) && plain[body[i]] {
			i++
		}
		if !json.Valid(body[start:i]) {
			if i == len(body) {
				return 0, unexpected(body, i, "a value")
			}
			return 0, unexpected(body, start, "a value")
		}
		return i, nil
	}
}

// plain marks the bytes of numbers and of true, false and null.
var plain = func() (t [256]bool) {
	for _, c := range []byte("0123456789+-.eEtrufalsn") {
		t[c] = true
	}
	return t
}()

// marks tells the bytes that matter while brackets are matched.
var marks = func() (t [256]bool) {
	for _, c := range []byte(`"{}[]`) {
		t[c] = true
	}
	return t
}()

func skipNested(body []byte, i int) (int, error) {
	var room [64]byte
	open, start := room[:0], i
	for i < len(body) {
		c := body[i]
		if !marks[c] {
			i++
			continue
		}
		switch c {
		case '"':
			next, err := skipString(body, i)
			if err != nil {
				return 0, err
			}
			i = next
			continue
		case '{', '[':
			if len(open) == maxDepth {
				return 0, &SyntaxError{Offset: i, Message: "the JSON is nested too deeply"}
			}
			open = append(open, c+2) // '}' and ']' stand two behind their openers
		default:
			if open[len(open)-1] != c {
				return 0, &SyntaxError{Offset: i, Message: fmt.Sprintf("%q where %q was expected", c, open[len(open)-1])}
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return i + 1, nil
			}
		}
		i++
	}
	return 0, &SyntaxError{Offset: start, Message: "an object or array without its end", cut: true}
}

// Simple tells whether a value is a string of printable ASCII without escapes, which stands for itself.
func Simple(value []byte) bool {
	if len(value) < 2 || value[0] != '"' {
		return false
	}
	for _, c := range value[1 : len(value)-1] {
		if c < ' ' || c > '~' || c == '\\' || c == '"' {
			return false
		}
	}
	return value[len(value)-1] == '"'
}

// String writes s as a JSON string, without the HTML escapes that json.Marshal adds.
func String(s string) []byte {
	quoted := append(append(append(make([]byte, 0, len(s)+2), '"'), s...), '"')
	if Simple(quoted) {
		return quoted
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil { // strings always encode
		return []byte(`""`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Splice is a body in which one value is replaced, without a copy of the rest.
type Splice struct{ Head, Value, Tail []byte }

// Replace makes a Splice of body with value in place of at.
func Replace(body []byte, at Span, value []byte) Splice {
	return Splice{body[:at.Start], value, body[at.End:]}
}

// Len is the length of the whole.
func (s Splice) Len() int64 { return int64(len(s.Head) + len(s.Value) + len(s.Tail)) }

// Reader reads the whole; each call gives a new one.
func (s Splice) Reader() io.Reader { return &spliceReader{[3][]byte{s.Head, s.Value, s.Tail}, 0} }

// spliceReader is what io.MultiReader would be, without its WriteTo, which makes a buffer of 32 KB for every request.
type spliceReader struct {
	parts [3][]byte
	at    int
}

func (r *spliceReader) Read(p []byte) (n int, err error) {
	for n < len(p) && r.at < len(r.parts) {
		k := copy(p[n:], r.parts[r.at])
		n += k
		if r.parts[r.at] = r.parts[r.at][k:]; len(r.parts[r.at]) == 0 {
			r.at++
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Bytes joins the whole.
func (s Splice) Bytes() []byte { return bytes.Join([][]byte{s.Head, s.Value, s.Tail}, nil) }
