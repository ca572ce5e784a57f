package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

var usageRegressions = []regression{
	{7, "BerriAI/litellm#28735", func(t *testing.T) {
		for _, id := range []string{"anthropic", "strict-responses", "deepseek"} {
			_, text := strictly(t, id, "/v1/chat/completions", `{"model":"MODEL","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`)
			list := events(text)
			last := list[len(list)-1]
			if c := last.Get("choices"); !c.IsArray() || len(c.Array()) != 0 || !last.Get("usage").IsObject() || !strings.HasSuffix(text, "data: [DONE]\n\n") {
				t.Errorf("%s: the last chunk is %s", id, last.Raw)
			}
			for _, e := range list[:len(list)-1] {
				if e.Get("usage").IsObject() {
					t.Errorf("%s: usage stands in %s", id, e.Raw)
				}
			}
			_, text = strictly(t, id, "/v1/chat/completions", `{"model":"MODEL","stream":true,"messages":[{"role":"user","content":"hi"}]}`)
			lacking(t, text, `"choices":[]`)
		}
	}},
	{8, "BerriAI/litellm#17136", func(t *testing.T) {
		d, _ := scripted(t, "xai", "", plainEvents(`{"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]}`, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
			`{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}`, `{"choices":[]}`, `[DONE]`))
		for _, path := range []string{"/v1/messages", "/v1/chat/completions"} {
			d.good(t, path, `{"model":"xai/m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
			if r := d.lastRecord(); r.InputTokens == nil || *r.InputTokens != 7 || *r.OutputTokens != 3 {
				t.Errorf("%s: record %+v", path, r)
			}
		}
	}},
	{9, "BerriAI/litellm#25389", func(t *testing.T) {
		script := plainEvents(`{"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]}`, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
			`{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}`, `[DONE]`)
		d, _ := scripted(t, "groq", "", script)
		if text := d.good(t, "/v1/chat/completions", `{"model":"groq/m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`); text != script {
			t.Errorf("forwarded as %s", text)
		}
		o, err := understand("responses", d.good(t, "/v1/responses", `{"model":"groq/m","stream":true,"input":"hi"}`), true)
		if err != nil || o.usage[0] != 7 || o.usage[2] != 3 {
			t.Errorf("%+v %v", o, err)
		}
	}},
	{18, "BerriAI/litellm#11364", func(t *testing.T) {
		_, text := strictly(t, "anthropic", "/v1/chat/completions", `{"model":"MODEL","messages":[{"role":"user","content":"hi"}]}`)
		u := gjson.Get(text, "usage") // 100, 40 read, 15 written, of which Chat's sum holds all
		same(t, u, "prompt_tokens", "155")
		same(t, u, "prompt_tokens_details.cached_tokens", "40")
		same(t, u, "total_tokens", "185")
		_, text = strictly(t, "strict-chat", "/v1/messages", `{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
		u = gjson.Get(text, "usage")
		same(t, u, "input_tokens", "100")
		same(t, u, "cache_read_input_tokens", "40")
		for id, writes := range map[string]int64{"anthropic": 15, "strict-chat": 0, "strict-responses": 0, "mistral": 0, "deepseek": 0} {
			o, _ := standIns(t)
			d := openDoor(t, o)
			d.good(t, "/v1/responses", `{"model":"`+modelOf(id)+`","input":"hi"}`)
			r := d.lastRecord()
			if *r.InputTokens != 100 || *r.CacheReadTokens != 40 || r.CacheWriteTokens() != nil && *r.CacheWriteTokens() != writes {
				t.Errorf("%s: record %+v", id, r)
			}
		}
	}},
	{20, "BerriAI/litellm-docs PR#1078", func(t *testing.T) {
		o, all := standIns(t)
		d := openDoor(t, o)
		body := `{"prompt":[{"role":"system","content":"s","providerOptions":{"anthropic":{"cacheControl":{"type":"ephemeral","ttl":"1h"}}}},{"role":"user","content":[{"type":"text","text":"hi","providerOptions":{"anthropic":{"cacheControl":{"type":"ephemeral"}}}}]}]}`
		resp, text := d.post("/v4/ai/language-model", body, func(r *http.Request) {
			for name, values := range aisdkHeader("4")("anthropic/claude-sonnet-4-5", false) {
				r.Header[name] = values
			}
		})
		if resp.StatusCode != http.StatusOK {
			t.Fatal(text)
		}
		sent := gjson.ParseBytes(all["anthropic"].Last().Body)
		same(t, sent, "system.0.cache_control.ttl", "1h")
		same(t, sent, "messages.0.content.0.cache_control.type", "ephemeral")
	}},
	{21, "BerriAI/litellm#13252", func(t *testing.T) {
		d := openDoor(t, simulators(t))
		count := func(body string) int64 {
			n := gjson.Get(d.good(t, "/v1/messages/count_tokens", body), "input_tokens").Int()
			if n <= 0 {
				t.Errorf("%d tokens for %s", n, body)
			}
			return n
		}
		text := `{"model":"groq/echo","messages":[{"role":"user","content":"hi"}]}`
		plain := count(text)
		withTools := count(strings.Replace(text, `"messages"`, `"tools":[{"name":"look","description":"`+strings.Repeat("looks at things ", 20)+`","input_schema":{"type":"object"}}],"messages"`, 1))
		withResult := count(`{"model":"groq/echo","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"look","input":{"at":"` + strings.Repeat("somewhere ", 20) + `"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"` + strings.Repeat("seen ", 40) + `"}]}]}`)
		if withTools <= plain || withResult <= plain+40 {
			t.Errorf("text %d, with tools %d, with a result %d", plain, withTools, withResult)
		}
	}},
	{47, "envoyproxy/ai-gateway PR#1550", func(t *testing.T) {
		for _, id := range []string{"strict-chat", "strict-responses", "google", "deepseek"} {
			o, _ := standIns(t)
			d := openDoor(t, o)
			_, h, body, _ := wishMessages("strict-chat/local-1", wish{text: "a question of some length", stream: true})
			body = strings.Replace(body, "strict-chat/local-1", modelOf(id), 1)
			_, text := d.post("/v1/messages", body, func(r *http.Request) { r.Header["Anthropic-Version"] = h["Anthropic-Version"] })
			if n := events(text)[0].Get("message.usage.input_tokens").Int(); n <= 0 {
				t.Errorf("%s: message_start tells of %d tokens: %.400s", id, n, text)
			}
		}
	}},
}
