package chatcompletions_test

import (
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
)

// TestModelsThatSeeNothing: an image in the user's last words is refused, since it is what the answer is about; what came
// before, and what tools gave, is told of in words, so that a conversation may move to such a model.
func TestModelsThatSeeNothing(t *testing.T) {
	picture := llm.Media{Data: []byte("\x89PNG"), MediaType: "image/png", Filename: "a.png"}
	options := chatcompletions.OptionsFor(llm.Origin{Provider: "deepseek", Model: "deepseek/deepseek-v4"})
	words := func(parts ...llm.Part) llm.Message { return llm.Message{Role: llm.RoleUser, Parts: parts} }
	call := llm.Message{Role: llm.RoleAssistant, Parts: []llm.Part{llm.ToolCall{ID: "1", Name: "look"}}}
	result := llm.Message{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "1", Parts: []llm.Part{picture}}}}
	body, notices, err := chatcompletions.EncodeRequest(&llm.Request{Messages: []llm.Message{
		words(picture, llm.Text{Text: "what is it?"}), call, result,
	}}, options)
	if err != nil || len(notices) == 0 || strings.Contains(string(body), "image_url") || strings.Count(string(body), "[a.png: the model can't see it]") != 2 {
		t.Errorf("%s, %v, %v", body, notices, err)
	}
	_, _, err = chatcompletions.EncodeRequest(&llm.Request{Messages: []llm.Message{words(picture, llm.Text{Text: "and this?"})}}, options)
	if e := llm.AsError(err); e == nil || e.Kind != llm.ErrBadRequest || !strings.Contains(e.Message, "takes no images") {
		t.Errorf("%v", err)
	}
}

// TestMistralsOrder: between a tool's message and the user's there is one of the assistant's, and the system speaks first.
func TestMistralsOrder(t *testing.T) {
	say := func(role llm.Role, text string) llm.Message {
		return llm.Message{Role: role, Parts: []llm.Part{llm.Text{Text: text}}}
	}
	body, _, err := chatcompletions.EncodeRequest(&llm.Request{Messages: []llm.Message{
		say(llm.RoleUser, "hi"),
		{Role: llm.RoleAssistant, Parts: []llm.Part{llm.ToolCall{ID: "1", Name: "look", Input: []byte("{}")}}},
		{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "1", Parts: []llm.Part{llm.Text{Text: "a"}}}}},
		say(llm.RoleSystem, "late"), say(llm.RoleUser, "go"),
	}}, chatcompletions.OptionsFor(llm.Origin{Provider: "mistral", Model: "mistral/large"}))
	want := `{"role":"assistant","content":"(The tools have answered.)"},{"role":"user","content":"<system>\nlate\n</system>\n\ngo"}`
	if err != nil || !strings.Contains(string(body), want) || !strings.Contains(string(body), `"name":"look","tool_call_id"`) {
		t.Errorf("%s, %v", body, err)
	}
}

// TestRefusalsElsewhere: what only OpenAI knows as a refusal is what the assistant said, for the others.
func TestRefusalsElsewhere(t *testing.T) {
	req := &llm.Request{Messages: []llm.Message{
		{Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: "hi"}}},
		{Role: llm.RoleAssistant, Parts: []llm.Part{llm.Refusal{Text: "I can't."}}},
		{Role: llm.RoleUser, Parts: []llm.Part{llm.Text{Text: "go"}}},
	}}
	for provider, want := range map[string]string{
		"openai": `{"role":"assistant","content":null,"refusal":"I can't."}`, "groq": `{"role":"assistant","content":"I can't."}`, "my-lab": `{"role":"assistant","content":"I can't."}`,
	} {
		body, _, err := chatcompletions.EncodeRequest(req, chatcompletions.OptionsFor(llm.Origin{Provider: provider, Model: provider + "/m"}))
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %v", provider, body, err)
		}
	}
}
