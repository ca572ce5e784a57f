package provider

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"gatehouse/backend/catalog"
)

// The tags, in the hosted gateway's words.
const (
	tagTools     = "tool-use"
	tagReasoning = "reasoning"
	tagVision    = "vision"
	tagFiles     = "file-input"
	tagImages    = "image-generation"
)

// hints are what providers' lists say of a model in words of their own: where it stands, and the tag that it means
// (Mistral, "List Available Models"; Moonshot AI, "List Models"; Anthropic API reference, "Models").
var hints = []struct{ path, tag string }{
	{"capabilities.function_calling", tagTools},
	{"capabilities.vision", tagVision},
	{"capabilities.reasoning", tagReasoning},
	{"supports_image_in", tagVision},
	{"supports_reasoning", tagReasoning},
	{"capabilities.image_input.supported", tagVision},
	{"capabilities.pdf_input.supported", tagFiles},
	{"capabilities.thinking.supported", tagReasoning},
}

// describe reads what a list says of a model beyond its limits and price. What it does not say stays unknown.
func describe(e *catalog.Model, m gjson.Result) {
	e.Released = max(m.Get("released").Int(), 0)
	e.Type = m.Get("type").Str
	if e.Type == "model" { // what Anthropic's objects are, not what the model is
		e.Type = ""
	}
	e.Tags = texts(m.Get("tags"))
	e.Parameters = texts(m.Get("supported_parameters"))
	e.InputModalities = firstTexts(m, "architecture.input_modalities", "modalities.input", "input_modalities")
	e.OutputModalities = firstTexts(m, "architecture.output_modalities", "modalities.output", "output_modalities")
	for _, h := range hints {
		if m.Get(h.path).Type == gjson.True {
			tag(e, h.tag)
		}
	}
	if c := m.Get("capabilities"); c.Get("image_input.supported").Exists() {
		e.Capabilities = json.RawMessage(c.Raw)
	}
	fromModalities(e)
	toModalities(e)
}

// fromModalities makes the tags of what a list says in modalities and parameters (OpenRouter, "List available models").
func fromModalities(e *catalog.Model) {
	for _, rule := range []struct {
		list      []string
		word, tag string
	}{
		{e.Parameters, "tools", tagTools},
		{e.Parameters, "reasoning", tagReasoning},
		{e.InputModalities, "image", tagVision},
		{e.InputModalities, "file", tagFiles},
		{e.OutputModalities, "image", tagImages},
	} {
		if slices.Contains(rule.list, rule.word) {
			tag(e, rule.tag)
		}
	}
}

func tag(e *catalog.Model, name string) {
	if !slices.Contains(e.Tags, name) {
		e.Tags = append(e.Tags, name)
	}
}

// toModalities makes the modalities of what a list says in tags: it gives a language model all the tags that it has.
func toModalities(e *catalog.Model) {
	if len(e.InputModalities) > 0 || e.Type != "language" && e.Capabilities == nil {
		return
	}
	e.InputModalities = []string{"text"}
	if slices.Contains(e.Tags, tagVision) {
		e.InputModalities = append(e.InputModalities, "image")
	}
	if slices.Contains(e.Tags, tagFiles) {
		e.InputModalities = append(e.InputModalities, "file")
	}
	if len(e.OutputModalities) > 0 {
		return
	}
	e.OutputModalities = []string{"text"}
	if slices.Contains(e.Tags, tagImages) {
		e.OutputModalities = append(e.OutputModalities, "image")
	}
}

// texts gives the strings of a list.
func texts(list gjson.Result) []string {
	if !list.IsArray() {
		return nil
	}
	var out []string
	list.ForEach(func(_, v gjson.Result) bool {
		if v.Type == gjson.String && v.Str != "" {
			out = append(out, v.Str)
		}
		return true
	})
	return out
}

func firstTexts(m gjson.Result, paths ...string) []string {
	for _, path := range paths {
		if list := texts(m.Get(path)); len(list) > 0 {
			return list
		}
	}
	return nil
}
