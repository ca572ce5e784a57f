package proxy

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// What the stand-ins of told answer: whole and streamed.
var (
	inChat = [2]string{
		`{"id":"up","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},` +
			`"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":10,"total_tokens":1010}}`,
		`data: {"id":"up","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}` + "\n\n" +
			`data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":10,` +
			`"total_tokens":1010}}` + "\n\ndata: [DONE]\n\n",
	}
	inMessages = [2]string{
		`{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi"}],` +
			`"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1000,"output_tokens":10}}`,
		`data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],` +
			`"stop_reason":null,"usage":{"input_tokens":1000,"output_tokens":1}}}` + "\n\n" +
			`data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}` + "\n\n" +
			`data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}` + "\n\n" +
			`data: {"type":"content_block_stop","index":0}` + "\n\n" +
			`data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":10}}` + "\n\n" +
			`data: {"type":"message_stop"}` + "\n\n",
	}
)

// told is a door at which mistral/down fails, groq/m answers in Chat Completions and anthropic/m in Messages. A token
// costs 1e-6 USD.
func told(t *testing.T) *door {
	t.Helper()
	down, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `{"message":"resting"}`)
	})
	o := doorOptions{
		providers: map[string]provider.Override{"mistral": {BaseURL: down.URL}},
		secrets:   secrets{"mistral": providerSecret, "groq": providerSecret, "anthropic": providerSecret},
		edit: func(_ *Options, g *gateway.Options) {
			g.Price = func(_, _ string, u llm.Usage) (int64, bool) {
				return (u.Input.Or(0) + u.Output.Or(0)) * 1_000_000, true
			}
		},
	}
	for id, answer := range map[string][2]string{"groq": inChat, "anthropic": inMessages} {
		server := standIn(t, answer)
		o.providers[id] = provider.Override{BaseURL: server}
	}
	return openDoor(t, o)
}

// standIn answers whole or streamed, as the request's body asks.
func standIn(t *testing.T, answer [2]string) string {
	var got *seen
	server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		body, _, _ := got.got()
		kind, text := "application/json", answer[0]
		if gjson.Get(body, "stream").Bool() {
			kind, text = "text/event-stream", answer[1]
		}
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text)
	})
	return server.URL
}

// accountOf finds the account in an answer, by the place each dialect has for it: in the whole answer, and in the last event
// that has one.
func accountOf(t *testing.T, path [2]string, text string, stream bool) gjson.Result {
	t.Helper()
	if !stream {
		return gjson.Get(text, path[0])
	}
	found, times := gjson.Result{}, 0
	for line := range strings.SplitSeq(text, "\n") {
		data := strings.TrimPrefix(line, "data: ") // Ollama's lines are nothing but objects
		if strings.HasPrefix(data, "{") && gjson.Get(data, path[1]+".routing").Exists() {
			found, times = gjson.Get(data, path[1]), times+1
		}
	}
	if times != 1 {
		t.Errorf("%d events have an account", times)
	}
	return found
}

// TestAccount: an answer that was written anew says how it came about, where its dialect has a place for it.
func TestAccount(t *testing.T) {
	for _, c := range []struct {
		client, serves string
		path           [2]string
	}{
		{"chat", "anthropic", [2]string{"choices.0.message.provider_metadata.gateway", "choices.0.delta.provider_metadata.gateway"}},
		{"messages", "groq", [2]string{"provider_metadata.gateway", "provider_metadata.gateway"}},
		{"responses", "groq", [2]string{"provider_metadata.gateway", "response.provider_metadata.gateway"}},
		{"ai-sdk 5", "groq", [2]string{"providerMetadata.gateway", "providerMetadata.gateway"}},
		{"ai-sdk 6", "anthropic", [2]string{"providerMetadata.gateway", "providerMetadata.gateway"}},
		{"ai-sdk 7", "groq", [2]string{"providerMetadata.gateway", "providerMetadata.gateway"}},
		{"gemini", "anthropic", [2]string{"provider_metadata.gateway", "provider_metadata.gateway"}},
		{"ollama", "groq", [2]string{"provider_metadata.gateway", "provider_metadata.gateway"}},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(c.client+" "+strconv.FormatBool(stream), func(t *testing.T) {
				d := told(t) // of its own, so that what failed before is not avoided
				resp, text := d.asks(t, c.client, "mistral/down", stream, c.serves+"/m")
				if resp.StatusCode != http.StatusOK {
					t.Fatalf("%d %s", resp.StatusCode, text)
				}
				if attempts := resp.Header.Get("X-Gatehouse-Attempts"); attempts != "2" {
					t.Errorf("%s attempts", attempts)
				}
				want := "0.00101"
				if stream {
					want = "" // nobody can know yet
				}
				if cost := resp.Header.Get("X-Gatehouse-Cost"); cost != want {
					t.Errorf("it cost %q", cost)
				}
				checkAccount(t, accountOf(t, c.path, text, stream), resp.Header.Get("X-Gatehouse-Request-Id"), c.serves)
			})
		}
	}
}

// asks asks for a model as one of the clients does, with a fallback.
func (d *door) asks(t *testing.T, name, model string, stream bool, fallback string) (*http.Response, string) {
	t.Helper()
	for _, c := range clients {
		if c.name != name {
			continue
		}
		body := strings.NewReplacer("MODEL", model, "STREAM", strconv.FormatBool(stream), "TEXT", "hello").Replace(c.text)
		return d.post(c.path(model, stream), body, func(r *http.Request) {
			if c.header != nil {
				for n, v := range c.header(model, stream) {
					r.Header[n] = v
				}
			}
			r.Header.Set("X-Gatehouse-Models", fallback)
		})
	}
	t.Fatalf("there is no client %q", name)
	return nil, ""
}

