package proxy

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
)

// sendChunks sends a stream of Chat Completions as servers do to whoever asks for its usage; the usage's own chunk is sent
// on its own flush.
func sendChunks(w http.ResponseWriter, object string, asked bool) (plain string) {
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(data string) {
		fmt.Fprintf(w, "data: %s\n\n", data)
		w.(http.Flusher).Flush()
	}
	usage := map[bool]string{true: `,"usage":null`, false: ""}[asked]
	for _, data := range []string{
		`{"id":"c1","object":"` + object + `","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"text":"hi","finish_reason":null}]` + usage + `}`,
		`{"id":"c1","object":"` + object + `","model":"m","choices":[{"index":0,"delta":{},"text":"","finish_reason":"stop"}]` + usage + `}`,
	} {
		send(data)
		plain += "data: " + data + "\n\n"
	}
	if asked {
		send(`{"id":"c1","object":"` + object + `","model":"m","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}`)
	}
	send("[DONE]")
	return plain + "data: [DONE]\n\n"
}

// The usage of a stream is asked for where the client did not, in the history afterwards, and nothing of it is seen by the
// client; the request is otherwise what the client wrote.
func TestUsageOfStreamsIsAskedFor(t *testing.T) {
	for path, body := range map[string]string{
		"/v1/chat/completions": `{"model":"openai/gpt", "stream":true,"messages":[{"role":"user","content":"1.0  é"}]}`,
		"/v1/completions":      `{"model":"openai/gpt", "stream":true,"prompt":"def f(" }`,
	} {
		object := map[string]string{"/v1/chat/completions": "chat.completion.chunk", "/v1/completions": "text_completion"}[path]
		plain := make(chan string, 1)
		var sent *seen
		var server *httptest.Server
		server, sent = upstream(t, func(w http.ResponseWriter, _ *http.Request) {
			text, _, _ := sent.got()
			plain <- sendChunks(w, object, gjson.Get(text, "stream_options.include_usage").Bool())
		})
		d := openDoor(t, redirected("openai", server.URL, "sk-test"))
		resp, got := d.post(path, body)
		if want := <-plain; resp.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: the client got %q, want %q", path, got, want)
		}
		want := strings.Replace(strings.Replace(body, "{", `{"stream_options":{"include_usage":true},`, 1), "openai/gpt", "gpt", 1)
		if text, _, _ := sent.got(); text != want {
			t.Errorf("%s: sent %s, want %s", path, text, want)
		}
		r := d.lastRecord()
		if r.InputTokens == nil || *r.InputTokens != 11 || r.OutputTokens == nil || *r.OutputTokens != 7 || r.Outcome != gateway.OK {
			t.Errorf("%s: %+v", path, r)
		}
	}
}

// Who asks gets the usage's chunk, from the same server, untouched.
func TestUsageOfStreamsForWhoAsks(t *testing.T) {
	body := `{"model":"openai/gpt","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`
	server, seen := upstream(t, func(w http.ResponseWriter, _ *http.Request) { sendChunks(w, "chat.completion.chunk", true) })
	d := openDoor(t, redirected("openai", server.URL, "sk-test"))
	if _, got := d.post("/v1/chat/completions", body); strings.Count(got, `"choices":[],"usage":{`) != 1 {
		t.Errorf("the client got %q", got)
	}
	if sent, _, _ := seen.got(); sent != strings.Replace(body, "openai/gpt", "gpt", 1) {
		t.Errorf("sent %s", sent)
	}
}

// A server that refuses to be asked is asked again without, and not at all the next time.
func TestServersThatRefuseToTellTheUsage(t *testing.T) {
	for path, body := range map[string]string{
		"/v1/chat/completions": `{"model":"local/m","stream":true,"messages":[{"role":"user","content":"hi"}]}`,
		"/v1/messages":         `{"model":"local/m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`,
		"/v1/completions":      `{"model":"local/m","stream":true,"prompt":"hi"}`,
	} {
		var refused, answered atomic.Int32
		var sent *seen
		var server *httptest.Server
		server, sent = upstream(t, func(w http.ResponseWriter, _ *http.Request) {
			if text, _, _ := sent.got(); gjson.Get(text, "stream_options").Exists() {
				refused.Add(1)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusUnprocessableEntity)
				fmt.Fprint(w, `{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}`)
				return
			}
			answered.Add(1)
			sendChunks(w, "chat.completion.chunk", false)
		})
		d := openDoor(t, doorOptions{providers: map[string]provider.Override{
			"local": {BaseURL: server.URL},
		}, secrets: secrets{"local": "k"}})
		for range 2 {
			resp, got := d.post(path, body)
			if resp.StatusCode != http.StatusOK || !strings.Contains(got, "hi") {
				t.Errorf("%s: %d %s", path, resp.StatusCode, got)
			}
		}
		if refused.Load() != 1 || answered.Load() != 2 {
			t.Errorf("%s: refused %d times, answered %d times", path, refused.Load(), answered.Load())
		}
	}
}
