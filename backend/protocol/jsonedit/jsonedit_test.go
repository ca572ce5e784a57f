package jsonedit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFind(t *testing.T) {
	for _, c := range []struct{ body, model, stream string }{
		{`{"model":"a","stream":true}`, `"a"`, `true`},
		{` { "messages" : [{"model":"no"}] , "model" : "a/b" } `, `"a/b"`, ``},
		{`{"x":"\"model\":\"no\"","model":"y\\"}`, `"y\\"`, ``},
		{`{"mod\u0065l":"a"}`, `"a"`, ``},
		{`{"a":{"b":[1,{"c":"]}"}]},"model":null,"stream":false}`, `null`, `false`},
		{`{"model":12345678901234567890.10e+3}`, `12345678901234567890.10e+3`, ``},
		{`{}`, ``, ``},
	} {
		spans, err := Find([]byte(c.body), "model", "stream")
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		if got := string(spans[0].Of([]byte(c.body))); got != c.model {
			t.Errorf("%s: model %s, want %s", c.body, got, c.model)
		}
		if got := string(spans[1].Of([]byte(c.body))); got != c.stream {
			t.Errorf("%s: stream %s, want %s", c.body, got, c.stream)
		}
	}
}

func TestFindRefuses(t *testing.T) {
	for _, body := range []string{
		``, ` `, `null`, `[]`, `"x"`, `{`, `{"model"`, `{"model":`, `{"model":}`, `{"model":"a"`, `{"model":"a",}`,
		`{"model":"a"}x`, `{"model":"a"} {}`, `{"model" "a"}`, `{model:"a"}`, `{"a":[}`, `{"a":{]}`, `{"a":[1,2}`,
		`{"a":"unclosed}`, `{"a":tru}`, `{"a":01}`, `{"a":1 2}`, `{,}`, `{"model":"a","model":"b"}`,
		`{"model":"a","\u006dodel":"b"}`, "{\"a\":" + strings.Repeat("[", maxDepth+1),
	} {
		if spans, err := Find([]byte(body), "model"); err == nil {
			t.Errorf("%.40q was taken: %v", body, spans)
		}
	}
}

func TestReplaceKeepsEveryOtherByte(t *testing.T) {
	body := []byte("{\"n\":1.0, \"model\" :\t\"a\",\"big\":12345678901234567890}\n")
	spans, err := Find(body, "model")
	if err != nil {
		t.Fatal(err)
	}
	s := Replace(body, spans[0], []byte(`"longer/name"`))
	want := "{\"n\":1.0, \"model\" :\t\"longer/name\",\"big\":12345678901234567890}\n"
	if got := string(s.Bytes()); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := iotest.TestReader(s.Reader(), []byte(want)); err != nil {
		t.Error(err)
	}
	read, err := io.ReadAll(s.Reader())
	if err != nil || string(read) != want || s.Len() != int64(len(want)) {
		t.Errorf("reader gives %q, %v, length %d", read, err, s.Len())
	}
}

// FuzzFind holds the scan to encoding/json: whatever that accepts as an object is accepted here with the same value, and
// a body in which the value is replaced stays valid.
func FuzzFind(f *testing.F) {
	for _, s := range []string{
		`{"model":"a","x":[{"y":"\\\""}]}`, `{"mod\u0065l":1}`, `{"a":{"model":2}}`, `[]`, `{"a":1,}`,
		"{\"\\ud800\":1,\"model\":\"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var ref map[string]json.RawMessage
		valid := json.Unmarshal(body, &ref) == nil && ref != nil
		spans, err := Find(body, "model")
		if !valid {
			return // the skeleton may pass where nested values would not; it must only not panic
		}
		if err != nil {
			if strings.Contains(err.Error(), "a second member") {
				return
			}
			t.Fatalf("%q is valid but was refused: %v", body, err)
		}
		if got, want := spans[0].Of(body), ref["model"]; !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want)) {
			t.Fatalf("%q: found %q, want %q", body, got, want)
		}
		if spans[0].Found() && !json.Valid(Replace(body, spans[0], []byte(`"z"`)).Bytes()) {
			t.Fatalf("%q: not valid after the replacement", body)
		}
	})
}

