package blocks_test

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gatehouse/backend/protocol/blocks"
)

var seed = maphash.MakeSeed()

func read(t testing.TB, body string) blocks.Prompt {
	t.Helper()
	p, ok := blocks.Read(seed, nil, []byte(body))
	if !ok {
		t.Fatalf("%s can't be read", body)
	}
	return p
}

// shape gives the blocks' places.
func shape(p blocks.Prompt) string {
	var out []string
	for _, b := range p.Blocks {
		out = append(out, fmt.Sprintf("%s%d", b.Part, b.Number))
	}
	return strings.Join(out, " ")
}

// dialects are one conversation in each dialect: two tools, a system prompt, and three messages.
var dialects = map[string]struct{ body, shape string }{
	"chat":      {`{"model":"m","messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hello"},{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"a","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"done"}],"tools":[{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]}`, "tools1 tools2 system0 user2 assistant3 tool4"},
	"messages":  {`{"model":"m","system":[{"type":"text","text":"be brief","cache_control":{"type":"ephemeral"}}],"tools":[{"name":"a"},{"name":"b"}],"messages":[{"role":"user","content":"hello"},{"role":"assistant","content":[{"type":"text","text":"so"},{"type":"tool_use","id":"1","name":"a","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"done"}]}]}`, "tools1 tools2 system0 user1 assistant2 assistant2 user3"},
	"responses": {`{"instructions":"be brief","input":[{"role":"user","content":[{"type":"input_text","text":"hello"}]},{"type":"function_call","call_id":"1","name":"a","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":"done"}],"tools":[{"type":"function","name":"a"},{"type":"function","name":"b"}]}`, "tools1 tools2 system0 user1 assistant2 tool3"},
	"gemini":    {`{"systemInstruction":{"parts":[{"text":"be brief"}]},"tools":[{"functionDeclarations":[{"name":"a"}]},{"googleSearch":{}}],"contents":[{"role":"user","parts":[{"text":"hello"}]},{"role":"model","parts":[{"functionCall":{"name":"a"}}]},{"role":"user","parts":[{"functionResponse":{"name":"a"}}]}]}`, "tools1 tools2 system0 user1 assistant2 user3"},
	"aisdk":     {`{"prompt":[{"role":"system","content":"be brief"},{"role":"user","content":[{"type":"text","text":"hello"}]},{"role":"assistant","content":[{"type":"tool-call","toolCallId":"1","toolName":"a","input":{}}]},{"role":"tool","content":[{"type":"tool-result","toolCallId":"1","output":"done"}]}],"tools":[{"type":"function","name":"a"},{"type":"function","name":"b"}]}`, "tools1 tools2 system0 user2 assistant3 tool4"},
	"ollama":    {`{"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hello"},{"role":"assistant","content":"","tool_calls":[{"function":{"name":"a"}}]},{"role":"tool","tool_name":"a","content":"done"}],"tools":[{"function":{"name":"a"}},{"function":{"name":"b"}}]}`, "tools1 tools2 system0 user2 assistant3 tool4"},
}

func TestDialects(t *testing.T) {
	for name, c := range dialects {
		p := read(t, c.body)
		if got := shape(p); got != c.shape || p.First == 0 || p.Continues || p.Messages < 3 {
			t.Errorf("%s: %s, %+v", name, got, p)
		}
		// Any change changes its own block alone.
		for word, part := range map[string]string{"be brief": "system", "hello": "user", "done": ""} {
			if !strings.Contains(c.body, word) {
				continue
			}
			other := read(t, strings.Replace(c.body, word, word+"!", 1))
			differ := 0
			for i, b := range p.Blocks {
				if other.Blocks[i].Hash != b.Hash {
					differ++
					if part != "" && b.Part.String() != part {
						t.Errorf("%s: %q changes %s%d", name, word, b.Part, b.Number)
					}
				}
			}
			if differ != 1 || len(other.Blocks) != len(p.Blocks) || (word == "hello") == (other.First == p.First) {
				t.Errorf("%s: %q changes %d blocks", name, word, differ)
			}
		}
	}
}

