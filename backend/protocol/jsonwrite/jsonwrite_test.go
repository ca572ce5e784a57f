package jsonwrite_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonwrite"
)

type inner struct {
	Name string `json:"name"`
	Left string `json:"left,omitempty"`
	Self *inner `json:"self,omitempty"`
}

type outer struct {
	inner

	Text string
}

type everything struct {
	Text     string            `json:"text"`
	Tag      string            `json:"<tag>&"`
	Skipped  string            `json:"-"`
	Plain    bool              `json:"plain"`
	Number   int64             `json:"number,omitempty"`
	Byte     uint8             `json:"byte"`
	Float    float64           `json:"float"`
	FloatPtr *float64          `json:"float_ptr,omitempty"`
	IntPtr   *int64            `json:"int_ptr"`
	BoolPtr  *bool             `json:"bool_ptr,omitempty"`
	Any      any               `json:"any"`
	NoAny    any               `json:"no_any,omitempty"`
	List     []any             `json:"list"`
	NoList   []inner           `json:"no_list,omitempty"`
	Nil      []inner           `json:"nil"`
	Strings  []string          `json:"strings,omitempty"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	NoRaw    json.RawMessage   `json:"no_raw"`
	Raws     []json.RawMessage `json:"raws"`
	Bytes    []byte            `json:"bytes"`
	Map      map[string]any    `json:"map"`
	Count    llm.Count         `json:"count"`
	When     time.Time         `json:"when"`
	Struct   inner             `json:"struct,omitempty"`
	Outer    outer             `json:"outer"`
	Untagged string
	hidden   int
}

// quoted is left to the library.
type quoted struct {
	Number int `json:"number,string"`
}

type digits struct {
	Digits json.Number `json:"digits"`
	Small  int8        `json:"small"`
	Text   *string     `json:"text,omitempty"`
}

func values() []any {
	raw := json.RawMessage("{ \"a b\" : [1 ,\n\t2.50], \"\\\"c \\\\\" : \" d\\n\" }")
	full := everything{
		Text: "a\"b\\c\n\t\r\b\f\x01<&>\u2028\u2029 世界 🙂 \x80 end", Tag: "t", Plain: true, Number: -5, Byte: 200, Float: 1e-9,
		FloatPtr: new(1e21), IntPtr: new(int64(7)), BoolPtr: new(false), Any: &inner{Name: "x"},
		List:    []any{1, "two", nil, 3.5, inner{Left: "l"}, []string{}, (*inner)(nil), map[string]int{"b": 1, "a": 2}},
		Strings: []string{"a", ""}, Raw: raw, Raws: []json.RawMessage{raw, nil, json.RawMessage("1")}, Bytes: []byte("bytes"),
		Map: map[string]any{"z": raw, "a": "<"}, Count: llm.Tokens(3), When: time.Unix(0, 0).UTC(),
		Struct: inner{Name: "s", Self: &inner{Name: "deep", Self: &inner{}}}, Outer: outer{inner{Name: "in"}, "out"}, hidden: 1,
	}
	return []any{full, &full, everything{}, []any{full}, nil, "s", true, 1.5, uint64(1 << 63), outer{Text: "x"}, &inner{}, raw, [2]int{1, 2}, quoted{5}, digits{"1.50", -3, new("a\n")}}
}

func library(t testing.TB, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestWritesWhatTheLibraryWrites(t *testing.T) {
	for _, v := range values() {
		for range 2 { // the second time by what was kept of the type
			got, err := jsonwrite.Marshal(v, 0)
			if want := library(t, v); err != nil || string(got) != want {
				t.Errorf("%T: %v\n%s\n%s", v, err, got, want)
			}
		}
	}
	if got, err := jsonwrite.Append([]byte("x"), []jsonwrite.Text{[]byte("{ }"), []byte("1")}); err != nil || string(got) != "x[{ },1]" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestRefusesWhatIsNoJSON(t *testing.T) {
	for _, v := range []any{
		json.RawMessage("{"), json.RawMessage(""),
		struct{ R json.RawMessage }{json.RawMessage("1 2")},
		[]any{json.RawMessage("x")},
		func() {},
		map[string]any{"a": json.RawMessage("{")},
	} {
		if got, err := jsonwrite.Marshal(v, 0); err == nil {
			t.Errorf("%#v gave %s", v, got)
		}
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain and long enough", "a\"b\\c\n\t\r\b\f\x01\x1f\x7f<&>", "\u2028\u2029 世界 🙂", "\x80\xff\xe2\x80", "1234567\n1234567\x00", "!!!!!!!\"!!"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := jsonwrite.AppendString(nil, s)
		if want := library(t, s); string(got) != want {
			t.Fatalf("%q: %s, want %s", s, got, want)
		}
	})
}

func FuzzRaw(f *testing.F) {
	for _, s := range []string{"", " { \"a\" : [ 1 , \"\\\" \" ] } ", "[1 2]", `"`, "\" \\\\\" "} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := jsonwrite.Marshal(json.RawMessage(raw), 0)
		if (err == nil) != json.Valid(raw) {
			t.Fatalf("%q: %v", raw, err)
		}
		var want bytes.Buffer
		if err == nil && (json.Compact(&want, raw) != nil || !bytes.Equal(got, want.Bytes())) {
			t.Fatalf("%q: %s, want %s", raw, got, want.Bytes())
		}
	})
}

func BenchmarkAppendString(b *testing.B) {
	s := strings.Repeat("\tif err := run(ctx, \"build\", args...); err != nil {\n\t\treturn fmt.Errorf(\"build %s: %w\", name, err)\n\t}\n\t// 保留用户的选择 what the user asked for\n", 1000)
	dst := make([]byte, 0, 2*len(s))
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		dst = jsonwrite.AppendString(dst[:0], s)
	}
}
