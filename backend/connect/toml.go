package connect

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"gatehouse/backend/llm"
)

// tomlFile edits TOML by whole lines and values. Reading is the library's; it has no way to write without losing comments.
type tomlFile struct{}

// statement is a table's header or a key with its value.
type statement struct {
	start, end int      // its lines, with the line break
	path       []string // of the table, or of the key with its table
	header     bool
	value, to  int // the value as it is written
}

func (tomlFile) tree(text []byte) (any, error) {
	tree := map[string]any{}
	err := toml.Unmarshal(text, &tree)
	return tree, err
}

// statements finds the statements of a text that is good TOML.
func statements(text []byte) ([]statement, error) {
	var out []statement
	var table []string
	for at := 0; at < len(text); {
		line := lineEnd(text, at)
		trimmed := bytes.TrimLeft(text[at:line], " \t\r\n")
		if len(trimmed) == 0 || trimmed[0] == '#' {
			at = line
			continue
		}
		s := statement{start: at}
		from := at + bytes.IndexByte(text[at:line], trimmed[0])
		if trimmed[0] == '[' {
			s.header = true
			path, _, err := keyPath(bytes.TrimLeft(text[from:line], "["))
			if err != nil {
				return nil, err
			}
			s.path, s.end, table = path, line, path
		} else {
			path, n, err := keyPath(text[from:line])
			if err != nil || from+n >= len(text) || text[from+n] != '=' {
				return nil, llm.Errorf(llm.ErrBadRequest, "a line of it can't be read")
			}
			s.path = slices.Concat(table, path)
			s.value = from + n + 1
			for s.value < len(text) && (text[s.value] == ' ' || text[s.value] == '\t') {
				s.value++
			}
			s.to = valueEnd(text, s.value)
			s.end = lineEnd(text, s.to)
		}
		out = append(out, s)
		at = s.end
	}
	return out, nil
}

