package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/chat"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// script answers with events of the test's, each at its own time.
type script struct {
	events []llm.Event
	steps  func()
	err    error
	result chat.Result
	asked  []*llm.Request
}

func (s *script) Stream(_ context.Context, req *llm.Request) (*chat.Answer, error) {
	s.asked = append(s.asked, req)
	if s.err != nil {
		return &chat.Answer{Result: func() chat.Result { return s.result }}, s.err
	}
	return &chat.Answer{
		Events: func(yield func(llm.Event, error) bool) {
			for _, e := range s.events {
				if s.steps != nil {
					s.steps()
				}
				if !yield(e, nil) {
					return
				}
			}
		},
		Result: func() chat.Result { return s.result },
	}, nil
}

// scripted is Chats over a script.
type scripted struct {
	*chat.Chats
	t   *testing.T
	sub *event.Subscription
	id  string
}

func openScript(t *testing.T, s *script, opts chat.Options) *scripted {
	t.Helper()
	db, err := store.Open(filepath.Join(t.TempDir(), "gatehouse.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opts.Broker = &event.Broker{}
	sub := opts.Broker.Subscribe(1000)
	t.Cleanup(sub.Close)
	chats, err := chat.Open(db, s, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(chats.Close(context.Background()), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return &scripted{Chats: chats, t: t, sub: sub}
}

// ask sends a text and gives the answer as it is kept, with each state of it that was told on the way.
func (c *scripted) ask(model string, files ...chat.NewFile) (turn chat.Turn, along []chat.Turn) {
	c.t.Helper()
	d, err := c.Send(c.id, model, "hello", files...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.id = d.Conversation.ID
	for {
		e, err := c.sub.Next(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		change, ok := e.Data.(chat.TurnChange)
		if !ok || change.Turn.Role != chat.RoleAssistant {
			continue
		}
		along = append(along, change.Turn)
		if change.Turn.State != chat.StateStreaming {
			last := len(d.Turns) - 1
			got, err := c.Get(c.id, last)
			if err != nil || got.First != last || len(got.Turns) != 1 {
				c.t.Fatalf("%+v, %v", got, err)
			}
			return got.Turns[0], along
		}
	}
}

// told runs a script once.
func told(t *testing.T, s *script, opts chat.Options) (chat.Turn, []chat.Turn) {
	t.Helper()
	return openScript(t, s, opts).ask("m")
}

func answer(parts ...llm.Event) []llm.Event {
	return append(append([]llm.Event{llm.MessageStart{}}, parts...), llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishStop}})
}

func opaque(d llm.Dialect, raw string) llm.Opaque {
	return llm.Opaque{Dialect: d, Raw: json.RawMessage(raw)}
}

func TestToolCallsAreShown(t *testing.T) {
	for name, c := range map[string]struct {
		parts []llm.Event
		want  []chat.ToolCall
	}{
		"a call of the model's": {[]llm.Event{
			llm.PartStart{Index: 0, Part: llm.ToolCall{ID: "c1", Name: "weather"}},
			llm.PartDelta{Index: 0, Input: `{"city":`},
			llm.PartDelta{Index: 0, Input: `"Rome"}`},
			llm.PartEnd{Index: 0},
		}, []chat.ToolCall{{ID: "c1", Name: "weather", Arguments: `{"city":"Rome"}`}}},
		"a call with its result": {[]llm.Event{
			llm.PartStart{Index: 0, Part: llm.ToolCall{ID: "c1", Name: "sum", Input: json.RawMessage(`{"a":1}`), ByProvider: true}},
			llm.PartEnd{Index: 0},
			llm.PartStart{Index: 1, Part: llm.ToolResult{CallID: "c1", Parts: []llm.Part{llm.Text{Text: "no"}}, IsError: true}},
			llm.PartEnd{Index: 1},
		}, []chat.ToolCall{{ID: "c1", Name: "sum", Arguments: `{"a":1}`, Result: "no", Failed: true}}},
		"Anthropic's own": {[]llm.Event{
			llm.PartStart{Index: 0, Part: opaque(llm.Messages, `{"type":"server_tool_use","id":"s1","name":"web_search","input":{}}`)},
			llm.OpaqueEvent{Opaque: opaque(llm.Messages,
				`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"x\"}"}}`)},
			llm.PartEnd{Index: 0},
			llm.PartStart{Index: 1, Part: opaque(llm.Messages,
				`{"type":"web_search_tool_result","tool_use_id":"s1","content":[{"url":"https://example.com"}]}`)},
			llm.PartEnd{Index: 1},
		}, []chat.ToolCall{{ID: "s1", Name: "web_search", Arguments: `{"query":"x"}`, Result: `[{"url":"https://example.com"}]`}}},
		"OpenAI's own": {[]llm.Event{
			llm.PartStart{Index: 0, Part: opaque(llm.Responses,
				`{"type":"web_search_call","id":"ws1","status":"completed","action":{"type":"search","query":"x"}}`)},
			llm.PartEnd{Index: 0},
			llm.PartStart{Index: 1, Part: opaque(llm.Responses,
				`{"type":"mcp_call","id":"m1","name":"roll","arguments":"{\"sides\":6}","output":"4","error":null}`)},
			llm.PartEnd{Index: 1},
		}, []chat.ToolCall{
			{ID: "ws1", Name: "web_search", Arguments: `{"type":"search","query":"x"}`},
			{ID: "m1", Name: "roll", Arguments: `{"sides":6}`, Result: "4"},
		}},
		"something else": {[]llm.Event{
			llm.PartStart{Index: 0, Part: opaque(llm.Messages, `{"type":"container_upload"}`)},
			llm.PartEnd{Index: 0},
			llm.PartStart{Index: 1, Part: opaque(llm.Messages, `not JSON`)},
			llm.PartEnd{Index: 1},
		}, []chat.ToolCall{}},
	} {
		text := []llm.Event{llm.PartStart{Index: 2, Part: llm.Text{}}, llm.PartDelta{Index: 2, Text: "done"}, llm.PartEnd{Index: 2}}
		if len(c.want) == 1 && !c.want[0].Failed && c.want[0].Result == "" {
			for i := range text { // it is the second part there
				switch e := text[i].(type) {
				case llm.PartStart:
					text[i] = llm.PartStart{Index: 1, Part: e.Part}
				case llm.PartDelta:
					text[i] = llm.PartDelta{Index: 1, Text: e.Text}
				case llm.PartEnd:
					text[i] = llm.PartEnd{Index: 1}
				}
			}
		}
		s := &script{events: answer(append(c.parts, text...)...)}
		chats := openScript(t, s, chat.Options{})
		turn, along := chats.ask("m")
		if turn.State != chat.StateDone || turn.Text != "done" || !reflect.DeepEqual(turn.Tools, c.want) {
			t.Errorf("%s: %+v", name, turn)
		}
		if len(c.want) > 0 && len(along[1].Tools) == 0 {
			t.Errorf("%s: the call was not told before the answer's end: %+v", name, along)
		}
		if len(along[0].Tools) != 0 {
			t.Errorf("%s: what was told at first has changed since: %+v", name, along[0])
		}
		// A call means nothing to a model without its declaration.
		chats.ask("m")
		if parts := s.asked[1].Messages[1].Parts; !reflect.DeepEqual(parts, []llm.Part{llm.Text{Text: "done"}}) {
			t.Errorf("%s: sent back %+v", name, parts)
		}
	}
}

func TestLongToolTextsAreBounded(t *testing.T) {
	long := strings.Repeat("ä", 100_000)
	turn, _ := told(t, &script{events: answer(
		llm.PartStart{Index: 0, Part: llm.ToolCall{ID: "c", Name: "n"}}, llm.PartDelta{Index: 0, Input: long}, llm.PartEnd{Index: 0},
		llm.PartStart{Index: 1, Part: llm.ToolResult{CallID: "c", Parts: []llm.Part{llm.Text{Text: long}}}}, llm.PartEnd{Index: 1},
	)}, chat.Options{})
	if c := turn.Tools[0]; len(c.Arguments) > 64<<10+3 || len(c.Result) > 64<<10+3 || !strings.HasSuffix(c.Result, "ä…") {
		t.Errorf("kept %d and %d bytes", len(c.Arguments), len(c.Result))
	}
}

func TestReasoningIsTimed(t *testing.T) {
	var seconds atomic.Int64
	clock := func() time.Time { return time.Unix(seconds.Load(), 0) }
	s := &script{steps: func() { seconds.Add(1) }, events: answer(
		llm.PartStart{Index: 0, Part: llm.Reasoning{}},       // at 2 s
		llm.PartDelta{Index: 0, Text: "hm"},                  // 3
		llm.PartEnd{Index: 0},                                // 4
		llm.PartStart{Index: 1, Part: llm.Text{}},            // 5
		llm.PartDelta{Index: 1, Text: "so"},                  // 6
		llm.PartEnd{Index: 1},                                // 7
		llm.PartStart{Index: 2, Part: llm.Reasoning{}},       // 8
		llm.PartDelta{Index: 2, Text: "or"},                  // 9
		llm.PartEnd{Index: 2},                                // 10
		llm.PartStart{Index: 3, Part: llm.ToolCall{ID: "c"}}, // 11
		llm.PartEnd{Index: 3},                                // 12
	)}
	never := func(time.Duration) <-chan time.Time { return make(chan time.Time) }
	turn, along := told(t, s, chat.Options{Now: clock, After: never})
	if turn.ReasoningMs == nil || *turn.ReasoningMs != 7000 {
		t.Errorf("reasoned for %v", turn.ReasoningMs)
	}
	if along[0].ReasoningMs != nil {
		t.Error("it reasoned before it began")
	}
	plain, _ := told(t, &script{events: answer()}, chat.Options{})
	if plain.ReasoningMs != nil {
		t.Errorf("an answer without reasoning reasoned for %d ms", *plain.ReasoningMs)
	}
}

func TestTheRouteIsKept(t *testing.T) {
	tried := []chat.Attempt{{Provider: "a", Model: "a/m", Outcome: "error", Status: 429, DurationMs: 3}, {Provider: "b", Model: "b/m", Outcome: "ok", Status: 200}}
	result := chat.Result{Request: "req_1", Attempts: tried}
	done, _ := told(t, &script{events: answer(), result: result}, chat.Options{})
	if done.Request != "req_1" || !reflect.DeepEqual(done.Attempts, tried) {
		t.Errorf("an answer: %+v", done)
	}
	refused := &script{err: llm.Errorf(llm.ErrOverloaded, "nobody answers"), result: result}
	failed, _ := told(t, refused, chat.Options{})
	if failed.State != chat.StateFailed || failed.Request != "req_1" || !reflect.DeepEqual(failed.Attempts, tried) {
		t.Errorf("a failure: %+v", failed)
	}
}

func TestDefaultsHoldUntilAConversationHasItsOwn(t *testing.T) {
	s := &script{events: answer()}
	chats := openScript(t, s, chat.Options{Defaults: func(model string) chat.Defaults {
		if model == "poet" {
			return chat.Defaults{System: "rhyme", Temperature: new(1.5)}
		}
		return chat.Defaults{}
	}})
	asked := func(model string) *llm.Request {
		chats.ask(model)
		return s.asked[len(s.asked)-1]
	}
	if req := asked("poet"); *req.Temperature != 1.5 || req.Messages[0].Role != llm.RoleSystem {
		t.Errorf("the model's defaults: %+v", req)
	}
	if c, err := chats.Configure(chats.id, "plainly", nil); err != nil || !c.Configured {
		t.Fatalf("%+v, %v", c, err)
	}
	if req := asked("poet"); req.Temperature != nil || req.Messages[0].Parts[0].(llm.Text).Text != "plainly" {
		t.Errorf("the conversation's own: %+v", req)
	}
	if c, err := chats.Unconfigure(chats.id); err != nil || c.Configured {
		t.Fatalf("%+v, %v", c, err)
	}
	if req := asked("clerk"); req.Temperature != nil || req.Messages[0].Role == llm.RoleSystem {
		t.Errorf("another model's defaults: %+v", req)
	}
}

func TestImportKeepsWhatWasSaid(t *testing.T) {
	f := newFixture(t)
	f.flow()
	c, err := f.chats.Import("An old one", "echo", []chat.Turn{
		{Role: chat.RoleUser, Text: "ask"}, {Role: chat.RoleAssistant, Text: "say", Reasoning: "hm", Model: "sim/echo"},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := f.get(c.ID)
	if len(d.Turns) != 2 || d.Turns[1].Text != "say" || d.Turns[1].Reasoning != "hm" || d.Turns[1].State != chat.StateDone ||
		d.Conversation.Title != "An old one" {
		t.Fatalf("%+v", d)
	}
	f.send(c.ID, "", "on")
	f.ended()
	if !strings.Contains(f.streamer.sent[0], `"say"`) || len(f.get(c.ID).Turns) != 4 {
		t.Errorf("it does not go on: %s", f.streamer.sent[0])
	}
	if _, err := f.chats.Import("", "m", []chat.Turn{{Role: "system"}}); kindOf(err) != llm.ErrBadRequest {
		t.Errorf("an unknown role: %v", err)
	}
}
