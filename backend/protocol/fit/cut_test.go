package fit_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
)

// answerOf is a text in pieces, between reasoning and a tool call that hold a stop sequence too.
func answerOf(pieces []string, u llm.Usage) []llm.Event {
	out := []llm.Event{
		llm.MessageStart{ID: "m"},
		llm.UsageUpdate{Usage: llm.Usage{Input: llm.Tokens(5), Output: llm.Tokens(1)}},
		llm.PartStart{Index: 0, Part: llm.Reasoning{}},
		llm.PartDelta{Index: 0, Text: "thinking of STOP"},
		llm.PartEnd{Index: 0},
		llm.PartStart{Index: 1, Part: llm.Text{}},
	}
	for _, p := range pieces {
		out = append(out, llm.PartDelta{Index: 1, Text: p})
	}
	return append(out, llm.PartEnd{Index: 1}, llm.PartStart{Index: 2, Part: llm.ToolCall{ID: "c", Name: "f"}},
		llm.PartDelta{Index: 2, Input: `{"a":"STOP"}`}, llm.PartEnd{Index: 2}, llm.UsageUpdate{Usage: u},
		llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishToolCalls}})
}

// cut gives the whole answer and the number of events that were read for it.
func cut(t *testing.T, stops []string, whole bool, events []llm.Event) (fit.Answer, int) {
	t.Helper()
	read := 0
	var out []llm.Event
	for e, err := range llm.Validate(fit.Cut(stops, whole, func(yield func(llm.Event, error) bool) {
		for _, e := range events {
			if read++; !yield(e, nil) {
				return
			}
		}
	})) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return fit.Fold(out), read
}

func TestCut(t *testing.T) {
	usage := llm.Usage{Input: llm.Tokens(5), Output: llm.Tokens(9)}
	for _, c := range []struct {
		name, stops, text string // by spaces
		want, found       string
	}{
		{"none there", "STOP", "one two", "one two", ""},
		{"in one piece", "STOP", "one STOP two", "one ", "STOP"},
		{"at the start", "STOP", "STOP", "", "STOP"},
		{"only begun", "STOP", "one STO", "one STO", ""},
		{"begun twice", "STOP", "one STSTOP", "one ST", "STOP"},
		{"overlapping itself", "aab", "aaab", "a", "aab"},
		{"the one that ends first", "abcd,bc", "xabcd", "xa", "bc"},
		{"the longer of two that end together", "bc,abc", "xabc", "x", "abc"},
		{"wide characters", "終わり", "これで終わり。", "これで", "終わり"},
		{"a line", "\n", "one\ntwo", "one", "\n"},
		{"empty ones count for nothing", ",", "one", "one", ""},
	} {
		stops := strings.Split(c.stops, ",")
		for size := 1; size <= len(c.text)+1; size++ {
			var pieces []string
			for rest := c.text; rest != ""; {
				n := min(size, len(rest))
				for !utf8.ValidString(rest[:n]) {
					n++
				}
				pieces, rest = append(pieces, rest[:n]), rest[n:]
			}
			events := answerOf(pieces, usage)
			for _, whole := range []bool{false, true} {
				got, read := cut(t, stops, whole, events)
				text := got.Parts[1].(llm.Text).Text
				if text != c.want || got.Finish.Sequence != c.found || (got.Finish.Kind == llm.FinishStopSequence) != (c.found != "") {
					t.Errorf("%s in pieces of %d: %q, %+v", c.name, size, text, got.Finish)
				}
				if r := got.Parts[0].(llm.Reasoning); r.Text != "thinking of STOP" {
					t.Errorf("%s: reasoning was cut: %q", c.name, r.Text)
				}
				out, known := got.Usage.Output.Get()
				switch {
				case c.found == "" || whole:
					if out != 9 || read != len(events) {
						t.Errorf("%s, whole %v: usage %+v after %d events", c.name, whole, got.Usage, read)
					}
				case known || got.Usage.Input.Or(0) != 5 || read == len(events):
					t.Errorf("%s: what was not read is not known, but usage is %+v after %d events", c.name, got.Usage, read)
				}
				if (len(got.Parts) == 3) != (c.found == "") {
					t.Errorf("%s: %d parts", c.name, len(got.Parts))
				}
			}
		}
	}
	in := answerOf([]string{"a"}, usage)
	var out []llm.Event
	for e := range fit.Cut(nil, false, fit.Stream(in)) {
		out = append(out, e)
	}
	if !reflect.DeepEqual(in, out) {
		t.Error("without sequences the answer is changed")
	}
}

// TestCutOfOverlappingTexts: what was held back of another text is not lost.
func TestCutOfOverlappingTexts(t *testing.T) {
	got, _ := cut(t, []string{"STOP"}, false, []llm.Event{
		llm.MessageStart{},
		llm.PartStart{Index: 0, Part: llm.Text{Text: "on"}},
		llm.PartStart{Index: 1, Part: llm.Text{}},
		llm.PartDelta{Index: 0, Text: "e ST"},
		llm.PartDelta{Index: 1, Text: "two STOP"},
	})
	if got.Parts[0].(llm.Text).Text != "one ST" || got.Parts[1].(llm.Text).Text != "two " {
		t.Errorf("%+v", got.Parts)
	}
}

// FuzzCut compares with the text as a whole, whose sequence that ends first is looked for byte by byte.
func FuzzCut(f *testing.F) {
	f.Add("one STOP two", "STOP", "TO", uint8(3))
	f.Add("aaab", "aab", "", uint8(1))
	f.Fuzz(func(t *testing.T, text, a, b string, size uint8) {
		want, found := text, false
	search:
		for end := range len(text) + 1 {
			best := -1
			for _, s := range []string{a, b} {
				if s != "" && strings.HasSuffix(text[:end], s) && (best < 0 || end-len(s) < best) {
					best = end - len(s)
				}
			}
			if best >= 0 {
				want, found = text[:best], true
				break search
			}
		}
		var pieces []string
		for rest := text; rest != ""; {
			n := min(int(size)+1, len(rest))
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		got, _ := cut(t, []string{a, b}, size%2 == 0, answerOf(pieces, llm.Usage{}))
		if text := got.Parts[1].(llm.Text).Text; text != want || (got.Finish.Sequence != "") != found {
			t.Errorf("%q with %q and %q: %q, want %q", text, a, b, text, want)
		}
	})
}
