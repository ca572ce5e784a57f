package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/usage"
)

const (
	countBody  = `{"model":"MODEL","system":"be brief","messages":[{"role":"user","content":"How many tokens does this have, by your own count?"}]}`
	countText  = `{"model":"MODEL","instructions":"be brief","input":"How many tokens does this have, by your own count?"}`
	countParts = `{"contents":[{"role":"user","parts":[{"text":"How many tokens does this have, by your own count?"}]}]}`
)

// counters are the ways in which clients ask for a count.
var counters = []struct{ name, path, body, answer string }{
	{"messages", "/v1/messages/count_tokens", countBody, "input_tokens"},
	{"responses", "/v1/responses/input_tokens", countText, "input_tokens"},
	{"gemini", "/v1beta/models/MODEL:countTokens", countParts, "totalTokens"},
}

func countOf(d *door, i int, model string) (*http.Response, string, int64) {
	c := counters[i]
	resp, text := d.post(strings.Replace(c.path, "MODEL", model, 1), strings.Replace(c.body, "MODEL", model, 1))
	return resp, text, gjson.Get(text, c.answer).Int()
}

// TestCountWhereTheProviderHasNone: an estimate in the client's shape, never 0 and never an error (vercel/ai#17326,
// cc-switch#3260, 9router#2337, sub2api#657).
func TestCountWhereTheProviderHasNone(t *testing.T) {
	refusing, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"error":{"message":"no such route"}}`)
	})
	o := redirected("llamacpp", refusing.URL, providerSecret)
	o.secrets["groq"], o.secrets["gateway"] = providerSecret, providerSecret
	d := openDoor(t, o)
	for i, c := range counters {
		for _, model := range []string{"groq/llama", "gateway/openai/gpt", "llamacpp/m"} {
			resp, text, n := countOf(d, i, model)
			if resp.StatusCode != 200 || n < 12 || n > 30 {
				t.Errorf("%s of %s: %d %s", c.name, model, resp.StatusCode, text)
			}
			if c.name == "responses" && gjson.Get(text, "object").Str != "response.input_tokens" {
				t.Errorf("%s: %s", c.name, text)
			}
		}
	}
	if records, _, err := d.history.List(context.Background(), usage.Query{Limit: 1}); err != nil || len(records) > 0 {
		t.Errorf("counting left %+v, %v", records, err)
	}
}

// TestCountTakesEverythingIn: tools, their schemas, calls, results, images and documents all count.
func TestCountTakesEverythingIn(t *testing.T) {
	d := openDoor(t, doorOptions{secrets: secrets{"groq": "k"}})
	count := func(members string) int64 {
		_, text := d.post("/v1/messages/count_tokens", `{"model":"groq/m",`+members+`}`)
		return gjson.Get(text, "input_tokens").Int()
	}
	hi := `"messages":[{"role":"user","content":"hi"}]`
	bare := count(hi)
	long := strings.Repeat("some words of text ", 50)
	call := `{"type":"tool_use","id":"t1","name":"read","input":{"path":"` + long + `"}}`
	for name, c := range map[string]struct {
		members string
		least   int64
	}{
		"system":      {`"system":"` + long + `",` + hi, 150},
		"tools":       {`"tools":[{"name":"read","description":"` + long + `","input_schema":{"type":"object","properties":{"path":{"type":"string"}}}}],` + hi, 160},
		"tool calls":  {`"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[` + call + `]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"ok"}]}]`, 160},
		"results":     {`"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"read","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"` + long + `"}]}]`, 160},
		"an image":    {`"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}]`, 500},
		"a document":  {`"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjQK"}}]}]`, 1000},
		"a text file": {`"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"` + long + `"}}]}]`, 150},
	} {
		if n := count(c.members); n < bare+c.least {
			t.Errorf("%s: %d tokens, %d without", name, n, bare)
		}
	}
}

// TestCountByTheProvider: its own number, asked for in its own words, and passed on as it came where the client speaks its
// dialect.
func TestCountByTheProvider(t *testing.T) {
	for _, c := range []struct {
		name, provider, model, base string
		client                      int
		answer, want                string
		url, sent                   string
	}{
		{"anthropic, raw", "anthropic", "anthropic/claude", "", 0, `{"input_tokens":77, "context_management":{"original_input_tokens":90}}`, "", "/v1/messages/count_tokens", strings.Replace(countBody, "MODEL", "claude", 1)},
		{"anthropic for Responses", "anthropic", "anthropic/claude", "", 1, `{"input_tokens":77}`, `{"object":"response.input_tokens","input_tokens":77}`, "/v1/messages/count_tokens", ""},
		{"anthropic for Gemini", "anthropic", "anthropic/claude", "", 2, `{"input_tokens":77}`, `{"totalTokens":77}`, "/v1/messages/count_tokens", ""},
		{"hosted gateway", "gateway", "gateway/anthropic/claude", "", 0, `{"input_tokens":77}`, "", "/v1/messages/count_tokens", strings.Replace(countBody, "MODEL", "anthropic/claude", 1)},
		{"openai, raw", "openai", "openai/gpt", "/v1", 1, `{"object":"response.input_tokens","input_tokens":77}`, "", "/v1/responses/input_tokens", strings.Replace(countText, "MODEL", "gpt", 1)},
		{"openai for Messages", "openai", "openai/gpt", "/v1", 0, `{"object":"response.input_tokens","input_tokens":77}`, `{"input_tokens":77}`, "/v1/responses/input_tokens", ""},
		{"google, raw", "google", "google/gemini-x", "", 2, `{"totalTokens":77,"promptTokensDetails":[]}`, "", "/v1beta/models/gemini-x:countTokens", countParts},
		{"google for Messages", "google", "google/gemini-x", "", 0, `{"totalTokens":77}`, `{"input_tokens":77}`, "/v1beta/models/gemini-x:countTokens", ""},
		{"llama.cpp, raw", "llamacpp", "llamacpp/m", "/v1", 0, `{"input_tokens":77}`, "", "/v1/messages/count_tokens", strings.Replace(countBody, "MODEL", "m", 1)},
	} {
		server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.answer) })
		d := openDoor(t, redirected(c.provider, server.URL+c.base, providerSecret))
		resp, text, _ := countOf(d, c.client, c.model)
		if c.want == "" {
			c.want = c.answer
		}
		sent, _, url := got.got()
		if resp.StatusCode != 200 || text != c.want || url != c.url {
			t.Errorf("%s: %d %s from %s", c.name, resp.StatusCode, text, url)
		}
		if c.sent != "" && sent != c.sent {
			t.Errorf("%s: sent %s", c.name, sent)
		}
		if strings.Contains(sent, "max_tokens") || strings.Contains(sent, `"stream"`) || !strings.Contains(sent, "your own count") {
			t.Errorf("%s: sent %s", c.name, sent)
		}
	}
}

