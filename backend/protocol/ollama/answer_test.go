package ollama_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/ollama"
)

// options have a clock that goes on by a second every time somebody looks.
func options(generate bool) ollama.AnswerOptions {
	start := time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	now := start
	return ollama.AnswerOptions{Model: "a/b:latest", Generate: generate, Start: start, Now: func() time.Time {
		now = now.Add(time.Second)
		return now
	}}
}

// answered is an answer with everything in it, its parts overlapping.
var answered = []llm.Event{
	llm.MessageStart{ID: "r", Model: "claude"},
	llm.UsageUpdate{Usage: llm.Usage{Input: llm.Tokens(5), CacheRead: llm.Tokens(3), CacheWrite5m: llm.Tokens(2)}},
	llm.PartStart{Index: 0, Part: llm.Reasoning{}},
	llm.PartDelta{Index: 0, Text: "hm"},
	llm.PartDelta{Index: 0, Signature: "s"},
	llm.PartEnd{Index: 0},
	llm.PartStart{Index: 1, Part: llm.Text{}},
	llm.PartDelta{Index: 1, Text: "Grüße \"東京\" 🗼\n"},
	llm.PartStart{Index: 2, Part: llm.ToolCall{ID: "a", Name: "f"}},
	llm.PartDelta{Index: 2, Input: `{"x":`},
	llm.PartStart{Index: 3, Part: llm.ToolCall{ID: "b", Name: "g"}},
	llm.PartEnd{Index: 3},
	llm.PartDelta{Index: 2, Input: "\n1.50}"},
	llm.PartEnd{Index: 2},
	llm.PartEnd{Index: 1},
	llm.PartStart{Index: 4, Part: llm.ToolCall{ID: "s", Name: "search", ByProvider: true}},
	llm.PartEnd{Index: 4},
	llm.PartStart{Index: 5, Part: llm.Refusal{}},
	llm.PartDelta{Index: 5, Text: "No."},
	llm.PartEnd{Index: 5},
	llm.PartStart{Index: 6, Part: llm.Media{MediaType: "image/png", Data: []byte("i")}},
	llm.PartEnd{Index: 6},
	llm.PartStart{Index: 7, Part: llm.ToolCall{ID: "c", Name: "patch", Freeform: true}},
	llm.PartDelta{Index: 7, Input: `"*"`},
	llm.PartEnd{Index: 7},
	llm.UsageUpdate{Usage: llm.Usage{Input: llm.Tokens(5), CacheRead: llm.Tokens(3), CacheWrite5m: llm.Tokens(2), Output: llm.Tokens(9)}},
	llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishToolCalls, Raw: "tool_use"}},
}

func at(second string) string {
	return `{"model":"a/b:latest","created_at":"2026-03-01T12:00:` + second + `.5Z",`
}

func line(second, message string) string {
	return at(second) + `"message":{"role":"assistant","content":` + message + `},"done":false}` + "\n"
}

func stream(events []llm.Event, o ollama.AnswerOptions) string {
	e := ollama.NewEncoder(o)
	var b strings.Builder
	for _, ev := range events {
		b.Write(e.Encode(ev))
	}
	b.Write(e.End(llm.Errorf(llm.ErrInternal, "not after a finish")))
	return b.String()
}

func TestEncoder(t *testing.T) {
	want := line("01", `"","thinking":"hm"`) +
		line("02", `"Grüße \"東京\" 🗼\n"`) +
		line("03", `"","tool_calls":[{"id":"a","function":{"index":0,"name":"f","arguments":{"x":1.50}}}]`) +
		line("04", `"","tool_calls":[{"id":"b","function":{"index":1,"name":"g","arguments":{}}}]`) +
		line("05", `"No."`) +
		line("06", `"","images":["aQ=="]`) +
		line("07", `"","tool_calls":[{"id":"c","function":{"index":2,"name":"patch","arguments":{"input":"*"}}}]`) +
		at("08") + `"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":9000000000,` +
		`"prompt_eval_count":10,"prompt_eval_duration":1000000000,"eval_count":9,"eval_duration":8000000000}` + "\n"
	if got := stream(answered, options(false)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEncodeResponse(t *testing.T) {
	got, err := ollama.EncodeResponse(answered, options(false))
	want := at("01") + `"message":{"role":"assistant","content":"Grüße \"東京\" 🗼\nNo.","thinking":"hm","images":["aQ=="],"tool_calls":[` +
		`{"id":"a","function":{"index":0,"name":"f","arguments":{"x":1.50}}},{"id":"b","function":{"index":1,"name":"g","arguments":{}}},` +
		`{"id":"c","function":{"index":2,"name":"patch","arguments":{"input":"*"}}}]},"done":true,"done_reason":"stop",` +
		`"total_duration":2000000000,"prompt_eval_count":10,"eval_count":9,"eval_duration":2000000000}`
	if err != nil || string(got) != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
}

// A completion's text stands in response; a stream's pieces are the whole answer's text.
func TestGenerate(t *testing.T) {
	events := []llm.Event{
		llm.MessageStart{},
		llm.PartStart{Part: llm.Reasoning{Text: "h"}},
		llm.PartDelta{Text: "m"},
		llm.PartEnd{},
		llm.PartStart{Index: 1, Part: llm.Text{Text: "one "}},
		llm.PartDelta{Index: 1, Text: "two"},
		llm.PartEnd{Index: 1},
		llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishLength}},
	}
	whole, err := ollama.EncodeResponse(events, options(true))
	if err != nil || gjson.GetBytes(whole, "response").String() != "one two" || gjson.GetBytes(whole, "thinking").String() != "hm" ||
		gjson.GetBytes(whole, "done_reason").String() != "length" || gjson.GetBytes(whole, "message").Exists() {
		t.Errorf("%s, %v", whole, err)
	}
	for _, absent := range []string{"prompt_eval_count", "eval_count", "load_duration", "context"} {
		if gjson.GetBytes(whole, absent).Exists() {
			t.Errorf("%s is not known, but is in %s", absent, whole)
		}
	}
	var text, thinking string
	for l := range strings.Lines(stream(events, options(true))) {
		text += gjson.Get(l, "response").String()
		thinking += gjson.Get(l, "thinking").String()
	}
	if text != "one two" || thinking != "hm" {
		t.Errorf("%q %q", text, thinking)
	}
}

