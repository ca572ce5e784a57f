package chat_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/chat"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

func TestSendStreamsAndKeeps(t *testing.T) {
	for _, inMessages := range []bool{false, true} {
		f := newFixture(t)
		f.streamer.messages = inMessages
		f.flow()
		d := f.send("", "think", "why is the sky blue?\nreally")
		if len(d.Turns) != 2 || d.Turns[0].Role != chat.RoleUser || d.Turns[0].Text != "why is the sky blue?\nreally" ||
			d.Turns[1].State != chat.StateStreaming || d.Turns[1].Model != "think" || d.Turns[1].Text != "" ||
			d.Conversation.Title != "why is the sky blue? really" || d.Conversation.Turns != 2 {
			t.Fatalf("%+v", d)
		}
		var began []chat.Turn
		for len(began) < 2 {
			began = append(began, f.next().Data.(chat.TurnChange).Turn)
		}
		if began[0].ID != d.Turns[0].ID || began[1].ID != d.Turns[1].ID {
			t.Errorf("began %+v", began)
		}
		if e := f.next(); e.Type != chat.EventList {
			t.Errorf("then came %v", e)
		}
		turn, deltas := f.ended()
		var text, reasoning string
		for i, d := range deltas {
			if d.Seq != int64(i+1) || d.Turn != turn.ID {
				t.Fatalf("delta %d is %+v", i, d)
			}
			text += d.Text
			reasoning += d.Reasoning
		}
		if !strings.HasPrefix(turn.Text, text) || !strings.HasPrefix(turn.Reasoning, reasoning) || len(deltas) == 0 ||
			turn.Seq != int64(len(deltas)) {
			t.Errorf("deltas %q, %q do not begin the turn %+v", text, reasoning, turn)
		}
		if turn.State != chat.StateDone || !strings.HasSuffix(turn.Text, "really") || turn.Reasoning == "" || turn.Provider != "sim" ||
			turn.Error != "" || *turn.FirstTokenMs != 2 || *turn.DurationMs != 9 || *turn.CostPicoUSD != 0 ||
			*turn.OutputTokens == 0 || *turn.InputTokens == 0 {
			t.Errorf("%+v", turn)
		}
		if kept := f.get(d.Conversation.ID).Turns[1]; kept.Text != turn.Text || kept.Reasoning != turn.Reasoning ||
			kept.State != chat.StateDone || !kept.At.Equal(turn.At) || *kept.OutputTokens != *turn.OutputTokens {
			t.Errorf("kept %+v\nwant %+v", kept, turn)
		}
	}
}

// What a model thought goes back to it with its signature, which the simulator checks, and to no other model.
func TestReasoningGoesBackToItsModel(t *testing.T) {
	f := newFixture(t)
	f.streamer.messages = true
	f.flow()
	id := f.send("", "think", "one").Conversation.ID
	f.ended()
	for _, model := range []string{"", "echo"} {
		f.send(id, model, "two")
		if turn, _ := f.ended(); turn.State != chat.StateDone {
			t.Fatalf("%q: %+v", model, turn)
		}
	}
	if !strings.Contains(f.streamer.sent[1], `"signature":"`) || strings.Contains(f.streamer.sent[2], `"signature"`) {
		t.Errorf("sent %v", f.streamer.sent)
	}
	if c := f.get(id).Conversation; c.Model != "echo" || c.Turns != 6 {
		t.Errorf("%+v", c)
	}
}

