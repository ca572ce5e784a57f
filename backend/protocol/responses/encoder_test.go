package responses_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/responses"
)

var update = flag.Bool("update", false, "write the golden files anew")

var claude = llm.Origin{Provider: "anthropic", Model: "anthropic/claude-opus-4.5"}

func clock() time.Time { return time.Unix(1_800_000_000, 0) }

// golden compares with a file, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// codexRequest has each kind of tool that a client may bring.
const codexRequest = `{
	"model":"anthropic/claude-opus-4.5","instructions":"be brief","stream":true,"store":false,"parallel_tool_calls":true,
	"include":["reasoning.encrypted_content"],"prompt_cache_key":"session-1","reasoning":{"effort":"high","summary":"auto"},
	"text":{"verbosity":"low"},"tool_choice":"auto",
	"tools":[
		{"type":"function","name":"shell","description":"runs","parameters":{"type":"object","properties":{"cmd":{"type":"string"}}},"strict":false},
		{"type":"custom","name":"apply_patch","description":"patches","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},
		{"type":"namespace","name":"mcp__files","description":"Files.","tools":[
			{"type":"function","name":"read","description":"reads","parameters":{"type":"object"}},
			{"type":"function","name":"write","parameters":{"type":"object"}}]},
		{"type":"tool_search","execution":"client","description":"finds","parameters":{"type":"object"}},
		{"type":"web_search","external_web_access":true}
	],
	"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]}`

