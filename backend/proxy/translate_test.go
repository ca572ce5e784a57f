package proxy

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
	"gatehouse/backend/provider/sim"
)

// client is a dialect as a client speaks it, with the requests that the matrix asks.
type client struct {
	name       string
	path       func(model string, stream bool) string
	header     func(model string, stream bool) http.Header
	text, tool string // bodies; MODEL, STREAM and TEXT are filled in
	// ends are what only a whole answer holds: streamed, not streamed, not streamed with a tool call.
	streamEnd, bodyEnd, toolEnd string
}

const parameters = `{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}`

func fixed(path string) func(string, bool) string { return func(string, bool) string { return path } }

func aisdkHeader(version string) func(string, bool) http.Header {
	return func(model string, stream bool) http.Header {
		h := http.Header{}
		h.Set("Ai-Language-Model-Specification-Version", version)
		h.Set("Ai-Language-Model-Id", model)
		h.Set("Ai-Language-Model-Streaming", fmt.Sprint(stream))
		return h
	}
}

var clients = []client{
	{
		name: "chat", path: fixed("/v1/chat/completions"),
		text:      `{"model":"MODEL","stream":STREAM,"stream_options":{"include_usage":true},"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"TEXT"}]}`,
		tool:      `{"model":"MODEL","stream":STREAM,"messages":[{"role":"user","content":"TEXT"}],"tools":[{"type":"function","function":{"name":"get_weather","parameters":` + parameters + `}}]}`,
		streamEnd: "data: [DONE]", bodyEnd: `"finish_reason":"stop"`, toolEnd: `"finish_reason":"tool_calls"`,
	},
	{
		name: "messages", path: fixed("/v1/messages"),
		text:      `{"model":"MODEL","stream":STREAM,"max_tokens":4000,"system":"be brief","messages":[{"role":"user","content":"TEXT"}]}`,
		tool:      `{"model":"MODEL","stream":STREAM,"max_tokens":4000,"messages":[{"role":"user","content":"TEXT"}],"tools":[{"name":"get_weather","input_schema":` + parameters + `}]}`,
		streamEnd: "event: message_stop", bodyEnd: `"stop_reason":"end_turn"`, toolEnd: `"stop_reason":"tool_use"`,
	},
	{
		name: "responses", path: fixed("/v1/responses"),
		text:      `{"model":"MODEL","stream":STREAM,"instructions":"be brief","input":"TEXT"}`,
		tool:      `{"model":"MODEL","stream":STREAM,"input":[{"role":"user","content":"TEXT"}],"tools":[{"type":"function","name":"get_weather","parameters":` + parameters + `}]}`,
		streamEnd: "event: response.completed", bodyEnd: `"status":"completed"`, toolEnd: `"type":"function_call"`,
	},
	{
		name: "gemini", path: func(model string, stream bool) string {
			if stream {
				return "/v1beta/models/" + model + ":streamGenerateContent?alt=sse"
			}
			return "/v1/models/" + model + ":generateContent"
		},
		text:      `{"systemInstruction":{"parts":[{"text":"be brief"}]},"contents":[{"role":"user","parts":[{"text":"TEXT"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}`,
		tool:      `{"contents":[{"role":"user","parts":[{"text":"TEXT"}]}],"tools":[{"functionDeclarations":[{"name":"get_weather","parametersJsonSchema":` + parameters + `}]}]}`,
		streamEnd: `"finishReason":"STOP"`, bodyEnd: `"finishReason":"STOP"`, toolEnd: `"functionCall"`,
	},
	{
		name: "ollama", path: fixed("/api/chat"),
		text:      `{"model":"MODEL","stream":STREAM,"think":true,"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"TEXT"}]}`,
		tool:      `{"model":"MODEL","stream":STREAM,"messages":[{"role":"user","content":"TEXT"}],"tools":[{"type":"function","function":{"name":"get_weather","parameters":` + parameters + `}}]}`,
		streamEnd: `"done":true,"done_reason":"stop"`, bodyEnd: `"done":true,"done_reason":"stop"`, toolEnd: `"tool_calls":[{"id":`,
	},
	{
		name: "ollama generate", path: fixed("/api/generate"),
		text:      `{"model":"MODEL","stream":STREAM,"system":"be brief","prompt":"TEXT"}`,
		streamEnd: `"done":true,"done_reason":"stop"`, bodyEnd: `"done":true,"done_reason":"stop"`,
	},
	{
		name: "ai-sdk 5", path: fixed("/v1/ai/language-model"), header: aisdkHeader("2"),
		text:      `{"prompt":[{"role":"system","content":"be brief"},{"role":"user","content":[{"type":"text","text":"TEXT"}]}]}`,
		tool:      `{"prompt":[{"role":"user","content":[{"type":"text","text":"TEXT"}]}],"tools":[{"type":"function","name":"get_weather","inputSchema":` + parameters + `}],"toolChoice":{"type":"auto"}}`,
		streamEnd: `"type":"finish","finishReason":"stop"`, bodyEnd: `"finishReason":"stop"`, toolEnd: `"finishReason":"tool-calls"`,
	},
	{
		name: "ai-sdk 6", path: fixed("/v3/ai/language-model"), header: aisdkHeader("3"),
		text:      `{"prompt":[{"role":"system","content":"be brief"},{"role":"user","content":[{"type":"text","text":"TEXT"}]}]}`,
		tool:      `{"prompt":[{"role":"user","content":[{"type":"text","text":"TEXT"}]}],"tools":[{"type":"function","name":"get_weather","inputSchema":` + parameters + `}],"toolChoice":{"type":"auto"}}`,
		streamEnd: `"unified":"stop"`, bodyEnd: `"unified":"stop"`, toolEnd: `"unified":"tool-calls"`,
	},
	{
		name: "ai-sdk 7", path: fixed("/v4/ai/language-model"), header: aisdkHeader("4"),
		text:      `{"prompt":[{"role":"system","content":"be brief"},{"role":"user","content":[{"type":"text","text":"TEXT"}]}]}`,
		tool:      `{"prompt":[{"role":"user","content":[{"type":"text","text":"TEXT"}]}],"tools":[{"type":"function","name":"get_weather","inputSchema":` + parameters + `}],"toolChoice":{"type":"auto"}}`,
		streamEnd: `"unified":"stop"`, bodyEnd: `"unified":"stop"`, toolEnd: `"unified":"tool-calls"`,
	},
}

