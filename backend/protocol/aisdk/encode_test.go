package aisdk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/protocol/sse"
)

var versions = []aisdk.Version{aisdk.V2, aisdk.V3, aisdk.V4}

func options(v aisdk.Version) aisdk.Options {
	return aisdk.Options{
		Version: v, Origin: llm.Origin{Provider: "p", Model: "m"}, GenerationID: "gen_1",
		Account: func(u llm.Usage) []byte {
			if !u.Known() {
				return []byte(`{"generationId":"gen_1","routing":{"finalProvider":"p"}}`)
			}
			return []byte(`{"generationId":"gen_1","routing":{"finalProvider":"p"},"cost":"0.00012"}`)
		},
		Notices: []llm.Notice{
			{Field: "seed", Message: "not taken"},
			{Field: "tools.search", Message: "not here"},
			{Field: "messages", Message: "left out"},
			{Message: "plain"},
		},
		At: time.Unix(1_800_000_000, 5e6),
	}
}

func finish(kind llm.FinishKind, raw string) llm.Event {
	return llm.Finish{Reason: llm.FinishReason{Kind: kind, Raw: raw}}
}

var start = llm.MessageStart{ID: "msg_1", Model: "a/b"}

// answers are event lists by the name of their golden file.
var answers = map[string][]llm.Event{
	"text": {
		start,
		llm.UsageUpdate{Usage: llm.Usage{Input: llm.Tokens(8)}},
		llm.PartStart{Index: 0, Part: llm.Text{}},
		llm.PartDelta{Index: 0, Text: "Grüße, <&>"},
		llm.PartDelta{Index: 0, Text: " 世界 🙂 \u2028 \"q\"\\\n"},
		llm.PartEnd{Index: 0},
		llm.UsageUpdate{Usage: llm.Usage{
			Input: llm.Tokens(8), CacheRead: llm.Tokens(3), CacheWrite5m: llm.Tokens(1), CacheWrite1h: llm.Tokens(2),
			Output: llm.Tokens(7), Reasoning: llm.Tokens(2), Raw: json.RawMessage(`{"input_tokens":8}`),
		}},
		finish(llm.FinishStop, "end_turn"),
	},
	"empty": {start, finish(llm.FinishOther, "")},
	"tools": {
		start,
		llm.PartStart{Index: 0, Part: llm.Reasoning{}},
		llm.PartDelta{Index: 0, Text: "hm"},
		llm.PartDelta{Index: 0, Signature: "si"},
		llm.PartDelta{Index: 0, Signature: "g"},
		llm.PartEnd{Index: 0},
		llm.PartStart{Index: 1, Part: llm.ToolCall{ID: "call_1", Name: "f", Signature: "gsig"}},
		llm.PartStart{Index: 2, Part: llm.ToolCall{ID: "call_2", Name: "g", Input: json.RawMessage(`{"a":1.50}`)}},
		llm.PartStart{Index: 3, Part: llm.ToolCall{Name: "h"}},
		llm.PartDelta{Index: 1, Input: `{"city":`},
		llm.PartDelta{Index: 1, Input: `"世"}`},
		llm.PartEnd{Index: 2},
		llm.PartEnd{Index: 1},
		llm.PartEnd{Index: 3},
		finish(llm.FinishStop, "stop"),
	},
	"media": {
		start,
		llm.PartStart{Index: 0, Part: llm.Media{Data: []byte("\x89PNG"), MediaType: "image/png"}},
		llm.PartEnd{Index: 0},
		llm.PartStart{Index: 1, Part: llm.Media{URL: "https://x.y/a.png", MediaType: "image/png", Filename: "a.png"}},
		llm.PartEnd{Index: 1},
		llm.PartStart{Index: 2, Part: llm.Media{FileID: "f"}},
		llm.PartEnd{Index: 2},
		llm.PartStart{Index: 3, Part: llm.Text{Text: "see ", Citations: []llm.Citation{{URL: "https://x.y", Title: "X"}}}},
		llm.PartDelta{Index: 3, Text: "this", Citation: &llm.Citation{URL: "https://x.y", Title: "X", Cited: "c", Start: 4, End: 8}},
		llm.PartDelta{Index: 3, Citation: &llm.Citation{}},
		llm.PartEnd{Index: 3},
		finish(llm.FinishLength, "max_tokens"),
	},
	"left-out": {
		start,
		llm.OpaqueEvent{Opaque: llm.Opaque{Dialect: llm.Messages}},
		llm.PartStart{Index: 0, Part: llm.Opaque{Dialect: llm.Messages}},
		llm.PartEnd{Index: 0},
		llm.PartStart{Index: 1, Part: llm.ToolCall{ID: "w", Name: "web_search", ByProvider: true, Input: json.RawMessage(`{}`)}},
		llm.PartDelta{Index: 1, Input: "{}"},
		llm.PartEnd{Index: 1},
		llm.PartStart{Index: 2, Part: llm.Refusal{Text: "no"}},
		llm.PartEnd{Index: 2},
		finish(llm.FinishRefusal, "refusal"),
	},
}

