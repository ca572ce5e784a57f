package chatcompletions_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"gatehouse/backend/protocol/chatcompletions"
	"gatehouse/backend/protocol/jsonedit"
)

func TestAskUsage(t *testing.T) {
	for body, want := range map[string]string{
		`{"model":"m","stream":true}`:       `{"stream_options":{"include_usage":true},"model":"m","stream":true}`,
		"  {\n \"model\":\"m\"}":            "  {\"stream_options\":{\"include_usage\":true},\n \"model\":\"m\"}",
		`{}`:                                `{"stream_options":{"include_usage":true}}`,
		`{"stream_options":null,"model":1}`: `{"stream_options":{"include_usage":true},"model":1}`,
		`{"stream_options":{}}`:             `{"stream_options":{"include_usage":true}}`,
		`{"stream_options": { "include_obfuscation":false } }`:                          `{"stream_options": {"include_usage":true, "include_obfuscation":false } }`,
		`{"stream_options":{"include_usage": false,"a":[1]}}`:                           `{"stream_options":{"include_usage": true,"a":[1]}}`,
		`{"stream_options":{"include_usage":null}}`:                                     `{"stream_options":{"include_usage":true}}`,
		`{"stream_options":{"include_usage":true}}`:                                     `{"stream_options":{"include_usage":true}}`,
		`{"stream_options":7}`:                                                          `{"stream_options":7}`,
		`{"messages":[{"content":"\"stream_options\":{}"}],"provider_options":{"a":1}}`: `{"stream_options":{"include_usage":true},"messages":[{"content":"\"stream_options\":{}"}],"provider_options":{"a":1}}`,
	} {
		edits, err := chatcompletions.AskUsage([]byte(body))
		if err != nil {
			t.Fatal(body, err)
		}
		if got := string(jsonedit.Apply([]byte(body), edits...).Bytes()); got != want {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
		if len(edits) > 0 == chatcompletions.IncludeUsage([]byte(body)) && body != `{"stream_options":7}` {
			t.Errorf("%s: edits where it asks, or none where it does not", body)
		}
	}
	if _, err := chatcompletions.AskUsage([]byte(`{"stream_options":`)); err == nil {
		t.Error("half a body was taken")
	}
}

const (
	delta     = `data: {"id":"c","choices":[{"index":0,"delta":{"content":"prompt_tokens\" and choices:[]"}}],"usage":null}`
	last      = `data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}`
	usageOnly = `data: {"id":"c","choices": [],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}`
	bare      = `data: {"usage":{"prompt_tokens":3,"completion_tokens":4}}`
	filter    = `data: {"choices":[],"prompt_filter_results":[{"n_tokens":1}]}`
)

func TestUnasked(t *testing.T) {
	long := `data: {"choices":[{"delta":{"content":"` + strings.Repeat("x", 70<<10) + `"}}]}`
	longUsage := `data: {"choices":[],"usage":{"prompt_tokens":3,"why":"` + strings.Repeat("x", 70<<10) + `"}}`
	for name, c := range map[string]struct{ in, want []string }{
		"the usage goes":                      {[]string{delta, usageOnly, "data: [DONE]"}, []string{delta, "data: [DONE]"}},
		"without choices at all too":          {[]string{delta, bare, "data: [DONE]"}, []string{delta, "data: [DONE]"}},
		"beside a choice it stays":            {[]string{delta, last, "data: [DONE]"}, []string{delta, last, "data: [DONE]"}},
		"what has no usage stays":             {[]string{filter, delta, "data: [DONE]"}, []string{filter, delta, "data: [DONE]"}},
		"comments and names stay":             {[]string{": processing", "event: x\n" + delta, usageOnly}, []string{": processing", "event: x\n" + delta}},
		"a long event passes":                 {[]string{long, usageOnly, long}, []string{long, long}},
		"one too long to be it passes":        {[]string{longUsage, delta}, []string{longUsage, delta}},
		"what can't be read stays":            {[]string{`data: {"choices":[],"usage":{"prompt_tokens":`, delta}, []string{`data: {"choices":[],"usage":{"prompt_tokens":`, delta}},
		"an empty stream":                     {nil, nil},
		"blank lines are events of their own": {[]string{"", "", delta, "", usageOnly, ""}, []string{"", "", delta, "", ""}},
	} {
		for _, end := range []string{"\n\n", "\r\n\r\n"} {
			join := func(events []string) string {
				var b strings.Builder
				for _, e := range events {
					b.WriteString(strings.ReplaceAll(e, "\n", strings.TrimSuffix(end, end[len(end)/2:])) + end)
				}
				return b.String()
			}
			in, want := join(c.in), join(c.want)
			for _, size := range []int{1, 2, 3, 7, 100, 1000, 1 << 20} {
				if got := shown(in, size); got != want {
					t.Errorf("%s, in pieces of %d: got %d bytes, want %d\n%.300q\n%.300q", name, size, len(got), len(want), got, want)
				}
			}
		}
	}
	if got := shown(delta+"\n\n"+usageOnly+"\n", 5); got != delta+"\n\n"+usageOnly+"\n" {
		t.Errorf("an event without its end was taken away: %q", got)
	}
}

// shown gives a stream as a client that did not ask sees it, read in pieces of a size.
func shown(in string, size int) string {
	var u chatcompletions.Unasked
	var out []byte
	for piece := range slices.Chunk([]byte(in), size) {
		if u.Idle(piece) {
			out = append(out, piece...)
		} else {
			out = u.Write(out, piece)
		}
	}
	return string(u.Close(out))
}

// FuzzUnasked: however a stream is cut, the same is shown of it, in its order, and what lacks is usage alone.
func FuzzUnasked(f *testing.F) {
	f.Add([]byte(delta+"\n\n"+usageOnly+"\r\n\r\n"+last+"\n\ndata: [DONE]\n\n"), 3)
	f.Add([]byte("\r\n\n"+bare+"\n\r\n\r"), 1)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		size = max(1, min(size, len(in)+1))
		whole := shown(string(in), len(in)+1)
		if got := shown(string(in), size); got != whole {
			t.Fatalf("in pieces of %d: %q, whole %q", size, got, whole)
		}
		if len(whole) < len(in) && !bytes.Contains(in, []byte(`_tokens"`)) {
			t.Fatalf("%q became %q", in, whole)
		}
		rest := in
		for i := range len(whole) { // what is shown stands in the stream in this order
			at := bytes.IndexByte(rest, whole[i])
			if at < 0 {
				t.Fatalf("%q became %q", in, whole)
			}
			rest = rest[at+1:]
		}
	})
}

// FuzzAskUsage: a JSON object asks for its usage afterwards and is otherwise what it was.
func FuzzAskUsage(f *testing.F) {
	for _, body := range []string{`{"model":"m"}`, `{"stream_options":{"a":1,"include_usage":false},"b":[]}`, `{}`, `{"stream_options":null}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var before map[string]json.RawMessage
		if json.Unmarshal(body, &before) != nil || before == nil {
			return
		}
		edits, err := chatcompletions.AskUsage(body)
		if err != nil || len(edits) == 0 {
			return
		}
		out := jsonedit.Apply(body, edits...).Bytes()
		var after map[string]json.RawMessage
		if err := json.Unmarshal(out, &after); err != nil {
			t.Fatalf("%s became %s: %v", body, out, err)
		}
		delete(before, "stream_options")
		delete(after, "stream_options")
		if len(before) != len(after) {
			t.Fatalf("%s became %s", body, out)
		}
		for name, v := range before {
			if string(after[name]) != string(v) {
				t.Fatalf("%s became %s", body, out)
			}
		}
	})
}
