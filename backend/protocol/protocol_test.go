package protocol

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/backend/llm"
)

func TestPeek(t *testing.T) {
	for _, c := range []struct {
		body, model string
		stream      bool
	}{
		{`{"model":"a/b","stream":true}`, "a/b", true},
		{`{"stream":false,"model":"a\/b"}`, "a/b", false},
		{`{"model":"a","stream":null}`, "a", false},
		{`{"messages":[{"model":"x","stream":true}],"model":"a"}`, "a", false},
	} {
		h, err := Peek([]byte(c.body), true)
		if err != nil || h.Model != c.model || h.Stream != c.stream {
			t.Errorf("%s: %+v, %v", c.body, h, err)
		}
	}
}

func TestPeekRefuses(t *testing.T) {
	for body, code := range map[string]string{
		`{"messages":[]}`:                 "model_missing",
		`{"model":""}`:                    "model_missing",
		`{"model":7}`:                     "invalid_model",
		`{"model":"a","stream":"yes"}`:    "invalid_stream",
		`{"model":"a"`:                    "invalid_json",
		`{"model":"a","model":"b"}`:       "invalid_json",
		``:                                "invalid_json",
		`[{"model":"a"}]`:                 "invalid_json",
		`{"model":"a","messages":[}`:      "invalid_json",
		`{"model":"a"}{"model":"b"}`:      "invalid_json",
		"{\"model\":\"a\"}\x00":           "invalid_json",
		`{"model":"a","x":"never closed}`: "invalid_json",
	} {
		_, err := Peek([]byte(body), true)
		if e := llm.AsError(err); e == nil || e.Kind != llm.ErrBadRequest || e.Code != code {
			t.Errorf("%s: got %+v, want code %s", body, e, code)
		}
	}
}

// TestPeekLarge: a model in the middle of a large body is found all the same; a second one that hides there is found by
// a thorough look.
func TestPeekLarge(t *testing.T) {
	pad := `"x":"` + strings.Repeat("x", large) + `"`
	for _, body := range []string{`{"model":"a",` + pad + `}`, `{` + pad + `,"model":"a"}`, `{` + pad + `,"model":"a",` + strings.Replace(pad, "x", "y", 1) + `}`} {
		for _, thorough := range []bool{true, false} {
			if h, err := Peek([]byte(body), thorough); err != nil || h.Model != "a" {
				t.Errorf("thorough %v: %+v, %v", thorough, h, err)
			}
		}
	}
	hidden := `{"model":"a",` + pad + `,"model":"b",` + strings.Replace(pad, "x", "y", 1) + `}`
	if _, err := Peek([]byte(hidden), true); err == nil {
		t.Error("a thorough look missed a second model")
	}
}

// tap feeds an answer in pieces of n bytes.
func tap(d llm.Dialect, stream bool, answer string, n int) *llm.Observation {
	tap := For(d).NewTap(stream)
	for len(answer) > 0 {
		k := min(n, len(answer))
		tap.Write([]byte(answer[:k]))
		answer = answer[k:]
	}
	return tap.Close()
}

const (
	chatStream = `data: {"id":"c1","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}

data: {"id":"c1","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}],"usage":null}

data: {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"c1","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},"completion_tokens_details":{"reasoning_tokens":5}}}

data: [DONE]

`
	messageStream = `event: message_start
data: {"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":30,"cache_read_input_tokens":60,"cache_creation_input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":6},"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":20,"output_tokens_details":{"thinking_tokens":5}}}

event: message_stop
data: {"type":"message_stop"}

`
	chatBody    = `{"id":"c1","model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},"completion_tokens_details":{"reasoning_tokens":5}}}`
	messageBody = `{"id":"msg_1","type":"message","model":"m","stop_reason":"end_turn","usage":{"input_tokens":30,"cache_read_input_tokens":60,"cache_creation_input_tokens":10,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":6},"output_tokens":20,"output_tokens_details":{"thinking_tokens":5}}}`
)

// TestTap reads the same call from a stream and from a body, in one piece and byte by byte: the usage must be the same.
func TestTap(t *testing.T) {
	for _, c := range []struct {
		name   string
		d      llm.Dialect
		stream bool
		answer string
	}{
		{"chat stream", llm.ChatCompletions, true, chatStream},
		{"chat stream crlf", llm.ChatCompletions, true, strings.ReplaceAll(chatStream, "\n", "\r\n")},
		{"chat body", llm.ChatCompletions, false, chatBody},
		{"messages stream", llm.Messages, true, messageStream},
		{"messages body", llm.Messages, false, messageBody},
	} {
		for _, n := range []int{1, 7, 1 << 20} {
			o := tap(c.d, c.stream, c.answer, n)
			u := o.Usage
			writes := u.CacheWrite5m.Or(0) + u.CacheWrite1h.Or(0)
			if u.Input.Or(-1) != 30 || u.CacheRead.Or(-1) != 60 || writes != 10 || u.Output.Or(-1) != 20 || u.Reasoning.Or(-1) != 5 {
				t.Errorf("%s in pieces of %d: usage %+v", c.name, n, u)
			}
			if !o.Content || !o.Ended || o.Err != nil || o.Finish.Kind != llm.FinishStop || o.ID == "" || o.Model != "m" {
				t.Errorf("%s in pieces of %d: %+v", c.name, n, o)
			}
			if !json.Valid(u.Raw) {
				t.Errorf("%s: raw usage %s", c.name, u.Raw)
			}
		}
	}
}

