package answers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/backend/answers"
	"gatehouse/backend/store"
)

// shelf is Answers over a real database, with a clock of its own.
type shelf struct {
	*answers.Answers
	t    *testing.T
	path string
	opts answers.Options
	now  time.Time
	db   *store.DB
}

func open(t *testing.T, opts answers.Options) *shelf {
	t.Helper()
	s := &shelf{t: t, path: filepath.Join(t.TempDir(), "gatehouse.db"), opts: opts, now: time.Unix(1_800_000_000, 0)}
	s.opts.Now = func() time.Time { return s.now }
	s.start()
	t.Cleanup(s.end)
	return s
}

func (s *shelf) start() {
	s.t.Helper()
	db, err := store.Open(s.path, store.Options{})
	check(s.t, err)
	s.db = db
	s.Answers, err = answers.Open(db, s.opts, nil)
	check(s.t, err)
}

func (s *shelf) end() {
	s.t.Helper()
	check(s.t, errors.Join(s.Close(context.Background()), s.db.Close()))
}

// again closes everything and opens it anew.
func (s *shelf) again() { s.t.Helper(); s.end(); s.start() }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *shelf) put(key, id, previous string) {
	s.t.Helper()
	check(s.t, s.Put(answers.Answer{
		ID: id, Key: key, CreatedAt: s.now, Previous: previous,
		Input:    []json.RawMessage{json.RawMessage(`{"in":"` + id + `"}`)},
		Response: json.RawMessage(`{"id":"` + id + `", "n":1.50e+02,"output":[{"out":"<` + id + `>"}]}`),
	}))
}

func (s *shelf) has(key, id string) bool {
	s.t.Helper()
	_, ok, err := s.Get(key, id)
	check(s.t, err)
	if _, known := s.Has(key, id); known != ok {
		s.t.Errorf("%s: Has says %v, Get %v", id, known, ok)
	}
	return ok
}

func join(items []json.RawMessage) string {
	var out []string
	for _, item := range items {
		out = append(out, string(item))
	}
	return strings.Join(out, " ")
}

func TestChain(t *testing.T) {
	s := open(t, answers.Options{})
	s.put("k", "resp_1", "")
	s.put("k", "resp_2", "resp_1")
	s.put("k", "resp_3", "resp_2")
	s.again()
	items, ok, err := s.History("k", "resp_3")
	want := `{"in":"resp_1"} {"out":"<resp_1>"} {"in":"resp_2"} {"out":"<resp_2>"} {"in":"resp_3"} {"out":"<resp_3>"}`
	if err != nil || !ok || join(items) != want {
		t.Errorf("%s, %v, %v", join(items), ok, err)
	}
	got, _, err := s.Get("k", "resp_2")
	if err != nil || string(got.Response) != `{"id":"resp_2", "n":1.50e+02,"output":[{"out":"<resp_2>"}]}` || got.Previous != "resp_1" || !got.CreatedAt.Equal(s.now) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, ok, _ := s.History("other", "resp_3"); ok || s.has("other", "resp_3") {
		t.Error("another key gets it")
	}
	if gone, err := s.Delete("other", "resp_2"); gone || err != nil {
		t.Errorf("another key deletes it: %v", err)
	}
	if gone, err := s.Delete("k", "resp_2"); !gone || err != nil || s.has("k", "resp_2") {
		t.Errorf("not deleted: %v", err)
	}
	if _, ok, err := s.History("k", "resp_3"); ok || err != nil {
		t.Errorf("a chain without its middle: %v", err)
	}
	check(t, s.Replace(answers.Answer{ID: "resp_2", Key: "k", CreatedAt: s.now}))
	if s.has("k", "resp_2") {
		t.Error("what was deleted came back")
	}
	s.put("k", "resp_a", "resp_b") // a circle, as only a broken file has it
	s.put("k", "resp_b", "resp_a")
	if _, ok, err := s.History("k", "resp_a"); ok || err != nil {
		t.Errorf("a circle: %v", err)
	}
}

// TestBounds: by number, by size and by age; the oldest goes first, also after a restart.
func TestBounds(t *testing.T) {
	s := open(t, answers.Options{MaxAnswers: 3, MaxBytes: 1000, MaxAge: time.Hour})
	for n := range 5 {
		s.put("k", fmt.Sprint("resp_", n), "")
	}
	s.again()
	for n := range 5 {
		if got := s.has("k", fmt.Sprint("resp_", n)); got != (n >= 2) {
			t.Errorf("resp_%d is there: %v", n, got)
		}
	}
	check(t, s.Put(answers.Answer{ID: "resp_big", Key: "k", CreatedAt: s.now, Response: json.RawMessage(`"` + strings.Repeat("x", 900) + `"`)}))
	if !s.has("k", "resp_big") || s.has("k", "resp_4") {
		t.Error("the size does not count")
	}
	s.now = s.now.Add(2 * time.Hour)
	if s.has("k", "resp_big") {
		t.Error("the age does not count")
	}
	s.put("k", "resp_new", "")
	check(t, s.Prune(nil))
	s.now = s.now.Add(-2 * time.Hour)
	if s.has("k", "resp_big") || !s.has("k", "resp_new") {
		t.Error("what is too old was not removed, or what is not was")
	}
}

