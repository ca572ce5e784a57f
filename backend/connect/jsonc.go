package connect

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tailscale/hujson"

	"gatehouse/backend/jsonc"
	"gatehouse/backend/llm"
)

// jsoncFile edits JSON, also with comments and trailing commas. New members go to the top of their object, which takes a
// single insertion and touches no other line.
type jsoncFile struct{}

func parseJSONC(text []byte) (hujson.Value, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		text = append(bytes.Clone(text), "{}"...)
	}
	v, err := hujson.Parse(text)
	if err == nil {
		if _, ok := v.Value.(*hujson.Object); !ok {
			err = llm.Errorf(llm.ErrBadRequest, "it is no object")
		}
	}
	v.UpdateOffsets()
	return v, err
}

func (jsoncFile) tree(text []byte) (any, error) {
	v, err := parseJSONC(text)
	if err != nil {
		return nil, err
	}
	v = v.Clone()
	v.Standardize()
	d := json.NewDecoder(bytes.NewReader(v.Pack()))
	d.UseNumber()
	var tree any
	err = d.Decode(&tree)
	return numbers(tree), err
}

// numbers makes numbers of a tree their own text.
func numbers(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case json.Number:
		return v.String()
	}
	return tree
}

// memberAt finds the last member of that name, which is the one that readers take.
func memberAt(o *hujson.Object, name string) int {
	for i := len(o.Members) - 1; i >= 0; i-- {
		if l, ok := o.Members[i].Name.Value.(hujson.Literal); ok && l.String() == name {
			return i
		}
	}
	return -1
}

// reach follows a path as far as it goes.
func reach(root *hujson.Value, path []string) (at *hujson.Value, parent *hujson.Object, index, depth int) {
	at, index = root, -1
	for depth < len(path) {
		o, ok := at.Value.(*hujson.Object)
		if !ok {
			return at, nil, -1, depth
		}
		i := memberAt(o, path[depth])
		if i < 0 {
			return at, parent, index, depth
		}
		at, parent, index = &o.Members[i].Value, o, i
		depth++
	}
	return at, parent, index, depth
}

func (jsoncFile) find(text []byte, path []string) ([]byte, error) {
	root, err := parseJSONC(text)
	if err != nil {
		return nil, err
	}
	at, _, _, depth := reach(&root, path)
	if depth < len(path) {
		return nil, nil
	}
	return text[at.StartOffset:at.EndOffset], nil
}

func (jsoncFile) replace(text []byte, path []string, raw []byte) ([]byte, error) {
	root, err := parseJSONC(text)
	if err != nil {
		return nil, err
	}
	at, _, _, _ := reach(&root, path)
	return splice(text, at.StartOffset, at.EndOffset, string(raw)), nil
}

func (j jsoncFile) set(text []byte, path []string, value any) ([]byte, Undo, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		text = []byte("{\n}\n")
	}
	root, err := parseJSONC(text)
	if err != nil {
		return nil, Undo{}, err
	}
	at, _, _, depth := reach(&root, path)
	u := Undo{Path: path, Had: depth}
	if depth == len(path) {
		u.Old = bytes.Clone(text[at.StartOffset:at.EndOffset])
		raw := renderJSON(value, indentAt(text, at.StartOffset), unitOf(text, &root), newline(text))
		return splice(text, at.StartOffset, at.EndOffset, raw), u, nil
	}
	o, ok := at.Value.(*hujson.Object)
	if !ok {
		return nil, u, llm.Errorf(llm.ErrBadRequest, "%s is no object", strings.Join(path[:depth], "."))
	}
	for i := len(path) - 1; i > depth; i-- {
		value = object{{path[i], value}}
	}
	out := insert(text, &root, at, o, path[depth], value, &u)
	return out, u, nil
}

func insert(text []byte, root, at *hujson.Value, o *hujson.Object, name string, value any, u *Undo) []byte {
	nl, unit := newline(text), unitOf(text, root)
	outer, open := indentAt(text, at.StartOffset), at.StartOffset+1
	quoted := renderJSON(name, "", "", nl) + ": "
	if len(o.Members) == 0 {
		inside := string(text[open : at.EndOffset-1])
		u.Around = &inside
		member := nl + outer + unit + quoted + renderJSON(value, outer+unit, unit, nl)
		first := jsonc.FirstLine(text[open : at.EndOffset-1])
		if len(first) < len(inside) { // the closing brace is on a line of its own
			return splice(text, open+len(first), open+len(first), member)
		}
		return splice(text, open, open, member+nl+outer)
	}
	start := o.Members[0].Name.StartOffset
	first := jsonc.FirstLine(text[open:start])
	if len(first) == start-open { // the first member stands on the brace's line
		return splice(text, start, start, quoted+renderJSON(value, outer, "", "")+", ")
	}
	indent := indentAt(text, start)
	return splice(text, open+len(first), open+len(first), nl+indent+quoted+renderJSON(value, indent, unit, nl)+",")
}