func stream(v aisdk.Version, events []llm.Event) []byte {
	e := aisdk.NewEncoder(options(v))
	var out []byte
	for _, event := range events {
		out = append(out, e.Encode(event)...)
	}
	return out
}

func TestEncodeGolden(t *testing.T) {
	for name, events := range answers {
		for _, err := range llm.Validate(func(yield func(llm.Event, error) bool) {
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		}) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for _, v := range versions {
			golden(t, fmt.Sprintf("%s-%s.sse", name, v), stream(v, events))
			body, err := aisdk.EncodeResponse(events, options(v))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, fmt.Sprintf("%s-%s.answer", name, v), append(body, '\n'))
		}
	}
}

// parts splits a stream and checks it as the strictest client does: every piece has its start, every start its end, a
// call stands behind its input, and the last part is finish or error.
func parts(t *testing.T, data []byte) []gjson.Result {
	t.Helper()
	var out []gjson.Result
	open := map[string]bool{}
	r := sse.NewReader(bytes.NewReader(data))
	for {
		e, err := r.Next()
		if err != nil {
			break
		}
		p := gjson.ParseBytes(e.Data)
		if !gjson.ValidBytes(e.Data) || e.Name != "" {
			t.Fatalf("event %q %s", e.Name, e.Data)
		}
		kind, id := p.Get("type").String(), p.Get("id").String()
		stem, step := kind, ""
		if i := strings.LastIndexByte(kind, '-'); i > 0 {
			stem, step = kind[:i], kind[i+1:]
		}
		switch stem {
		case "text", "reasoning", "tool-input":
			if key := stem + id; open[key] == (step == "start") {
				t.Errorf("%s of %q out of order", kind, id)
			} else {
				open[key] = step != "end"
			}
		case "tool", "stream", "response", "finish", "source", "file", "error":
		default:
			t.Errorf("no version knows %s", kind)
		}
		out = append(out, p)
	}
	for key, left := range open {
		if left && out[len(out)-1].Get("type").String() != "error" {
			t.Errorf("%s is left open", key)
		}
	}
	return out
}

