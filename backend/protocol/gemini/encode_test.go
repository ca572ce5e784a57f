package gemini_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/gemini"
)

func say(role llm.Role, s string) llm.Message {
	return llm.Message{Role: role, Parts: []llm.Part{llm.Text{Text: s}}}
}

func assistant(parts ...llm.Part) llm.Message {
	return llm.Message{Role: llm.RoleAssistant, Parts: parts}
}

func result(id string, parts ...llm.Part) llm.Message {
	return llm.Message{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: id, Parts: parts}}}
}

func call(id, name, input string) llm.ToolCall {
	return llm.ToolCall{ID: id, Name: name, Input: json.RawMessage(input)}
}

var (
	three  = llm.Origin{Provider: "google", Model: "gemini-3-pro-preview"}
	two5   = llm.Origin{Provider: "google", Model: "gemini-2.5-flash"}
	two0   = llm.Origin{Provider: "google", Model: "gemini-2.0-flash"}
	gemma  = llm.Origin{Provider: "google", Model: "gemma-3-27b-it"}
	user   = say(llm.RoleUser, "hi")
	hi     = `"contents":[{"role":"user","parts":[{"text":"hi"}]}]`
	object = json.RawMessage(`{"type":"object","properties":{"z":{"const":"a"},"a":{"type":["string","null"]}},"$schema":"x"}`)
)