func (c client) ask(d *door, body, model, text string, stream bool) (*http.Response, string) {
	body = strings.NewReplacer("MODEL", model, "STREAM", fmt.Sprint(stream), "TEXT", text).Replace(body)
	return d.post(c.path(model, stream), body, func(r *http.Request) {
		if c.header != nil {
			for name, values := range c.header(model, stream) {
				r.Header[name] = values
			}
		}
	})
}

// families are the providers that the matrix asks, one of each dialect.
var families = []string{"groq", "anthropic", "google", "openai"}

// simulators are providers that speak one dialect each, with the simulator behind them.
func simulators(t *testing.T) doorOptions {
	t.Helper()
	server := httptest.NewServer(sim.Handler(sim.Options{}))
	t.Cleanup(server.Close)
	return doorOptions{
		providers: map[string]provider.Override{
			"groq": {BaseURL: server.URL + "/v1"}, "anthropic": {BaseURL: server.URL}, "google": {BaseURL: server.URL}, "openai": {BaseURL: server.URL + "/v1"},
		},
		secrets: secrets{"groq": providerSecret, "anthropic": providerSecret, "google": providerSecret, "openai": providerSecret},
	}
}

// TestAnyClientToAnyProvider asks every client's question of providers that speak one dialect each, streamed and not:
// the text, the reasoning, the tool call and its arguments, the usage and the end of the answer must arrive.
func TestAnyClientToAnyProvider(t *testing.T) {
	d := openDoor(t, simulators(t))
	for _, c := range clients {
		for _, p := range families {
			for _, stream := range []bool{true, false} {
				name := fmt.Sprintf("%s to %s, stream %v", c.name, p, stream)
				end := c.bodyEnd
				if stream {
					end = c.streamEnd
				}
				for _, q := range []struct{ model, body, text, wants, end string }{
					{"echo", c.text, "a canary sings", "canary", end},
					{"think", c.text, "a canary thinks rate=0", "canary", end},
					{"tools", c.tool, "weather, please", "get_weather", ""},
				} {
					if q.body == "" { // it has no tools
						continue
					}
					resp, text := c.ask(d, q.body, p+"/"+q.model, q.text, stream)
					if resp.StatusCode != 200 || !strings.Contains(text, q.wants) || !strings.Contains(text, q.end) {
						t.Errorf("%s, %s: %d %.600s", name, q.model, resp.StatusCode, text)
						continue
					}
					if q.model == "tools" && !stream && (!strings.Contains(text, c.toolEnd) || !strings.Contains(text, "city")) {
						t.Errorf("%s: no whole tool call: %s", name, text)
					}
					if strings.Contains(text, providerSecret) {
						t.Errorf("%s: the credential is in the answer", name)
					}
					r := d.lastRecord()
					if r.Outcome != gateway.OK || r.InputTokens == nil || *r.InputTokens == 0 || r.OutputTokens == nil || *r.OutputTokens == 0 || r.Provider != p || len(r.Attempts) != 1 {
						t.Errorf("%s, %s: record %+v", name, q.model, r)
					}
					if stream && r.FirstTokenMs == nil {
						t.Errorf("%s, %s: no time to first token", name, q.model)
					}
				}
			}
		}
	}
}

