package chatcompletions_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonwrite"
)

// full are options under which everything that the dialect can say is said.
var full = chatcompletions.Options{Target: origin, Freeform: true, CacheMarks: true, Details: true, TopK: true}

// What is read from a request is written again as it was.
func TestRequestRoundTrip(t *testing.T) {
	const hi = `"messages":[{"role":"user","content":"hi"}]`
	for _, body := range []string{
		hi,
		`"messages":[{"role":"system","content":"a"},{"role":"user","content":"hi"},{"role":"assistant","content":"yes"},{"role":"system","content":"b"},{"role":"user","content":"so"}]`,
		`"messages":[{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},` +
			`{"type":"image_url","image_url":{"url":"data:image/png;base64,aQ==","detail":"high"}},{"type":"image_url","image_url":{"url":"https://x/y"}},` +
			`{"type":"input_audio","input_audio":{"data":"aQ==","format":"mp3"}},{"type":"file","file":{"file_data":"data:application/pdf;base64,aQ==","filename":"a.pdf"}},` +
			`{"type":"file","file":{"file_id":"f"}},{"type":"video_url","video_url":{"url":"ms://x"}}]}]`,
		`"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"b\": 1.0}"}},` +
			`{"id":"b","type":"custom","custom":{"name":"g","input":"<\"x\">"}}]},{"role":"tool","content":"1","tool_call_id":"a"},{"role":"tool","content":"2","tool_call_id":"b"}],` +
			`"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"z":1.50,"a":"<b>"},"strict":true}},` +
			`{"type":"custom","custom":{"name":"g","description":"d","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}}],` +
			`"tool_choice":{"type":"custom","custom":{"name":"g"}},"parallel_tool_calls":false`,
		`"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"refusal":"no"},{"role":"user","content":"so"}]`,
		hi + `,"max_completion_tokens":5,"temperature":0,"top_p":0.25,"top_k":3,"frequency_penalty":1,"presence_penalty":-1,"seed":7,"stop":["a","b"],` +
			`"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{"b":1.0},"strict":false}},"reasoning":{"effort":"high"},` +
			`"user":"u","service_tier":"flex","prompt_cache_key":"k","metadata":{"a":"b"},"logit_bias":{"1": 2.0},"verbosity":"low"`,
		hi + `,"reasoning":{"max_tokens":2000}`,
	} {
		body = `{"model":"m",` + body + `}`
		req, err := chatcompletions.DecodeRequest([]byte(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		got, notices, err := chatcompletions.EncodeRequest(req, full)
		if err != nil || string(got) != body || len(notices) > 0 {
			t.Errorf("%v %v\n got %s\nwant %s", err, notices, got, body)
		}
	}
}

func TestDecodeRequestReads(t *testing.T) {
	for body, want := range map[string]func(*llm.Request) bool{
		`"stop":"x"`:                             func(r *llm.Request) bool { return len(r.Stop) == 1 },
		`"max_tokens":3`:                         func(r *llm.Request) bool { return *r.MaxOutputTokens == 3 },
		`"reasoning_effort":"max"`:               func(r *llm.Request) bool { return r.Reasoning.Effort == "max" },
		`"reasoning":{"enabled":false}`:          func(r *llm.Request) bool { return r.Reasoning.Effort == "none" },
		`"thinking":{"type":"disabled"}`:         func(r *llm.Request) bool { return r.Reasoning.Effort == "none" },
		`"thinking":{"type":"enabled"}`:          func(r *llm.Request) bool { return r.Reasoning.Adaptive },
		`"response_format":{"type":"text"}`:      func(r *llm.Request) bool { return r.Format == nil },
		`"parallel_tool_calls":true`:             func(r *llm.Request) bool { return r.ToolChoice == nil },
		`"functions":[{"name":"f"}]`:             func(r *llm.Request) bool { return r.Tools[0].Name == "f" },
		`"function_call":{"name":"f"}`:           func(r *llm.Request) bool { return r.ToolChoice.Name == "f" },
		`"safety_identifier":"s"`:                func(r *llm.Request) bool { return r.User == "s" },
		`"temperature":null,"n":1`:               func(r *llm.Request) bool { return r.Temperature == nil && len(r.Extra) == 0 },
		`"stream_options":{"x":1},"stream":true`: func(r *llm.Request) bool { return r.Stream && len(r.Extra) == 0 },
		`"tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}],` +
			`"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}`: func(r *llm.Request) bool {
			return len(r.Tools) == 1 && r.Tools[0].Name == "g" && r.ToolChoice.Mode == llm.ToolRequired
		},
	} {
		req, err := chatcompletions.DecodeRequest([]byte(`{"model":"m","messages":[{"role":"developer","content":"hi"}],` + body + `}`))
		if err != nil || req.Messages[0].Role != llm.RoleSystem || !want(req) {
			t.Errorf("%s gives %+v, %v", body, req, err)
		}
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	for _, body := range []string{
		``, `[]`, `{`, `{"model":"m"}`, `{"messages":[]}`, `{"messages":{}}`, `{"messages":[{"role":"boss"}]}`, `{"messages":[{"role":"user","content":5}]}`,
		`{"messages":[{"role":"user","content":[{}]}]}`, `{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}`,
		`{"messages":[{"role":"user","content":[{"type":"file","file":{}}]}]}`, `{"messages":[{"role":"user","content":"x"}],"n":2}`,
		`{"messages":[{"role":"user","content":"x"}],"max_tokens":0}`, `{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}`,
		`{"messages":[{"role":"user","content":"x"}],"tools":[{}]}`, `{"messages":[{"role":"user","content":"x"}],"tool_choice":"maybe"}`,
		`{"messages":[{"role":"user","content":"x"}],"stop":[1]}`, `{"messages":[{"role":"user","content":"x"}],"modalities":["audio"]}`,
	} {
		_, err := chatcompletions.DecodeRequest([]byte(body))
		if e, ok := errors.AsType[*llm.Error](err); !ok || e.Kind != llm.ErrBadRequest {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// whole reads a stream to its end.
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

func encodeAll(events []llm.Event, opts chatcompletions.EncoderOptions) []byte {
	var out []byte
	enc := chatcompletions.NewEncoder(opts)
	for _, e := range events {
		out = append(out, enc.Encode(e)...)
	}
	return out
}

// essence is what a client makes of an answer: text, refusal, reasoning, calls, sources, pictures, finish, usage.
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
				add("sources", c.URL)
			}
		case llm.Refusal:
			add("refusal", p.Text)
		case llm.Reasoning:
			add("reasoning", p.Text)
		case llm.Media:
			add("media", p.MediaType+string(p.Data))
		case llm.ToolCall:
			add("calls", p.ID+" "+p.Name+" "+strings.TrimSpace(string(p.Input))+";")
		}
	}
	if a.Usage.Known() {
		a.Usage.Raw = nil
		out["usage"] = a.Usage
	}
	return out
}

// What a provider said reaches the client, streamed and whole alike.
func TestAnswersReachTheClient(t *testing.T) {
	opts := chatcompletions.EncoderOptions{Created: 5, Origin: origin, IncludeUsage: true}
	seen := 0
	for name, data := range streams(t) {
		var events []llm.Event
		var failed error
		for e, err := range chatcompletions.DecodeStream(bytes.NewReader(data)) {
			failed = err
			events = append(events, e)
		}
		if failed != nil {
			continue
		}
		seen++
		want := essence(events)
		if want["calls"] != nil { // empty input is sent as an empty object
			want["calls"] = strings.ReplaceAll(want["calls"].(string), " ;", " {};")
		}
		if want["finish"] == llm.FinishOther {
			want["finish"] = llm.FinishStop
		}
		streamed := encodeAll(events, opts)
		if got := essence(whole(t, chatcompletions.DecodeStream(bytes.NewReader(streamed)))); !reflect.DeepEqual(got, want) {
			t.Errorf("%s, streamed:\n got %v\nwant %v", name, got, want)
		}
		body, err := chatcompletions.EncodeResponse(events, opts)
		if err != nil || !json.Valid(body) {
			t.Fatal(name, err, string(body))
		}
		decoded, err := chatcompletions.DecodeResponse(body)
		if got := essence(decoded); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s, whole: %v\n got %v\nwant %v", name, err, got, want)
		}
	}
	if seen < 10 {
		t.Errorf("only %d streams", seen)
	}
}

func chunks(t *testing.T, stream []byte) (out []gjson.Result, done bool) {
	t.Helper()
	for line := range strings.SplitSeq(string(stream), "\n\n") {
		data, ok := strings.CutPrefix(line, "data: ")
		switch {
		case line == "":
		case !ok:
			t.Fatalf("not an event: %q", line)
		case data == "[DONE]":
			done = true
		default:
			if !json.Valid([]byte(data)) {
				t.Fatalf("not JSON: %s", data)
			}
			out = append(out, gjson.Parse(data))
		}
	}
	return out, done
}

func call(i int, id, name string, input ...string) []llm.Event {
	out := []llm.Event{llm.PartStart{Index: i, Part: llm.ToolCall{ID: id, Name: name}}}
	for _, s := range input {
		out = append(out, llm.PartDelta{Index: i, Input: s})
	}
	return out
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

// wire 11, rows 3 and 22: each parallel call has its own index, and calls decide on the finish reason.
func TestRow3Row22ParallelCalls(t *testing.T) {
	events := append(said(0, llm.Text{}, llm.PartDelta{Text: "let me"}), call(1, "a", "f", `{"x`, `":1}`)...)
	events = append(append(events, call(2, "b", "g")...), llm.PartEnd{Index: 2}, llm.PartEnd{Index: 1})
	list, done := chunks(t, encodeAll(answer(llm.FinishStop, events...), chatcompletions.EncoderOptions{}))
	var seen []string
	for _, c := range list {
		for _, call := range c.Get("choices.0.delta.tool_calls").Array() {
			seen = append(seen, call.Get("index").Raw+call.Get("id").String()+call.Get("function.arguments").String())
		}
	}
	want := []string{"0a", `0{"x`, `0":1}`, "1b", "1{}"}
	if finish := list[len(list)-1].Get("choices.0.finish_reason").String(); finish != "tool_calls" || !done || !reflect.DeepEqual(seen, want) {
		t.Errorf("%v %q %v", seen, finish, done)
	}
	if list[0].Get("choices.0.delta.role").String() != "assistant" {
		t.Error("the role does not come first")
	}
}

// wire 11, rows 7 and 9: usage comes once, with no choices, and only if it was asked for.
func TestRow7Row9UsageChunk(t *testing.T) {
	events := answer(llm.FinishStop, append(said(0, llm.Text{}, llm.PartDelta{Text: "a"}),
		llm.UsageUpdate{Usage: llm.Usage{Input: llm.Tokens(1), CacheRead: llm.Tokens(2), Output: llm.Tokens(3)}})...)
	for _, asked := range []bool{true, false} {
		list, _ := chunks(t, encodeAll(events, chatcompletions.EncoderOptions{IncludeUsage: asked}))
		found := 0
		for _, c := range list {
			if u := c.Get("usage"); u.IsObject() {
				found++
				if c.Get("choices").Raw != "[]" || u.Get("prompt_tokens").Int() != 3 || u.Get("total_tokens").Int() != 6 {
					t.Error(c.Raw)
				}
			} else if u.Exists() != asked {
				t.Error(c.Raw)
			}
		}
		if found != map[bool]int{true: 1, false: 0}[asked] {
			t.Errorf("asked %v: %d usage chunks", asked, found)
		}
	}
}

// wire 11, row 10: a failure in mid-stream is an error, without [DONE].
func TestRow10FailureMidStream(t *testing.T) {
	enc := chatcompletions.NewEncoder(chatcompletions.EncoderOptions{})
	out := append(enc.Encode(llm.MessageStart{ID: "c"}), enc.End(llm.Errorf(llm.ErrOverloaded, "busy"))...)
	out = append(out, enc.Encode(llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishError, Raw: "MALFORMED"}})...)
	list, done := chunks(t, out)
	if done || list[1].Get("error.message").String() != "busy" || !strings.Contains(list[2].Get("error.message").String(), "MALFORMED") {
		t.Errorf("%s", out)
	}
	if _, err := chatcompletions.EncodeResponse(answer(llm.FinishError), chatcompletions.EncoderOptions{}); err == nil {
		t.Error("a failed answer passes")
	}
	if _, err := chatcompletions.EncodeResponse([]llm.Event{llm.MessageStart{}}, chatcompletions.EncoderOptions{}); !errors.Is(err, llm.ErrIncomplete) {
		t.Error("an answer without its end passes", err)
	}
}

