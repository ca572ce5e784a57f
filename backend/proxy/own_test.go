package proxy

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
)

const vendorToken = "sk-ant-oat01-vendor-canary-0123456789"

// second is a client with its own token and our key in the second header.
func second(key, authorization string, more ...string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("X-Ai-Gateway-Api-Key", key)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		for i := 0; i+1 < len(more); i += 2 {
			r.Header.Set(more[i], more[i+1])
		}
	}
}

const (
	messagesAnswer  = `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`
	chatAnswer      = `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`
	responsesAnswer = `{"id":"resp_1","object":"response","status":"completed","output":[{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"hello","annotations":[]}]}],"usage":{"input_tokens":1,"output_tokens":1}}`
)

func jsonAnswer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	text := chatAnswer
	switch {
	case strings.HasSuffix(r.URL.Path, "/messages"):
		text = messagesAnswer
	case strings.HasSuffix(r.URL.Path, "/responses"):
		text = responsesAnswer
	}
	_, _ = io.WriteString(w, text)
}

// TestClientsOwnToken: it reaches the vendor of the client's dialect and nobody else; for all others our credential is
// used, and it never counts where our key is not in the second header.
func TestClientsOwnToken(t *testing.T) {
	anthropic, atAnthropic := upstream(t, jsonAnswer)
	openai, atOpenAI := upstream(t, jsonAnswer)
	groq, atGroq := upstream(t, jsonAnswer)
	at := map[string]*seen{"anthropic": atAnthropic, "openai": atOpenAI, "groq": atGroq}
	for _, ours := range []string{"", providerSecret} { // without a credential of ours for the vendors, and with one
		o := doorOptions{
			providers: map[string]provider.Override{
				"anthropic": {BaseURL: anthropic.URL}, "openai": {BaseURL: openai.URL + "/v1"}, "groq": {BaseURL: groq.URL + "/v1"},
			},
			secrets: secrets{"groq": providerSecret, "anthropic": ours, "openai": ours},
		}
		d := openDoor(t, o)
		mine := "Bearer " + vendorToken
		const messages, chat, responses = "/v1/messages", "/v1/chat/completions", "/v1/responses"
		for _, c := range []struct {
			name, path, model string
			edit              func(*http.Request)
			to                string // empty: refused
			bearer, apiKey    string // what gets there
		}{
			{"Messages to Anthropic", messages, "anthropic/claude", second("Bearer "+d.token, mine), "anthropic", mine, ""},
			{"a bare key", messages, "anthropic/claude", second(d.token, mine), "anthropic", mine, ""},
			{"the vendor's own name", messages, "claude-new-5", second(d.token, mine), "anthropic", mine, ""},
			{"in x-api-key", messages, "anthropic/claude", second(d.token, "", "X-Api-Key", vendorToken), "anthropic", "", vendorToken},
			{"in both", messages, "anthropic/claude", second(d.token, mine, "X-Api-Key", vendorToken), "anthropic", mine, vendorToken},
			{"Chat to OpenAI", chat, "openai/gpt", second(d.token, mine), "openai", mine, ""},
			{"Responses to OpenAI", responses, "openai/gpt", second(d.token, mine), "openai", mine, ""},
			{"Messages to another provider", messages, "groq/m", second(d.token, mine), "groq", "Bearer " + providerSecret, ""},
			{"Chat to another provider", chat, "groq/m", second(d.token, mine), "groq", "Bearer " + providerSecret, ""},
			{"Messages to OpenAI", messages, "openai/gpt", second(d.token, mine), or(ours, "openai"), "Bearer " + ours, ""},
			{"Chat to Anthropic", chat, "anthropic/claude", second(d.token, mine), or(ours, "anthropic"), "", ours},
			{"our key only", messages, "anthropic/claude", second(d.token, ""), or(ours, "anthropic"), "", ours},
			{"our key twice", messages, "anthropic/claude", second(d.token, "Bearer "+d.token), or(ours, "anthropic"), "", ours},
			{"our key and an old one of ours", messages, "anthropic/claude", second(d.token, "Bearer gh_old"), or(ours, "anthropic"), "", ours},
			{"Basic", messages, "anthropic/claude", second(d.token, "Basic "+vendorToken), or(ours, "anthropic"), "", ours},
			{"a wrong second key, ours in Authorization", messages, "anthropic/claude", second("nonsense", "Bearer "+d.token, "X-Api-Key", vendorToken), or(ours, "anthropic"), "", ours},
			{"no second header", messages, "anthropic/claude", header("X-Api-Key", vendorToken), or(ours, "anthropic"), "", ours},
			{"a wrong second key", messages, "anthropic/claude", second("gh_nonsense", mine), "", "", ""},
			{"no key of ours", messages, "anthropic/claude", second("", mine), "", "", ""},
		} {
			for _, s := range at {
				s.mu.Lock()
				s.header = nil
				s.mu.Unlock()
			}
			resp, text := d.post(c.path, `{"model":"`+c.model+`","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"input":"hi"}`, c.edit)
			if (resp.StatusCode == 200) != (c.to != "") || strings.Contains(text, vendorToken) {
				t.Errorf("%s (own credential %q): %d %s", c.name, ours, resp.StatusCode, text)
			}
			for id, s := range at {
				_, h, _ := s.got()
				if (h != nil) != (id == c.to) {
					t.Errorf("%s (own credential %q): asked %s: %v", c.name, ours, id, h != nil)
					continue
				}
				if h == nil {
					continue
				}
				if h.Get("Authorization") != c.bearer || h.Get("X-Api-Key") != c.apiKey || h.Get("X-Ai-Gateway-Api-Key") != "" {
					t.Errorf("%s (own credential %q): %s got %v", c.name, ours, id, h)
				}
			}
		}
	}
}

