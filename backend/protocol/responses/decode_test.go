package responses_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/responses"
	"gatehouse/backend/protocol/sse"
)

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
		return fmt.Sprintf("part %d %T %s", e.Index, e.Part, show(e.Part))
	case llm.PartDelta:
		return fmt.Sprintf("delta %d %s", e.Index, show(e))
	case llm.UsageUpdate:
		e.Usage.Raw = nil
		return "usage " + show(e.Usage)
	case llm.Finish:
		return fmt.Sprintf("finish %s %q", e.Reason.Kind, e.Reason.Raw)
	}
	return fmt.Sprintf("%T %s", e, show(e))
}

// fold joins what comes in pieces, part by part, so that two ways of streaming the same can be compared.
func fold(t testing.TB, events []llm.Event) string {
	t.Helper()
	var out []string
	parts := map[int]*[4]string{}
	var order []int
	for _, e := range events {
		switch e := e.(type) {
		case llm.PartStart:
			parts[e.Index] = &[4]string{fmt.Sprintf("%T %s", e.Part, show(e.Part))}
			order = append(order, e.Index)
		case llm.PartDelta:
			p := parts[e.Index]
			p[1] += e.Text
			p[2] += e.Signature
			p[3] += e.Input
			if e.Citation != nil {
				p[0] += show(e.Citation)
			}
		case llm.OpaqueEvent, llm.PartEnd:
		default:
			out = append(out, renderEvent(e))
		}
	}
	for _, i := range order {
		out = append(out, fmt.Sprintf("%q", *parts[i]))
	}
	return strings.Join(out, "\n")
}

func collect(t testing.TB, s llm.Stream) []llm.Event {
	t.Helper()
	var out []llm.Event
	for e, err := range llm.Validate(s) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func streams(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	files, err := filepath.Glob("testdata/*.sse")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, ".out.sse") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".sse")] = b
	}
	return out
}

func TestDecodeStreamGolden(t *testing.T) {
	for name, data := range streams(t) {
		lines, _ := render(responses.DecodeStream(bytes.NewReader(data)))
		golden(t, name+".events", []byte(strings.Join(lines, "\n")+"\n"))
	}
}

