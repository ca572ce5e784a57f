package jsonedit_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"gatehouse/backend/protocol/jsonedit"
)

func TestMemberLeavesAnObject(t *testing.T) {
	for _, c := range []struct{ body, name, want string }{
		{`{"a":1,"b":2,"c":3}`, "a", `{"b":2,"c":3}`},
		{`{"a":1,"b":2,"c":3}`, "b", `{"a":1,"c":3}`},
		{`{"a":1,"b":2,"c":3}`, "c", `{"a":1,"b":2}`},
		{`{ "a" : 1 }`, "a", `{  }`},
		{"{\n  \"a\": {\"x\": [1]},\n  \"b\": 2\n}", "a", "{\n  \"b\": 2\n}"},
		{"{\n  \"a\": 1,\n  \"b\": 2\n}", "b", "{\n  \"a\": 1\n}"},
		{`{"\"a":1,"b\\":2}`, `b\`, `{"\"a":1}`},
	} {
		spans, err := jsonedit.Find([]byte(c.body), c.name)
		if err != nil || !spans[0].Found() {
			t.Fatalf("%s: %v %v", c.body, spans, err)
		}
		got := jsonedit.Apply([]byte(c.body), jsonedit.Edit{At: jsonedit.Member([]byte(c.body), spans[0])})
		if string(got.Bytes()) != c.want || int(got.Len()) != len(c.want) {
			t.Errorf("%s without %s: %s", c.body, c.name, got.Bytes())
		}
	}
}

func TestApply(t *testing.T) {
	body := []byte(`{"model":"x","b":2,"c":3}`)
	spans, err := jsonedit.Find(body, "model", "b")
	if err != nil {
		t.Fatal(err)
	}
	got := jsonedit.Apply(body, jsonedit.Edit{At: jsonedit.Member(body, spans[1])}, jsonedit.Edit{At: spans[0], With: []byte(`"longer"`)})
	const want = `{"model":"longer","c":3}`
	for range 2 { // it can be read again
		text, err := io.ReadAll(got.Reader())
		if err != nil || string(text) != want {
			t.Errorf("%s %v", text, err)
		}
	}
}

func FuzzMember(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":"}\""},"d":[]}`))
	f.Add([]byte(`{ "a" : "x\\" , "b" : null }`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if !json.Valid(body) {
			return
		}
		var first string
		var at jsonedit.Span
		err := jsonedit.Members(body, func(key []byte, value jsonedit.Span) error {
			if first == "" {
				first, at = string(key), value
			}
			return nil
		})
		if err != nil || !at.Found() {
			return
		}
		rest := jsonedit.Apply(body, jsonedit.Edit{At: jsonedit.Member(body, at)}).Bytes()
		if !json.Valid(rest) || len(bytes.TrimSpace(rest)) == 0 {
			t.Fatalf("%q without its first member: %q", body, rest)
		}
	})
}
