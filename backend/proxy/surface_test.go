package proxy

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// TestSurfacesLeadEverywhere: under each surface stands all that the endpoint has, guards and error forms included.
func TestSurfacesLeadEverywhere(t *testing.T) {
	d := openDoor(t, doorOptions{active: "sim/echo"})
	hello := `{"model":"sim/echo","max_tokens":20,"messages":[{"role":"user","content":"canary"}]}`
	for s := range surfaces {
		under := "/" + string(s)
		for path, body := range map[string]string{
			"/v1/chat/completions":                     hello,
			"/v1/messages":                             hello,
			"/v1/messages?beta=true":                   hello,
			"/v1/responses":                            `{"model":"sim/echo","input":"canary"}`,
			"/v1beta/models/sim/echo:generateContent":  `{"contents":[{"parts":[{"text":"canary"}]}]}`,
			"/v1/models/sim%2Fecho:generateContent":    `{"contents":[{"parts":[{"text":"canary"}]}]}`,
			"/v1/chat/completions?x=%2F&surface=/v1/x": hello,
		} {
			if resp, text := d.post(under+path, body); resp.StatusCode != 200 || !strings.Contains(text, "canary") {
				t.Errorf("%s%s: %d %s", under, path, resp.StatusCode, text)
			}
		}
		if resp, _ := d.get(under + "/healthz"); resp.StatusCode != 200 {
			t.Errorf("%s/healthz: %d", under, resp.StatusCode)
		}
		for path, want := range map[string]string{
			"/v1/chat/completions":                  `"code":"invalid_json"`,
			"/v1/messages":                          `"type":"invalid_request_error"`,
			"/v1beta/models/sim/x:countNothing":     `"status":"NOT_FOUND"`,
			"/v4/ai/language-model":                 `"type":"invalid_request_error"`,
			"/v1/v1/messages":                       "http://127.0.0.1",
			"/messages":                             under + "/v1",
			"/v1/chat/completions/v1/nonesuch":      "there is nothing at POST /v1/chat/completions/v1/nonesuch",
			"/v1/messages/v1/messages":              "the whole URL",
			"/claude-code/v1/chat/completions":      "there is nothing",
			"/v1/chat/completions/chat/completions": "the whole URL",
		} {
			if _, text := d.post(under+path, `{`); !strings.Contains(text, want) {
				t.Errorf("%s%s: %s\nlacks %s", under, path, text, want)
			}
		}
		if resp, text := d.post(under+"/v1/messages", hello, func(r *http.Request) { r.Header.Del("Authorization") }); resp.StatusCode != 401 ||
			!strings.Contains(text, `"type":"error"`) {
			t.Errorf("%s without a key: %d %s", under, resp.StatusCode, text)
		}
		if resp, _ := d.post(under+"/v1/messages", hello, func(r *http.Request) { r.Host = "evil.test" }); resp.StatusCode != 403 {
			t.Errorf("%s under another host: %d", under, resp.StatusCode)
		}
		if resp, _ := d.post(under+"/v1/messages", hello, func(r *http.Request) { r.Header.Set("Origin", "http://evil.test") }); resp.StatusCode != 403 {
			t.Errorf("%s from a web page: %d", under, resp.StatusCode)
		}
	}
}

