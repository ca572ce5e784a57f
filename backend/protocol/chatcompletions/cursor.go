package chatcompletions

import (
	"encoding/json"

	"gatehouse/backend/protocol/jsonedit"
)

// Repair mends what Cursor sends as Chat Completions: tools that stand flat in their list, as in Responses or in
// Messages, and a choice of one that does too (hosted gateway, "Cursor"). A body that needs none comes back as it is, and
// so does one that can't be read: who reads it next says why. foreign tells that it is no Chat Completions request at
// all but one of Responses, with "input" where "messages" should stand; its tools are right as they are.
func Repair(body []byte) (repaired []byte, foreign bool) {
	spans, err := jsonedit.Find(body, "messages", "input", "tools", "tool_choice")
	if err != nil {
		return body, false
	}
	messages, input, tools, choice := spans[0], spans[1], spans[2], spans[3]
	if !messages.Found() && input.Found() {
		return body, true
	}
	var edits []jsonedit.Edit
	if mended, ok := mendTools(tools.Of(body)); ok {
		edits = append(edits, jsonedit.Edit{At: tools, With: mended})
	}
	if mended, ok := mendChoice(choice.Of(body)); ok {
		edits = append(edits, jsonedit.Edit{At: choice, With: mended})
	}
	if len(edits) == 0 {
		return body, false
	}
	return jsonedit.Apply(body, edits...).Bytes(), false
}

// flatTool is a tool whose definition stands beside its type. Parameters is Responses' word for the schema, InputSchema
// Messages' own; a tool with neither is free-form.
type flatTool struct {
	Type        string          `json:"type"`
	Name        json.RawMessage `json:"name"`
	Description json.RawMessage `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
	InputSchema json.RawMessage `json:"input_schema"`
	Strict      json.RawMessage `json:"strict"`
	Format      json.RawMessage `json:"format"`
	Function    json.RawMessage `json:"function"`
	Custom      json.RawMessage `json:"custom"`
}

// mendTools gives a list of tools with each as Chat Completions has it, and whether any had to be changed.
func mendTools(list []byte) (mended []byte, changed bool) {
	var tools []json.RawMessage
	if len(list) == 0 || json.Unmarshal(list, &tools) != nil {
		return nil, false
	}
	mended = append(mended, '[')
	for i, raw := range tools {
		if i > 0 {
			mended = append(mended, ',')
		}
		if text, ok := mendTool(raw); ok {
			mended, changed = append(mended, text...), true
		} else {
			mended = append(mended, raw...)
		}
	}
	return append(mended, ']'), changed
}

func mendTool(raw []byte) ([]byte, bool) {
	var t flatTool
	if json.Unmarshal(raw, &t) != nil || len(t.Name) == 0 || t.Function != nil || t.Custom != nil {
		return nil, false
	}
	schema := t.Parameters
	if schema == nil {
		schema = t.InputSchema
	}
	if schema == nil && t.Type != "" && t.Type != "function" && t.Type != "custom" {
		return nil, false // a vendor's own tool, of which Chat Completions has none
	}
	kind, members := "function", []member{{"description", t.Description}, {"parameters", schema}, {"strict", t.Strict}}
	if t.Type == "custom" && schema == nil {
		kind, members = "custom", []member{{"description", t.Description}, {"format", mendFormat(t.Format)}}
	}
	out := append([]byte(`{"type":"`+kind+`","`+kind+`":{"name":`), t.Name...)
	for _, m := range members {
		if m.value != nil {
			out = append(append(append(append(out, `,"`...), m.name...), `":`...), m.value...)
		}
	}
	return append(out, "}}"...), true
}

type member struct {
	name  string
	value json.RawMessage
}

// mendFormat gives a free-form tool's grammar in an object of its own, as Chat Completions has it and Responses has not.
func mendFormat(raw json.RawMessage) json.RawMessage {
	var f struct {
		Type       string          `json:"type"`
		Syntax     json.RawMessage `json:"syntax"`
		Definition json.RawMessage `json:"definition"`
	}
	if json.Unmarshal(raw, &f) != nil || f.Type != "grammar" || f.Syntax == nil || f.Definition == nil {
		return raw
	}
	out := append([]byte(`{"type":"grammar","grammar":{"syntax":`), f.Syntax...)
	return append(append(append(out, `,"definition":`...), f.Definition...), "}}"...)
}

// mendChoice gives a choice of tools as Chat Completions has it, and whether it had to be changed.
func mendChoice(raw []byte) (mended []byte, changed bool) {
	var c flatTool
	if len(raw) == 0 || json.Unmarshal(raw, &c) != nil || c.Function != nil || c.Custom != nil {
		return nil, false
	}
	switch {
	case len(c.Name) > 0 && c.Type == "custom":
		return append(append([]byte(`{"type":"custom","custom":{"name":`), c.Name...), "}}"...), true
	case len(c.Name) > 0:
		return append(append([]byte(`{"type":"function","function":{"name":`), c.Name...), "}}"...), true
	case c.Type == "auto" || c.Type == "none":
		return []byte(`"` + c.Type + `"`), true
	case c.Type == "any":
		return []byte(`"required"`), true
	}
	return nil, false
}
