package gemini_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/gemini"
)

func TestErrors(t *testing.T) {
	for _, kind := range []llm.ErrorKind{
		llm.ErrAuth, llm.ErrRateLimit, llm.ErrNotFound, llm.ErrBadRequest, llm.ErrOverloaded, llm.ErrTimeout, llm.ErrCancelled, llm.ErrInternal,
	} {
		e := &llm.Error{Kind: kind, Message: "<why>", RetryAfter: 1500 * time.Millisecond}
		status, body := gemini.EncodeError(e)
		back := gemini.DecodeError(status, body)
		if back.Kind != kind || back.Message != "<why>" || back.RetryAfter != e.RetryAfter || back.Status != status {
			t.Errorf("%s: %d %s %+v", kind, status, body, back)
		}
		_, err := render(gemini.DecodeStream(bytes.NewReader(gemini.EncodeStreamError(e))))
		if llm.AsError(err).Kind != kind {
			t.Errorf("%s in a stream: %v", kind, err)
		}
	}
	status, body := gemini.EncodeError(&llm.Error{Kind: llm.ErrOverloaded, Status: 529, Message: "m"})
	if want := `{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}`; status != 503 || string(body) != want {
		t.Errorf("%d %s", status, body)
	}
}

func TestDecodeError(t *testing.T) {
	for _, c := range []struct {
		status        int
		body          string
		kind          llm.ErrorKind
		message, code string
		wait          time.Duration
	}{
		{
			429, `[{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17s"}]}}]`,
			llm.ErrRateLimit, "slow", "RESOURCE_EXHAUSTED", 17 * time.Second,
		},
		{
			400, `{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}`,
			llm.ErrAuth, "API key not valid.", "API_KEY_INVALID", 0,
		},
		{
			400, `{"error":{"message":"The input token count (9) exceeds the maximum number of tokens allowed (8).","status":"INVALID_ARGUMENT"}}`,
			llm.ErrBadRequest, "The input token count (9) exceeds the maximum number of tokens allowed (8).", "context_length_exceeded", 0,
		},
		{404, `{"error":"gone"}`, llm.ErrNotFound, "gone", "", 0},
		{502, `<html>`, llm.ErrInternal, http.StatusText(http.StatusBadGateway), "", 0},
		{503, ``, llm.ErrOverloaded, http.StatusText(http.StatusServiceUnavailable), "", 0},
	} {
		e := gemini.DecodeError(c.status, []byte(c.body))
		if e.Kind != c.kind || e.Message != c.message || e.Code != c.code || e.RetryAfter != c.wait || e.Status != c.status {
			t.Errorf("%s: %+v", c.body, e)
		}
	}
}

func observe(tap llm.Tap, data []byte, step int) llm.Observation {
	for len(data) > 0 {
		n := min(step, len(data))
		tap.Write(data[:n])
		data = data[n:]
	}
	return *tap.Close()
}