// TestClientNames: the surface counts first, then the program, then what it is built with.
func TestClientNames(t *testing.T) {
	for _, c := range []struct {
		path   string
		header []string
		want   string
	}{
		{"/claude-code/v1/messages", []string{"User-Agent", "node"}, "Claude Code"},
		{"/codex/v1/responses", nil, "Codex"},
		{"/cursor/v1/chat/completions", []string{"User-Agent", "OpenAI/JS 7"}, "Cursor"},
		{"/coding-agent/v1/chat/completions", []string{"User-Agent", "Cline/3.65"}, "Cline"},
		{"/v1/messages", []string{"User-Agent", "claude-cli/2.1.329 (external, cli)"}, "Claude Code"},
		{"/v1/responses", []string{"User-Agent", "codex_exec/0.169.0 (Debian 12.0.0; x86_64) xterm (codex_exec; 0.169.0)", "Originator", "codex_exec"}, "Codex"},
		{"/v1/responses", []string{"User-Agent", "reqwest/1", "Originator", "codex_cli_rs"}, "Codex"},
		{"/v1/chat/completions", []string{"User-Agent", "opencode/1.18.0 ai-sdk/provider-utils/4.0 runtime/bun/1.3"}, "opencode"},
		{"/v1/chat/completions", []string{"User-Agent", "OpenAI/JS 7.55.0", "X-Title", "Kilo Code", "Http-Referer", "https://kilocode.ai"}, "Kilo Code"},
		{"/v1/chat/completions", []string{"User-Agent", "RooCode/3.9", "X-Title", "Roo Code"}, "Roo Code"},
		{"/v1/chat/completions", []string{"User-Agent", "OpenAI/JS 7.55.0", "Http-Referer", "https://www.cline.bot/x"}, "Cline"},
		{"/v1/chat/completions", []string{"X-Title", "Caret"}, "Caret"},
		{"/v1/chat/completions", []string{"User-Agent", "Zed/1.2 (linux)"}, "Zed"},
		{"/v1/chat/completions", []string{"User-Agent", "GitHubCopilotChat/0.30"}, "Copilot"},
		{"/v1beta/models/x:generateContent", []string{"User-Agent", "GeminiCLI/0.61.0/gemini-3 (linux; x64) google-genai-sdk/3.1"}, "Gemini CLI"},
		{"/v1/chat/completions", []string{"User-Agent", "OpenAI/Python 3.26"}, "OpenAI SDK"},
		{"/v1/messages", []string{"User-Agent", "Anthropic/JS 1.11"}, "Anthropic SDK"},
		{"/v4/ai/language-model", []string{"User-Agent", "ai/7.0.173 ai-sdk/provider-utils/5.0 runtime/node.js/22"}, "AI SDK"},
		{"/v4/ai/language-model", []string{"User-Agent", "ai-sdk-gateway/4.0 node.js/22"}, "AI SDK"},
		{"/v1/chat/completions", []string{"User-Agent", "curl/8.5.0"}, "curl"},
		{"/v1/chat/completions", []string{"User-Agent", "OpenAI/JS 7.55.0", "X-Title", "My App\n\u202e" + strings.Repeat("x", 99)}, "My App" + strings.Repeat("x", 54)},
		{"/v1/chat/completions", []string{"User-Agent", "something-else/1.0 (x)"}, "something-else/1.0"},
		{"/v1/chat/completions", []string{"User-Agent", ""}, ""},
	} {
		r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1"+c.path, nil)
		check(t, err)
		for i := 0; i < len(c.header); i += 2 {
			r.Header.Set(c.header[i], c.header[i+1])
		}
		if got := clientOf(enter(r)); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.path, c.header, got, c.want)
		}
	}
	d := openDoor(t, doorOptions{})
	d.post("/codex/v1/chat/completions", `{"model":"sim/echo","messages":[{"role":"user","content":"x"}]}`)
	if r := d.lastRecord(); r.Client != "Codex" {
		t.Errorf("%+v", r)
	}
}