// TestTranslatedErrors: what an upstream refuses comes in the client's own shape with its status, whatever the dialects.
func TestTranslatedErrors(t *testing.T) {
	d := openDoor(t, simulators(t))
	for _, c := range clients {
		for _, p := range families {
			for _, stream := range []bool{true, false} {
				resp, text := c.ask(d, c.text, p+"/down", "hello", stream)
				raw := c.name == "chat" && p == "groq" || c.name == "messages" && p == "anthropic"
				if resp.StatusCode != 503 && resp.StatusCode != 529 || !strings.Contains(text, `"error"`) {
					t.Errorf("%s to %s: %d %s", c.name, p, resp.StatusCode, text)
				}
				if resp.Header.Get("Retry-After") == "" {
					t.Errorf("%s to %s (raw %v): the Retry-After is lost", c.name, p, raw)
				}
				if r := d.lastRecord(); r.Outcome != gateway.Failed || len(r.Attempts) != 1 || r.Attempts[0].Status == 0 {
					t.Errorf("%s to %s: record %+v", c.name, p, r)
				}
				resp, text = c.ask(d, c.text, p+"/flaky", "hello fail=drop", stream)
				if r := d.lastRecord(); r.Outcome != gateway.Failed || strings.Contains(text, c.streamEnd) {
					t.Errorf("%s to %s: a dropped connection became %d %s, record %+v", c.name, p, resp.StatusCode, text, r)
				}
			}
		}
		resp, text := c.ask(d, `{"nonsense`, "groq/echo", "", false)
		if resp.StatusCode != 400 || !strings.Contains(text, `"error"`) {
			t.Errorf("%s, malformed: %d %s", c.name, resp.StatusCode, text)
		}
	}
}