// TestSame: what providers' caches don't see is not seen.
func TestSame(t *testing.T) {
	const plain = `{"messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"so"}]}`
	for _, other := range []string{
		`{"messages":[{"role":"user","content":[{"type":"text","text":"hello"}]},{"role":"assistant","content":"so"}]}`,
		`{"messages":[{"role":"user","content":[{"type":"text","text":"hello","cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":"so"}]}`,
		` { "stream" : true, "messages" : [ {"content":[{"text":"hello","type":"text"}], "role":"user"}, {"role":"assistant","content":"so","providerOptions":{"anthropic":{"cacheControl":{}}}} ], "temperature": 1 }`,
	} {
		if a, b := read(t, plain), read(t, other); !slices.EqualFunc(a.Blocks, b.Blocks, func(a, b blocks.Block) bool { return a.Hash == b.Hash }) {
			t.Errorf("%s\nis not the same as\n%s", other, plain)
		}
	}
	for _, other := range []string{
		`{"messages":[{"role":"user","content":"hello"},{"role":"user","content":"so"}]}`,
		`{"messages":[{"role":"user","content":"hello","name":"me"},{"role":"assistant","content":"so"}]}`,
		`{"messages":[{"role":"user","content":[{"type":"text","text":"hello","x":1}]},{"role":"assistant","content":"so"}]}`,
	} {
		a, b := read(t, plain), read(t, other)
		if slices.EqualFunc(a.Blocks, b.Blocks, func(a, b blocks.Block) bool { return a.Hash == b.Hash }) {
			t.Errorf("%s\nis the same as\n%s", other, plain)
		}
	}
}

func TestWhatBodiesSay(t *testing.T) {
	p := read(t, `{"metadata":{"user_id":"user_1_account__session_2"},"messages":[{"role":"user","content":"x"}]}`)
	if !strings.Contains(p.Session, "session_2") {
		t.Errorf("the session is %q", p.Session)
	}
	if p := read(t, `{"metadata":{"user_id":"me"},"messages":[{"role":"user","content":"x"}]}`); p.Session != "" {
		t.Errorf("a user is taken for the session %q", p.Session)
	}
	if p := read(t, `{"previous_response_id":"resp_1","input":"x"}`); !p.Continues {
		t.Error("it goes on from nothing")
	}
	if p := read(t, `{"previous_response_id":null,"conversation":null,"input":"x"}`); p.Continues {
		t.Error("null is taken for something")
	}
	before := [][]byte{[]byte(`{"role":"user","content":"x"}`), []byte(`{"type":"function_call","name":"a"}`)}
	p, ok := blocks.Read(seed, before, []byte(`{"previous_response_id":"resp_1","input":"y"}`))
	if !ok || shape(p) != "user1 assistant2 user3" {
		t.Errorf("%v %s", ok, shape(p))
	}
}

func TestNothingToRead(t *testing.T) {
	for _, body := range []string{``, `null`, `[]`, `{}`, `{"messages":[]}`, `{"messages":null}`, `{"messages":[{"role":"user"`, `{"model":"m"}`} {
		if p, ok := blocks.Read(seed, nil, []byte(body)); ok {
			t.Errorf("%q gives %+v", body, p)
		}
	}
	if _, ok := blocks.Read(seed, nil, make([]byte, blocks.MaxBody+1)); ok {
		t.Error("a body that is too large is read")
	}
}

// TestBounded: what is over the number of blocks counts in the last one.
func TestBounded(t *testing.T) {
	message := `{"role":"user","content":"x"}`
	body := `{"messages":[` + strings.Repeat(message+",", 2*blocks.MaxTurns) + message + `]}`
	a, b := read(t, body), read(t, strings.TrimSuffix(body, message+`]}`)+`{"role":"user","content":"y"}]}`)
	last := blocks.MaxTurns - 1
	if len(a.Blocks) != blocks.MaxTurns || a.Blocks[last].Hash == b.Blocks[last].Hash || a.Blocks[last-1] != b.Blocks[last-1] {
		t.Errorf("%d blocks", len(a.Blocks))
	}
}