// TestTapSeesTheCut: wherever a stream is cut, the tap knows that it did not end, until the terminal marker is there.
func TestTapSeesTheCut(t *testing.T) {
	for _, c := range []struct {
		d              llm.Dialect
		answer, marker string
	}{
		{llm.ChatCompletions, chatStream, `"finish_reason":"stop"}]}`},
		{llm.Messages, messageStream, `{"type":"message_stop"}`},
	} {
		end := strings.Index(c.answer, c.marker) + len(c.marker)
		for cut := range c.answer {
			if o := tap(c.d, true, c.answer[:cut], 1<<20); o.Ended && cut < end {
				t.Fatalf("%s cut at %d of %d counts as ended", c.d, cut, len(c.answer))
			}
		}
	}
}

func TestTapReadsErrorsInsideAnswers(t *testing.T) {
	for _, c := range []struct {
		d      llm.Dialect
		answer string
		kind   llm.ErrorKind
	}{
		{llm.ChatCompletions, "data: {\"error\":{\"message\":\"busy\",\"code\":429}}\n\n", llm.ErrRateLimit},
		{llm.ChatCompletions, "data: {\"error\":{\"message\":\"busy\",\"type\":\"overloaded_error\"}}\n\n", llm.ErrOverloaded},
		{llm.ChatCompletions, "data: {\"error\":\"busy\"}\n\n", llm.ErrInternal},
		{llm.Messages, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n", llm.ErrOverloaded},
		{llm.Messages, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"busy\"}}\n\n", llm.ErrRateLimit},
	} {
		o := tap(c.d, true, c.answer, 5)
		if o.Err == nil || o.Err.Kind != c.kind || o.Err.Message != "busy" || o.Ended {
			t.Errorf("%s: %+v", c.answer, o.Err)
		}
	}
}

// TestErrorShapes: every class has a spelling in every dialect, and reads back as the class it was.
func TestErrorShapes(t *testing.T) {
	for _, d := range []llm.Dialect{llm.ChatCompletions, llm.Messages, llm.Responses, llm.Gemini, llm.AISDK} {
		for _, kind := range []llm.ErrorKind{
			llm.ErrAuth, llm.ErrRateLimit, llm.ErrNotFound, llm.ErrBadRequest, llm.ErrOverloaded, llm.ErrTimeout, llm.ErrInternal,
		} {
			message := "why \"quoted\"\n<b>"
			status, body := For(d).EncodeError(llm.Errorf(kind, "%s", message))
			if !json.Valid(body) {
				t.Fatalf("%s %s: %s", d, kind, body)
			}
			back := For(d).DecodeError(status, body)
			if back.Kind != kind || back.Message != message {
				t.Errorf("%s: %s came back as %s %q", d, kind, back.Kind, back.Message)
			}
			stream := For(d).EncodeStreamError("", llm.Errorf(kind, "%s", message))
			if o := tap(d, true, string(stream), 3); o.Err == nil || o.Err.Message != message {
				t.Errorf("%s: %s in a stream came back as %+v", d, kind, o.Err)
			}
		}
	}
}

func FuzzTap(f *testing.F) {
	f.Add([]byte(chatStream), true)
	f.Add([]byte(messageStream), false)
	f.Fuzz(func(t *testing.T, answer []byte, stream bool) {
		for _, d := range []llm.Dialect{llm.ChatCompletions, llm.Messages} {
			a, b := tap(d, stream, string(answer), 1), tap(d, stream, string(answer), 1<<20)
			if a.Usage.Input != b.Usage.Input || a.Usage.Output != b.Usage.Output || a.Ended != b.Ended || a.ID != b.ID {
				t.Fatalf("%s: %+v and %+v", d, a, b)
			}
		}
	})
}

func BenchmarkTap(b *testing.B) {
	event := []byte("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"token \"},\"finish_reason\":null}],\"usage\":null}\n\n")
	tap := For(llm.ChatCompletions).NewTap(true)
	tap.Write([]byte("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"))
	b.SetBytes(int64(len(event)))
	for b.Loop() {
		tap.Write(event)
	}
}
