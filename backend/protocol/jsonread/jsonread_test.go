package jsonread_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"gatehouse/backend/protocol/jsonread"
)

const sample = `{"a":{"b":[1,{"c":"d\n\u00e9\ud83d\ude42"},null]},"a":2,"\u0061b":true,"e":{},"f":[],"n":-1.5e3,"s":"42","big":9223372036854775807}`

func parse(t testing.TB, text string) jsonread.Value {
	t.Helper()
	v, err := jsonread.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestGet(t *testing.T) {
	v := parse(t, " "+sample+"\n")
	for _, c := range []struct{ path, raw, text string }{
		{"a", `{"b":[1,{"c":"d\n\u00e9\ud83d\ude42"},null]}`, `{"b":[1,{"c":"d\n\u00e9\ud83d\ude42"},null]}`}, // the first
		{"ab", "true", "true"},
		{"e", "{}", "{}"},
		{"n", "-1.5e3", "-1.5e3"},
		{"s", `"42"`, "42"},
		{"a.b.0", "1", "1"},
		{"a.b.9", "", ""},
		{"a.b.x", "", ""},
		{"none", "", ""},
		{"a.none.c", "", ""},
		{"s.t", "", ""},
	} {
		if got := v.Get(c.path); got.Raw() != c.raw || got.String() != c.text || got.Exists() != (c.raw != "") {
			t.Errorf("%s: %q, %q", c.path, got.Raw(), got.String())
		}
	}
	list := v.Get("a.b")
	if got := list.At(1).Get("c").Str(); got != "d\né🙂" {
		t.Errorf("the string in the list is %q", got)
	}
	if items := list.Array(); len(items) != 3 || items[0].Int() != 1 || items[2].Exists() != true || items[2].Type() != jsonread.Null {
		t.Errorf("the list has %v", items)
	}
	if list.At(3).Exists() || v.At(0).Exists() || len(v.Get("f").Array()) != 0 || len(v.Get("s").Array()) != 1 {
		t.Error("there are items where none are")
	}
	if v.Get("n").Int() != -1500 || v.Get("s").Int() != 42 || v.Get("big").Int() != 1<<63-1 || v.Get("n").Float() != -1500 {
		t.Error("numbers are read wrong")
	}
	var names []string
	v.ForEach(func(name, _ jsonread.Value) bool { names = append(names, name.Str()); return name.Str() != "e" })
	if got := strings.Join(names, " "); got != "a a ab e" {
		t.Errorf("the members are %s", got)
	}
}

func TestErrorsSayWhere(t *testing.T) {
	for _, c := range []struct {
		text, message string
		offset        int
	}{
		{"", "the JSON ends where a value was expected", 0},
		{`{"a":1,}`, "'}' where a member's name was expected", 7},
		{`{"a" 1}`, "'1' where ':' was expected", 5},
		{`[1 2]`, "'2' where ',' or the end of the object or list was expected", 3},
		{`[1}`, "'}' where ',' or the end of the object or list was expected", 2},
		{`"a`, "a string without its end", 0},
		{`"a\x"`, "an unknown escape", 2},
		{"\"a\n\"", "a control character in a string", 2},
		{`01`, "'0' where a value was expected", 0},
		{`{} x`, "something stands behind the JSON value", 3},
		{strings.Repeat("[", 10001), "the JSON is nested too deeply", 10000},
	} {
		_, err := jsonread.ParseString(c.text)
		e, ok := errors.AsType[*jsonread.Error](err)
		if !ok || e.Message != c.message || e.Offset != c.offset {
			t.Errorf("%.20q: %v", c.text, err)
		}
		if jsonread.Of(c.text).Exists() {
			t.Errorf("%.20q has a value", c.text)
		}
	}
}

func TestParserIsUsedAgain(t *testing.T) {
	var p jsonread.Parser
	first, err := p.Parse([]byte(`{"a":"\u0041 first"}`))
	if err != nil {
		t.Fatal(err)
	}
	kept := first.Get("a").Str()
	if second, err := p.Parse([]byte(`["other"]`)); err != nil || second.At(0).Str() != "other" || kept != "A first" {
		t.Errorf("%v, kept %q", err, kept)
	}
}

// plainValue makes of a Value what encoding/json makes of its text.
func plainValue(v jsonread.Value) any {
	switch {
	case v.IsObject():
		out := map[string]any{}
		v.ForEach(func(name, value jsonread.Value) bool {
			out[strings.ToValidUTF8(name.Str(), "\ufffd")] = plainValue(value)
			return true
		})
		return out
	case v.IsArray():
		out := []any{}
		for _, item := range v.Array() {
			out = append(out, plainValue(item))
		}
		return out
	}
	switch v.Type() {
	case jsonread.String:
		return v.Str()
	case jsonread.Number:
		return json.Number(v.Raw())
	case jsonread.True, jsonread.False:
		return v.Bool()
	}
	return nil
}

// FuzzParse holds that the package takes what encoding/json takes, and reads the same out of it.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		sample, "", "1", `"a"`, `[[],{}]`, `{"a":1,}`, `{"a":{"a":[1e5,-0.1]}}`, `"\ud800\ud800\udc00 \udfff"`, "\"\x80\"", `"1234567\n12345678\\\u00e9123456789\ud83d\ude42"`, `[1}`, "-", "nul",
		strings.Repeat("[", 200), `{"12345678":"1234567\"1234567\\"}`, " \t[\r\n1 , 2 ] ",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := jsonread.Parse(text)
		if want := json.Valid(text); (err == nil) != want {
			t.Fatalf("%q: %v, want valid %v", text, err, want)
		}
		if err != nil || !bytes.Equal(bytes.ToValidUTF8(text, nil), text) { // encoding/json alters what is not UTF-8
			return
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := plainValue(v); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q reads as %#v, want %#v", text, got, want)
		}
		if v.Raw() != strings.Trim(string(text), " \t\r\n") {
			t.Fatalf("%q has the text %q", text, v.Raw())
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(`{"list":[` + strings.Repeat(`{"role":"tool","id":"call_1","content":"\tif err := run(ctx, \"build\", args...); err != nil {\n\t\treturn fmt.Errorf(\"build %s: %w\", name, err)\n\t}\n\t// 保留用户的选择 what the user asked for, whatever the default says\n"},`, 4000) + `{}]}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		v, err := jsonread.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		v.Get("list").ForEach(func(_, item jsonread.Value) bool { _ = item.Get("content").Str(); return true })
	}
}