func checkAccount(t *testing.T, a gjson.Result, id, served string) {
	t.Helper()
	for path, want := range map[string]string{
		"cost": "0.00101", "generationId": "gen_" + strings.TrimPrefix(id, "req_"),
		"routing.originalModelId": "mistral/down", "routing.canonicalSlug": "mistral/down",
		"routing.resolvedProvider": "mistral", "routing.resolvedProviderApiModelId": "down", "routing.finalProvider": served,
		"routing.fallbacksAvailable": `["` + served + `"]`, "routing.modelAttemptCount": "2", "routing.totalProviderAttemptCount": "2",
		"routing.modelAttempts.#":         "2",
		"routing.modelAttempts.0.modelId": "mistral/down", "routing.modelAttempts.0.success": "false",
		"routing.modelAttempts.0.providerAttemptCount":                  "1",
		"routing.modelAttempts.0.providerAttempts.0.statusCode":         "500",
		"routing.modelAttempts.0.providerAttempts.0.credentialType":     "byok",
		"routing.modelAttempts.1.canonicalSlug":                         served + "/m",
		"routing.modelAttempts.1.success":                               "true",
		"routing.modelAttempts.1.providerAttempts.0.success":            "true",
		"routing.modelAttempts.1.providerAttempts.0.providerApiModelId": "m",
		"routing.modelAttempts.1.providerAttempts.0.statusCode":         "200",
	} {
		if got := a.Get(path).String(); got != want {
			t.Errorf("%s is %q, not %q, in %s", path, got, want, a.Raw)
		}
	}
	if e := a.Get("routing.modelAttempts.0.providerAttempts.0.error").String(); !strings.Contains(e, "resting") {
		t.Errorf("the first attempt's error is %q", e)
	}
	if why := a.Get("routing.planningReasoning").String(); !strings.Contains(why, "mistral(byok) → "+served+"(byok)") {
		t.Errorf("the plan is told as %q", why)
	}
	times := a.Get("routing.modelAttempts.#.providerAttempts.0")
	one, two := times.Get("0"), times.Get("1")
	if end := one.Get("endTime").Float(); end < one.Get("startTime").Float() || two.Get("startTime").Float() < end ||
		two.Get("endTime").Float() < two.Get("startTime").Float() {
		t.Errorf("the times don't follow each other: %s", times.Raw)
	}
}

// TestRawAnswerKeepsItsBytes: what is passed on says what happened in its headers alone.
func TestRawAnswerKeepsItsBytes(t *testing.T) {
	d := told(t)
	resp, text := d.asks(t, "messages", "anthropic/m", false, "groq/m")
	if text != inMessages[0] || resp.Header.Get("X-Gatehouse-Cost") != "0.00101" || resp.Header.Get("X-Gatehouse-Attempts") != "1" {
		t.Errorf("%v %s", resp.Header, text)
	}
	if resp, text = d.asks(t, "messages", "anthropic/m", true, "groq/m"); text != inMessages[1] || resp.Header.Get("X-Gatehouse-Cost") != "" {
		t.Errorf("%v %s", resp.Header, text)
	}
}

// TestErrorsSayWhatHappened: an error has the same headers as an answer, and each failed attempt is in the generation at once.
func TestErrorsSayWhatHappened(t *testing.T) {
	d := told(t)
	for _, c := range []struct {
		name, model, provider string
		status                int
	}{
		{"chat", "mistral/down", "mistral", http.StatusBadGateway},
		{"messages", "mistral/down", "mistral", http.StatusBadGateway},
		{"chat", "nobody/knows", "", http.StatusNotFound},
	} {
		resp, text := d.asks(t, c.name, c.model, false, "nobody/else")
		h := resp.Header
		if resp.StatusCode < 400 || !json.Valid([]byte(text)) {
			t.Errorf("%s: %d %s", c.model, resp.StatusCode, text)
		}
		if id := h.Get("X-Gatehouse-Request-Id"); !strings.HasPrefix(id, "req_") || h.Get("X-Gatehouse-Provider") != c.provider ||
			h.Get("X-Gatehouse-Attempts") == "" || h.Get("Server-Timing") == "" || h.Get("X-Gatehouse-Cost") != "" {
			t.Errorf("%s: %v", c.model, h)
		}
	}
}

// TestReporting: who a request is for, and its tags, are in the history and in the generation's attempts, at once.
func TestReporting(t *testing.T) {
	d := told(t)
	resp, text := d.post("/v1/chat/completions", `{"model":"mistral/down","models":["groq/m"],"messages":[{"role":"user","content":"hi"}],`+
		`"providerOptions":{"gateway":{"user":"ann","tags":["team:a"]}}}`, func(r *http.Request) {
		r.Header.Set("Ai-Reporting-Tags", "late, team:a")
	})
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	if r := d.lastRecord(); r.User != "ann" || strings.Join(r.Tags, " ") != "team:a late" {
		t.Errorf("user %q, tags %q", r.User, r.Tags)
	}
	_, text = d.get("/v1/generation?id=gen_" + strings.TrimPrefix(resp.Header.Get("X-Gatehouse-Request-Id"), "req_"))
	for path, want := range map[string]string{
		"#": "2", "0.attemptNumber": "1", "0.provider": "mistral", "0.success": "false", "0.statusCode": "500", "0.error": "resting",
		"1.provider": "groq", "1.providerApiModelId": "m", "1.credentialType": "byok", "1.success": "true", "1.statusCode": "200",
	} {
		if got := gjson.Get(text, "data.attempts."+path).String(); got != want {
			t.Errorf("%s is %q, not %q, in %s", path, got, want, text)
		}
	}
}
