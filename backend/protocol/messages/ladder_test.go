package messages_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/messages"
)

// rungs set the field of each row of the ladder; want must stand in the body if the field is carried or mapped, and in
// the notice's field or the error's text otherwise.
var rungs = map[string]struct {
	set  func(*llm.Request)
	want string
}{
	"Messages.system":        {parts(llm.RoleSystem, llm.Text{Text: "be"}), `<system>\nbe\n</system>`},
	"Text":                   {parts(llm.RoleUser, llm.Text{Text: "words"}), `"text":"words"`},
	"Text.Citations":         {parts(llm.RoleAssistant, llm.Text{Text: "a", Citations: []llm.Citation{{URL: "u"}}}), `citations`},
	"Text.Cache":             {parts(llm.RoleUser, llm.Text{Text: "a", Cache: &llm.CacheMark{TTL: "1h"}}), `"cache_control":{"type":"ephemeral","ttl":"1h"}`},
	"Refusal":                {parts(llm.RoleAssistant, llm.Refusal{Text: "no"}), `"text":"no"`},
	"Reasoning":              {parts(llm.RoleAssistant, llm.Reasoning{Text: "hm", Signature: "s", Origin: origin}, llm.Text{Text: "a"}), `{"type":"thinking","thinking":"hm","signature":"s"}`},
	"Reasoning of another":   {parts(llm.RoleAssistant, llm.Reasoning{Text: "hm", Signature: "s"}, llm.Text{Text: "a"}), `messages`},
	"Media.image":            {parts(llm.RoleUser, llm.Media{Data: []byte("i"), MediaType: "image/png"}), `{"type":"base64","media_type":"image/png","data":"aQ=="}`},
	"Media.Detail":           {parts(llm.RoleUser, llm.Media{URL: "https://x", Detail: "low"}), `{"type":"image","source":{"type":"url","url":"https://x"}}`},
	"Media.audio":            {parts(llm.RoleUser, llm.Media{Data: []byte("i"), MediaType: "audio/wav"}), `audio/wav`},
	"Media.file":             {parts(llm.RoleUser, llm.Media{Data: []byte("i"), MediaType: "application/pdf"}), `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"aQ=="}}`},
	"Media.file, other":      {parts(llm.RoleUser, llm.Media{Data: []byte("i"), MediaType: "application/zip"}), `application/zip`},
	"Media.text":             {parts(llm.RoleUser, llm.Media{Data: []byte("a,b"), MediaType: "text/csv", Filename: "x.csv"}), `{"type":"text","media_type":"text/plain","data":"a,b"},"title":"x.csv"`},
	"Media.FileID":           {parts(llm.RoleUser, llm.Media{FileID: "file-1"}), `{"type":"file","file_id":"file-1"}`},
	"Media by the assistant": {parts(llm.RoleAssistant, llm.Media{Data: []byte("i"), MediaType: "image/png"}), `{"role":"user","content":[{"type":"text","text":"(The picture that you made.)"},{"type":"image"`},
	"ToolCall":               {answered(llm.ToolCall{ID: "x", Name: "f", Input: json.RawMessage(`{"b": 1.0}`)}), `"input":{"b":1.0}`},
	"ToolCall.Freeform":      {answered(llm.ToolCall{ID: "x", Name: "f", Freeform: true, Input: json.RawMessage(`"go"`)}), `"input":{"input":"go"}`},
	"ToolCall.ByProvider":    {parts(llm.RoleAssistant, llm.ToolCall{Name: "web", ByProvider: true}, llm.Text{Text: "a"}), `messages`},
	"ToolCall.ID":            {answered(llm.ToolCall{ID: "functions.f:0", Name: "f"}), `"id":"functions_f_0_`},
	"ToolResult":             {answered(llm.ToolCall{ID: "x", Name: "f"}, llm.Text{Text: "one"}), `{"type":"tool_result","tool_use_id":"x","content":[{"type":"text","text":"one"}]}`},
	"ToolResult.Media":       {answered(llm.ToolCall{ID: "x", Name: "f"}, llm.Media{URL: "https://x/y.png"}), `"content":[{"type":"image","source":{"type":"url","url":"https://x/y.png"}}]`},
	"ToolResult.IsError": {func(r *llm.Request) {
		parts(llm.RoleAssistant, llm.ToolCall{ID: "x", Name: "f"})(r)
		parts(llm.RoleTool, llm.ToolResult{CallID: "x", IsError: true, Parts: []llm.Part{llm.Text{Text: "e"}}})(r)
	}, `"is_error":true`},
	"Opaque":        {parts(llm.RoleUser, llm.Opaque{Dialect: llm.Gemini, Raw: object}), `messages`},
	"Tools":         {tools(llm.Tool{Name: "a.b/c", Description: "d", InputSchema: object}), `"name":"a_b_c_`},
	"Tool.Strict":   {tools(llm.Tool{Name: "f", InputSchema: object, Strict: new(true)}), `"input_schema":{"type":"object","additionalProperties":false},"strict":true`},
	"Tool.Freeform": {tools(llm.Tool{Name: "f", Freeform: json.RawMessage(`{"type":"grammar","syntax":"lark","definition":"start: x"}`)}), `"input_schema":{"type":"object","properties":{"input"`},
	"Tool.Own":      {tools(llm.Tool{Name: "web", Own: &llm.Opaque{Dialect: llm.Gemini}}), `tools`},
	"Tool.Cache":    {tools(llm.Tool{Name: "f", Cache: &llm.CacheMark{}}), `"input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}`},
	"ToolChoice": {func(r *llm.Request) {
		r.Tools = []llm.Tool{{Name: "f"}}
		r.ToolChoice = &llm.ToolChoice{Mode: llm.ToolNamed, Name: "f"}
	}, `"tool_choice":{"type":"tool","name":"f"}`},
	"ToolChoice.NoParallel": {func(r *llm.Request) {
		r.Tools = []llm.Tool{{Name: "f"}}
		r.ToolChoice = &llm.ToolChoice{Mode: llm.ToolAuto, NoParallel: true}
	}, `"tool_choice":{"type":"auto","disable_parallel_tool_use":true}`},
	"MaxOutputTokens":     {func(r *llm.Request) { r.MaxOutputTokens = new(int64(7)) }, `"max_tokens":7`},
	"Temperature":         {func(r *llm.Request) { r.Temperature = new(0.5) }, `"temperature":0.5`},
	"TopP":                {func(r *llm.Request) { r.TopP = new(0.5) }, `"top_p":0.5`},
	"TopK":                {func(r *llm.Request) { r.TopK = new(int64(5)) }, `"top_k":5`},
	"Seed":                {func(r *llm.Request) { r.Seed = new(int64(5)) }, `seed`},
	"FrequencyPenalty":    {func(r *llm.Request) { r.FrequencyPenalty = new(0.5) }, `frequency_penalty`},
	"PresencePenalty":     {func(r *llm.Request) { r.PresencePenalty = new(0.5) }, `presence_penalty`},
	"Stop":                {func(r *llm.Request) { r.Stop = []string{"x"} }, `"stop_sequences":["x"]`},
	"Stop of white space": {func(r *llm.Request) { r.Stop = []string{"\n"} }, `stop`},
	"Format.Schema": {func(r *llm.Request) {
		r.Format = &llm.Format{Schema: json.RawMessage(`{"type":"object","additionalProperties":false}`)}
	}, `"output_config":{"format":{"type":"json_schema","schema":{"type":"object","additionalProperties":false}}}`},
	"Format without a schema": {func(r *llm.Request) { r.Format = &llm.Format{} }, `response_format`},
	"Reasoning.Effort":        {func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Effort: "high"} }, `"thinking":{"type":"enabled","budget_tokens":19200}`},
	"Reasoning.Budget":        {func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Budget: new(int64(10_000))} }, `"thinking":{"type":"enabled","budget_tokens":10000}`},
	"User":                    {func(r *llm.Request) { r.User = "u" }, `"metadata":{"user_id":"u"}`},
	"ServiceTier":             {func(r *llm.Request) { r.ServiceTier = "default" }, `"service_tier":"standard_only"`},
	"ServiceTier, other":      {func(r *llm.Request) { r.ServiceTier = "flex" }, `service_tier`},
	"CacheKey":                {func(r *llm.Request) { r.CacheKey = "k" }, `prompt_cache_key`},
	"Metadata":                {func(r *llm.Request) { r.Metadata = json.RawMessage(`{"a":"b"}`) }, `metadata`},
	"Stream":                  {func(r *llm.Request) { r.Stream = true }, `"stream":true`},
	"Extra of the same dialect": {func(r *llm.Request) {
		r.Extra = []llm.Extra{{Dialect: llm.Messages, Name: "container", Raw: json.RawMessage(`"c"`)}, {Dialect: llm.Messages, Name: "output_config.task_budget", Raw: json.RawMessage(`{"n":1e2}`)}}
	}, `"output_config":{"task_budget":{"n":1e2}},"container":"c"}`},
	"Extra of another dialect": {func(r *llm.Request) {
		r.Extra = []llm.Extra{{Dialect: llm.ChatCompletions, Name: "verbosity", Raw: json.RawMessage(`"low"`)}}
	}, `verbosity`},
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
	for _, row := range messages.Ladder {
		rows[row.Field] = true
		c, ok := rungs[row.Field]
		if !ok {
			t.Errorf("%s: no test", row.Field)
			continue
		}
		req := &llm.Request{Model: "m", Messages: []llm.Message{text(llm.RoleUser, "hi")}}
		c.set(req)
		body, notices, err := messages.EncodeRequest(req, messages.Options{Target: origin})
		again, _, _ := messages.EncodeRequest(req, messages.Options{Target: origin})
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
