package gemini_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/gemini"
)

func encode(events []llm.Event, opts gemini.AnswerOptions) string {
	e := gemini.NewEncoder(opts)
	var b strings.Builder
	for _, ev := range events {
		b.Write(e.Encode(ev))
	}
	b.Write(e.End(llm.Errorf(llm.ErrInternal, "not after a finish")))
	return b.String()
}

// answered is an answer with everything in it, its parts overlapping.
var answered = []llm.Event{
	llm.MessageStart{ID: "r", Model: "claude"},
	llm.UsageUpdate{Usage: llm.Usage{Input: llm.Tokens(5), CacheRead: llm.Tokens(3), CacheWrite5m: llm.Tokens(2)}},
	llm.PartStart{Index: 0, Part: llm.Text{}},
	llm.PartDelta{Index: 0, Text: "Grüße \"東京\" 🗼\n"},
	llm.PartStart{Index: 1, Part: llm.ToolCall{ID: "a", Name: "f"}},
	llm.PartDelta{Index: 1, Input: `{"x":`},
	llm.PartStart{Index: 2, Part: llm.ToolCall{ID: "b", Name: "g"}},
	llm.PartStart{Index: 3, Part: llm.Text{}},
	llm.PartDelta{Index: 3, Text: "behind"},
	llm.PartEnd{Index: 2},
	llm.PartDelta{Index: 0, Citation: &llm.Citation{URL: "https://a.example", Title: "A", Start: 0, End: 5}},
	llm.PartDelta{Index: 1, Input: `1.50}`},
	llm.PartEnd{Index: 1},
	llm.PartEnd{Index: 0},
	llm.PartDelta{Index: 3, Text: " all"},
	llm.PartEnd{Index: 3},
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
	llm.OpaqueEvent{Opaque: llm.Opaque{Dialect: llm.Messages, Raw: json.RawMessage(`{"groundingMetadata":{}}`)}},
	llm.UsageUpdate{Usage: llm.Usage{
		Input: llm.Tokens(5), CacheRead: llm.Tokens(3), CacheWrite5m: llm.Tokens(2), Output: llm.Tokens(9), Reasoning: llm.Tokens(4),
	}},
	llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishToolCalls, Raw: "tool_use"}},
}

func TestEncoder(t *testing.T) {
	golden(t, "encoder.sse.txt", encode(answered, gemini.AnswerOptions{}))
	array := encode(answered, gemini.AnswerOptions{Array: true})
	var objects []json.RawMessage
	if err := json.Unmarshal([]byte(array), &objects); err != nil {
		t.Fatal(err, array)
	}
	var sse strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&sse, "data: %s\n\n", o)
	}
	if sse.String() != encode(answered, gemini.AnswerOptions{}) {
		t.Errorf("the framings differ:\n%s", array)
	}
}

func TestEncodeResponse(t *testing.T) {
	body, err := gemini.EncodeResponse(answered, gemini.AnswerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "response.json", string(body)+"\n")
	if _, err := gemini.EncodeResponse(answered[:len(answered)-1], gemini.AnswerOptions{}); err == nil {
		t.Error("an answer without its end passes")
	}
}

