package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/routing"
)

// dawdling answers in Chat Completions as its model is called: never, once and then never again, or without an end.
func dawdling(t *testing.T) doorOptions {
	var got *seen
	server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		body, _, _ := got.got()
		model := gjson.Get(body, "model").String()
		piece := func() {
			_, _ = io.WriteString(w, `data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"piece "}}]}`+"\n\n")
			w.(http.Flusher).Flush()
		}
		if model == "never" {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		piece()
		if model == "once" {
			<-r.Context().Done()
			return
		}
		for every := time.NewTicker(50 * time.Millisecond); ; {
			select {
			case <-r.Context().Done():
				every.Stop()
				return
			case <-every.C:
				piece()
			}
		}
	})
	o := redirected("groq", server.URL, providerSecret)
	o.secrets["mistral"] = providerSecret
	o.providers["mistral"] = o.providers["groq"]
	return o
}

// TestTimeoutsOfARequest: each kind of timeout that a request asks for ends it in the words of every client's protocol, and the
// history says which it was.
func TestTimeoutsOfARequest(t *testing.T) {
	for _, kind := range []struct{ header, model, says string }{
		{"X-Gatehouse-First-Token-Timeout", "never", "the first-token timeout"},
		{"X-Gatehouse-Idle-Timeout", "once", "the idle timeout"},
		{"X-Gatehouse-Total-Timeout", "always", "the total timeout"},
	} {
		for _, c := range clients {
			t.Run(kind.model+" "+c.name, func(t *testing.T) {
				t.Parallel()
				d := openDoor(t, dawdling(t))
				began := time.Now()
				body := strings.NewReplacer("MODEL", "groq/"+kind.model, "STREAM", "true", "TEXT", "hello").Replace(c.text)
				resp, text := d.post(c.path("groq/"+kind.model, true), body, func(r *http.Request) {
					if c.header != nil {
						for name, values := range c.header("groq/"+kind.model, true) {
							r.Header[name] = values
						}
					}
					r.Header.Set(kind.header, "1000")
				})
				if !strings.Contains(text, kind.says) || strings.Contains(text, c.streamEnd) || time.Since(began) > 15*time.Second {
					t.Errorf("%d %s", resp.StatusCode, text)
				}
				if wants := kind.model == "never"; wants != (resp.StatusCode == http.StatusGatewayTimeout) {
					t.Errorf("the status is %d", resp.StatusCode)
				}
				if r := d.lastRecord(); r.Outcome != gateway.Failed || !strings.Contains(r.Error, kind.says) {
					t.Errorf("the history says %s %q", r.Outcome, r.Error)
				}
			})
		}
	}
}

// TestTimeoutsOfSettings: what settings say of a provider holds for that one, and less than what a request says.
func TestTimeoutsOfSettings(t *testing.T) {
	o := dawdling(t)
	o.config = &routing.Config{Timeouts: map[string]routing.Timeouts{
		"groq": {FirstToken: 50 * time.Millisecond}, routing.AnyProvider: {FirstToken: 100 * time.Millisecond},
	}}
	d := openDoor(t, o)
	for _, c := range []struct{ model, options, says string }{
		{"groq/never", `{}`, "nothing came for 50ms"},
		{"mistral/never", `{}`, "nothing came for 100ms"},
		{"groq/never", `{"providerTimeouts":{"firstToken":{"mistral":5000,"groq":1000}}}`, "nothing came for 1s"},
		{"groq/never", `{"providerTimeouts":{"byok":{"*":1500}}}`, "nothing came for 1.5s"},
	} {
		resp, text := d.post("/v1/chat/completions", `{"model":"`+c.model+`","messages":[{"role":"user","content":"x"}],"providerOptions":{"gateway":`+c.options+`}}`)
		if resp.StatusCode != http.StatusGatewayTimeout || !strings.Contains(text, c.says) {
			t.Errorf("%s with %s: %d %s", c.model, c.options, resp.StatusCode, text)
		}
	}
}
