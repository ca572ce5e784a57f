package proxy

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/gateway"
)

// stopping are requests with five stop sequences and one of white space, in each client's dialect that has them.
var stopping = map[string]string{
	"chat":     `{"model":"MODEL","stream":STREAM,"stop":["1","2","3","4","\n\n"],"messages":[{"role":"user","content":"x"}]}`,
	"messages": `{"model":"MODEL","stream":STREAM,"max_tokens":99,"stop_sequences":["1","2","3","4","\n\n"],"messages":[{"role":"user","content":"x"}]}`,
	"gemini":   `{"contents":[{"role":"user","parts":[{"text":"x"}]}],"generationConfig":{"stopSequences":["1","2","3","4","\n\n"]}}`,
	"ollama":   `{"model":"MODEL","stream":STREAM,"options":{"stop":["1","2","3","4","\n\n"]},"messages":[{"role":"user","content":"x"}]}`,
	"ai-sdk 7": `{"prompt":[{"role":"user","content":[{"type":"text","text":"x"}]}],"stopSequences":["1","2","3","4","\n\n"]}`,
}

// TestStopSequences: what a target does not take ends the answer all the same, however it is split, and the upstream is
// let go at once.
func TestStopSequences(t *testing.T) {
	chunk := func(text string) string {
		return `data: {"id":"c","choices":[{"index":0,"delta":{"content":"` + text + `"},"finish_reason":null}]}` + "\n\n"
	}
	for _, c := range clients {
		body, ok := stopping[c.name]
		if !ok || c.name == "chat" { // raw there
			continue
		}
		for _, model := range []string{"groq/llama", "xai/grok-reasoning", "groq/whole", "openai/gpt-5.4"} {
			p, _, _ := strings.Cut(model, "/")
			server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(model, "whole") {
					refusing(200, strings.Replace(chatAnswer, "hello", `a canary\n\nsings`, 1))(w)
					return
				}
				w.Header().Set("Content-Type", "text/event-stream")
				chunk := chunk
				if p == "openai" {
					chunk = func(text string) string {
						return `data: {"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"` + text + `"}` + "\n\n"
					}
					_, _ = io.WriteString(w, `data: {"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m","content":[]}}`+"\n\n")
				}
				_, _ = io.WriteString(w, chunk("a can")+chunk(`ary\n`)+chunk(`\nsings`))
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done() // it would go on for ever
			})
			d := openDoor(t, redirected(p, server.URL+"/v1", providerSecret))
			c.text = body
			for _, stream := range []bool{true, false} {
				resp, text := c.ask(d, body, model, "", stream)
				if resp.StatusCode != 200 || !strings.Contains(strings.ReplaceAll(text, `"}}`, ""), "ary") || strings.Contains(text, "sings") || strings.Contains(text, `ary\n`) {
					t.Errorf("%s to %s, stream %v: %d %s", c.name, model, stream, resp.StatusCode, text)
				}
				if c.name == "messages" && !strings.Contains(text, `"stop_reason":"stop_sequence","stop_sequence":"\n\n"`) {
					t.Errorf("%s, stream %v: %s", model, stream, text)
				}
				r := d.lastRecord()
				if r.Outcome != gateway.OK || string(r.FinishReason) != "stop-sequence" {
					t.Errorf("%s to %s: record %+v", c.name, model, r)
				}
				sent, _, _ := got.got()
				if kept := strings.Contains(sent, `"stop":["1","2","3","4"]`); kept != (p == "groq") {
					t.Errorf("%s to %s: sent %s", c.name, model, sent)
				}
				if whole := strings.HasSuffix(model, "whole"); r.OutputTokens == nil || slices.Contains(r.Estimated, "outputTokens") == whole {
					t.Errorf("%s to %s: output %v, estimated are %q", c.name, model, r.OutputTokens, r.Estimated)
				}
				if !strings.HasSuffix(model, "whole") {
					select {
					case <-got.gone:
					case <-time.After(20 * time.Second):
						t.Errorf("%s to %s: the upstream is not let go", c.name, model)
					}
				}
			}
		}
	}
}
