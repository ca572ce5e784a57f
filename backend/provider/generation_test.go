package provider

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/llm"
)

func TestGeneration(t *testing.T) {
	none := llm.Count{}
	for _, c := range []struct {
		name, answer string
		status       int
		want         Generation
		kind         llm.ErrorKind // empty for an answer
	}{
		{"hosted", `{"data":{"id":"gen_1","total_cost":0.00123,"usage":0.00123,"is_byok":false,"upstream_inference_cost":0,"native_tokens_prompt":100,"native_tokens_completion":20,"tokens_prompt":90}}`, 200, Generation{llm.Tokens(100), llm.Tokens(20), llm.Tokens(1_230_000_000)}, ""},
		{"own credential there", `{"data":{"total_cost":0,"is_byok":true,"upstream_inference_cost":1.5e-05,"native_tokens_prompt":1,"native_tokens_completion":2}}`, 200, Generation{llm.Tokens(1), llm.Tokens(2), llm.Tokens(15_000_000)}, ""},
		{"text and nothing", `{"data":{"total_cost":"0.5","native_tokens_prompt":null,"native_tokens_completion":-1}}`, 200, Generation{none, none, llm.Tokens(500_000_000_000)}, ""},
		{"not known yet", `{"error":{"message":"Generation not found"}}`, 404, Generation{}, llm.ErrNotFound},
		{"too many", `{"error":{"message":"slow down"}}`, 429, Generation{}, llm.ErrRateLimit},
		{"another server", `<html>`, 200, Generation{}, llm.ErrInternal},
		{"no data", `{"data":[]}`, 200, Generation{}, llm.ErrInternal},
	} {
		for id, path := range map[ID]string{Gateway: "/v1/generation?id=gen_1%26x", "openrouter": "/generation?id=gen_1%26x"} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.String() != path || r.Header.Get("Authorization") != "Bearer secret" || r.Method != http.MethodGet {
					t.Errorf("asked %s %s with %v", r.Method, r.URL, r.Header)
				}
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.answer)
			}))
			client := NewClient(http.NotFoundHandler())
			got, err := client.Generation(context.Background(), NewTable(map[ID]Override{id: {BaseURL: server.URL}})[id], "secret", "gen_1&x")
			var e *llm.Error
			if errors.As(err, &e) != (c.kind != "") || got != c.want || e != nil && (e.Kind != c.kind || c.status == 429 && e.RetryAfter != 7*time.Second) {
				t.Errorf("%s of %s: %+v, %v", c.name, id, got, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error(err)
			}
			client.Close()
			server.Close()
		}
	}
	table := NewTable(nil)
	for id, answer := range map[ID]string{Gateway: "gen_01J", "openrouter": "gen-17"} {
		if !table[id].TellsOf(answer) || table[id].TellsOf("resp_1") || table["openai"].TellsOf(answer) {
			t.Errorf("%s and %s", id, answer)
		}
	}
}
