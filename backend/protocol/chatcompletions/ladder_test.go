package chatcompletions_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
	"gatehouse/backend/protocol/fit"
)

// rungs set the field of each row of the ladder; want must stand in the body if the field is carried or mapped, and in
// the notice's field or the error's text otherwise.
var rungs = map[string]struct {
	set  func(*llm.Request)
	want string
}{
	"Messages.system":        {parts(llm.RoleSystem, llm.Text{Text: "be"}), `{"role":"system","content":"be"}`},
	"Text":                   {parts(llm.RoleUser, llm.Text{Text: "words"}), `"content":"words"`},
	"Text.Citations":         {parts(llm.RoleAssistant, llm.Text{Text: "a", Citations: []llm.Citation{{URL: "u"}}}), `citations`},
	"Text.Cache":             {parts(llm.RoleUser, llm.Text{Text: "a", Cache: &llm.CacheMark{TTL: "1h"}}), `cache_control`},
	"Refusal":                {parts(llm.RoleAssistant, llm.Refusal{Text: "no"}), `"refusal":"no"`},
	"Reasoning":              {parts(llm.RoleAssistant, llm.Reasoning{Text: "hm", Origin: origin}, llm.Text{Text: "a"}), `messages`},
	"Media.image":            {parts(llm.RoleUser, llm.Media{Data: []byte("i"), MediaType: "image/png"}), `"url":"data:image/png;base64,aQ=="`},
	"Media.Detail":           {parts(llm.RoleUser, llm.Media{URL: "https://x", Detail: "low"}), `"detail":"low"`},
	"Media.audio":            {parts(llm.RoleUser, llm.Media{Data: []byte("i"), MediaType: "audio/wav"}), `"format":"wav"`},
	"Media.file":             {parts(llm.RoleUser, llm.Media{Data: []byte("i"), MediaType: "application/pdf"}), `"file_data":"data:application/pdf;base64,aQ=="`},
	"Media.text":             {parts(llm.RoleUser, llm.Media{Data: []byte("a,b"), MediaType: "text/csv", Filename: "x.csv"}), `File x.csv:\na,b`},
	"Media.FileID":           {parts(llm.RoleUser, llm.Media{FileID: "file-1"}), `"file_id":"file-1"`},
	"Media.file by URL":      {parts(llm.RoleUser, llm.Media{URL: "https://x", MediaType: "application/pdf"}), `application/pdf`},
	"Media.video":            {parts(llm.RoleUser, llm.Media{Data: []byte("v"), MediaType: "video/mp4"}), `video/mp4`},
	"Media by the assistant": {parts(llm.RoleAssistant, llm.Media{Data: []byte("i"), MediaType: "image/png"}), `{"role":"user","content":[{"type":"image_url"`},
	"ToolCall":               {answered(llm.ToolCall{ID: "x", Name: "f", Input: json.RawMessage(`{"b": 1.0}`)}), `"arguments":"{\"b\": 1.0}"`},
	"ToolCall.Freeform":      {answered(llm.ToolCall{ID: "x", Name: "f", Freeform: true, Input: json.RawMessage(`"go"`)}), `"arguments":"{\"input\":\"go\"}"`},
	"ToolCall.ByProvider":    {parts(llm.RoleAssistant, llm.ToolCall{Name: "web", ByProvider: true}, llm.Text{Text: "a"}), `messages`},
	"ToolCall.ID":            {answered(llm.ToolCall{ID: strings.Repeat("x", 41), Name: "f"}), `"id":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_`},
	"ToolResult":             {answered(llm.ToolCall{ID: "x", Name: "f"}, llm.Text{Text: "one"}), `{"role":"tool","content":"one","tool_call_id":"x"}`},
	"ToolResult.Media":       {answered(llm.ToolCall{ID: "x", Name: "f"}, llm.Media{URL: "https://x/y.png"}), `{"role":"user","content":[{"type":"image_url"`},
	"ToolResult.IsError": {func(r *llm.Request) {
		parts(llm.RoleAssistant, llm.ToolCall{ID: "x", Name: "f"})(r)
		parts(llm.RoleTool, llm.ToolResult{CallID: "x", IsError: true, Parts: []llm.Part{llm.Text{Text: "e"}}})(r)
	}, `"content":"Error: e"`},
	"Opaque":        {parts(llm.RoleUser, llm.Opaque{Dialect: llm.Gemini, Raw: object}), `messages`},
	"Tools":         {tools(llm.Tool{Name: "a.b/c", Description: "d", InputSchema: object}), `"name":"a_b_c_`},
	"Tool.Strict":   {tools(llm.Tool{Name: "f", InputSchema: object, Strict: new(true)}), `"strict":true`},
	"Tool.Freeform": {tools(llm.Tool{Name: "f", Freeform: json.RawMessage(`{"type":"grammar","syntax":"lark","definition":"start: x"}`)}), `"parameters":{"type":"object","properties":{"input"`},
	"Tool.Own":      {tools(llm.Tool{Name: "web", Own: &llm.Opaque{Dialect: llm.Messages}}), `tools`},
	"Tool.Cache":    {tools(llm.Tool{Name: "f", Cache: &llm.CacheMark{}}), `cache_control`},
	"ToolChoice": {func(r *llm.Request) {
		r.Tools = []llm.Tool{{Name: "f"}}
		r.ToolChoice = &llm.ToolChoice{Mode: llm.ToolNamed, Name: "f"}
	}, `"tool_choice":{"type":"function","function":{"name":"f"}}`},
	"ToolChoice.NoParallel": {func(r *llm.Request) {
		r.Tools = []llm.Tool{{Name: "f"}}
		r.ToolChoice = &llm.ToolChoice{Mode: llm.ToolNone, NoParallel: true}
	}, `"tool_choice":"none","parallel_tool_calls":false`},
	"MaxOutputTokens":         {func(r *llm.Request) { r.MaxOutputTokens = new(int64(7)) }, `"max_completion_tokens":7`},
	"Temperature":             {func(r *llm.Request) { r.Temperature = new(1.5) }, `"temperature":1.5`},
	"TopP":                    {func(r *llm.Request) { r.TopP = new(0.5) }, `"top_p":0.5`},
	"TopK":                    {func(r *llm.Request) { r.TopK = new(int64(5)) }, `top_k`},
	"Seed":                    {func(r *llm.Request) { r.Seed = new(int64(5)) }, `"seed":5`},
	"FrequencyPenalty":        {func(r *llm.Request) { r.FrequencyPenalty = new(0.5) }, `"frequency_penalty":0.5`},
	"PresencePenalty":         {func(r *llm.Request) { r.PresencePenalty = new(0.5) }, `"presence_penalty":0.5`},
	"Stop":                    {func(r *llm.Request) { r.Stop = []string{"x"} }, `"stop":["x"]`},
	"Stop, more than four":    {func(r *llm.Request) { r.Stop = []string{"1", "2", "3", "4", "5"} }, `stop`},
	"Format.Schema":           {func(r *llm.Request) { r.Format = &llm.Format{Name: "n", Schema: object, Strict: new(true)} }, `"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}}`},
	"Format without a schema": {func(r *llm.Request) { r.Format = &llm.Format{} }, `"response_format":{"type":"json_object"}`},
	"Reasoning.Effort":        {func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Effort: "high"} }, `"reasoning_effort":"high"`},
	"Reasoning.Budget":        {func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Budget: new(int64(10_000))} }, `reasoning`},
	"User":                    {func(r *llm.Request) { r.User = "u" }, `"user":"u"`},
	"ServiceTier":             {func(r *llm.Request) { r.ServiceTier = "standard_only" }, `"service_tier":"default"`},
	"CacheKey":                {func(r *llm.Request) { r.CacheKey = "k" }, `"prompt_cache_key":"k"`},
	"Metadata":                {func(r *llm.Request) { r.Metadata = json.RawMessage(`{"a":"b"}`) }, `"metadata":{"a":"b"}`},
	"Stream":                  {func(r *llm.Request) { r.Stream = true }, `"stream":true,"stream_options":{"include_usage":true}`},
	"Extra of the same dialect": {func(r *llm.Request) {
		r.Extra = []llm.Extra{{Dialect: llm.ChatCompletions, Name: "verbosity", Raw: json.RawMessage(`"low"`)}}
	}, `"verbosity":"low"}`},
	"Extra of another dialect": {func(r *llm.Request) {
		r.Extra = []llm.Extra{{Dialect: llm.Messages, Name: "container", Raw: json.RawMessage(`"low"`)}}
	}, `container`},
}

