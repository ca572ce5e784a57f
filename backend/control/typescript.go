package control

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"gatehouse/backend/settings"
)

// TypeScript writes the contract (view types, calls, events) as a TypeScript module.
func TypeScript() string {
	g := &generator{seen: map[reflect.Type]bool{}, text: map[string]string{}}
	var calls, events strings.Builder
	eachMethod(reflect.ValueOf(Methods{}), func(name string, c caller) {
		params, result := c.types()
		fmt.Fprintf(&calls, "  %q: { params: %s; result: %s };\n", name, g.name(params), g.name(result))
	})
	for f := range reflect.TypeFor[Events]().Fields() {
		fmt.Fprintf(&events, "  %q: %s;\n", f.Tag.Get("name"), g.name(f.Type))
	}
	g.name(reflect.TypeFor[Failure]())

	names := make([]string, 0, len(g.text))
	for name := range g.text {
		names = append(names, name)
	}
	sort.Strings(names)
	var out strings.Builder
	out.WriteString("// Generated from backend/control by `go generate ./backend/control`; do not edit.\n\n")
	for _, name := range names {
		out.WriteString(g.text[name] + "\n")
	}
	fmt.Fprintf(&out, "export interface Calls {\n%s}\n\nexport interface Events {\n%s}\n", calls.String(), events.String())
	return out.String()
}

type generator struct {
	seen map[reflect.Type]bool
	text map[string]string
}

func (g *generator) name(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "string"
	case t == reflect.TypeFor[json.RawMessage]():
		return "unknown"
	case t == reflect.TypeFor[[]byte](): // base64
		return "string"
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return "string"
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64:
		return "number"
	case reflect.Map:
		return "Record<string, " + g.name(t.Elem()) + ">"
	case reflect.Pointer:
		return g.name(t.Elem()) + " | null"
	case reflect.Slice:
		return g.name(t.Elem()) + "[]"
	case reflect.Struct:
		g.define(t)
		return title(t)
	}
	panic("control: no TypeScript for " + t.String())
}

// title is a type's name. What settings are made of has names that say so: views of the same things have theirs too.
func title(t reflect.Type) string {
	if t.PkgPath() == reflect.TypeFor[settings.Settings]().PkgPath() && t != reflect.TypeFor[settings.Settings]() {
		return "Settings" + t.Name()
	}
	return t.Name()
}

func (g *generator) define(t reflect.Type) {
	if g.seen[t] {
		return
	}
	g.seen[t] = true
	var b strings.Builder
	if t.NumField() == 0 {
		fmt.Fprintf(&b, "export type %s = Record<string, never>;\n", title(t))
	} else {
		var members, bases []string
		for f := range t.Fields() {
			if f.Anonymous {
				bases = append(bases, g.name(f.Type))
			} else {
				members = append(members, g.member(f))
			}
		}
		extends := ""
		if len(bases) > 0 {
			extends = " extends " + strings.Join(bases, ", ")
		}
		fmt.Fprintf(&b, "export interface %s%s {\n%s", title(t), extends, strings.Join(members, ""))
		b.WriteString("}\n")
	}
	if _, taken := g.text[title(t)]; taken { // types of two packages
		panic("control: two types are named " + title(t))
	}
	g.text[title(t)] = b.String()
}

// member writes a field. One that is left out where it is empty is optional, and never null.
func (g *generator) member(f reflect.StructField) string {
	kind := g.name(f.Type)
	if list := f.Tag.Get("enum"); list != "" {
		kind = `"` + strings.Join(strings.Split(list, ","), `" | "`) + `"`
	}
	name, how, _ := strings.Cut(f.Tag.Get("json"), ",")
	if strings.HasPrefix(name, "$") {
		name = strconv.Quote(name)
	}
	if how == "omitempty" {
		name, kind = name+"?", strings.TrimSuffix(kind, " | null")
	}
	return fmt.Sprintf("  %s: %s;\n", name, kind)
}
