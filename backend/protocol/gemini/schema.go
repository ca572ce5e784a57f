package gemini

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// Bounds of what a schema may grow to when its references are put in place.
const (
	maxSchemaDepth = 32
	maxSchemaNodes = 4000
	// maxSameRef is how often a reference may stand inside itself.
	maxSameRef = 2
)

// kept are the members of the API's Schema object that are taken over as they are (API reference, "Schema"). The
// others are either handled one by one or unknown to it and left out.
var kept = []string{
	"title", "description", "nullable", "minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength",
	"pattern", "minimum", "maximum", "propertyOrdering",
}

// keptFormats are the formats that the API takes.
var keptFormats = []string{"enum", "date-time", "float", "double", "int32", "int64"}

// openAPI turns a JSON schema into the API's Schema object, an OpenAPI subset: references are put in place, allOf is
// merged, oneOf becomes anyOf, null becomes nullable, const becomes an enum. Members keep their order. What the subset
// can't say is left out, since a schema only guides the model.
func openAPI(schema json.RawMessage) json.RawMessage {
	root := jsonread.Of(schema)
	s := &subset{root: root, nodes: maxSchemaNodes}
	return s.schema(root, 0)
}

type subset struct {
	root  jsonread.Value
	refs  []string // the references that are being put in place
	nodes int
}

// node is one schema with its allOf and references merged in.
type node struct {
	order    []string
	plain    map[string]string // raw values of the kept members
	types    []string
	enum     []jsonread.Value
	options  []jsonread.Value // of anyOf or oneOf
	names    []string         // of properties
	props    map[string]jsonread.Value
	required []string
	items    []jsonread.Value
	nullable bool
}

func (n *node) seen(keyword string) bool {
	if slices.Contains(n.order, keyword) {
		return true
	}
	n.order = append(n.order, keyword)
	return false
}

func (s *subset) schema(v jsonread.Value, depth int) json.RawMessage {
	if s.nodes--; depth > maxSchemaDepth || s.nodes < 0 {
		return json.RawMessage(`{"type":"object"}`)
	}
	n := &node{plain: map[string]string{}, props: map[string]jsonread.Value{}}
	held := len(s.refs)
	s.collect(n, v, depth)
	out := s.write(n, depth)
	s.refs = s.refs[:held]
	return out
}

// collect adds a schema's members to a node; what the node already has stays.
func (s *subset) collect(n *node, v jsonread.Value, depth int) {
	if !v.IsObject() || depth > maxSchemaDepth {
		return
	}
	v.ForEach(func(key, value jsonread.Value) bool {
		switch k := key.String(); k {
		case "type":
			if !n.seen("type") {
				n.addTypes(value)
			}
		case "const":
			if !n.seen("enum") {
				n.enum = []jsonread.Value{value}
			}
		case "enum":
			if value.IsArray() && !n.seen("enum") {
				n.enum = value.Array()
			}
		case "format":
			if slices.Contains(keptFormats, value.String()) && !n.seen("format") {
				n.plain["format"] = value.Raw()
			}
		case "properties":
			n.seen("properties")
			n.addProperties(value)
		case "required":
			n.seen("required")
			for _, name := range value.Array() {
				if !slices.Contains(n.required, name.String()) {
					n.required = append(n.required, name.String())
				}
			}
		case "items", "prefixItems":
			if !n.seen("items") {
				n.items = []jsonread.Value{value}
				if value.IsArray() {
					n.items = value.Array()
				}
			}
		case "anyOf", "oneOf":
			if value.IsArray() && !n.seen("anyOf") {
				n.options = value.Array()
			}
		case "allOf":
			for _, part := range value.Array() {
				s.collect(n, part, depth+1)
			}
		case "$ref":
			s.reference(n, value.String(), depth)
		default:
			if slices.Contains(kept, k) && !n.seen(k) {
				n.plain[k] = value.Raw()
			}
		}
		return true
	})
}

func (n *node) addTypes(value jsonread.Value) {
	list := []jsonread.Value{value}
	if value.IsArray() {
		list = value.Array()
	}
	for _, t := range list {
		if strings.EqualFold(t.String(), "null") {
			n.nullable = true
		} else {
			n.types = append(n.types, t.String())
		}
	}
}

func (n *node) addProperties(value jsonread.Value) {
	value.ForEach(func(key, schema jsonread.Value) bool {
		name := key.String()
		if _, have := n.props[name]; !have {
			n.names = append(n.names, name)
			n.props[name] = schema
		}
		return true
	})
}

func (s *subset) reference(n *node, ref string, depth int) {
	uses := 0
	for _, r := range s.refs {
		if r == ref {
			uses++
		}
	}
	target, ok := pointer(s.root, ref)
	if !ok || uses >= maxSameRef {
		if len(n.types) == 0 && !n.seen("type") {
			n.types = []string{"object"}
		}
		return
	}
	s.refs = append(s.refs, ref)
	s.collect(n, target, depth+1)
}

// pointer finds what a local reference names (RFC 6901, as a URI fragment).
func pointer(root jsonread.Value, ref string) (jsonread.Value, bool) {
	rest, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return jsonread.Value{}, false
	}
	if rest == "" {
		return root, true
	}
	at := root
	for _, step := range strings.Split(strings.TrimPrefix(rest, "/"), "/") {
		step = strings.NewReplacer("~1", "/", "~0", "~", "%25", "%", "%20", " ").Replace(step)
		var next jsonread.Value
		found := false
		at.ForEach(func(key, value jsonread.Value) bool {
			if at.IsObject() && key.String() == step {
				next, found = value, true
			}
			return !found
		})
		if !found {
			return jsonread.Value{}, false
		}
		at = next
	}
	return at, true
}

