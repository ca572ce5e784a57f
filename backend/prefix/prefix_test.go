package prefix_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/prefix"
)

type talk struct {
	t   *testing.T
	m   *prefix.Memory
	now time.Time
	n   int
}

func newTalk(t *testing.T) *talk {
	k := &talk{t: t, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	k.m = prefix.New(func() time.Time { return k.now })
	return k
}

// turn is one request, in short: a system prompt, and messages of the user and the assistant in turn.
type turn struct {
	session, model, provider, caller string
	tools, system                    string
	messages                         []string
	usage                            llm.Usage
	idle                             time.Duration
}

func (k *talk) say(q turn) *prefix.Break {
	k.t.Helper()
	var list []string
	for i, m := range q.messages {
		list = append(list, fmt.Sprintf(`{"role":%q,"content":%q}`, []string{"user", "assistant"}[i%2], m))
	}
	body := fmt.Sprintf(`{"tools":[%s],"system":%q,"messages":[%s]}`, q.tools, q.system, strings.Join(list, ","))
	p, ok := k.m.Read(q.caller+q.session, nil, []byte(body))
	if !ok {
		k.t.Fatalf("%s can't be read", body)
	}
	k.n++
	k.now = k.now.Add(q.idle)
	started := k.now
	k.now = k.now.Add(time.Second)
	if q.model == "" {
		q.model = "anthropic/claude"
	}
	if q.provider == "" {
		q.provider = "anthropic"
	}
	_, broke := k.m.Follow(prefix.Turn{
		ID: fmt.Sprint("req_", k.n), Caller: q.caller, Dialect: llm.Messages, Session: q.session, Prompt: p, Provider: q.provider, Model: q.model,
		Usage: q.usage, Started: started, Ended: k.now,
	})
	return broke
}

func spell(b *prefix.Break) string {
	if b == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s%d %d/%d after %s %s", b.Cause, b.Part, b.Number, b.Kept, b.Blocks, strings.TrimPrefix(b.After, "req_"), b.Was))
}

func TestFollow(t *testing.T) {
	m := func(messages ...string) []string { return messages }
	for _, c := range []struct {
		name  string
		turns []turn
		// want is what each turn broke, empty for nothing.
		want []string
	}{
		{"it goes on", []turn{{messages: m("u")}, {messages: m("u", "a", "v")}, {messages: m("u", "a", "v", "b", "w")}}, m("", "", "")},
		{"it is asked again", []turn{{messages: m("u")}, {messages: m("u")}, {messages: m("u", "a", "v")}}, m("", "", "")},
		{
			"a system prompt with the time",
			[]turn{{system: "12:01", messages: m("u")}, {system: "12:02", messages: m("u", "a", "v")}, {system: "12:03", messages: m("u", "a", "v", "b", "w")}},
			m("", "content system0 0/2 after 1", "content system0 0/4 after 2"),
		},
		{
			"a tool more",
			[]turn{{tools: `{"name":"a"}`, system: "s", messages: m("u")}, {tools: `{"name":"a"},{"name":"b"}`, system: "s", messages: m("u", "a", "v")}},
			m("", "content tools2 1/3 after 1"),
		},
		{
			"a message changed",
			[]turn{{system: "s", messages: m("u", "a", "v")}, {system: "s", messages: m("u", "A", "v", "b", "w")}},
			m("", "content assistant2 2/4 after 1"),
		},
		{
			"a message edited and sent again",
			[]turn{{messages: m("u")}, {messages: m("u", "a", "v")}, {messages: m("u", "a", "w")}},
			m("", "", "content user3 3/4 after 2"), // the empty system prompt is a block, too
		},
		{
			"back to an earlier message",
			[]turn{{messages: m("u")}, {messages: m("u", "a", "v")}, {messages: m("u")}, {messages: m("u", "b", "w")}},
			m("", "", "", ""),
		},
		{
			"another model",
			[]turn{{messages: m("u")}, {messages: m("u", "a", "v"), model: "anthropic/other"}, {messages: m("u", "a", "v", "b", "w"), model: "anthropic/other"}},
			m("", "model assistant2 2/2 after 1 anthropic/claude", ""),
		},
		{
			"another provider",
			[]turn{{messages: m("u")}, {messages: m("u", "a", "v"), provider: "gateway"}},
			m("", "provider assistant2 2/2 after 1 anthropic"),
		},
		{
			"one prompt for several models",
			[]turn{{messages: m("u")}, {messages: m("u"), model: "b/b"}, {messages: m("u"), model: "c/c"}, {messages: m("u", "a", "v")}, {messages: m("u", "a", "v"), model: "b/b"}},
			m("", "", "", "", ""),
		},
		{
			"a title beside",
			[]turn{{session: "1", system: "s", messages: m("u")}, {session: "1", system: "make a title", messages: m("u"), model: "a/small"}, {session: "1", system: "s", messages: m("u", "a", "v")}},
			m("", "", ""),
		},
		{
			"a sub-agent within",
			[]turn{{session: "1", system: "s", messages: m("u")}, {session: "1", system: "s", messages: m("find x")}, {session: "1", system: "s", messages: m("find x", "a", "b")}, {session: "1", system: "s", messages: m("u", "a", "v")}},
			m("", "", "", ""),
		},
		{
			"old messages cut off",
			[]turn{{session: "1", system: "s", messages: m("u", "a", "v")}, {session: "1", system: "s", messages: m("v2", "b", "w", "c", "v")}},
			m("", "content user1 1/4 after 1"),
		},
		{
			"other conversations",
			[]turn{{messages: m("u", "a", "v")}, {messages: m("x", "a", "v", "b", "w")}, {caller: "other", messages: m("u", "B", "v", "b", "w")}},
			m("", "", ""),
		},
		{
			"too long ago",
			[]turn{{system: "s", messages: m("u")}, {system: "t", messages: m("u", "a", "v"), idle: 2 * time.Hour}},
			m("", ""),
		},
	} {
		k := newTalk(t)
		for i, q := range c.turns {
			if got := spell(k.say(q)); got != c.want[i] {
				t.Errorf("%s, turn %d: %q, not %q", c.name, i+1, got, c.want[i])
			}
		}
	}
}

func TestTokens(t *testing.T) {
	long, tail := strings.Repeat("long ", 200), strings.Repeat("tail ", 100)
	known := func(input, read, written int64) llm.Usage {
		return llm.Usage{Input: llm.Tokens(input), CacheRead: llm.Tokens(read), CacheWrite5m: llm.Tokens(written), Output: llm.Tokens(1)}
	}
	automatic := func(input, read int64) llm.Usage {
		return llm.Usage{Input: llm.Tokens(input), CacheRead: llm.Tokens(read), Output: llm.Tokens(1)}
	}
	for _, c := range []struct {
		name          string
		first, second turn
		tokens        int64
		estimated     bool
	}{
		{
			"all behind the system prompt",
			turn{system: "a", messages: []string{long}, usage: known(3, 0, 1000)},
			turn{system: "b", messages: []string{long, "x", "y"}, usage: known(3, 0, 1010)},
			997, true, // the system prompt is not there any more
		},
		{
			"a cache that nobody asked for",
			turn{system: "a", messages: []string{long}, usage: known(1000, 0, 0)},
			turn{system: "b", messages: []string{long, "x", "y"}, usage: known(1010, 0, 0)},
			0, true,
		},
		{
			"a cache that only tells what it read",
			turn{system: "s", messages: []string{"u", long, tail}, usage: automatic(1500, 0)},
			turn{system: "s", messages: []string{"u", "short", tail, "x", "y"}, usage: automatic(500, 100)},
			467, true,
		},
		{
			"nothing of it is there any more",
			turn{messages: []string{"u", "a", long}, usage: known(3, 0, 1000)},
			turn{messages: []string{"u", "a", tail}, usage: known(3, 10, 500)},
			0, false,
		},
		{
			"another model reads all",
			turn{messages: []string{long}, usage: known(3, 0, 1000)},
			turn{model: "a/b", messages: []string{long, "x", "y"}, usage: known(3, 0, 1010)},
			1000, false,
		},
		{
			"the cache was gone by itself",
			turn{messages: []string{long}, usage: known(3, 0, 1000)},
			turn{model: "a/b", messages: []string{long, "x", "y"}, usage: known(3, 0, 1010), idle: 10 * time.Minute},
			1000, true,
		},
		{
			"a provider without a word of caches",
			turn{system: "aaaa", messages: []string{long}, usage: llm.Usage{Input: llm.Tokens(1000)}},
			turn{system: "bbbb", messages: []string{long, "x", "y"}},
			994, true,
		},
		{
			"a provider without a word",
			turn{system: "a", messages: []string{long}},
			turn{system: "b", messages: []string{long, "x", "y"}},
			250, true,
		},
	} {
		k := newTalk(t)
		k.say(c.first)
		b := k.say(c.second)
		if b == nil {
			t.Errorf("%s: nothing broke", c.name)
		} else if b.Tokens != c.tokens || b.Estimated != c.estimated {
			t.Errorf("%s: %d tokens, estimated: %v", c.name, b.Tokens, b.Estimated)
		}
	}
}

// TestHeldAllTheSame: what the provider read from its cache tells that nothing broke, though a block differs.
func TestHeldAllTheSame(t *testing.T) {
	used := func(read, written int64) llm.Usage {
		return llm.Usage{Input: llm.Tokens(3), CacheRead: llm.Tokens(read), CacheWrite5m: llm.Tokens(written)}
	}
	automatic := func(input, read int64) llm.Usage {
		return llm.Usage{Input: llm.Tokens(input), CacheRead: llm.Tokens(read)}
	}
	for _, c := range []struct {
		name          string
		first, second llm.Usage
		broke         bool
	}{
		{"all of it", used(200, 1000), used(1200, 40), false},
		{"not all of it", used(200, 1000), used(1199, 40), true},
		{"nothing was in it", used(0, 0), used(0, 0), true},
		{"all but a step", automatic(1100, 0), automatic(100, 1024), false},
		{"half", automatic(1100, 0), automatic(600, 512), true},
		{"not told", llm.Usage{Input: llm.Tokens(1100)}, llm.Usage{Input: llm.Tokens(1200)}, true},
	} {
		k := newTalk(t)
		k.say(turn{system: "build 1", messages: []string{"u"}, usage: c.first})
		b := k.say(turn{system: "build 2", messages: []string{"u", "a", "v"}, usage: c.second})
		if (b != nil) != c.broke {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
}

// TestBounded: however many conversations there are, the latest are remembered, and long ones make room for others.
func TestBounded(t *testing.T) {
	k := newTalk(t)
	const most, mostBlocks = 40, 4000
	k.m.Limit(most, mostBlocks)
	many := make([]string, 301)
	for i := range many {
		many[i] = fmt.Sprint("message ", i)
	}
	for i := range most + 10 {
		many[0] = fmt.Sprint("conversation ", i)
		k.say(turn{system: "s", messages: many, session: ""})
	}
	if b := k.say(turn{system: "t", messages: append(many, "x", "y")}); b == nil {
		t.Error("the latest conversation is forgotten")
	}
	many[0] = "conversation 0"
	if b := k.say(turn{system: "t", messages: append(many, "x", "y")}); b != nil {
		t.Errorf("the first conversation is remembered: %+v", b)
	}
	conversations, blocks := k.m.Size()
	if conversations > most || blocks > mostBlocks || blocks == 0 {
		t.Errorf("%d conversations, %d blocks", conversations, blocks)
	}
	for i := range 3 * prefix.MaxThreads {
		k.say(turn{session: "one", messages: []string{fmt.Sprint("thread ", i)}})
	}
	before := blocks
	if _, blocks = k.m.Size(); blocks > before+2*prefix.MaxThreads {
		t.Errorf("a conversation has %d blocks", blocks-before)
	}
	k.now = k.now.Add(2 * prefix.MaxAge)
	k.say(turn{messages: []string{"late"}})
	if conversations, _ := k.m.Size(); conversations != 1 {
		t.Errorf("%d conversations outlived their age", conversations)
	}
}

// BenchmarkFollow is what comparing costs, beside reading.
func BenchmarkFollow(b *testing.B) {
	m := prefix.New(time.Now)
	var body strings.Builder
	body.WriteString(`{"messages":[{"role":"user","content":"0"}`)
	for i := range 400 {
		fmt.Fprintf(&body, `,{"role":"user","content":"%d"}`, i)
	}
	body.WriteString(`]}`)
	p, ok := m.Read("", nil, []byte(body.String()))
	if !ok {
		b.Fatal("it can't be read")
	}
	b.ReportAllocs()
	for b.Loop() {
		now := time.Now()
		m.Follow(prefix.Turn{ID: "req", Prompt: p, Model: "m", Started: now, Ended: now})
	}
}