// A tap sees in the bytes what the decoder sees, in pieces of any size and in every framing.
func TestTap(t *testing.T) {
	for name, data := range streams(t) {
		var want llm.Observation
		_, failed := render(gemini.DecodeStream(bytes.NewReader(data)))
		for e := range gemini.DecodeStream(bytes.NewReader(data)) {
			switch e := e.(type) {
			case llm.MessageStart:
				want.ID, want.Model = e.ID, e.Model
			case llm.UsageUpdate:
				want.Usage = e.Usage
			case llm.Finish:
				want.Finish = e.Reason
			case llm.PartDelta, llm.PartStart:
				want.Content = true
			}
		}
		array := "[" + strings.Join(strings.Split(strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(string(data), "\r", ""), "data: ", "")), "\n\n"), ",\n") + "]"
		for how, got := range map[string]llm.Observation{
			"whole": observe(gemini.NewTap(true), data, len(data)), "bytewise": observe(gemini.NewTap(true), data, 1),
			"array": observe(gemini.NewTap(true), []byte(array), 7),
		} {
			if got.ID != want.ID || got.Model != want.Model || fmt.Sprint(got.Usage) != fmt.Sprint(want.Usage) || got.Content != want.Content && how != "array" {
				t.Errorf("%s, %s: %+v, want %+v", name, how, got, want)
			}
			if failed == nil && (got.Finish != want.Finish || !got.Ended || got.Err != nil) || failed != nil && got.Ended && got.Err == nil {
				t.Errorf("%s, %s: %+v after %v", name, how, got, failed)
			}
		}
		if failed != nil {
			continue
		}
		whole := observe(gemini.NewTap(false), join(t, data), 5)
		if whole.Finish != want.Finish || !whole.Ended || fmt.Sprint(whole.Usage) != fmt.Sprint(want.Usage) {
			t.Errorf("%s, not streamed: %+v", name, whole)
		}
	}
	if seen := observe(gemini.NewTap(false), []byte(`{"candidates":[`), 3); seen.Ended {
		t.Error("half an answer has ended")
	}
	if seen := observe(gemini.NewTap(false), []byte(`{"error":{"code":503,"message":"m"}}`), 3); seen.Err == nil || seen.Err.Kind != llm.ErrOverloaded {
		t.Errorf("%+v", seen)
	}
}

func TestCount(t *testing.T) {
	for _, body := range []string{
		`{"contents":[{"parts":[{"text":"hi"}]}]}`, `{"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"hi"}]}]}}`,
		`{"generate_content_request":{"contents":[{"parts":[{"text":"hi"}]}]}}`,
	} {
		req, err := gemini.DecodeCountRequest([]byte(body), "m")
		if err != nil || renderMessages(req) != `user Text "hi"` || req.Model != "m" {
			t.Errorf("%s: %v", body, err)
			continue
		}
		out, err := gemini.EncodeCountRequest(req, gemini.Options{})
		if want := `{"generateContentRequest":{"model":"models/m",` + hi + `}}`; err != nil || string(out) != want {
			t.Errorf("%s %v", out, err)
		}
	}
	if got := string(gemini.EncodeCountResponse(42)); got != `{"totalTokens":42}` {
		t.Error(got)
	}
}

