package fit_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
)

func TestNames(t *testing.T) {
	req := &llm.Request{
		Tools:      []llm.Tool{{Name: "a.b/c"}, {Name: "a_b_c"}, {Name: strings.Repeat("x", 65)}, {Name: "雪"}},
		ToolChoice: &llm.ToolChoice{Mode: llm.ToolNamed, Name: "a.b/c"},
		Messages:   []llm.Message{{Role: llm.RoleAssistant, Parts: []llm.Part{llm.ToolCall{Name: "a b c"}}}},
	}
	// A tool whose own name is what another's would become.
	req.Tools = append(req.Tools, llm.Tool{Name: fit.Plain("a.b/c", fit.MaxName)})
	names, again := fit.NewNames(req), fit.NewNames(req)
	seen := map[string]string{}
	for _, name := range []string{"a.b/c", "a_b_c", strings.Repeat("x", 65), "雪", "a b c", fit.Plain("a.b/c", fit.MaxName)} {
		sent := names.Out(name)
		if len(sent) > fit.MaxName || fit.Plain(sent, fit.MaxName) != sent || names.Back(sent) != name || again.Out(name) != sent || seen[sent] != "" {
			t.Errorf("%q goes out as %q and comes back as %q", name, sent, names.Back(sent))
		}
		seen[sent] = name
	}
	if names.Out("a_b_c") != "a_b_c" || names.Same() || !fit.NewNames(&llm.Request{Tools: []llm.Tool{{Name: "f"}}}).Same() {
		t.Error("names that are fine must stay")
	}
}

// Level, budget, level comes back to the same level.
func TestEffortAndBudget(t *testing.T) {
	for _, limit := range []int64{1000, 4096, 32_000, 128_000, 1 << 62} {
		for _, effort := range fit.Efforts {
			if got := fit.Effort(fit.Budget(effort, limit), limit); got != effort {
				t.Errorf("%s of %d comes back as %s", effort, limit, got)
			}
		}
	}
	for _, c := range []struct{ effort, supported, want string }{
		{"xhigh", "low high max", "high"}, {"minimal", "low high", "low"}, {"medium", "high", "high"}, {"odd", "low", ""}, {"low", "", ""},
	} {
		if got := fit.Nearest(c.effort, strings.Fields(c.supported)); got != c.want {
			t.Errorf("%+v gives %s", c, got)
		}
	}
}

func TestRepair(t *testing.T) {
	said := func(role llm.Role, s string) llm.Message {
		return llm.Message{Role: role, Parts: []llm.Part{llm.Text{Text: s}}}
	}
	call := func(ids ...string) llm.Message {
		m := llm.Message{Role: llm.RoleAssistant}
		for _, id := range ids {
			m.Parts = append(m.Parts, llm.ToolCall{ID: id, Name: "f"})
		}
		return m
	}
	result := func(id, text string) llm.Part {
		return llm.ToolResult{CallID: id, Name: "f", Parts: []llm.Part{llm.Text{Text: text}}}
	}
	missing := func(id string) llm.Part {
		return llm.ToolResult{CallID: id, Name: "f", IsError: true, Parts: []llm.Part{llm.Text{Text: fit.NoResult}}}
	}
	answers := func(p ...llm.Part) llm.Message { return llm.Message{Role: llm.RoleTool, Parts: p} }
	hi := said(llm.RoleUser, "hi")
	for _, c := range []struct {
		name     string
		in, want []llm.Message
		notices  int
	}{
		{"nothing to do", []llm.Message{hi, call("a"), answers(result("a", "1"))}, []llm.Message{hi, call("a"), answers(result("a", "1"))}, 0},
		{"one by one, out of order", []llm.Message{call("a", "b"), answers(result("b", "2")), answers(result("a", "1"))}, []llm.Message{call("a", "b"), answers(result("a", "1"), result("b", "2"))}, 0},
		{"something before the results", []llm.Message{call("a"), hi, answers(result("a", "1"))}, []llm.Message{call("a"), answers(result("a", "1")), hi}, 0},
		{"no result", []llm.Message{call("a", "b"), answers(result("a", "1")), hi}, []llm.Message{call("a", "b"), answers(result("a", "1"), missing("b")), hi}, 1},
		{"no result at the end", []llm.Message{hi, call("a")}, []llm.Message{hi, call("a"), answers(missing("a"))}, 1},
		{"no call", []llm.Message{hi, answers(result("z", "1"))}, []llm.Message{hi, {Role: llm.RoleUser, Parts: []llm.Part{
			llm.Text{Text: "(The result of a tool call that is not part of this conversation:)"}, llm.Text{Text: "1"},
		}}}, 1},
		{"an id used again", []llm.Message{call("a"), answers(result("a", "1")), call("a"), answers(result("a", "2"))}, []llm.Message{call("a"), answers(result("a", "1")), call("a_2"), answers(result("a_2", "2"))}, 0},
		{"an id used twice at once", []llm.Message{call("a", "a"), answers(result("a", "1"), result("a", "2"))}, []llm.Message{call("a", "a_2"), answers(result("a", "1"), result("a_2", "2"))}, 0},
	} {
		before, _ := json.Marshal(c.in)
		got, notices := fit.Repair(c.in, nil)
		if !reflect.DeepEqual(got, c.want) || len(notices) != c.notices {
			t.Errorf("%s: %v\n got %+v\nwant %+v", c.name, notices, got, c.want)
		}
		if after, _ := json.Marshal(c.in); string(after) != string(before) {
			t.Errorf("%s: the caller's messages were written to", c.name)
		}
		again, notices := fit.Repair(got, nil)
		if !reflect.DeepEqual(again, got) || len(notices) > 0 {
			t.Errorf("%s: repaired twice is another: %+v", c.name, again)
		}
	}
}