func TestEncodeRequest(t *testing.T) {
	for _, c := range []struct {
		name    string
		req     llm.Request
		to      llm.Origin
		want    string
		notices int
	}{
		{"smallest", llm.Request{Messages: []llm.Message{user}, Stream: true}, two5, hi, 0},
		{
			"all settings",
			llm.Request{
				Messages: []llm.Message{user}, MaxOutputTokens: new(int64(7)), Temperature: new(2.5), TopP: new(0.5),
				TopK: new(int64(4)), Seed: new(int64(1 << 40)), Stop: []string{"<"}, PresencePenalty: new(0.5),
				FrequencyPenalty: new(0.25), ServiceTier: "flex",
			},
			three,
			hi + `,"generationConfig":{"temperature":2,"topP":0.5,"topK":4,"maxOutputTokens":7,"stopSequences":["<"],` +
				`"presencePenalty":0.5,"frequencyPenalty":0.25},"serviceTier":"flex"`, 2,
		},
		{
			"penalties that the model refuses",
			llm.Request{Messages: []llm.Message{user}, PresencePenalty: new(0.5), FrequencyPenalty: new(0.25), ServiceTier: "scale"},
			two5, hi, 3,
		},
		{
			"case 19: system first and later",
			llm.Request{Messages: []llm.Message{
				say(llm.RoleSystem, "a"), say(llm.RoleSystem, "b"), user, say(llm.RoleAssistant, "yes"), say(llm.RoleSystem, "c"), user,
			}},
			two5,
			`"systemInstruction":{"parts":[{"text":"a"},{"text":"b"}]},"contents":[{"role":"user","parts":[{"text":"hi"}]},` +
				`{"role":"model","parts":[{"text":"yes"}]},{"role":"user","parts":[{"text":"<system>\nc\n</system>"},{"text":"hi"}]}]`, 0,
		},
		{
			"a model without system texts",
			llm.Request{Messages: []llm.Message{say(llm.RoleSystem, "a"), user}},
			gemma,
			`"contents":[{"role":"user","parts":[{"text":"a"},{"text":"hi"}]}]`, 0,
		},
		{
			"assistant first, empty texts",
			llm.Request{Messages: []llm.Message{say(llm.RoleAssistant, "a"), say(llm.RoleUser, ""), user, user}},
			two5,
			`"contents":[{"role":"user","parts":[{"text":"(The conversation starts with your answer.)"}]},` +
				`{"role":"model","parts":[{"text":"a"}]},{"role":"user","parts":[{"text":"hi"},{"text":"hi"}]}]`, 1,
		},
		{
			"tools with JSON schema",
			llm.Request{
				Messages: []llm.Message{user}, Tools: []llm.Tool{{Name: "f", Description: "<d>", InputSchema: object}, {Name: "g"}},
				ToolChoice: &llm.ToolChoice{Mode: llm.ToolNamed, Name: "f", NoParallel: true},
			},
			two5,
			hi + `,"tools":[{"functionDeclarations":[{"name":"f","description":"<d>","parametersJsonSchema":{"type":"object",` +
				`"properties":{"z":{"enum":["a"]},"a":{"type":["string","null"]}},"$schema":"x"}},{"name":"g"}]}],` +
				`"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}}`, 1,
		},
		{
			"case 37: tools with the subset",
			llm.Request{
				Messages: []llm.Message{user}, Tools: []llm.Tool{{Name: "f", InputSchema: object}},
				ToolChoice: &llm.ToolChoice{Mode: llm.ToolRequired},
			},
			two0,
			hi + `,"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"object","properties":{"z":{"type":"string","enum":["a"]},` +
				`"a":{"type":"string","nullable":true}}}}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}`, 0,
		},
		{
			"case 36: no toolConfig without functions",
			llm.Request{
				Messages: []llm.Message{user}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolAuto},
				Tools: []llm.Tool{{Own: &llm.Opaque{Dialect: llm.Gemini, Raw: json.RawMessage(`{"googleSearch":{}}`)}}},
			},
			two5, hi + `,"tools":[{"googleSearch":{}}]`, 0,
		},
		{
			"case 52: names",
			llm.Request{
				Messages: []llm.Message{user, assistant(call("1", "mcp__a.b/c", "{}")), result("1", llm.Text{Text: "ok"})},
				Tools:    []llm.Tool{{Name: "1st"}, {Name: "mcp__a.b/c"}},
			},
			two5,
			`"contents":[{"role":"user","parts":[{"text":"hi"}]},` +
				`{"role":"model","parts":[{"functionCall":{"name":"mcp__a_b_c_08710077","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"name":"mcp__a_b_c_08710077","response":{"result":"ok"}}}]}],` +
				`"tools":[{"functionDeclarations":[{"name":"_1st"},{"name":"mcp__a_b_c_08710077"}]}]`, 0,
		},
		{
			"case 39: a free-form tool",
			llm.Request{
				Messages: []llm.Message{
					user, assistant(llm.ToolCall{ID: "1", Name: "patch", Input: json.RawMessage(`"*** a"`), Freeform: true}),
					result("1", llm.Text{Text: "ok"}),
				},
				Tools: []llm.Tool{{Name: "patch", Freeform: json.RawMessage(`{}`)}},
			},
			two5,
			`"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"name":"patch",` +
				`"args":{"input":"*** a"}}}]},{"role":"user","parts":[{"functionResponse":{"name":"patch","response":{"result":"ok"}}}]}],` +
				`"tools":[{"functionDeclarations":[{"name":"patch","parametersJsonSchema":{"type":"object","properties":{"input":` +
				`{"type":"string"}},"required":["input"],"additionalProperties":false}}]}]`, 0,
		},
		{
			"case 6: parallel calls of separate messages, results out of order",
			llm.Request{Messages: []llm.Message{
				user, assistant(call("a", "f", `{"n":1.0}`)), assistant(call("b", "f", "")),
				result("b", llm.Text{Text: "B"}), say(llm.RoleUser, "and?"), result("a", llm.Text{Text: "A"}),
			}},
			two5,
			`"contents":[{"role":"user","parts":[{"text":"hi"}]},` +
				`{"role":"model","parts":[{"functionCall":{"name":"f","args":{"n":1.0}}},{"functionCall":{"name":"f","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"result":"A"}}},` +
				`{"functionResponse":{"name":"f","response":{"result":"B"}}},{"text":"and?"}]}]`, 0,
		},
		{
			"case 48: orphans and failures",
			llm.Request{Messages: []llm.Message{
				user, assistant(call("a", "f", "[1]"), call("b", "f", "{")),
				{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "a", IsError: true, Parts: []llm.Part{llm.Text{Text: "no"}}}}},
				result("x", llm.Text{Text: "lost"}),
			}},
			two5,
			`"contents":[{"role":"user","parts":[{"text":"hi"}]},` +
				`{"role":"model","parts":[{"functionCall":{"name":"f","args":{"value":[1]}}},{"functionCall":{"name":"f","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"error":"no"}}},` +
				`{"functionResponse":{"name":"f","response":{"error":"(The tool gave no result.)"}}},` +
				`{"text":"(The result of a tool call that is not part of this conversation:)"},{"text":"lost"}]}]`, 3,
		},
		{
			"results that are objects",
			llm.Request{Messages: []llm.Message{
				user, assistant(call("a", "f", ""), call("b", "f", ""), call("c", "f", ""), call("d", "f", "")),
				result("a", llm.Text{Text: `{"b":1,"a":2}`}), result("b", llm.Text{Text: `{"error":null}`}),
				result("c", llm.Text{Text: `{"id":12345678901234567}`}), result("d"),
			}},
			two0,
			`"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}},` +
				`{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"f","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"b":1,"a":2}}},` +
				`{"functionResponse":{"name":"f","response":{"result":"{\"error\":null}"}}},` +
				`{"functionResponse":{"name":"f","response":{"result":"{\"id\":12345678901234567}"}}},` +
				`{"functionResponse":{"name":"f","response":{"result":""}}}]}]`, 0,
		},
		{
			"case 38: its own signatures, and the stand-in in the current turn only",
			llm.Request{Messages: []llm.Message{
				user, assistant(call("old", "f", "")), result("old", llm.Text{Text: "x"}), say(llm.RoleAssistant, "done"),
				say(llm.RoleUser, "again"),
				assistant(llm.ToolCall{ID: "a", Name: "f", Signature: "c2ln", Origin: three}, call("b", "f", "")),
				result("a", llm.Text{Text: "x"}), result("b", llm.Text{Text: "x"}),
				assistant(llm.ToolCall{ID: "c", Name: "f", Signature: "b3Ro", Origin: two5}, call("d", "f", "")),
				result("c", llm.Text{Text: "x"}), result("d", llm.Text{Text: "x"}),
			}},
			three,
			`"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"id":"old","name":"f","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"old","name":"f","response":{"result":"x"}}}]},` +
				`{"role":"model","parts":[{"text":"done"}]},{"role":"user","parts":[{"text":"again"}]},` +
				`{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"c2ln"},{"functionCall":{"id":"b","name":"f","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"result":"x"}}},{"functionResponse":{"id":"b","name":"f","response":{"result":"x"}}}]},` +
				`{"role":"model","parts":[{"functionCall":{"id":"c","name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"d","name":"f","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"c","name":"f","response":{"result":"x"}}},{"functionResponse":{"id":"d","name":"f","response":{"result":"x"}}}]}]`, 1,
		},
		{
			"case 32: reasoning goes to its origin only",
			llm.Request{Messages: []llm.Message{
				user,
				assistant(llm.Reasoning{Text: "hm", Signature: "czE=", Origin: three}, llm.Text{Text: "yes"},
					llm.Reasoning{Signature: "czI=", Origin: three}, llm.Reasoning{Signature: "czM=", Origin: three},
					llm.Reasoning{Text: "x", Signature: "other", Origin: two5}, llm.Reasoning{Text: "x", Signature: "raw"}),
				user,
				assistant(llm.Media{MediaType: "image/png", Data: []byte("i")}, llm.Reasoning{Signature: "czQ=", Origin: three}),
				user,
				assistant(llm.Reasoning{Text: "only", Signature: "other", Origin: two5}),
				user,
			}},
			three,
			`"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"text":"hm","thought":true,"thoughtSignature":"czE="},` +
				`{"text":"yes","thoughtSignature":"czI="},{"text":"","thoughtSignature":"czM="}]},{"role":"user","parts":[{"text":"hi"}]},` +
				`{"role":"model","parts":[{"inlineData":{"mimeType":"image/png","data":"aQ=="},"thoughtSignature":"czQ="}]},` +
				`{"role":"user","parts":[{"text":"hi"},{"text":"hi"}]}]`, 1,
		},
		{
			"case 13: media in results, generation 3",
			llm.Request{Messages: []llm.Message{
				user, assistant(llm.ToolCall{ID: "a", Name: "f", Signature: "c2ln", Origin: three}),
				result("a", llm.Text{Text: "see"}, llm.Media{MediaType: "image/png", Data: []byte("i")}, llm.Media{MediaType: "audio/wav", Data: []byte("w")}),
			}},
			three,
			`"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"c2ln"}]},` +
				`{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"result":"see"},"parts":[{"inlineData":{"mimeType":"image/png","data":"aQ=="}}]}},` +
				`{"inlineData":{"mimeType":"audio/wav","data":"dw=="}}]}]`, 0,
		},
		{
			"case 13: media in results, before generation 3",
			llm.Request{Messages: []llm.Message{
				user, assistant(call("a", "f", ""), call("b", "f", "")),
				result("a", llm.Media{MediaType: "image/png", Data: []byte("i")}), result("b", llm.Text{Text: "x"}),
			}},
			two5,
			`"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}},{"functionCall":{"name":"f","args":{}}}]},` +
				`{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"result":"(The result is the media beside it.)"}}},` +
				`{"functionResponse":{"name":"f","response":{"result":"x"}}},{"inlineData":{"mimeType":"image/png","data":"aQ=="}}]}]`, 0,
		},
		{
			"media",
			llm.Request{Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{
				llm.Media{MediaType: "application/pdf", Data: []byte("%PDF")},
				llm.Media{URL: "gs://b/v.mp4", MediaType: "video/mp4"},
				llm.Media{FileID: "files/abc"},
				llm.Media{MediaType: "image/jpeg", Data: []byte("j"), Detail: "low"},
			}}}},
			two5,
			`"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"application/pdf","data":"JVBERg=="}},` +
				`{"fileData":{"mimeType":"video/mp4","fileUri":"gs://b/v.mp4"}},` +
				`{"fileData":{"fileUri":"https://generativelanguage.googleapis.com/v1beta/files/abc"}},` +
				`{"inlineData":{"mimeType":"image/jpeg","data":"ag=="}}]}]`, 1,
		},
		{
			"format with JSON schema",
			llm.Request{Messages: []llm.Message{user}, Format: &llm.Format{Schema: object}},
			two5,
			hi + `,"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":{"type":"object","properties":` +
				`{"z":{"enum":["a"]},"a":{"type":["string","null"]}},"$schema":"x"}}`, 0,
		},
		{
			"format with the subset",
			llm.Request{Messages: []llm.Message{user}, Format: &llm.Format{Schema: json.RawMessage(`{"type":"string"}`)}},
			two0,
			hi + `,"generationConfig":{"responseMimeType":"application/json","responseSchema":{"type":"string"}}`, 0,
		},
		{
			"format beside tools",
			llm.Request{Messages: []llm.Message{user}, Tools: []llm.Tool{{Name: "f"}}, Format: &llm.Format{Schema: json.RawMessage(`{}`)}},
			two5,
			`"systemInstruction":{"parts":[{"text":"When you give your final answer, it must be JSON only, with no other text and no code fence.` +
				` It must fit this JSON schema:\n{}"}]},` + hi + `,"tools":[{"functionDeclarations":[{"name":"f"}]}]`, 1,
		},
		{
			"extras of this dialect and of another",
			llm.Request{Messages: []llm.Message{user}, Extra: []llm.Extra{
				{Dialect: llm.Gemini, Name: "safetySettings", Raw: json.RawMessage(`[]`)},
				{Dialect: llm.Gemini, Name: "generationConfig.responseModalities", Raw: json.RawMessage(`["TEXT"]`)},
				{Dialect: llm.Gemini, Name: "toolConfig.retrievalConfig", Raw: json.RawMessage(`{}`)},
				{Dialect: llm.Messages, Name: "container", Raw: json.RawMessage(`{}`)},
			}},
			two5, hi + `,"toolConfig":{"retrievalConfig":{}},"generationConfig":{"responseModalities":["TEXT"]},"safetySettings":[]`, 1,
		},
	} {
		c.req.Model = c.to.Model
		body, notices, err := gemini.EncodeRequest(&c.req, gemini.Options{Target: c.to})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := string(body); got != "{"+c.want+"}" {
			t.Errorf("%s:\n%s\nwant:\n{%s}", c.name, got, c.want)
		}
		if len(notices) != c.notices {
			t.Errorf("%s: notices %q", c.name, notices)
		}
		again, _, _ := gemini.EncodeRequest(&c.req, gemini.Options{Target: c.to})
		if !bytes.Equal(body, again) {
			t.Errorf("%s: case 34: the same request gives other bytes", c.name)
		}
	}
}

