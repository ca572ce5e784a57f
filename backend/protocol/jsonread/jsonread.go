// Package jsonread reads JSON texts whole, checked, and in one pass: it notes where every value stands, so that whoever
// asks for a member does not look at the text again, and a string is decoded when it is asked for.
//
// What it gives is the text itself: key order, the spelling of numbers and members that stand twice survive. It must not
// know what the JSON means.
package jsonread

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

// Type is a value's kind.
type Type uint8

// The kinds. A value that is not there is Null too; Exists tells it from one that is written so.
const (
	Null Type = iota
	False
	True
	Number
	String
	// JSON is an object or an array.
	JSON
)

// Error is a text that is not JSON.
type Error struct {
	// Offset counts bytes from the start.
	Offset  int
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Message, e.Offset) }

// node is where a value stands in the text: text[start:end]. Containers are followed by what they hold (objects by key
// and value in turn), and next is the node behind that; while a container is open, next is the container around it.
type node struct {
	start, end, next uint32
	kind             Type
	escaped          bool // a string with escapes
}

// document is a text with its nodes.
type document struct {
	text  string
	nodes []node
}

// Value is a place in a document. The zero Value is one that is not there. What it gives shares the document's memory.
type Value struct {
	doc *document
	at  uint32
}

// Parse reads a text, of which it keeps a copy. Its errors are *Error.
func Parse(text []byte) (Value, error) { return ParseString(string(text)) }

// ParseString reads a text. Its errors are *Error.
func ParseString(text string) (Value, error) {
	const perNode = 48 // bytes of text, roughly
	d := &document{nodes: make([]node, 0, 8+len(text)/perNode)}
	return d.read(text)
}

// Of reads a text that should be JSON; if it is not, the Value is one that is not there.
func Of[T ~string | ~[]byte](text T) Value {
	v, err := ParseString(string(text))
	if err != nil {
		return Value{}
	}
	return v
}

// Parser reads one text after the other without new memory for each. Its Values are good until the next text is read,
// the strings that they gave are good for ever.
type Parser struct{ doc document }

// Parse reads a text. Its errors are *Error.
func (p *Parser) Parse(text []byte) (Value, error) { return p.doc.read(string(text)) }

func (d *document) read(text string) (Value, error) {
	if int64(len(text)) > math.MaxUint32 {
		return Value{}, &Error{0, "the JSON is larger than 4 GiB"}
	}
	p := parser{text: text, nodes: d.nodes[:0], parent: outside}
	err := p.parse()
	d.text, d.nodes = text, p.nodes
	if err != nil {
		return Value{}, err
	}
	return Value{d, 0}, nil
}

func (v Value) node() *node { return &v.doc.nodes[v.at] }

// Exists tells whether there is a value, be it null.
func (v Value) Exists() bool { return v.doc != nil }

// Type gives the value's kind.
func (v Value) Type() Type {
	if v.doc == nil {
		return Null
	}
	return v.node().kind
}

// Raw gives the value as it is written, empty if there is none.
func (v Value) Raw() string {
	if v.doc == nil {
		return ""
	}
	n := v.node()
	return v.doc.text[n.start:n.end]
}

// Start is where the value stands in the text, in bytes.
func (v Value) Start() int {
	if v.doc == nil {
		return 0
	}
	return int(v.node().start)
}

// IsObject tells whether the value is an object.
func (v Value) IsObject() bool { return v.opens('{') }

// IsArray tells whether the value is a list.
func (v Value) IsArray() bool { return v.opens('[') }

func (v Value) opens(c byte) bool {
	return v.doc != nil && v.node().kind == JSON && v.doc.text[v.node().start] == c
}

// IsBool tells whether the value is true or false.
func (v Value) IsBool() bool { return v.Type() == True || v.Type() == False }

// Str gives a string's text, empty for everything else.
func (v Value) Str() string {
	if v.Type() != String {
		return ""
	}
	n := v.node()
	inner := v.doc.text[n.start+1 : n.end-1]
	if n.escaped {
		return unescape(inner)
	}
	return inner
}

