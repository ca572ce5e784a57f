package messages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/messages"
	"gatehouse/backend/provider/sim"
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
		line := fmt.Sprintf("delta %d text=%q signature=%q input=%q", e.Index, e.Text, e.Signature, e.Input)
		if e.Citation != nil {
			line += " citation=" + string(e.Citation.Raw.Raw)
		}
		return line
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
	case llm.ToolCall:
		line := fmt.Sprintf("ToolCall %q %q", p.ID, p.Name)
		if p.Freeform {
			line += " freeform"
		}
		if p.Signature != "" {
			line += " signature=" + p.Signature
		}
		return line
	case llm.Media:
		return fmt.Sprintf("Media %q %q %q", p.MediaType, p.URL, p.Data)
	case llm.Reasoning:
		return strings.TrimRight("Reasoning "+string(p.Opaque), " ")
	case llm.Opaque:
		return "Opaque " + string(p.Raw)
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", p), "llm.")
}

// simStream is what the simulator answers to a request.
func simStream(t testing.TB, body string) []byte {
	t.Helper()
	h := sim.Handler(sim.Options{Seed: 1, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/messages", strings.NewReader(body))
	r.Header.Set("Anthropic-Version", "2023-06-01")
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// streams are the hand-written files and the simulator's answers, by the name of their golden file.
func streams(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	files, err := filepath.Glob("testdata/*.sse")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".sse")] = b
	}
	for name, body := range simRequests {
		out["sim-"+name] = simStream(t, body)
	}
	return out
}

func TestDecodeStreamGolden(t *testing.T) {
	for name, data := range streams(t) {
		lines, _ := render(messages.DecodeStream(bytes.NewReader(data)))
		got := strings.Join(lines, "\n") + "\n"
		path := filepath.Join("testdata", name+".events")
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
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
		}
	}
}

// stride visits every byte of a stream, or, in a long one of ever the same events, some 150 of them.
func stride(data []byte) int {
	if len(data) < 1500 {
		return 1
	}
	return len(data)/150 | 1
}