// What a client makes of the stream is what it is told at once.
func TestFoldedStreamIsTheAnswer(t *testing.T) {
	for name, events := range answers {
		for _, v := range versions {
			texts, content := map[string]string{}, map[string]string{}
			var order []string
			var last gjson.Result
			for _, p := range parts(t, stream(v, events)) {
				id := p.Get("id").String()
				switch kind := p.Get("type").String(); kind {
				case "text-start", "reasoning-start":
					order = append(order, id)
				case "text-delta", "reasoning-delta":
					texts[id] += p.Get("delta").String()
				case "text-end", "reasoning-end":
					content[id] = fmt.Sprint(strings.TrimSuffix(kind, "-end"), texts[id], p.Get("citations").Raw,
						p.Get("providerMetadata.gatehouse").Raw)
				case "tool-call", "file", "source":
					order = append(order, p.Raw)
					content[p.Raw] = p.Raw
				}
				last = p
			}
			body, err := aisdk.EncodeResponse(events, options(v))
			if err != nil {
				t.Fatal(err)
			}
			answer := gjson.ParseBytes(body)
			var got, want []string
			for _, id := range order {
				want = append(want, content[id])
			}
			for _, item := range answer.Get("content").Array() {
				if text := item.Get("text"); text.Exists() {
					got = append(got, fmt.Sprint(item.Get("type").Str, text.Str, item.Get("citations").Raw,
						item.Get("providerMetadata.gatehouse").Raw))
				} else {
					got = append(got, item.Raw)
				}
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s %s:\n%s\nwant:\n%s", name, v, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for _, field := range []string{"usage", "finishReason", "providerMetadata"} {
				if answer.Get(field).Raw != last.Get(field).Raw {
					t.Errorf("%s %s: %s is %s and %s", name, v, field, answer.Get(field).Raw, last.Get(field).Raw)
				}
			}
		}
	}
}

// What an answer carries comes back with the conversation, whole and with its origin.
func TestReasoningComesBack(t *testing.T) {
	issuer := llm.Origin{Provider: "p", Model: "m"}
	other := llm.Origin{Provider: "q", Model: "n"}
	opaque := json.RawMessage(`{"type":"redacted_thinking","data":"x"}`)
	events := []llm.Event{
		start,
		llm.PartStart{Index: 0, Part: llm.Reasoning{Text: "a", Signature: "s1"}},
		llm.PartEnd{Index: 0},
		llm.PartStart{Index: 1, Part: llm.Reasoning{}},
		llm.PartDelta{Index: 1, Signature: "s2"},
		llm.PartEnd{Index: 1}, // cases 2 and 51
		llm.PartStart{Index: 2, Part: llm.Reasoning{Opaque: opaque, Signature: "s3", Origin: other}},
		llm.PartEnd{Index: 2},
		llm.PartStart{Index: 3, Part: llm.ToolCall{ID: "c", Name: "f", Signature: "s4"}},
		llm.PartEnd{Index: 3},
		finish(llm.FinishToolCalls, ""),
	}
	want := []llm.Part{
		llm.Reasoning{Text: "a", Signature: "s1", Origin: issuer},
		llm.Reasoning{Signature: "s2", Origin: issuer},
		llm.Reasoning{Opaque: opaque, Signature: "s3", Origin: other},
		llm.ToolCall{ID: "c", Name: "f", Input: json.RawMessage("{}"), Signature: "s4", Origin: issuer},
	}
	for _, v := range versions {
		body, err := aisdk.EncodeResponse(events, options(v))
		if err != nil {
			t.Fatal(err)
		}
		content := strings.ReplaceAll(gjson.GetBytes(body, "content").Raw, `"providerMetadata"`, `"providerOptions"`)
		call := decode(t, head, `{"prompt":[{"role":"assistant","content":`+content+`}]}`)
		if len(call.Notices) > 0 {
			t.Error(call.Notices)
		}
		for i, p := range call.Request.Messages[0].Parts {
			if renderPart("", p) != renderPart("", want[i]) {
				t.Errorf("%s: %s\nwant %s", v, renderPart("", p), renderPart("", want[i]))
			}
		}
		if n := len(call.Request.Messages[0].Parts); n != len(want) {
			t.Errorf("%d parts", n)
		}
	}
}