// A free-form call that a function played comes back as one, however its input is cut.
func TestRestoreFreeform(t *testing.T) {
	req := &llm.Request{Tools: []llm.Tool{{Name: "patch", Freeform: json.RawMessage(`{"type":"text"}`)}}}
	for input, want := range map[string]string{
		`{"input":"a\n\"b\" \u00e9 \ud83d\ude00"}`: `"a\n\"b\" \u00e9 \ud83d\ude00"`,
		` { "input" : "" } `:                       `""`,
		`{"other":1}`:                              `"{\"other\":1}"`,
		`{"input":"cut \u00`:                       `"cut "`,
		``:                                         `""`,
	} {
		for size := 1; size <= len(input)+1; size++ {
			events := []llm.Event{llm.MessageStart{}, llm.PartStart{Part: llm.ToolCall{ID: "x", Name: "patch"}}}
			for rest := input; rest != ""; {
				n := min(size, len(rest))
				events = append(events, llm.PartDelta{Input: rest[:n]})
				rest = rest[n:]
			}
			events = append(events, llm.PartEnd{}, llm.Finish{})
			var out []llm.Event
			for e := range llm.Validate(fit.Restore(req, fit.Stream(events))) {
				out = append(out, e)
			}
			call := fit.Fold(out).Parts[0].(llm.ToolCall)
			if string(call.Input) != want || !call.Freeform {
				t.Fatalf("%s in pieces of %d gives %s", input, size, call.Input)
			}
			var text strings.Builder
			var u fit.Unquote
			for rest := want; rest != ""; {
				n := min(size, len(rest))
				text.WriteString(u.Next(rest[:n]))
				rest = rest[n:]
			}
			var plain string
			if err := json.Unmarshal([]byte(want), &plain); err != nil || text.String() != plain {
				t.Fatalf("%s in pieces of %d reads as %q, not %q", want, size, text.String(), plain)
			}
		}
	}
}

func FuzzUnquote(f *testing.F) {
	f.Add(`"a\n\ud83d\ude00"`, 3)
	f.Fuzz(func(t *testing.T, s string, size int) {
		var want string
		if size < 1 || json.Unmarshal([]byte(s), &want) != nil || !strings.HasPrefix(s, `"`) || strings.ToValidUTF8(s, "") != s {
			return
		}
		var u fit.Unquote
		got := ""
		for rest := s; rest != ""; {
			n := min(size, len(rest))
			got += u.Next(rest[:n])
			rest = rest[n:]
		}
		if got != want {
			t.Errorf("%s in pieces of %d reads as %q, not %q", s, size, got, want)
		}
	})
}

func FuzzCarriers(f *testing.F) {
	f.Add("sig", `{"a":1}`, "id")
	f.Fuzz(func(t *testing.T, signature, opaque, id string) {
		origin := llm.Origin{Provider: "p", Model: "m"}
		r := llm.Reasoning{Signature: signature, Origin: origin}
		if opaque != "" {
			r.Opaque = json.RawMessage(opaque)
		}
		if got := fit.UnpackReasoning(fit.PackReasoning(r, llm.Origin{})); !reflect.DeepEqual(got, r) {
			t.Errorf("%+v comes back as %+v", r, got)
		}
		fit.UnpackReasoning(opaque)
		c := llm.ToolCall{ID: strings.ReplaceAll(id, "\x00", ""), Signature: signature, Origin: origin}
		gotID, gotSignature, gotOrigin, ok := fit.UnpackCall(fit.PackCall(c, llm.Origin{}))
		if signature != "" && (!ok || gotID != c.ID || gotSignature != signature || gotOrigin != origin) {
			t.Errorf("%+v comes back as %q %q", c, gotID, gotSignature)
		}
	})
}

// TestTooLong: the vendors' words for a conversation that is too long, and nothing else that is long.
func TestTooLong(t *testing.T) {
	for message, want := range map[string]bool{
		"prompt is too long: 200001 tokens > 200000 maximum":                                              true,
		"This model's maximum context length is 128000 tokens. However, your messages resulted in 130000": true,
		"The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).":         true,
		"Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context": true,
		"the request exceeds the available context size, try increasing it":                               true,
		"Your input exceeds the context window of this model. Please adjust your input and try again.":    true,
		"Invalid 'input[1].call_id': string too long. Expected a string with maximum length 64":           false,
		"max_tokens: 200000 > 64000, which is the maximum allowed number of output tokens for this model": false,
	} {
		if fit.TooLong(message) != want {
			t.Errorf("%q: %v", message, !want)
		}
	}
}
