package provider

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
)

type text string

func (t text) Reader() io.Reader { return strings.NewReader(string(t)) }
func (t text) Len() int64        { return int64(len(t)) }

func TestTable(t *testing.T) {
	table := NewTable(map[ID]Override{
		"openai":  {BaseURL: "http://x.test/openai/v1/"},
		"gateway": {BaseURL: "http://g.test/v1"},
		"my-lab":  {Name: "My lab", BaseURL: "http://lab.test/v1"},
	})
	for _, c := range []struct {
		id   ID
		d    llm.Dialect
		want string
	}{
		{"openai", llm.ChatCompletions, "http://x.test/openai/v1/chat/completions"},
		{"gateway", llm.ChatCompletions, "http://g.test/v1/chat/completions"},
		{"gateway", llm.Messages, "http://g.test/v1/messages"},
		{"anthropic", llm.Messages, "https://api.anthropic.com/v1/messages"},
		{"google", llm.Gemini, "https://generativelanguage.googleapis.com/v1beta/models/%7Bmodel%7D"},
		{"my-lab", llm.ChatCompletions, "http://lab.test/v1/chat/completions"},
	} {
		u, err := table[c.id].Endpoint(c.d)
		if err != nil || u.String() != c.want {
			t.Errorf("%s: %v, %v", c.id, u, err)
		}
	}
	if p := NewTable(map[ID]Override{"google": {BaseURL: "http://x.test/v1beta/"}})["google"]; p.BaseURL != "http://x.test" {
		t.Errorf("Gemini's base URL with its version became %s", p.BaseURL)
	}
	if _, err := table["openai"].Endpoint(llm.Messages); err == nil {
		t.Error("OpenAI does not speak Messages")
	}
	if p := table["my-lab"]; p.Variables[0] != "MY_LAB_API_KEY" || p.Credential != Optional {
		t.Errorf("%+v", p)
	}
	if last := table.Sorted()[len(table)-1]; last.ID != "my-lab" {
		t.Errorf("%s is last", last.ID)
	}
}

// TestInProcess: the handler in this process behaves like a server: streamed, dropped, cancelled.
func TestInProcess(t *testing.T) {
	started, left := make(chan struct{}), make(chan struct{})
	client := NewClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch string(body) {
		case "echo":
			w.Header().Set("X-Test", "1")
			w.WriteHeader(http.StatusTeapot)
			w.Header().Set("X-Late", "1")
			_, _ = w.Write(body)
		case "drop early":
			panic(http.ErrAbortHandler)
		case "drop late":
			_, _ = io.WriteString(w, "a")
			panic(http.ErrAbortHandler)
		case "wait":
			close(started)
			<-r.Context().Done()
			close(left)
		}
	}))
	do := func(ctx context.Context, body string) (*http.Response, error) {
		return client.Do(ctx, Call{Provider: NewTable(nil)[Sim], Dialect: llm.ChatCompletions, Header: http.Header{}, Body: text(body)})
	}
	resp, err := do(context.Background(), "echo")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil || string(got) != "echo" || resp.StatusCode != 418 || resp.Header.Get("X-Test") != "1" || resp.Header.Get("X-Late") != "" {
		t.Errorf("%d %q %v %v", resp.StatusCode, got, resp.Header, err)
	}
	if _, err := do(context.Background(), "drop early"); llm.AsError(err) == nil || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a connection dropped before its answer gave %v", err)
	}
	resp, err = do(context.Background(), "drop late")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(resp.Body); string(got) != "a" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a connection dropped within its answer gave %q, %v", got, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-started; cancel() }()
	if _, err := do(ctx, "wait"); llm.AsError(err).Kind != llm.ErrCancelled {
		t.Errorf("cancelled gave %v", err)
	}
	<-left
}

