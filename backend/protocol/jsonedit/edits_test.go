package jsonedit_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"gatehouse/backend/protocol/jsonedit"
)

func TestWithoutLeavesAnObject(t *testing.T) {
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
		got := jsonedit.Apply([]byte(c.body), jsonedit.Without([]byte(c.body), spans[0])...)
		if string(got.Bytes()) != c.want || int(got.Len()) != len(c.want) {
			t.Errorf("%s without %s: %s", c.body, c.name, got.Bytes())
		}
	}
}

func TestWithoutSeveral(t *testing.T) {
	const body = `{ "a":1 , "b" :[2], "c":{"d":3},"e":4}`
	for names, want := range map[string]string{
		"a,b": `{ "c":{"d":3},"e":4}`, "e,c": `{ "a":1 , "b" :[2]}`, "a,e": `{ "b" :[2], "c":{"d":3}}`, "b,e": `{ "a":1 , "c":{"d":3}}`,
		"c,b,a": `{ "e":4}`, "a,b,c,e": `{ }`, "b,c": `{ "a":1 , "e":4}`,
	} {
		spans, err := jsonedit.Find([]byte(body), strings.Split(names, ",")...)
		if err != nil {
			t.Fatal(err)
		}
		if got := jsonedit.Apply([]byte(body), jsonedit.Without([]byte(body), spans...)...).Bytes(); string(got) != want {
			t.Errorf("without %s: %s", names, got)
		}
	}
}

func TestInsert(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":1}`: `{"x":[2],"a":1}`, ` { } `: ` {"x":[2] } `, "\n{\n\"a\":1}": "\n{\"x\":[2],\n\"a\":1}",
	} {
		edit, err := jsonedit.Insert([]byte(body), "x", []byte("[2]"))
		if got := jsonedit.Apply([]byte(body), edit).Bytes(); err != nil || string(got) != want {
			t.Errorf("%s: %s %v", body, got, err)
		}
	}
	for _, body := range []string{"", "[1]", "  "} {
		if _, err := jsonedit.Insert([]byte(body), "x", []byte("2")); err == nil {
			t.Errorf("%q is taken for an object", body)
		}
	}
}

func TestApply(t *testing.T) {
	body := []byte(`{"model":"x","b":2,"c":3}`)
	spans, err := jsonedit.Find(body, "model", "b")
	if err != nil {
		t.Fatal(err)
	}
	got := jsonedit.Apply(body, append(jsonedit.Without(body, spans[1]), jsonedit.Edit{At: spans[0], With: []byte(`"longer"`)})...)
	const want = `{"model":"longer","c":3}`
	for range 2 { // it can be read again
		text, err := io.ReadAll(got.Reader())
		if err != nil || string(text) != want {
			t.Errorf("%s %v", text, err)
		}
	}
}

func FuzzWithout(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":"}\""},"d":[]}`), uint8(1))
	f.Add([]byte(`{ "a" : "x\\" , "b" : null }`), uint8(3))
	f.Add([]byte(`{"a":1,"b":2,"c":3,"d":4}`), uint8(13))
	f.Fuzz(func(t *testing.T, body []byte, which uint8) {
		if !json.Valid(body) {
			return
		}
		var cut []jsonedit.Span
		n, kept := 0, 0
		err := jsonedit.Members(body, func(_ []byte, value jsonedit.Span) error {
			if n < 8 && which>>n&1 == 1 {
				cut = append(cut, value)
			} else {
				kept++
			}
			n++
			return nil
		})
		if err != nil {
			return
		}
		rest := jsonedit.Apply(body, jsonedit.Without(body, cut...)...).Bytes()
		left := 0
		err = jsonedit.Members(rest, func([]byte, jsonedit.Span) error { left++; return nil })
		if !json.Valid(rest) || err != nil || left != kept {
			t.Fatalf("%q without %b: %q", body, which, rest)
		}
		full, err := jsonedit.Insert(rest, "x", []byte("1"))
		if err != nil || !json.Valid(jsonedit.Apply(rest, full).Bytes()) {
			t.Fatalf("%q with a member more: %v", rest, err)
		}
	})
}
