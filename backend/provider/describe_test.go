package provider

import (
	"reflect"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/catalog"
)

// TestDescribe: what the lists of several providers say, and that what they don't say stays unknown.
func TestDescribe(t *testing.T) {
	for name, c := range map[string]struct {
		list string
		want catalog.Model
	}{
		"ids alone": {`{"id":"gpt","object":"model"}`, catalog.Model{}},
		"hosted gateway": {
			`{"type":"language","released":1700000000,"tags":["tool-use","vision","file-input"]}`,
			catalog.Model{
				Type: "language", Released: 1700000000, Tags: []string{"tool-use", "vision", "file-input"},
				InputModalities: []string{"text", "image", "file"}, OutputModalities: []string{"text"},
			},
		},
		"hosted gateway, an image model": {`{"type":"image"}`, catalog.Model{Type: "image"}},
		"openrouter": {
			`{"supported_parameters":["tools","reasoning","stop"],"architecture":{"input_modalities":["image","text"],"output_modalities":["text"]}}`,
			catalog.Model{
				Tags: []string{"tool-use", "reasoning", "vision"}, Parameters: []string{"tools", "reasoning", "stop"},
				InputModalities: []string{"image", "text"}, OutputModalities: []string{"text"},
			},
		},
		"mistral": {
			`{"capabilities":{"completion_chat":true,"function_calling":true,"vision":false}}`,
			catalog.Model{Tags: []string{"tool-use"}},
		},
		"moonshot": {`{"supports_image_in":true,"supports_reasoning":false}`, catalog.Model{Tags: []string{"vision"}}},
		"anthropic": {
			`{"type":"model","capabilities":{"image_input":{"supported":true},"pdf_input":{"supported":true},"thinking":{"supported":false}}}`,
			catalog.Model{
				Tags: []string{"vision", "file-input"}, InputModalities: []string{"text", "image", "file"}, OutputModalities: []string{"text"},
				Capabilities: []byte(`{"image_input":{"supported":true},"pdf_input":{"supported":true},"thinking":{"supported":false}}`),
			},
		},
		"nonsense": {`{"type":7,"tags":"vision","released":-4,"supported_parameters":[1,""]}`, catalog.Model{}},
	} {
		var got catalog.Model
		describe(&got, gjson.Parse(c.list))
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
}
