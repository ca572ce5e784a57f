package connect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"gatehouse/backend/llm"
)

// yamlFile edits top-level values and the items of top-level lists, line by line.
type yamlFile struct{}

func (yamlFile) tree(text []byte) (any, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	tree := map[string]any{}
	if err := d.Decode(&tree); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var second any
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, llm.Errorf(llm.ErrBadRequest, "it holds more than one document")
	}
	for k := range tree {
		tree[k] = yamlNumbers(tree[k])
	}
	return tree, nil
}

// yamlNumbers makes whole numbers of a tree their own text.
func yamlNumbers(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		for k := range v {
			v[k] = yamlNumbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = yamlNumbers(v[i])
		}
	case int:
		return fmt.Sprint(v)
	}
	return tree
}

// topLine finds the line that a top-level key begins.
func topLine(text []byte, key string) (start, after int) {
	for at := 0; at < len(text); at = lineEnd(text, at) {
		for _, form := range []string{key, `"` + key + `"`, "'" + key + "'"} {
			rest, ok := bytes.CutPrefix(text[at:lineEnd(text, at)], []byte(form+":"))
			if ok && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0) {
				return at, at + len(form) + 1
			}
		}
	}
	return -1, -1
}

// place finds a value as it is written: a scalar on its key's line, or an item with its lines.
func place(text []byte, path []string) (start, end int, err error) {
	line, after := topLine(text, path[0])
	if line < 0 {
		return -1, -1, nil
	}
	if len(path) == 2 {
		start, end = itemAt(text, after, path[1])
		return start, end, nil
	}
	stop := lineEnd(text, after)
	start = after
	for start < stop && (text[start] == ' ' || text[start] == '\t') {
		start++
	}
	rest := bytes.TrimRight(text[start:stop], " \t\r\n")
	switch {
	case len(rest) == 0 || strings.IndexByte("|>&*!{[#", rest[0]) >= 0:
		return -1, -1, llm.Errorf(llm.ErrBadRequest, "%s is no plain value on its own line", path[0])
	case rest[0] == '"' || rest[0] == '\'':
		return start, quotedEnd(text[:stop], start), nil
	}
	if i := bytes.Index(rest, []byte(" #")); i >= 0 {
		rest = bytes.TrimRight(rest[:i], " \t")
	}
	return start, start + len(rest), nil
}

func quotedEnd(text []byte, at int) int {
	quote := text[at]
	for i := at + 1; i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}

// itemAt finds the item with a name in the list below a key, by its first line.
func itemAt(text []byte, after int, name string) (start, end int) {
	head := `- name: "` + name + `"`
	for at := lineEnd(text, after); at < len(text); at = lineEnd(text, at) {
		line := bytes.TrimRight(text[at:lineEnd(text, at)], " \t\r\n")
		body := bytes.TrimLeft(line, " ")
		indent := len(line) - len(body)
		if len(body) > 0 && indent == 0 && body[0] != '#' && body[0] != '-' {
			break
		}
		if string(body) != head {
			continue
		}
		end = lineEnd(text, at)
		for end < len(text) {
			next := text[end:lineEnd(text, end)]
			trimmed := bytes.TrimLeft(next, " ")
			if len(next)-len(trimmed) <= indent || len(bytes.TrimSpace(next)) == 0 {
				break
			}
			end = lineEnd(text, end)
		}
		return at, end
	}
	return -1, -1
}

func (yamlFile) find(text []byte, path []string) ([]byte, error) {
	start, end, err := place(text, path)
	if err != nil || start < 0 {
		return nil, err
	}
	return text[start:end], nil
}

func (yamlFile) replace(text []byte, path []string, raw []byte) ([]byte, error) {
	start, end, err := place(text, path)
	if err != nil {
		return nil, err
	}
	return splice(text, start, end, string(raw)), nil
}

func (f yamlFile) set(text []byte, path []string, value any) ([]byte, Undo, error) {
	u := Undo{Path: path, Had: len(path) - 1}
	it, isItem := value.(item)
	start, end, err := place(text, path)
	if err != nil {
		return nil, u, err
	}
	nl := newline(text)
	if start >= 0 {
		u.Old = bytes.Clone(text[start:end])
		raw := renderJSON(value, "", "", "")
		if isItem {
			raw = renderItem(it, indentAt(text, start), nl)
		}
		return splice(text, start, end, raw), u, nil
	}
	if isItem {
		if line, after := topLine(text, path[0]); line >= 0 {
			return f.insertItem(text, after, path, it, u)
		}
	}
	before := ""
	if len(text) > 0 && text[len(text)-1] != '\n' {
		before = nl
	}
	u.Around, u.Had = &before, 0
	added := path[0] + ": " + renderJSON(value, "", "", "") + nl
	if isItem {
		added = path[0] + ":" + nl + renderItem(it, "  ", nl)
	}
	return append(bytes.Clone(text), before+added...), u, nil
}

// insertItem puts an item on top of a list.
func (yamlFile) insertItem(text []byte, after int, path []string, it item, u Undo) ([]byte, Undo, error) {
	stop := lineEnd(text, after)
	if rest := bytes.TrimSpace(text[after:stop]); len(rest) > 0 && rest[0] != '#' || text[stop-1] != '\n' {
		return nil, u, unsafe(path)
	}
	indent := ""
	for at := stop; at < len(text); at = lineEnd(text, at) {
		if body := bytes.TrimLeft(text[at:lineEnd(text, at)], " "); len(body) > 0 && body[0] == '-' {
			indent = indentAt(text, at)
			break
		}
	}
	return splice(text, stop, stop, renderItem(it, indent, newline(text))), u, nil
}

func renderItem(it item, indent, nl string) string {
	var b strings.Builder
	for i, p := range it {
		lead := "  "
		if i == 0 {
			lead = "- "
		}
		b.WriteString(indent + lead + p.name + ": " + renderJSON(p.value, "", "", "") + nl)
	}
	return b.String()
}

func (yamlFile) remove(text []byte, u Undo) ([]byte, error) {
	start, end, err := place(text, u.Path)
	if err != nil || start < 0 {
		return text, err
	}
	line, after := topLine(text, u.Path[0])
	if len(u.Path) == 1 {
		start, end = line, lineEnd(text, after)
	}
	if len(u.Path) == 2 && u.Had == 0 && lineEnd(text, after) == start { // the list is ours, if nobody else is in it
		rest := bytes.TrimLeft(text[end:], " \r\n")
		if len(rest) == 0 || rest[0] != '-' && (len(text) == end || text[end] != ' ') {
			start = line
		}
	}
	if u.Around != nil && end == len(text) && bytes.HasSuffix(text[:start], []byte(*u.Around)) {
		start -= len(*u.Around)
	}
	return splice(text, start, end, ""), nil
}