// TestCountWhenTheProviderFails: what is the request's fault is said, everything else is estimated.
func TestCountWhenTheProviderFails(t *testing.T) {
	for status, want := range map[int]int{400: 400, 401: 200, 403: 200, 404: 200, 429: 200, 500: 200, 529: 200, 200: 200, 302: 200} {
		server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"type":"error","error":{"type":"invalid_request_error","message":"upstream says no to `+providerSecret+`"}}`)
		})
		d := openDoor(t, redirected("anthropic", server.URL, providerSecret))
		resp, text, n := countOf(d, 0, "anthropic/claude")
		if resp.StatusCode != want || want == 200 && n < 12 || want == 400 && !strings.Contains(text, "upstream says no") || strings.Contains(text, providerSecret) {
			t.Errorf("%d became %d %s", status, resp.StatusCode, text)
		}
	}
	d := openDoor(t, redirected("anthropic", "http://127.0.0.1:1", providerSecret))
	if resp, text, n := countOf(d, 0, "anthropic/claude"); resp.StatusCode != 200 || n < 12 {
		t.Errorf("a provider that can't be reached: %d %s", resp.StatusCode, text)
	}
	for _, c := range []struct {
		model  string
		status int
	}{{"nobody/x", 404}, {"openai/gpt", 403}} {
		if resp, text, _ := countOf(d, 0, c.model); resp.StatusCode != c.status || !strings.Contains(text, `"error"`) {
			t.Errorf("%s: %d %s", c.model, resp.StatusCode, text)
		}
	}
	if resp, text := d.post("/v1/messages/count_tokens", `{"model":"anthropic/claude","messages":7}`); resp.StatusCode != 400 {
		t.Errorf("a request that can't be read: %d %s", resp.StatusCode, text)
	}
}

// lessons is a Calibration that keeps what it was told and answers ten times the estimate.
type lessons struct {
	mu      sync.Mutex
	learned []string
	told    chan struct{}
}

func (l *lessons) Correct(_, _ string, estimated int64) int64 { return 10 * estimated }
func (l *lessons) Wants(string, string) bool                  { return true }
func (l *lessons) Learn(provider, model string, estimated, actual int64) {
	l.mu.Lock()
	l.learned = append(l.learned, fmt.Sprint(provider, " ", model, " ", estimated > 5 && estimated < 60, " ", actual))
	l.mu.Unlock()
	l.told <- struct{}{}
}

// TestCountLearns: whatever way a request goes, what it used teaches; what failed or was no conversation does not.
func TestCountLearns(t *testing.T) {
	l := &lessons{told: make(chan struct{}, 10)}
	o := simulators(t)
	o.edit = func(_ *Options, g *gateway.Options) { g.Calibration = l }
	d := openDoor(t, o)
	for _, c := range clients {
		for _, p := range []string{"groq", "anthropic"} {
			for _, stream := range []bool{true, false} {
				resp, text := c.ask(d, c.text, p+"/echo", "a canary sings", stream)
				if resp.StatusCode != 200 {
					t.Fatal(text)
				}
				r := d.lastRecord()
				select {
				case <-l.told:
				case <-time.After(10 * time.Second):
					t.Fatalf("%s to %s, stream %v: nothing learned", c.name, p, stream)
				}
				l.mu.Lock()
				if got, want := l.learned[len(l.learned)-1], fmt.Sprint(p, " ", p, "/echo true ", *r.InputTokens); got != want {
					t.Errorf("%s to %s, stream %v: learned %q, want %q", c.name, p, stream, got, want)
				}
				l.mu.Unlock()
			}
		}
	}
	learned := len(l.learned)
	d.post("/v1/chat/completions", `{"model":"groq/down","messages":[{"role":"user","content":"hi"}]}`)
	d.post("/v1/embeddings", `{"model":"sim/embed","input":"hi"}`)
	if l.mu.Lock(); len(l.learned) != learned {
		t.Errorf("learned %v", l.learned[learned:])
	}
	l.mu.Unlock()
	if _, text, n := countOf(d, 0, "groq/echo"); n < 120 || n > 300 {
		t.Errorf("the count is not corrected: %s", text)
	}
	_, text := d.post("/v1/messages", `{"model":"groq/echo","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"hi"}]}`)
	if first, _, _ := strings.Cut(text, "\n\n"); !strings.Contains(first, "message_start") || !strings.Contains(first, `"input_tokens":50`) {
		t.Errorf("the first event holds no corrected estimate: %s", first)
	}
}