func TestEnds(t *testing.T) {
	for kind, want := range map[llm.FinishKind]string{
		llm.FinishStop: "stop", llm.FinishStopSequence: "stop", llm.FinishToolCalls: "stop", llm.FinishLength: "length",
		llm.FinishContentFilter: "content_filter", llm.FinishRefusal: "content_filter", llm.FinishOther: "stop",
	} {
		got := stream([]llm.Event{llm.MessageStart{}, llm.Finish{Reason: llm.FinishReason{Kind: kind}}}, options(false))
		if gjson.Get(got, "done_reason").String() != want || !gjson.Get(got, "done").Bool() {
			t.Errorf("%s: %s", kind, got)
		}
	}
	failed := []llm.Event{llm.MessageStart{}, llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishError, Raw: "boom"}}}
	if got := stream(failed, options(false)); gjson.Get(got, "done").Exists() || !strings.Contains(gjson.Get(got, "error").String(), "boom") {
		t.Error(got)
	}
	if _, err := ollama.EncodeResponse(failed, options(false)); llm.AsError(err).HTTPStatus() != 502 {
		t.Error(err)
	}
	if _, err := ollama.EncodeResponse(answered[:8], options(false)); !errors.Is(err, llm.ErrIncomplete) {
		t.Error(err)
	}
	e := ollama.NewEncoder(options(false))
	if got := string(e.End(llm.Errorf(llm.ErrOverloaded, `it "broke"`))); got != `{"error":"it \"broke\""}`+"\n" {
		t.Error(got)
	}
}

// Whatever a model wrote as a call's input, the arguments are an object on one line.
func TestArgumentsAreAnObject(t *testing.T) {
	for input, want := range map[string]string{
		``: `{}`, `{"a":"b"}`: `{"a":"b"}`, "{\n \"a\" : 1 }": `{"a":1}`, `[1]`: `{"value":[1]}`, `{"a":`: `{"input":"{\"a\":"}`,
	} {
		got := stream([]llm.Event{
			llm.MessageStart{},
			llm.PartStart{Part: llm.ToolCall{ID: "i", Name: "f", Input: json.RawMessage(input)}},
			llm.PartEnd{},
			llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishToolCalls}},
		}, options(false))
		if gjson.Get(got, "message.tool_calls.0.function.arguments").Raw != want || strings.Count(got, "\n") != 2 {
			t.Errorf("%q: %s", input, got)
		}
	}
}

func TestLoaded(t *testing.T) {
	if got := string(ollama.EncodeLoaded(false, options(false))); got != at("01")+`"message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}` {
		t.Error(got)
	}
	if got := string(ollama.EncodeLoaded(true, options(true))); got != at("01")+`"response":"","done":true,"done_reason":"unload"}` {
		t.Error(got)
	}
}

func TestErrors(t *testing.T) {
	status, body := ollama.EncodeError(llm.Errorf(llm.ErrNotFound, "no"))
	if status != 404 || string(body) != `{"error":"no"}` {
		t.Errorf("%d %s", status, body)
	}
	if e := ollama.DecodeError(status, body); e.Kind != llm.ErrNotFound || e.Message != "no" {
		t.Error(e)
	}
	if e := ollama.DecodeError(503, []byte("<html>")); e.Kind != llm.ErrOverloaded || e.Message != "Service Unavailable" {
		t.Error(e)
	}
}

func TestEmbed(t *testing.T) {
	req, err := ollama.DecodeEmbed([]byte(`{"model":"m","input":["a","b"],"dimensions":2,"truncate":true}`), false)
	if err != nil || len(req.Inputs) != 2 || *req.Dimensions != 2 || len(req.Extra) != 1 {
		t.Fatalf("%+v, %v", req, err)
	}
	if req, err = ollama.DecodeEmbed([]byte(`{"model":"m","prompt":"a"}`), true); err != nil || req.Inputs[0].Text != "a" {
		t.Errorf("%+v, %v", req, err)
	}
	for _, body := range []string{`{}`, `{"input":[]}`, `{"input":[1]}`, `{"input":"x","dimensions":"y"}`} {
		if _, err := ollama.DecodeEmbed([]byte(body), false); llm.AsError(err) == nil || llm.AsError(err).Kind != llm.ErrBadRequest {
			t.Errorf("%s: %v", body, err)
		}
	}
	a := &llm.EmbeddingAnswer{Vectors: [][]float64{{0.6, 0.8}, {1, 0}}}
	got, err := ollama.EncodeEmbed(a, false, options(false), 7)
	if err != nil || string(got) != `{"model":"a/b:latest","embeddings":[[0.6,0.8],[1,0]],"total_duration":1000000000,"prompt_eval_count":7}` {
		t.Errorf("%s %v", got, err)
	}
	if got, err = ollama.EncodeEmbed(a, true, options(false), 7); err != nil || string(got) != `{"embedding":[0.6,0.8]}` {
		t.Errorf("%s %v", got, err)
	}
}