// echo is the conversation after a client got an answer and asks on: streamed pieces as they came, or merged.
func echo(t *testing.T, events []llm.Event, streamed bool) *llm.Request {
	t.Helper()
	opts := chatcompletions.EncoderOptions{Origin: origin}
	var details, calls []string
	var reasoning, content string
	if streamed {
		list, _ := chunks(t, encodeAll(events, opts))
		for _, c := range list {
			d := c.Get("choices.0.delta")
			reasoning += d.Get("reasoning_content").String()
			content += d.Get("content").String()
			for _, item := range d.Get("reasoning_details").Array() {
				details = append(details, item.Raw)
			}
			for _, item := range d.Get("tool_calls").Array() {
				if item.Get("id").Exists() {
					calls = append(calls, `{"id":"`+item.Get("id").String()+`","type":"function","function":{"name":"f","arguments":"{}"}}`)
				}
			}
		}
	} else {
		body, err := chatcompletions.EncodeResponse(events, opts)
		if err != nil {
			t.Fatal(err)
		}
		m := gjson.GetBytes(body, "choices.0.message")
		reasoning, content = m.Get("reasoning_content").String(), m.Get("content").String()
		details = append(details, strings.Trim(m.Get("reasoning_details").Raw, "[]"))
		calls = append(calls, strings.Trim(m.Get("tool_calls").Raw, "[]"))
	}
	q := func(s string) string { return string(jsonwrite.AppendString(nil, s)) }
	req, err := chatcompletions.DecodeRequest([]byte(`{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":` +
		q(content) + `,"reasoning_content":` + q(reasoning) + `,"reasoning_details":[` + strings.Join(details, ",") + `],"tool_calls":[` +
		strings.Join(calls, ",") + `]},{"role":"tool","tool_call_id":"x","content":"1"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// wire 11, rows 1, 2, 31, 32 and 51: reasoning comes back from a client with signature, opaque and origin, in its place.
func TestRow1Row31ReasoningComesBack(t *testing.T) {
	var events []llm.Event
	events = append(events, said(0, llm.Reasoning{}, llm.PartDelta{Text: "<h"}, llm.PartDelta{Text: "m>"}, llm.PartDelta{Signature: "si"}, llm.PartDelta{Signature: "g"})...)
	events = append(events, said(1, llm.Reasoning{Opaque: json.RawMessage(`{"type":"redacted_thinking","data":"x"}`)})...)
	events = append(events, said(2, llm.Reasoning{Signature: "only"})...)
	events = append(events, said(3, llm.Reasoning{}, llm.PartDelta{Text: "plain"})...)
	events = append(events, said(4, llm.Text{}, llm.PartDelta{Text: "yes"})...)
	events = append(events, said(5, llm.ToolCall{ID: "x", Name: "f", Signature: "call"}, llm.PartDelta{Input: "{}"})...)
	want := []llm.Part{
		llm.Reasoning{Text: "<hm>", Signature: "sig", Origin: origin},
		llm.Reasoning{Opaque: json.RawMessage(`{"type":"redacted_thinking","data":"x"}`), Origin: origin},
		llm.Reasoning{Signature: "only", Origin: origin},
		llm.Reasoning{Text: "plain", Origin: origin},
		llm.Text{Text: "yes"},
		llm.ToolCall{ID: "x", Name: "f", Input: json.RawMessage("{}"), Signature: "call", Origin: origin},
	}
	for _, streamed := range []bool{true, false} {
		req := echo(t, answer(llm.FinishToolCalls, events...), streamed)
		if got := req.Messages[1].Parts; !reflect.DeepEqual(got, want) {
			t.Errorf("streamed %v:\n got %+v\nwant %+v", streamed, got, want)
		}
		_, notices, err := chatcompletions.EncodeRequest(req, chatcompletions.Options{Target: llm.Origin{Provider: "another"}, Details: true})
		if err != nil || len(notices) != 1 {
			t.Error("to another model:", notices, err)
		}
	}
}

// wire 11, row 31: a provider's reasoning_details go back to it as they came.
func TestRow31DetailsGoBackUnchanged(t *testing.T) {
	data := streams(t)["details"]
	req := echo(t, whole(t, chatcompletions.DecodeStream(bytes.NewReader(data))), true)
	body, _, err := chatcompletions.EncodeRequest(req, full)
	want := `[{"type":"reasoning.text","format":"anthropic-claude-v1","index":0,"text":"Let me","signature":"sig"},` +
		`{"type":"reasoning.encrypted","format":"openai-responses-v1","id":"rs_1","index":1,"data":"ABCD"}]`
	if got := gjson.GetBytes(body, "messages.1.reasoning_details").Raw; err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

// wire 11, row 16: DeepSeek gets its reasoning back on turns with calls, an empty one if it is lost; R1 never.
func TestRow16DeepSeek(t *testing.T) {
	target := llm.Origin{Provider: "deepseek", Model: "deepseek-v4"}
	for _, c := range []struct {
		origin llm.Origin
		model  string
		want   string
	}{{target, target.Model, `"hm"`}, {origin, target.Model, `""`}, {llm.Origin{Provider: "deepseek", Model: "deepseek-reasoner"}, "deepseek-reasoner", ""}} {
		req := &llm.Request{Model: c.model, Reasoning: &llm.ReasoningConfig{Effort: "medium"}, Messages: []llm.Message{
			text(llm.RoleUser, "hi"),
			{Role: llm.RoleAssistant, Parts: []llm.Part{llm.Reasoning{Text: "hm", Origin: c.origin}, llm.ToolCall{ID: "x", Name: "f"}}},
			{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "x"}}},
		}}
		body, _, err := chatcompletions.EncodeRequest(req, chatcompletions.OptionsFor(llm.Origin{Provider: "deepseek", Model: c.model}))
		if got := gjson.GetBytes(body, "messages.1.reasoning_content").Raw; err != nil || got != c.want {
			t.Errorf("%s: %s %v", c.model, body, err)
		}
	}
}

// wire 11, rows 17, 19, 26 and 39: what stricter servers want.
func TestRow17Row19Row39StricterServers(t *testing.T) {
	req := &llm.Request{
		Model: "m", Tools: []llm.Tool{{Name: "mcp__a.b/c", InputSchema: object}}, ToolChoice: &llm.ToolChoice{Mode: llm.ToolRequired},
		Messages: []llm.Message{
			text(llm.RoleSystem, "a"), text(llm.RoleSystem, "b"), text(llm.RoleUser, "hi"), text(llm.RoleUser, "there"),
			{Role: llm.RoleAssistant, Parts: []llm.Part{llm.ToolCall{ID: "toolu_01_long", Name: "mcp__a.b/c"}}},
			{Role: llm.RoleTool, Parts: []llm.Part{llm.ToolResult{CallID: "toolu_01_long"}}},
			text(llm.RoleSystem, "c"),
		},
	}
	body, _, err := chatcompletions.EncodeRequest(req, chatcompletions.OptionsFor(llm.Origin{Provider: "mistral"}))
	id := gjson.GetBytes(body, "messages.2.tool_calls.0.id").String()
	name := gjson.GetBytes(body, "messages.2.tool_calls.0.function.name").String()
	if err != nil || len(id) != 9 || id != gjson.GetBytes(body, "messages.3.tool_call_id").String() ||
		name != gjson.GetBytes(body, "messages.3.name").String() || name != gjson.GetBytes(body, "tools.0.function.name").String() ||
		gjson.GetBytes(body, "tool_choice").String() != "any" {
		t.Errorf("%s %v", body, err)
	}
	restored := whole(t, fit.Restore(req, fit.Stream(answer(llm.FinishToolCalls, said(0, llm.ToolCall{ID: "x", Name: name})...))))
	if got := restored[1].(llm.PartStart).Part.(llm.ToolCall).Name; got != "mcp__a.b/c" {
		t.Errorf("restored as %s", got)
	}
	body, _, err = chatcompletions.EncodeRequest(req, chatcompletions.OptionsFor(llm.Origin{Provider: "llamacpp"}))
	var roles []string
	for _, m := range gjson.GetBytes(body, "messages").Array() {
		roles = append(roles, m.Get("role").String())
	}
	if want := "system user assistant tool user"; err != nil || strings.Join(roles, " ") != want {
		t.Errorf("%s %v", body, err)
	}
	req.Tools, req.ToolChoice = nil, nil
	if body, _, _ = chatcompletions.EncodeRequest(req, chatcompletions.Options{}); strings.Contains(string(body), `"tools"`) {
		t.Errorf("tools without any: %s", body)
	}
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(`{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","reasoning_details":[{"type":"reasoning.text","text":"a","signature":"ghr1.x","index":0}],` +
		`"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}},{"id":"a","custom":{"name":"g","input":"x"}}]},{"role":"tool","tool_call_id":"a","content":[{"type":"image_url","image_url":"data:,x"}]}],` +
		`"tools":[{"type":"custom","custom":{"name":"g"}}],"tool_choice":"auto","reasoning":{"effort":"high"},"x":1e400}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := chatcompletions.DecodeRequest(body)
		if err != nil {
			if _, ok := errors.AsType[*llm.Error](err); !ok {
				t.Error(err)
			}
			return
		}
		for _, opts := range []chatcompletions.Options{full, chatcompletions.OptionsFor(llm.Origin{Provider: "mistral"}), chatcompletions.OptionsFor(llm.Origin{Provider: "llamacpp"})} {
			out, _, err := chatcompletions.EncodeRequest(req, opts)
			if err != nil {
				if _, ok := errors.AsType[*llm.Error](err); !ok {
					t.Error(err)
				}
				continue
			}
			if !json.Valid(out) {
				t.Errorf("%s", out)
			}
			if _, err := chatcompletions.DecodeRequest(out); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		}
	})
}
