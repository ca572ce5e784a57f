package responses_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/responses"
)

var openai = llm.Origin{Provider: "openai", Model: "openai/gpt-5.4"}

func user(parts ...llm.Part) llm.Message { return llm.Message{Role: llm.RoleUser, Parts: parts} }

func encodeRequest(t testing.TB, req *llm.Request) (gjson.Result, []llm.Notice) {
	t.Helper()
	body, notices, err := responses.EncodeRequest(req, responses.Options{Target: openai})
	if err != nil {
		t.Fatal(err)
	}
	again, _, _ := responses.EncodeRequest(req, responses.Options{Target: openai})
	if !json.Valid(body) || string(again) != string(body) {
		t.Fatalf("%s\n%s", body, again)
	}
	checkInput(t, gjson.ParseBytes(body))
	return gjson.ParseBytes(body), notices
}

// checkInput is as strict as the API: no ids, each call answered once and behind it, reasoning followed by what it led to.
func checkInput(t testing.TB, body gjson.Result) {
	t.Helper()
	open, pending := map[string]bool{}, false
	for _, item := range body.Get("input").Array() {
		kind := item.Get("type").String()
		id := item.Get("call_id").String()
		if item.Get("id").Exists() || len(id) > 64 {
			t.Errorf("an id that is not known there or too long: %s", item.Raw)
		}
		switch kind {
		case "function_call", "custom_tool_call":
			if _, twice := open[id]; twice {
				t.Errorf("call %s stands twice", id)
			}
			open[id] = true
			pending = false
		case "function_call_output", "custom_tool_call_output":
			if !open[id] {
				t.Errorf("no call for %s", item.Raw)
			}
			open[id] = false
		case "reasoning":
			pending = true
		case "message":
			if pending && item.Get("role").String() != "assistant" {
				t.Errorf("reasoning without its following item")
			}
			pending = false
		}
	}
	for id, unanswered := range open {
		if unanswered {
			t.Errorf("no output for %s", id)
		}
	}
	if pending {
		t.Error("reasoning at the end")
	}
}