// TestPrune: all that belongs to a key goes with it.
func TestPrune(t *testing.T) {
	s := open(t, answers.Options{})
	for _, key := range []string{"dead", "alive"} {
		s.put(key, "resp_"+key, "")
		s.Issued(key, "theirs_"+key, "openai")
		_, err := s.NewConversation(key, "conv_"+key, nil, []json.RawMessage{json.RawMessage(`{"id":"i"}`)})
		check(t, err)
	}
	check(t, s.Prune(func(key string) bool { return key == "alive" }))
	s.again()
	for _, key := range []string{"dead", "alive"} {
		_, conversation := s.Conversation(key, "conv_"+key)
		_, issued := s.Provider(key, "theirs_"+key)
		if want := key == "alive"; s.has(key, "resp_"+key) != want || conversation != want || issued != want {
			t.Errorf("%s: answer %v, conversation %v, provider %v", key, s.has(key, "resp_"+key), conversation, issued)
		}
	}
}

func TestIssued(t *testing.T) {
	s := open(t, answers.Options{MaxIssued: 2})
	for _, id := range []string{"a", "b", "c"} {
		s.Issued("k", id, "openai")
	}
	s.Forget("b")
	s.again()
	for id, want := range map[string]bool{"a": false, "b": false, "c": true} {
		if provider, ok := s.Provider("k", id); ok != want || ok && provider != "openai" {
			t.Errorf("%s: %q, %v", id, provider, ok)
		}
		if _, ok := s.Provider("other", id); ok {
			t.Errorf("%s: another key gets it", id)
		}
	}
}

func TestConversation(t *testing.T) {
	s := open(t, answers.Options{MaxConversations: 2})
	item := func(id string) []json.RawMessage { return []json.RawMessage{json.RawMessage(`{"id":"` + id + `"}`)} }
	_, err := s.NewConversation("k", "conv_1", json.RawMessage(`{"a":1}`), item("one"))
	check(t, err)
	_, before, _, err := s.Items("k", "conv_1")
	check(t, err)
	if ok, err := s.Append("k", "conv_1", item("two")); !ok || err != nil {
		t.Errorf("not added: %v", err)
	}
	check(t, s.Put(answers.Answer{ID: "resp_1", Key: "k", CreatedAt: s.now, Conversation: "conv_1", Before: before, Input: item("in")}))
	s.again()
	if items, ever, ok, err := s.Items("k", "conv_1"); err != nil || !ok || ever != 2 || join(items) != `{"id":"one"} {"id":"two"}` {
		t.Errorf("%s, %d, %v, %v", join(items), ever, ok, err)
	}
	if items, ok, err := s.History("k", "resp_1"); err != nil || !ok || join(items) != `{"id":"one"} {"id":"in"}` {
		t.Errorf("history %s, %v, %v", join(items), ok, err)
	}
	if ok, err := s.Append("other", "conv_1", item("x")); ok || err != nil {
		t.Errorf("another key adds: %v", err)
	}
	if _, ok, err := s.DeleteItem("k", "conv_1", "one"); !ok || err != nil {
		t.Errorf("not deleted: %v", err)
	}
	_, err = s.NewConversation("k", "conv_2", nil, nil)
	check(t, err)
	_, ok, err := s.SetMetadata("k", "conv_1", json.RawMessage(`{"b":2}`)) // used, so it is not the oldest any more
	if !ok || err != nil {
		t.Errorf("not changed: %v", err)
	}
	_, err = s.NewConversation("k", "conv_3", nil, nil)
	check(t, err)
	for id, want := range map[string]bool{"conv_1": true, "conv_2": false, "conv_3": true} {
		if _, ok := s.Conversation("k", id); ok != want {
			t.Errorf("%s is there: %v", id, ok)
		}
	}
	if gone, err := s.DeleteConversation("k", "conv_1"); !gone || err != nil {
		t.Errorf("not deleted: %v", err)
	}
	if _, ok, err := s.History("k", "resp_1"); ok || err != nil {
		t.Errorf("history without its conversation: %v", err)
	}
}

// TestAtOnce: many at a time keep within the bounds and lose nothing that is within them.
func TestAtOnce(t *testing.T) {
	s := open(t, answers.Options{MaxAnswers: 20})
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 10 {
				id := fmt.Sprintf("resp_%d_%d", n, i)
				if err := s.Put(answers.Answer{ID: id, Key: "k", CreatedAt: s.now, Response: json.RawMessage(`{}`)}); err != nil {
					t.Error(err)
				}
				s.Issued("k", "x"+id, "openai")
				s.Has("k", id)
			}
		})
	}
	all.Wait()
	count := 0
	for n := range 8 {
		for i := range 10 {
			if s.has("k", fmt.Sprintf("resp_%d_%d", n, i)) {
				count++
			}
		}
	}
	if count != 20 {
		t.Errorf("%d are there, want 20", count)
	}
}
