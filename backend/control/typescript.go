package control

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"time"
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
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "number"
	case reflect.Pointer:
		return g.name(t.Elem()) + " | null"
	case reflect.Slice:
		return g.name(t.Elem()) + "[]"
	case reflect.Struct:
		g.define(t)
		return t.Name()
	}
	panic("control: no TypeScript for " + t.String())
}

func (g *generator) define(t reflect.Type) {
	if g.seen[t] {
		return
	}
	g.seen[t] = true
	var b strings.Builder
	if t.NumField() == 0 {
		fmt.Fprintf(&b, "export type %s = Record<string, never>;\n", t.Name())
	} else {
		fmt.Fprintf(&b, "export interface %s {\n", t.Name())
		for f := range t.Fields() {
			kind := g.name(f.Type)
			if list := f.Tag.Get("enum"); list != "" {
				kind = `"` + strings.Join(strings.Split(list, ","), `" | "`) + `"`
			}
			fmt.Fprintf(&b, "  %s: %s;\n", f.Tag.Get("json"), kind)
		}
		b.WriteString("}\n")
	}
	if _, taken := g.text[t.Name()]; taken { // types of two packages
		panic("control: two types are named " + t.Name())
	}
	g.text[t.Name()] = b.String()
}
