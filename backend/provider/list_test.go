package provider

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
)

// TestListIsAskedForOnce: a list that is still the same isn't sent again.
func TestListIsAskedForOnce(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Etag", `"one"`)
		if r.Header.Get("If-None-Match") == `"one"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, `{"data":[{"id":"a/b","regions":["eu"],"quantum":{"spin":1}}]}`)
	}))
	defer server.Close()
	client := NewClient(http.NotFoundHandler())
	defer client.Close()
	p := NewTable(map[ID]Override{Gateway: {BaseURL: server.URL}})[Gateway]
	first, err := client.List(context.Background(), p, "", "")
	if err != nil || first.ETag != `"one"` || first.Same || len(first.Models) != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	if m := first.Models[0]; string(m.Raw) != `{"id":"a/b","regions":["eu"],"quantum":{"spin":1}}` || m.Regions[0] != "eu" {
		t.Errorf("what nobody knows yet was lost: %s", m.Raw)
	}
	again, err := client.List(context.Background(), p, "", first.ETag)
	if err != nil || !again.Same || again.ETag != `"one"` {
		t.Errorf("%+v, %v", again, err)
	}
}

// TestListSaysWhenToAskAgain: a provider's own word counts.
func TestListSaysWhenToAskAgain(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	client := NewClient(http.NotFoundHandler())
	defer client.Close()
	_, err := client.List(context.Background(), NewTable(map[ID]Override{"openai": {BaseURL: server.URL}})["openai"], "x", "")
	if e := llm.AsError(err); e == nil || e.RetryAfter != 90*time.Second {
		t.Errorf("%+v", e)
	}
}

func TestEndpoints(t *testing.T) {
	answer := `{"data":{"id":"xai/grok","endpoints":[
		{"tag":"spacexai","context_length":1000,"max_completion_tokens":100,"status":0,"latency_last_1h":{"p50":300},
			"pricing":{"prompt":"0.000003","completion":"0.000015","input_cache_read":"0.0000003"}},
		{"provider_name":"bedrock","context_length":null,"status":0,"pricing":{"prompt":"x"}},
		{"tag":"gone","status":1}]}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/models/xai/grok/endpoints" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s, with %v", r.URL.Path, r.Header)
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	client := NewClient(http.NotFoundHandler())
	defer client.Close()
	p := NewTable(map[ID]Override{Gateway: {BaseURL: server.URL}})[Gateway]
	list, err := client.Endpoints(context.Background(), p, "xai/grok", "")
	if err != nil || len(list.Models) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	xai, bedrock := list.Models[0], list.Models[1]
	if xai.Provider != "xai" || xai.ContextWindow != 1000 || xai.MaxOutput != 100 || *xai.Price.CacheRead != 300_000 || xai.Price.Source != catalog.FromGateway {
		t.Errorf("%+v", xai)
	}
	if bedrock.Provider != "bedrock" || bedrock.Price != nil || bedrock.ContextWindow != 0 {
		t.Errorf("%+v", bedrock)
	}
	for _, bad := range []string{`<html>`, `{"data":{}}`, `{"data":{"endpoints":[{"tag":"a"}`} {
		answer = bad
		if _, err := client.Endpoints(context.Background(), p, "xai/grok", ""); llm.AsError(err) == nil {
			t.Errorf("%s was taken for an answer", bad)
		}
	}
}

func FuzzEntry(f *testing.F) {
	for _, seed := range []string{
		`{"data":[{"id":"a/b","pricing":{"input":"0.1","input_tiers":[{"cost":"1","min":3}]}}]}`,
		`{"data":{"endpoints":[{"tag":"x","pricing":{"prompt":"1","completion":"2","request":"0"}}]}}`, `{"data":[1,null,{}]}`,
	} {
		f.Add([]byte(seed))
	}
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	f.Cleanup(server.Close)
	client := NewClient(http.NotFoundHandler())
	f.Cleanup(client.Close)
	p := NewTable(map[ID]Override{Gateway: {BaseURL: server.URL}})[Gateway]
	f.Fuzz(func(t *testing.T, text []byte) {
		body = text
		list, err := client.List(context.Background(), p, "", "")
		ends, endsErr := client.Endpoints(context.Background(), p, "a/b", "")
		if err != nil && llm.AsError(err) == nil || endsErr != nil && llm.AsError(endsErr) == nil {
			t.Fatal(err, endsErr)
		}
		for _, m := range append(list.Models, ends.Models...) {
			if m.ID == "" || m.Provider == "" || m.ContextWindow < 0 || m.MaxOutput < 0 {
				t.Errorf("%+v", m)
			}
		}
	})
}
