package messages_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonwrite"
	"gatehouse/backend/protocol/messages"
)

// What is read from a request is written again as it was.
func TestRequestRoundTrip(t *testing.T) {
	const hi = `"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]`
	for _, body := range []string{
		hi,
		`"system":[{"type":"text","text":"be","cache_control":{"type":"ephemeral","ttl":"1h"}}],` + hi,
		`"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},` +
			`{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aQ=="}},{"type":"image","source":{"type":"url","url":"https://x"}},` +
			`{"type":"image","source":{"type":"file","file_id":"f"}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"aQ=="},"title":"a"},` +
			`{"type":"document","source":{"type":"text","media_type":"text/plain","data":"t"}},{"type":"document","source":{"type":"url","url":"https://x"}},` +
			`{"type":"document","source":{"type":"file","file_id":"f"}},{"type":"search_result","n":1e2}]}]`,
		`"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"<h>","signature":"s"},` +
			`{"type":"redacted_thinking","data":"d"},{"type":"text","text":"a","citations":[{"type":"x","cited_text":"c"}]},{"type":"server_tool_use","id":"s"},` +
			`{"type":"tool_use","id":"x","name":"f","input":{"b":1.0}},{"type":"tool_use","id":"y","name":"f","input":{}}]},` +
			`{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":[{"type":"text","text":"1"},{"type":"image","source":{"type":"url","url":"https://x"}}]},` +
			`{"type":"tool_result","tool_use_id":"y","content":[{"type":"text","text":"e"}],"is_error":true,"cache_control":{"type":"ephemeral"}},{"type":"text","text":"so"}]}],` +
			`"tools":[{"name":"f","description":"d","input_schema":{"type":"object","z":1.50,"a":"<b>"},"cache_control":{"type":"ephemeral"}},` +
			`{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}`,
		hi + `,"temperature":0.5,"top_k":3,"stop_sequences":["a","b"],"metadata":{"user_id":"u"},"service_tier":"auto","stream":true`,
		hi + `,"thinking":{"type":"enabled","budget_tokens":2000,"display":"summarized"},"output_config":{"format":{"type":"json_schema","schema":{"type":"object","b":1.0,"additionalProperties":false}},` +
			`"task_budget":{"n":1e2}},"container":"c"`,
		hi + `,"cache_control":{"type":"ephemeral","ttl":"1h"}`,
	} {
		body = `{"model":"m","max_tokens":3000,` + body + `}`
		req, err := messages.DecodeRequest([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		got, notices, err := messages.EncodeRequest(req, messages.Options{Target: origin, Untagged: true})
		if err != nil || string(got) != body || len(notices) > 0 {
			t.Errorf("%v %v\n got %s\nwant %s", err, notices, got, body)
		}
	}
}

func TestDecodeRequestReads(t *testing.T) {
	for body, want := range map[string]func(*llm.Request) bool{
		`"system":"x"`:                   func(r *llm.Request) bool { return r.Messages[0].Role == llm.RoleSystem },
		`"thinking":{"type":"adaptive"}`: func(r *llm.Request) bool { return r.Reasoning.Adaptive },
		`"thinking":{"type":"disabled"},"output_config":{"effort":"high"}`: func(r *llm.Request) bool { return r.Reasoning.Effort == "none" },
		`"output_config":{"effort":"high"}`:                                func(r *llm.Request) bool { return r.Reasoning.Effort == "high" },
		`"output_format":{"type":"json_schema","schema":{}}`:               func(r *llm.Request) bool { return r.Format != nil },
		`"context_management":{"edits":[]}`:                                func(r *llm.Request) bool { return r.Extra[0].Name == "context_management" },
		`"tools":[{"name":"f","defer_loading":true}]`:                      func(r *llm.Request) bool { return r.Extra[0].Name == "tools[].defer_loading" },
		`"tool_choice":{"type":"any"}`:                                     func(r *llm.Request) bool { return r.ToolChoice.Mode == llm.ToolRequired },
		`"temperature":null`:                                               func(r *llm.Request) bool { return r.Temperature == nil },
	} {
		req, err := messages.DecodeRequest([]byte(`{"model":"m","messages":[{"role":"user","content":"hi"}],` + body + `}`))
		if err != nil || !want(req) {
			t.Errorf("%s gives %+v, %v", body, req, err)
		}
	}
	// wire 11, row 48: text beside a result stays, behind it.
	req, err := messages.DecodeRequest([]byte(`{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"x","name":"f","input":{}}]},` +
		`{"role":"user","content":[{"type":"text","text":"and"},{"type":"tool_result","tool_use_id":"x","content":"1"}]}]}`))
	want := []llm.Message{
		{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "x", Name: "f", Parts: []llm.Part{llm.Text{Text: "1"}}}}},
		text(llm.RoleUser, "and"),
	}
	if err != nil || !reflect.DeepEqual(req.Messages[2:], want) {
		t.Errorf("%+v %v", req, err)
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	const user = `"messages":[{"role":"user","content":"x"}]`
	for _, body := range []string{
		``, `[]`, `{`, `{"model":"m"}`, `{"messages":[]}`, `{"messages":{}}`, `{"messages":[{"role":"boss"}]}`, `{"messages":[{"role":"user","content":5}]}`,
		`{"messages":[{"role":"user","content":[{}]}]}`, `{"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}`,
		`{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"!"}}]}]}`,
		`{` + user + `,"thinking":{"type":"enabled"}}`, `{` + user + `,"thinking":{"type":"x"}}`, `{` + user + `,"tools":[{}]}`, `{` + user + `,"tool_choice":{}}`,
		`{` + user + `,"max_tokens":"x"}`, `{` + user + `,"stop_sequences":[1]}`, `{` + user + `,"system":5}`, `{` + user + `,"output_config":{"format":{"type":"x"}}}`,
	} {
		_, err := messages.DecodeRequest([]byte(body))
		if e, ok := errors.AsType[*llm.Error](err); !ok || e.Kind != llm.ErrBadRequest {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func whole(t testing.TB, s llm.Stream) []llm.Event {
	t.Helper()
	var events []llm.Event
	for e, err := range llm.Validate(s) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

func encodeAll(events []llm.Event, opts messages.EncoderOptions) []byte {
	var out []byte
	enc := messages.NewEncoder(opts)
	for _, e := range events {
		out = append(out, enc.Encode(e)...)
	}
	return out
}

// essence is what a client makes of an answer.
func essence(events []llm.Event) map[string]any {
	a := fit.Fold(events)
	out := map[string]any{"finish": a.Finish.Kind, "id": a.ID}
	add := func(key, value string) {
		if s, _ := out[key].(string); value != "" {
			out[key] = s + value
		}
	}
	for _, p := range a.Parts {
		switch p := p.(type) {
		case llm.Text:
			add("text", p.Text)
			for _, c := range p.Citations {
				add("sources", string(c.Raw.Raw))
			}
		case llm.Refusal:
			add("text", p.Text)
		case llm.Reasoning:
			add("reasoning", p.Text)
		case llm.ToolCall:
			add("calls", p.ID+" "+p.Name+" "+strings.TrimSpace(string(p.Input))+";")
		}
	}
	a.Usage.Raw = nil
	out["usage"] = a.Usage
	return out
}

// What a provider said reaches the client, streamed and whole alike, in strictly sequential blocks.
func TestAnswersReachTheClient(t *testing.T) {
	opts := messages.EncoderOptions{Origin: origin}
	seen := 0
	for name, data := range streams(t) {
		var events []llm.Event
		var failed error
		for e, err := range messages.DecodeStream(bytes.NewReader(data)) {
			failed = err
			events = append(events, e)
		}
		if failed != nil || fit.Fold(events).Finish.Kind == llm.FinishOther {
			continue
		}
		seen++
		want := essence(events)
		if s, _ := want["calls"].(string); s != "" {
			want["calls"] = strings.ReplaceAll(s, " ;", " {};")
		}
		out := encodeAll(events, opts)
		sequential(t, out)
		if got := essence(whole(t, messages.DecodeStream(bytes.NewReader(out)))); !same(got, want) {
			t.Errorf("%s, streamed:\n got %v\nwant %v", name, got, want)
		}
		body, err := messages.EncodeResponse(events, opts)
		if err != nil || !json.Valid(body) {
			t.Fatal(name, err, string(body))
		}
		decoded, err := messages.DecodeResponse(body)
		if got := essence(decoded); err != nil || !same(got, want) {
			t.Errorf("%s, whole: %v\n got %v\nwant %v", name, err, got, want)
		}
	}
	if seen < 8 {
		t.Errorf("only %d streams", seen)
	}
}

// same compares essences; the dialect counts a lifetime's cache writes only together with the other's.
func same(got, want map[string]any) bool {
	g, w := got["usage"].(llm.Usage), want["usage"].(llm.Usage)
	if !w.Input.Known() {
		w.Input = g.Input
	}
	if !w.Output.Known() {
		w.Output = g.Output
	}
	want["usage"] = w
	return reflect.DeepEqual(got, want)
}

// sequential checks the order that the SDKs demand: one message_start, blocks 0, 1, 2, ... one at a time, the end.
func sequential(t *testing.T, stream []byte) (list []gjson.Result) {
	t.Helper()
	open, next := -1, 0
	for event := range strings.SplitSeq(strings.TrimSuffix(string(stream), "\n\n"), "\n\n") {
		name, data, ok := strings.Cut(event, "\ndata: ")
		e := gjson.Parse(data)
		kind := e.Get("type").String()
		if !ok || name != "event: "+kind || !json.Valid([]byte(data)) {
			t.Fatalf("not an event: %q", event)
		}
		index := int(e.Get("index").Int())
		fine := true
		switch kind {
		case "message_start":
			fine = len(list) == 0
		case "content_block_start":
			fine = open < 0 && index == next
			open, next = index, next+1
		case "content_block_delta":
			fine = open == index
		case "content_block_stop":
			fine = open == index
			open = -1
		case "message_delta":
			fine = open < 0
		}
		if list = append(list, e); !fine {
			t.Fatalf("out of order: %s in\n%s", data, stream)
		}
	}
	if list[len(list)-1].Get("type").String() != "message_stop" {
		t.Fatalf("no message_stop:\n%s", stream)
	}
	return list
}

func answer(finish llm.FinishKind, events ...llm.Event) []llm.Event {
	out := append([]llm.Event{llm.MessageStart{ID: "c", Model: "m"}}, events...)
	return append(out, llm.Finish{Reason: llm.FinishReason{Kind: finish}})
}

func said(i int, p llm.Part, d ...llm.PartDelta) []llm.Event {
	out := []llm.Event{llm.PartStart{Index: i, Part: p}}
	for _, d := range d {
		d.Index = i
		out = append(out, d)
	}
	return append(out, llm.PartEnd{Index: i})
}

// wire 11, rows 5, 22, 23, 24 and 44: parallel calls whose pieces interleave become blocks one after another, none is
// lost, the input is what the pieces say, and calls decide on the stop reason.
func TestRow5Row23Row44InterleavedCalls(t *testing.T) {
	start := func(i int, id string) llm.Event {
		return llm.PartStart{Index: i, Part: llm.ToolCall{ID: id, Name: "f"}}
	}
	in := func(i int, s string) llm.Event { return llm.PartDelta{Index: i, Input: s} }
	events := answer(llm.FinishStop, start(0, "functions.a:0"), start(1, "b"), in(1, `{"b"`), in(0, `{"a"`), start(2, "c"), in(1, `:1}`),
		llm.PartEnd{Index: 1}, in(2, "[1"), in(0, `:2}`), llm.PartEnd{Index: 0}, in(2, ",2]"), llm.PartEnd{Index: 2})
	out := encodeAll(events, messages.EncoderOptions{})
	sequential(t, out)
	a := fit.Fold(whole(t, messages.DecodeStream(bytes.NewReader(out))))
	var calls []string
	for _, p := range a.Parts {
		calls = append(calls, string(p.(llm.ToolCall).Input))
	}
	if want := []string{`{"a":2}`, `{"b":1}`, `{"value":[1,2]}`}; !slices.Equal(calls, want) || a.Finish.Raw != "tool_use" {
		t.Errorf("%v %v", calls, a.Finish)
	}
	if id := a.Parts[0].(llm.ToolCall).ID; strings.ContainsAny(id, ".:") {
		t.Errorf("the id %q is refused by the API", id)
	}
}

// wire 11, row 47: message_start has an estimate, message_delta the truth.
func TestRow47InputTokens(t *testing.T) {
	events := answer(llm.FinishStop, append(said(0, llm.Text{}, llm.PartDelta{Text: "a"}),
		llm.UsageUpdate{Usage: llm.Usage{Input: llm.Tokens(9), CacheRead: llm.Tokens(1), Output: llm.Tokens(3)}})...)
	list := sequential(t, encodeAll(events, messages.EncoderOptions{InputTokens: 7}))
	usage := list[len(list)-2].Get("usage")
	if list[0].Get("message.usage.input_tokens").Int() != 7 || usage.Get("input_tokens").Int() != 9 || usage.Get("output_tokens").Int() != 3 {
		t.Errorf("%v", list)
	}
}

// wire 11, row 10: a failure in mid-stream is an error event, without message_stop.
func TestRow10FailureMidStream(t *testing.T) {
	enc := messages.NewEncoder(messages.EncoderOptions{})
	out := append(enc.Encode(llm.MessageStart{ID: "c"}), enc.Encode(llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishError}})...)
	if s := string(out); !strings.Contains(s, "event: error\n") || strings.Contains(s, "message_stop") {
		t.Error(s)
	}
	if s := string(enc.End(llm.Errorf(llm.ErrOverloaded, "busy"))); !strings.HasPrefix(s, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"") {
		t.Error(s)
	}
	if _, err := messages.EncodeResponse([]llm.Event{llm.MessageStart{}}, messages.EncoderOptions{}); !errors.Is(err, llm.ErrIncomplete) {
		t.Error("an answer without its end passes", err)
	}
}

// wire 11, rows 1, 2, 28, 29, 32 and 51: reasoning comes back from a client byte for byte, in its place, with its origin,
// goes to that origin and to nobody else.
func TestRow2Row28Row32ReasoningComesBack(t *testing.T) {
	var events []llm.Event
	events = append(events, said(0, llm.Reasoning{}, llm.PartDelta{Text: "<h"}, llm.PartDelta{Text: "m> "}, llm.PartDelta{Signature: "sig"})...)
	events = append(events, said(1, llm.Reasoning{Opaque: json.RawMessage(`{"type":"redacted_thinking","data":"x"}`)})...)
	events = append(events, said(2, llm.Reasoning{}, llm.PartDelta{Signature: "only"})...)
	events = append(events, said(3, llm.Reasoning{Opaque: json.RawMessage(`{"type":"reasoning"}`)}, llm.PartDelta{Text: "both"}, llm.PartDelta{Signature: "s2"})...)
	events = append(events, said(4, llm.Reasoning{}, llm.PartDelta{Text: "plain"})...)
	events = append(events, said(5, llm.Text{}, llm.PartDelta{Text: "yes"})...)
	events = append(events, said(6, llm.ToolCall{ID: "x.y", Name: "f", Signature: "call"}, llm.PartDelta{Input: "{}"})...)
	want := []llm.Part{
		llm.Reasoning{Text: "<hm> ", Signature: "sig", Origin: origin},
		llm.Reasoning{Opaque: json.RawMessage(`{"type":"redacted_thinking","data":"x"}`), Origin: origin},
		llm.Reasoning{Signature: "only", Origin: origin},
		llm.Reasoning{Text: "both", Signature: "s2", Opaque: json.RawMessage(`{"type":"reasoning"}`), Origin: origin},
		llm.Reasoning{Text: "plain", Origin: origin},
		llm.Text{Text: "yes"},
		llm.ToolCall{ID: fit.Plain("x.y", fit.MaxName), Name: "f", Input: json.RawMessage("{}"), Signature: "call", Origin: origin},
	}
	for _, streamed := range []bool{true, false} {
		body, err := messages.EncodeResponse(answer(llm.FinishToolCalls, events...), messages.EncoderOptions{Origin: origin})
		if err != nil {
			t.Fatal(err)
		}
		content := gjson.GetBytes(body, "content").Raw
		if streamed {
			content = contentOf(sequential(t, encodeAll(answer(llm.FinishToolCalls, events...), messages.EncoderOptions{Origin: origin})))
		}
		req, err := messages.DecodeRequest([]byte(`{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":` + content + `}]}`))
		if err != nil || !reflect.DeepEqual(req.Messages[1].Parts, want) {
			t.Errorf("streamed %v: %v\n got %+v\nwant %+v", streamed, err, req.Messages[1].Parts, want)
			continue
		}
		own, _, err := messages.EncodeRequest(req, messages.Options{Target: origin})
		if got := gjson.GetBytes(own, "messages.1.content").Raw; err != nil || !strings.HasPrefix(got,
			`[{"type":"thinking","thinking":"<hm> ","signature":"sig"},{"type":"redacted_thinking","data":"x"},{"type":"thinking","thinking":"","signature":"only"},{"type":"text"`) {
			t.Errorf("%s %v", got, err)
		}
		other, notices, err := messages.EncodeRequest(req, messages.Options{Target: llm.Origin{Provider: "p", Model: "other"}})
		if err != nil || len(notices) == 0 || strings.Contains(string(other), "thinking") || strings.Contains(string(other), "ghr1.") {
			t.Errorf("%s %v %v", other, notices, err)
		}
	}
}

// contentOf puts a streamed answer's blocks together as the SDKs do.
func contentOf(list []gjson.Result) string {
	var out []string
	block, input := map[string]string{}, ""
	for _, e := range list {
		switch e.Get("type").String() {
		case "content_block_start":
			block, input = map[string]string{}, ""
			e.Get("content_block").ForEach(func(k, v gjson.Result) bool { block[k.Str] = v.Raw; return true })
		case "content_block_delta":
			e.Get("delta").ForEach(func(k, v gjson.Result) bool {
				switch k.Str {
				case "type":
				case "partial_json":
					input += v.Str
				default:
					block[k.Str] = string(jsonwrite.AppendString(nil, gjson.Parse(block[k.Str]).String()+v.String()))
				}
				return true
			})
		case "content_block_stop":
			if input != "" {
				block["input"] = input
			}
			var members []string
			for k, v := range block {
				members = append(members, `"`+k+`":`+v)
			}
			out = append(out, "{"+strings.Join(members, ",")+"}")
		}
	}
	return "[" + strings.Join(out, ",") + "]"
}

// wire 11, row 53, and wire 9.4: what models refuse is left out with a notice, and efforts and budgets meet.
func TestRow53Quirks(t *testing.T) {
	forced := &llm.ToolChoice{Mode: llm.ToolNamed, Name: "f"}
	for _, c := range []struct {
		model   string
		set     func(*llm.Request)
		want    []string
		not     []string
		notices []string
	}{
		{
			"claude-opus-4-7", func(r *llm.Request) { r.Temperature, r.TopP, r.TopK = new(1.0), new(0.9), new(int64(1)) },
			[]string{`"max_tokens":128000`},
			[]string{"temperature", "top_p", "top_k"},
			[]string{"temperature", "top_p", "top_k"},
		},
		{
			"anthropic/claude-sonnet-4.5", func(r *llm.Request) { r.Temperature, r.TopP = new(2.0), new(0.9) },
			[]string{`"temperature":1`, `"max_tokens":64000`},
			[]string{"top_p"},
			[]string{"temperature", "top_p"},
		},
		{
			"claude-opus-4-6", func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Effort: "xhigh"} },
			[]string{`"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}`},
			nil,
			[]string{"reasoning"},
		},
		{
			"claude-sonnet-5", func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Effort: "xhigh"} },
			[]string{`"thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"}`},
			nil, nil,
		},
		{
			"claude-sonnet-5-5", func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Budget: new(int64(80_000))} },
			[]string{`"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}`},
			[]string{"budget_tokens"},
			[]string{"reasoning"},
		},
		{
			"claude-sonnet-5-5", func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Effort: "none"} },
			[]string{`"thinking":{"type":"between_tools"}`},
			nil,
			[]string{"reasoning"},
		},
		{
			"claude-opus-5-5", func(r *llm.Request) { r.Reasoning = &llm.ReasoningConfig{Effort: "none"} },
			[]string{`"output_config":{"effort":"low"}`},
			[]string{"thinking"},
			[]string{"reasoning", "reasoning"},
		},
		{
			"claude-opus-5-5", func(r *llm.Request) { r.Tools, r.ToolChoice = []llm.Tool{{Name: "f"}}, forced },
			[]string{`"tool_choice":{"type":"auto"}`, "Answer by calling the tool f."},
			nil,
			[]string{"tool_choice"},
		},
		{"claude-sonnet-4-5", func(r *llm.Request) {
			r.Tools, r.ToolChoice, r.Reasoning = []llm.Tool{{Name: "f"}}, forced, &llm.ReasoningConfig{Effort: "high"}
		}, []string{`"tool_choice":{"type":"tool","name":"f"}`}, []string{"thinking"}, []string{"reasoning"}},
		{"claude-sonnet-4-5", func(r *llm.Request) {
			r.Reasoning, r.MaxOutputTokens, r.Temperature = &llm.ReasoningConfig{Effort: "minimal"}, new(int64(500)), new(0.5)
		}, []string{`"max_tokens":1524`, `"budget_tokens":1024`}, []string{"temperature"}, []string{"max_tokens", "temperature"}},
		{
			"claude-3-5-haiku-20241022", func(r *llm.Request) {
				r.Reasoning, r.Format = &llm.ReasoningConfig{Effort: "low"}, &llm.Format{Schema: object}
			},
			[]string{`"max_tokens":8192`, "JSON schema"},
			[]string{"thinking", "output_config"},
			[]string{"response_format", "reasoning"},
		},
		{
			"claude-opus-4-6", func(r *llm.Request) { r.Messages = append(r.Messages, text(llm.RoleAssistant, "It is")) },
			[]string{"Go on from where you stopped"},
			nil,
			[]string{"messages"},
		},
		{
			"claude-sonnet-4-5", func(r *llm.Request) { r.MaxOutputTokens = new(int64(1_000_000)) },
			[]string{`"max_tokens":64000`},
			nil,
			[]string{"max_tokens"},
		},
		{
			"deepseek-chat", func(r *llm.Request) { r.Temperature, r.TopP = new(0.5), new(0.9) },
			[]string{`"max_tokens":32000`, `"temperature":0.5,"top_p":0.9`},
			nil, nil,
		},
	} {
		req := &llm.Request{Model: c.model, Messages: []llm.Message{text(llm.RoleUser, "hi")}}
		c.set(req)
		body, notices, err := messages.EncodeRequest(req, messages.Options{})
		var fields []string
		for _, n := range notices {
			fields = append(fields, n.Field)
		}
		fine := err == nil && slices.Equal(fields, c.notices)
		for _, s := range c.want {
			fine = fine && strings.Contains(string(body), s)
		}
		for _, s := range c.not {
			fine = fine && !strings.Contains(string(body), s)
		}
		if !fine {
			t.Errorf("%s: %s %v %v", c.model, body, notices, err)
		}
	}
}