func TestModels(t *testing.T) {
	for _, c := range []struct {
		name, id, answer string
		status           int
		want             string
		wantErr          llm.ErrorKind
	}{
		{"openai", "openai", `{"object":"list","data":[{"id":"gpt","created":5}]}`, 200, "openai/gpt", ""},
		{"anthropic", "anthropic", `{"data":[{"type":"model","id":"claude","display_name":"Claude","created_at":"2026-01-02T00:00:00Z"}]}`, 200, "anthropic/claude", ""},
		{"gemini", "google", `{"models":[{"name":"models/veo","supportedGenerationMethods":["predictLongRunning"]},{"name":"models/gemini","displayName":"Gemini","inputTokenLimit":1000,"outputTokenLimit":100,"supportedGenerationMethods":["generateContent","countTokens"]}]}`, 200, "google/gemini", ""},
		{"gemini's key", "google", `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`, 400, "", llm.ErrAuth},
		{"gateway", "gateway", `{"data":[{"id":"openai/gpt","context_window":1000,"max_tokens":100,"pricing":{"input":"0.000001","output":"0.00001"}}]}`, 200, "openai/gpt", ""},
		{"refused", "openai", `{"error":{"message":"bad key"}}`, 401, "", llm.ErrAuth},
		{"another program", "lmstudio", `{"error":"Unexpected endpoint"}`, 200, "", llm.ErrInternal},
		{"no JSON", "ollama", `<html>`, 200, "", llm.ErrInternal},
		{"cut off", "openai", `{"object":"list","data":[{"id":"gpt"},{"id":"gp`, 200, "", llm.ErrInternal},
		{"twice the same", "openai", `{"data":[{"id":"gpt"},{"id":"gpt","owned_by":"x"}]}`, 200, "openai/gpt", ""},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.answer)
		}))
		client := NewClient(http.NotFoundHandler())
		p := NewTable(map[ID]Override{c.id: {BaseURL: server.URL}})[c.id]
		list, err := client.List(context.Background(), p, "secret", "")
		models := list.Models
		switch {
		case c.wantErr != "":
			if e := llm.AsError(err); e == nil || e.Kind != c.wantErr || strings.Contains(e.Message, "secret") {
				t.Errorf("%s: %v", c.name, err)
			}
		case err != nil || len(models) != 1 || models[0].ID != c.want:
			t.Errorf("%s: %+v, %v", c.name, models, err)
		}
		client.Close()
		server.Close()
	}
}

// TestUnreadablePricesStayUnknown: a wrong cost is worse than none.
func TestUnreadablePricesStayUnknown(t *testing.T) {
	for answer, known := range map[string]bool{
		`{"data":[{"id":"a/b","pricing":{"input":"0.000001","output":"0.00001"}}]}`:                                                           true,
		`{"data":[{"id":"a/b","pricing":{"input":"0.000001","output":"0.00001","input_tiers":[{"cost":"1","min":0}]}}]}`:                      true,
		`{"data":[{"id":"a/b","pricing":{"input":"0.000001","output":"0.00001","input_tiers":[{"cost":"1","min":0},{"cost":"2","min":9}]}}]}`: true,
		`{"data":[{"id":"a/b","pricing":{"input":"0.000001","output":"0.00001","input_tiers":[{"cost":"1","min":0},{"cost":2,"min":9}]}}]}`:   false,
		`{"data":[{"id":"a/b","pricing":{"input":"1e-6","output":"0.00001"}}]}`:                                                               false,
		`{"data":[{"id":"a/b","pricing":{"input":"0.000001"}}]}`:                                                                              false,
		`{"data":[{"id":"a/b","type":"embedding","pricing":{"input":"0.000001"}}]}`:                                                           true,
		`{"data":[{"id":"a/b"}]}`: false,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
		client := NewClient(http.NotFoundHandler())
		list, err := client.List(context.Background(), NewTable(map[ID]Override{Gateway: {BaseURL: server.URL}})[Gateway], "x", "")
		models := list.Models
		if err != nil || len(models) != 1 {
			t.Fatal(models, err)
		}
		if _, ok := catalog.New(models, nil).Price(Gateway, "a/b"); ok != known {
			t.Errorf("%s: price known %v", answer, ok)
		}
		client.Close()
		server.Close()
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the credential went to another host") }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	client := NewClient(http.NotFoundHandler())
	defer client.Close()
	p := NewTable(map[ID]Override{"openai": {BaseURL: server.URL}})["openai"]
	resp, err := client.Do(context.Background(), Call{
		Provider: p, Dialect: llm.ChatCompletions, Header: http.Header{}, Secret: "s", Body: text("{}"),
	})
	if err != nil || resp.StatusCode != http.StatusTemporaryRedirect {
		t.Fatal(resp, err)
	}
	_ = resp.Body.Close()
}
