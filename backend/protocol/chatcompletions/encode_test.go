package chatcompletions_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
)

func text(role llm.Role, s string) llm.Message {
	return llm.Message{Role: role, Parts: []llm.Part{llm.Text{Text: s}}}
}

var origin = llm.Origin{Provider: "p", Model: "m"}

func TestEncodeRequest(t *testing.T) {
	user := text(llm.RoleUser, "hi")
	schema := json.RawMessage(`{"z":1.50,"a":"<b>"}`)
	reasoned := llm.Message{Role: llm.RoleAssistant, Parts: []llm.Part{
		llm.Reasoning{Text: "hm", Origin: origin}, llm.Text{Text: "yes"},
	}}
	called := llm.Message{Role: llm.RoleAssistant, Parts: []llm.Part{
		llm.ToolCall{ID: "x", Name: "f", Input: json.RawMessage(`{"b": 1.0, "a":2}`)}, llm.ToolCall{ID: "y", Name: "g"},
	}}
	for _, c := range []struct {
		name    string
		req     llm.Request
		opts    chatcompletions.Options
		want    string // without the model
		notices int
	}{
		{
			"smallest",
			llm.Request{Messages: []llm.Message{user}},
			chatcompletions.Options{},
			`"messages":[{"role":"user","content":"hi"}]`, 0,
		},
		{
			"all settings",
			llm.Request{
				Messages: []llm.Message{user}, MaxOutputTokens: new(int64(7)), Temperature: new(0.0), TopP: new(0.5),
				Stop: []string{"<"}, Stream: true,
			},
			chatcompletions.Options{},
			`"messages":[{"role":"user","content":"hi"}],"max_completion_tokens":7,"temperature":0,"top_p":0.5,"stop":["<"],` +
				`"stream":true,"stream_options":{"include_usage":true}`, 0,
		},
		{
			"old server",
			llm.Request{Messages: []llm.Message{user}, MaxOutputTokens: new(int64(7)), Stream: true},
			chatcompletions.Options{OldTokenLimit: true, NoStreamOptions: true},
			`"messages":[{"role":"user","content":"hi"}],"max_tokens":7,"stream":true`, 0,
		},
		{
			"system in place",
			llm.Request{Messages: []llm.Message{
				text(llm.RoleSystem, "a"), user, text(llm.RoleSystem, "b"), user,
			}},
			chatcompletions.Options{},
			`"messages":[{"role":"system","content":"a"},{"role":"user","content":"hi"},{"role":"system","content":"b"},` +
				`{"role":"user","content":"hi"}]`, 0,
		},
		{
			"tools keep their bytes",
			llm.Request{
				Messages: []llm.Message{user}, Tools: []llm.Tool{{Name: "f", Description: "d", InputSchema: schema}, {Name: "g"}},
				ToolChoice: &llm.ToolChoice{Mode: llm.ToolNamed, Name: "f", NoParallel: true},
			},
			chatcompletions.Options{},
			`"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","description":"d",` +
				`"parameters":{"z":1.50,"a":"<b>"}}},{"type":"function","function":{"name":"g"}}],"tool_choice":` +
				`{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false`, 0,
		},
		{"a choice without tools", llm.Request{
			Messages: []llm.Message{user}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolRequired, NoParallel: true},
		}, chatcompletions.Options{}, `"messages":[{"role":"user","content":"hi"}]`, 1},
		{
			"calls and results",
			llm.Request{Messages: []llm.Message{user, called, {Role: llm.RoleTool, Parts: []llm.Part{
				llm.ToolResult{CallID: "x", Parts: []llm.Part{llm.Text{Text: "one"}, llm.Media{Data: []byte("i"), MediaType: "image/png"}}},
				llm.ToolResult{CallID: "y", Parts: []llm.Part{llm.Text{Text: "two"}}, IsError: true},
			}}, user}},
			chatcompletions.Options{},
			`"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"x","type":"function",` +
				`"function":{"name":"f","arguments":"{\"b\": 1.0, \"a\":2}"}},{"id":"y","type":"function","function":{"name":"g",` +
				`"arguments":"{}"}}]},{"role":"tool","content":"one\n[attached below]","tool_call_id":"x"},` +
				`{"role":"tool","content":"Error: two","tool_call_id":"y"},{"role":"user","content":[{"type":"image_url",` +
				`"image_url":{"url":"data:image/png;base64,aQ=="}}]},{"role":"user","content":"hi"}]`, 0,
		},
		{
			"reasoning left out",
			llm.Request{Messages: []llm.Message{user, reasoned, reasoned}},
			chatcompletions.Options{Target: origin},
			`"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"},{"role":"assistant","content":"yes"}]`, 1,
		},
		{
			"reasoning sent back",
			llm.Request{Messages: []llm.Message{user, reasoned}},
			chatcompletions.Options{Target: origin, ReplayReasoning: true},
			`"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes","reasoning_content":"hm"}]`, 0,
		},
		{
			"another's reasoning",
			llm.Request{Messages: []llm.Message{user, reasoned}},
			chatcompletions.Options{Target: llm.Origin{Provider: "p", Model: "other"}, ReplayReasoning: true},
			`"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"}]`, 1,
		},
		{
			"only reasoning",
			llm.Request{Messages: []llm.Message{user, {Role: llm.RoleAssistant, Parts: reasoned.Parts[:1]}, user}},
			chatcompletions.Options{},
			`"messages":[{"role":"user","content":"hi"},{"role":"user","content":"hi"}]`, 1,
		},
		{
			"media",
			llm.Request{Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{
				llm.Text{Text: "see"},
				llm.Media{URL: "https://x/y.png", MediaType: "image/png"},
				llm.Media{Data: []byte("a"), MediaType: "audio/mpeg"},
				llm.Media{Data: []byte("p"), MediaType: "application/pdf", Filename: "a.pdf"},
				llm.Media{FileID: "file-1"},
				llm.Opaque{Dialect: llm.ChatCompletions, Raw: json.RawMessage(`{"type":"new","n":1e2}`)},
				llm.Opaque{Dialect: llm.Messages, Raw: json.RawMessage(`{}`)},
			}}}},
			chatcompletions.Options{},
			`"messages":[{"role":"user","content":[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"https://x/y.png"}},` +
				`{"type":"input_audio","input_audio":{"data":"YQ==","format":"mp3"}},{"type":"file","file":{"file_data":` +
				`"data:application/pdf;base64,cA==","filename":"a.pdf"}},{"type":"file","file":{"file_id":"file-1"}},` +
				`{"type":"new","n":1e2}]}]`, 1,
		},
	} {
		c.req.Model = "m"
		body, notices, err := chatcompletions.EncodeRequest(&c.req, c.opts)
		if want := `{"model":"m",` + c.want + `}`; err != nil || string(body) != want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, err, body, want)
		}
		if len(notices) != c.notices {
			t.Errorf("%s: notices %v", c.name, notices)
		}
	}
}

