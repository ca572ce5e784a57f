package sim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestSystemTurns: instructions within a conversation are taken where the API takes them, and nowhere else.
func TestSystemTurns(t *testing.T) {
	server := httptest.NewServer(Handler(Options{}))
	defer server.Close()
	for turns, status := range map[string]int{
		`{"role":"user","content":"a"},{"role":"system","content":"b"}`:                                                                       200,
		`{"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"assistant","content":"c"},{"role":"user","content":"d"}`:      200,
		`{"role":"system","content":"b"},{"role":"user","content":"a"}`:                                                                       400,
		`{"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"user","content":"c"}`:                                         400,
		`{"role":"user","content":"a"},{"role":"system","content":"b"},{"role":"system","content":"c"}`:                                       400,
		`{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"system","content":"c"},{"role":"assistant","content":"d"}`: 400,
	} {
		body := `{"model":"echo","max_tokens":100,"messages":[` + turns + `]}`
		req, err := http.NewRequest(http.MethodPost, server.URL+"/v1/messages", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Anthropic-Version", "2023-06-01")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%s: %d %s", turns, resp.StatusCode, text)
		}
	}
}