// The outbound ladder, a row each: what the field becomes, and whether a notice tells of it.
func TestEncodeLadder(t *testing.T) {
	five, half := int64(5), 0.5
	big := int64(1000)
	yes := true
	schema := json.RawMessage(`{"type":"object","b":1.50,"a":2}`)
	tool := llm.Tool{Name: "f", InputSchema: schema}
	for _, c := range []struct {
		field  string
		req    llm.Request
		path   string
		want   string
		notice string
	}{
		{"Model", llm.Request{Model: "m"}, "model", `"m"`, ""},
		{"Stream", llm.Request{Stream: true}, "stream", `true`, ""},
		{"Tools", llm.Request{Tools: []llm.Tool{tool}}, "tools", `[{"type":"function","name":"f","parameters":{"type":"object","b":1.50,"a":2},"strict":false}]`, ""},
		{"Tools", llm.Request{Tools: []llm.Tool{{Name: "f", Strict: &yes}}}, "tools.0.strict", `true`, ""},
		{"Tools", llm.Request{Tools: []llm.Tool{{Name: "p", Freeform: json.RawMessage(`{"type":"text"}`)}}}, "tools", `[{"type":"custom","name":"p","format":{"type":"text"}}]`, ""},
		{"Tools", llm.Request{}, "tools", ``, ""},
		{"Tool.Name", llm.Request{Tools: []llm.Tool{{Name: "a.b"}}}, "tools.0.name", `"` + fit.Plain("a.b", 64) + `"`, ""},
		{"Tool.Own", llm.Request{Tools: []llm.Tool{{Own: &llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(`{"type":"web_search"}`)}}}}, "tools", `[{"type":"web_search"}]`, ""},
		{"Tool.Own", llm.Request{Tools: []llm.Tool{{Own: &llm.Opaque{Dialect: llm.Messages, Raw: json.RawMessage(`{}`)}}}}, "tools", ``, "tools"},
		{"Tool.Cache", llm.Request{Tools: []llm.Tool{{Name: "f", Cache: &llm.CacheMark{}}}}, "tools.0.name", `"f"`, "cache_control"},
		{"ToolChoice", llm.Request{Tools: []llm.Tool{tool}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolRequired}}, "tool_choice", `"required"`, ""},
		{"ToolChoice", llm.Request{Tools: []llm.Tool{tool}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolNamed, Name: "f"}}, "tool_choice", `{"type":"function","name":"f"}`, ""},
		{"ToolChoice", llm.Request{ToolChoice: &llm.ToolChoice{Mode: llm.ToolAuto}}, "tool_choice", ``, ""},
		{"ToolChoice.NoParallel", llm.Request{Tools: []llm.Tool{tool}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolAuto, NoParallel: true}}, "parallel_tool_calls", `false`, ""},
		{"Format", llm.Request{Format: &llm.Format{}}, "text", `{"format":{"type":"json_object"}}`, ""},
		{"Format", llm.Request{Format: &llm.Format{Schema: schema}}, "text.format", `{"type":"json_schema","name":"response","schema":{"type":"object","b":1.50,"a":2},"strict":false}`, ""},
		{"Reasoning.Effort", llm.Request{Reasoning: &llm.ReasoningConfig{Effort: "high"}}, "reasoning", `{"effort":"high"}`, ""},
		{"Reasoning.Summary", llm.Request{Reasoning: &llm.ReasoningConfig{Effort: "high", Summary: "auto"}}, "reasoning", `{"effort":"high","summary":"auto"}`, ""},
		{"Reasoning.Budget", llm.Request{Reasoning: &llm.ReasoningConfig{Budget: &five}, MaxOutputTokens: &big}, "reasoning.effort", `"minimal"`, "reasoning"},
		{"Reasoning.Adaptive", llm.Request{Reasoning: &llm.ReasoningConfig{Adaptive: true}}, "reasoning", ``, ""},
		{"MaxOutputTokens", llm.Request{MaxOutputTokens: &big}, "max_output_tokens", `1000`, ""},
		{"MaxOutputTokens", llm.Request{MaxOutputTokens: &five}, "max_output_tokens", `16`, "max_output_tokens"},
		{"Temperature", llm.Request{Temperature: &half}, "temperature", `0.5`, ""},
		{"TopP", llm.Request{TopP: &half}, "top_p", `0.5`, ""},
		{"TopK", llm.Request{TopK: &five}, "top_k", ``, "top_k"},
		{"Seed", llm.Request{Seed: &five}, "seed", ``, "seed"},
		{"FrequencyPenalty", llm.Request{FrequencyPenalty: &half}, "frequency_penalty", ``, "frequency_penalty"},
		{"PresencePenalty", llm.Request{PresencePenalty: &half}, "presence_penalty", ``, "presence_penalty"},
		{"Stop", llm.Request{Stop: []string{"x"}}, "", "stop sequences", ""},
		{"User", llm.Request{User: "u"}, "user", `"u"`, ""},
		{"ServiceTier", llm.Request{ServiceTier: "flex"}, "service_tier", `"flex"`, ""},
		{"CacheKey", llm.Request{CacheKey: "k"}, "prompt_cache_key", `"k"`, ""},
		{"Metadata", llm.Request{Metadata: json.RawMessage(`{"b":"1","a":"2"}`)}, "metadata", `{"b":"1","a":"2"}`, ""},
		{"Extra", llm.Request{Extra: []llm.Extra{{Dialect: llm.Responses, Name: "truncation", Raw: json.RawMessage(`"auto"`)}}}, "truncation", `"auto"`, ""},
		{"Extra", llm.Request{Extra: []llm.Extra{{Dialect: llm.Responses, Name: "text.verbosity", Raw: json.RawMessage(`"low"`)}}}, "text", `{"verbosity":"low"}`, ""},
		{"Extra", llm.Request{Extra: []llm.Extra{{Dialect: llm.Responses, Name: "include", Raw: json.RawMessage(`["a","reasoning.encrypted_content"]`)}}}, "include", `["a","reasoning.encrypted_content"]`, ""},
		{"Extra", llm.Request{Extra: []llm.Extra{{Dialect: llm.Messages, Name: "container", Raw: json.RawMessage(`1`)}}}, "container", ``, "container"},
		{"Reasoning part", turns(llm.Reasoning{Text: "t", Signature: "s", Origin: openai}, llm.Text{Text: "x"}), "input.1", `{"type":"reasoning","summary":[{"type":"summary_text","text":"t"}],"encrypted_content":"s"}`, ""},
		{"Reasoning part", turns(llm.Reasoning{Text: "t", Signature: "s", Origin: claude}, llm.Text{Text: "x"}), "input.1.role", `"assistant"`, "messages"},
		{"Reasoning part", turns(llm.Reasoning{Text: "t", Signature: "s"}, llm.Text{Text: "x"}), "input.1.role", `"assistant"`, "messages"},
		{"Reasoning part", turns(llm.Reasoning{Signature: "s", Origin: openai}), "input.1.role", `"user"`, "messages"},
		{"Opaque part", turns(llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(`{"type":"web_search_call","id":"ws_1","status":"completed"}`)}), "input.1", `{"type":"web_search_call","status":"completed"}`, ""},
		{"Opaque part", turns(llm.Opaque{Dialect: llm.Messages, Raw: json.RawMessage(`{}`)}), "input.1.role", `"user"`, "messages"},
		{"Audio", llm.Request{Messages: []llm.Message{user(llm.Media{Data: []byte("x"), MediaType: "audio/wav"})}}, "", "audio/wav", ""},
		{"ToolResult.IsError", withResult(llm.ToolResult{CallID: "c", IsError: true, Parts: []llm.Part{llm.Text{Text: "bad"}}}), "input.2.output", `"Error: bad"`, ""},
		{"Text.Citations", turns(llm.Text{Text: "x", Citations: []llm.Citation{{URL: "u"}}}), "input.1.content", `[{"type":"output_text","text":"x"}]`, ""},
		{"ToolCall.ByProvider", turns(llm.ToolCall{ID: "s", Name: "web_search", ByProvider: true}), "input.1.role", `"user"`, "messages"},
	} {
		if c.req.Messages == nil {
			c.req.Messages = []llm.Message{user(llm.Text{Text: "hi"})}
		}
		covered[c.field] = true
		if c.path == "" {
			_, _, err := responses.EncodeRequest(&c.req, responses.Options{Target: openai})
			if e, ok := errors.AsType[*llm.Error](err); !ok || e.Kind != llm.ErrBadRequest || !strings.Contains(e.Message, c.want) {
				t.Errorf("%s: %v", c.field, err)
			}
			continue
		}
		body, notices := encodeRequest(t, &c.req)
		if got := body.Get(c.path).Raw; got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.field, c.path, got, c.want)
		}
		if got := fields(notices); got != c.notice {
			t.Errorf("%s: notices for %q, want %q", c.field, got, c.notice)
		}
		if body.Get("store").Raw != "false" || !strings.Contains(body.Get("include").Raw, "reasoning.encrypted_content") {
			t.Errorf("%s: %s", c.field, body.Raw)
		}
	}
	for _, field := range responses.OutboundFields() {
		if !covered[field] {
			t.Errorf("the ladder's row %s is not tested", field)
		}
	}
}

