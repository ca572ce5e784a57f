package settings

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/tailscale/hujson"

	"gatehouse/backend/jsonc"
)

// reconcile makes a value say what another says and leaves alone, with their comments, the members and elements that it
// says already.
func reconcile(v *hujson.Value, want hujson.ValueTrimmed, indent string, l layout) error {
	switch want := want.(type) {
	case *hujson.Object:
		if have, ok := v.Value.(*hujson.Object); ok {
			return reconcileObject(v, have, want, indent, l)
		}
	case *hujson.Array:
		if have, ok := v.Value.(*hujson.Array); ok && len(have.Elements) > 0 && len(want.Elements) > 0 {
			return reconcileList(have, want, indent, l)
		}
	}
	if meaning(v.Value) == meaning(want) {
		return nil
	}
	fresh, err := render(rawOf(want), indent, l)
	if err != nil {
		return err
	}
	v.Value = fresh
	return nil
}

func reconcileObject(v *hujson.Value, have, want *hujson.Object, indent string, l layout) error {
	for _, name := range memberNames(have) {
		if findMember(want, name) == nil {
			if err := remove(v, []string{name}); err != nil {
				return err
			}
		}
	}
	for i := range want.Members {
		name := want.Members[i].Name.Value.(hujson.Literal).String()
		value := want.Members[i].Value.Value
		member := findMember(have, name)
		if member == nil {
			if err := insert(have, name, rawOf(value), indent, l); err != nil {
				return err
			}
			continue
		}
		inner := indent
		if own, ok := lineIndent(member.Name.BeforeExtra); ok {
			inner = own
		}
		if err := reconcile(&member.Value, value, inner, l); err != nil {
			return err
		}
	}
	return nil
}

func memberNames(o *hujson.Object) []string {
	names := make([]string, len(o.Members))
	for i := range o.Members {
		names[i] = o.Members[i].Name.Value.(hujson.Literal).String()
	}
	return names
}

// element is an element of a list with what belongs to it: the comments above it, and what follows it on its line.
type element struct {
	lead  hujson.Extra
	value hujson.Value
	trail hujson.Extra
}

// elementsOf takes a list apart; rest is what stands behind its last element's line.
func elementsOf(list *hujson.Array) (out []element, rest hujson.Extra) {
	out = make([]element, len(list.Elements))
	for i := range list.Elements {
		extra := list.Elements[i].BeforeExtra
		if i > 0 {
			out[i-1].trail = jsonc.FirstLine(extra)
			extra = extra[len(out[i-1].trail):]
		}
		out[i].lead, out[i].value = extra, list.Elements[i]
	}
	last := &out[len(out)-1]
	last.trail = jsonc.FirstLine(list.AfterExtra)
	return out, list.AfterExtra[len(last.trail):]
}

// reconcileList keeps the elements that stay, wherever they go.
func reconcileList(have, want *hujson.Array, outer string, l layout) error {
	old, rest := elementsOf(have)
	style := listStyle{layout: l, outer: outer, indent: outer, first: old[0].lead, comma: old[len(old)-1].value.AfterExtra != nil}
	if indent, ok := lineIndent(old[0].lead); ok {
		style.indent, style.lines = indent, true
	}
	elements := make([]element, len(want.Elements))
	for i, from := range pair(old, want.Elements) {
		value := want.Elements[i].Value
		if from < 0 {
			fresh, err := render(rawOf(value), style.indent, l)
			if err != nil {
				return err
			}
			elements[i].value.Value = fresh
			if style.lines {
				elements[i].lead = hujson.Extra(l.newline + style.indent)
			}
			continue
		}
		elements[i] = old[from]
		if err := reconcile(&elements[i].value, value, style.indent, l); err != nil {
			return err
		}
	}
	style.assemble(have, elements, rest)
	return nil
}

// listStyle is how a list is written: each element on a line of its own or not, the first one after what, the last one with
// a comma or not.
type listStyle struct {
	layout
	outer, indent string
	lines, comma  bool
	first         hujson.Extra
}

// assemble is the way back from elementsOf.
func (s listStyle) assemble(list *hujson.Array, elements []element, rest hujson.Extra) {
	list.Elements = make([]hujson.Value, len(elements))
	for i, e := range elements {
		e.value.BeforeExtra, e.value.AfterExtra = e.lead, nil
		switch {
		case i > 0:
			e.value.BeforeExtra = s.between(elements[i-1].trail, e.lead)
		case !s.lines:
			e.value.BeforeExtra = s.first
		}
		if i == len(elements)-1 && s.comma {
			e.value.AfterExtra = hujson.Extra{}
		}
		list.Elements[i] = e.value
	}
	trail := elements[len(elements)-1].trail
	list.AfterExtra = append(slices.Clone(trail), rest...)
	if endsLine(trail, rest) {
		list.AfterExtra = hujson.Extra(trimSpaceRight(trail) + s.newline + s.outer)
	}
}

// between joins what follows an element to what stands before the next.
func (s listStyle) between(trail, lead hujson.Extra) hujson.Extra {
	switch {
	case endsLine(trail, lead):
		return hujson.Extra(trimSpaceRight(trail) + s.newline + s.indent)
	case !s.lines && len(trail)+len(lead) == 0:
		return hujson.Extra(" ")
	}
	return append(slices.Clone(trail), lead...)
}

// endsLine tells whether a line comment needs a line break that what follows does not have.
func endsLine(trail, next hujson.Extra) bool {
	return bytes.Contains(trail, []byte("//")) && bytes.IndexByte(next, '\n') < 0
}

// pair finds for each wanted element the old one that it is, or -1: the same value, else an object of the same name, else,
// where no element came or went, the one in its place.
func pair(old []element, want []hujson.Value) []int {
	from, used := make([]int, len(want)), make([]bool, len(old))
	for i := range from {
		from[i] = -1
	}
	match := func(same func(i, j int) bool) {
		for i := range want {
			for j := 0; j < len(old) && from[i] < 0; j++ {
				if !used[j] && same(i, j) {
					from[i], used[j] = j, true
				}
			}
		}
	}
	olds, wants := make([]string, len(old)), make([]string, len(want))
	for j := range old {
		olds[j] = meaning(old[j].value.Value)
	}
	for i := range want {
		wants[i] = meaning(want[i].Value)
	}
	match(func(i, j int) bool { return wants[i] == olds[j] })
	match(func(i, j int) bool {
		name := nameOf(want[i].Value)
		return name != "" && name == nameOf(old[j].value.Value)
	})
	if len(old) == len(want) {
		match(func(i, j int) bool {
			return i == j && want[i].Value.Kind() == '{' && old[j].value.Value.Kind() == '{'
		})
	}
	return from
}

// nameOf is what tells an object from the others of its list, empty where nothing does.
func nameOf(v hujson.ValueTrimmed) string {
	object, ok := v.(*hujson.Object)
	if !ok {
		return ""
	}
	for _, name := range []string{"id", "model", "after"} {
		if m := findMember(object, name); m != nil {
			return name + " " + meaning(m.Value.Value)
		}
	}
	return ""
}

// rawOf gives a value as JSON, its members in their order.
func rawOf(v hujson.ValueTrimmed) json.RawMessage {
	plain := hujson.Value{Value: v}
	plain = plain.Clone()
	plain.Minimize()
	return plain.Pack()
}

// meaning gives what a value says, without its layout, comments and the order of its members.
func meaning(v hujson.ValueTrimmed) string {
	d := json.NewDecoder(bytes.NewReader(rawOf(v)))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return ""
	}
	text, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(text)
}
