package whole_test

import (
	"slices"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/whole"
)

func known(n int64) llm.Count { return llm.Tokens(n) }

// TestUsage reads usage objects as the endpoints' references spell them.
func TestUsage(t *testing.T) {
	for name, c := range map[string]struct {
		body                            string
		input, output, cache, reasoning llm.Count
	}{
		"OpenAI images":             {body: `{"created":1,"data":[{"b64_json":"x"}],"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}`, input: known(50), output: known(50)},
		"cached":                    {body: `{"usage":{"input_tokens":50,"output_tokens":5,"input_tokens_details":{"cached_tokens":40},"output_tokens_details":{"reasoning_tokens":2}}}`, input: known(10), output: known(5), cache: known(40), reasoning: known(2)},
		"completions":               {body: `{"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}`, input: known(5), output: known(7)},
		"AI SDK":                    {body: `{"images":["x"],"usage":{"inputTokens":5,"outputTokens":7,"totalTokens":12}}`, input: known(5), output: known(7)},
		"transcription by duration": {body: `{"text":"x","usage":{"type":"duration","seconds":9}}`},
		"Cohere":                    {body: `{"results":[],"meta":{"billed_units":{"search_units":1},"tokens":{"input_tokens":9}}}`},
		"none":                      {body: `{"text":"x"}`},
		"null":                      {body: `{"usage":null}`},
		"of no kind":                {body: `{"usage":{"input_tokens":"many"}}`},
	} {
		for size := 1; size <= len(c.body); size += 7 {
			tap := whole.NewTap("application/json; charset=utf-8", -1)
			for piece := range slices.Chunk([]byte(c.body), size) {
				tap.Write(piece)
			}
			seen := tap.Close()
			u := seen.Usage
			if u.Input != c.input || u.Output != c.output || u.CacheRead != c.cache || u.Reasoning != c.reasoning || !seen.Ended || tap.EndsWithConnection() {
				t.Errorf("%s in pieces of %d: %+v", name, size, seen)
			}
		}
		tap := whole.NewTap("application/json", -1)
		tap.Write([]byte(c.body[:len(c.body)-1]))
		if tap.Close().Ended {
			t.Errorf("%s: cut off, and ended", name)
		}
	}
}

// TestStreams holds what is known of a stream to each way of cutting it into pieces.
func TestStreams(t *testing.T) {
	for name, c := range map[string]struct {
		stream        string
		ended, itself bool // the marker came; a marker is needed
		err           string
		input         llm.Count
	}{
		"images":              {"data: {\"type\":\"image_edit.partial_image\"}\n\ndata: {\"type\":\"image_edit.completed\",\"usage\":{\"input_tokens\":3}}\n\n", true, true, "", known(3)},
		"images, cut off":     {"data: {\"type\":\"image_edit.partial_image\"}\n\n", false, true, "", llm.Count{}},
		"speech":              {"data: {\"type\":\"speech.audio.delta\",\"audio\":\"x\"}\r\n\r\ndata: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":4,\"output_tokens\":1}}\r\n\r\n", true, true, "", known(4)},
		"transcription":       {"event: x\ndata: {\"type\":\"transcript.text.delta\",\"delta\":\"a\"}\n\ndata: {\"type\":\"transcript.text.done\",\"text\":\"a\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":5}}\n\n", true, true, "", known(5)},
		"completions":         {"data: {\"id\":\"1\",\"choices\":[{\"text\":\"a\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":6}}\n\ndata: [DONE]\n\n", true, true, "", known(6)},
		"completions, cut":    {"data: {\"id\":\"1\",\"choices\":[{\"text\":\"a\"}]}\n\n", false, true, "", llm.Count{}},
		"a video":             {": ping\n\ndata: {\"type\":\"result\",\"videos\":[]}\n\n", true, false, "", llm.Count{}},
		"a video that failed": {"data: {\"type\":\"error\",\"message\":\"no\",\"errorType\":\"rate_limit_exceeded\",\"statusCode\":429}\n\n", true, false, "no", llm.Count{}},
		"an error":            {"data: {\"error\":{\"message\":\"no\"}}\n\n", true, false, "no", llm.Count{}},
		"an error of a word":  {"data: {\"type\":\"error\",\"error\":{\"code\":\"x\"}}\n\n", true, false, "the upstream's stream ended with an error", llm.Count{}},
		"of no known kind":    {"data: {\"a\":1}\n\ndata: text\n\n", false, false, "", llm.Count{}},
	} {
		for size := 1; size <= len(c.stream); size++ {
			tap := whole.NewTap("text/event-stream", -1)
			for piece := range slices.Chunk([]byte(c.stream), size) {
				tap.Write(piece)
			}
			seen := tap.Close()
			message := ""
			if seen.Err != nil {
				message = seen.Err.Message
			}
			if seen.Ended != c.ended || tap.EndsWithConnection() == c.itself || message != c.err || seen.Usage.Input != c.input {
				t.Errorf("%s in pieces of %d: %+v, %q", name, size, seen, message)
			}
		}
	}
}

