package gemini_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/gemini"
)

var update = flag.Bool("update", false, "write the golden files anew")

// render writes a stream as lines, with the grammar checked.
func render(s llm.Stream) (lines []string, err error) {
	for e, err := range llm.Validate(s) {
		if err != nil {
			return append(lines, "error: "+err.Error()), err
		}
		lines = append(lines, renderEvent(e))
	}
	return lines, nil
}

func renderEvent(e llm.Event) string {
	switch e := e.(type) {
	case llm.MessageStart:
		return fmt.Sprintf("start %q %q", e.ID, e.Model)
	case llm.PartStart:
		return fmt.Sprintf("part %d %s", e.Index, renderPart(e.Part))
	case llm.PartDelta:
		if e.Citation != nil {
			return fmt.Sprintf("delta %d citation=%q %q %d-%d", e.Index, e.Citation.URL, e.Citation.Title, e.Citation.Start, e.Citation.End)
		}
		return fmt.Sprintf("delta %d text=%q signature=%q input=%q", e.Index, e.Text, e.Signature, e.Input)
	case llm.PartEnd:
		return fmt.Sprintf("end %d", e.Index)
	case llm.UsageUpdate:
		u := e.Usage
		u.Raw = nil
		b, _ := json.Marshal(u)
		return "usage " + string(b)
	case llm.Finish:
		return fmt.Sprintf("finish %s %q", e.Reason.Kind, e.Reason.Raw)
	case llm.OpaqueEvent:
		return "opaque " + string(e.Raw)
	}
	return fmt.Sprintf("%T", e)
}

func renderPart(p llm.Part) string {
	switch p := p.(type) {
	case llm.Text:
		return fmt.Sprintf("Text %q", p.Text)
	case llm.ToolCall:
		return fmt.Sprintf("ToolCall %q %q %s signature=%q origin=%q", p.ID, p.Name, p.Input, p.Signature, p.Origin)
	case llm.ToolResult:
		var parts []string
		for _, p := range p.Parts {
			parts = append(parts, renderPart(p))
		}
		return fmt.Sprintf("ToolResult %q %q error=%t [%s]", p.CallID, p.Name, p.IsError, strings.Join(parts, ", "))
	case llm.Media:
		return fmt.Sprintf("Media %q %q %q", p.MediaType, p.Data, p.URL)
	case llm.Reasoning:
		return fmt.Sprintf("Reasoning %q signature=%q opaque=%s origin=%q", p.Text, p.Signature, p.Opaque, p.Origin)
	case llm.Opaque:
		return "Opaque " + string(p.Raw)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T %v", p, p), "llm.")
}

// streams are the answers in testdata by name.
func streams(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	files, err := filepath.Glob("testdata/*.sse")
	if err != nil || len(files) < 10 {
		t.Fatal("no files", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".sse")] = b
	}
	return out
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	path = filepath.Join("testdata", path)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestDecodeStreamGolden(t *testing.T) {
	for name, data := range streams(t) {
		lines, _ := render(gemini.DecodeStream(bytes.NewReader(data)))
		golden(t, name+".events", strings.Join(lines, "\n")+"\n")
	}
}

// However a stream is cut into reads, its events are the same.
func TestDecodeStreamSplitAnywhere(t *testing.T) {
	for name, data := range streams(t) {
		want, _ := render(gemini.DecodeStream(bytes.NewReader(data)))
		same := func(how string, r io.Reader) {
			t.Helper()
			if got, _ := render(gemini.DecodeStream(r)); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s, %s:\n%s", name, how, strings.Join(got, "\n"))
			}
		}
		same("bytewise", iotest.OneByteReader(bytes.NewReader(data)))
		for i := range data {
			same(fmt.Sprintf("cut at %d", i), io.MultiReader(bytes.NewReader(data[:i]), bytes.NewReader(data[i:])))
		}
	}
}

// A stream that stops anywhere before its finishReason is an error, never a short answer (cases 10, 42).
func TestCase42DecodeStreamCutAnywhere(t *testing.T) {
	for name, data := range streams(t) {
		finish := bytes.LastIndex(data, []byte(`"finishReason"`))
		if finish < 0 {
			continue
		}
		// From here on only line ends are missing.
		enough := bytes.LastIndexByte(data, '}') + 1
		for i := range enough {
			if _, err := render(gemini.DecodeStream(bytes.NewReader(data[:i]))); err == nil {
				t.Errorf("%s cut at %d of %d passes for an answer", name, i, len(data))
			}
		}
	}
	_, err := render(gemini.DecodeStream(bytes.NewReader(streams(t)["cut"])))
	if !errors.Is(err, llm.ErrIncomplete) || llm.AsError(err).HTTPStatus() != 502 {
		t.Error(err)
	}
	_, err = render(gemini.DecodeStream(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(streams(t)["text"])))))
	if err == nil {
		t.Error("a broken connection passes")
	}
}

