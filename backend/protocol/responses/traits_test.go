package responses_test

import (
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
