package sim

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
)

// schema is the part of JSON Schema (draft 2020-12) that conform knows. What it does not know it does not look at, so
// an exotic schema (pattern, not, dependentRequired) may get a value that it refuses.
type schema struct {
	Ref              string                     `json:"$ref"`
	Type             json.RawMessage            `json:"type"` // a string or an array of them
	Enum             []json.RawMessage          `json:"enum"`
	Const            json.RawMessage            `json:"const"`
	Properties       map[string]json.RawMessage `json:"properties"`
	Required         []string                   `json:"required"`
	Items            json.RawMessage            `json:"items"`
	MinItems         int                        `json:"minItems"`
	MinLength        int                        `json:"minLength"`
	MaxLength        *int                       `json:"maxLength"`
	Format           string                     `json:"format"`
	Minimum          *float64                   `json:"minimum"`
	Maximum          *float64                   `json:"maximum"`
	ExclusiveMinimum json.RawMessage            `json:"exclusiveMinimum"` // a number; a boolean in draft 4
	ExclusiveMaximum json.RawMessage            `json:"exclusiveMaximum"`
	MultipleOf       float64                    `json:"multipleOf"`
	AnyOf            []json.RawMessage          `json:"anyOf"`
	OneOf            []json.RawMessage          `json:"oneOf"`
	AllOf            []json.RawMessage          `json:"allOf"`
}

const (
	maxSchemaDepth = 12
	maxSchemaItems = 16
	maxSchemaText  = 4096
	maxSchemaSize  = 512     // values in all
	maxSchemaBytes = 1 << 20 // of copied constants
)

type conformer struct {
	root  json.RawMessage
	left  int // values
	bytes int
}

// conform gives a small value that fits the schema of a tool's input: required properties, or all where none is
// required.
func conform(raw json.RawMessage) json.RawMessage {
	c := &conformer{root: raw, left: maxSchemaSize, bytes: maxSchemaBytes}
	v := c.value(raw, "", 0)
	if len(v) == 0 || v[0] != '{' {
		return json.RawMessage("{}")
	}
	return v
}

func (c *conformer) value(raw json.RawMessage, name string, depth int) json.RawMessage {
	var s schema
	if c.left--; c.left < 0 || depth > maxSchemaDepth || json.Unmarshal(raw, &s) != nil {
		return json.RawMessage("null")
	}
	switch {
	case s.Ref != "":
		return c.value(c.resolve(s.Ref), name, depth+1)
	case s.Const != nil:
		return c.constant(s.Const)
	case len(s.Enum) > 0:
		return c.constant(s.Enum[0])
	case len(s.AllOf) > 0:
		s = c.merge(s, depth)
	case len(s.AnyOf) > 0:
		return c.value(s.AnyOf[0], name, depth+1)
	case len(s.OneOf) > 0:
		return c.value(s.OneOf[0], name, depth+1)
	}
	switch s.kind() {
	case "object":
		return c.object(s, depth)
	case "array":
		return c.array(s, name, depth)
	case "integer":
		return encode(int64(s.number(true)))
	case "number":
		return encode(s.number(false))
	case "boolean":
		return json.RawMessage("true")
	case "null":
		return json.RawMessage("null")
	}
	return encode(s.text(name))
}

func (c *conformer) constant(raw json.RawMessage) json.RawMessage {
	if c.bytes -= len(raw); c.bytes < 0 {
		return json.RawMessage("null")
	}
	return raw
}

// kind is the type, the first of several, or what the other keywords point at.
func (s schema) kind() string {
	var one string
	if json.Unmarshal(s.Type, &one) == nil && one != "" {
		return strings.ToLower(one) // Gemini's own schemas shout
	}
	var many []string
	if json.Unmarshal(s.Type, &many) == nil && len(many) > 0 {
		return many[0]
	}
	switch {
	case s.Properties != nil || s.Required != nil:
		return "object"
	case s.Items != nil:
		return "array"
	}
	return "string"
}