// TestGoingOn: what goes on from earlier bodies is read as if they had not been there.
func TestGoingOn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	message := func() string {
		role := []string{"user", "assistant", "tool", "system"}[r.IntN(4)]
		return fmt.Sprintf(`{"role":%q,"content":[{"type":"text","text":%q}]}`, role, strings.Repeat(fmt.Sprint("say ", r.Uint32(), " \"} "), r.IntN(600)))
	}
	system, tools := `"system":"be brief",`, `,"tools":[{"name":"a"},{"name":"b"}],"metadata":{"user_id":"session_1"}`
	went := 0
	for round := range 30 {
		first, last := []string{system, ""}[round%2], []string{tools, ""}[round%3%2]
		messages := []string{`{"role":"user","content":"hello"}`}
		if round%4 == 3 {
			prompt := func() string {
				return fmt.Sprintf(`{"role":"system","content":%q}`, strings.Repeat(fmt.Sprint("be ", r.Uint32(), " "), 900))
			}
			messages = []string{prompt(), prompt(), prompt(), messages[0]}
		}
		for range 3 + r.IntN(30) {
			messages = append(messages, message())
		}
		body := func() []byte {
			return []byte(`{"model":"m",` + first + `"messages":[` + strings.Join(messages, ", ") + `]` + last + `}`)
		}
		var earlier []*blocks.Prompt
		for range 6 {
			text := body()
			fresh, ok := blocks.Read(seed, nil, text)
			onward, also := blocks.Read(seed, nil, text, earlier...)
			if !ok || !also {
				t.Fatalf("%s can't be read", text)
			}
			if !slices.Equal(fresh.Blocks, onward.Blocks) || fresh.First != onward.First || fresh.Messages != onward.Messages ||
				fresh.Session != onward.Session || fresh.Marked() != onward.Marked() || fresh.Weight() != onward.Weight() {
				t.Fatalf("round %d: read anew it is %s, going on %s", round, shape(fresh), shape(onward))
			}
			if onward.Marked() && len(earlier) > 0 {
				went++
			}
			earlier = append(earlier, &onward)
			switch n := r.IntN(5); n {
			case 0: // something in the middle is another
				messages[1+r.IntN(min(len(messages)-1, 1+r.IntN(40)))] = message()
			case 1: // it goes back
				messages = messages[:min(4+r.IntN(len(messages)), len(messages))]
			default:
				messages = append(messages, message(), message())
			}
		}
	}
	if went < 50 {
		t.Errorf("%d bodies could go on from others", went)
	}
}

// TestNothingIsTakenForAnother: a body that only looks like an earlier one at the marks is read itself.
func TestNothingIsTakenForAnother(t *testing.T) {
	text := func(word string) []byte {
		one := fmt.Sprintf(`{"role":"user","content":%q}`, word+strings.Repeat(" and so on", 3000))
		return []byte(`{"messages":[` + one + `,` + one + `]}`)
	}
	first, _ := blocks.Read(seed, nil, text("one"))
	if !first.Marked() {
		t.Fatal("there are no marks")
	}
	fresh, _ := blocks.Read(seed, nil, text("two"))
	if got, ok := blocks.Read(seed, nil, text("two"), &first); !ok || !slices.Equal(got.Blocks, fresh.Blocks) {
		t.Errorf("%s", shape(got))
	}
	cut := text("one")
	if got, ok := blocks.Read(seed, nil, cut[:len(cut)-2], &first); ok {
		t.Errorf("what is cut off is read as %s", shape(got))
	}
}

// FuzzRead: nothing panics, and what is read twice is the same.
func FuzzRead(f *testing.F) {
	for _, c := range dialects {
		f.Add([]byte(c.body))
	}
	f.Add([]byte(`{"messages":["a",1,null,{"content":{"parts":[1]}}],"prompt":{"id":"x"},"system":{"a":1}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, ok := blocks.Read(seed, nil, body)
		again, okAgain := blocks.Read(seed, nil, body)
		if ok != okAgain || !slices.Equal(p.Blocks, again.Blocks) {
			t.Fatalf("%q is read in two ways", body)
		}
		if ok && json.Valid(body) && len(p.Blocks) == 0 {
			t.Fatalf("%q gives no blocks", body)
		}
	})
}

// BenchmarkRead is what a request costs more: the whole body is gone through once, after its answer.
func BenchmarkRead(b *testing.B) {
	const line = `\tif err := run(ctx, \"build\", args...); err != nil {\n\t\treturn fmt.Errorf(\"build %s: %w\", name, err)\n\t}\n`
	for _, size := range []int{4 << 10, 100 << 10, 1 << 20} {
		body := []byte(`{"model":"m","messages":[`)
		for len(body) < size {
			body = append(body, `{"role":"user","content":[{"type":"text","text":"`+strings.Repeat(line, 12)+`"}]},`...)
		}
		body = append(body[:len(body)-1], `]}`...)
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := blocks.Read(seed, nil, body); !ok {
					b.Fatal("it can't be read")
				}
			}
		})
		b.Run(fmt.Sprintf("%dKiB/going-on", size>>10), func(b *testing.B) {
			earlier, _ := blocks.Read(seed, nil, body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := blocks.Read(seed, nil, body, &earlier); !ok {
					b.Fatal("it can't be read")
				}
			}
		})
	}
}
