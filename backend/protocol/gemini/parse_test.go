package gemini_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/gemini"
)

func renderMessages(req *llm.Request) string {
	var lines []string
	for _, m := range req.Messages {
		for _, p := range m.Parts {
			lines = append(lines, string(m.Role)+" "+renderPart(p))
		}
	}
	return strings.Join(lines, "\n")
}

func decode(t *testing.T, body string) *llm.Request {
	t.Helper()
	req, err := gemini.DecodeRequest([]byte(body), "m", false)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return req
}

func TestDecodeRequest(t *testing.T) {
	req := decode(t, `{"system_instruction":{"parts":[{"text":"sys"}]},"contents":[{"parts":[{"text":"hi"},{"inline_data":{"mime_type":"image/png","data":"aQ=="}},{"fileData":{"fileUri":"gs://x","mimeType":"video/mp4"}}]}],
		"tools":[{"function_declarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT","properties":{"a":{"type":"STRING"}}}},{"name":"g","parametersJsonSchema":{"z":1.0}}]},{"googleSearch":{}}],
		"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]},"retrievalConfig":{"a":1}},
		"generationConfig":{"temperature":0.5,"topP":0.25,"topK":40,"max_output_tokens":"100","stopSequences":["x"],"seed":7,"presencePenalty":1,"frequencyPenalty":2,"candidateCount":1,"responseMimeType":"application/json","responseSchema":{"type":"OBJECT"},"thinkingConfig":{"thinkingBudget":2048,"includeThoughts":true},"responseModalities":["TEXT"]},
		"safetySettings":[{"category":"X"}],"cachedContent":"c","serviceTier":"FLEX"}`)
	got := fmt.Sprintf("%s\n%g %g %d %d %q %d %g %g\nformat %s\n%s %d %s\nchoice %+v\ntier %s", renderMessages(req), *req.Temperature, *req.TopP, *req.TopK,
		*req.MaxOutputTokens, req.Stop, *req.Seed, *req.PresencePenalty, *req.FrequencyPenalty, req.Format.Schema,
		req.Reasoning.Effort, *req.Reasoning.Budget, req.Reasoning.Summary, *req.ToolChoice, req.ServiceTier)
	for _, tool := range req.Tools {
		got += fmt.Sprintf("\ntool %s %q %s", tool.Name, tool.Description, tool.InputSchema)
		if tool.Own != nil {
			got += string(tool.Own.Raw)
		}
	}
	for _, x := range req.Extra {
		got += fmt.Sprintf("\nextra %s %s", x.Name, x.Raw)
	}
	want := `system Text "sys"
user Text "hi"
user Media "image/png" "i" ""
user Media "video/mp4" "" "gs://x"
0.5 0.25 40 100 ["x"] 7 1 2
format {"type":"object"}
 2048 auto
choice {Mode:named Name:f NoParallel:false}
tier flex
tool f "d" {"type":"object","properties":{"a":{"type":"string"}}}
tool g "" {"z":1.0}
tool googleSearch "" {"googleSearch":{}}
extra toolConfig.retrievalConfig {"a":1}
extra generationConfig.responseModalities ["TEXT"]
extra safetySettings [{"category":"X"}]
extra cachedContent "c"`
	if got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

// Case 6: calls without ids get stable ones, and results find them by name and order.
func TestCase06CallIDs(t *testing.T) {
	first := `{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1.0}}},{"functionCall":{"name":"g"}},{"functionCall":{"name":"f","args":{"a":2}}}]}`
	results := `,{"role":"user","parts":[{"functionResponse":{"name":"g","response":{"output":"G"}}},{"functionResponse":{"name":"f","response":{"x":1.0}}},{"functionResponse":{"name":"f","response":{"error":"bad"}}}]}`
	short := decode(t, `{"contents":[`+first+`]}`)
	long := decode(t, `{"contents":[`+first+results+`,{"role":"model","parts":[{"functionCall":{"name":"f"}}]}]}`)
	if a, b := renderMessages(short), renderMessages(long); !strings.HasPrefix(b, a) {
		t.Errorf("the ids change as the conversation grows:\n%s\n%s", a, b)
	}
	var ids []string
	for _, m := range long.Messages {
		for _, p := range m.Parts {
			if c, ok := p.(llm.ToolCall); ok {
				ids = append(ids, c.ID)
			}
		}
	}
	want := fmt.Sprintf(`user Text "go"
assistant ToolCall %q "f" {"a":1.0} signature="" origin={"" ""}
assistant ToolCall %q "g" {} signature="" origin={"" ""}
assistant ToolCall %q "f" {"a":2} signature="" origin={"" ""}
tool ToolResult %q "g" error=false [Text "G"]
tool ToolResult %q "f" error=false [Text "{\"x\":1.0}"]
tool ToolResult %q "f" error=true [Text "bad"]
assistant ToolCall %q "f" {} signature="" origin={"" ""}`, ids[0], ids[1], ids[2], ids[1], ids[0], ids[2], ids[3])
	if got := renderMessages(long); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
	own := renderMessages(decode(t, `{"contents":[{"role":"model","parts":[{"functionCall":{"id":"x","name":"f"}},{"functionCall":{"id":"x","name":"f"}},{"functionCall":{"id":"y","name":"f"}}]},
		{"parts":[{"functionResponse":{"id":"y","name":"f","response":{"result":"Y"}}},{"functionResponse":{"name":"f","response":{"result":"X"}}},{"functionResponse":{"id":"x","name":"f","response":{"result":"X2"}}},{"functionResponse":{"id":"lost","name":"f"}}]}]}`))
	for _, part := range []string{`ToolResult "y" "f" error=false [Text "Y"]`, `ToolResult "x" "f" error=false [Text "X"]`, `ToolResult "lost" "f"`} {
		if !strings.Contains(own, part) {
			t.Errorf("no %s in:\n%s", part, own)
		}
	}
	if strings.Count(own, `ToolCall "x"`) != 1 {
		t.Errorf("an id twice:\n%s", own)
	}
}

// Clients that stream keep each piece as a content of its own; signatures close what they stand on.
func TestDecodeRequestJoinsPieces(t *testing.T) {
	seal := func(r llm.Reasoning) string {
		out, err := gemini.EncodeResponse([]llm.Event{
			llm.MessageStart{}, llm.PartStart{Part: r}, llm.PartEnd{}, llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishStop}},
		}, gemini.AnswerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var v struct {
			Candidates []struct {
				Content struct {
					Parts []struct{ ThoughtSignature string }
				}
			}
		}
		if err := json.Unmarshal(out, &v); err != nil {
			t.Fatal(err)
		}
		return v.Candidates[0].Content.Parts[0].ThoughtSignature
	}
	claude := llm.Origin{Provider: "anthropic", Model: "claude"}
	tagged := seal(llm.Reasoning{Signature: "SIG", Opaque: json.RawMessage(`{"o":1}`), Origin: claude})
	got := renderMessages(decode(t, `{"contents":[{"role":"user","parts":[{"text":"hi"}]},
		{"role":"model","parts":[{"text":"th","thought":true}]},{"role":"model","parts":[{"text":"ink","thought":true}]},
		{"role":"model","parts":[{"text":"","thought":true,"thoughtSignature":"`+tagged+`"}]},
		{"role":"model","parts":[{"text":"more","thought":true}]},
		{"role":"model","parts":[{"text":"Hel"}]},{"role":"model","parts":[{"text":"lo"}]},{"role":"model","parts":[{"text":""}]},
		{"role":"model","parts":[{"text":"!","thoughtSignature":"cmF3"},{"text":"next","thoughtSignature":"skip_thought_signature_validator"}]},
		{"role":"model","parts":[{"text":"","thought":true,"thoughtSignature":"ghr1ZGFtYWdlZA=="}]},
		{"role":"model","parts":[{"executableCode":{"code":"1"}}]}]}`))
	want := `user Text "hi"
assistant Reasoning "think" signature="SIG" opaque={"o":1} origin={"anthropic" "claude"}
assistant Reasoning "more" signature="" opaque= origin={"" ""}
assistant Text "Hello!"
assistant Reasoning "" signature="cmF3" opaque= origin={"" ""}
assistant Text "next"
assistant Opaque {"executableCode":{"code":"1"}}`
	if got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

func TestDecodeRequestChoices(t *testing.T) {
	tools := `"contents":"hi","tools":[{"functionDeclarations":[{"name":"a"},{"name":"b"},{"name":"c"}]}],"toolConfig":{"functionCallingConfig":`
	for in, want := range map[string]string{
		`{"mode":"AUTO"}`: "auto  3", `{"mode":"NONE","allowedFunctionNames":["a"]}`: "none  3", `{"mode":"any"}`: "required  3",
		`{"mode":"ANY","allowed_function_names":["a","c"]}`: "required  2", `{"mode":"VALIDATED"}`: "auto  3",
	} {
		req := decode(t, `{`+tools+in+`}}`)
		if got := fmt.Sprintf("%s %s %d", req.ToolChoice.Mode, req.ToolChoice.Name, len(req.Tools)); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
	for in, want := range map[string]string{
		`{"thinkingLevel":"HIGH"}`: "&{high <nil> false }", `{"thinkingBudget":0}`: "&{none <nil> false }",
		`{"thinkingBudget":-1,"includeThoughts":true}`: "&{ <nil> true auto}", `{}`: "<nil>",
	} {
		req := decode(t, `{"contents":[],"generationConfig":{"thinkingConfig":`+in+`}}`)
		if got := fmt.Sprint(req.Reasoning); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	for body, field := range map[string]string{
		`{`: "JSON", `[]`: "JSON", `{}`: "contents", `{"contents":3}`: "contents", `{"contents":[3]}`: "contents[0]",
		`{"contents":[{"role":"bot","parts":[]}]}`:                                       "contents[0].role",
		`{"contents":[{"parts":[{"text":"a"},3]}]}`:                                      "contents[0].parts[1]",
		`{"contents":[{"parts":[{"inlineData":{"data":"!"}}]}]}`:                         "contents[0].parts[0]",
		`{"contents":[{"role":"model","parts":[{"functionCall":{}}]}]}`:                  "functionCall",
		`{"contents":[{"parts":[{"functionResponse":{}}]}]}`:                             "functionResponse",
		`{"contents":[],"tools":[{"functionDeclarations":[{}]}]}`:                        "functionDeclarations",
		`{"contents":[],"toolConfig":{"functionCallingConfig":{"mode":"MAYBE"}}}`:        "functionCallingConfig.mode",
		`{"contents":[],"generationConfig":{"candidateCount":2}}`:                        "candidateCount",
		`{"contents":[],"generationConfig":{"topK":1.5}}`:                                "topK",
		`{"contents":[],"generationConfig":{"temperature":"hot"}}`:                       "temperature",
		`{"contents":[],"generationConfig":{"responseMimeType":"text/x.enum"}}`:          "responseMimeType",
		`{"contents":[],"systemInstruction":{"parts":[{"inlineData":{"data":"aQ=="}}]}}`: "systemInstruction",
		`{"contents":[],"generationConfig":3}`:                                           "generationConfig",
	} {
		_, err := gemini.DecodeRequest([]byte(body), "m", false)
		if err == nil || llm.AsError(err).Kind != llm.ErrBadRequest || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// Decoded and encoded again in the same dialect, a request keeps its meaning.
func TestRequestRoundTrip(t *testing.T) {
	for _, body := range []string{
		`{"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"hi"},{"inlineData":{"mimeType":"image/png","data":"aQ=="}}]},{"role":"model","parts":[{"functionCall":{"id":"1","name":"f","args":{"z":1.50,"a":"<"}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"2","name":"f","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"result":"x"}}},{"functionResponse":{"id":"2","name":"f","response":{"error":"no"}}}]},{"role":"model","parts":[{"executableCode":{"code":"1"}},{"text":"ok"}]},{"role":"user","parts":[{"text":"more"}]}],"tools":[{"googleSearch":{}},{"functionDeclarations":[{"name":"f","description":"d","parametersJsonSchema":{"type":"object","properties":{}}}]}],"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}},"generationConfig":{"temperature":1,"topP":0.5,"topK":3,"maxOutputTokens":9,"stopSequences":["x"],"seed":4,"presencePenalty":0.5,"frequencyPenalty":0.25,"responseMimeType":"application/json","responseJsonSchema":{"type":"object"},"thinkingConfig":{"includeThoughts":true,"thinkingLevel":"LOW"},"responseModalities":["TEXT"]},"serviceTier":"flex","safetySettings":[],"labels":{"a":"b"}}`,
	} {
		req, err := gemini.DecodeRequest([]byte(body), three.Model, true)
		if err != nil {
			t.Fatal(err)
		}
		out, notices, err := gemini.EncodeRequest(req, gemini.Options{Target: three})
		if err != nil {
			t.Fatal(err, notices)
		}
		// The stand-in is wanted in the current turn only, and this call's turn is over.
		want := strings.Replace(body, `,"thoughtSignature":"skip_thought_signature_validator"`, "", 1)
		if string(out) != want {
			t.Errorf("%s\nwant:\n%s", out, want)
		}
	}
}

// What one of our answers gave a client to echo goes back to its origin as it was.
func TestAnswerRoundTrip(t *testing.T) {
	events := []llm.Event{
		llm.MessageStart{ID: "r", Model: three.Model},
		llm.PartStart{Index: 0, Part: llm.Reasoning{Origin: three}},
		llm.PartDelta{Index: 0, Text: "th"},
		llm.PartDelta{Index: 0, Text: "ink"},
		llm.PartDelta{Index: 0, Signature: "czE="},
		llm.PartEnd{Index: 0},
		llm.PartStart{Index: 1, Part: llm.Text{}},
		llm.PartDelta{Index: 1, Text: "I "},
		llm.PartDelta{Index: 1, Text: "see"},
		llm.PartEnd{Index: 1},
		llm.PartStart{Index: 2, Part: llm.ToolCall{ID: "1", Name: "f", Signature: "czI=", Origin: three}},
		llm.PartDelta{Index: 2, Input: `{"a":`},
		llm.PartDelta{Index: 2, Input: `1.0}`},
		llm.PartEnd{Index: 2},
		llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishToolCalls}},
	}
	e := gemini.NewEncoder(gemini.AnswerOptions{})
	history := []string{`{"role":"user","parts":[{"text":"hi"}]}`}
	for _, ev := range events {
		for line := range strings.Lines(string(e.Encode(ev))) {
			if data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: "); ok {
				var v struct {
					Candidates []struct{ Content json.RawMessage }
				}
				if err := json.Unmarshal([]byte(data), &v); err != nil {
					t.Fatal(err)
				}
				history = append(history, string(v.Candidates[0].Content))
			}
		}
	}
	req := decode(t, `{"contents":[`+strings.Join(history, ",")+`,{"parts":[{"functionResponse":{"id":"1","name":"f","response":{"result":"x"}}}]}]}`)
	got, _, err := gemini.EncodeRequest(req, gemini.Options{Target: three})
	want := `{"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"text":"think","thought":true,"thoughtSignature":"czE="},` +
		`{"text":"I see"},{"functionCall":{"id":"1","name":"f","args":{"a":1.0}},"thoughtSignature":"czI="}]},` +
		`{"role":"user","parts":[{"functionResponse":{"id":"1","name":"f","response":{"result":"x"}}}]}]}`
	if err != nil || string(got) != want {
		t.Errorf("%s %v\nwant:\n%s", got, err, want)
	}
	// Case 32: another model does not get them.
	req.Model = ""
	other, _, err := gemini.EncodeRequest(req, gemini.Options{Target: two5})
	if err != nil || strings.Contains(string(other), "thoughtSignature") || strings.Contains(string(other), "think") {
		t.Errorf("%s %v", other, err)
	}
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add(`{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}},{"text":"x","thought":true,"thoughtSignature":"ghr1AA=="}]},{"parts":[{"functionResponse":{"name":"f"}}]}]}`)
	f.Add(`{"contents":"hi","tools":[{"functionDeclarations":[{"name":"1","parameters":{"type":"OBJECT","any_of":[{}]}}]}],"generationConfig":{"thinkingConfig":{"thinkingBudget":"5"}}}`)
	f.Add(`{"contents":[{"parts":{"inlineData":{"mimeType":"image/png","data":"aQ"}}}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["a","b"]}}}`)
	f.Fuzz(func(t *testing.T, body string) {
		req, err := gemini.DecodeRequest([]byte(body), "gemini-2.0-flash", false)
		if err != nil {
			if llm.AsError(err).Kind != llm.ErrBadRequest {
				t.Error(err)
			}
			return
		}
		out, _, err := gemini.EncodeRequest(req, gemini.Options{Target: two0})
		if err != nil {
			if llm.AsError(err).Kind != llm.ErrBadRequest {
				t.Error(err)
			}
			return
		}
		if !json.Valid(out) {
			t.Fatalf("%s", out)
		}
		if _, err := gemini.DecodeRequest(out, "m", false); err != nil {
			t.Errorf("its own request is refused: %v\n%s", err, out)
		}
	})
}