// However a stream tells it, it tells the same. Regressions 43, 49.
func TestDecodeStream_43_49_SameAnswer(t *testing.T) {
	all := streams(t)
	want := fold(t, collect(t, responses.DecodeStream(bytes.NewReader(all["full"]))))
	for _, name := range []string{"43-empty-output", "only-completed", "49-only-done", "items-only-done", "unnamed-events", "rotating-ids"} {
		if got := fold(t, collect(t, responses.DecodeStream(bytes.NewReader(all[name])))); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestFoldOfStreamIsTheWholeAnswer(t *testing.T) {
	for name, data := range streams(t) {
		body := ""
		r := sse.NewReader(bytes.NewReader(data))
		for e, err := r.Next(); err == nil; e, err = r.Next() {
			if output := gjson.GetBytes(e.Data, "response.output.0"); output.Exists() {
				body = gjson.GetBytes(e.Data, "response").Raw
			}
		}
		if body == "" {
			continue
		}
		whole, err := responses.DecodeResponse([]byte(body))
		if err != nil {
			t.Fatal(name, err)
		}
		if got, want := fold(t, whole), fold(t, collect(t, responses.DecodeStream(bytes.NewReader(data)))); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestDecodeStreamResplit(t *testing.T) {
	for name, data := range streams(t) {
		want, _ := render(responses.DecodeStream(bytes.NewReader(data)))
		got, _ := render(responses.DecodeStream(iotest.OneByteReader(bytes.NewReader(data))))
		crlf, _ := render(responses.DecodeStream(bytes.NewReader(bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")))))
		if strings.Join(got, "\n") != strings.Join(want, "\n") || strings.Join(crlf, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: split otherwise, it reads otherwise", name)
		}
	}
}

// Regression 42: a stream without its terminal event is no answer, wherever it was cut.
func TestDecodeStream_42_Cut(t *testing.T) {
	for name, data := range streams(t) {
		last := bytes.LastIndex(data, []byte("data: "))
		for cut := 0; cut < last; cut += 7 {
			_, err := render(responses.DecodeStream(bytes.NewReader(data[:cut])))
			if !errors.Is(err, llm.ErrIncomplete) {
				t.Fatalf("%s cut at %d: %v", name, cut, err)
			}
		}
		_, err := render(responses.DecodeStream(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(data)))))
		if err == nil {
			t.Errorf("%s: a broken connection went unnoticed", name)
		}
	}
}

// Regressions 11, 46: errors inside a stream have their class.
func TestDecodeStream_11_46_Errors(t *testing.T) {
	all := streams(t)
	for name, want := range map[string]llm.Error{
		"failed":       {Kind: llm.ErrRateLimit, Code: "rate_limit_exceeded", Message: "slow down"},
		"error-nested": {Kind: llm.ErrBadRequest, Code: "context_length_exceeded", Message: "too long"},
		"error-flat":   {Kind: llm.ErrInternal, Code: "server_error", Message: "broken"},
	} {
		_, err := render(responses.DecodeStream(bytes.NewReader(all[name])))
		e, ok := errors.AsType[*llm.Error](err)
		if !ok || e.Kind != want.Kind || e.Code != want.Code || e.Message != want.Message || len(e.Raw) == 0 {
			t.Errorf("%s: %+v", name, err)
		}
	}
	for _, body := range []string{
		"", "{", "[]", `{"error":null}`, `{"output":[],"status":"queued"}`, `{"error":{"message":"x"}}`, `{"status":"failed","output":[]}`,
		`{"status":"cancelled","output":[]}`,
	} {
		if _, err := responses.DecodeResponse([]byte(body)); err == nil {
			t.Errorf("%s was taken", body)
		}
	}
}

// What a provider of this dialect sent, a client of this dialect gets.
func TestStreamRoundTrip(t *testing.T) {
	all := streams(t)
	openai := llm.Origin{Provider: "openai", Model: "openai/gpt-5.4"}
	for _, name := range []string{"full", "refusal", "incomplete", "raw-reasoning"} {
		events := collect(t, responses.DecodeStream(bytes.NewReader(all[name])))
		_, r := checkStream(t, encode(events, responses.AnswerOptions{Origin: openai, ID: "resp_a", Now: clock, Head: codexHead(t)}))
		golden(t, name+".round.json", []byte(strings.ReplaceAll(r.Raw, string(echoOf(r)), "")))
		again, err := responses.DecodeResponse([]byte(r.Raw))
		if err != nil {
			t.Fatal(err)
		}
		texts := [2]map[int]string{{}, {}}
		for i, list := range [][]llm.Event{events, again} {
			for _, e := range list {
				if d, ok := e.(llm.PartDelta); ok {
					texts[i][d.Index] += d.Text + d.Input
				}
			}
		}
		if !maps.Equal(texts[0], texts[1]) {
			t.Errorf("%s: %v came back as %v", name, texts[0], texts[1])
		}
	}
}

func tap(stream bool, answer []byte, n int) *llm.Observation {
	tap := responses.NewTap(stream)
	for len(answer) > 0 {
		k := min(n, len(answer))
		tap.Write(answer[:k])
		answer = answer[k:]
	}
	return tap.Close()
}

func TestTap(t *testing.T) {
	all := streams(t)
	for name, finish := range map[string]llm.FinishKind{
		"full": llm.FinishToolCalls, "43-empty-output": llm.FinishToolCalls, "refusal": llm.FinishRefusal,
		"unnamed-events": llm.FinishToolCalls, "incomplete": llm.FinishLength, "raw-reasoning": llm.FinishStop,
	} {
		for _, n := range []int{1, 7, 1 << 20} {
			o := tap(true, all[name], n)
			if !o.Ended || !o.Content || o.Err != nil || o.ID != "resp_a" || o.Model != "gpt-5.4" || o.Finish.Kind != finish ||
				o.Usage.Input.Or(-1) != 30 || o.Usage.CacheRead.Or(-1) != 60 || o.Usage.CacheWrite5m.Or(-1) != 10 ||
				o.Usage.Output.Or(-1) != 20 || o.Usage.Reasoning.Or(-1) != 5 {
				t.Errorf("%s in pieces of %d: %+v", name, n, o)
			}
		}
	}
	if o := tap(true, all["failed"], 5); o.Ended || o.Err == nil || o.Err.Kind != llm.ErrRateLimit {
		t.Errorf("failed: %+v", o)
	}
	data := all["full"]
	last := bytes.LastIndex(data, []byte("data: "))
	for cut := range last {
		if o := tap(true, data[:cut], 1<<20); o.Ended {
			t.Fatalf("cut at %d counts as ended", cut)
		}
	}
	body := gjson.GetBytes(data[last+len("data: "):], "response").Raw
	if o := tap(false, []byte(body), 9); !o.Ended || o.Usage.Output.Or(-1) != 20 || o.Finish.Kind != llm.FinishToolCalls {
		t.Errorf("body: %+v", o)
	}
}

// Every class has a spelling, in bodies and streams, and reads back as what it was.
func TestErrorShapes(t *testing.T) {
	for _, kind := range []llm.ErrorKind{
		llm.ErrAuth, llm.ErrRateLimit, llm.ErrNotFound, llm.ErrBadRequest, llm.ErrOverloaded, llm.ErrTimeout, llm.ErrInternal,
	} {
		want := llm.Errorf(kind, "%s", "why \"quoted\"\n<b>")
		status, body := responses.EncodeError(want)
		if back := responses.DecodeError(status, body); back.Kind != kind || back.Message != want.Message {
			t.Errorf("%s came back as %+v", kind, back)
		}
		stream := responses.EncodeStreamError("", want)
		if o := tap(true, stream, 3); o.Err == nil || o.Err.Message != want.Message || o.Err.Kind != kind || o.Ended {
			t.Errorf("%s in a stream came back as %+v", kind, o.Err)
		}
	}
	for body, message := range map[string]string{
		`{"error":"x","code":"y"}`: "x", `{"message":"x"}`: "x", `{"detail":"x"}`: "x", `<html>`: "Bad Gateway",
	} {
		if e := responses.DecodeError(502, []byte(body)); e.Message != message {
			t.Errorf("%s: %+v", body, e)
		}
	}
}

func FuzzDecodeStream(f *testing.F) {
	for _, data := range streams(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var events []llm.Event
		for e, err := range llm.Validate(responses.DecodeStream(bytes.NewReader(data))) {
			if err != nil {
				if _, ok := errors.AsType[*llm.Error](err); !ok {
					t.Fatalf("an error without a class: %v", err)
				}
				events = nil
				break
			}
			events = append(events, e)
		}
		if events != nil {
			checkStream(t, encode(events, responses.AnswerOptions{ID: "resp_1", Now: clock}))
		}
		a, b := tap(true, data, 1), tap(true, data, 1<<20)
		if a.Ended != b.Ended || a.Usage.Output != b.Usage.Output || a.ID != b.ID {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	f.Add([]byte(`{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := responses.DecodeResponse(data)
		if err != nil {
			return
		}
		for _, err := range llm.Validate(func(yield func(llm.Event, error) bool) {
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
		}) {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
