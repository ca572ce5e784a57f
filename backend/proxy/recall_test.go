package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/access"
)

const (
	thinkingAnswer = `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"I look it up","signature":"c2lnbmVk"},{"type":"redacted_thinking","data":"aGlkZGVu"},{"type":"text","text":"one moment"},{"type":"tool_use","id":"toolu_1","name":"look_up","input":{"b":1,"a":[2.50]}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`
	thinkingBlocks = `{"type":"thinking","thinking":"I look it up","signature":"c2lnbmVk"},{"type":"redacted_thinking","data":"aGlkZGVu"},`
)

// thinkingStream is thinkingAnswer as a stream.
func thinkingStream() string {
	var b strings.Builder
	event := func(kind, data string) { fmt.Fprintf(&b, "event: %s\ndata: {\"type\":%q%s}\n\n", kind, kind, data) }
	block := func(i int, start string, deltas ...string) {
		event("content_block_start", fmt.Sprintf(`,"index":%d,"content_block":%s`, i, start))
		for _, d := range deltas {
			event("content_block_delta", fmt.Sprintf(`,"index":%d,"delta":%s`, i, d))
		}
		event("content_block_stop", fmt.Sprintf(`,"index":%d`, i))
	}
	event("message_start", `,"message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}`)
	block(0, `{"type":"thinking","thinking":"","signature":""}`, `{"type":"thinking_delta","thinking":"I look "}`,
		`{"type":"thinking_delta","thinking":"it up"}`, `{"type":"signature_delta","signature":"c2lnbmVk"}`)
	block(1, `{"type":"redacted_thinking","data":"aGlkZGVu"}`)
	block(2, `{"type":"text","text":""}`, `{"type":"text_delta","text":"one moment"}`)
	block(3, `{"type":"tool_use","id":"toolu_1","name":"look_up","input":{}}`, `{"type":"input_json_delta","partial_json":"{\"b\":1,"}`,
		`{"type":"input_json_delta","partial_json":"\"a\":[2.50]}"}`)
	event("message_delta", `,"delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":1}`)
	event("message_stop", "")
	return b.String()
}

// TestReasoningOfClientsThatForgetIt: a Chat client that keeps only what people see goes on with a tool's result, and the
// model gets its own reasoning back, to the letter; no other key and no other model does.
func TestReasoningOfClientsThatForgetIt(t *testing.T) {
	server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Stream") == "" {
			refusing(200, thinkingAnswer)(w)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, thinkingStream())
	})
	inner := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		check(t, err)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if gjson.GetBytes(body, "stream").Bool() {
			r.Header.Set("X-Stream", "1")
		}
		inner.ServeHTTP(w, r)
	})
	const (
		tools  = `"reasoning_effort":"high","max_tokens":20000,"tools":[{"type":"function","function":{"name":"look_up","parameters":{"type":"object"}}}]`
		first  = `{"model":"MODEL","stream":STREAM,` + tools + `,"messages":[{"role":"user","content":"hi"}]}`
		second = `{"model":"MODEL","stream":STREAM,` + tools + `,"messages":[{"role":"user","content":"hi"},TURN,{"role":"tool","tool_call_id":"toolu_1","content":"found"}]}`
		turn   = `{"role":"assistant","content":"one moment","tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"look_up","arguments":"{\"b\": 1, \"a\": [2.50]}"}}]}`
	)
	for _, stream := range []string{"true", "false"} {
		d := openDoor(t, redirected("anthropic", server.URL, providerSecret))
		_, another, err := d.keys.Create(access.NewKey{Name: "another"})
		check(t, err)
		fill := func(body, model, turn string) string {
			return strings.NewReplacer("MODEL", model, "STREAM", stream, "TURN", turn).Replace(body)
		}
		resp, text := d.post("/v1/chat/completions", fill(first, "anthropic/claude-sonnet-4-5", ""))
		if resp.StatusCode != 200 || !strings.Contains(text, "toolu_1") {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		for _, c := range []struct {
			name, key, model, turn string
			back                   bool
		}{
			{"the same", d.token, "anthropic/claude-sonnet-4-5", turn, true},
			{"the same once more", d.token, "anthropic/claude-sonnet-4-5", turn, true},
			{"the text left out", d.token, "anthropic/claude-sonnet-4-5", strings.Replace(turn, `"one moment"`, "null", 1), true},
			{"another key", another, "anthropic/claude-sonnet-4-5", turn, false},
			{"another model", d.token, "anthropic/claude-opus-4-5", turn, false},
			{"another call", d.token, "anthropic/claude-sonnet-4-5", strings.Replace(turn, "2.50", "3", 1), false},
		} {
			resp, text := d.post("/v1/chat/completions", fill(second, c.model, c.turn), header("Authorization", "Bearer "+c.key))
			sent, _, _ := got.got()
			if resp.StatusCode != 200 || strings.Contains(sent, thinkingBlocks) != c.back || strings.Contains(sent, "c2lnbmVk") != c.back {
				t.Errorf("%s, stream %s: %d %s, sent %s", c.name, stream, resp.StatusCode, text, sent)
			}
			if on := gjson.Get(sent, "thinking.type").String() == "enabled"; on != c.back {
				t.Errorf("%s, stream %s: thinking %v in %s", c.name, stream, on, sent)
			}
		}
	}
}