func TestStopKeepsWhatCame(t *testing.T) {
	f := newFixture(t)
	id := f.send("", "stream", "go").Conversation.ID
	for range 5 {
		f.tokens <- struct{}{}
	}
	var seen chat.Delta
	for seen.Text == "" {
		if d, ok := f.next().Data.(chat.Delta); ok {
			seen = d
		}
	}
	live := f.get(id).Turns[1]
	if live.State != chat.StateStreaming || live.Seq < seen.Seq || !strings.HasPrefix(live.Text, seen.Text) {
		t.Errorf("live %+v after %+v", live, seen)
	}
	for name, call := range map[string]func() error{
		"send":  func() error { _, err := f.chats.Send(id, "", "more"); return err },
		"retry": func() error { _, err := f.chats.Retry(id, ""); return err },
	} {
		if err := call(); kindOf(err) != llm.ErrBadRequest {
			t.Errorf("%s while an answer is written: %v", name, err)
		}
	}
	if err := f.chats.Stop(id); err != nil {
		t.Fatal(err)
	}
	turn, _ := f.ended()
	if turn.State != chat.StateStopped || turn.Error != "" || !strings.HasPrefix(turn.Text, live.Text) {
		t.Errorf("%+v", turn)
	}
	if kept := f.get(id).Turns[1]; kept.State != chat.StateStopped || kept.Text != turn.Text {
		t.Errorf("kept %+v", kept)
	}
	if err := f.chats.Stop(id); err != nil {
		t.Errorf("a second stop: %v", err)
	}
	f.flow()
	f.send(id, "echo", "and on it goes")
	if next, _ := f.ended(); next.State != chat.StateDone {
		t.Errorf("%+v", next)
	}
}

func TestFailuresAndRetry(t *testing.T) {
	f := newFixture(t)
	f.flow()
	id := f.send("", "down", "hi").Conversation.ID
	first, _ := f.ended()
	if first.State != chat.StateFailed || !strings.Contains(first.Error, "overloaded") {
		t.Errorf("%+v", first)
	}
	f.advance(time.Minute)
	if _, err := f.chats.Retry(id, "echo"); err != nil {
		t.Fatal(err)
	}
	second, _ := f.ended()
	if second.State != chat.StateDone || second.ID != first.ID || !second.At.After(first.At) || second.Error != "" {
		t.Errorf("%+v", second)
	}
	if d := f.get(id); len(d.Turns) != 2 || d.Conversation.Turns != 2 {
		t.Errorf("%+v", d)
	}
	for _, text := range []string{"fail=drop", "fail=stream"} {
		f.send(id, "flaky", text)
		if torn, _ := f.ended(); torn.State != chat.StateFailed || torn.Error == "" || torn.Text == "" {
			t.Errorf("%s: %+v", text, torn)
		}
	}
	if _, err := f.chats.Retry("none", ""); kindOf(err) != llm.ErrNotFound {
		t.Errorf("retry of nothing: %v", err)
	}
}

