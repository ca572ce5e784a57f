package jsonread

import "fmt"

// outside is the parent of the outermost value.
const outside = ^uint32(0)

// maxDepth bounds nesting; encoding/json has the same bound.
const maxDepth = 10000

// parser walks a text once. It needs no stack: an open container's node leads to the one around it.
type parser struct {
	text   string
	i      int
	nodes  []node
	parent uint32
	depth  int
}

func (p *parser) parse() error {
	for {
		opened, err := p.value()
		if err != nil {
			return err
		}
		if opened {
			continue
		}
		more, err := p.close()
		if err != nil {
			return err
		}
		if !more {
			break
		}
	}
	if p.space(); p.i < len(p.text) {
		return p.fail("something stands behind the JSON value")
	}
	return nil
}

// value reads a value, of a container only its beginning; opened tells that a value of its own comes next.
func (p *parser) value() (opened bool, err error) {
	p.space()
	if p.i >= len(p.text) {
		return false, p.unexpected("a value")
	}
	switch c := p.text[p.i]; c {
	case '"':
		return false, p.string()
	case '{', '[':
		return p.open(c)
	case 't':
		return false, p.word("true", True)
	case 'f':
		return false, p.word("false", False)
	case 'n':
		return false, p.word("null", Null)
	default:
		return false, p.number()
	}
}

// add notes a value that ends before end.
func (p *parser) add(end int, kind Type, escaped bool) {
	p.nodes = append(p.nodes, node{uint32(p.i), uint32(end), uint32(len(p.nodes) + 1), kind, escaped})
	p.i = end
}

func (p *parser) open(c byte) (bool, error) {
	if p.depth++; p.depth > maxDepth {
		return false, p.fail("the JSON is nested too deeply")
	}
	at := uint32(len(p.nodes))
	p.nodes = append(p.nodes, node{start: uint32(p.i), next: p.parent, kind: JSON})
	p.parent = at
	p.i++
	p.space()
	if p.i < len(p.text) && p.text[p.i] == c+2 { // '}' and ']' stand two behind their openers
		return false, nil
	}
	if c == '{' {
		return true, p.key()
	}
	return true, nil
}

// close goes on behind a value: to the next one in the same container, or out of all that end here. more tells that a
// value comes next.
func (p *parser) close() (more bool, err error) {
	for p.parent != outside {
		p.space()
		if p.i >= len(p.text) {
			return false, p.unexpected("',' or the end of an object or list")
		}
		around := &p.nodes[p.parent]
		object := p.text[around.start] == '{'
		switch c := p.text[p.i]; {
		case c == ',':
			p.i++
			if object {
				p.space()
				return true, p.key()
			}
			return true, nil
		case c == '}' && object, c == ']' && !object:
			p.i++
			p.depth--
			p.parent = around.next
			around.end, around.next = uint32(p.i), uint32(len(p.nodes))
		default:
			return false, p.unexpected("',' or the end of the object or list")
		}
	}
	return false, nil
}

// key reads a member's name and the colon behind it.
func (p *parser) key() error {
	if p.i >= len(p.text) || p.text[p.i] != '"' {
		return p.unexpected("a member's name")
	}
	if err := p.string(); err != nil {
		return err
	}
	p.space()
	if p.i >= len(p.text) || p.text[p.i] != ':' {
		return p.unexpected("':'")
	}
	p.i++
	return nil
}

func (p *parser) space() {
	for p.i < len(p.text) {
		switch p.text[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) word(word string, kind Type) error {
	if end := p.i + len(word); end <= len(p.text) && p.text[p.i:end] == word {
		p.add(end, kind, false)
		return nil
	}
	return p.unexpected("a value")
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (p *parser) number() error {
	s, i := p.text, p.i
	if s[i] == '-' {
		i++
	}
	end := digits(s, i)
	if end == i || s[i] == '0' && end > i+1 {
		return p.unexpected("a value")
	}
	if i = end; i < len(s) && s[i] == '.' {
		if end = digits(s, i+1); end == i+1 {
			return p.unexpected("a number")
		}
		i = end
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		if i++; i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if end = digits(s, i); end == i {
			return p.unexpected("a number")
		}
		i = end
	}
	p.add(i, Number, false)
	return nil
}

func digits(s string, i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

// string reads a string and checks its escapes.
func (p *parser) string() error {
	escaped := false
	for i := p.i + 1; ; {
		if i = plain(p.text, i); i >= len(p.text) {
			return p.fail("a string without its end")
		}
		switch c := p.text[i]; {
		case c == '"':
			p.add(i+1, String, escaped)
			return nil
		case c == '\\':
			escaped = true
			size := escapeSize(p.text, i)
			if size == 0 {
				p.i = i
				return p.fail("an unknown escape")
			}
			i += size
		default:
			p.i = i
			return p.fail("a control character in a string")
		}
	}
}

func (p *parser) fail(message string) error { return &Error{p.i, message} }

func (p *parser) unexpected(want string) error {
	if p.i >= len(p.text) {
		return p.fail("the JSON ends where " + want + " was expected")
	}
	return p.fail(fmt.Sprintf("%q where %s was expected", p.text[p.i], want))
}