func TestIDs(t *testing.T) {
	for body, want := range map[string][]string{
		`{"id":"file-1","object":"file"}`:                                               {"file-1"},
		`{"batchId":"job_1"}`:                                                           {"job_1"},
		`{"id":"batch_1","output_file_id":"file-2","error_file_id":null}`:               {"batch_1", "file-2"},
		`{"id":"upload_1","file":{"id":"file-3"}}`:                                      {"upload_1", "file-3"},
		`{"object":"list","data":[{"id":"a"},{"no":"id"},{"id":5},{"id":"b"}],"id":""}`: {"a", "b"},
		`{"data":[{"b64_json":"x"}]}`:                                                   nil,
		`[]`:                                                                            nil,
	} {
		tap := whole.NewTap("application/json", -1)
		tap.Write([]byte(body))
		tap.Close()
		if got := tap.IDs(); !slices.Equal(got, want) {
			t.Errorf("%s: %q", body, got)
		}
	}
}

// TestOpaque: audio with a length is whole with its last byte, audio without one with its connection.
func TestOpaque(t *testing.T) {
	tap := whole.NewTap("audio/mpeg", 5)
	if tap.Write([]byte("abc")).Ended || tap.EndsWithConnection() {
		t.Error("ended before its last byte")
	}
	if !tap.Write([]byte("de")).Ended || !tap.Close().Ended {
		t.Error("not ended with its last byte")
	}
	tap = whole.NewTap("audio/mpeg", -1)
	if tap.Write([]byte("abc")).Ended || !tap.EndsWithConnection() {
		t.Error("without a length only the connection knows")
	}
	if tap = whole.NewTap("", 0); !tap.EndsWithConnection() {
		t.Error("an empty answer is whole")
	}
}

// FuzzTap: whatever comes, in whatever pieces, the tap does not fail, and cutting changes nothing.
func FuzzTap(f *testing.F) {
	f.Add([]byte("data: {\"type\":\"x.done\",\"usage\":{\"input_tokens\":3}}\n\n"), true, 3)
	f.Add([]byte(`{"id":"a","usage":{"inputTokens":3},"data":[{"id":"b"}]}`), false, 5)
	f.Add([]byte("data: [DONE]\n\ndata: {\"error\":{\"message\":\"x\"}}"), true, 1)
	f.Fuzz(func(t *testing.T, answer []byte, events bool, size int) {
		kind := "application/json"
		if events {
			kind = "text/event-stream"
		}
		at, pieces := whole.NewTap(kind, -1), whole.NewTap(kind, -1)
		at.Write(answer)
		for piece := range slices.Chunk(answer, max(size%64, 1)) {
			pieces.Write(piece)
		}
		a, b := at.Close(), pieces.Close()
		if a.Ended != b.Ended || a.ID != b.ID || a.Usage.Input != b.Usage.Input || (a.Err == nil) != (b.Err == nil) || !slices.Equal(at.IDs(), pieces.IDs()) {
			t.Errorf("whole %+v, in pieces %+v", a, b)
		}
	})
}