func lineEnd(text []byte, at int) int {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

// keyPath reads a dotted key and gives where it ends.
func keyPath(text []byte) (path []string, n int, err error) {
	bad := llm.Errorf(llm.ErrBadRequest, "a key of it can't be read")
	for n < len(text) {
		for n < len(text) && (text[n] == ' ' || text[n] == '\t') {
			n++
		}
		start := n
		switch {
		case n < len(text) && (text[n] == '"' || text[n] == '\''):
			n = stringEnd(text, n)
			if n-start < 2 {
				return nil, n, bad
			}
			name := string(text[start+1 : n-1])
			if text[start] == '"' && json.Unmarshal(text[start:n], &name) != nil {
				return nil, n, bad
			}
			path = append(path, name)
		default:
			for n < len(text) && strings.IndexByte(" \t.=]\r\n", text[n]) < 0 {
				n++
			}
			path = append(path, string(text[start:n]))
		}
		for n < len(text) && (text[n] == ' ' || text[n] == '\t') {
			n++
		}
		if n >= len(text) || text[n] != '.' {
			return path, n, nil
		}
		n++
	}
	return nil, n, bad
}

// stringEnd gives where the string that begins at an offset ends, in any of TOML's four forms.
func stringEnd(text []byte, at int) int {
	quote := text[at]
	if triple := bytes.Repeat([]byte{quote}, 3); bytes.HasPrefix(text[at:], triple) {
		for i := at + 3; i < len(text); i++ {
			if quote == '"' && text[i] == '\\' {
				i++
			} else if bytes.HasPrefix(text[i:], triple) {
				for i += 3; i < len(text) && text[i] == quote; i++ { // up to two more belong to the text
				}
				return i
			}
		}
		return len(text)
	}
	for i := at + 1; i < len(text) && text[i] != '\n'; i++ {
		if quote == '"' && text[i] == '\\' {
			i++
		} else if text[i] == quote {
			return i + 1
		}
	}
	return len(text)
}

// valueEnd gives where the value that begins at an offset ends, without what follows on its line.
func valueEnd(text []byte, at int) int {
	depth, end := 0, at
	for i := at; i < len(text); {
		switch c := text[i]; {
		case c == '"' || c == '\'':
			i = stringEnd(text, i)
			end = i
			continue
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == '#':
			if depth == 0 {
				return end
			}
			i = lineEnd(text, i)
			continue
		case c == '\n' && depth == 0:
			return end
		}
		if i++; strings.IndexByte(" \t\r\n", text[i-1]) < 0 {
			end = i
		}
	}
	return end
}

func findStatement(list []statement, path []string, header bool) int {
	return slices.IndexFunc(list, func(s statement) bool { return s.header == header && slices.Equal(s.path, path) })
}

func (tomlFile) find(text []byte, path []string) ([]byte, error) {
	list, err := statements(text)
	if err != nil {
		return nil, err
	}
	if i := findStatement(list, path, false); i >= 0 {
		return text[list[i].value:list[i].to], nil
	}
	return nil, nil
}

func (tomlFile) replace(text []byte, path []string, raw []byte) ([]byte, error) {
	list, err := statements(text)
	if err != nil {
		return nil, err
	}
	s := list[findStatement(list, path, false)]
	return splice(text, s.value, s.to, string(raw)), nil
}

func (f tomlFile) set(text []byte, path []string, value any) ([]byte, Undo, error) {
	list, err := statements(text)
	if err != nil {
		return nil, Undo{}, err
	}
	u := Undo{Path: path, Had: len(path) - 1}
	raw := renderJSON(value, "", "", "")
	if i := findStatement(list, path, false); i >= 0 {
		u.Old = bytes.Clone(text[list[i].value:list[i].to])
		return splice(text, list[i].value, list[i].to, raw), u, nil
	}
	nl, table := newline(text), path[:len(path)-1]
	line := path[len(path)-1] + " = " + raw + nl
	if len(table) == 0 { // above everything else that is set
		at := 0
		if len(list) > 0 {
			at = list[0].start
		}
		if len(list) > 0 && list[0].header { // a table's comment stays with it
			at = 0
			line += nl
			u.Around = &nl
		}
		return splice(text, at, at, line), u, nil
	}
	if i := findStatement(list, table, true); i >= 0 {
		if end := list[i].end; end > 0 && text[end-1] != '\n' {
			return splice(text, end, end, nl+strings.TrimSuffix(line, nl)), u, nil
		}
		return splice(text, list[i].end, list[i].end, line), u, nil
	}
	var before string
	if len(text) > 0 {
		before = nl
		if text[len(text)-1] != '\n' {
			before = nl + nl
		}
	}
	u.Around, u.Had = &before, 0
	return append(bytes.Clone(text), before+"["+strings.Join(table, ".")+"]"+nl+line...), u, nil
}

func (f tomlFile) remove(text []byte, u Undo) ([]byte, error) {
	list, err := statements(text)
	if err != nil {
		return nil, err
	}
	i := findStatement(list, u.Path, false)
	if i < 0 {
		return text, nil
	}
	around := ""
	if u.Around != nil {
		around = *u.Around
	}
	start, end := list[i].start, list[i].end
	if len(u.Path) == 1 {
		if around != "" && bytes.HasPrefix(text[end:], []byte(around)) {
			end += len(around)
		}
		return splice(text, start, end, ""), nil
	}
	made := u.Had == 0 // the header is ours
	if made && i > 0 && list[i-1].header && list[i-1].end == start && (i+1 == len(list) || list[i+1].header) {
		start = list[i-1].start
		for around != "" && !bytes.HasSuffix(text[:start], []byte(around)) {
			around = around[len(newline([]byte(around))):]
		}
		start -= len(around)
		if end < len(text) && start > 0 && text[start-1] != '\n' {
			start += len(newline(text)) // what follows needs its own line
		}
		return splice(text, start, end, ""), nil
	}
	if end == len(text) && end > 0 && text[end-1] != '\n' { // the last line has no line break: nor shall the one before it
		start -= len(newline(text))
	}
	return splice(text, start, end, ""), nil
}
