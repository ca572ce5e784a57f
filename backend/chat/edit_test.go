package chat_test

import (
	"strings"
	"testing"

	"gatehouse/backend/chat"
	"gatehouse/backend/llm"
)

func TestEditReplacesATurnAndWhatCameAfter(t *testing.T) {
	f := newFixture(t)
	f.flow()
	id := f.send("", "echo", "one").Conversation.ID
	f.ended()
	f.send(id, "", "two")
	f.ended()
	turns := f.get(id).Turns
	if _, err := f.chats.Edit(id, turns[1].ID, "", "x"); kindOf(err) != llm.ErrNotFound {
		t.Errorf("editing an answer: %v", err)
	}
	if _, err := f.chats.Edit(id, turns[0].ID, "", " "); kindOf(err) != llm.ErrBadRequest {
		t.Errorf("an empty text: %v", err)
	}
	if _, err := f.chats.Edit(id, turns[0].ID, "", "other"); err != nil {
		t.Fatal(err)
	}
	f.ended()
	got := f.get(id)
	if len(got.Turns) != 2 || got.Conversation.Turns != 2 || got.Turns[0].Text != "other" ||
		!strings.Contains(got.Turns[1].Text, "other") {
		t.Errorf("edited %+v", got)
	}
	if last := f.streamer.sent[len(f.streamer.sent)-1]; strings.Contains(last, "two") || strings.Contains(last, `"one"`) {
		t.Errorf("sent %s", last)
	}
}

func TestBranchCopiesUpToATurn(t *testing.T) {
	f := newFixture(t)
	f.flow()
	id := f.send("", "echo", "one").Conversation.ID
	f.ended()
	f.send(id, "", "two")
	f.ended()
	whole := f.get(id)
	branch, err := f.chats.Branch(id, whole.Turns[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.get(branch.ID); len(got.Turns) != 2 || got.Turns[1].Text != whole.Turns[1].Text ||
		got.Turns[1].ID == whole.Turns[1].ID {
		t.Errorf("branch %+v", got)
	}
	f.send(branch.ID, "", "three")
	f.ended()
	if len(f.get(branch.ID).Turns) != 4 || len(f.get(id).Turns) != 4 {
		t.Error("a branch and its origin are not apart")
	}
	if _, err := f.chats.Branch(id, "other"); kindOf(err) != llm.ErrNotFound {
		t.Errorf("no such turn: %v", err)
	}
}

func TestConfiguredRequestsSayIt(t *testing.T) {
	f := newFixture(t)
	f.flow()
	id := f.send("", "echo", "one").Conversation.ID
	f.ended()
	if !strings.Contains(f.streamer.sent[0], `"temperature":0.7`) {
		t.Errorf("sent %s", f.streamer.sent[0])
	}
	if _, err := f.chats.Configure(id, " be short ", new(0.2)); err != nil {
		t.Fatal(err)
	}
	f.send(id, "", "two")
	f.ended()
	if sent := f.streamer.sent[1]; !strings.Contains(sent, `"temperature":0.2`) || !strings.Contains(sent, `"be short"`) {
		t.Errorf("sent %s", sent)
	}
	for _, hot := range []float64{-0.1, 2.1} {
		if _, err := f.chats.Configure(id, "", &hot); kindOf(err) != llm.ErrBadRequest {
			t.Errorf("%v: %v", hot, err)
		}
	}
	if _, err := f.chats.Configure(id, strings.Repeat("x", chat.MaxSystem+1), nil); kindOf(err) != llm.ErrBadRequest {
		t.Errorf("too long: %v", err)
	}
}

func TestPinnedComesFirst(t *testing.T) {
	f := newFixture(t)
	f.flow()
	first := f.send("", "echo", "one").Conversation.ID
	f.ended()
	f.advance(1000)
	f.send("", "echo", "two")
	f.ended()
	if _, err := f.chats.Pin(first, true); err != nil {
		t.Fatal(err)
	}
	if list, err := f.chats.List(""); err != nil || list[0].ID != first || !list[0].Pinned {
		t.Errorf("listed %+v, %v", list, err)
	}
}
