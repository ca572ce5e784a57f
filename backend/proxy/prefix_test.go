package proxy

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/prefix"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/provider"
)

// prefixCanary is what was said: of it nothing may be kept.
const prefixCanary = "canary-of-what-was-said-77"

// prefixBodies are a conversation in each dialect: its system prompt, and one more message than the turn.
var prefixBodies = []struct {
	name, path string
	body       func(system string, turn int) string
}{
	{"chat", "/v1/chat/completions", func(system string, turn int) string {
		return fmt.Sprintf(`{"model":"%%s","messages":[{"role":"system","content":%q}%s]}`, system, turns(turn, `,{"role":%q,"content":%q}`, "assistant"))
	}},
	{"messages", "/v1/messages", func(system string, turn int) string {
		return fmt.Sprintf(`{"model":"%%s","max_tokens":9,"system":%q,"messages":[%s]}`, system, turns(turn, `,{"role":%q,"content":%q}`, "assistant")[1:])
	}},
	{"responses", "/v1/responses", func(system string, turn int) string {
		return fmt.Sprintf(`{"model":"%%s","store":false,"instructions":%q,"input":[%s]}`, system, turns(turn, `,{"role":%q,"content":%q}`, "assistant")[1:])
	}},
	{"gemini", "/v1beta/models/%s:generateContent", func(system string, turn int) string {
		return fmt.Sprintf(`{"systemInstruction":{"parts":[{"text":%q}]},"contents":[%s]}`, system, turns(turn, `,{"role":%q,"parts":[{"text":%q}]}`, "model")[1:])
	}},
	{"aisdk", "/v3/ai/language-model", func(system string, turn int) string {
		return fmt.Sprintf(`{"prompt":[{"role":"system","content":%q}%s]}`, system, turns(turn, `,{"role":%q,"content":[{"type":"text","text":%q}]}`, "assistant"))
	}},
	{"ollama", "/api/chat", func(system string, turn int) string {
		return fmt.Sprintf(`{"model":"%%s","stream":false,"messages":[{"role":"system","content":%q}%s]}`, system, turns(turn, `,{"role":%q,"content":%q}`, "assistant"))
	}},
}

// turns writes a message of the user, and two more for each turn after the first.
func turns(n int, form, assistant string) string {
	var b strings.Builder
	for i := range 2*n - 1 {
		fmt.Fprintf(&b, form, []string{"user", assistant}[i%2], fmt.Sprint(prefixCanary, " message ", i))
	}
	return b.String()
}

// TestBrokenPrefixes: in each dialect, by the raw way and translated, a turn that goes on breaks nothing, and one with
// another system prompt is told of, with what its provider said of its cache. Nothing of what was said is kept.
func TestBrokenPrefixes(t *testing.T) {
	for _, to := range []string{"anthropic/claude", "groq/llama"} {
		for _, c := range prefixBodies {
			t.Run(c.name+" to "+to, func(t *testing.T) {
				t.Parallel()
				server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					if strings.Contains(r.URL.Path, "messages") {
						_, _ = io.WriteString(w, `{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":"so"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"cache_read_input_tokens":0,"cache_creation_input_tokens":1000,"output_tokens":2}}`)
						return
					}
					_, _ = io.WriteString(w, `{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"so"},"finish_reason":"stop"}],"usage":{"prompt_tokens":30,"completion_tokens":2}}`)
				})
				o := doorOptions{
					dir: t.TempDir(), secrets: secrets{"anthropic": "a", "groq": "b"},
					providers: map[string]provider.Override{"anthropic": {BaseURL: server.URL}, "groq": {BaseURL: server.URL + "/openai/v1"}},
				}
				d := openDoor(t, o)
				say := func(system string, turn int) *prefix.Break {
					t.Helper()
					path, body := c.path, c.body(system, turn)
					if strings.Contains(path, "%s") {
						path = fmt.Sprintf(path, to)
					}
					resp, text := d.post(path, strings.Replace(body, "%s", to, 1), func(r *http.Request) {
						r.Header.Set("Ai-Language-Model-Id", to)
						r.Header.Set("Ai-Language-Model-Streaming", "false")
						r.Header.Set("Ai-Language-Model-Specification-Version", "3")
						r.Header.Set("Ai-Gateway-Protocol-Version", "0.0.1")
					})
					if resp.StatusCode != 200 {
						t.Fatalf("%d %s", resp.StatusCode, text)
					}
					r := d.lastRecord()
					if r.Conversation == "" {
						t.Error("the conversation is not known")
					}
					return r.Prefix
				}
				for turn := 1; turn < 3; turn++ {
					if b := say(prefixCanary, turn); b != nil {
						t.Fatalf("turn %d broke %+v", turn, b)
					}
				}
				b := say(prefixCanary+" at noon", 3)
				if b == nil || b.Cause != prefix.Content || b.Part != "system" || b.Kept != 0 || b.Blocks != 4 || b.Tokens == 0 {
					t.Fatalf("the third turn broke %+v", b)
				}
				if b := say(prefixCanary+" at noon", 4); b != nil {
					t.Errorf("the fourth turn broke %+v", b)
				}
				nothingSaid(t, d, o.dir)
			})
		}
	}
}

// nothingSaid looks through all files for what was said.
func nothingSaid(t *testing.T, d *door, dir string) {
	t.Helper()
	limit := time.Now().Add(5 * time.Second)
	for d.history.Running() > 0 && time.Now().Before(limit) {
		d.lastRecord()
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), prefixCanary) {
			t.Errorf("%s holds what was said", filepath.Base(path))
		}
		return nil
	})
	check(t, err)
}

// TestPrefixOfKeptAnswers: a turn that only refers to what went before is compared with all of it.
func TestPrefixOfKeptAnswers(t *testing.T) {
	d := openDoor(t, doorOptions{})
	say := func(body string) string {
		t.Helper()
		resp, text := d.post("/v1/responses", body)
		if resp.StatusCode != 200 {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		return jsonread.Of(text).Get("id").Str()
	}
	first := say(`{"model":"sim/echo","instructions":"a","input":"hello"}`)
	second := say(fmt.Sprintf(`{"model":"sim/echo","instructions":"a","input":"go on","previous_response_id":%q}`, first))
	if r := d.lastRecord(); r.Prefix != nil || r.Dialect != string(llm.Responses) {
		t.Fatalf("the second turn broke %+v", r.Prefix)
	}
	say(fmt.Sprintf(`{"model":"sim/echo","instructions":"b","input":"and on","previous_response_id":%q}`, second))
	if r := d.lastRecord(); r.Prefix == nil || r.Prefix.Part != "system" || r.Prefix.Kept != 0 {
		t.Errorf("the third turn broke %+v", r.Prefix)
	}
}