// However a stream is cut into reads, its events are the same.
func TestDecodeStreamSplitAnywhere(t *testing.T) {
	for name, data := range streams(t) {
		want, _ := render(messages.DecodeStream(bytes.NewReader(data)))
		same := func(how string, r io.Reader) {
			got, _ := render(messages.DecodeStream(r))
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Fatalf("%s, %s:\n%s\nwant:\n%s", name, how, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		same("one byte a time", iotest.OneByteReader(bytes.NewReader(data)))
		same("the error with the data", iotest.DataErrReader(bytes.NewReader(data)))
		for i := 0; i < len(data); i += stride(data) {
			same(fmt.Sprint("cut at ", i), io.MultiReader(bytes.NewReader(data[:i]), bytes.NewReader(data[i:])))
		}
		crlf := bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		same("CRLF", bytes.NewReader(crlf))
	}
}

// A stream that is cut off is an error, unless the server had said by then how the answer ended.
func TestDecodeStreamTruncated(t *testing.T) {
	for name, data := range streams(t) {
		whole, wholeErr := render(messages.DecodeStream(bytes.NewReader(data)))
		for i := 0; i < len(data); i += stride(data) {
			got, err := render(messages.DecodeStream(bytes.NewReader(data[:i])))
			switch {
			case err == nil && (wholeErr != nil || withoutUsage(got) != withoutUsage(whole)):
				t.Fatalf("%s cut at %d passes for an answer:\n%s", name, i, strings.Join(got, "\n"))
			case err != nil && wholeErr == nil && !errors.Is(err, llm.ErrIncomplete):
				t.Fatalf("%s cut at %d gives %v", name, i, err)
			}
		}
	}
}

// The usage may come behind the finish.
func withoutUsage(lines []string) string {
	var out []string
	for _, l := range lines {
		if !strings.HasPrefix(l, "usage ") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// A connection that breaks is told apart from a client that went away.
func TestDecodeStreamReadErrors(t *testing.T) {
	data := streams(t)["sim-text"]
	for _, c := range []struct {
		err  error
		kind llm.ErrorKind
	}{
		{io.ErrUnexpectedEOF, llm.ErrInternal},
		{context.Canceled, llm.ErrCancelled},
	} {
		r := io.MultiReader(bytes.NewReader(data[:len(data)/2]), iotest.ErrReader(c.err))
		_, err := render(messages.DecodeStream(r))
		if e := llm.AsError(err); e == nil || e.Kind != c.kind || e.HTTPStatus() == http.StatusInternalServerError {
			t.Errorf("%v gives %v", c.err, err)
		}
	}
}

// What is streamed and what is not comes to the same.
func TestDecodeResponseEqualsStream(t *testing.T) {
	for name, body := range simRequests {
		streamed := simStream(t, body)
		whole := simStream(t, strings.Replace(body, `"stream":true`, `"stream":false`, 1))
		a, err := render(messages.DecodeStream(bytes.NewReader(streamed)))
		events, wholeErr := messages.DecodeResponse(whole)
		if err != nil || wholeErr != nil {
			t.Fatal(err, wholeErr)
		}
		b, err := render(func(yield func(llm.Event, error) bool) {
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		})
		if err != nil || joinDeltas(a) != joinDeltas(b) {
			t.Errorf("%s: %v\n%s\nwant:\n%s", name, err, joinDeltas(b), joinDeltas(a))
		}
	}
}

// joinDeltas compares streams by their parts: the deltas of each part joined, and the last usage.
func joinDeltas(lines []string) string {
	deltas := map[int]*[3]string{}
	var rest, usage string
	for _, l := range lines {
		var i int
		var d [3]string
		if _, err := fmt.Sscanf(l, "delta %d text=%q signature=%q input=%q", &i, &d[0], &d[1], &d[2]); err == nil {
			if deltas[i] == nil {
				deltas[i] = &[3]string{}
			}
			for k := range d {
				deltas[i][k] += d[k]
			}
		} else if strings.HasPrefix(l, "usage ") {
			usage = l
		} else {
			rest += l + "\n"
		}
	}
	for i := range len(deltas) {
		rest += fmt.Sprintf("%d %q\n", i, deltas[i])
	}
	return rest + usage
}

func TestDecodeResponseRefusesOtherThings(t *testing.T) {
	for _, body := range []string{``, `{`, `[]`, `{}`, `"x"`, `<html>`, `{"type":"error","error":{"type":"api_error","message":"no"}}`, `{"type":"message"}`} {
		if events, err := messages.DecodeResponse([]byte(body)); err == nil {
			t.Errorf("%s gives %v", body, events)
		}
	}
}

func FuzzDecodeStream(f *testing.F) {
	for _, data := range streams(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines, err := render(messages.DecodeStream(bytes.NewReader(data)))
		if err == nil && !strings.HasPrefix(lines[len(lines)-1], "finish ") {
			t.Errorf("ends with %s", lines[len(lines)-1])
		}
		// A breach of the grammar would be our own: the decoder's errors are all *llm.Error.
		if _, ok := errors.AsType[*llm.Error](err); err != nil && !ok {
			t.Errorf("%v", err)
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	for _, body := range simRequests {
		f.Add(simStream(f, strings.Replace(body, `"stream":true`, `"stream":false`, 1)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := messages.DecodeResponse(data)
		if err != nil {
			return
		}
		_, err = render(func(yield func(llm.Event, error) bool) {
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// simRequests are requests to the simulator that it answers in full.
var simRequests = map[string]string{
	"text":   `{"model":"echo","stop_sequences":[" simulator"],"max_tokens":99,"stream":true,"messages":[{"role":"user","content":"hi"}]}`,
	"think":  `{"model":"think","max_tokens":99,"stream":true,"stop_sequences":["mind"],"messages":[{"role":"user","content":"rate=0"}]}`,
	"length": `{"model":"think","max_tokens":3,"stream":true,"messages":[{"role":"user","content":"rate=0"}]}`,
	"tools": `{"model":"tools","max_tokens":99,"stream":true,"messages":[{"role":"user","content":"go"}],"tools":[` +
		`{"name":"a","input_schema":{"type":"object","properties":{"x":{"type":"string"}}}},` +
		`{"name":"b","input_schema":{"type":"object"}}]}`,
}