func or(have, id string) string {
	if have == "" {
		return ""
	}
	return id
}

// TestClientsOwnTokenLeavesNoTrace: an upstream that repeats it, in refusals, within streams and in broken answers, does
// not get it into an answer's error, the history, the log or any file.
func TestClientsOwnTokenLeavesNoTrace(t *testing.T) {
	dir := t.TempDir()
	log := &lockedBuffer{}
	t.Cleanup(func() { // the door is closed by now
		check(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if bytes.Contains(text, []byte("vendor-canary")) {
				t.Errorf("%s holds the token", path)
			}
			return err
		}))
		if text := log.String(); strings.Contains(text, "vendor-canary") {
			t.Errorf("the log holds the token: %s", text)
		}
	})
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		told := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch r.Header.Get("Anthropic-Beta") {
		case "unauthorized":
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"type":"error","error":{"type":"authentication_error","message":"OAuth token `+told+` has expired"}}`)
		case "stream":
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"bad token "+told+"\"}}\n\n")
		case "broken":
			conn, _, err := http.NewResponseController(w).Hijack()
			check(t, err)
			_, _ = io.WriteString(conn, "NONSENSE "+told+"\r\n\r\n")
			check(t, conn.Close())
		}
	})
	d := openDoor(t, doorOptions{providers: map[string]provider.Override{"anthropic": {BaseURL: server.URL}}, dir: dir, log: log})
	for _, beta := range []string{"unauthorized", "stream", "broken"} {
		resp, text := d.post("/v1/messages", `{"model":"anthropic/claude","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`,
			second(d.token, "Bearer "+vendorToken, "Anthropic-Beta", beta))
		if beta != "stream" && strings.Contains(text, "vendor-canary") {
			t.Errorf("%s: %d %s", beta, resp.StatusCode, text)
		}
		if beta == "unauthorized" && (resp.StatusCode != 401 || !strings.Contains(text, "has expired")) {
			t.Errorf("the vendor's own refusal did not come through: %d %s", resp.StatusCode, text)
		}
		if r := d.lastRecord(); r.Outcome != gateway.Failed || strings.Contains(r.Error, "vendor-canary") || r.Error == "" {
			t.Errorf("%s: record %+v", beta, r)
		}
	}
}

// lockedBuffer is a log for a test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