// join makes one answer of a stream's objects, as generateContent would give it: parts in a row, the last usage.
func join(t *testing.T, data []byte) []byte {
	t.Helper()
	type candidate map[string]json.RawMessage
	var parts []json.RawMessage
	last, end := map[string]json.RawMessage{}, candidate{}
	for line := range strings.Lines(string(data)) {
		text, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "data: ")
		if !ok {
			continue
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		for k, v := range object {
			last[k] = v
		}
		var candidates []candidate
		_ = json.Unmarshal(object["candidates"], &candidates)
		for _, c := range candidates {
			var content struct{ Parts []json.RawMessage }
			_ = json.Unmarshal(c["content"], &content)
			parts = append(parts, content.Parts...)
			for k, v := range c {
				end[k] = v
			}
		}
	}
	if end["index"] != nil {
		content, err := json.Marshal(map[string]any{"parts": parts})
		if err != nil {
			t.Fatal(err)
		}
		end["content"] = content
		last["candidates"], _ = json.Marshal([]candidate{end})
	}
	out, err := json.Marshal(last)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A stream, folded, is the answer that is not streamed.
func TestFoldedStreamIsTheResponse(t *testing.T) {
	for name, data := range streams(t) {
		var events []llm.Event
		failed := false
		for e, err := range gemini.DecodeStream(bytes.NewReader(data)) {
			failed = failed || err != nil
			if err == nil {
				events = append(events, e)
			}
		}
		whole, err := gemini.DecodeResponse(join(t, data))
		if failed != (err != nil) {
			t.Errorf("%s: stream failed %t, response %v", name, failed, err)
		}
		if err != nil {
			continue
		}
		if _, err := render(fit.Stream(whole)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		a, b := fit.Fold(events), fit.Fold(whole)
		a.Usage.Raw, b.Usage.Raw = nil, nil
		if fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", b) {
			t.Errorf("%s:\n%+v\nwant:\n%+v", name, a, b)
		}
	}
}

func TestCallIDsAreUnique(t *testing.T) {
	body := []byte(`{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}},{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]}`)
	seen := map[string]bool{}
	for range 2 { // without a responseId, another answer has other ids
		events, err := gemini.DecodeResponse(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range fit.Fold(events).Parts {
			id := p.(llm.ToolCall).ID
			if seen[id] || id == "" || len(id) > 40 {
				t.Errorf("id %q", id)
			}
			seen[id] = true
		}
	}
	if len(seen) != 4 {
		t.Error(seen)
	}
}

func TestDecodeResponseErrors(t *testing.T) {
	for body, kind := range map[string]llm.ErrorKind{
		``: llm.ErrInternal, `[]`: llm.ErrInternal, `{}`: llm.ErrInternal, `{"choices":[]}`: llm.ErrInternal,
		`{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}`:                                               llm.ErrRateLimit,
		`{"error":{"message":"m","status":"UNAUTHENTICATED"}}`:                                                             llm.ErrAuth,
		`{"candidates":[{"content":{"parts":[{"text":"x"}]}}]}`:                                                            llm.ErrInternal,
		`{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","willContinue":true}}]},"finishReason":"STOP"}]}`: llm.ErrInternal,
		`{"candidates":[{"content":{"parts":[{"inlineData":{"data":"!"}}]},"finishReason":"STOP"}]}`:                       llm.ErrInternal,
		`{"candidates":[{"finishReason":"UNEXPECTED_TOOL_CALL"}]}`:                                                         llm.ErrInternal,
	} {
		_, err := gemini.DecodeResponse([]byte(body))
		if err == nil || llm.AsError(err).Kind != kind {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func FuzzDecodeStream(f *testing.F) {
	for _, data := range streams(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := render(gemini.DecodeStream(bytes.NewReader(data)))
		if err == nil && !strings.HasPrefix(lines[len(lines)-1], "finish") {
			t.Error("neither finished nor failed")
		}
		if err != nil {
			var e *llm.Error
			if !errors.As(err, &e) {
				t.Errorf("grammar: %v", err)
			}
		}
	})
}

// FuzzDecodeResponse: a whole answer, or several in an array, is read to its finish or refused as an error of ours.
func FuzzDecodeResponse(f *testing.F) {
	f.Add([]byte(`{"candidates":[{"content":{"role":"model","parts":[{"text":"a","thought":true},{"text":"b"},{"functionCall":{"name":"f","args":{"x":1}},"thoughtSignature":"c2ln"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"thoughtsTokenCount":1},"modelVersion":"m","responseId":"r"}`))
	f.Add([]byte(`[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},{"candidates":[{"finishReason":"MAX_TOKENS"}]}]`))
	f.Add([]byte(`{"promptFeedback":{"blockReason":"SAFETY"}}`))
	f.Add([]byte(`{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := gemini.DecodeResponse(data)
		if err != nil {
			var e *llm.Error
			if !errors.As(err, &e) {
				t.Errorf("grammar: %v", err)
			}
			return
		}
		if len(events) == 0 {
			t.Fatal("an answer of nothing")
		}
		if _, finished := events[len(events)-1].(llm.Finish); !finished {
			t.Errorf("it ends in %T", events[len(events)-1])
		}
	})
}