var covered = map[string]bool{}

func fields(notices []llm.Notice) string {
	var out []string
	for _, n := range notices {
		if n.Message == "" {
			return "a notice without a message"
		}
		out = append(out, n.Field)
	}
	return strings.Join(out, " ")
}

// turns is a conversation whose assistant said these parts.
func turns(parts ...llm.Part) llm.Request {
	return llm.Request{Messages: []llm.Message{user(llm.Text{Text: "hi"}), {Role: llm.RoleAssistant, Parts: parts}, user(llm.Text{Text: "go on"})}}
}

func withResult(r llm.ToolResult) llm.Request {
	return llm.Request{Messages: []llm.Message{
		user(llm.Text{Text: "hi"}),
		{Role: llm.RoleAssistant, Parts: []llm.Part{llm.ToolCall{ID: "c", Name: "f", Input: json.RawMessage(`{"n":1.50}`)}}},
		{Role: llm.RoleTool, Parts: []llm.Part{r}},
	}}
}

// Every row of the inbound ladder has its tests in TestDecodeMembers, TestDecodeRefuses and the conversation.
func TestInboundLadder(t *testing.T) {
	for field, sample := range map[string]string{
		"model": `"m"`, "stream": `true`, "stream_options": `{"include_obfuscation":false}`, "tools": `[]`, "tool_choice": `"auto"`,
		"parallel_tool_calls": `true`, "instructions": `"i"`, "text": `{}`, "reasoning": `{}`, "input": `"x"`, "max_output_tokens": `1`,
		"temperature": `1`, "top_p": `1`, "service_tier": `"x"`, "prompt_cache_key": `"x"`, "safety_identifier": `"x"`, "user": `"x"`,
		"metadata": `{}`, "previous_response_id": `"x"`, "conversation": `"x"`, "store": `true`, "background": `true`, "prompt": `{}`,
	} {
		fate, ok := responses.InboundFates()[field]
		if !ok {
			t.Errorf("%s is not on the ladder", field)
			continue
		}
		req, _, err := responses.DecodeRequest([]byte(`{"`+field+`":`+sample+`}`), responses.DecodeOptions{})
		if (err != nil) != (fate == "refused") {
			t.Errorf("%s is %s: %v", field, fate, err)
		}
		if err == nil && len(req.Extra) > 0 {
			t.Errorf("%s is extra", field)
		}
	}
	if n := len(responses.InboundFates()); n != 23 {
		t.Errorf("%d rows on the ladder; give each a sample here", n)
	}
}