// TestRawWhereItCanBe: a provider that speaks the client's dialect gets the bytes, Responses included.
func TestRawWhereItCanBe(t *testing.T) {
	server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"resp_1","object":"response","status":"completed","output":[],"usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":2},"output_tokens":3}}`)
	})
	d := openDoor(t, redirected("openai", server.URL+"/v1", providerSecret))
	body := `{"model":"openai/gpt","previous_response_id":"resp_0","input":"x","future":1.0}`
	resp, text := d.post("/v1/responses", body)
	sent, _, url := got.got()
	if resp.StatusCode != 200 || sent != strings.Replace(body, "openai/gpt", "gpt", 1) || url != "/v1/responses" {
		t.Errorf("%d %s, sent %s to %s", resp.StatusCode, text, sent, url)
	}
	r := d.lastRecord()
	if r.Outcome != gateway.OK || *r.InputTokens != 3 || *r.CacheReadTokens != 2 || *r.OutputTokens != 3 {
		t.Errorf("record %+v", r)
	}
	if resp, text := d.post("/v1/responses", strings.Replace(body, "openai/gpt", "sim/echo", 1)); resp.StatusCode != 400 || !strings.Contains(text, "previous_response_id") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// TestNoticesReachTheClient: what a target can't express is said, not dropped in silence.
func TestNoticesReachTheClient(t *testing.T) {
	d := openDoor(t, simulators(t))
	body := `{"model":"anthropic/echo","logit_bias":{"1":2},"seed":7,"messages":[{"role":"user","content":"hi"}]}`
	resp, text := d.post("/v1/chat/completions", body)
	if notices := resp.Header.Get("X-Gatehouse-Notices"); resp.StatusCode != 200 || !strings.Contains(notices, "seed") {
		t.Errorf("%d %s, notices %q", resp.StatusCode, text, notices)
	}
}

// TestModelSwitchAfterReasoning: a Messages client talks to a model behind Chat Completions, gets its reasoning as a thinking
// block that only we can read, and sends it back to Anthropic itself, which refuses every signature that is not its own.
func TestModelSwitchAfterReasoning(t *testing.T) {
	o := simulators(t)
	var sent []string
	strict, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body := r.Header.Get("X-Body")
		sent = append(sent, body)
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(body, "ghr1.") {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"type":"error","error":{"type":"invalid_request_error","message":"Invalid signature in thinking block"}}`)
			return
		}
		_, _ = io.WriteString(w, `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"switched"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`)
	})
	inner := strict.Config.Handler
	strict.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		check(t, err)
		r.Header.Set("X-Body", strings.ReplaceAll(string(body), "\n", " "))
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		inner.ServeHTTP(w, r)
	})
	o.providers["anthropic"] = provider.Override{BaseURL: strict.URL}
	d := openDoor(t, o)
	resp, first := d.post("/v1/messages", `{"model":"groq/think","max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"hi rate=0"}]}`)
	content := gjson.Get(first, "content").Raw
	if resp.StatusCode != 200 || !strings.Contains(content, "ghr1.") {
		t.Fatalf("%d %s", resp.StatusCode, first)
	}
	second := `{"model":"anthropic/m","max_tokens":4000,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":` + content + `},{"role":"user","content":"go on"}]}`
	resp, text := d.post("/v1/messages", second)
	if resp.StatusCode != 200 || !strings.Contains(text, "switched") {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	if len(sent) != 1 || strings.Contains(sent[0], "ghr1.") || strings.Contains(sent[0], `"thinking"`) || !strings.Contains(sent[0], "go on") {
		t.Errorf("sent %q", sent)
	}
	if r := d.lastRecord(); r.Outcome != gateway.OK || len(r.Attempts) != 1 {
		t.Errorf("record %+v", r)
	}
	// One that was damaged is not known for ours before it is refused.
	carrier := gjson.Get(content, "0.signature").Str
	damaged := strings.Replace(second, carrier, carrier[:len(carrier)-2], 1)
	resp, text = d.post("/v1/messages", damaged)
	if r := d.lastRecord(); resp.StatusCode != 200 || len(sent) != 3 || strings.Contains(sent[2], "ghr1.") || r.Outcome != gateway.OK || len(r.Attempts) != 2 {
		t.Errorf("%d %s, sent %q, record %+v", resp.StatusCode, text, sent, r)
	}
}

func TestAISDKConfig(t *testing.T) {
	d := openDoor(t, doorOptions{active: "sim/echo"})
	for path, literal := range map[string]string{"/v1/ai/config": "v2", "/v3/ai/config": "v3", "/v4/ai/config": "v4"} {
		resp, text := d.ask("GET", path, header("Authorization", "Bearer "+d.token))
		if resp.StatusCode != 200 || !strings.Contains(text, `"specificationVersion":"`+literal+`"`) || !strings.Contains(text, `"sim/echo"`) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}
