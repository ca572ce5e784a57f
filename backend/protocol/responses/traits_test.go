package responses_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/responses"
)

// TestModelsTakeWhatTheyTake: a model that does not reason is asked for no reasoning, one that does for no temperature,
// and tools have names that the API takes.
func TestModelsTakeWhatTheyTake(t *testing.T) {
	hot := 0.5
	req := &llm.Request{
		Messages:    []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: "hi"}}}},
		Temperature: &hot, Reasoning: &llm.ReasoningConfig{Effort: "low"}, ServiceTier: "standard_only",
		Tools: []llm.Tool{{Name: "mcp.look:at"}}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolNamed, Name: "mcp.look:at"},
	}
	for model, c := range map[string]struct{ has, not []string }{
		"openai/gpt-4.1": {[]string{`"temperature":0.5`, `"service_tier":"default"`}, []string{"reasoning", "mcp.look"}},
		"openai/gpt-5.4": {[]string{`"effort":"low"`, "reasoning.encrypted_content", `"name":"mcp_look_at_`}, []string{"temperature", "mcp.look"}},
	} {
		body, notices, err := responses.EncodeRequest(req, responses.OptionsFor(llm.Origin{Provider: "openai", Model: model}))
		if err != nil || len(notices) == 0 {
			t.Errorf("%s: %v %v", model, notices, err)
		}
		for _, s := range c.has {
			if !strings.Contains(string(body), s) {
				t.Errorf("%s: no %s in %s", model, s, body)
			}
		}
		for _, s := range c.not {
			if strings.Contains(string(body), s) {
				t.Errorf("%s: %s in %s", model, s, body)
			}
		}
	}
}

// TestFreeformAsAFunction: models without custom tools get a function in their place, in the list, the choice and the
// history.
func TestFreeformAsAFunction(t *testing.T) {
	req := &llm.Request{
		Tools:      []llm.Tool{{Name: "patch", Description: "Patches.", Freeform: json.RawMessage(`{"type":"text"}`)}},
		ToolChoice: &llm.ToolChoice{Mode: llm.ToolNamed, Name: "patch"},
		Messages: []llm.Message{
			{Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: "hi"}}},
			{Role: llm.RoleAssistant, Parts: []llm.Part{llm.ToolCall{ID: "c", Name: "patch", Freeform: true, Input: json.RawMessage(`"a\nb"`)}}},
			{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "c", Name: "patch", Parts: []llm.Part{llm.Text{Text: "ok"}}}}},
		},
	}
	for model, wants := range map[string][]string{
		"openai/gpt-5.4": {`{"type":"custom","name":"patch"`, `"tool_choice":{"type":"custom","name":"patch"}`, `"custom_tool_call","call_id":"c","name":"patch","input":"a\nb"`, `"custom_tool_call_output"`},
		"openai/o3":      {`{"type":"function","name":"patch"`, `"required":["input"]`, `"tool_choice":{"type":"function","name":"patch"}`, `"function_call","call_id":"c","name":"patch","arguments":"{\"input\":\"a\\nb\"}"`, `"function_call_output"`},
	} {
		body, _, err := responses.EncodeRequest(req, responses.OptionsFor(llm.Origin{Provider: "openai", Model: model}))
		for _, want := range wants {
			if err != nil || !strings.Contains(string(body), want) {
				t.Errorf("%s: %v, no %s in %s", model, err, want, body)
			}
		}
	}
}

// TestUntagged: a Responses client's own encrypted reasoning goes back only where it came from that server.
func TestUntagged(t *testing.T) {
	req := &llm.Request{Messages: []llm.Message{
		{Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: "hi"}}},
		{Role: llm.RoleAssistant, Parts: []llm.Part{llm.Reasoning{Signature: "gAAAAAB"}, llm.Text{Text: "ho"}}},
	}}
	for untagged, want := range map[bool]int{true: 1, false: 0} {
		body, _, err := responses.EncodeRequest(req, responses.Options{Target: llm.Origin{Provider: "openai", Model: "m"}, Untagged: untagged})
		if n := strings.Count(string(body), `"encrypted_content":"gAAAAAB"`); err != nil || n != want {
			t.Errorf("untagged %v: %v, %s", untagged, err, body)
		}
	}
}
