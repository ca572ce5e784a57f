package objects

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

func open(t *testing.T, path string) (*Book, *store.DB) {
	t.Helper()
	db, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // some tests closed it
	return Open(db, Options{Now: time.Now, Logger: slog.New(slog.DiscardHandler), limit: 10}), db
}

func TestRemembersAcrossAStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	book, db := open(t, path)
	made := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	want := gateway.Holding{Provider: "openai", Model: "openai/sora-2", KeyID: "key_1", Created: made}
	book.Remember([]string{"video_1"}, want)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	book, _ = open(t, path)
	if got, ok := book.Find("video_1"); !ok || got != want {
		t.Errorf("found %+v, %v", got, ok)
	}
	book.Remember([]string{"video_1"}, gateway.Holding{Provider: "groq"})
	if got, _ := book.Find("video_1"); got != want {
		t.Errorf("a later mention changed it to %+v", got)
	}
	for _, id := range []string{"", "video_2", string(make([]byte, maxID+1))} {
		book.Remember([]string{""}, want)
		if _, ok := book.Find(id); ok {
			t.Errorf("found %.20q", id)
		}
	}
}

func TestForgetsTheOldest(t *testing.T) {
	book, _ := open(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	for i := range 25 {
		book.Remember([]string{fmt.Sprintf("file-%d", i), fmt.Sprintf("batch_%d", i)}, gateway.Holding{Provider: "openai"})
	}
	for i := range 25 {
		for _, id := range []string{fmt.Sprintf("file-%d", i), fmt.Sprintf("batch_%d", i)} {
			if _, ok := book.Find(id); ok != (i >= 20) {
				t.Errorf("%s is remembered: %v", id, ok)
			}
		}
	}
	rows := 0
	err := book.byAge.ForEach(func(string, string) error { rows++; return nil })
	if err != nil || rows != 10 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestATroubledDiskIsNoError(t *testing.T) {
	book, db := open(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	book.Remember([]string{"file-1"}, gateway.Holding{Provider: "openai"})
	if _, ok := book.Find("file-1"); ok {
		t.Error("found in a closed database")
	}
}

// A file that was seen before its batch is known as that batch's once it is told of.
func TestLearnsTheBatchOfAFile(t *testing.T) {
	book, _ := open(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	made := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	book.Remember([]string{"file-1"}, gateway.Holding{Provider: "openai", KeyID: "key_1"})
	if got, _ := book.Find("file-1"); got.Batch != "" || got.Created.IsZero() {
		t.Errorf("%+v", got)
	}
	for _, at := range []gateway.Holding{
		{Provider: "openai", KeyID: "key_2", Batch: "batch_1", Created: made}, {Provider: "openai"}, {Provider: "openai", Batch: "batch_2", Created: made.Add(1)},
	} {
		book.Remember([]string{"file-1"}, at)
		if got, _ := book.Find("file-1"); got != (gateway.Holding{Provider: "openai", KeyID: "key_1", Batch: "batch_1", Created: made}) {
			t.Errorf("%+v", got)
		}
	}
}
