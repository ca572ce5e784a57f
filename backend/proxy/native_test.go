package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
)

// TestGeminiRaw: a Gemini client's body goes to Google byte for byte, under the provider's model and with our key; what it
// asks for in the query is asked for, its own key is not passed on, and the answer comes back as it is.
func TestGeminiRaw(t *testing.T) {
	const object = `{"candidates":[{"content":{"parts":[{"text":"hi","futurePart":1}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":7,"cachedContentTokenCount":2,"candidatesTokenCount":3,"thoughtsTokenCount":4,"totalTokenCount":14},"modelVersion":"gemini-3-pro","responseId":"r1"}`
	for _, c := range []struct {
		path, url, mediaType, answer string
		status                       int
		outcome                      gateway.Outcome
	}{
		{"/v1beta/models/google/gemini-3-pro:generateContent?key=stolen", "/v1beta/models/gemini-3-pro:generateContent", "application/json; charset=UTF-8", object, 200, gateway.OK},
		{"/v1/models/google/gemini-3-pro:streamGenerateContent?alt=sse", "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", "text/event-stream", "data: " + object + "\r\n\r\n", 200, gateway.OK},
		{"/v1beta/models/google/gemini-3-pro:streamGenerateContent?alt=sse&key=stolen", "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", "text/event-stream", "data: " + object + "\r\n\r\n", 200, gateway.OK},
		{"/v1beta/models/google/gemini-3-pro:streamGenerateContent", "/v1beta/models/gemini-3-pro:streamGenerateContent", "application/json; charset=UTF-8", "[" + object + "\n]", 200, gateway.OK},
		{"/v1beta/models/google/gemini-3-pro:generateContent", "/v1beta/models/gemini-3-pro:generateContent", "application/json; charset=UTF-8", `{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17s"}]}}`, 429, gateway.Failed},
	} {
		server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Goog-Api-Key") != providerSecret || r.Header.Get("Authorization") != "" {
				t.Errorf("headers %v", r.Header)
			}
			w.Header().Set("Content-Type", c.mediaType)
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.answer)
		})
		d := openDoor(t, redirected("google", server.URL, providerSecret))
		body := "{ \"contents\": [{\"parts\":[{\"text\":\"x\",\"future\":1.0}]}],\n\"futureField\": {\"$\":\"\\u0041\"} }"
		resp, text := d.post(c.path, body)
		sent, _, url := got.got()
		if resp.StatusCode != c.status || text != c.answer || sent != body || url != c.url || resp.Header.Get("Content-Type") != c.mediaType {
			t.Errorf("%s: %d %s %q, sent %s to %s", c.path, resp.StatusCode, resp.Header.Get("Content-Type"), text, sent, url)
		}
		r := d.lastRecord()
		if r.Outcome != c.outcome || r.Provider != "google" || len(r.Attempts) != 1 {
			t.Errorf("%s: record %+v", c.path, r)
		}
		if c.outcome == gateway.OK && (*r.InputTokens != 5 || *r.CacheReadTokens != 2 || *r.OutputTokens != 7 || *r.ReasoningTokens != 4) {
			t.Errorf("%s: record %+v", c.path, r)
		}
	}
}