// Decoded and encoded again, an answer of this dialect stays what it is, streamed or not.
func TestAnswersOfThisDialect(t *testing.T) {
	for name, data := range streams(t) {
		var events []llm.Event
		var failure error
		for e, err := range gemini.DecodeStream(bytes.NewReader(data)) {
			if err != nil {
				failure = err
				break
			}
			events = append(events, e)
		}
		if failure != nil {
			continue
		}
		summary := func(events []llm.Event) string {
			a := fit.Fold(events)
			a.Usage.Raw = nil
			for i, p := range a.Parts {
				if text, ok := p.(llm.Text); ok {
					for j := range text.Citations {
						text.Citations[j].Raw = llm.Opaque{}
					}
					a.Parts[i] = text
				}
			}
			return fmt.Sprintf("%+v", a)
		}
		want := summary(events)
		var again []llm.Event
		for e, err := range llm.Validate(gemini.DecodeStream(strings.NewReader(encode(events, gemini.AnswerOptions{})))) {
			if err != nil {
				t.Fatal(name, err)
			}
			again = append(again, e)
		}
		// A signature that stood on a text is on a thought of its own now, which means the same.
		if got := summary(again); got != want {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
		body, err := gemini.EncodeResponse(events, gemini.AnswerOptions{})
		if err != nil {
			t.Fatal(name, err)
		}
		whole, err := gemini.DecodeResponse(body)
		if err != nil {
			t.Fatal(name, err)
		}
		if got := summary(whole); got != want {
			t.Errorf("%s, whole:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

// Case 10: a failure in mid-stream is an error, in either framing.
func TestCase10EncoderEnd(t *testing.T) {
	failure := llm.Errorf(llm.ErrOverloaded, "busy")
	for _, begun := range []bool{false, true} {
		for _, array := range []bool{false, true} {
			e := gemini.NewEncoder(gemini.AnswerOptions{Array: array})
			var out []byte
			if begun {
				for _, ev := range answered[:4] {
					out = append(out, e.Encode(ev)...)
				}
			}
			out = append(out, e.End(failure)...)
			if again := e.End(failure); len(again) > 0 {
				t.Errorf("it ends twice: %s", again)
			}
			if array {
				var objects []map[string]any
				if err := json.Unmarshal(out, &objects); err != nil || objects[len(objects)-1]["error"] == nil {
					t.Errorf("%s %v", out, err)
				}
				continue
			}
			_, err := render(gemini.DecodeStream(bytes.NewReader(out)))
			if err == nil || llm.AsError(err).Kind != llm.ErrOverloaded || llm.AsError(err).Message != "busy" {
				t.Errorf("%s: %v", out, err)
			}
		}
	}
}

func TestFinishReasons(t *testing.T) {
	for kind, want := range map[llm.FinishKind]string{
		llm.FinishStop: "STOP", llm.FinishStopSequence: "STOP", llm.FinishToolCalls: "STOP", llm.FinishLength: "MAX_TOKENS",
		llm.FinishContentFilter: "SAFETY", llm.FinishRefusal: "SAFETY", llm.FinishPause: "OTHER", llm.FinishError: "OTHER", llm.FinishOther: "OTHER",
	} {
		out := encode([]llm.Event{llm.MessageStart{}, llm.Finish{Reason: llm.FinishReason{Kind: kind, Raw: "raw"}}}, gemini.AnswerOptions{})
		if !strings.Contains(out, `"finishReason":"`+want+`"`) {
			t.Errorf("%s: %s", kind, out)
		}
	}
}

// Case 18: cached tokens count once, both ways.
func TestCase18Usage(t *testing.T) {
	out := encode(answered, gemini.AnswerOptions{})
	want := `"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":3,"candidatesTokenCount":5,"thoughtsTokenCount":4,"totalTokenCount":19}`
	if !strings.Contains(out, want) {
		t.Error(out)
	}
	events, err := gemini.DecodeResponse([]byte(`{"candidates":[{"finishReason":"STOP"}],` + want + `}`))
	if err != nil {
		t.Fatal(err)
	}
	u := fit.Fold(events).Usage
	if u.Input.Or(-1) != 7 || u.CacheRead.Or(-1) != 3 || u.Output.Or(-1) != 9 || u.Reasoning.Or(-1) != 4 {
		t.Errorf("%+v", u)
	}
	odd, _ := gemini.DecodeResponse([]byte(`{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"cachedContentTokenCount":9}}`))
	if u := fit.Fold(odd).Usage; u.Input.Or(-1) != 0 || u.CacheRead.Or(-1) != 3 || u.Output.Known() {
		t.Errorf("%+v", u)
	}
	unknown := encode([]llm.Event{llm.MessageStart{}, llm.Finish{}}, gemini.AnswerOptions{})
	if strings.Contains(unknown, "usageMetadata") {
		t.Error("usage that is not known became 0", unknown)
	}
}

// A carrier is base64, which some of Google's SDKs insist on, in either alphabet on its way back.
func TestSignaturesAreBase64(t *testing.T) {
	claude := llm.Origin{Provider: "anthropic", Model: "claude"}
	events := []llm.Event{
		llm.MessageStart{},
		llm.PartStart{Part: llm.Reasoning{}},
		llm.PartDelta{Text: "th", Signature: "sig?>~"},
		llm.PartEnd{},
		llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishStop}},
	}
	body, err := gemini.EncodeResponse(events, gemini.AnswerOptions{Origin: claude})
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		Candidates []struct {
			Content struct {
				Parts []struct{ ThoughtSignature []byte }
			} // fails unless it is base64
		}
	}
	if err := json.Unmarshal(body, &v); err != nil || len(v.Candidates[0].Content.Parts[0].ThoughtSignature) == 0 {
		t.Fatalf("%v %s", err, body)
	}
	raw, err := json.Marshal(v.Candidates[0].Content.Parts[0].ThoughtSignature)
	if err != nil {
		t.Fatal(err)
	}
	for _, signature := range []string{string(raw), strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(string(raw))} {
		req := decode(t, `{"contents":[{"role":"model","parts":[{"text":"th","thought":true,"thoughtSignature":`+signature+`}]}]}`)
		r := req.Messages[0].Parts[0].(llm.Reasoning)
		if r.Text != "th" || r.Signature != "sig?>~" || r.Origin != claude {
			t.Errorf("%+v", r)
		}
	}
}