// String gives a string's text, nothing for null, and everything else as it is written.
func (v Value) String() string {
	switch v.Type() {
	case Null:
		return ""
	case String:
		return v.Str()
	}
	return v.Raw()
}

// Bool tells whether the value is true, or what people write for it: "true", "1", a number other than 0.
func (v Value) Bool() bool {
	switch v.Type() {
	case True:
		return true
	case String:
		b, err := strconv.ParseBool(strings.ToLower(v.Str()))
		return err == nil && b
	case Number:
		return v.Float() != 0
	}
	return false
}

// Float gives a number, or the one that a string holds, else 0.
func (v Value) Float() float64 {
	if t := v.Type(); t != Number && t != String {
		return 0
	}
	f, err := strconv.ParseFloat(v.String(), 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0
	}
	return f
}

// Int gives a number without its fraction, or the one that a string holds; 0 if there is none or it is out of range.
func (v Value) Int() int64 {
	if t := v.Type(); t != Number && t != String {
		return 0
	}
	if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
		return n
	}
	if f := v.Float(); math.Abs(f) < 1<<63 {
		return int64(f)
	}
	return 0
}

// Get gives a member of an object, the first of that name; names with dots between them lead deeper, numbers into lists.
func (v Value) Get(path string) Value {
	for {
		name := path
		dot := strings.IndexByte(path, '.')
		if dot >= 0 {
			name = path[:dot]
		}
		if v.IsArray() {
			i, err := strconv.Atoi(name)
			if err != nil {
				return Value{}
			}
			v = v.At(i)
		} else {
			v = v.Member(name)
		}
		if dot < 0 || v.doc == nil {
			return v
		}
		path = path[dot+1:]
	}
}

// Member gives a member of an object by its exact name, the first of that name.
func (v Value) Member(name string) Value {
	if !v.IsObject() {
		return Value{}
	}
	d, stop := v.doc, v.node().next
	for at := v.at + 1; at < stop; at = d.nodes[at+1].next {
		k := &d.nodes[at]
		if k.escaped {
			if (Value{d, at}).Str() != name {
				continue
			}
		} else if int(k.end-k.start) != len(name)+2 || d.text[k.start+1:k.end-1] != name {
			continue
		}
		return Value{d, at + 1}
	}
	return Value{}
}

// At gives a list's item, counted from 0.
func (v Value) At(i int) Value {
	if v.IsArray() {
		for at, stop := v.at+1, v.node().next; at < stop; at = v.doc.nodes[at].next {
			if i == 0 {
				return Value{v.doc, at}
			}
			i--
		}
	}
	return Value{}
}

// ForEach calls yield for every member of an object with its name, or every item of a list, until yield says false. A
// value that is neither is taken for a list of itself.
func (v Value) ForEach(yield func(name, value Value) bool) {
	if v.doc == nil {
		return
	}
	d, stop := v.doc, v.node().next
	switch {
	case v.IsObject():
		for at := v.at + 1; at < stop; at = d.nodes[at+1].next {
			if !yield(Value{d, at}, Value{d, at + 1}) {
				return
			}
		}
	case v.IsArray():
		for at := v.at + 1; at < stop; at = d.nodes[at].next {
			if !yield(Value{}, Value{d, at}) {
				return
			}
		}
	default:
		yield(Value{}, v)
	}
}

// Array gives a list's items. Null has none, any other value is taken for a list of itself.
func (v Value) Array() []Value {
	switch {
	case v.Type() == Null:
		return nil
	case !v.IsArray():
		return []Value{v}
	}
	n, stop := 0, v.node().next
	for at := v.at + 1; at < stop; at = v.doc.nodes[at].next {
		n++
	}
	out := make([]Value, 0, n)
	for at := v.at + 1; at < stop; at = v.doc.nodes[at].next {
		out = append(out, Value{v.doc, at})
	}
	return out
}

// room is what Valid notes nodes in, which nobody looks at.
var room = sync.Pool{New: func() any { return new(document) }}

// Valid tells whether a text is JSON.
func Valid[T ~string | ~[]byte](text T) bool {
	d := room.Get().(*document)
	_, err := d.read(string(text))
	d.text = ""
	room.Put(d)
	return err == nil
}