func parts(role llm.Role, p ...llm.Part) func(*llm.Request) {
	return func(r *llm.Request) { r.Messages = append(r.Messages, llm.Message{Role: role, Parts: p}) }
}

func tools(t ...llm.Tool) func(*llm.Request) { return func(r *llm.Request) { r.Tools = t } }

var object = json.RawMessage(`{"type":"object"}`)

func answered(call llm.ToolCall, result ...llm.Part) func(*llm.Request) {
	return func(r *llm.Request) {
		parts(llm.RoleAssistant, call)(r)
		parts(llm.RoleTool, llm.ToolResult{CallID: call.ID, Parts: result})(r)
		r.Tools = []llm.Tool{{Name: call.Name, InputSchema: object}}
		if call.Freeform {
			r.Tools[0].Freeform = json.RawMessage(`{"type":"text"}`)
		}
	}
}

func TestLadder(t *testing.T) {
	rows := map[string]bool{}
	for _, row := range chatcompletions.Ladder {
		rows[row.Field] = true
		c, ok := rungs[row.Field]
		if !ok {
			t.Errorf("%s: no test", row.Field)
			continue
		}
		req := &llm.Request{Model: "m", Messages: []llm.Message{text(llm.RoleUser, "hi")}}
		c.set(req)
		body, notices, err := chatcompletions.EncodeRequest(req, chatcompletions.Options{Target: origin})
		again, _, _ := chatcompletions.EncodeRequest(req, chatcompletions.Options{Target: origin})
		if string(body) != string(again) {
			t.Errorf("%s: other bytes the second time", row.Field)
		}
		var fields []string
		for _, n := range notices {
			fields = append(fields, n.Field)
		}
		told := strings.Join(fields, " ")
		e, refused := errors.AsType[*llm.Error](err)
		switch row.Fate {
		case fit.Carried, fit.Mapped:
			if err != nil || !strings.Contains(string(body), c.want) || told != "" {
				t.Errorf("%s is not %s: %s %v %v", row.Field, row.Fate, body, notices, err)
			}
		case fit.Dropped:
			if err != nil || !strings.Contains(told, c.want) || c.want == "" {
				t.Errorf("%s is not dropped with a notice: %s %v %v", row.Field, body, notices, err)
			}
		case fit.Refused:
			if !refused || e.Kind != llm.ErrBadRequest || !strings.Contains(e.Message, c.want) {
				t.Errorf("%s is not refused: %s %v", row.Field, body, err)
			}
		}
		if row.Why == "" {
			t.Errorf("%s has no reason", row.Field)
		}
	}
	for field := range rungs {
		if !rows[field] {
			t.Errorf("the ladder has no row for %s", field)
		}
	}
}
