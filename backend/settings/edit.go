package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/tailscale/hujson"

	"gatehouse/backend/jsonc"
)

// change sets the member at path, or removes it.
type change struct {
	path   []string
	value  any
	remove bool
}

// diff lists the members in which two documents differ, the deepest ones that hold the whole difference.
func diff(before, after *Settings) ([]change, error) {
	a, err := asTree(before)
	if err != nil {
		return nil, err
	}
	b, err := asTree(after)
	if err != nil {
		return nil, err
	}
	return diffTrees(nil, a, b, nil), nil
}

func asTree(s *Settings) (map[string]any, error) {
	text, err := json.Marshal(s.Filled())
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree map[string]any
	return tree, d.Decode(&tree)
}

func diffTrees(path []string, a, b map[string]any, out []change) []change {
	for _, k := range sortedKeys(a) {
		if _, ok := b[k]; !ok {
			out = append(out, change{path: join(path, k), remove: true})
		}
	}
	for _, k := range sortedKeys(b) {
		x, had := a[k]
		y := b[k]
		xm, xok := x.(map[string]any)
		ym, yok := y.(map[string]any)
		switch {
		case had && xok && yok:
			out = diffTrees(join(path, k), xm, ym, out)
		case !had || !reflect.DeepEqual(x, y):
			out = append(out, change{path: join(path, k), value: y})
		}
	}
	return out
}

func join(path []string, name string) []string { return append(path[:len(path):len(path)], name) }

// layout is how a file is written, so that what is added looks like the rest.
type layout struct{ newline, unit string }

func layoutOf(tree *hujson.Value) layout {
	l := layout{"\n", "  "}
	if bytes.Contains(tree.Pack(), []byte("\r\n")) {
		l.newline = "\r\n"
	}
	if object, ok := tree.Value.(*hujson.Object); ok && len(object.Members) > 0 {
		if unit, ok := lineIndent(object.Members[0].Name.BeforeExtra); ok && unit != "" {
			l.unit = unit
		}
	}
	return l
}

// lineIndent is the white space between the last line break of extra and its end; false if it has no line break or
// something else stands there.
func lineIndent(extra hujson.Extra) (string, bool) {
	i := bytes.LastIndexByte(extra, '\n')
	if i < 0 {
		return "", false
	}
	indent := string(extra[i+1:])
	return indent, strings.Trim(indent, " \t") == ""
}

// apply carries out a change in the syntax tree and leaves everything else as it is.
func apply(tree *hujson.Value, c change) error {
	if c.remove {
		return remove(tree, c.path)
	}
	l := layoutOf(tree)
	at, indent := tree, ""
	for i, name := range c.path {
		object, ok := at.Value.(*hujson.Object)
		if !ok {
			return fmt.Errorf("settings: %s is no object", strings.Join(c.path[:i], "."))
		}
		member := findMember(object, name)
		if member == nil {
			value := c.value
			for j := len(c.path) - 1; j > i; j-- {
				value = map[string]any{c.path[j]: value}
			}
			return insert(object, name, value, indent, l)
		}
		if own, ok := lineIndent(member.Name.BeforeExtra); ok {
			indent = own
		}
		at = &member.Value
	}
	value, err := render(c.value, indent, l)
	if err != nil {
		return err
	}
	return reconcile(at, value, indent, l)
}

// remove takes a member out, with the comments that belong to it by hujson's rules: those right above it and behind it.
func remove(tree *hujson.Value, path []string) error {
	parent := tree.Find(pointer(path[:len(path)-1]))
	if parent == nil || tree.Find(pointer(path)) == nil {
		return nil
	}
	object, ok := parent.Value.(*hujson.Object)
	if !ok {
		return fmt.Errorf("settings: %s is no object", strings.Join(path[:len(path)-1], "."))
	}
	comma := object.Members[len(object.Members)-1].Value.AfterExtra != nil
	patch, err := json.Marshal([]map[string]string{{"op": "remove", "path": pointer(path)}})
	if err != nil {
		return err
	}
	if err := tree.Patch(patch); err != nil {
		return err
	}
	if n := len(object.Members); n > 0 && comma && object.Members[n-1].Value.AfterExtra == nil {
		object.Members[n-1].Value.AfterExtra = hujson.Extra{} // keep the trailing comma
	}
	return nil
}