// settle makes up for what the subset demands and JSON schemas leave open.
func (n *node) settle() {
	options := n.options[:0:0]
	for _, o := range n.options {
		if strings.EqualFold(o.Get("type").String(), "null") {
			n.nullable = true
		} else {
			options = append(options, o)
		}
	}
	n.options = options
	values := n.enum[:0:0]
	for _, v := range n.enum {
		if v.Type() == jsonread.Null {
			n.nullable = true
		} else {
			values = append(values, v)
		}
	}
	n.enum = values
	if len(n.types) == 0 && len(n.options) == 0 {
		n.types = []string{n.guess()}
	}
	if n.nullable {
		n.plain["nullable"] = "true"
		n.seen("nullable")
	}
	for _, t := range n.types {
		if strings.EqualFold(t, "array") {
			n.seen("items")
		}
	}
	n.required = slices.DeleteFunc(n.required, func(name string) bool { _, ok := n.props[name]; return !ok })
}

func (n *node) guess() string {
	switch {
	case len(n.props) > 0:
		return "object"
	case len(n.items) > 0:
		return "array"
	case len(n.enum) > 0 && n.enum[0].Type() == jsonread.Number:
		return "number"
	case len(n.enum) > 0 && n.enum[0].IsBool():
		return "boolean"
	}
	return "string"
}

func (s *subset) write(n *node, depth int) json.RawMessage {
	if len(n.options) == 1 || len(n.types) == 0 && len(n.options) > 0 {
		live := slices.DeleteFunc(slices.Clone(n.options), func(o jsonread.Value) bool {
			return strings.EqualFold(o.Get("type").String(), "null")
		})
		if len(live) == 1 { // anyOf of one thing and null, which is how many say nullable
			n.nullable = n.nullable || len(live) < len(n.options)
			n.options = nil
			s.collect(n, live[0], depth+1)
		}
	}
	n.settle()
	if !slices.Contains(n.order, "type") && len(n.types) > 0 {
		n.order = append([]string{"type"}, n.order...)
	}
	note, enum := n.values()
	if note != "" {
		n.describe(note)
	}
	w := &members{}
	for _, keyword := range n.order {
		switch keyword {
		case "type":
			if len(n.types) == 1 {
				w.add("type", jsonwrite.AppendString(nil, n.types[0]))
			} else if len(n.types) > 1 && len(n.options) == 0 {
				w.add("anyOf", s.eachType(n, depth))
			}
		case "enum":
			if len(enum) > 0 {
				w.add("enum", enum)
			}
		case "properties":
			if len(n.names) > 0 && len(n.types) < 2 {
				w.add("properties", s.properties(n, depth))
			}
		case "required":
			if len(n.required) > 0 && len(n.types) < 2 {
				w.add("required", stringList(n.required))
			}
		case "items":
			if len(n.types) < 2 {
				w.add("items", s.itemSchema(n, depth))
			}
		case "anyOf":
			if len(n.options) > 0 {
				w.add("anyOf", s.list(n.options, depth))
			}
		default:
			w.add(keyword, []byte(n.plain[keyword]))
		}
	}
	return w.close()
}

// values gives the enum, which holds strings only; other values are told in words, so that the model still gives them
// in their own type.
func (n *node) values() (note string, enum []byte) {
	if len(n.enum) == 0 {
		return "", nil
	}
	var texts, raws []string
	strs := true
	for _, v := range n.enum {
		strs = strs && v.Type() == jsonread.String
		texts = append(texts, v.String())
		raws = append(raws, v.Raw())
	}
	if strs {
		return "", stringList(texts)
	}
	return "One of: " + strings.Join(raws, ", ") + ".", nil
}

func (n *node) describe(note string) {
	if n.seen("description") {
		note = strings.TrimSpace(jsonread.Of(n.plain["description"]).String() + " " + note)
	}
	n.plain["description"] = string(jsonwrite.AppendString(nil, note))
}

// eachType gives one option for each of several types, with what concerns it.
func (s *subset) eachType(n *node, depth int) []byte {
	var b []byte
	for i, t := range n.types {
		w := &members{}
		w.add("type", jsonwrite.AppendString(nil, t))
		switch strings.ToLower(t) {
		case "array":
			w.add("items", s.itemSchema(n, depth))
		case "object":
			if len(n.names) > 0 {
				w.add("properties", s.properties(n, depth))
				if len(n.required) > 0 {
					w.add("required", stringList(n.required))
				}
			}
		}
		b = append(append(b, "[,"[min(i, 1)]), w.close()...)
	}
	return append(b, ']')
}

func (s *subset) properties(n *node, depth int) []byte {
	w := &members{}
	for _, name := range n.names {
		w.add(name, s.schema(n.props[name], depth+1))
	}
	return w.close()
}

func (s *subset) itemSchema(n *node, depth int) []byte {
	switch len(n.items) {
	case 0:
		return []byte(`{"type":"string"}`) // the API wants one
	case 1:
		return s.schema(n.items[0], depth+1)
	}
	return append(append([]byte(`{"anyOf":`), s.list(n.items, depth)...), '}')
}

func (s *subset) list(schemas []jsonread.Value, depth int) []byte {
	var b []byte
	for i, o := range schemas {
		b = append(append(b, "[,"[min(i, 1)]), s.schema(o, depth+1)...)
	}
	return append(b, ']')
}

func stringList(list []string) []byte {
	b := []byte{'['}
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsonwrite.AppendString(b, v)
	}
	return append(b, ']')
}