// wire 11, rows 20, 27 and 40: marks keep their lifetime and the API's rules, blank texts go, white space at the end too.
func TestRow20CacheMarks(t *testing.T) {
	mark := func(ttl string) llm.Part { return llm.Text{Text: "a", Cache: &llm.CacheMark{TTL: ttl}} }
	for _, c := range []struct {
		parts   []llm.Part
		want    string
		notices int
	}{
		{[]llm.Part{mark("1h"), mark(""), mark("5m")}, "1h - 5m", 0},
		{[]llm.Part{mark("5m"), mark("1h")}, "5m -", 1},
		{[]llm.Part{mark("1h"), mark("1h"), mark("1h"), mark("5m"), mark("5m")}, "none 1h 1h 5m 5m", 1},
	} {
		body, notices, err := messages.EncodeRequest(&llm.Request{Messages: []llm.Message{{Role: llm.RoleUser, Parts: c.parts}}}, messages.Options{AutoCache: true})
		var got []string
		for _, b := range gjson.GetBytes(body, "messages.0.content").Array() {
			switch ttl := b.Get("cache_control.ttl").String(); {
			case !b.Get("cache_control").Exists():
				got = append(got, "none")
			case ttl == "":
				got = append(got, "-")
			default:
				got = append(got, ttl)
			}
		}
		if err != nil || strings.Join(got, " ") != c.want || len(notices) != c.notices || gjson.GetBytes(body, "cache_control").Exists() {
			t.Errorf("%s %v %v", body, notices, err)
		}
	}
	body, _, err := messages.EncodeRequest(&llm.Request{Messages: []llm.Message{text(llm.RoleUser, "a")}}, messages.Options{AutoCache: true})
	if err != nil || gjson.GetBytes(body, "cache_control.type").String() != "ephemeral" {
		t.Errorf("%s %v", body, err)
	}
}

