package recall_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/recall"
)

var (
	claude = llm.Origin{Provider: "anthropic", Model: "anthropic/claude"}
	other  = llm.Origin{Provider: "anthropic", Model: "anthropic/other"}
)

func signedThought(text, signature string) llm.Reasoning {
	return llm.Reasoning{Text: text, Signature: signature, Origin: claude}
}

func call(id, input string) llm.ToolCall {
	return llm.ToolCall{ID: id, Name: "f", Input: json.RawMessage(input)}
}

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func open() (*recall.Memory, *clock) {
	c := &clock{now: time.Unix(1_800_000_000, 0)}
	return recall.New(c.Now), c
}

func TestRecall(t *testing.T) {
	one, two, three := signedThought("one", "s1"), signedThought("two", "s2"), signedThought("three", "s3")
	text := llm.Text{Text: "let me look"}
	a, b := call("a", `{"x": 1, "y": [2]}`), call("b", ``)
	signedCall := a
	signedCall.Signature, signedCall.Origin = "gemini", claude
	for _, c := range []struct {
		name                 string
		answer, client, want []llm.Part
	}{
		{"before a call", []llm.Part{one, a}, []llm.Part{a}, []llm.Part{one, a}},
		{"before a text and a call", []llm.Part{one, text, a}, []llm.Part{text, a}, []llm.Part{one, text, a}},
		{"interleaved", []llm.Part{one, text, two, a, three, b}, []llm.Part{text, a, b}, []llm.Part{one, text, two, a, three, b}},
		{"the client leaves the text out", []llm.Part{one, text, two, a}, []llm.Part{a}, []llm.Part{one, two, a}},
		{"behind everything", []llm.Part{text, one}, []llm.Part{text}, []llm.Part{text, one}},
		{"a text only", []llm.Part{one, text}, []llm.Part{llm.Text{Text: "let me look\n"}}, []llm.Part{one, llm.Text{Text: "let me look\n"}}},
		{"plain reasoning in its place", []llm.Part{one, a}, []llm.Part{llm.Reasoning{Text: "one"}, a}, []llm.Part{one, a}},
		{"on the call itself", []llm.Part{signedCall, b}, []llm.Part{a, b}, []llm.Part{signedCall, b}},
		{"input written anew", []llm.Part{one, a, b}, []llm.Part{call("a", `{"y":[2],"x":1}`), call("b", "{}")}, []llm.Part{one, call("a", `{"y":[2],"x":1}`), call("b", "{}")}},
		{"no origin of its own", []llm.Part{llm.Reasoning{Signature: "s"}, a}, []llm.Part{a}, []llm.Part{llm.Reasoning{Signature: "s", Origin: claude}, a}},
		{"the client sends it back", []llm.Part{one, a}, []llm.Part{two, a}, []llm.Part{two, a}},
		{"the client sends a call's signature back", []llm.Part{one, a}, []llm.Part{signedCall}, []llm.Part{signedCall}},
		{"another call's id", []llm.Part{one, a}, []llm.Part{call("z", string(a.Input))}, []llm.Part{call("z", string(a.Input))}},
		{"another input", []llm.Part{one, a}, []llm.Part{call("a", `{"x":2}`)}, []llm.Part{call("a", `{"x":2}`)}},
		{"one call less", []llm.Part{one, a, b}, []llm.Part{a}, []llm.Part{a}},
		{"another text", []llm.Part{one, text}, []llm.Part{llm.Text{Text: "let me see"}}, []llm.Part{llm.Text{Text: "let me see"}}},
		{"nothing to keep", []llm.Part{text, a}, []llm.Part{text, a}, []llm.Part{text, a}},
		{"nothing to know it by", []llm.Part{one}, nil, nil},
	} {
		m, _ := open()
		m.Keep("key", claude, c.answer)
		before := fmt.Sprint(c.client)
		if got := m.Recall("key", claude, c.client); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v", c.name, got)
		}
		if fmt.Sprint(c.client) != before {
			t.Errorf("%s: the client's parts were written to", c.name)
		}
		for name, got := range map[string][]llm.Part{
			"key": m.Recall("other", claude, c.client), "model": m.Recall("key", other, c.client), "caller": m.Recall("", claude, c.client),
		} {
			if !reflect.DeepEqual(got, c.client) {
				t.Errorf("%s: it came back for another %s: %+v", c.name, name, got)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	m, c := open()
	came := func(id string) bool {
		return len(m.Recall("key", claude, []llm.Part{call(id, "")})) == 2
	}
	m.Keep("key", claude, []llm.Part{signedThought("", "s"), call("old", "")})
	c.move(recall.MaxAge - 1)
	if !came("old") {
		t.Error("forgotten too early")
	}
	c.move(recall.MaxAge - 1)
	if !came("old") {
		t.Error("what is used stays")
	}
	c.move(recall.MaxAge)
	if came("old") {
		t.Error("remembered for too long")
	}
	for i := range recall.MaxTurns {
		m.Keep("key", claude, []llm.Part{signedThought("", "s"), call(fmt.Sprint(i), "")})
	}
	if !came("0") {
		t.Error("there is room for all")
	}
	m.Keep("key", claude, []llm.Part{signedThought("", "s"), call("one more", "")})
	if came("1") || !came("0") || !came("one more") {
		t.Error("the one that was used longest ago must go")
	}
	big := strings.Repeat("x", recall.MaxTurn-1000)
	for i := range 9 {
		m.Keep("key", claude, []llm.Part{signedThought(big, "s"), call(fmt.Sprint("big", i), "")})
		m.Keep("key", claude, []llm.Part{signedThought(big, "s"), call(fmt.Sprint("big", i), "")}) // again is not twice
	}
	if came("big0") || !came("big1") || !came("big8") || came("2") {
		t.Error("the bound of size does not hold")
	}
	m.Keep("key", claude, []llm.Part{signedThought(big+big, "s"), call("huge", "")})
	if came("huge") {
		t.Error("a turn that is too large was kept")
	}
}

func TestConcurrent(t *testing.T) {
	m, _ := open()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 200 {
				parts := []llm.Part{signedThought("", fmt.Sprint(g)), call(fmt.Sprint(i%20), "")}
				m.Keep(fmt.Sprint(g), claude, parts)
				got := m.Recall(fmt.Sprint(g), claude, parts[1:])
				if r, ok := got[0].(llm.Reasoning); !ok || r.Signature != fmt.Sprint(g) {
					t.Errorf("%+v", got)
				}
			}
		})
	}
	all.Wait()
}

func FuzzRecall(f *testing.F) {
	f.Add([]byte("rtrcrc"), []byte(`{"a":1}`))
	f.Fuzz(func(t *testing.T, shape, input []byte) {
		var answer, client []llm.Part
		for i, b := range shape[:min(len(shape), 20)] {
			switch b {
			case 'r':
				answer = append(answer, signedThought("", fmt.Sprint(i)))
			case 't':
				answer, client = append(answer, llm.Text{Text: fmt.Sprint(i)}), append(client, llm.Text{Text: fmt.Sprint(i)})
			case 'c':
				c := llm.ToolCall{ID: fmt.Sprint(i), Name: "f", Input: input}
				answer, client = append(answer, c), append(client, c)
			}
		}
		m, _ := open()
		m.Keep("", claude, answer)
		got := m.Recall("", claude, client)
		if _, ok := recall.TurnOf(client); ok && len(got) != len(answer) {
			t.Errorf("%q: %d parts came back of %d", shape, len(got), len(answer))
		}
	})
}
