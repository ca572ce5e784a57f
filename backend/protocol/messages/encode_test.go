package messages_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/messages"
)

func text(role llm.Role, s string) llm.Message {
	return llm.Message{Role: role, Parts: []llm.Part{llm.Text{Text: s}}}
}

var origin = llm.Origin{Provider: "p", Model: "m"}

func TestEncodeRequest(t *testing.T) {
	user, hi := text(llm.RoleUser, "hi"), `"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]`
	assistant := func(parts ...llm.Part) llm.Message { return llm.Message{Role: llm.RoleAssistant, Parts: parts} }
	turn := func(role, content string) string { return `{"role":"` + role + `","content":[` + content + `]}` }
	say := func(s string) string { return `{"type":"text","text":"` + s + `"}` }
	for _, c := range []struct {
		name    string
		req     llm.Request
		opts    messages.Options
		want    string // without model and, if it is the default, max_tokens
		notices int
	}{
		{"smallest", llm.Request{Messages: []llm.Message{user}}, messages.Options{}, hi, 0},
		{"the model's own limit", llm.Request{Messages: []llm.Message{user}}, messages.Options{MaxTokens: 9}, `"max_tokens":9,` + hi, 0},
		{
			"all settings",
			llm.Request{
				Messages: []llm.Message{user}, MaxOutputTokens: new(int64(7)), Temperature: new(1.5), TopP: new(0.5),
				Stop: []string{"<"}, Stream: true,
			},
			messages.Options{MaxTokens: 9},
			`"max_tokens":7,` + hi + `,"temperature":1,"top_p":0.5,"stop_sequences":["<"],"stream":true`, 1,
		},
		{
			"system first and later",
			llm.Request{Messages: []llm.Message{
				text(llm.RoleSystem, "a"), text(llm.RoleSystem, "b"), user, text(llm.RoleAssistant, "yes"), text(llm.RoleSystem, "c"), user,
			}},
			messages.Options{},
			`"system":[` + say("a") + `,` + say("b") + `],"messages":[` + turn("user", say("hi")) + `,` + turn("assistant", say("yes")) + `,` +
				turn("user", say(`<system>\nc\n</system>`)+`,`+say("hi")) + `]`, 0,
		},
		{
			"neighbours, blanks and white space at the end",
			llm.Request{Messages: []llm.Message{
				user, user, text(llm.RoleAssistant, " "), text(llm.RoleUser, ""), text(llm.RoleAssistant, "a"), text(llm.RoleAssistant, "b \n"),
			}},
			messages.Options{},
			`"messages":[` + turn("user", say("hi")+`,`+say("hi")) + `,` + turn("assistant", say("a")+`,`+say("b")) + `]`, 0,
		},
		{
			"assistant first",
			llm.Request{Messages: []llm.Message{text(llm.RoleAssistant, "a"), user}},
			messages.Options{},
			`"messages":[` + turn("user", say("(The conversation starts with your answer.)")) + `,` + turn("assistant", say("a")) + `,` +
				turn("user", say("hi")) + `]`, 1,
		},
		{
			"tools keep their bytes",
			llm.Request{
				Messages: []llm.Message{user}, Tools: []llm.Tool{{Name: "f", Description: "d", InputSchema: json.RawMessage(`{"type":"object","z":1.50,"a":"<b>"}`)}, {Name: "g"}},
				ToolChoice: &llm.ToolChoice{Mode: llm.ToolRequired, NoParallel: true},
			},
			messages.Options{},
			hi + `,"tools":[{"name":"f","description":"d","input_schema":{"type":"object","z":1.50,"a":"<b>"}},{"name":"g","input_schema":{"type":"object"}}],` +
				`"tool_choice":{"type":"any","disable_parallel_tool_use":true}`, 0,
		},
		{
			"a choice without tools",
			llm.Request{Messages: []llm.Message{user}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolNone}},
			messages.Options{},
			hi, 0,
		},
		{
			"results first",
			llm.Request{Messages: []llm.Message{
				user,
				assistant(llm.ToolCall{ID: "x", Name: "f", Input: json.RawMessage(`{"b":1.0}`)}, llm.ToolCall{ID: "y", Name: "g"},
					llm.ToolCall{ID: "z", Name: "h", Input: json.RawMessage(`[1]`)}, llm.ToolCall{ID: "w", Name: "h", Input: json.RawMessage(`{`)}),
				text(llm.RoleSystem, "s"),
				{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "x", Parts: []llm.Part{llm.Text{Text: "one"}}}}},
				{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "y", IsError: true, Parts: []llm.Part{
					llm.Media{Data: []byte("i"), MediaType: "image/png"},
				}}}},
			}},
			messages.Options{},
			`"messages":[` + turn("user", say("hi")) + `,` + turn("assistant", `{"type":"tool_use","id":"x","name":"f","input":{"b":1.0}},`+
				`{"type":"tool_use","id":"y","name":"g","input":{}},{"type":"tool_use","id":"z","name":"h","input":{"value":[1]}},`+
				`{"type":"tool_use","id":"w","name":"h","input":{}}`) + `,` +
				turn("user", `{"type":"tool_result","tool_use_id":"x","content":[`+say("one")+`]},{"type":"tool_result","tool_use_id":"y",`+
					`"content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aQ=="}}],"is_error":true},`+
					`{"type":"tool_result","tool_use_id":"z","content":[`+say("(The tool gave no result.)")+`],"is_error":true},`+
					`{"type":"tool_result","tool_use_id":"w","content":[`+say("(The tool gave no result.)")+`],"is_error":true},`+
					say(`<system>\ns\n</system>`)) + `],"tools":[{"name":"f","input_schema":{"type":"object"}},` +
				`{"name":"g","input_schema":{"type":"object"}},{"name":"h","input_schema":{"type":"object"}}],"tool_choice":{"type":"none"}`, 2,
		},
		{
			"reasoning of its own",
			llm.Request{Messages: []llm.Message{user, assistant(
				llm.Reasoning{Text: "<hm>", Signature: "sig", Origin: origin},
				llm.Reasoning{Opaque: json.RawMessage(`{"type":"redacted_thinking","data":"x"}`), Origin: origin},
				llm.Reasoning{Signature: "only", Origin: origin}, llm.Text{Text: "yes"})}},
			messages.Options{Target: origin},
			`"messages":[` + turn("user", say("hi")) + `,` + turn("assistant", `{"type":"thinking","thinking":"<hm>","signature":"sig"},`+
				`{"type":"redacted_thinking","data":"x"},{"type":"thinking","thinking":"","signature":"only"},`+say("yes")) + `]`, 0,
		},
		{
			"reasoning of another, or not signed",
			llm.Request{Messages: []llm.Message{user, assistant(
				llm.Reasoning{Text: "hm", Signature: "sig", Origin: llm.Origin{Provider: "p", Model: "other"}},
				llm.Reasoning{Text: "hm", Origin: origin}, llm.Text{Text: "yes"})}},
			messages.Options{Target: origin},
			`"messages":[` + turn("user", say("hi")) + `,` + turn("assistant", say("yes")) + `]`, 1,
		},
		{
			"media",
			llm.Request{Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{
				llm.Media{URL: "https://x/y.png", MediaType: "image/png"},
				llm.Media{Data: []byte("p"), MediaType: "application/pdf", Filename: "a.pdf"},
				llm.Media{FileID: "file_1", MediaType: "image/png"},
				llm.Media{Data: []byte("plain"), MediaType: "text/plain"},
				llm.Opaque{Dialect: llm.Messages, Raw: json.RawMessage(`{"type":"new","n":1e2}`)},
				llm.Opaque{Dialect: llm.ChatCompletions, Raw: json.RawMessage(`{}`)},
			}}}},
			messages.Options{},
			`"messages":[` + turn("user", `{"type":"image","source":{"type":"url","url":"https://x/y.png"}},{"type":"document","source":`+
				`{"type":"base64","media_type":"application/pdf","data":"cA=="},"title":"a.pdf"},{"type":"image","source":{"type":"file",`+
				`"file_id":"file_1"}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"}},`+
				`{"type":"new","n":1e2}`) + `]`, 1,
		},
	} {
		c.req.Model = "m"
		body, notices, err := messages.EncodeRequest(&c.req, c.opts)
		if !strings.HasPrefix(c.want, `"max_tokens":`) {
			c.want = `"max_tokens":32000,` + c.want
		}
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
		"nothing":          {Role: llm.RoleUser},
		"only a system":    text(llm.RoleSystem, "x"),
		"role":             {Role: "boss", Parts: []llm.Part{llm.Text{Text: "x"}}},
		"image by system":  {Role: llm.RoleSystem, Parts: []llm.Part{llm.Media{URL: "x"}}},
		"call by user":     {Role: llm.RoleUser, Parts: []llm.Part{llm.ToolCall{}}},
		"call in a result": {Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{Parts: []llm.Part{llm.ToolCall{}}}}},
		"audio":            {Role: llm.RoleUser, Parts: []llm.Part{llm.Media{MediaType: "audio/wav"}}},
		"broken part":      {Role: llm.RoleUser, Parts: []llm.Part{llm.Opaque{Dialect: llm.Messages, Raw: json.RawMessage("{")}}},
	} {
		_, _, err := messages.EncodeRequest(&llm.Request{Messages: []llm.Message{m}}, messages.Options{})
		if e, ok := errors.AsType[*llm.Error](err); !ok || e.Kind != llm.ErrBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The simulator refuses thinking that was altered or moved, as the real API does: what was decoded goes back unharmed.
func TestReasoningGoesBackUnharmed(t *testing.T) {
	events := messages.DecodeStream(bytes.NewReader(simStream(t, simRequests["think"])))
	parts := map[int]llm.Part{}
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		switch e := e.(type) {
		case llm.PartStart:
			parts[e.Index] = e.Part
		case llm.PartDelta:
			switch p := parts[e.Index].(type) {
			case llm.Text:
				parts[e.Index] = llm.Text{Text: p.Text + e.Text}
			case llm.Reasoning:
				p.Text, p.Signature, p.Origin = p.Text+e.Text, p.Signature+e.Signature, origin
				parts[e.Index] = p
			}
		}
	}
	req := &llm.Request{Model: "echo", Stream: true, Messages: []llm.Message{
		text(llm.RoleUser, "hi"), {Role: llm.RoleAssistant, Parts: []llm.Part{parts[0], parts[1]}}, text(llm.RoleUser, "so?"),
	}}
	body, notices, err := messages.EncodeRequest(req, messages.Options{Target: origin})
	if err != nil || len(notices) > 0 || !strings.Contains(string(body), `"signature":"`) {
		t.Fatal(string(body), notices, err)
	}
	if answer := string(simStream(t, string(body))); !strings.Contains(answer, "message_stop") {
		t.Errorf("%s", answer)
	}
}