// A schema is brought into the form of structured output; a property that is named like a keyword stays.
func TestStrictSchema(t *testing.T) {
	req := &llm.Request{Messages: []llm.Message{text(llm.RoleUser, "a")}, Format: &llm.Format{Schema: json.RawMessage(
		`{"type":"object","properties":{"minimum":{"type":"number","minimum":1.0},"type":{"oneOf":[{"type":"string","format":"color"},{"type":"object","properties":{}}]}},"additionalProperties":true}`)}}
	body, notices, err := messages.EncodeRequest(req, messages.Options{})
	want := `{"type":"object","properties":{"minimum":{"type":"number"},"type":{"anyOf":[{"type":"string"},{"type":"object","properties":{},"additionalProperties":false}]}},"additionalProperties":false}`
	if got := gjson.GetBytes(body, "output_config.format.schema").Raw; err != nil || got != want || len(notices) != 1 {
		t.Errorf("%v %v\n got %s\nwant %s", err, notices, got, want)
	}
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(`{"model":"m","max_tokens":9,"system":"s","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"ghr1.x"},` +
		`{"type":"tool_use","id":"a.b","name":"f","input":[1]},{"type":"tool_use","id":"a.b","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a.b","content":[{"type":"image","source":{"type":"base64","data":"aQ"}}]}]}],` +
		`"tools":[{"name":"f","input_schema":{"anyOf":[]}}],"thinking":{"type":"adaptive"},"output_config":{"effort":"high","format":{"type":"json_schema","schema":{"oneOf":[1]}},"x":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := messages.DecodeRequest(body)
		if err != nil {
			if _, ok := errors.AsType[*llm.Error](err); !ok {
				t.Error(err)
			}
			return
		}
		for _, model := range []string{"m", "claude-opus-5-5", "claude-sonnet-4-5"} {
			out, _, err := messages.EncodeRequest(req, messages.Options{Target: llm.Origin{Model: model}, Untagged: true, AutoCache: true})
			if err != nil {
				if _, ok := errors.AsType[*llm.Error](err); !ok {
					t.Error(err)
				}
				continue
			}
			if !json.Valid(out) {
				t.Errorf("%s", out)
			}
			if _, err := messages.DecodeRequest(out); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		}
	})
}
