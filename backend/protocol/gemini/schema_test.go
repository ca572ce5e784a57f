package gemini_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/backend/protocol/gemini"
)

// Case 37: what the OpenAPI subset can't say, and what it must not mistake for a keyword.
func TestCase37OpenAPI(t *testing.T) {
	for in, want := range map[string]string{
		`{"$schema":"s","$id":"i","type":"object","properties":{"b":{"type":"integer","exclusiveMinimum":0,"maximum":5.0},"a":{"type":"string","format":"uri","pattern":"^a"}},"required":["b","gone"],"additionalProperties":false,"patternProperties":{"x":{}},"propertyNames":{"type":"string"}}`: `{"type":"object","properties":{"b":{"type":"integer","maximum":5.0},"a":{"type":"string","pattern":"^a"}},"required":["b"]}`,
		`{"type":["string","null"],"description":"d"}`:        `{"type":"string","description":"d","nullable":true}`,
		`{"type":["string","integer"]}`:                       `{"anyOf":[{"type":"string"},{"type":"integer"}]}`,
		`{"type":["array","null"],"items":{"type":"number"}}`: `{"type":"array","items":{"type":"number"},"nullable":true}`,
		`{"const":"x"}`: `{"type":"string","enum":["x"]}`,
		`{"const":1}`:   `{"type":"number","description":"One of: 1."}`,
		`{"type":"integer","enum":[1,2,null],"description":"n"}`: `{"type":"integer","description":"n One of: 1, 2.","nullable":true}`,
		`{"enum":["a",null]}`: `{"type":"string","enum":["a"],"nullable":true}`,
		`{"oneOf":[{"type":"string"},{"type":"number","const":4}]}`:                                                                                   `{"anyOf":[{"type":"string"},{"type":"number","description":"One of: 4."}]}`,
		`{"anyOf":[{"type":"string","minLength":2},{"type":"null"}],"title":"t"}`:                                                                     `{"title":"t","type":"string","minLength":2,"nullable":true}`,
		`{"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}},"required":["b"]}]}`: `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a","b"]}`,
		`{"type":"array"}`: `{"type":"array","items":{"type":"string"}}`,
		`{"type":"array","prefixItems":[{"type":"string"},{"type":"number"}]}`:                      `{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"number"}]}}`,
		`{"type":"object","properties":{"n":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"number"}}}`: `{"type":"object","properties":{"n":{"type":"number"}}}`,
		`{"$ref":"#/definitions/a~1b","definitions":{"a/b":{"type":"boolean"}}}`:                    `{"type":"boolean"}`,
		`{"$ref":"https://x.example/s.json"}`:                                                       `{"type":"object"}`,
		`{"type":"object","properties":{"type":{"type":"string"},"const":{"type":"string"},"$ref":{"type":"string"},"enum":{"type":"array","items":{"type":"string"}},"properties":{"type":"object","properties":{"items":{"type":"string"}}}},"required":["type","$ref"]}`: `{"type":"object","properties":{"type":{"type":"string"},"const":{"type":"string"},"$ref":{"type":"string"},"enum":{"type":"array","items":{"type":"string"}},"properties":{"type":"object","properties":{"items":{"type":"string"}}}},"required":["type","$ref"]}`,
		`true`: `{"type":"string"}`,
		`{}`:   `{"type":"string"}`,
	} {
		got := gemini.OpenAPI(json.RawMessage(in))
		if string(got) != want {
			t.Errorf("%s:\n%s\nwant:\n%s", in, got, want)
		}
	}
}

func TestOpenAPIReferenceToItself(t *testing.T) {
	got := string(gemini.OpenAPI(json.RawMessage(
		`{"type":"object","properties":{"next":{"$ref":"#"},"all":{"type":"array","items":{"$ref":"#/$defs/T"}}},"$defs":{"T":{"type":"object","properties":{"t":{"$ref":"#/$defs/T"}}}}}`)))
	if !json.Valid([]byte(got)) || strings.Contains(got, "$") || len(got) > 10_000 {
		t.Errorf("%d bytes: %s", len(got), got[:min(len(got), 500)])
	}
	// Each level doubles: without a bound on the nodes this would not end.
	deep := `{"$ref":"#/$defs/A0","$defs":{`
	for i := range 30 {
		next := `{"$ref":"#/$defs/A` + string(rune('0'+(i+1)%10)) + `"}`
		deep += `"A` + string(rune('0'+i%10)) + `":{"type":"object","properties":{"x":` + next + `,"y":` + next + `}},`
	}
	got = string(gemini.OpenAPI(json.RawMessage(strings.TrimSuffix(deep, ",") + `}}`)))
	if !json.Valid([]byte(got)) || len(got) > 1<<20 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestNoConst(t *testing.T) {
	for in, want := range map[string]string{
		`{"type": "string"}`: `{"type": "string"}`,
		`{"properties":{"const":{"const":1.50},"x":{"items":[{"const":null}]}},"default":{"const":1},"anyOf":[{"const":"<"}]}`: `{"properties":{"const":{"enum":[1.50]},"x":{"items":[{"enum":[null]}]}},"default":{"const":1},"anyOf":[{"enum":["<"]}]}`,
	} {
		if got := gemini.NoConst(json.RawMessage(in)); string(got) != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestJSONSchema(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"OBJECT","properties":{"b_c":{"type":"STRING","nullable":true,"enum":["a"]},"type":{"type":"ARRAY","items":{"type":"INTEGER","format":"int32"},"min_items":"2"}},"required":["type"],"property_ordering":["type"]}`: `{"type":"object","properties":{"b_c":{"type":["string","null"],"enum":["a",null]},"type":{"type":"array","items":{"type":"integer"},"minItems":2}},"required":["type"],"propertyOrdering":["type"]}`,
		`{"anyOf":[{"type":"STRING","format":"date-time"}],"nullable":true}`: `{"anyOf":[{"type":"string","format":"date-time"},{"type":"null"}]}`,
		`{"type":"TYPE_UNSPECIFIED","description":"d"}`:                      `{"description":"d"}`,
	} {
		if got := gemini.JSONSchema(json.RawMessage(in)); string(got) != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func FuzzSchemas(f *testing.F) {
	f.Add(`{"type":["a","null"],"properties":{"x":{"$ref":"#"}},"anyOf":[{"const":1}],"allOf":[{"enum":[null]}]}`)
	f.Add(`{"anyOf":[{"anyOf":[{"type":"null"},{"$ref":"#/anyOf/0"}]}],"nullable":true,"enum":[ ]}`)
	f.Fuzz(func(t *testing.T, schema string) {
		if !json.Valid([]byte(schema)) {
			t.Skip()
		}
		for _, out := range []json.RawMessage{
			gemini.OpenAPI(json.RawMessage(schema)), gemini.NoConst(json.RawMessage(schema)), gemini.JSONSchema(json.RawMessage(schema)),
		} {
			if !json.Valid(out) {
				t.Errorf("%s: %s", schema, out)
			}
		}
	})
}