// TestGeminiRefusedKey: that the key is no good, which Google says with 400, is ours to say and not the client's fault.
func TestGeminiRefusedKey(t *testing.T) {
	server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}`)
	})
	d := openDoor(t, redirected("google", server.URL, providerSecret))
	for _, path := range []string{"/v1beta/models/google/gemini:generateContent", "/v1/chat/completions"} {
		resp, text := d.post(path, `{"model":"google/gemini","contents":[{"parts":[{"text":"x"}]}],"messages":[{"role":"user","content":"x"}]}`)
		if resp.StatusCode != 403 || !strings.Contains(text, "gatehouse credential test google") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}

// TestGeminiArray: a client that did not ask for events gets one JSON array, raw and translated alike.
func TestGeminiArray(t *testing.T) {
	d := openDoor(t, simulators(t))
	for _, p := range []string{"google", "anthropic", "groq"} {
		resp, text := d.post("/v1beta/models/"+p+"/think:streamGenerateContent", `{"contents":[{"parts":[{"text":"a canary rate=0"}]}]}`)
		objects := gjson.Parse(text).Array()
		if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") || !gjson.Valid(text) || len(objects) < 2 {
			t.Fatalf("%s: %d %v %s", p, resp.StatusCode, resp.Header, text)
		}
		answer := ""
		for _, o := range objects {
			answer += o.Get("candidates.0.content.parts.0.text").Str
		}
		if !strings.Contains(answer, "canary") || objects[len(objects)-1].Get("candidates.0.finishReason").Str != "STOP" {
			t.Errorf("%s: %s", p, text)
		}
		if r := d.lastRecord(); r.Outcome != gateway.OK || r.OutputTokens == nil || *r.OutputTokens == 0 {
			t.Errorf("%s: %+v", p, r)
		}
	}
}

// TestAISDKRaw: an AI SDK client's request goes to the hosted gateway in the AI SDK's own protocol, on the version's own
// path, with the model in its header.
func TestAISDKRaw(t *testing.T) {
	const answer = "data: {\"type\":\"stream-start\",\"warnings\":[]}\n\ndata: {\"type\":\"text-delta\",\"id\":\"0\",\"delta\":\"hi\"}\n\n" +
		"data: {\"type\":\"finish\",\"finishReason\":{\"unified\":\"stop\",\"raw\":\"end_turn\"},\"usage\":{\"inputTokens\":{\"total\":9,\"noCache\":6,\"cacheRead\":3},\"outputTokens\":{\"total\":5,\"reasoning\":1}},\"providerMetadata\":{\"gateway\":{\"generationId\":\"gen_1\"}}}\n\ndata: [DONE]\n\n"
	server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{
			"Ai-Language-Model-Id": "anthropic/claude", "Ai-Language-Model-Streaming": "true", "Ai-Language-Model-Specification-Version": "3",
			"Ai-Gateway-Protocol-Version": "0.0.1", "Ai-Gateway-Auth-Method": "api-key", "Authorization": "Bearer " + providerSecret,
			"X-Vercel-Ai-Gateway-Team": "",
		} {
			if r.Header.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, r.Header.Get(name), want)
			}
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, answer)
	})
	d := openDoor(t, redirected(provider.Gateway, server.URL, providerSecret))
	body := `{"prompt":[{"role":"user","content":[{"type":"text","text":"x"}]}],"headers":{"user-agent":"ai/6"},"future":1.0}`
	ask := func(path, body string) (*http.Response, string) {
		return d.post(path, body, func(r *http.Request) {
			for name, values := range aisdkHeader("3")("anthropic/claude", true) {
				r.Header[name] = values
			}
			r.Header.Set("Ai-Gateway-Protocol-Version", "0.0.1")
			r.Header.Set("Ai-Gateway-Auth-Method", "oidc")
			r.Header.Set("X-Vercel-Ai-Gateway-Team", "mine")
		})
	}
	resp, text := ask("/v3/ai/language-model", body)
	sent, _, url := got.got()
	if resp.StatusCode != 200 || text != answer || sent != body || url != "/v3/ai/language-model" {
		t.Errorf("%d %s, sent %s to %s", resp.StatusCode, text, sent, url)
	}
	r := d.lastRecord()
	if r.Outcome != gateway.OK || r.Provider != provider.Gateway || *r.InputTokens != 6 || *r.CacheReadTokens != 3 || *r.OutputTokens != 5 || *r.ReasoningTokens != 1 {
		t.Errorf("record %+v", r)
	}
	private := strings.Replace(body, `{"user-agent":"ai/6"}`, `{"user-agent":"ai/6","Authorization":"Bearer mine"}`, 1)
	resp, _ = ask("/v1/ai/language-model", private)
	if sent, _, url := got.got(); resp.StatusCode != 200 || sent != body || url != "/v1/ai/language-model" {
		t.Errorf("%d, sent %s to %s", resp.StatusCode, sent, url)
	}
	if resp, text := ask("/v3/ai/language-model", `{"prompt`); resp.StatusCode != 400 || !strings.Contains(text, "not valid JSON") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// TestGeminiModelSwitch: a Gemini client's conversation with another model goes on with Google's, which refuses every
// signature that is not its own and every call of the turn that has none.
func TestGeminiModelSwitch(t *testing.T) {
	d := openDoor(t, simulators(t))
	const question = `{"role":"user","parts":[{"text":"hi rate=0 think=yes"}]}`
	const config = `"generationConfig":{"thinkingConfig":{"includeThoughts":true}},"tools":[{"functionDeclarations":[{"name":"look"}]}]`
	ask := func(model string, stream bool, contents ...string) (string, []string) {
		method := ":generateContent"
		if stream {
			method = ":streamGenerateContent"
		}
		resp, text := d.post("/v1beta/models/"+model+method, `{"contents":[`+strings.Join(contents, ",")+`],`+config+`}`)
		if resp.StatusCode != 200 {
			t.Fatalf("%s: %d %s", model, resp.StatusCode, text)
		}
		var out []string
		for _, object := range gjson.Parse(text).Array() { // one object is an array of itself
			out = append(out, object.Get("candidates.0.content").Raw)
		}
		return text, out
	}
	for _, stream := range []bool{false, true} {
		for _, first := range []string{"anthropic/think", "groq/think", "google/think"} {
			_, said := ask(first, stream, question)
			text, _ := ask("google/echo", stream, append(append([]string{question}, said...), `{"role":"user","parts":[{"text":"canary"}]}`)...)
			if r := d.lastRecord(); !strings.Contains(text, "canary") || len(r.Attempts) != 1 {
				t.Errorf("%s, stream %v: %s, %+v", first, stream, text, r.Attempts)
			}
		}
		for _, first := range []string{"anthropic/tools", "groq/tools", "google/tools"} {
			text, said := ask(first, stream, question)
			if !strings.Contains(text, `"functionCall"`) {
				t.Fatal(text)
			}
			id := strings.SplitN(strings.SplitN(text, `"id":"`, 2)[1], `"`, 2)[0]
			answer := `{"role":"user","parts":[{"functionResponse":{"id":"` + id + `","name":"look","response":{"result":"a canary"}}}]}`
			text, _ = ask("google/tools", stream, append(append([]string{question}, said...), answer)...)
			if !strings.Contains(text, "canary") {
				t.Errorf("%s, stream %v: %s", first, stream, text)
			}
		}
	}
}

// TestOpenAIWithoutResponses: a server in OpenAI's place that has Chat Completions only serves every client all the same; a
// model that OpenAI does not have is asked for once.
func TestOpenAIWithoutResponses(t *testing.T) {
	server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/v1/responses":
			refusing(200, chatAnswer)(w)
		case r.Header.Get("User-Agent") == "unknown":
			refusing(404, `{"error":{"message":"The model `+"`x`"+` does not exist","code":"model_not_found"}}`)(w)
		default:
			refusing(404, `404 page not found`)(w)
		}
	})
	d := openDoor(t, redirected("openai", server.URL+"/v1", providerSecret))
	body := `{"model":"openai/gpt","max_tokens":99,"messages":[{"role":"user","content":"x"}]}`
	resp, text := d.post("/v1/messages", body)
	if _, _, url := got.got(); resp.StatusCode != 200 || !strings.Contains(text, "hello") || url != "/v1/chat/completions" {
		t.Errorf("%d %s from %s", resp.StatusCode, text, url)
	}
	if r := d.lastRecord(); r.Outcome != gateway.OK || len(r.Attempts) != 2 || r.Attempts[0].Status != 404 {
		t.Errorf("record %+v", r)
	}
	resp, text = d.post("/v1/messages", body, header("User-Agent", "unknown"))
	if r := d.lastRecord(); resp.StatusCode != 404 || len(r.Attempts) != 1 {
		t.Errorf("%d %s, record %+v", resp.StatusCode, text, r)
	}
}