func TestEmbeddings(t *testing.T) {
	e, err := gemini.DecodeEmbedRequest([]byte(
		`{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"},{"text":"b"}]},"outputDimensionality":8,"task_type":"RETRIEVAL_QUERY"},{"content":{"parts":[{"text":"c"}]},"outputDimensionality":8,"taskType":"RETRIEVAL_QUERY"}]}`), "m", true)
	if err != nil || strings.Join(e.Texts, "|") != "ab|c" || *e.Dimensions != 8 || e.TaskType != "RETRIEVAL_QUERY" || !e.Batch {
		t.Fatalf("%+v %v", e, err)
	}
	body, err := gemini.EncodeEmbedRequest(e)
	want := `{"requests":[{"model":"models/m","content":{"parts":[{"text":"ab"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":8},` +
		`{"model":"models/m","content":{"parts":[{"text":"c"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":8}]}`
	if err != nil || string(body) != want {
		t.Errorf("%s %v", body, err)
	}
	one, err := gemini.DecodeEmbedRequest([]byte(`{"content":{"parts":[{"text":"a"}]},"title":"t"}`), "m", false)
	if err != nil || one.Title != "t" || len(one.Texts) != 1 || one.Batch || one.Dimensions != nil {
		t.Errorf("%+v %v", one, err)
	}
	for _, bad := range []string{
		``, `[]`, `{}`, `{"requests":[]}`, `{"requests":[{}]}`, `{"requests":[{"content":{"parts":[{"inlineData":{}}]}}]}`,
		`{"requests":[{"content":{"parts":[{"text":"a"}]}},{"content":{"parts":[{"text":"a"}]},"taskType":"X"}]}`,
	} {
		if _, err := gemini.DecodeEmbedRequest([]byte(bad), "m", true); err == nil || llm.AsError(err).Kind != llm.ErrBadRequest {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, batch := range []bool{true, false} {
		vectors := [][]float64{{0.1, -1e-7, 3}, {1, 2, 3}}[:1]
		body, err := gemini.EncodeEmbedResponse(vectors, llm.Usage{Input: llm.Tokens(4)}, batch)
		if err != nil {
			t.Fatal(err)
		}
		back, usage, err := gemini.DecodeEmbedResponse(body)
		if err != nil || fmt.Sprint(back) != fmt.Sprint(vectors) || usage.Input.Or(0) != 4 {
			t.Errorf("%s: %v %v", body, back, err)
		}
	}
	if _, err := gemini.EncodeEmbedResponse(nil, llm.Usage{}, false); err == nil {
		t.Error("no vector passes for one")
	}
	for _, bad := range []string{``, `{}`, `{"embedding":{}}`, `{"error":{"code":429}}`} {
		if _, _, err := gemini.DecodeEmbedResponse([]byte(bad)); err == nil {
			t.Errorf("%s passes", bad)
		}
	}
	if _, err := gemini.EncodeEmbedRequest(&gemini.Embeddings{Texts: make([]string, 101)}); err == nil {
		t.Error("101 texts pass")
	}
}

func FuzzTap(f *testing.F) {
	for _, data := range streams(f) {
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		for _, stream := range []bool{true, false} {
			observe(gemini.NewTap(stream), data, 3)
		}
	})
}

func FuzzDecodeErrorAndEmbeddings(f *testing.F) {
	f.Add([]byte(`[{"error":{"details":[{"retryDelay":"1s"}]}}]`))
	f.Add([]byte(`{"requests":[{"content":{"parts":[{"text":"a"}]}}]}`))
	f.Add([]byte(`{"embeddings":[{"values":[1e400,-0]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if e := gemini.DecodeError(400, data); e.Message == "" {
			t.Error("an error without words")
		}
		if e, err := gemini.DecodeEmbedRequest(data, "m", true); err == nil && len(e.Texts) == 0 {
			t.Error("no text passes")
		}
		if vectors, usage, err := gemini.DecodeEmbedResponse(data); err == nil {
			_, _ = gemini.EncodeEmbedResponse(vectors, usage, true)
		}
	})
}

func TestReplaceModel(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"beside the URL":           {`{ "model" : "models/google/a", "content":{"parts":[{"text":"\"model\":\"x\""}]}, "n":1.0}`, `{ "model" : "models/m", "content":{"parts":[{"text":"\"model\":\"x\""}]}, "n":1.0}`},
		"in each request":          {`{"requests":[{"content":{},"model":"a"},{"model":"models/b"},{}]}`, `{"requests":[{"content":{},"model":"models/m"},{"model":"models/m"},{}]}`},
		"in what is to be counted": {`{"generateContentRequest":{"contents":[],"model":"models/google/a"}}`, `{"generateContentRequest":{"contents":[],"model":"models/m"}}`},
		"nowhere":                  {`{"contents":[{"model":1}]}`, `{"contents":[{"model":1}]}`},
	} {
		got, err := gemini.ReplaceModel([]byte(c.body), "m")
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	if got, err := gemini.ReplaceModel([]byte(`{"model":`), "m"); err == nil {
		t.Errorf("broken JSON became %s", got)
	}
}

func FuzzReplaceModel(f *testing.F) {
	for _, seed := range []string{`{"model":"a","requests":[{"model":"b"}]}`, `{"generateContentRequest":{"model":"a"},"model":{"model":1}}`, `[{"model":"a"}]`, `{"model":"a","model":"b"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := gemini.ReplaceModel(body, "m")
		if err == nil && !json.Valid(got) {
			t.Fatalf("%q became %q", body, got)
		}
	})
}