// Wire facts, cases 10, 42 and 46: a failure in mid-stream is an error part, a stream that just ends an error.
func TestCase10And42MidStreamFailure(t *testing.T) {
	for _, v := range versions {
		e := aisdk.NewEncoder(options(v))
		data := bytes.Clone(e.Encode(start))
		data = append(data, e.Encode(llm.PartStart{Part: llm.Text{}})...)
		data = append(data, e.End(llm.Errorf(llm.ErrOverloaded, "busy").WithCode("busy"))...)
		all := parts(t, data)
		last := all[len(all)-1].Raw
		if last != `{"type":"error","error":{"message":"busy","type":"overloaded","code":"busy","statusCode":503,"isRetryable":true}}` {
			t.Error(last)
		}
	}
	for name, events := range answers {
		for i := range events {
			if _, err := aisdk.EncodeResponse(events[:i], options(aisdk.V3)); err == nil {
				t.Errorf("%s cut at %d passes for an answer", name, i)
			}
		}
	}
}

// Wire facts, case 22: calls decide the finish reason, whatever the provider says.
func TestCase22CallsDecideTheFinishReason(t *testing.T) {
	for kind, want := range map[llm.FinishKind]string{
		llm.FinishStop: "tool-calls", llm.FinishOther: "tool-calls", llm.FinishToolCalls: "tool-calls",
		llm.FinishLength: "length", llm.FinishContentFilter: "content-filter", llm.FinishError: "error",
	} {
		body, err := aisdk.EncodeResponse([]llm.Event{
			start, llm.PartStart{Part: llm.ToolCall{ID: "c", Name: "f"}}, llm.PartEnd{}, finish(kind, "raw"),
		}, aisdk.Options{Version: aisdk.V3})
		if got := gjson.GetBytes(body, "finishReason"); err != nil || got.Get("unified").Str != want || got.Get("raw").Str != "raw" {
			t.Errorf("%s gives %s, %v", kind, got.Raw, err)
		}
	}
}

// The finish reasons and usages of each version (wire facts, sections 1.5 and 9.1).
func TestFinishReasons(t *testing.T) {
	for kind, want := range map[llm.FinishKind]string{
		llm.FinishStop: "stop", llm.FinishStopSequence: "stop", llm.FinishPause: "stop", llm.FinishLength: "length",
		llm.FinishContentFilter: "content-filter", llm.FinishRefusal: "content-filter", llm.FinishError: "error", llm.FinishOther: "other",
	} {
		for _, v := range versions {
			all := parts(t, stream(v, []llm.Event{start, finish(kind, "")}))
			want := `{"unified":"` + want + `"}`
			if v == aisdk.V2 {
				want = `"` + gjson.Get(want, "unified").Str + `"`
			}
			if got := all[len(all)-1].Get("finishReason").Raw; got != want {
				t.Errorf("%s %s: %s", v, kind, got)
			}
		}
	}
}

// Unknown is not zero, and the objects that the clients read into stand always.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		name  string
		usage llm.Usage
		v     aisdk.Version
		want  string
	}{
		{"unknown", llm.Usage{}, aisdk.V2, `{}`},
		{"unknown", llm.Usage{}, aisdk.V4, `{"inputTokens":{},"outputTokens":{}}`},
		{"zero", llm.Usage{Input: llm.Tokens(0), Output: llm.Tokens(0)}, aisdk.V2, `{"inputTokens":0,"outputTokens":0,"totalTokens":0}`},
		{"half", llm.Usage{Input: llm.Tokens(5)}, aisdk.V2, `{"inputTokens":5}`},
		{
			"cached",
			llm.Usage{Input: llm.Tokens(5), CacheRead: llm.Tokens(3), CacheWrite1h: llm.Tokens(2), Output: llm.Tokens(4), Reasoning: llm.Tokens(1)},
			aisdk.V2, `{"inputTokens":10,"outputTokens":4,"totalTokens":14,"reasoningTokens":1,"cachedInputTokens":3}`,
		},
		{
			"cached",
			llm.Usage{Input: llm.Tokens(5), CacheRead: llm.Tokens(3), CacheWrite1h: llm.Tokens(2), Output: llm.Tokens(4), Reasoning: llm.Tokens(9)},
			aisdk.V3, `{"inputTokens":{"total":10,"noCache":5,"cacheRead":3,"cacheWrite":2},"outputTokens":{"total":4,"text":0,"reasoning":9}}`,
		},
		{"raw", llm.Usage{Raw: json.RawMessage(`{"a":1.0}`)}, aisdk.V3, `{"inputTokens":{},"outputTokens":{},"raw":{"a":1.0}}`},
		{"raw, broken", llm.Usage{Raw: json.RawMessage(`{"a`)}, aisdk.V3, `{"inputTokens":{},"outputTokens":{}}`},
	} {
		body, err := aisdk.EncodeResponse([]llm.Event{start, llm.UsageUpdate{Usage: c.usage}, finish(llm.FinishStop, "")}, aisdk.Options{Version: c.v})
		if got := gjson.GetBytes(body, "usage").Raw; err != nil || got != c.want {
			t.Errorf("%s %s: %s, %v; want %s", c.name, c.v, got, err, c.want)
		}
	}
}

