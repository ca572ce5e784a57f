package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/contents"
	"gatehouse/backend/credential"
	"gatehouse/backend/gateway"
)

// keeping has a door's contents kept in a folder, for the project of its key. What it gives waits until those of so many
// requests are written.
func keeping(t *testing.T, o *doorOptions) (written func(n int) *contents.Contents) {
	t.Helper()
	known := credential.NewRedactor()
	known.Add(providerSecret)
	stored := make(chan string, 64)
	kept := contents.Open(contents.Options{
		Stored: func(id string) { stored <- id },
		Dir:    filepath.Join(t.TempDir(), "contents"), Rules: map[string]time.Duration{"tests": time.Hour}, Mask: credential.Mask,
	})
	edit := o.edit
	o.edit = func(p *Options, g *gateway.Options) {
		if edit != nil {
			edit(p, g)
		}
		g.Contents, g.Redact = kept, known.RedactBytes
	}
	t.Cleanup(func() { check(t, kept.Close(context.Background())) })
	return func(n int) *contents.Contents {
		t.Helper()
		for range n {
			select {
			case <-stored:
			case <-time.After(20 * time.Second):
				t.Fatal("contents were not written")
			}
		}
		return kept
	}
}

// TestContentsAreWhatWasSent: what is kept is what the client sent and what it got, byte for byte, by whichever way it was
// carried, also where the provider refused.
func TestContentsAreWhatWasSent(t *testing.T) {
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("Accept"), "refuse") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":{"message":"no such thing","type":"invalid_request_error"}}`)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for _, piece := range []string{"a", "b", "é"} {
			_, _ = io.WriteString(w, `data: {"id":"1","choices":[{"index":0,"delta":{"content":"`+piece+"\"}}]}\n\n")
		}
		_, _ = io.WriteString(w, "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"+
			"data: {\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n")
	})
	o := redirected("openai", server.URL+"/v1", providerSecret)
	written := keeping(t, &o)
	d := openDoor(t, o)
	type exchange struct{ id, request, answer string }
	var all []exchange
	for path, bodies := range map[string][]string{
		"/v1/chat/completions": {
			`{"model":"sim/echo","messages":[{"role":"user","content":"hello"}]}`,
			`{"model":"sim/stream","stream":true,"messages":[{"role":"user","content":"tokens=5 rate=0"}]}`,
			`{"model":"openai/gpt","stream":true,"messages":[{"role":"user","content":"hi"}]}`, // the usage is hidden from it
			`{"model":"openai/gpt","stream":true,"refuse":true,"messages":[{"role":"user","content":"hi"}]}`,
		},
		"/v1/messages": {
			`{"model":"openai/gpt","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}`, // translated
			`{"model":"sim/echo","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`,
		},
		"/v1/embeddings":         {`{"model":"sim/embed","input":"hi"}`},
		"/v1/images/generations": {`{"model":"sim/nothing","prompt":"a picture"}`},
	} {
		for _, body := range bodies {
			resp, answer := d.post(path, body, func(r *http.Request) {
				if strings.Contains(body, "refuse") {
					r.Header.Set("Accept", "refuse")
				}
			})
			all = append(all, exchange{resp.Header.Get("X-Gatehouse-Request-Id"), body, answer})
		}
	}
	kept := written(len(all))
	for _, e := range all {
		k, err := kept.Get(e.id)
		if err != nil {
			t.Errorf("%s: %v (%s)", e.request, err, e.answer)
			continue
		}
		if string(k.RequestText) != e.request {
			t.Errorf("kept %q of %q", k.RequestText, e.request)
		}
		// What the door itself refused, the history tells.
		if string(k.AnswerText) != e.answer && (len(k.AnswerText) > 0 || !strings.Contains(e.answer, `"error"`)) {
			t.Errorf("%s: kept %q of %q", e.request, k.AnswerText, e.answer)
		}
	}
}

// TestContentsHoldNoSecrets: not the provider's credential, where the provider repeats it, nor one that the request brings,
// and of requests that were refused before anybody knew what they bring, nothing.
func TestContentsHoldNoSecrets(t *testing.T) {
	const brought = "a-key-of-ones-own-0123456789"
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}]}`,
			"you sent "+r.Header.Get("Authorization"))
	})
	o := redirected("openai", server.URL+"/v1", providerSecret)
	written := keeping(t, &o)
	d := openDoor(t, o)
	var ids []string
	for _, body := range []string{
		`{"model":"openai/gpt","messages":[{"role":"user","content":"hi"}]}`,
		`{"model":"openai/gpt","providerOptions":{"gateway":{"byok":{"openai":[{"apiKey":"` + brought + `"}]}}},"messages":[{"role":"user","content":"hi"}]}`,
		`{"model":"openai/gpt","providerOptions":{"gateway":{"nonsense":1,"byok":{"openai":[{"apiKey":"` + brought + `"}]}}},"messages":[]}`,
		`{"model":7,"providerOptions":{"gateway":{"byok":{"openai":[{"apiKey":"` + brought + `"}]}}}}`,
	} {
		resp, _ := d.post("/v1/chat/completions", body)
		ids = append(ids, resp.Header.Get("X-Gatehouse-Request-Id"))
	}
	kept := written(2)
	for i, id := range ids {
		k, err := kept.Get(id)
		if (err == nil) != (i < 2) {
			t.Errorf("%d: %v", i, err)
		}
		for _, secret := range []string{providerSecret, brought} {
			if text := string(k.RequestText) + string(k.AnswerText); strings.Contains(text, secret[4:16]) {
				t.Errorf("%d: %s", i, text)
			}
		}
		if err == nil && !strings.Contains(string(k.AnswerText), credential.Redacted) {
			t.Errorf("%d: %s", i, k.AnswerText)
		}
	}
}