func (c *conformer) object(s schema, depth int) json.RawMessage {
	names := s.Required
	if len(names) == 0 {
		for name := range s.Properties {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	out := []byte{'{'}
	seen := map[string]bool{}
	for _, name := range names {
		if c.left <= 0 || seen[name] {
			continue
		}
		seen[name] = true
		sub, ok := s.Properties[name]
		if !ok {
			sub = json.RawMessage("{}")
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(out, encode(name)...), ':')
		out = append(out, c.value(sub, name, depth+1)...)
	}
	return append(out, '}')
}

func (c *conformer) array(s schema, name string, depth int) json.RawMessage {
	n := min(max(s.MinItems, 1), maxSchemaItems)
	item := s.Items
	if item == nil {
		item = json.RawMessage("{}")
	}
	out := []byte{'['}
	for i := 0; i < n && c.left > 0; i++ {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, c.value(item, name, depth+1)...)
	}
	return append(out, ']')
}

func (s schema) number(whole bool) float64 {
	low, high := math.Inf(-1), math.Inf(1)
	step := 1.0
	if !whole {
		step = 0.5
	}
	if s.Minimum != nil {
		low = *s.Minimum
	}
	if s.Maximum != nil {
		high = *s.Maximum
	}
	var edge float64
	if json.Unmarshal(s.ExclusiveMinimum, &edge) == nil {
		low = max(low, edge+step)
	}
	if json.Unmarshal(s.ExclusiveMaximum, &edge) == nil {
		high = min(high, edge-step)
	}
	v := min(max(1, low), high)
	if whole {
		v = math.Ceil(v)
	}
	if s.MultipleOf > 0 {
		v = math.Ceil(v/s.MultipleOf) * s.MultipleOf
	}
	if math.IsNaN(v) || math.Abs(v) > 1<<53 {
		return 0
	}
	return v
}

var formats = map[string]string{
	"date": "2026-01-02", "date-time": "2026-01-02T03:04:05Z", "time": "03:04:05Z", "duration": "PT1H",
	"email": "someone@example.com", "hostname": "example.com", "ipv4": "127.0.0.1", "ipv6": "::1",
	"uri": "https://example.com/", "url": "https://example.com/", "uuid": "00000000-0000-4000-8000-000000000000",
}

func (s schema) text(name string) string {
	if text, ok := formats[s.Format]; ok {
		return text
	}
	text := "example"
	if name != "" {
		text = "example " + name
	}
	if short := min(s.MinLength, maxSchemaText) - len([]rune(text)); short > 0 {
		text += strings.Repeat("x", short)
	}
	if runes := []rune(text); s.MaxLength != nil && *s.MaxLength >= 0 && len(runes) > *s.MaxLength {
		text = string(runes[:*s.MaxLength])
	}
	return text
}

// merge joins the members of allOf as far as objects need it.
func (c *conformer) merge(s schema, depth int) schema {
	all := s.AllOf
	s.AllOf = nil
	for _, raw := range all {
		var m schema
		for range maxSchemaDepth - depth {
			m = schema{}
			if json.Unmarshal(raw, &m) != nil || m.Ref == "" {
				break
			}
			raw = c.resolve(m.Ref)
		}
		if s.Type == nil {
			s.Type = m.Type
		}
		if s.Properties == nil {
			s.Properties = map[string]json.RawMessage{}
		}
		for name, sub := range m.Properties {
			s.Properties[name] = sub
		}
		s.Required = append(slices.Clone(s.Required), m.Required...)
	}
	return s
}

// resolve follows a reference inside the document, such as #/$defs/city; any other gives no value.
func (c *conformer) resolve(ref string) json.RawMessage {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	at := c.root
	for _, step := range strings.Split(path, "/")[1:] {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		var members map[string]json.RawMessage
		if json.Unmarshal(at, &members) != nil {
			return nil
		}
		at = members[step]
	}
	return at
}
