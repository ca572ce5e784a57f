package strict

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// functionSchema checks a function's parameters: an object's schema, and OpenAI's subset where it is strict.
func (c *check) functionSchema(at string, v gjson.Result, strict bool) {
	if !v.Exists() && !strict {
		return
	}
	if kind := v.Get("type").String(); !v.IsObject() || kind != "object" {
		c.refuse(at, "must be a schema of type \"object\", not %.80s", v.Raw)
	}
	if strict {
		c.strictSchema(at, v, true)
	}
}

// strictSchema checks the subset of strict mode (API guide, "Structured Outputs"): every object closed, all of its
// properties required, few keywords.
func (c *check) strictSchema(at string, v gjson.Result, root bool) {
	if root && v.Get("type").String() != "object" {
		c.refuse(at, "the root of a strict schema must be an object")
	}
	if v.Get("type").String() == "object" || v.Get("properties").Exists() {
		if add := v.Get("additionalProperties"); add.Raw != "false" {
			c.refuse(at, "'additionalProperties' is required to be supplied and to be false")
		}
		required := v.Get("required").Array()
		v.Get("properties").ForEach(func(key, value gjson.Result) bool {
			if !slices.ContainsFunc(required, func(r gjson.Result) bool { return r.Str == key.Str }) {
				c.refuse(at, "'required' must include every key in properties; missing '%s'", key.Str)
			}
			c.strictSchema(at+"."+key.Str, value, false)
			return c.no == nil
		})
	}
	for _, word := range []string{"allOf", "oneOf", "not", "patternProperties", "propertyNames", "if", "default"} {
		if v.Get(word).Exists() {
			c.refuse(at, "'%s' is not permitted", word)
		}
	}
	if v.Get("items").Exists() {
		c.strictSchema(at+"[]", v.Get("items"), false)
	}
	for _, option := range v.Get("anyOf").Array() {
		c.strictSchema(at+".anyOf", option, false)
	}
}

// claudeSchema checks the subset of structured output (API guide, "Structured outputs"): objects closed, no limits of
// numbers and lengths, no oneOf, few formats.
func (c *check) claudeSchema(at string, v gjson.Result) {
	if v.Get("type").String() == "object" && v.Get("additionalProperties").Raw != "false" {
		c.refuse(at, "For 'object' type, 'additionalProperties' must be explicitly set to false")
	}
	for _, word := range strings.Fields("minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength oneOf " +
		"maxItems minProperties maxProperties patternProperties propertyNames") {
		if v.Get(word).Exists() {
			c.refuse(at, "property '%s' is not supported", word)
		}
	}
	if f := v.Get("format"); f.Exists() {
		c.oneOf(at+".format", f, "date-time time date duration email hostname uri ipv4 ipv6 uuid")
	}
	v.Get("properties").ForEach(func(key, value gjson.Result) bool {
		c.claudeSchema(at+"."+key.Str, value)
		return c.no == nil
	})
	if v.Get("items").IsObject() {
		c.claudeSchema(at+"[]", v.Get("items"))
	}
	for _, option := range v.Get("anyOf").Array() {
		c.claudeSchema(at+".anyOf", option)
	}
}

// geminiWords are the members of Gemini's Schema (API reference, "Schema").
const geminiWords = "type format title description nullable enum maxItems minItems properties required minProperties " +
	"maxProperties minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum"

// geminiSchema checks the OpenAPI subset of parameters and responseSchema.
func (c *check) geminiSchema(at string, v gjson.Result) {
	c.only(at, v, geminiWords)
	if t := v.Get("type"); t.Exists() {
		c.oneOf(at+".type", gjson.Result{Type: t.Type, Raw: t.Raw, Str: strings.ToLower(t.Str)}, "string number integer boolean array object null")
	}
	for _, e := range v.Get("enum").Array() {
		if e.Type != gjson.String {
			c.refuse(at+".enum", "only allowed for STRING type")
		}
	}
	if f := v.Get("format"); f.Exists() {
		c.oneOf(at+".format", f, "enum date-time float double int32 int64")
	}
	if strings.EqualFold(v.Get("type").String(), "object") && v.Get("properties").Exists() && len(v.Get("properties").Map()) == 0 {
		c.refuse(at+".properties", "should be non-empty for OBJECT type")
	}
	v.Get("properties").ForEach(func(key, value gjson.Result) bool {
		c.geminiSchema(at+".properties."+key.Str, value)
		return c.no == nil
	})
	for _, r := range v.Get("required").Array() {
		if _, ok := v.Get("properties").Map()[r.Str]; !ok {
			c.refuse(at+".required", "property '%s' is not defined", r.Str)
		}
	}
	if v.Get("items").Exists() {
		c.geminiSchema(at+".items", v.Get("items"))
	}
	if strings.EqualFold(v.Get("type").String(), "array") && !v.Get("items").Exists() {
		c.refuse(at+".items", "missing field")
	}
	for _, option := range v.Get("anyOf").Array() {
		c.geminiSchema(at+".anyOf", option)
	}
}

// geminiJSON checks a real JSON schema, as parametersJsonSchema and responseJsonSchema take it: without const.
func (c *check) geminiJSON(at string, v gjson.Result) {
	if !v.IsObject() {
		c.refuse(at, "must be an object")
		return
	}
	if v.Get("const").Exists() {
		c.refuse(at, "'const' is not supported")
	}
	v.Get("properties").ForEach(func(key, value gjson.Result) bool {
		if value.IsObject() {
			c.geminiJSON(at+"."+key.Str, value)
		}
		return c.no == nil
	})
	for _, word := range []string{"items", "additionalProperties"} {
		if inner := v.Get(word); inner.IsObject() {
			c.geminiJSON(at+"."+word, inner)
		}
	}
	for _, word := range []string{"anyOf", "oneOf", "allOf"} {
		for _, option := range v.Get(word).Array() {
			c.geminiJSON(at+"."+word, option)
		}
	}
}
