package gemini

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"gatehouse/backend/protocol/jsonread"
)

// jsonSchema turns the API's Schema object into a JSON schema, for other dialects: types in lower case, nullable as a
// type, numbers that protobuf's JSON writes as strings as numbers. Members keep their order, properties their names.
func jsonSchema(schema json.RawMessage) json.RawMessage {
	return fromOpenAPI(jsonread.Of(schema), 0)
}

func fromOpenAPI(v jsonread.Value, depth int) []byte {
	if !v.IsObject() || depth > 2*maxSchemaDepth {
		return []byte(v.Raw())
	}
	nullable := v.Get("nullable").Bool()
	w := &members{}
	v.ForEach(func(key, value jsonread.Value) bool {
		switch k := camel(key.String()); k {
		case "nullable":
		case "type":
			t := strings.ToLower(value.String())
			switch {
			case value.Type() != jsonread.String:
				w.add(k, []byte(value.Raw()))
			case t == "type_unspecified":
			case nullable:
				w.add(k, stringList([]string{t, "null"}))
			default:
				w.add(k, quote(t))
			}
		case "enum":
			if nullable && value.IsArray() && len(value.Array()) > 0 { // else the enum would forbid what nullable allows
				raw := strings.TrimRight(value.Raw(), " \t\r\n")
				w.add(k, []byte(strings.TrimSuffix(raw, "]")+",null]"))
			} else {
				w.add(k, []byte(value.Raw()))
			}
		case "properties":
			inner := &members{}
			value.ForEach(func(name, schema jsonread.Value) bool {
				inner.add(name.String(), fromOpenAPI(schema, depth+1))
				return true
			})
			w.add(k, inner.close())
		case "items", "additionalProperties":
			w.add(k, fromOpenAPI(value, depth+1))
		case "anyOf":
			w.add(k, optionsFrom(value, nullable && !v.Get("type").Exists(), depth))
		case "minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength":
			w.add(k, []byte(strconv.FormatInt(value.Int(), 10)))
		case "format":
			if slices.Contains([]string{"enum", "int32", "int64", "float", "double"}, value.String()) {
				break // OpenAPI's own, which JSON schema validators refuse
			}
			w.add(k, []byte(value.Raw()))
		default:
			w.add(k, []byte(value.Raw()))
		}
		return true
	})
	return w.close()
}

func optionsFrom(list jsonread.Value, nullable bool, depth int) []byte {
	b := []byte{'['}
	for i, o := range list.Array() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, fromOpenAPI(o, depth+1)...)
	}
	if nullable {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, `{"type":"null"}`...)
	}
	return append(b, ']')
}

// camel gives a member's name in the spelling of the documentation; protobuf's JSON also takes snake_case.
func camel(name string) string {
	if !strings.ContainsRune(name, '_') {
		return name
	}
	words := strings.Split(name, "_")
	for i, w := range words {
		if i > 0 && w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// noConst turns each const of a JSON schema into an enum of one value: the API's JSON schemas know no const (API
// reference, "FunctionDeclaration", parametersJsonSchema). All else keeps its bytes.
func noConst(schema json.RawMessage) json.RawMessage {
	if !bytes.Contains(schema, []byte(`"const"`)) {
		return schema
	}
	return rewriteConst(jsonread.Of(schema), 0)
}

// Where schemas stand in a schema: as a value, in a list, in a map by name.
var (
	schemaValues = []string{
		"items", "additionalProperties", "additionalItems", "contains", "not", "if", "then", "else", "propertyNames",
		"unevaluatedItems", "unevaluatedProperties", "anyOf", "oneOf", "allOf", "prefixItems",
	}
	schemaMaps = []string{"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
)

func rewriteConst(v jsonread.Value, depth int) []byte {
	switch {
	case depth > 2*maxSchemaDepth:
		return []byte(v.Raw())
	case v.IsArray():
		b := []byte{'['}
		for i, o := range v.Array() {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, rewriteConst(o, depth+1)...)
		}
		return append(b, ']')
	case !v.IsObject():
		return []byte(v.Raw())
	}
	w := &members{}
	v.ForEach(func(key, value jsonread.Value) bool {
		switch k := key.String(); {
		case k == "const":
			w.add("enum", []byte("["+value.Raw()+"]"))
		case slices.Contains(schemaValues, k):
			w.add(k, rewriteConst(value, depth+1))
		case slices.Contains(schemaMaps, k) && value.IsObject():
			inner := &members{}
			value.ForEach(func(name, schema jsonread.Value) bool {
				inner.add(name.String(), rewriteConst(schema, depth+1))
				return true
			})
			w.add(k, inner.close())
		default:
			w.add(k, []byte(value.Raw()))
		}
		return true
	})
	return w.close()
}
