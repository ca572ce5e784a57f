package contents

import (
	"fmt"
	"strings"
	"testing"

	"gatehouse/backend/llm"
)

func spell(parts []Part) string {
	var all []string
	for _, p := range parts {
		all = append(all, strings.TrimSpace(p.Kind+" "+p.Name)+": "+p.Text)
	}
	return strings.Join(all, " | ")
}

func (k *Kept) spell() string {
	var all []string
	for _, m := range k.Messages() {
		all = append(all, m.Role+" "+spell(m.Parts))
	}
	return strings.Join(all, "; ")
}

func events(list ...string) string { return "data: " + strings.Join(list, "\n\ndata: ") + "\n\n" }

func TestReadable(t *testing.T) {
	for _, c := range []struct {
		dialect         llm.Dialect
		stream          bool
		request, answer string
		asked, answered string
	}{
		{
			llm.ChatCompletions, false,
			`{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}]}`,
			`{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}]}`,
			"system text: Be brief.; user text: Hi", "text: Hello",
		},
		{
			llm.ChatCompletions, true,
			`{"model":"m","stream":true,"messages":[{"role":"user","content":[{"type":"text","text":"Look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}`,
			events(`{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"He"}}]}`, `{"id":"1","choices":[{"index":0,"delta":{"content":"llo"}}]}`,
				`{"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"ls","arguments":"{\"a\":"}}]}}]}`,
				`{"id":"1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}`,
				`{"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`, "[DONE]"),
			"user text: Look | media image/png, 3 bytes: ", `text: Hello | call ls: {"a":1}`,
		},
		{
			llm.ChatCompletions, true, `{"model":"m","messages":[{"role":"user","content":"Hi"}]}`,
			events(`{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"He"}}]}`), // cut off
			"user text: Hi", "text: He",
		},
		{
			llm.Messages, true,
			`{"model":"m","max_tokens":9,"system":"Be brief.","messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"ls","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"a.txt"}]}]}`,
			"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n" +
				"event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" +
				"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n" +
				"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":1}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
			"system text: Be brief.; user text: Hi; assistant call ls: {}; tool result ls: a.txt", "text: Hello",
		},
		{
			llm.Responses, false, `{"model":"m","input":"Hi"}`,
			`{"id":"resp_1","object":"response","status":"completed","model":"m","output":[{"type":"message","id":"msg","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hello","annotations":[]}]}]}`,
			"user text: Hi", "text: Hello",
		},
		{
			llm.Gemini, false, `{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}`,
			`{"candidates":[{"content":{"role":"model","parts":[{"text":"Hello"}]},"finishReason":"STOP"}]}`,
			"user text: Hi", "text: Hello",
		},
		{
			llm.Ollama, true, `{"model":"m","messages":[{"role":"user","content":"Hi"}]}`,
			`{"model":"m","message":{"role":"assistant","content":"He"},"done":false}` + "\n" + `{"model":"m","message":{"role":"assistant","content":"llo"},"done":true}` + "\n",
			"user text: Hi", "text: Hello",
		},
		{
			llm.Ollama, false, `{"model":"m","prompt":"Hi"}`, `{"model":"m","response":"Hello","done":true}`,
			"user text: Hi", "text: Hello",
		},
		{
			llm.AISDK, true, `{"prompt":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}`,
			events(`{"type":"text-start","id":"0"}`, `{"type":"text-delta","id":"0","delta":"He"}`, `{"type":"text-delta","id":"0","delta":"llo"}`, `{"type":"finish"}`),
			"user text: Hi", "text: Hello",
		},
		{
			llm.AISDK, false, `{"prompt":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}`,
			`{"content":[{"type":"text","text":"Hello"}],"finishReason":"stop"}`, "user text: Hi", "text: Hello",
		},
		{llm.Embeddings, false, `{"input":"Hi"}`, `{"data":[]}`, "", ""},
		{llm.ChatCompletions, false, "no JSON", "no JSON", "", ""},
	} {
		t.Run(fmt.Sprintf("%s stream %v", c.dialect, c.stream), func(t *testing.T) {
			k := Kept{Dialect: c.dialect, Stream: c.stream, Model: "m", RequestText: []byte(c.request), AnswerText: []byte(c.answer)}
			if got := k.spell(); got != c.asked {
				t.Errorf("asked %q, want %q", got, c.asked)
			}
			if got := spell(k.Answered()); got != c.answered {
				t.Errorf("answered %q, want %q", got, c.answered)
			}
		})
	}
}

func TestPieces(t *testing.T) {
	var got []string
	for _, p := range pieces([]byte(events(`{"type":"a","x":["1",{"y":"2"}]}`, "not JSON", `{"type":"a","x":["3",{"y":"4"}]}`, "[DONE]"))) {
		got = append(got, p.place+"="+p.text.String())
	}
	if want := "a.type=aa a.x.0=13 a.x.1.y=24"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := pieces([]byte(`{"one":"value"}`)); got != nil {
		t.Errorf("%v", got)
	}
}

// Whatever a file holds, reading it neither fails the program nor gives more than there is.
func FuzzDecode(f *testing.F) {
	whole, err := encode(&head{ID: "req_1", Dialect: llm.Messages, Stream: true, Request: Body{Kept: 2}, Answer: Body{Kept: 3}}, []byte("{}"), []byte("abc"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(`{"request":{"kept":-1}}` + "\nx"))
	f.Add([]byte(`{"request":{"kept":9223372036854775807},"answer":{"kept":9223372036854775807}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		k, err := decode(text)
		if err != nil {
			return
		}
		if int64(len(k.RequestText)) != k.Request.Kept || int64(len(k.AnswerText)) != k.Answer.Kept {
			t.Fatalf("%+v", k)
		}
		k.Messages()
		k.Answered()
	})
}

func FuzzPieces(f *testing.F) {
	f.Add([]byte(events(`{"a":"1"}`, `{"a":"2"}`)))
	f.Add([]byte("[{\"a\":[[[[\"1\"]]]]},\n{\"a\":\"2\"}]"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		spreads(text, func(b []byte) []byte { return b })
	})
}