// TestDecoratedModels: what Claude Code's list shows is understood on every route, and the long context is asked of who
// knows it.
func TestDecoratedModels(t *testing.T) {
	const beta = "context-1m-2025-08-07"
	server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"hi"}],` +
			`"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`))
	})
	override := provider.Override{BaseURL: server.URL}
	models := catalog.New([]catalog.Model{
		{ID: "anthropic/short", Provider: "anthropic", Upstream: "short", ContextWindow: 200_000},
		{ID: "anthropic/long", Provider: "anthropic", Upstream: "long", ContextWindow: 1_000_000},
		{ID: "maker/hosted", Provider: "gateway", Upstream: "maker/hosted", ContextWindow: 1_000_000},
		{ID: "lab/odd[1m]", Provider: "gateway", Upstream: "lab/odd[1m]"},
	}, nil)
	d := openDoor(t, doorOptions{
		active:    "anthropic/short",
		providers: map[string]provider.Override{"anthropic": override, "gateway": override},
		secrets:   secrets{"anthropic": providerSecret, "gateway": providerSecret},
		edit: func(_ *Options, g *gateway.Options) {
			world := g.World
			g.World = func() routing.World {
				w := world()
				w.Catalog = models
				return w
			}
		},
	})
	for _, c := range []struct {
		path, asked, sent string
		header            []string
		betas             []string
	}{
		{"/claude-code/v1/messages", "claude-code/anthropic/short", "short", nil, nil},
		{"/claude-code/v1/messages", "claude-code/anthropic/short[1m]", "short", nil, []string{beta}},
		{"/v1/messages", "anthropic/short[1m]", "short", []string{"a-1", "b-2"}, []string{"a-1", "b-2", beta}},
		{"/v1/messages", "anthropic/short[1m]", "short", []string{"a-1, " + beta}, []string{"a-1, " + beta}},
		{"/v1/messages", "anthropic/long[1m]", "long", nil, nil},
		{"/v1/messages", "claude-code/gatehouse/active[1m]", "short", nil, []string{beta}},
		{"/v1/messages", "claude-code/maker/hosted[1m]", "maker/hosted", nil, nil},
		{"/v1/messages", "lab/odd[1m]", "lab/odd[1m]", nil, nil},
		{"/v1/chat/completions", "claude-code/anthropic/short[1m]", "short", nil, []string{beta}},
	} {
		body := `{"model":"` + c.asked + `","max_tokens":9,"messages":[{"role":"user","content":"x"}]}`
		resp, text := d.post(c.path, body, func(r *http.Request) { r.Header["Anthropic-Beta"] = c.header })
		sent, header, _ := got.got()
		if resp.StatusCode != 200 || !strings.Contains(sent, `"model":"`+c.sent+`"`) {
			t.Errorf("%s %s: %d %s, sent %s", c.path, c.asked, resp.StatusCode, text, sent)
		}
		if betas := header["Anthropic-Beta"]; !slices.Equal(betas, c.betas) {
			t.Errorf("%s %s: betas %q, want %q", c.path, c.asked, betas, c.betas)
		}
		if r := d.lastRecord(); r.RequestedModel != c.asked || strings.HasPrefix(r.Model, "claude-code/") {
			t.Errorf("record %+v", r)
		}
	}
}

// TestCursor: bodies are mended on Cursor's surface and nowhere else, and one that is right goes as it came.
func TestCursor(t *testing.T) {
	server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},` +
			`"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`))
	})
	d := openDoor(t, redirected("openai", server.URL, providerSecret))
	flat := `{"model":"openai/gpt", "messages":[{"role":"user","content":"x"}],"tools":[{"type":"custom","name":"f","input_schema":{"type":"object"}}],"x":1.0}`
	right := `{"model":"openai/gpt", "messages":[{"role":"user","content":"x"}],"tools":[ ],"x":1.0}`
	for _, c := range []struct{ path, body, want string }{
		{"/cursor/v1/chat/completions", flat, strings.Replace(flat, `{"type":"custom","name":"f","input_schema":{"type":"object"}}`,
			`{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}`, 1)},
		{"/cursor/v1/chat/completions", right, right},
		{"/v1/chat/completions", flat, flat},
		{"/coding-agent/v1/chat/completions", flat, flat},
	} {
		d.post(c.path, c.body)
		sent, _, _ := got.got()
		if want := strings.Replace(c.want, "openai/gpt", "gpt", 1); sent != want {
			t.Errorf("%s: sent %s\nwant %s", c.path, sent, want)
		}
	}

	foreign := `{"model":"openai/gpt","instructions":"be brief","input":[{"role":"user","content":[{"type":"input_text","text":"x"}]}],` +
		`"tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]}`
	resp, text := d.post("/cursor/v1/chat/completions", foreign)
	sent, _, path := got.got()
	if resp.StatusCode != 200 || path != "/chat/completions" || !strings.Contains(sent, `"messages":[`) || !strings.Contains(sent, "be brief") ||
		!strings.Contains(sent, `"function":{"name":"f"`) || !strings.Contains(text, `"object":"chat.completion"`) || !strings.Contains(text, `"content":"hi"`) {
		t.Errorf("%d %s\nsent to %s: %s", resp.StatusCode, text, path, sent)
	}
	if r := d.lastRecord(); r.Dialect != string(llm.ChatCompletions) || r.Client != "Cursor" {
		t.Errorf("%+v", r)
	}
	resp, text = d.post("/cursor/v1/chat/completions", `{"model":"sim/echo","stream":true,"input":"canary"}`)
	if resp.StatusCode != 200 || !strings.Contains(text, `"object":"chat.completion.chunk"`) || !strings.HasSuffix(text, "data: [DONE]\n\n") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if resp, text := d.post("/v1/chat/completions", `{"model":"sim/echo","input":"canary"}`); resp.StatusCode != 400 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}