func findMember(object *hujson.Object, name string) *hujson.ObjectMember {
	for i := range object.Members {
		if object.Members[i].Name.Value.(hujson.Literal).String() == name {
			return &object.Members[i]
		}
	}
	return nil
}

// render writes a value for a line with the given indentation.
func render(value any, indent string, l layout) (hujson.ValueTrimmed, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent(indent, l.unit)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	v, err := hujson.Parse(bytes.ReplaceAll(bytes.TrimSpace(b.Bytes()), []byte("\n"), []byte(l.newline)))
	if err == nil {
		shorten(&v)
	}
	return v.Value, err
}

// longestLine is how long a list of plain values may be that is written on one line.
const longestLine = 80

// shorten puts lists of a few plain values on one line each.
func shorten(v *hujson.Value) {
	switch list := v.Value.(type) {
	case *hujson.Object:
		for i := range list.Members {
			shorten(&list.Members[i].Value)
		}
	case *hujson.Array:
		plain, length := true, 0
		for i := range list.Elements {
			shorten(&list.Elements[i])
			word, ok := list.Elements[i].Value.(hujson.Literal)
			plain, length = plain && ok, length+len(word)+2
		}
		if !plain || length > longestLine {
			return
		}
		for i := range list.Elements {
			list.Elements[i].BeforeExtra = nil
			if i > 0 {
				list.Elements[i].BeforeExtra = hujson.Extra(" ")
			}
		}
		list.AfterExtra = nil
	}
}

// insert adds a member behind the last one, in the object's own style.
func insert(object *hujson.Object, name string, value any, outer string, l layout) error {
	indent, lines := outer+l.unit, true
	if n := len(object.Members); n > 0 {
		own, ok := lineIndent(object.Members[n-1].Name.BeforeExtra)
		if ok {
			indent = own
		} else {
			indent, lines = outer, false
		}
	}
	rendered, err := render(value, indent, l)
	if err != nil {
		return err
	}
	member := hujson.ObjectMember{
		Name:  hujson.Value{Value: hujson.String(name)},
		Value: hujson.Value{BeforeExtra: hujson.Extra(" "), Value: rendered},
	}
	switch {
	case len(object.Members) == 0:
		// Comments in an empty object stay above the first member.
		member.Name.BeforeExtra = hujson.Extra(trimSpaceRight(object.AfterExtra) + l.newline + indent)
		object.AfterExtra = hujson.Extra(l.newline + outer)
	default:
		// What follows the last member on its line is its own; the rest stays at the object's end.
		tail := jsonc.FirstLine(object.AfterExtra)
		rest := object.AfterExtra[len(tail):]
		gap := " "
		if lines || bytes.Contains(tail, []byte("//")) { // a line comment needs its line break
			gap = l.newline + indent
		}
		member.Name.BeforeExtra = hujson.Extra(trimSpaceRight(tail) + gap)
		switch {
		case lines && len(rest) == 0:
			rest = hujson.Extra(l.newline + outer)
		case !lines && trimSpaceRight(tail) == "":
			rest = tail
		}
		object.AfterExtra = rest
		if last := &object.Members[len(object.Members)-1].Value; last.AfterExtra != nil {
			member.Value.AfterExtra = hujson.Extra{} // keep the trailing comma
		}
	}
	object.Members = append(object.Members, member)
	return nil
}

func trimSpaceRight(extra hujson.Extra) string { return strings.TrimRight(string(extra), " \t\r\n") }
