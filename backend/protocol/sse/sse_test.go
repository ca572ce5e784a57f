package sse

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func all(t testing.TB, r io.Reader) []Event {
	t.Helper()
	var out []Event
	sr := NewReader(r)
	for {
		e, err := sr.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
}

func ev(name, data string) Event { return Event{name, []byte(data)} }

func TestReader(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []Event
	}{
		{"plain", "data: a\n\ndata: b\n\n", []Event{ev("", "a"), ev("", "b")}},
		{"named", "event: ping\ndata: {}\n\n", []Event{ev("ping", "{}")}},
		{"crlf", "event: x\r\ndata: a\r\n\r\n", []Event{ev("x", "a")}},
		{"cr", "data: a\r\rdata: b\r\r", []Event{ev("", "a"), ev("", "b")}},
		{"no space", "data:a\n\n", []Event{ev("", "a")}},
		{"two spaces keep one", "data:  a\n\n", []Event{ev("", " a")}},
		{"many lines", "data: a\ndata: b\n\n", []Event{ev("", "a\nb")}},
		{"comment and other fields", ": hi\nid: 3\nretry: 5\ndata: a\n\n", []Event{ev("", "a")}},
		{"comment only", ": hi\n\n", nil},
		{"name without data", "event: x\n\ndata: a\n\n", []Event{ev("", "a")}},
		{"empty data", "data:\n\n", []Event{ev("", "")}},
		{"no last blank line", "data: a", []Event{ev("", "a")}},
		{"byte order mark", "\ufeffdata: a\n\n", []Event{ev("", "a")}},
		{"wide runes", "data: héllo 世界\n\n", []Event{ev("", "héllo 世界")}},
		{"blank lines", "\n\n\ndata: a\n\n\n\n", []Event{ev("", "a")}},
		{"empty", "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := all(t, strings.NewReader(c.in)); !same(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := all(t, iotest.OneByteReader(strings.NewReader(c.in))); !same(got, c.want) {
				t.Errorf("byte by byte: got %q, want %q", got, c.want)
			}
		})
	}
}

func same(a, b []Event) bool {
	return slices.EqualFunc(a, b, func(x, y Event) bool { return x.Name == y.Name && bytes.Equal(x.Data, y.Data) })
}

func TestSplitterGivesUpOnAnEndlessEvent(t *testing.T) {
	s := NewSplitter(16)
	s.Write(bytes.Repeat([]byte("x"), 64), func(Event) { t.Error("no event was complete") })
	if !s.Overflowed() {
		t.Error("the limit was not kept")
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("event: a\r\ndata: b\rdata: c\n\n: x\ndata"), 3)
	f.Add([]byte("\xef\xbb\xbfdata: \xff\n\n"), 1)
	f.Fuzz(func(t *testing.T, in []byte, at int) {
		whole := all(t, bytes.NewReader(in))
		at = min(max(at, 0), len(in))
		var split []Event
		s := NewSplitter(0)
		keep := func(e Event) { split = append(split, Event{e.Name, bytes.Clone(e.Data)}) }
		s.Write(in[:at], keep)
		s.Write(in[at:], keep)
		s.Close(keep)
		if len(whole) != len(split) {
			t.Fatalf("%d events whole, %d split at %d", len(whole), len(split), at)
		}
		for i := range whole {
			if whole[i].Name != split[i].Name || !bytes.Equal(whole[i].Data, split[i].Data) {
				t.Fatalf("event %d differs: %q, %q", i, whole[i], split[i])
			}
			if bytes.ContainsAny(whole[i].Data, "\r") || strings.ContainsAny(whole[i].Name, "\r\n") {
				continue
			}
			back := all(t, bytes.NewReader(Append(nil, whole[i].Name, whole[i].Data)))
			if len(back) != 1 || !bytes.Equal(back[0].Data, whole[i].Data) || back[0].Name != whole[i].Name {
				t.Fatalf("%q does not survive writing: %q", whole[i], back)
			}
		}
	})
}
