package proxy

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

const overloadedEvent = `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`

var streamRegressions = []regression{
	{10, "BerriAI/litellm#32086", func(t *testing.T) {
		for _, c := range []struct{ id, text string }{
			{"groq", plainEvents(`{"error":{"message":"it broke","type":"server_error"}}`)},
			{"groq", "event: ping\n\n"},
			{"groq", `{"error":{"message":"it broke"}}`},
			{"anthropic", namedEvents(`{"type":"message_start","message":{"id":"m"}}`)},
		} {
			d, _ := scripted(t, c.id, "", c.text)
			for path, body := range map[string]string{
				"/v1/responses": `{"model":"` + c.id + `/m","stream":STREAM,"input":"hi"}`,
				"/v1beta/models/" + c.id + "/m:generateContent": `{"contents":[{"parts":[{"text":"hi"}]}]}`,
			} {
				resp, text := d.post(path, strings.Replace(body, "STREAM", "false", 1))
				if r := d.lastRecord(); resp.StatusCode == http.StatusOK || r.Outcome != gateway.Failed {
					t.Errorf("%s of %q: %d %s, record %+v", path, c.text, resp.StatusCode, text, r)
				}
			}
			_, text := d.post("/v1/responses", `{"model":"`+c.id+`/m","stream":true,"input":"hi"}`)
			lacking(t, text, "response.completed")
			holds(t, text, "error")
		}
	}},
	{11, "BerriAI/litellm#4562", func(t *testing.T) {
		o, _ := standIns(t)
		d := openDoor(t, o)
		_, text := d.post("/v1/chat/completions", `{"model":"`+modelOf("anthropic")+`","stream":true,"messages":[{"role":"user","content":"do:error"}]}`)
		holds(t, text, `{"error":{`, "Overloaded") // an event, or the answer's own status where nothing was given out yet
		lacking(t, text, "[DONE]", `"finish_reason":"stop"`)
	}},
	{12, "BerriAI/litellm#38153", func(t *testing.T) {
		start := namedEvents(`{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1,"output_tokens":1}}}`, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"half of it"}}`)
		d, bodies := scripted(t, "anthropic", "", start+namedEvents(overloadedEvent))
		_, text := d.post("/v1/chat/completions", `{"model":"anthropic/m","stream":true,"messages":[{"role":"user","content":"hi"}]}`)
		given := strings.Count(text, "half of it") // none where the failure came before anything was given out
		if given > 1 || given == 1 && len(*bodies) != 1 || strings.Count(text, `"error"`) != 1 {
			t.Errorf("%d requests, %s", len(*bodies), text)
		}
		if r := d.lastRecord(); r.Outcome != gateway.Failed {
			t.Errorf("record %+v", r)
		}
	}},
	{24, "maximhq/bifrost#4556", func(t *testing.T) {
		d, _ := scripted(t, "groq", "", plainEvents(`{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"a"}}]}`,
			`{"id":"2","choices":[{"index":0,"delta":{"role":"assistant","content":"b"}}]}`, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`, `[DONE]`))
		text := d.good(t, "/v1/messages", `{"model":"groq/m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
		if strings.Count(text, "event: message_start") != 1 || strings.Count(text, "event: message_stop") != 1 {
			t.Error(text)
		}
	}},
	{41, "router-for-me/CLIProxyAPI#4860", func(t *testing.T) {
		for _, id := range []string{"strict-chat", "anthropic", "deepseek"} {
			_, text := strictly(t, id, "/v1/responses", `{"model":"MODEL","stream":true,"input":"hi"}`)
			at := -1
			for _, kind := range []string{
				"response.created", "response.in_progress", `response.output_item.added`, "response.content_part.added", "response.output_text.delta", "response.output_text.done",
				"response.content_part.done", "response.output_item.done", "response.completed",
			} {
				i := strings.Index(text[max(at, 0):], "event: "+kind+"\n")
				if i < 0 {
					t.Fatalf("%s: no %s behind %d in\n%s", id, kind, at, text)
				}
				at = max(at, 0) + i
			}
			done := gjson.Get(text[strings.Index(text[at:], "{")+at:], "response")
			if done.Get("id").String() == "" || !strings.Contains(done.Get("output").Raw, "café") {
				t.Errorf("%s: the end is %s", id, done.Raw)
			}
		}
	}},
	{42, "router-for-me/CLIProxyAPI#4904", func(t *testing.T) {
		for _, c := range []struct {
			id      string
			dialect llm.Dialect
			text    string
		}{
			{"anthropic", "", namedEvents(`{"type":"message_start","message":{"id":"m"}}`, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}`)},
			{"strict-responses", llm.Responses, namedEvents(`{"type":"response.created","response":{"id":"r"}}`, `{"type":"response.output_item.added","output_index":0,"item":{"id":"m","type":"message","content":[]}}`, `{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"a"}`)},
			{"groq", "", plainEvents(`{"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]}`)},
		} {
			d, _ := scripted(t, c.id, c.dialect, c.text)
			for _, who := range wishers {
				path, h, body, _ := who.write(c.id+"/m", wish{text: "hi", stream: true})
				_, text := d.post(path, body, func(r *http.Request) {
					for name, values := range h {
						r.Header[name] = values
					}
				})
				_, err := understand(who.form, text, true)
				if r := d.lastRecord(); err == nil || r.Outcome != gateway.Failed || !strings.Contains(text, "error") {
					t.Errorf("%s at %s: %s, record %+v", who.name, c.id, text, r)
				}
			}
		}
	}},
	{43, "bytedance/deer-flow PR#1928", func(t *testing.T) {
		d, _ := scripted(t, "strict-responses", llm.Responses, namedEvents(`{"type":"response.created","response":{"id":"resp_1","status":"in_progress","output":[]}}`,
			`{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","content":[]}}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"rebuilt"}]}}`,
			`{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":1}}}`))
		text := d.good(t, "/v1/messages", `{"model":"strict-responses/m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`)
		same(t, gjson.Parse(text), "content.0.text", "rebuilt")
	}},
	{46, "envoyproxy/ai-gateway#2697", func(t *testing.T) {
		d, _ := scripted(t, "anthropic", "", namedEvents(overloadedEvent))
		for _, who := range wishers {
			if who.name == "messages" {
				continue // forwarded as it is
			}
			path, h, body, _ := who.write("anthropic/m", wish{text: "hi", stream: true})
			resp, text := d.post(path, body, func(r *http.Request) {
				for name, values := range h {
					r.Header[name] = values
				}
			})
			if resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s: %d %s", who.name, resp.StatusCode, text)
			}
		}
	}},
	{50, "openai/codex#19821", func(t *testing.T) {
		d := openDoor(t, simulators(t))
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		conn, resp, err := websocket.Dial(ctx, strings.Replace(d.url, "http", "ws", 1)+"/v1/responses", &websocket.DialOptions{
			HTTPClient: d.client, HTTPHeader: http.Header{"Authorization": {"Bearer " + d.token}},
		})
		if err != nil {
			t.Fatalf("%v %v", resp, err)
		}
		defer conn.CloseNow() //nolint:errcheck // it was closed
		check(t, conn.Write(ctx, websocket.MessageText, []byte(`{"type":"response.create","model":"groq/echo","input":"a canary"}`)))
		for {
			_, frame, err := conn.Read(ctx)
			check(t, err)
			if e := gjson.ParseBytes(frame); e.Get("type").String() == "response.completed" {
				holds(t, e.Get("response.output").Raw, "a canary")
				break
			}
		}
		check(t, conn.Close(websocket.StatusNormalClosure, ""))
		other, text := d.ask(http.MethodGet, "/v1/responses", header("Authorization", "Bearer "+d.token))
		if other.StatusCode < 400 || other.StatusCode >= 500 { // without an upgrade a client is told at once
			t.Errorf("%d %s", other.StatusCode, text)
		}
	}},
}