func TestEncodeRequestRefuses(t *testing.T) {
	for name, m := range map[string]llm.Message{
		"nothing":             {Role: llm.RoleUser},
		"role":                {Role: "boss", Parts: []llm.Part{llm.Text{Text: "x"}}},
		"image by system":     {Role: llm.RoleSystem, Parts: []llm.Part{llm.Media{URL: "x"}}},
		"call by user":        {Role: llm.RoleUser, Parts: []llm.Part{llm.ToolCall{}}},
		"PDF by URL":          {Role: llm.RoleUser, Parts: []llm.Part{llm.Media{URL: "x", MediaType: "application/pdf"}}},
		"audio format":        {Role: llm.RoleUser, Parts: []llm.Part{llm.Media{MediaType: "audio/flac"}}},
		"part that is broken": {Role: llm.RoleUser, Parts: []llm.Part{llm.Opaque{Dialect: llm.ChatCompletions, Raw: json.RawMessage("{")}}},
	} {
		_, _, err := chatcompletions.EncodeRequest(&llm.Request{Messages: []llm.Message{m}}, chatcompletions.Options{})
		if e, ok := errors.AsType[*llm.Error](err); !ok || e.Kind != llm.ErrBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A server of the dialect takes what is encoded.
func TestSimTakesWhatIsEncoded(t *testing.T) {
	req := &llm.Request{
		Model: "tools", Stream: true, Tools: []llm.Tool{{Name: "f", InputSchema: json.RawMessage(`{"type":"object"}`)}},
		Messages: []llm.Message{
			text(llm.RoleSystem, "be brief"), text(llm.RoleUser, "hi"),
			{Role: llm.RoleAssistant, Parts: []llm.Part{llm.ToolCall{ID: "x", Name: "f"}}},
			{Role: llm.RoleTool, Parts: []llm.Part{
				llm.ToolResult{CallID: "x", Parts: []llm.Part{llm.Text{Text: "rain"}, llm.Media{Data: []byte("i"), MediaType: "image/png"}}},
			}},
		},
	}
	// The image follows the result in a turn of the user's, so the result is no longer the last thing said.
	body, _, err := chatcompletions.EncodeRequest(req, chatcompletions.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if answer := string(simStream(t, string(body))); !strings.Contains(answer, "[DONE]") {
		t.Errorf("%s", answer)
	}
}