// What a client of this dialect asked, a provider of this dialect is asked.
func TestRequestRoundTripGolden(t *testing.T) {
	req, _ := decode(t, strings.Replace(conversationBody(), `{"model":"m"`,
		`{"model":"m","truncation":"auto","text":{"verbosity":"low","format":{"type":"json_object"}},"reasoning":{"context":"all_turns"},"max_output_tokens":100`, 1))
	body, notices := encodeRequest(t, req)
	var b strings.Builder
	body.ForEach(func(key, value gjson.Result) bool {
		if !value.IsArray() {
			b.WriteString(key.Str + " " + value.Raw + "\n")
			return true
		}
		for _, v := range value.Array() {
			b.WriteString(key.Str + " " + v.Raw + "\n")
		}
		return true
	})
	golden(t, "conversation.request.txt", []byte(b.String()+"notices "+show(notices)+"\n"))
}

// Regression 33: ids of items that are not stored there are left out, also inside what only this dialect knows.
// Regressions 3, 4, 13, 17, 45, 48: parallel calls, their results with images, ids of any length, text beside results.
func TestEncodeTools_3_4_13_17_33_45_48(t *testing.T) {
	long := strings.Repeat("i", 100)
	req := &llm.Request{Messages: []llm.Message{
		user(llm.Text{Text: "hi"}),
		{Role: llm.RoleAssistant, Parts: []llm.Part{
			llm.ToolCall{ID: long, Name: "f", Input: json.RawMessage(`{"n":1.50}`)},
			llm.ToolCall{ID: "b", Name: "g"},
			llm.ToolCall{ID: "p", Name: "patch", Freeform: true, Input: json.RawMessage(`"x\n\"y\""`)},
			llm.ToolCall{ID: "lost", Name: "g"},
		}},
		user(llm.Text{Text: "and look here"}, llm.ToolResult{CallID: "b", Parts: []llm.Part{llm.Text{Text: "t"}, llm.Media{Data: []byte("i"), MediaType: "image/png"}}},
			llm.ToolResult{CallID: long}, llm.ToolResult{CallID: "p", Parts: []llm.Part{llm.Text{Text: "ok"}}}, llm.ToolResult{CallID: "orphan", Parts: []llm.Part{llm.Text{Text: "o"}}}),
		{Role: llm.RoleAssistant, Parts: []llm.Part{llm.ToolCall{ID: "b", Name: "g"}}},
		{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "b", Parts: []llm.Part{llm.Text{Text: "again"}}}}},
	}}
	body, notices := encodeRequest(t, req)
	var got []string
	for _, item := range body.Get("input").Array() {
		got = append(got, item.Raw)
	}
	golden(t, "tools.request.txt", []byte(strings.Join(got, "\n")+"\n"+show(notices)+"\n"))
}