func TestNoticesOfAnAnswer(t *testing.T) {
	e := aisdk.NewEncoder(options(aisdk.V4))
	for _, event := range answers["left-out"] {
		e.Encode(event)
	}
	if n := e.Notices(); len(n) != 3 {
		t.Errorf("%+v", n)
	}
	body, err := aisdk.EncodeResponse(answers["left-out"], options(aisdk.V4))
	if n := gjson.GetBytes(body, "warnings.#").Int(); err != nil || n != 7 {
		t.Errorf("%d warnings: %s", n, body)
	}
}

// FuzzEncode gives the encoder events of any text, in and out of the grammar.
func FuzzEncode(f *testing.F) {
	f.Add("text", "\xff\u2028\n", []byte{0, 1, 2, 3, 4, 5, 6})
	f.Add(`{"a":1}`, "s", []byte{0, 11, 12, 13, 21, 22, 23, 6})
	f.Fuzz(func(t *testing.T, a, b string, steps []byte) {
		raw := json.RawMessage(nil)
		if json.Valid([]byte(a)) {
			raw = json.RawMessage(a)
		}
		kinds := []llm.Part{llm.Text{Text: a}, llm.Reasoning{Opaque: raw}, llm.ToolCall{ID: b, Name: a, Input: json.RawMessage(b)}, llm.Media{URL: a}}
		events := []llm.Event{llm.MessageStart{ID: a, Model: b}}
		for _, s := range steps {
			index := int(s/10) % 3
			switch s % 10 {
			case 1, 2, 7, 8:
				events = append(events, llm.PartStart{Index: index, Part: kinds[int(s)%len(kinds)]})
			case 3:
				events = append(events, llm.PartDelta{Index: index, Text: a, Input: b, Signature: b, Citation: &llm.Citation{URL: b}})
			case 4:
				events = append(events, llm.PartEnd{Index: index})
			case 5:
				events = append(events, llm.UsageUpdate{Usage: llm.Usage{Input: llm.Tokens(int64(s)), Raw: raw}})
			}
		}
		events = append(events, finish(llm.FinishStop, b))
		for _, v := range versions {
			for data := range bytes.SplitSeq(stream(v, events), []byte("\n\n")) {
				if line, ok := bytes.CutPrefix(data, []byte("data: ")); ok && !json.Valid(line) || !utf8.Valid(data) {
					t.Fatalf("%q", data)
				}
			}
			body, err := aisdk.EncodeResponse(events, options(v))
			if err != nil || !json.Valid(body) {
				t.Fatalf("%s %v", body, err)
			}
		}
	})
}

func BenchmarkEncodeDelta(b *testing.B) {
	e := aisdk.NewEncoder(options(aisdk.V4))
	e.Encode(start)
	e.Encode(llm.PartStart{Part: llm.Text{}})
	event := llm.Event(llm.PartDelta{Text: " tokens of an answer"})
	b.ReportAllocs()
	for b.Loop() {
		e.Encode(event)
	}
}