func codexHead(t testing.TB) *responses.Head {
	t.Helper()
	_, head, err := responses.DecodeRequest([]byte(codexRequest), responses.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return head
}

func options(t testing.TB) responses.AnswerOptions {
	return responses.AnswerOptions{Head: codexHead(t), Origin: claude, ID: "resp_1", Now: clock}
}

func start() llm.Event { return llm.MessageStart{ID: "msg_1", Model: "claude-opus-4.5"} }

func part(i int, p llm.Part, deltas ...llm.PartDelta) []llm.Event {
	out := []llm.Event{llm.PartStart{Index: i, Part: p}}
	for _, d := range deltas {
		d.Index = i
		out = append(out, d)
	}
	return append(out, llm.PartEnd{Index: i})
}

func finish(k llm.FinishKind) []llm.Event {
	return []llm.Event{
		llm.UsageUpdate{Usage: llm.Usage{
			Input: llm.Tokens(30), CacheRead: llm.Tokens(60), CacheWrite5m: llm.Tokens(4), CacheWrite1h: llm.Tokens(6),
			Output: llm.Tokens(20), Reasoning: llm.Tokens(5),
		}},
		llm.Finish{Reason: llm.FinishReason{Kind: k, Raw: string(k)}},
	}
}

func answer(events ...[]llm.Event) []llm.Event {
	out := []llm.Event{start()}
	for _, e := range events {
		out = append(out, e...)
	}
	return out
}

// overlap puts the middle of two parts between each other's.
func overlap(a, b []llm.Event) []llm.Event {
	out := []llm.Event{a[0], b[0]}
	for i := 1; i < max(len(a), len(b))-1; i++ {
		if i < len(a)-1 {
			out = append(out, a[i])
		}
		if i < len(b)-1 {
			out = append(out, b[i])
		}
	}
	return append(out, b[len(b)-1], a[len(a)-1])
}

func answers() map[string][]llm.Event {
	citation := &llm.Citation{URL: "https://example.com", Title: "An example", Start: 1, End: 3}
	return map[string][]llm.Event{
		"text": answer(part(0, llm.Text{}, llm.PartDelta{Text: "héllo "}, llm.PartDelta{Text: "世界 🙂\n\"<b>\""}), finish(llm.FinishStop)),
		"two-texts": answer(part(0, llm.Text{}, llm.PartDelta{Text: "a"}),
			part(1, llm.Text{}, llm.PartDelta{Text: "b"}, llm.PartDelta{Citation: citation}), finish(llm.FinishStop)),
		"reasoning": answer(part(0, llm.Reasoning{}, llm.PartDelta{Text: "let me "}, llm.PartDelta{Text: "think"}, llm.PartDelta{Signature: "SIG"}),
			part(1, llm.Text{}, llm.PartDelta{Text: "done"}), finish(llm.FinishStop)),
		"redacted": answer(part(0, llm.Reasoning{Opaque: json.RawMessage(`{"type":"redacted_thinking","data":"x"}`)}),
			part(1, llm.Reasoning{}, llm.PartDelta{Signature: "only"}), part(2, llm.Text{}, llm.PartDelta{Text: "x"}), finish(llm.FinishStop)),
		"tools": answer(part(0, llm.Text{}, llm.PartDelta{Text: "I look"}),
			part(1, llm.ToolCall{ID: "toolu_1", Name: "shell"}, llm.PartDelta{Input: `{"cmd":`}, llm.PartDelta{Input: `"ls"}`}),
			part(2, llm.ToolCall{ID: "toolu_2", Name: "mcp__files__read"}),
			part(3, llm.ToolCall{ID: "toolu_3", Name: "apply_patch"}, llm.PartDelta{Input: `{"in`}, llm.PartDelta{Input: `put": "*** Begin\n\ud83d`},
				llm.PartDelta{Input: `\ude42 \"q\""}`}),
			part(4, llm.ToolCall{ID: "toolu_4", Name: "tool_search"}, llm.PartDelta{Input: `{"query":"x"}`}),
			finish(llm.FinishToolCalls)),
		"parallel": answer(overlap(
			part(0, llm.ToolCall{ID: "a", Name: "shell"}, llm.PartDelta{Input: `{"cmd":`}, llm.PartDelta{Input: `"a"}`}),
			part(1, llm.ToolCall{ID: "b", Name: "mcp__files__write"}, llm.PartDelta{Input: `{"x":`}, llm.PartDelta{Input: `1}`})),
			finish(llm.FinishToolCalls)),
		"same-call-ids":    answer(part(0, llm.ToolCall{ID: "a", Name: "shell"}), part(1, llm.ToolCall{ID: "a", Name: "shell"}), part(2, llm.ToolCall{Name: "shell"}), finish(llm.FinishToolCalls)),
		"freeform":         answer(part(0, llm.ToolCall{ID: "a", Name: "apply_patch", Freeform: true}, llm.PartDelta{Input: `"*** `}, llm.PartDelta{Input: `Begin\`}, llm.PartDelta{Input: `n"`}), finish(llm.FinishToolCalls)),
		"signature-before": answer(part(0, llm.ToolCall{ID: "a", Name: "shell", Signature: "TS"}, llm.PartDelta{Input: "{}"}), finish(llm.FinishToolCalls)),
		"signature-after":  answer(part(0, llm.ToolCall{ID: "a", Name: "shell"}, llm.PartDelta{Input: "{}"}, llm.PartDelta{Signature: "TS"}), finish(llm.FinishToolCalls)),
		"refusal":          answer(part(0, llm.Refusal{}, llm.PartDelta{Text: "I can't"}), finish(llm.FinishRefusal)),
		"cut-text":         answer(part(0, llm.Text{}, llm.PartDelta{Text: "a"}), finish(llm.FinishLength)),
		"cut-call":         answer(part(0, llm.Text{}, llm.PartDelta{Text: "a"}), part(1, llm.ToolCall{ID: "a", Name: "shell"}, llm.PartDelta{Input: `{"cmd":`}), finish(llm.FinishLength)),
		"filtered":         answer(finish(llm.FinishContentFilter)),
		"model-error":      answer(part(0, llm.Text{}, llm.PartDelta{Text: "a"}), finish(llm.FinishError)),
		"provider-call":    answer(part(0, llm.ToolCall{ID: "s", Name: "web_search", ByProvider: true}, llm.PartDelta{Input: "{}"}), part(1, llm.Opaque{Dialect: llm.Messages, Raw: json.RawMessage(`{}`)}), part(2, llm.Text{}, llm.PartDelta{Text: "found"}), finish(llm.FinishStop)),
		"opaque":           answer(part(0, llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(`{"id":"ws_9","type":"web_search_call","status":"completed"}`)}), part(1, llm.Text{}, llm.PartDelta{Text: "found"}), finish(llm.FinishStop)),
		"image":            answer(part(0, llm.Media{Data: []byte("png"), MediaType: "image/png"}), finish(llm.FinishStop)),
		"text-over-call": answer(overlap(part(0, llm.Text{}, llm.PartDelta{Text: "a"}, llm.PartDelta{Text: "b"}),
			part(1, llm.ToolCall{ID: "c", Name: "shell"}, llm.PartDelta{Input: "{}"})), part(2, llm.Text{}, llm.PartDelta{Text: "c"}), finish(llm.FinishToolCalls)),
		"nothing": answer(finish(llm.FinishStop)),
	}
}

func encode(events []llm.Event, opts responses.AnswerOptions) []byte {
	e := responses.NewEncoder(opts)
	var out []byte
	for _, event := range events {
		out = append(out, e.Encode(event)...)
	}
	return append(out, e.End(nil)...)
}

// whole gives the response that is not streamed, nil where it has no end.
func whole(events []llm.Event, opts responses.AnswerOptions) []byte {
	e := responses.NewEncoder(opts)
	for _, event := range events {
		e.Encode(event)
	}
	return e.Response()
}

// Regression 41: content_part, item.done and the id of completed are all there, which checkStream looks at.
func TestEncoderGolden(t *testing.T) {
	for name, events := range answers() {
		t.Run(name, func(t *testing.T) {
			stream := encode(events, options(t))
			terminal, response := checkStream(t, stream)
			short := strings.ReplaceAll(string(stream), string(echoOf(response)), "...")
			golden(t, name+".out.sse", []byte(short))
			if body := whole(events, options(t)); string(body) != response.Raw {
				t.Errorf("not streamed:\n%s\nwant\n%s", body, response.Raw)
			}
			if terminal == "response.completed" && response.Get("usage.total_tokens").Int() != 120 {
				t.Errorf("usage %s", response.Get("usage").Raw)
			}
		})
	}
}

// echoOf is the stretch of a response that repeats the request, which golden files leave out.
func echoOf(response gjson.Result) []byte {
	from := strings.Index(response.Raw, `"background":`)
	to := strings.LastIndex(response.Raw, `"usage":`)
	return []byte(response.Raw[from:to])
}

func TestResponseEchoesTheRequest(t *testing.T) {
	r := gjson.ParseBytes(whole(answers()["text"], options(t)))
	for path, want := range map[string]string{
		"instructions": `"be brief"`, "store": "false", "reasoning.effort": `"high"`, "text.verbosity": `"low"`,
		"tool_choice": `"auto"`, "parallel_tool_calls": "true", "tools.#": "5", "temperature": "null",
		"previous_response_id": "null", "metadata": "{}", "truncation": `"disabled"`, "prompt_cache_key": `"session-1"`,
		"created_at": "1800000000", "completed_at": "1800000000", "model": `"claude-opus-4.5"`, "error": "null",
		"incomplete_details": "null", "usage.input_tokens": "100", "usage.input_tokens_details.cached_tokens": "60",
		"usage.input_tokens_details.cache_write_tokens": "10", "usage.output_tokens_details.reasoning_tokens": "5",
	} {
		if got := r.Get(path).Raw; got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	// Without a request, what it did not say stands there all the same.
	body := whole(answers()["text"], responses.AnswerOptions{})
	if gjson.GetBytes(body, "tools").Raw != "[]" || !strings.HasPrefix(gjson.GetBytes(body, "id").String(), "resp_") {
		t.Errorf("%s", body)
	}
}

// Regression 39: custom and namespaced tools get their own kind and name back, the input as plain text.
func TestEncoder_39_OwnToolNames(t *testing.T) {
	_, r := checkStream(t, encode(answers()["tools"], options(t)))
	for path, want := range map[string]string{
		"output.1.name": `"shell"`, "output.1.namespace": "", "output.1.arguments": `"{\"cmd\":\"ls\"}"`,
		"output.2.name": `"read"`, "output.2.namespace": `"mcp__files"`, "output.2.arguments": `"{}"`,
		"output.3.type": `"custom_tool_call"`, "output.3.input": `"*** Begin\n🙂 \"q\""`,
		"output.4.type": `"tool_search_call"`, "output.4.arguments.query": `"x"`, "output.4.call_id": `"toolu_4"`,
	} {
		if got := r.Get(path).Raw; got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// Regression 35: the limit is told, and what it cut is not called complete.
func TestEncoder_35_Incomplete(t *testing.T) {
	for name, reason := range map[string]string{"cut-text": "max_output_tokens", "cut-call": "max_output_tokens", "filtered": "content_filter"} {
		terminal, r := checkStream(t, encode(answers()[name], options(t)))
		if terminal != "response.incomplete" || r.Get("incomplete_details.reason").String() != reason {
			t.Errorf("%s: %s %s", name, terminal, r.Get("incomplete_details").Raw)
		}
		if items := r.Get("output").Array(); len(items) > 0 && items[len(items)-1].Get("status").String() != "incomplete" {
			t.Errorf("%s: %s", name, items[len(items)-1].Raw)
		}
	}
}

// Regressions 10, 42: wherever an answer breaks off, it ends failed with what went wrong, once.
func TestEncoder_10_42_BrokenOff(t *testing.T) {
	for name, events := range answers() {
		for cut := range len(events) - 1 {
			e := responses.NewEncoder(options(t))
			var out []byte
			for _, event := range events[:cut] {
				out = append(out, e.Encode(event)...)
			}
			out = append(out, e.End(llm.Errorf(llm.ErrOverloaded, "the provider is busy"))...)
			terminal, r := checkStream(t, out)
			if terminal != "response.failed" || r.Get("error.message").String() != "the provider is busy" ||
				r.Get("error.code").String() != "server_is_overloaded" {
				t.Fatalf("%s cut at %d: %s %s", name, cut, terminal, r.Get("error").Raw)
			}
			if more := e.End(nil); len(more) > 0 || len(e.Encode(events[len(events)-1])) > 0 {
				t.Fatalf("%s: something after the end: %s", name, more)
			}
		}
		if body := whole(events[:len(events)-1], options(t)); body != nil {
			t.Errorf("%s: an answer without its end was written", name)
		}
	}
}

// Regressions 1, 2, 32, 38, 51: what a client sends back has its signatures again, with who issued them.
func TestReasoningComesBack_1_2_32_38_51(t *testing.T) {
	for name, want := range map[string][]llm.Part{
		"reasoning": {llm.Reasoning{Text: "let me think", Signature: "SIG", Origin: claude}, llm.Text{Text: "done"}},
		"redacted": {
			llm.Reasoning{Opaque: json.RawMessage(`{"type":"redacted_thinking","data":"x"}`), Origin: claude},
			llm.Reasoning{Signature: "only", Origin: claude},
			llm.Text{Text: "x"},
		},
		"signature-before": {llm.ToolCall{ID: "a", Name: "shell", Input: json.RawMessage("{}"), Signature: "TS", Origin: claude}},
		"signature-after":  {llm.ToolCall{ID: "a", Name: "shell", Input: json.RawMessage("{}"), Signature: "TS", Origin: claude}},
		"freeform":         {llm.ToolCall{ID: "a", Name: "apply_patch", Freeform: true, Input: json.RawMessage(`"*** Begin\n"`)}},
	} {
		_, r := checkStream(t, encode(answers()[name], options(t)))
		body := `{"model":"m","input":` + r.Get("output").Raw + `,"tools":` + gjson.Get(codexRequest, "tools").Raw + `}`
		req, _, err := responses.DecodeRequest([]byte(body), responses.DecodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(req.Messages) != 1 || show(req.Messages[0].Parts) != show(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, show(req.Messages), show(want))
		}
	}
}

// Plain reasoning is tagged too, and a damaged carrier is left out, not taken for another provider's.
func TestPlainAndDamagedReasoning(t *testing.T) {
	events := answer(part(0, llm.Reasoning{}, llm.PartDelta{Text: "hm"}), part(1, llm.Text{}, llm.PartDelta{Text: "x"}), finish(llm.FinishStop))
	_, r := checkStream(t, encode(events, options(t)))
	secret := r.Get("output.0.encrypted_content").String()
	for _, c := range []struct {
		secret string
		want   llm.Reasoning
	}{
		{secret, llm.Reasoning{Text: "hm", Origin: claude}},
		{secret[:len(secret)-2], llm.Reasoning{Text: "hm"}},
		{"gAAAAABforeign", llm.Reasoning{Text: "hm", Signature: "gAAAAABforeign"}},
		{carry.Pack(claude, carry.Signature, []byte("s")), llm.Reasoning{Text: "hm", Signature: "s", Origin: claude}},
	} {
		body := `{"input":[{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"` + c.secret + `"}]}`
		req, _, err := responses.DecodeRequest([]byte(body), responses.DecodeOptions{})
		if err != nil || show(req.Messages[0].Parts[0]) != show(c.want) {
			t.Errorf("%s: %v %s", c.secret, err, show(req.Messages))
		}
	}
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Every way of cutting the input gives the same text.
func TestFreeformCuts(t *testing.T) {
	for input, want := range map[string]string{
		`"a\n\u00e9\ud83d\ude42 \ud83d x 世"`:   "a\né🙂 � x 世",
		`{"input":"a\"b"}`:                     `a"b`,
		" { \"input\" :\t\"a\" , \"more\": 1}": "a",
		`{"patch":"a"}`:                        "a",
		`{"more":1,"input":"a"}`:               "a",
		`{"a":1,"b":2}`:                        `{"a":1,"b":2}`,
		`plain words`:                          "plain words",
		`{"input":5}`:                          `{"input":5}`,
		``:                                     "",
		`"cut`:                                 "cut",
	} {
		for cut := range len(input) + 1 {
			events := answer(part(0, llm.ToolCall{ID: "a", Name: "apply_patch"}, llm.PartDelta{Input: input[:cut]}, llm.PartDelta{Input: input[cut:]}),
				finish(llm.FinishToolCalls))
			_, r := checkStream(t, encode(events, options(t)))
			if got := r.Get("output.0.input").String(); got != want {
				t.Fatalf("%s cut at %d: %q, want %q", input, cut, got, want)
			}
		}
	}
}