func TestEncodeRefuses(t *testing.T) {
	for name, req := range map[string]llm.Request{
		"nothing":       {},
		"system image":  {Messages: []llm.Message{{Role: llm.RoleSystem, Parts: []llm.Part{llm.Media{URL: "u"}}}}},
		"role":          {Messages: []llm.Message{{Role: "x", Parts: []llm.Part{llm.Text{Text: "x"}}}}},
		"forced":        {Messages: []llm.Message{user(llm.Text{Text: "x"})}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolRequired}},
		"schema":        {Messages: []llm.Message{user(llm.Text{Text: "x"})}, Format: &llm.Format{Schema: json.RawMessage("{")}},
		"user thinking": {Messages: []llm.Message{user(llm.Reasoning{Text: "x"})}},
		"opaque":        {Messages: []llm.Message{{Role: llm.RoleAssistant, Parts: []llm.Part{llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage("{")}}}}},
	} {
		_, _, err := responses.EncodeRequest(&req, responses.Options{})
		if e, ok := errors.AsType[*llm.Error](err); !ok || e.Kind != llm.ErrBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestToolNames: names that the API does not take go out in a form that it does, the same everywhere in a request, and
// come back as the client's.
func TestToolNames(t *testing.T) {
	const odd = "mcp__files.read/übersicht"
	long := strings.Repeat("n", 70)
	taken := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
	req := &llm.Request{
		Model: "m", Tools: []llm.Tool{{Name: odd}, {Name: long}, {Name: "fine"}, {Name: "free.form", Freeform: json.RawMessage(`{"type":"text"}`)}},
		ToolChoice: &llm.ToolChoice{Mode: llm.ToolNamed, Name: odd},
		Format:     &llm.Format{Name: "my answer", Schema: json.RawMessage(`{"type":"object"}`)},
		Messages: []llm.Message{
			{Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: "hi"}}},
			{Role: llm.RoleAssistant, Parts: []llm.Part{llm.ToolCall{ID: "c1", Name: odd, Input: json.RawMessage(`{}`)}}},
			{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "c1", Name: odd, Parts: []llm.Part{llm.Text{Text: "ok"}}}}},
		},
	}
	body, _, err := responses.EncodeRequest(req, responses.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sent := gjson.GetBytes(body, "tools.#.name").Array()
	for _, name := range append(sent, gjson.GetBytes(body, "text.format.name")) {
		if !taken.MatchString(name.String()) {
			t.Errorf("%q goes out", name)
		}
	}
	if sent[2].String() != "fine" || gjson.GetBytes(body, "tool_choice.name").String() != sent[0].String() ||
		gjson.GetBytes(body, "input.1.name").String() != sent[0].String() {
		t.Errorf("%s", body)
	}
	events := []llm.Event{llm.MessageStart{}}
	for i, name := range sent {
		events = append(events, llm.PartStart{Index: i, Part: llm.ToolCall{ID: "x", Name: name.String()}}, llm.PartEnd{Index: i})
	}
	var back []string
	for e := range fit.Restore(req, fit.Stream(events)) {
		if start, ok := e.(llm.PartStart); ok {
			back = append(back, start.Part.(llm.ToolCall).Name)
		}
	}
	if strings.Join(back, " ") != strings.Join([]string{odd, long, "fine", "free.form"}, " ") {
		t.Errorf("they come back as %q", back)
	}
}
