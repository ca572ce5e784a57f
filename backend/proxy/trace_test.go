package proxy

import (
	"fmt"
	"net/http"
	"testing"

	"gatehouse/backend/gateway"
)

// TestTraceContext: a provider is told of no trace unless settings say so, and then of the span that the collector is told of.
func TestTraceContext(t *testing.T) {
	const theirs = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	var tracing gateway.Tracing
	server, got := upstream(t, jsonAnswer)
	o := redirected("openai", server.URL+"/v1", providerSecret)
	o.edit = func(_ *Options, g *gateway.Options) { g.Tracing = func() gateway.Tracing { return tracing } }
	d := openDoor(t, o)
	for _, c := range []struct {
		tracing      gateway.Tracing
		client       string
		trace, state string // ours is that of the request's own
	}{
		{gateway.Tracing{}, theirs, "", ""},
		{gateway.Tracing{Spans: true}, theirs, "", ""},
		{gateway.Tracing{Propagate: true}, theirs, theirs, "a=b"},
		{gateway.Tracing{Propagate: true}, "", "", ""},
		{gateway.Tracing{Propagate: true}, "nonsense", "", ""},
		{gateway.Tracing{Propagate: true, Spans: true}, theirs, "00-0af7651916cd43dd8448eb211c80319c-ours-01", "a=b"},
		{gateway.Tracing{Propagate: true, Spans: true}, "", "00-ours-ours-01", ""},
	} {
		tracing = c.tracing
		resp, text := d.post("/v1/chat/completions", `{"model":"openai/gpt","messages":[{"role":"user","content":"hi"}]}`, func(r *http.Request) {
			if c.client != "" {
				r.Header.Set("Traceparent", c.client)
				r.Header.Set("Tracestate", "a=b")
			}
		})
		if resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		r := d.lastRecord()
		want := c.trace
		switch c.trace {
		case "00-0af7651916cd43dd8448eb211c80319c-ours-01":
			want = fmt.Sprintf("00-0af7651916cd43dd8448eb211c80319c-%x-01", gateway.SpanID(r.ID, &r.Attempts[0]))
		case "00-ours-ours-01":
			want = fmt.Sprintf("00-%x-%x-01", gateway.TraceID(r.ID), gateway.SpanID(r.ID, &r.Attempts[0]))
		}
		if _, header, _ := got.got(); header.Get("Traceparent") != want || header.Get("Tracestate") != c.state {
			t.Errorf("%+v: the provider is told %q, %q; want %q", c, header.Get("Traceparent"), header.Get("Tracestate"), want)
		}
	}
}
