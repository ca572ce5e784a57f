package sim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/backend/protocol/sse"
)

// clock only moves when something sleeps on it.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d > 0 {
		c.at = c.at.Add(d)
		c.slept += d
	}
	return ctx.Err()
}

func newServer(t *testing.T) (*httptest.Server, *clock) {
	t.Helper()
	c := &clock{at: time.Unix(1_800_000_000, 0)}
	srv := httptest.NewServer(Handler(Options{Now: c.now, Sleep: c.sleep, Seed: 1}))
	t.Cleanup(srv.Close)
	return srv, c
}

const (
	chatPath     = "/v1/chat/completions"
	messagesPath = "/v1/messages"
)

func post(t *testing.T, srv *httptest.Server, path, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if path == messagesPath {
		req.Header.Set("Anthropic-Version", "2023-06-01")
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func read[T any](t *testing.T, resp *http.Response) (v T) {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return v
}

// events gives a stream's events as name and data, and the error that ended it.
func events(resp *http.Response) (names, data []string, err error) {
	r := sse.NewReader(resp.Body)
	for {
		e, err := r.Next()
		if err == io.EOF {
			return names, data, nil
		}
		if err != nil {
			return names, data, err
		}
		names, data = append(names, e.Name), append(data, string(e.Data))
	}
}

func chatBody(model, text, extra string) string {
	return `{"model":"` + model + `","messages":[{"role":"user","content":"` + text + `"}]` + extra + `}`
}

func messagesBody(model, text, extra string) string {
	return `{"model":"` + model + `","max_tokens":5000,"messages":[{"role":"user","content":"` + text + `"}]` + extra + `}`
}

func TestChatWhole(t *testing.T) {
	srv, _ := newServer(t)
	resp := post(t, srv, chatPath, chatBody("echo", "good morning", ""))
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" ||
		!strings.HasPrefix(resp.Header.Get("X-Request-Id"), "req_") {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
	got := read[map[string]json.RawMessage](t, resp)
	for name, want := range map[string]string{
		"object": `"chat.completion"`, "created": "1800000000", "model": `"echo"`, "system_fingerprint": `"` + fingerprint + `"`,
	} {
		if string(got[name]) != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
	if !strings.HasPrefix(string(got["id"]), `"chatcmpl-`) {
		t.Errorf("id %s", got["id"])
	}
	var choices []chatChoice
	if err := json.Unmarshal(got["choices"], &choices); err != nil || len(choices) != 1 {
		t.Fatal(string(got["choices"]), err)
	}
	c := choices[0]
	if c.FinishReason != "stop" || c.Message.Content == nil || !strings.Contains(*c.Message.Content, "good morning") ||
		!strings.Contains(*c.Message.Content, "simulator") || !strings.Contains(string(got["choices"]), `"refusal":null`) {
		t.Errorf("choices %s", got["choices"])
	}
	var u chatUsage
	if err := json.Unmarshal(got["usage"], &u); err != nil {
		t.Fatal(err)
	}
	// "good morning" is good + " mornin" + "g"; the message costs three more.
	if want := count(*c.Message.Content); u.PromptTokens != 6 || u.CompletionTokens != want || u.TotalTokens != 6+want {
		t.Errorf("usage %s, want 6 and %d", got["usage"], want)
	}
}

func TestChatStream(t *testing.T) {
	srv, _ := newServer(t)
	for _, includeUsage := range []bool{false, true} {
		extra := `,"stream":true`
		if includeUsage {
			extra += `,"stream_options":{"include_usage":true}`
		}
		resp := post(t, srv, chatPath, chatBody("think", "why?", extra))
		if ct := resp.Header.Get("Content-Type"); ct != "text/event-stream; charset=utf-8" {
			t.Errorf("content type %q", ct)
		}
		names, data, err := events(resp)
		if err != nil || data[len(data)-1] != "[DONE]" || strings.Join(names, "") != "" {
			t.Fatal(names, data, err)
		}
		data = data[:len(data)-1]
		var text, reasoning, reason string
		var usages []string
		for i, d := range data {
			var c chatChunk
			if err := json.Unmarshal([]byte(d), &c); err != nil || c.Object != "chat.completion.chunk" {
				t.Fatal(d, err)
			}
			if c.Usage != nil && string(c.Usage) != "null" {
				usages = append(usages, string(c.Usage))
				if len(c.Choices) == 0 != includeUsage || i != len(data)-1 {
					t.Errorf("the usage is on chunk %d: %s", i, d)
				}
			} else if includeUsage != strings.Contains(d, `"usage":null`) {
				t.Errorf("include_usage %v: %s", includeUsage, d)
			}
			for _, choice := range c.Choices {
				if (i == 0) != (choice.Delta.Role == "assistant") {
					t.Errorf("role on chunk %d: %s", i, d)
				}
				if choice.Delta.Content != nil {
					text += *choice.Delta.Content
				}
				reasoning += choice.Delta.ReasoningContent
				if choice.FinishReason != nil {
					reason = *choice.FinishReason
				}
			}
		}
		if len(usages) != 1 || reason != "stop" || !strings.HasSuffix(text, "why?") || reasoning == "" {
			t.Errorf("usages %v, finish %q, text %q, reasoning %q", usages, reason, text, reasoning)
		}
	}
}

func TestMessagesWhole(t *testing.T) {
	srv, _ := newServer(t)
	resp := post(t, srv, messagesPath, messagesBody("think", "why?", ""))
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Request-Id"), "req_") {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		ID, Type, Role, Model string
		Content               []block
		StopReason            string          `json:"stop_reason"`
		StopSequence          json.RawMessage `json:"stop_sequence"`
		Usage                 messagesUsage
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(m.ID, "msg_") || m.Type != "message" || m.Role != "assistant" || m.Model != "think" ||
		m.StopReason != "end_turn" || string(m.StopSequence) != "null" || len(m.Content) != 2 {
		t.Fatalf("%s", raw)
	}
	thinking, text := m.Content[0], m.Content[1]
	if thinking.Type != "thinking" || thinking.Signature != signature(thinking.Thinking) || text.Type != "text" {
		t.Errorf("%s", raw)
	}
	if want := count(thinking.Thinking); m.Usage.OutputDetails.ThinkingTokens != want ||
		m.Usage.OutputTokens != want+count(text.Text) || m.Usage.InputTokens != 4 {
		t.Errorf("usage %+v", m.Usage)
	}
}

func TestMessagesStreamOrder(t *testing.T) {
	srv, _ := newServer(t)
	tool := `,"stream":true,"tools":[{"name":"now","input_schema":{"type":"object","properties":{"zone":{"type":"string"}}}}]`
	for _, c := range []struct{ name, body, want string }{
		{
			"text", messagesBody("echo", "hi", `,"stream":true`),
			"message_start ping content_block_start content_block_delta:text_delta content_block_stop message_delta message_stop",
		},
		{
			"thinking", messagesBody("think", "hi", `,"stream":true`),
			"message_start ping content_block_start content_block_delta:thinking_delta content_block_delta:signature_delta " +
				"content_block_stop content_block_start content_block_delta:text_delta content_block_stop message_delta message_stop",
		},
		{
			"tool", messagesBody("tools", "hi", tool),
			"message_start ping content_block_start content_block_delta:input_json_delta content_block_stop message_delta message_stop",
		},
	} {
		names, data, err := events(post(t, srv, messagesPath, c.body))
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		for i, d := range data {
			var e struct {
				Type  string
				Delta struct{ Type string }
			}
			if err := json.Unmarshal([]byte(d), &e); err != nil || e.Type != names[i] {
				t.Fatalf("event %q has data %s", names[i], d)
			}
			word := e.Type
			if e.Delta.Type != "" {
				word += ":" + e.Delta.Type
			}
			if len(order) == 0 || order[len(order)-1] != word {
				order = append(order, word)
			}
		}
		if got := strings.Join(order, " "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestToolsTwoStepsOnChat(t *testing.T) {
	srv, _ := newServer(t)
	tools := `,"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object",` +
		`"properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":2}},"required":["city","days"]}}},` +
		`{"type":"function","function":{"name":"clock"}}]`
	resp := post(t, srv, chatPath, chatBody("tools", "go", tools))
	m := read[chatAnswer](t, resp)
	calls := m.Choices[0].Message.ToolCalls
	if len(calls) != 2 || m.Choices[0].FinishReason != "tool_calls" || m.Choices[0].Message.Content != nil ||
		calls[0].Function.Arguments != `{"city":"example city","days":2}` || calls[1].Function.Arguments != `{}` {
		t.Fatalf("%+v", m.Choices[0])
	}
	if one := read[chatAnswer](t, post(t, srv, chatPath, chatBody("tools", "go", tools+`,"parallel_tool_calls":false`))); len(
		one.Choices[0].Message.ToolCalls) != 1 {
		t.Errorf("not parallel: %+v", one.Choices[0])
	}
	named := `,"tool_choice":{"type":"function","function":{"name":"clock"}}`
	if one := read[chatAnswer](t, post(t, srv, chatPath, chatBody("tools", "go", tools+named))); len(
		one.Choices[0].Message.ToolCalls) != 1 || one.Choices[0].Message.ToolCalls[0].Function.Name != "clock" {
		t.Errorf("named: %+v", one.Choices[0])
	}
	history := `{"model":"tools","messages":[{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":` +
		string(encode(calls)) + `},{"role":"tool","tool_call_id":"` + calls[0].ID + `","content":"rain"},` +
		`{"role":"tool","tool_call_id":"` + calls[1].ID + `","content":"noon"}]` + tools + `}`
	end := read[chatAnswer](t, post(t, srv, chatPath, history)).Choices[0]
	if end.FinishReason != "stop" || !strings.Contains(*end.Message.Content, "weather answered: rain") ||
		!strings.Contains(*end.Message.Content, "clock answered: noon") {
		t.Errorf("%+v", end)
	}
}

func TestLimitsAndStops(t *testing.T) {
	srv, _ := newServer(t)
	for _, c := range []struct{ name, extra, finish, has string }{
		{"new limit", `,"max_completion_tokens":2`, "length", "I am"},
		{"old limit", `,"max_tokens":2`, "length", "I am"},
		{"stop", `,"stop":[" simulator"," stand"]`, "stop", "I am Gatehouse's"},
		{"stop as a string", `,"stop":" am"`, "stop", "I"},
	} {
		got := read[chatAnswer](t, post(t, srv, chatPath, chatBody("echo", "x", c.extra))).Choices[0]
		if got.FinishReason != c.finish || *got.Message.Content != c.has {
			t.Errorf("%s: %s %q", c.name, got.FinishReason, *got.Message.Content)
		}
	}
	resp := post(t, srv, messagesPath, messagesBody("echo", "x", `,"stop_sequences":[" am"]`))
	if b, _ := io.ReadAll(resp.Body); !strings.Contains(string(b), `"stop_reason":"stop_sequence","stop_sequence":" am"`) {
		t.Errorf("%s", b)
	}
	resp = post(t, srv, messagesPath, strings.Replace(messagesBody("echo", "x", ""), "5000", "1", 1))
	if b, _ := io.ReadAll(resp.Body); !strings.Contains(string(b), `"stop_reason":"max_tokens"`) {
		t.Errorf("%s", b)
	}
}

func TestPace(t *testing.T) {
	srv, c := newServer(t)
	for _, k := range []struct {
		model, text string
		tokens      int64
		took        time.Duration
	}{
		{"stream", "go", 300, 299 * time.Second / 40},
		{"stream", "tokens=101 rate=50", 101, 2 * time.Second},
		{"stream", "tokens=50 rate=0", 50, 0},
		{"slow", "rate=0", -1, 5 * time.Second},
		{"slow", "delay=2s please", -1, 2 * time.Second},
		{"stream", "tokens=none rate=-3 delay=1000000h", 300, 299 * time.Second / 40},
	} {
		c.slept = 0
		_, data, err := events(post(t, srv, chatPath, chatBody(k.model, k.text, `,"stream":true`)))
		if err != nil {
			t.Fatal(err)
		}
		var last chatChunk
		var u chatUsage
		if json.Unmarshal([]byte(data[len(data)-2]), &last) != nil || json.Unmarshal(last.Usage, &u) != nil {
			t.Fatal(data[len(data)-2])
		}
		if k.tokens >= 0 && (u.CompletionTokens < k.tokens-1 || u.CompletionTokens > k.tokens) {
			t.Errorf("%s: %d tokens, want %d", k.text, u.CompletionTokens, k.tokens)
		}
		if diff := (c.slept - k.took).Abs(); diff > 30*time.Millisecond {
			t.Errorf("%s: took %v, want %v", k.text, c.slept, k.took)
		}
	}
}

func TestFlakyRotation(t *testing.T) {
	srv, _ := newServer(t)
	for _, path := range []string{chatPath, messagesPath} {
		body, over := chatBody, 503
		if path == messagesPath {
			body, over = messagesBody, 529
		}
		var got []any
		for range 8 {
			resp := post(t, srv, path, body("flaky", "hi", `,"stream":true`))
			if resp.StatusCode != 200 {
				if resp.Header.Get("Retry-After") != "1" {
					t.Errorf("%d has Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
				}
				got = append(got, resp.StatusCode)
				continue
			}
			names, data, err := events(resp)
			last := data[len(data)-1]
			switch {
			case errors.Is(err, io.ErrUnexpectedEOF):
				got = append(got, "drop")
			case strings.Contains(last, `"error":{`) && (path == chatPath || names[len(names)-1] == "error"):
				got = append(got, "error")
			case last == "[DONE]" || names[len(names)-1] == "message_stop":
				got = append(got, 200)
			default:
				got = append(got, last)
			}
		}
		want := []any{429, 200, over, 200, "error", 200, "drop", 200}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: request %d gave %v, want %v", path, i, got[i], want[i])
			}
		}
	}
	resp := post(t, srv, chatPath, chatBody("flaky", "fail=none", ""))
	if resp.StatusCode != 200 {
		t.Errorf("fail=none gave %d", resp.StatusCode)
	}
	if resp := post(t, srv, chatPath, chatBody("flaky", "fail=stream", "")); resp.StatusCode != 500 {
		t.Errorf("fail=stream gave %d", resp.StatusCode)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+chatPath,
		strings.NewReader(chatBody("flaky", "fail=drop", "")))
	if resp, err := srv.Client().Do(req); err == nil {
		resp.Body.Close()
		t.Errorf("fail=drop gave %d", resp.StatusCode)
	}
}

func TestRefusals(t *testing.T) {
	srv, _ := newServer(t)
	call := `{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]}`
	for _, c := range []struct {
		path, body    string
		status        int
		kind, param   string
		code, message string
	}{
		{chatPath, `{`, 400, "invalid_request_error", "", "", "parse the JSON"},
		{chatPath, `{"messages":[]}`, 400, "invalid_request_error", "model", "missing_required_parameter", "model"},
		{chatPath, `{"model":"echo"}`, 400, "invalid_request_error", "messages", "missing_required_parameter", "messages"},
		{chatPath, `{"model":"echo","messages":[]}`, 400, "invalid_request_error", "messages", "empty_array", "empty"},
		{chatPath, chatBody("gpt", "x", ""), 404, "invalid_request_error", "model", "model_not_found", "gpt"},
		{chatPath, chatBody("echo", "x", `,"tools":[]`), 400, "invalid_request_error", "tools", "empty_array", "tools"},
		{chatPath, chatBody("echo", "x", `,"n":2`), 400, "invalid_request_error", "n", "unsupported_value", "n"},
		{chatPath, chatBody("echo", "x", `,"max_tokens":0`), 400, "invalid_request_error", "max_tokens", "integer_below_min_value", ""},
		{chatPath, `{"model":"echo","messages":[{"role":"boss","content":"x"}]}`, 400, "invalid_request_error", "messages", "invalid_value", "boss"},
		{chatPath, `{"model":"echo","messages":[` + call + `,{"role":"user","content":"x"}]}`, 400, "invalid_request_error", "messages", "", "tool_call_id"},
		{chatPath, `{"model":"echo","messages":[` + call + `]}`, 400, "invalid_request_error", "messages", "", "tool_call_id"},
		{chatPath, `{"model":"echo","messages":[{"role":"tool","tool_call_id":"c1","content":"x"}]}`, 400, "invalid_request_error", "messages", "", "role 'tool'"},
		{chatPath, chatBody("down", "x", ""), 503, "server_error", "", "overloaded", "stand-in"},
		{messagesPath, `nonsense`, 400, "invalid_request_error", "", "", "JSON"},
		{messagesPath, `{"model":"echo","messages":[{"role":"user","content":"x"}]}`, 400, "invalid_request_error", "", "", "max_tokens: Field required"},
		{messagesPath, `{"model":"echo","max_tokens":5}`, 400, "invalid_request_error", "", "", "messages: Field required"},
		{messagesPath, messagesBody("claude", "x", ""), 404, "not_found_error", "", "", "claude"},
		{messagesPath, messagesBody("echo", "", ""), 400, "invalid_request_error", "", "", "non-empty"},
		{messagesPath, `{"model":"echo","max_tokens":5,"messages":[{"role":"assistant","content":"x"}]}`, 400, "invalid_request_error", "", "", "first message"},
		{messagesPath, `{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"forged"}]}]}`, 400, "invalid_request_error", "", "", "signature"},
		{messagesPath, `{"model":"echo","max_tokens":5,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":"y"}]}`, 400, "invalid_request_error", "", "", "tool_use"},
		{messagesPath, messagesBody("down", "x", `,"stream":true`), 529, "overloaded_error", "", "", "stand-in"},
	} {
		resp := post(t, srv, c.path, c.body)
		b, _ := io.ReadAll(resp.Body)
		var e struct {
			Type  string
			Error struct {
				Message, Type string
				Param, Code   *string
			}
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal(b, &e); err != nil {
			t.Fatalf("%s: %s", c.body, b)
		}
		ok := resp.StatusCode == c.status && e.Error.Type == c.kind && strings.Contains(e.Error.Message, c.message)
		if c.path == chatPath {
			ok = ok && deref(e.Error.Param) == c.param && deref(e.Error.Code) == c.code &&
				strings.Contains(string(b), `"param":`) && strings.Contains(string(b), `"code":`)
		} else {
			ok = ok && e.Type == "error" && e.RequestID == resp.Header.Get("Request-Id") && e.RequestID != ""
		}
		if !ok {
			t.Errorf("%s: %d %s", c.body, resp.StatusCode, b)
		}
		if strings.Contains(c.body, `"down"`) && resp.Header.Get("Retry-After") != "30" {
			t.Errorf("down has Retry-After %q", resp.Header.Get("Retry-After"))
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestRoutesAndSize(t *testing.T) {
	srv := httptest.NewServer(Handler(Options{MaxBody: 100}))
	defer srv.Close()
	if resp := post(t, srv, chatPath, chatBody("echo", strings.Repeat("x", 200), "")); resp.StatusCode != 413 {
		t.Errorf("a large body gave %d", resp.StatusCode)
	}
	if resp := post(t, srv, "/v1/nothing", "{}"); resp.StatusCode != 404 {
		t.Errorf("an unknown route gave %d", resp.StatusCode)
	}
	resp, err := srv.Client().Get(srv.URL + chatPath)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" {
		t.Errorf("GET gave %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
	// Without its version header Anthropic's server refuses.
	resp, err = srv.Client().Post(srv.URL+messagesPath, "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != 400 || !strings.Contains(string(b), "anthropic-version") {
		t.Errorf("%d %s", resp.StatusCode, b)
	}
}

func TestModelLists(t *testing.T) {
	srv, _ := newServer(t)
	get := func(path, version string) (int, string) {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
		if version != "" {
			req.Header.Set("Anthropic-Version", version)
		}
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	for _, c := range []struct {
		path, version string
		status        int
		has           string
	}{
		{"/v1/models", "", 200, `{"object":"list","data":[{"id":"echo","object":"model"`},
		{"/v1/models", "2023-06-01", 200, `{"data":[{"type":"model","id":"echo"`},
		{"/v1/models/think", "", 200, `{"id":"think"`},
		{"/v1/models/think", "2023-06-01", 200, `{"type":"model","id":"think"`},
		{"/v1/models/none", "", 404, `"code":"model_not_found"`},
		{"/v1/models/none", "2023-06-01", 404, `"type":"not_found_error"`},
	} {
		if status, body := get(c.path, c.version); status != c.status || !strings.Contains(body, c.has) {
			t.Errorf("%s %s: %d %s", c.path, c.version, status, body)
		}
	}
}

func TestPromptCache(t *testing.T) {
	srv, c := newServer(t)
	body := `{"model":"echo","max_tokens":9,"system":[{"type":"text","text":"one two three","cache_control":{"type":"ephemeral"}}],` +
		`"messages":[{"role":"user","content":"four"}]}`
	ask := func() messagesUsage {
		return *read[messagesAnswer](t, post(t, srv, messagesPath, body)).Usage
	}
	first, second := ask(), ask()
	if first.CacheCreation != 3 || first.ByTTL.FiveMinutes != 3 || first.CacheRead != 0 || first.InputTokens != 4 {
		t.Errorf("first %+v", first)
	}
	if second.CacheCreation != 0 || second.CacheRead != 3 || second.InputTokens != 4 {
		t.Errorf("second %+v", second)
	}
	if err := c.sleep(t.Context(), 6*time.Minute); err != nil {
		t.Fatal(err)
	}
	if third := ask(); third.CacheCreation != 3 || third.CacheRead != 0 {
		t.Errorf("after the time to live %+v", third)
	}
}

// A client that goes away ends the answer at once, whatever wait is left.
func TestCancelEndsTheAnswer(t *testing.T) {
	done := make(chan struct{})
	inner := Handler(Options{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		inner.ServeHTTP(w, r)
	}))
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL+chatPath,
		strings.NewReader(chatBody("stream", "rate=0.001 tokens=50", `,"stream":true`)))
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := sse.NewReader(resp.Body).Next(); err != nil {
		t.Fatal(err) // the first event came through without waiting for the rest
	}
	cancel()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("the simulator goes on without a client")
	}
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"hello", []string{"hello"}},
		{"good  morning", []string{"good", "  mornin", "g"}},
		{" \n", []string{" \n"}},
		{"größere Äpfel", []string{"größer", "e", " Äpfel"}},
	} {
		got := tokenize(c.text)
		if strings.Join(got, "|") != strings.Join(c.want, "|") || count(c.text) != int64(len(c.want)) {
			t.Errorf("%q: %q, count %d", c.text, got, count(c.text))
		}
	}
}

func TestConform(t *testing.T) {
	for _, c := range []struct{ schema, want string }{
		{``, `{}`},
		{`{"type":"object"}`, `{}`},
		{`{"type":"object","properties":{"b":{"type":"boolean"},"a":{"enum":["x","y"]}}}`, `{"a":"x","b":true}`},
		{`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"number"}},"required":["b"]}`, `{"b":1}`},
		{`{"type":"object","required":["n"],"properties":{"n":{"type":"integer","exclusiveMinimum":4,"multipleOf":5}}}`, `{"n":5}`},
		{`{"type":"object","required":["s"],"properties":{"s":{"type":["string","null"],"maxLength":3}}}`, `{"s":"exa"}`},
		{`{"type":"object","required":["l"],"properties":{"l":{"type":"array","minItems":2,"items":{"type":"null"}}}}`, `{"l":[null,null]}`},
		{`{"type":"object","required":["d"],"properties":{"d":{"$ref":"#/$defs/day"}},"$defs":{"day":{"type":"string","format":"date"}}}`, `{"d":"2026-01-02"}`},
		{`{"type":"object","required":["o"],"properties":{"o":{"anyOf":[{"const":7},{"type":"null"}]}}}`, `{"o":7}`},
		{`{"allOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"required":["b"]}]}`, `{"a":1,"b":"example b"}`},
		{`{"type":"array"}`, `{}`},
	} {
		if got := string(conform(json.RawMessage(c.schema))); got != c.want {
			t.Errorf("%s gives %s, want %s", c.schema, got, c.want)
		}
	}
	// A schema that contains itself ends.
	endless := `{"type":"object","required":["x"],"properties":{"x":{"$ref":"#"}}}`
	if got := conform(json.RawMessage(endless)); !json.Valid(got) {
		t.Errorf("%s", got)
	}
}