func TestEncodeRequestRefuses(t *testing.T) {
	for want, req := range map[string]llm.Request{
		"no message":     {Messages: []llm.Message{say(llm.RoleSystem, "a")}},
		"unknown role":   {Messages: []llm.Message{say("bot", "a")}},
		"stop sequences": {Messages: []llm.Message{user}, Stop: make([]string, 6)},
		"does not fetch": {Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{llm.Media{URL: "https://x.example/a.png?key=secret"}}}}},
		"another provi":  {Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{llm.Media{FileID: "file-1"}}}}},
		"image/gif":      {Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{llm.Media{MediaType: "image/gif", Data: []byte("x")}}}}},
		"demands a call": {Messages: []llm.Message{user}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolRequired}},
		"not valid JSON": {Messages: []llm.Message{user}, Tools: []llm.Tool{{Name: "f", InputSchema: json.RawMessage("{")}}},
	} {
		_, _, err := gemini.EncodeRequest(&req, gemini.Options{Target: two5})
		if err == nil || llm.AsError(err).Kind != llm.ErrBadRequest || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestThinking(t *testing.T) {
	const off = ""
	for _, c := range []struct {
		model   string
		r       llm.ReasoningConfig
		want    string
		notices int
	}{
		{"gemini-3-pro-preview", llm.ReasoningConfig{Effort: "high"}, `{"includeThoughts":true,"thinkingLevel":"HIGH"}`, 0},
		{"gemini-3-pro-preview", llm.ReasoningConfig{Effort: "medium"}, `{"includeThoughts":true,"thinkingLevel":"LOW"}`, 1},
		{"gemini-3-pro-preview", llm.ReasoningConfig{Effort: "none"}, `{"thinkingLevel":"LOW"}`, 1},
		{"gemini-3-pro-preview", llm.ReasoningConfig{Budget: new(int64(40_000))}, `{"includeThoughts":true,"thinkingLevel":"HIGH"}`, 1},
		{"gemini-3-pro-preview", llm.ReasoningConfig{Adaptive: true}, `{"includeThoughts":true}`, 0},
		{"gemini-3-flash-preview", llm.ReasoningConfig{Effort: "none"}, `{"thinkingLevel":"MINIMAL"}`, 1},
		{"models/gemini-3.1-flash-lite-preview", llm.ReasoningConfig{Effort: "max"}, `{"includeThoughts":true,"thinkingLevel":"HIGH"}`, 1},
		{"gemini-3.8-flash", llm.ReasoningConfig{Effort: "minimal"}, `{"includeThoughts":true,"thinkingLevel":"LOW"}`, 1},
		{"gemini-4-hydrogen", llm.ReasoningConfig{Effort: "max"}, `{"includeThoughts":true,"thinkingLevel":"XHIGH"}`, 1},
		{"gemini-9-new", llm.ReasoningConfig{Effort: "low"}, `{"includeThoughts":true,"thinkingLevel":"LOW"}`, 0},
		{"gemini-2.5-flash", llm.ReasoningConfig{Effort: "none"}, `{"thinkingBudget":0}`, 0},
		{"gemini-2.5-flash", llm.ReasoningConfig{Effort: "low"}, `{"includeThoughts":true,"thinkingBudget":6553}`, 0},
		{"gemini-2.5-flash", llm.ReasoningConfig{Budget: new(int64(90_000))}, `{"includeThoughts":true,"thinkingBudget":24576}`, 1},
		{"gemini-2.5-flash", llm.ReasoningConfig{Adaptive: true}, `{"includeThoughts":true,"thinkingBudget":-1}`, 0},
		{"gemini-2.5-pro", llm.ReasoningConfig{Effort: "none"}, `{"thinkingBudget":128}`, 1},
		{"gemini-2.5-pro", llm.ReasoningConfig{Effort: "high"}, `{"includeThoughts":true,"thinkingBudget":32768}`, 0},
		{"gemini-2.0-flash", llm.ReasoningConfig{Effort: "none"}, off, 0},
		{"gemini-2.0-flash", llm.ReasoningConfig{Effort: "high"}, off, 1},
	} {
		req := &llm.Request{Model: c.model, Messages: []llm.Message{user}, Reasoning: &c.r}
		body, notices, err := gemini.EncodeRequest(req, gemini.Options{})
		want := `{` + hi + `,"generationConfig":{"thinkingConfig":` + c.want + `}}`
		if c.want == off {
			want = `{` + hi + `}`
		}
		if err != nil || string(body) != want || len(notices) != c.notices {
			t.Errorf("%s %+v: %s %q %v", c.model, c.r, body, notices, err)
		}
	}
}

// The names in an answer are the caller's again, and free-form calls are free-form.
func TestRestore(t *testing.T) {
	req := &llm.Request{Tools: []llm.Tool{
		{Name: "1st"}, {Name: "a/b"}, {Name: "_1st"}, {Name: "patch", Freeform: json.RawMessage("{}")}, {Name: strings.Repeat("x", 80)},
	}, Messages: []llm.Message{user}, Model: "gemini-2.5-flash"}
	body, _, err := gemini.EncodeRequest(req, gemini.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var sent struct {
		Tools []struct {
			FunctionDeclarations []struct{ Name string }
		}
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, f := range sent.Tools[0].FunctionDeclarations {
		if seen[f.Name] || len(f.Name) > 64 || strings.ContainsAny(f.Name[:1], "0123456789-") || strings.Contains(f.Name, "/") {
			t.Errorf("name %q", f.Name)
		}
		seen[f.Name] = true
		answer := `{"candidates":[{"content":{"parts":[{"functionCall":{"id":"1","name":"` + f.Name + `","args":{"input":"x"}}}]},"finishReason":"STOP"}]}`
		var got []llm.Event
		for e, err := range gemini.Restore(req, gemini.DecodeStream(strings.NewReader("data: "+answer+"\n\n"))) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		start := got[1].(llm.PartStart).Part.(llm.ToolCall)
		if start.Name != req.Tools[i].Name || start.Freeform != (start.Name == "patch") {
			t.Errorf("%+v for %s", start, req.Tools[i].Name)
		}
		if input := got[2].(llm.PartDelta).Input; start.Freeform && input != `"x"` {
			t.Errorf("input %s", input)
		}
	}
}