func (j jsoncFile) remove(text []byte, u Undo) ([]byte, error) {
	text, err := removeMember(text, u.Path, u.Around, u.Had == len(u.Path)-1)
	for n := len(u.Path) - 1; err == nil && n > u.Had; n-- {
		var root hujson.Value
		if root, err = parseJSONC(text); err != nil {
			break
		}
		at, _, _, depth := reach(&root, u.Path[:n])
		o, ok := at.Value.(*hujson.Object)
		if depth < n || !ok || len(o.Members) > 0 || len(bytes.TrimSpace(text[at.StartOffset+1:at.EndOffset-1])) > 0 {
			break
		}
		text, err = removeMember(text, u.Path[:n], u.Around, n == u.Had+1)
	}
	return text, err
}

// removeMember takes a member out, with its own line and comma. Comments stay.
func removeMember(text []byte, path []string, inside *string, outermost bool) ([]byte, error) {
	root, err := parseJSONC(text)
	if err != nil {
		return nil, err
	}
	_, o, k, depth := reach(&root, path)
	if depth < len(path) || o == nil {
		return text, nil
	}
	m := &o.Members[k]
	start, end := m.Name.StartOffset, m.Value.EndOffset
	line := start
	for line > 0 && (text[line-1] == ' ' || text[line-1] == '\t') {
		line--
	}
	ownLine := line > 0 && text[line-1] == '\n'
	if ownLine {
		if line--; line > 0 && text[line-1] == '\r' {
			line--
		}
	}
	comma := end + len(m.Value.AfterExtra)
	hasComma := comma < len(text) && text[comma] == ','
	holder, _, _, _ := reach(&root, path[:len(path)-1])
	if len(o.Members) == 1 && inside != nil && outermost && !hasComma && m.Value.AfterExtra == nil {
		open, shut := holder.StartOffset+1, holder.EndOffset-1
		around := string(text[open:start]) + string(text[end:shut])
		if strings.TrimSpace(around) == strings.TrimSpace(*inside) {
			return splice(text, open, shut, *inside), nil
		}
	}
	switch {
	case !hasComma && k > 0: // the comma before it goes
		before := o.Members[k-1].Value
		at := before.EndOffset + len(before.AfterExtra)
		text = splice(text, line, end, "")
		return splice(text, at, at+1, ""), nil
	case !hasComma:
		return splice(text, line, end, ""), nil
	case len(m.Value.AfterExtra) > 0:
		text = splice(text, comma, comma+1, "")
		return splice(text, start, end, ""), nil
	}
	rest := comma + 1
	if after := bytes.TrimLeft(text[rest:], " \t"); ownLine && len(after) > 0 && (after[0] == '\n' || after[0] == '\r' || after[0] == '/') {
		return splice(text, line, rest, ""), nil
	}
	for rest < len(text) && (text[rest] == ' ' || text[rest] == '\t') {
		rest++
	}
	return splice(text, start, rest, ""), nil
}

// renderJSON writes a value for a line with that indentation; on one line if nl is empty.
func renderJSON(value any, indent, unit, nl string) string {
	if l, ok := value.(list); ok {
		texts := make([]string, len(l))
		for i := range l {
			texts[i] = renderJSON(l[i], indent, unit, nl)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	}
	o, ok := value.(object)
	if !ok {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(value); err != nil {
			return "null"
		}
		return strings.TrimSpace(b.String())
	}
	inner, gap, end := indent+unit, nl+indent+unit, nl+indent
	if nl == "" {
		gap, end = " ", " "
	}
	var b strings.Builder
	b.WriteString("{")
	if len(o) == 0 {
		return "{}"
	}
	for i, p := range o {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(gap + renderJSON(p.name, "", "", "") + ": " + renderJSON(p.value, inner, unit, nl))
	}
	return b.String() + end + "}"
}

// indentAt is the white space that the line of an offset begins with.
func indentAt(text []byte, at int) string {
	line := text[bytes.LastIndexByte(text[:at], '\n')+1:]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// unitOf is what the file indents by.
func unitOf(text []byte, root *hujson.Value) string {
	if o, ok := root.Value.(*hujson.Object); ok && len(o.Members) > 0 {
		if unit := indentAt(text, o.Members[0].Name.StartOffset); unit != "" {
			return unit
		}
	}
	return "  "
}