// TestGlance: with the members before, behind and around a large middle, and with whatever stands at the windows' edges.
func TestGlance(t *testing.T) {
	middle := `"messages":[` + strings.Repeat(`{"role":"user","content":"say \"model\": 5","model":"inner","stream":1},`, 2000) + `{}]`
	for _, c := range []struct{ name, body, model, stream string }{
		{"both before", `{"model":"a","stream":true,` + middle + `}`, `"a"`, `true`},
		{"both behind", `{` + middle + `,"model":"a","stream":true}` + "\n", `"a"`, `true`},
		{"one each", `{"model":"a",` + middle + `,"stream":false,"n":1}`, `"a"`, `false`},
		{"none", `{` + middle + `,"x":{"model":"no","stream":true}}`, ``, ``},
		{"nested behind", `{"model":"a",` + middle + `,"tools":[{"model":"no"},{"p":{"stream":true}}]}`, `"a"`, ``},
		{"as a value", `{"model":"a",` + middle + `,"enum":["model","stream"],"stream":true}`, `"a"`, `true`},
	} {
		spans, err := Glance([]byte(c.body), "model", "stream")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for i, want := range []string{c.model, c.stream} {
			if got := string(spans[i].Of([]byte(c.body))); got != want {
				t.Errorf("%s: %q, want %q", c.name, got, want)
			}
		}
	}
	for name, body := range map[string]string{
		"twice, before":     `{"model":"a","model":"b",` + middle + `}`,
		"twice, either end": `{"model":"a",` + middle + `,"model":"b"}`,
		"twice, behind":     `{` + middle + `,"model":"a","model":"b"}`,
		"cut":               `{"model":"a",` + middle,
		"broken before":     `{"model":"a",,` + middle + `}`,
		"no object":         `[{"model":"a",` + middle + `}]`,
	} {
		if spans, err := Glance([]byte(body), "model", "stream"); err == nil {
			t.Errorf("%s was taken: %v", name, spans)
		}
	}
	pad := glanceHead - 40
	for shift := range 80 { // the window's edge falls on every byte of these members
		body := `{"pad":"` + strings.Repeat("x", pad-shift) + `","n":-12.5e+3,"t":true,"model":"a/b","s":"\"","z":null,` + middle + `}`
		spans, err := Glance([]byte(body), "model")
		if err != nil {
			t.Fatalf("shift %d: %v", shift, err)
		}
		if got := string(spans[0].Of([]byte(body))); got != `"a/b"` && got != "" {
			t.Fatalf("shift %d: %q", shift, got)
		}
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"a/b", "\"", "\\", "\n", "é<b>&", "\x00\x7f", "\xff", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := String(s)
		var back string
		if err := json.Unmarshal(text, &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && !strings.Contains(back, "\ufffd") {
			t.Fatalf("%q gave %s, which reads as %q, %v", s, text, back, err)
		}
		if Simple(text) && string(text[1:len(text)-1]) != s {
			t.Fatalf("%s is not simple", text)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	for _, size := range []int{1 << 10, 120 << 10, 1 << 20, 10 << 20} {
		body := agentBody(size)
		b.Run(fmt.Sprintf("glance/%dKB", size>>10), func(b *testing.B) {
			for b.Loop() {
				if _, err := Glance(body, "model", "stream"); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := Find(body, "model", "stream"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// agentBody looks like what a coding agent sends: a fifth of tool schemas, the rest messages of a few kilobytes of code.
func agentBody(size int) []byte {
	const tool = `{"type":"function","function":{"name":"read_file","description":"Reads a file and gives its text with line numbers.","parameters":{"type":"object","properties":{"path":{"type":"string","description":"The file's path"},"offset":{"type":"integer"}},"required":["path"]}}},`
	const line = `\tif err := run(ctx, \"build\", args...); err != nil {\n\t\treturn fmt.Errorf(\"build %s: %w\", name, err)\n\t}\n\t// keep what the user asked for, whatever the default says\n\tresult.Options = merge(defaults, options)\n`
	body := []byte(`{"model":"openai/gpt","stream":true,"tools":[`)
	for len(body) < size/5 {
		body = append(body, tool...)
	}
	body = append(body[:len(body)-1], `],"messages":[`...)
	for len(body) < size {
		body = append(body, `{"role":"user","content":"`...)
		body = append(body, strings.Repeat(line, 12)...)
		body = append(body, `"},`...)
	}
	return append(body[:len(body)-1], `]}`...)
}
