package chat_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"gatehouse/backend/chat"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

var (
	png = append([]byte("\x89PNG\r\n\x1a\n"), "a picture"...)
	pdf = []byte("%PDF-1.7\nsome pages")
)

// kept counts the contents that the database holds.
func (f *fixture) kept() int {
	f.t.Helper()
	n := 0
	err := store.NewBucket[store.Raw](f.db, "chat.files").ForEach(func(string, store.Raw) error { n++; return nil })
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

func (f *fixture) sendFiles(conversation, text string, files ...chat.NewFile) chat.Detail {
	f.t.Helper()
	d, err := f.chats.Send(conversation, "echo", text, files...)
	if err != nil {
		f.t.Fatal(err)
	}
	f.ended()
	return d
}

func TestFilesGoWithEveryRequestInItsDialect(t *testing.T) {
	for _, c := range []struct {
		messages bool
		want     []string
	}{
		{false, []string{
			`{"type":"image_url","image_url":{"url":"data:image/png;base64,` + base64.StdEncoding.EncodeToString(png),
			`"file_data":"data:application/pdf;base64,` + base64.StdEncoding.EncodeToString(pdf),
		}},
		{true, []string{
			`"media_type":"image/png","data":"` + base64.StdEncoding.EncodeToString(png),
			`"media_type":"application/pdf","data":"` + base64.StdEncoding.EncodeToString(pdf),
		}},
	} {
		f := newFixture(t)
		f.streamer.messages = c.messages
		f.flow()
		d := f.sendFiles("", "look", chat.NewFile{Name: `C:\pictures\a.png`, Data: png}, chat.NewFile{Name: "b.pdf", Data: pdf})
		files := d.Turns[0].Files
		if len(files) != 2 || files[0].Name != "a.png" || files[0].MediaType != "image/png" || files[0].Size != int64(len(png)) ||
			files[1].MediaType != "application/pdf" {
			t.Fatalf("kept %+v", files)
		}
		f.send(d.Conversation.ID, "", "and now?")
		f.ended()
		for i, sent := range f.streamer.sent {
			for _, want := range c.want {
				if !strings.Contains(sent, want) {
					t.Errorf("request %d lacks %s:\n%s", i, want, sent)
				}
			}
			if strings.Index(sent, "image") > strings.Index(sent, "look") {
				t.Errorf("request %d has its text before what it is about", i)
			}
		}
		kind, data, err := f.chats.File(d.Conversation.ID, files[0].ID)
		if err != nil || kind != "image/png" || !bytes.Equal(data, png) {
			t.Errorf("the file is %q %q, %v", kind, data, err)
		}
	}
}

func TestFilesAloneAreAMessage(t *testing.T) {
	f := newFixture(t)
	f.flow()
	d := f.sendFiles("", " ", chat.NewFile{Name: "chart.png", Data: png})
	if d.Conversation.Title != "chart.png" || !strings.Contains(f.get(d.Conversation.ID).Turns[1].Text, "1 image or file") {
		t.Errorf("%+v", f.get(d.Conversation.ID))
	}
	if _, err := f.chats.Edit(d.Conversation.ID, d.Turns[0].ID, "", ""); err != nil {
		t.Errorf("taking the text away: %v", err)
	}
	f.ended()
}

func TestFilesOutsideTheBoundsAreRefused(t *testing.T) {
	chats := openScript(t, &script{events: answer()}, chat.Options{})
	large := append(bytes.Clone(png), make([]byte, chat.MaxFile-len(png))...)
	chats.ask("m", chat.NewFile{Name: "1.png", Data: large})
	id := chats.id
	small := chat.NewFile{Name: "s.png", Data: png}
	for name, c := range map[string]struct {
		files []chat.NewFile
		says  string
	}{
		"a program":     {[]chat.NewFile{{Name: "x.png", Data: []byte("MZ\x90")}}, "x.png is neither a picture"},
		"nothing":       {[]chat.NewFile{{Name: "empty.png"}}, "empty.png is neither"},
		"a large one":   {[]chat.NewFile{{Name: "l.png", Data: append(large, 0)}}, "more than 10 MiB"},
		"too many":      {[]chat.NewFile{small, small, small, small, small, small, small, small, small, small, small}, "11 files"},
		"much together": {[]chat.NewFile{{Name: "2.png", Data: large}, small}, "20 MiB together"},
	} {
		_, err := chats.Send(id, "", "more", c.files...)
		if kindOf(err) != llm.ErrBadRequest || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if d, err := chats.Get(id, 0); err != nil || len(d.Turns) != 2 {
		t.Errorf("a refused message left %d turns, %v", len(d.Turns), err)
	}
	if _, _, err := chats.File(id, "file_none"); kindOf(err) != llm.ErrNotFound {
		t.Errorf("no such file: %v", err)
	}
}

func TestFilesComeAndGoWithTheirTurns(t *testing.T) {
	f := newFixture(t)
	f.flow()
	first := f.sendFiles("", "one", chat.NewFile{Name: "a.png", Data: png})
	id, file := first.Conversation.ID, first.Turns[0].Files[0].ID
	f.sendFiles(id, "two", chat.NewFile{Name: "b.pdf", Data: pdf})
	branch, err := f.chats.Branch(id, f.get(id).Turns[3].ID)
	if err != nil {
		t.Fatal(err)
	}
	if f.kept() != 4 {
		t.Errorf("%d files after a branch", f.kept())
	}
	// The edited turn keeps its own; that of the turn behind it goes.
	if _, err := f.chats.Edit(id, first.Turns[0].ID, "", "other"); err != nil {
		t.Fatal(err)
	}
	f.ended()
	if d := f.get(id); len(d.Turns) != 2 || len(d.Turns[0].Files) != 1 || d.Turns[0].Files[0].ID != file || f.kept() != 3 {
		t.Errorf("edited: %+v, %d files", d, f.kept())
	}
	if err := f.chats.Delete(id); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.chats.File(id, file); kindOf(err) != llm.ErrNotFound {
		t.Errorf("a deleted conversation's file: %v", err)
	}
	again, err := chat.Open(f.db, f.streamer, chat.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.kept() != 2 {
		t.Errorf("%d files are left of the branch's 2", f.kept())
	}
	if _, data, err := again.File(branch.ID, file); err != nil || !bytes.Equal(data, png) {
		t.Errorf("the branch's file: %q, %v", data, err)
	}
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
