package proxy

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/backend/gateway"
	"gatehouse/backend/usage"
)

const fewWords = "The quick brown fox jumps over the lazy dog, and then it sleeps in the sun until the evening. "

// chatDeltas is a stream of Chat Completions that says words, without an end and without usage.
func chatDeltas(times int) string {
	return strings.Repeat(`data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"`+fewWords+`"},"finish_reason":null}]}`+"\n\n", times)
}

const chatEnd = `data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"

const messagesBegin = `event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":77,"cache_read_input_tokens":5,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + fewWords + fewWords + `"}}

`

// What a provider did not tell is estimated and marked: servers that never tell, answers that were left, and those that
// broke off. What it did tell stays.
func TestUnknownUsageIsEstimated(t *testing.T) {
	const words = 22 // tokens of fewWords, roughly
	prompt := strings.Repeat(fewWords, 4)
	chat := `{"model":"MODEL","stream":true,"messages":[{"role":"user","content":"` + prompt + `"}]}`
	messages := `{"model":"MODEL","stream":true,"max_tokens":99,"messages":[{"role":"user","content":"` + prompt + `"}]}`
	for _, c := range []struct {
		name, provider, path, body, answer string
		// leaves tells that the client goes away after the first content, breaks that the connection does.
		leaves, breaks bool
		outcome        gateway.Outcome
		output, input  int64 // about; a negative one is exact, and not estimated
		estimated      []string
	}{
		{"never told", "groq", "/v1/chat/completions", chat, chatDeltas(10) + chatEnd, false, false, gateway.OK, 10 * words, 4 * words, []string{"inputTokens", "outputTokens"}},
		{"never told, translated", "groq", "/v1/messages", messages, chatDeltas(10) + chatEnd, false, false, gateway.OK, 10 * words, 4 * words, []string{"inputTokens", "outputTokens"}},
		{"never told, and long", "groq", "/v1/chat/completions", chat, chatDeltas(1000) + chatEnd, false, false, gateway.OK, 1000 * words, 4 * words, []string{"inputTokens", "outputTokens"}},
		{"broken off", "groq", "/v1/chat/completions", chat, chatDeltas(3), false, true, gateway.Failed, 3 * words, 4 * words, []string{"inputTokens", "outputTokens"}},
		{"broken off, translated", "groq", "/v1/messages", messages, chatDeltas(3), false, true, gateway.Failed, 3 * words, 4 * words, []string{"inputTokens", "outputTokens"}},
		{"left", "groq", "/v1/chat/completions", chat, chatDeltas(3), true, false, gateway.Cancelled, 3 * words, 4 * words, []string{"inputTokens", "outputTokens"}},
		{"left after the provider told the input", "anthropic", "/v1/messages", messages, messagesBegin, true, false, gateway.Cancelled, 2 * words, -77, []string{"outputTokens"}},
		{"the same, translated", "anthropic", "/v1/chat/completions", chat, messagesBegin, true, false, gateway.Cancelled, 2 * words, -77, []string{"outputTokens"}},
		{"broken off after that", "anthropic", "/v1/messages", messages, messagesBegin, false, true, gateway.Failed, 2 * words, -77, []string{"outputTokens"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, c.answer)
				w.(http.Flusher).Flush()
				switch {
				case c.breaks:
					panic(http.ErrAbortHandler)
				case c.leaves:
					<-r.Context().Done()
				}
			})
			d := openDoor(t, redirected(c.provider, server.URL, providerSecret))
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+c.path, strings.NewReader(strings.ReplaceAll(c.body, "MODEL", c.provider+"/m")))
			check(t, err)
			req.Header.Set("Authorization", "Bearer "+d.token)
			resp, err := d.client.Do(req)
			check(t, err)
			if c.leaves {
				first := make([]byte, len(fewWords))
				_, err = io.ReadFull(resp.Body, first)
				check(t, err)
				leave()
			} else {
				_, _ = io.Copy(io.Discard, resp.Body)
			}
			check(t, resp.Body.Close())
			r := d.lastRecord()
			if r.Outcome != c.outcome || !slices.Equal(r.Estimated, c.estimated) {
				t.Fatalf("%s, estimated %q: %+v", r.Outcome, r.Estimated, r)
			}
			about(t, "output", r.OutputTokens, c.output)
			about(t, "input", r.InputTokens, c.input)
		})
	}
}

// about holds a number to within a fifth of another.
func about(t *testing.T, what string, got *int64, want int64) {
	t.Helper()
	switch {
	case got == nil:
		t.Errorf("%s is unknown, want about %d", what, want)
	case want < 0 && *got != -want, want > 0 && (*got < want*4/5 || *got > want*6/5+10):
		t.Errorf("%s is %d, want about %d", what, *got, want)
	}
}

// A request that was refused took nothing that could be estimated.
func TestRefusedRequestsAreNotEstimated(t *testing.T) {
	server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"message":"no","type":"invalid_request_error"}}`)
	})
	d := openDoor(t, redirected("openai", server.URL, providerSecret))
	d.post("/v1/chat/completions", `{"model":"openai/gpt","messages":[{"role":"user","content":"hi"}]}`)
	if r := d.lastRecord(); r.InputTokens != nil || r.OutputTokens != nil || len(r.Estimated) > 0 {
		t.Errorf("%+v", r)
	}
	var none usage.Record
	if from := none.Provenance("inputTokens", false); from != "unknown" {
		t.Errorf("what is not known is %s", from)
	}
}