// A crash keeps what was saved on the way: a copy of the file, made while the answer is written, opens with it.
func TestCrashKeepsTheAnswerSoFar(t *testing.T) {
	f := newFixture(t)
	id := f.send("", "stream", "tokens=5000").Conversation.ID
	f.tokens <- struct{}{}
	f.tokens <- struct{}{}
	for {
		if _, ok := f.next().Data.(chat.Delta); ok {
			break
		}
	}
	f.advance(time.Minute)
	f.tokens <- struct{}{}
	f.tokens <- struct{}{} // the token before it is in the delta behind which the answer is saved
	for {
		if saved := storedText(t, f.db, id); saved != "" {
			break
		}
		f.advance(time.Minute) // it is saved when an event comes and enough time has passed since the last save
		select {
		case f.tokens <- struct{}{}:
		case <-time.After(30 * time.Second):
			t.Fatal("the answer ended before any of it was saved")
		}
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	data, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, data, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(copied, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	again, err := chat.Open(db, f.streamer, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := again.Get(id, 0)
	if err != nil {
		t.Fatal(err)
	}
	if turn := d.Turns[1]; turn.State != chat.StateStopped || turn.Text == "" || !strings.Contains(turn.Error, "ended before") {
		t.Errorf("%+v", turn)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// storedText is the assistant's text as the file has it.
func storedText(t *testing.T, db *store.DB, id string) (text string) {
	t.Helper()
	b := store.NewBucket[struct{ Parts []struct{ Text string } }](db, "chat.turns")
	turn, _, err := b.Get(id + "/00000001")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range turn.Parts {
		text += p.Text
	}
	return text
}

func TestCloseStopsAndSaves(t *testing.T) {
	f := newFixture(t)
	id := f.send("", "stream", "go").Conversation.ID
	f.tokens <- struct{}{}
	f.tokens <- struct{}{}
	if err := f.chats.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	turn, _ := f.ended()
	if turn.State != chat.StateStopped || turn.Error == "" {
		t.Errorf("%+v", turn)
	}
	if kept := f.get(id).Turns[1]; kept.State != chat.StateStopped || kept.Text != turn.Text {
		t.Errorf("kept %+v", kept)
	}
	if _, err := f.chats.Send(id, "", "more"); kindOf(err) != llm.ErrOverloaded {
		t.Errorf("send after close: %v", err)
	}
}

func TestDeleteRestorePurge(t *testing.T) {
	f := newFixture(t)
	f.flow()
	keep, lose := f.send("", "echo", "keep me").Conversation.ID, f.send("", "echo", "lose me").Conversation.ID
	f.ended()
	f.ended()
	for _, id := range []string{keep, lose} {
		if err := f.chats.Delete(id); err != nil {
			t.Fatal(err)
		}
		if _, err := f.chats.Get(id, 0); kindOf(err) != llm.ErrNotFound {
			t.Errorf("a deleted one is there: %v", err)
		}
	}
	if err := f.chats.Delete(keep); kindOf(err) != llm.ErrNotFound {
		t.Errorf("deleted twice: %v", err)
	}
	if _, err := f.chats.Send(keep, "", "x"); kindOf(err) != llm.ErrNotFound {
		t.Errorf("sent to a deleted one: %v", err)
	}
	if c, err := f.chats.Restore(keep); err != nil || c.Title != "keep me" {
		t.Errorf("%+v %v", c, err)
	}
	if err := f.chats.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	f.open(f.path)
	if _, err := f.chats.Restore(lose); kindOf(err) != llm.ErrNotFound {
		t.Errorf("restored after a new start: %v", err)
	}
	if text := storedText(t, f.db, lose); text != "" {
		t.Errorf("the file still has %q", text)
	}
	if d := f.get(keep); len(d.Turns) != 2 {
		t.Errorf("%+v", d)
	}
}

func TestDeleteStopsTheAnswer(t *testing.T) {
	f := newFixture(t)
	id := f.send("", "stream", "go").Conversation.ID
	if err := f.chats.Delete(id); err != nil {
		t.Fatal(err)
	}
	if turn, _ := f.ended(); turn.State != chat.StateStopped {
		t.Errorf("%+v", turn)
	}
	if c, err := f.chats.Restore(id); err != nil || c.Turns != 2 {
		t.Errorf("%+v %v", c, err)
	}
}

func TestListSearchRename(t *testing.T) {
	f := newFixture(t)
	f.flow()
	var ids []string
	for _, text := range []string{"The Ärger of\nrivers", strings.Repeat("long ", 60) + "needle" + strings.Repeat(" tail", 60), "third"} {
		ids = append(ids, f.send("", "echo", text).Conversation.ID)
		f.ended()
		f.advance(time.Minute)
	}
	f.send(ids[0], "", "again")
	f.ended()
	list := func(query string) []string {
		found, err := f.chats.List(query)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range found {
			if (query != "") != (c.Snippet != "") {
				t.Errorf("%q: snippet %q", query, c.Snippet)
			}
			out = append(out, c.ID)
		}
		return out
	}
	for query, want := range map[string][]string{
		"": {ids[0], ids[2], ids[1]}, "ärger of  RIVERS": {ids[0]}, "NEEDLE": {ids[1]}, "simulator": {ids[0], ids[2], ids[1]}, "nothing": nil,
	} {
		if got := list(query); !slices.Equal(got, want) {
			t.Errorf("%q finds %v, want %v", query, got, want)
		}
	}
	found, _ := f.chats.List("needle")
	if s := found[0].Snippet; !strings.HasPrefix(s, "…") || !strings.HasSuffix(s, "…") || !strings.Contains(s, "needle") || len(s) > 200 {
		t.Errorf("snippet %q", s)
	}
	if title := found[0].Title; !strings.HasSuffix(title, "long…") || len([]rune(title)) > 60 {
		t.Errorf("title %q", title)
	}
	if c, err := f.chats.Rename(ids[2], "  a\nbetter  title "); err != nil || c.Title != "a better title" {
		t.Errorf("%+v %v", c, err)
	}
	if got := list("better"); !slices.Equal(got, ids[2:]) {
		t.Errorf("the new title finds %v", got)
	}
	if e := f.lastEvent(); e.Type != chat.EventList {
		t.Errorf("after the new name came %v", e)
	}
}

// lastEvent reads what was published so far.
func (f *fixture) lastEvent() event.Event {
	f.t.Helper()
	f.broker.PublishEnd("mark", nil)
	var last event.Event
	for {
		e := f.next()
		if e.Type == "mark" {
			return last
		}
		last = e
	}
}

func TestBadInput(t *testing.T) {
	f := newFixture(t)
	f.flow()
	id := f.send("", "down", strings.Repeat("x", chat.MaxText)).Conversation.ID
	f.ended()
	for name, c := range map[string]struct {
		call func() error
		kind llm.ErrorKind
	}{
		"empty":          {func() error { _, err := f.chats.Send(id, "", " \n"); return err }, llm.ErrBadRequest},
		"too long":       {func() error { _, err := f.chats.Send(id, "", strings.Repeat("x", chat.MaxText+1)); return err }, llm.ErrBadRequest},
		"not text":       {func() error { _, err := f.chats.Send(id, "", "\xff"); return err }, llm.ErrBadRequest},
		"no model":       {func() error { _, err := f.chats.Send("", "", "x"); return err }, llm.ErrBadRequest},
		"long model":     {func() error { _, err := f.chats.Send("", strings.Repeat("m", 600), "x"); return err }, llm.ErrBadRequest},
		"unknown":        {func() error { _, err := f.chats.Send("none", "echo", "x"); return err }, llm.ErrNotFound},
		"get unknown":    {func() error { _, err := f.chats.Get("none", 0); return err }, llm.ErrNotFound},
		"rename unknown": {func() error { _, err := f.chats.Rename("none", "x"); return err }, llm.ErrNotFound},
		"no title":       {func() error { _, err := f.chats.Rename(id, " "); return err }, llm.ErrBadRequest},
		"long title":     {func() error { _, err := f.chats.Rename(id, strings.Repeat("x", 201)); return err }, llm.ErrBadRequest},
		"long query":     {func() error { _, err := f.chats.List(strings.Repeat("x", 257)); return err }, llm.ErrBadRequest},
		"delete unknown": {func() error { return f.chats.Delete("none") }, llm.ErrNotFound},
	} {
		if err := c.call(); kindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d := f.get(id); len(d.Turns) != 2 {
		t.Errorf("%d turns", len(d.Turns))
	}
	if list, err := f.chats.List(""); err != nil || len(list) != 1 {
		t.Errorf("a refused message left %v, %v", list, err)
	}
}

// An answer that the disk does not take still reaches whoever listens.
func TestUnsavedAnswerIsShown(t *testing.T) {
	f := newFixture(t)
	id := f.send("", "echo", "hello there").Conversation.ID
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	f.flow()
	turn, _ := f.ended()
	if turn.State != chat.StateDone || !strings.Contains(turn.Text, "hello there") {
		t.Errorf("%+v", turn)
	}
	if _, err := f.chats.Send(id, "", "more"); kindOf(err) != llm.ErrInternal || !strings.Contains(err.Error(), "saved") {
		t.Errorf("send: %v", err)
	}
	if err := f.chats.Close(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("close: %v", err)
	}
}
