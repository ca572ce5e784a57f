package messages

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/backend/protocol/jsonread"
)

// unsupported are keywords that structured output refuses (Claude docs, "Structured outputs", JSON schema limitations).
var unsupported = []string{
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems",
	"uniqueItems", "minProperties", "maxProperties", "patternProperties", "propertyNames", "not", "if", "then", "else",
	"dependentRequired", "dependentSchemas", "contains", "unevaluatedProperties", "unevaluatedItems", "prefixItems",
}

// formats are the string formats that it takes.
var formats = []string{"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}

// strictSchema brings a schema into the form of structured output: closed objects, no limits, anyOf for oneOf. The order
// of members and the spelling of numbers stay. changed lists what had to go, empty if nothing had.
func strictSchema(schema json.RawMessage) (out json.RawMessage, changed string) {
	s := &schemaWriter{}
	s.schema(jsonread.Of(schema))
	slices.Sort(s.changes)
	return s.out, strings.Join(slices.Compact(s.changes), ", ")
}

type schemaWriter struct {
	out     []byte
	changes []string
}

func (s *schemaWriter) changed(what string) { s.changes = append(s.changes, what) }

func (s *schemaWriter) schema(v jsonread.Value) {
	if !v.IsObject() {
		s.out = append(s.out, v.Raw()...)
		return
	}
	s.out = append(s.out, '{')
	object, closed, first := v.Get("properties").Exists(), false, true
	put := func(name string) {
		if !first {
			s.out = append(s.out, ',')
		}
		first = false
		s.out = append(append(append(s.out, '"'), name...), '"', ':')
	}
	v.ForEach(func(key, value jsonread.Value) bool {
		name := strings.Trim(key.Raw(), `"`)
		switch {
		case slices.Contains(unsupported, key.Str()),
			key.Str() == "minItems" && value.Int() > 1,
			key.Str() == "format" && !slices.Contains(formats, value.Str()):
			s.changed(key.Str())
			return true
		case key.Str() == "type":
			object = object || value.Str() == "object"
		case key.Str() == "additionalProperties":
			closed = true
			put(name)
			if value.Type() != jsonread.False {
				s.changed("additionalProperties")
			}
			s.out = append(s.out, "false"...)
			return true
		case key.Str() == "oneOf":
			s.changed("oneOf")
			name = "anyOf"
		}
		put(name)
		s.member(key.Str(), value)
		return true
	})
	if object && !closed {
		s.changed("additionalProperties")
		put("additionalProperties")
		s.out = append(s.out, "false"...)
	}
	s.out = append(s.out, '}')
}

// member writes a keyword's value, which may hold schemas.
func (s *schemaWriter) member(keyword string, v jsonread.Value) {
	switch keyword {
	case "properties", "$defs", "definitions":
		s.out = append(s.out, '{')
		first := true
		v.ForEach(func(key, value jsonread.Value) bool {
			if !first {
				s.out = append(s.out, ',')
			}
			first = false
			s.out = append(append(s.out, key.Raw()...), ':')
			s.schema(value)
			return true
		})
		s.out = append(s.out, '}')
	case "anyOf", "oneOf", "allOf":
		s.out = append(s.out, '[')
		for i, value := range v.Array() {
			if i > 0 {
				s.out = append(s.out, ',')
			}
			s.schema(value)
		}
		s.out = append(s.out, ']')
	case "items":
		s.schema(v)
	default:
		s.out = append(s.out, v.Raw()...)
	}
}
