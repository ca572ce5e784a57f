package settings

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// SchemaName is the name of the JSON schema file beside the settings file.
const SchemaName = "gatehouse.schema.json"

// Schema is the JSON schema (draft 07, which editors know best) of the settings file, made from the Settings type.
func Schema() []byte {
	root := schemaOf(reflect.TypeFor[Settings](), reflect.ValueOf(*Default()))
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Gatehouse settings"
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil // maps of strings, numbers and maps always marshal
	}
	return append(text, '\n')
}

func schemaOf(t reflect.Type, defaults reflect.Value) map[string]any {
	switch {
	case t == reflect.TypeFor[Price](), t == reflect.TypeFor[Amount](), t == reflect.TypeFor[Multiplier]():
		return map[string]any{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)?$`}
	case t == reflect.TypeFor[Clock]():
		return map[string]any{"type": "string", "pattern": `^([01][0-9]|2[0-3]):[0-5][0-9]$`}
	case t == reflect.TypeFor[Duration]():
		return map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(h|m|s|ms))+$`}
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem(), reflect.Value{})
	}
	switch t.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), reflect.Value{})}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), reflect.Value{})}
	case reflect.Struct:
		properties := map[string]any{}
		for _, f := range fields(t) {
			p := schemaOf(f.Type, reflect.Value{})
			p["description"] = f.Tag.Get("doc")
			if enum := f.Tag.Get("enum"); enum != "" {
				p["enum"] = strings.Split(enum, ",")
			}
			if defaults.IsValid() && !defaults.FieldByIndex(f.Index).IsZero() {
				p["default"] = defaults.FieldByIndex(f.Index).Interface()
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			properties[name] = p
		}
		return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	}
	return map[string]any{"type": "string"}
}

// writeSchema puts the schema beside the settings file, if this program's is not there yet.
func writeSchema(dir string) error {
	path := filepath.Join(dir, SchemaName)
	want := Schema()
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, want) {
		return nil
	}
	return writeFile(path, want)
}
