package compare_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/chat"
	"gatehouse/backend/compare"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// models is a Streamer of scripted models: "down" refuses, "endless" writes until it is stopped, the others answer at once.
type models struct {
	mu   sync.Mutex
	sent []llm.Request
}

func (m *models) Stream(ctx context.Context, req *llm.Request) (*chat.Answer, error) {
	m.mu.Lock()
	m.sent = append(m.sent, *req)
	m.mu.Unlock()
	if req.Model == "down" {
		return nil, llm.Errorf(llm.ErrOverloaded, "the model is down; try again later")
	}
	last := req.Messages[len(req.Messages)-1].Parts[0].(llm.Text).Text
	events := func(yield func(llm.Event, error) bool) {
		for _, e := range []llm.Event{
			llm.MessageStart{},
			llm.PartStart{Index: 0, Part: llm.Reasoning{Text: "hm"}},
			llm.PartEnd{Index: 0},
			llm.PartStart{Index: 1, Part: llm.Text{}},
			llm.PartDelta{Index: 1, Text: req.Model + " says "},
		} {
			if !yield(e, nil) {
				return
			}
		}
		if req.Model == "endless" {
			<-ctx.Done()
			yield(nil, ctx.Err())
			return
		}
		for _, e := range []llm.Event{
			llm.PartDelta{Index: 1, Text: last}, llm.PartEnd{Index: 1}, llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishStop}},
		} {
			if !yield(e, nil) {
				return
			}
		}
	}
	return &chat.Answer{Events: events, Result: func() chat.Result {
		return chat.Result{
			Provider: "sim", Model: req.Model, Usage: llm.Usage{Input: llm.Tokens(7), Output: llm.Tokens(30)},
			CostPicoUSD: new(int64(5)), FirstToken: 200 * time.Millisecond, Duration: 1700 * time.Millisecond,
		}
	}}, nil
}

type fixture struct {
	*compare.Comparisons
	t      *testing.T
	db     *store.DB
	models *models
	sub    *event.Subscription
}

func open(t *testing.T, path string) *fixture {
	t.Helper()
	db, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, db: db, models: &models{}}
	broker := &event.Broker{}
	f.sub = broker.Subscribe(10_000)
	f.Comparisons, err = compare.Open(db, f.models, compare.Options{
		Broker: broker, Now: func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) close() {
	f.t.Helper()
	f.sub.Close()
	if err := errors.Join(f.Close(context.Background()), f.db.Close()); err != nil {
		f.t.Error(err)
	}
}

// until reads events until seen says so.
func (f *fixture) until(seen func(event.Event) bool) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
	defer cancel()
	for {
		e, err := f.sub.Next(ctx)
		if err != nil {
			f.t.Fatal("no such event: ", err)
		}
		if seen(e) {
			return
		}
	}
}

func (f *fixture) start(n compare.New) compare.Detail {
	f.t.Helper()
	d, err := f.Start(n)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

func (f *fixture) get(id string) compare.Detail {
	f.t.Helper()
	d, err := f.Get(id)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

// over waits until a comparison no longer runs.
func (f *fixture) over(id string) compare.Detail {
	f.t.Helper()
	var d compare.Detail
	f.until(func(e event.Event) bool {
		if e.Type != compare.EventList {
			return false
		}
		d = f.get(id)
		return d.Comparison.State != compare.StateRunning
	})
	return d
}

func TestEveryPromptGoesToEveryModel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	f := open(t, path)
	d := f.start(compare.New{
		Prompts: []string{"one", "two"}, Models: []string{"a", "down", "b"}, System: "be short", Temperature: new(0.5),
	})
	if len(d.Answers) != 6 || d.Answers[0].State != compare.StateWaiting || d.Comparison.State != compare.StateRunning {
		t.Fatalf("started %+v", d)
	}
	d = f.over(d.Comparison.ID)
	if d.Comparison.State != compare.StateDone || d.Comparison.Ended != 6 {
		t.Fatalf("ended %+v", d.Comparison)
	}
	for i, a := range d.Answers {
		prompt, model := []string{"one", "two"}[i/3], []string{"a", "down", "b"}[i%3]
		if a.Prompt != i/3 || a.Model != model {
			t.Fatalf("answer %d is %+v", i, a)
		}
		if model == "down" {
			if a.State != compare.StateFailed || a.Error != "the model is down; try again later" || a.CostPicoUSD != nil {
				t.Errorf("failed %+v", a)
			}
			continue
		}
		if a.State != compare.StateDone || a.Text != model+" says "+prompt || a.Reasoning != "hm" || a.Provider != "sim" ||
			*a.OutputTokens != 30 || *a.CostPicoUSD != 5 || *a.FirstTokenMs != 200 || *a.TokensPerSecond != 20 {
			t.Errorf("answered %+v", a)
		}
	}
	if down := d.Totals[1]; down.Failed != 2 || down.Answered != 0 || down.CostPicoUSD != nil || down.FirstTokenMs != nil {
		t.Errorf("totals %+v", down)
	}
	for _, req := range f.models.sent {
		if *req.Temperature != 0.5 || req.Messages[0].Role != llm.RoleSystem || len(req.Messages) != 2 {
			t.Errorf("sent %+v", req)
		}
	}

	id := d.Comparison.ID
	if c, err := f.Pick(id, 1, "b"); err != nil || c.Winners[0] != "" || c.Winners[1] != "b" {
		t.Errorf("picked %+v, %v", c, err)
	}
	for _, bad := range []struct {
		prompt int
		model  string
	}{{2, "a"}, {-1, "a"}, {0, "c"}} {
		if _, err := f.Pick(id, bad.prompt, bad.model); llm.AsError(err).Kind != llm.ErrBadRequest {
			t.Errorf("picking %+v: %v", bad, err)
		}
	}
	f.close()
	f = open(t, path)
	defer f.close()
	kept := f.get(id)
	if b := kept.Totals[2]; b.Wins != 1 || b.Answered != 2 || *b.CostPicoUSD != 10 || *b.OutputTokens != 60 ||
		*b.FirstTokenMs != 200 || *b.TokensPerSecond != 20 {
		t.Errorf("totals %+v", b)
	}
	if kept.Comparison.Winners[1] != "b" || kept.Answers[5].Text != "b says two" {
		t.Errorf("kept %+v", kept)
	}
	if list, err := f.List(); err != nil || len(list) != 1 || list[0].Title != "one" || list[0].Prompts != 2 {
		t.Errorf("listed %+v, %v", list, err)
	}
}

func TestStoppedKeepsWhatCame(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	defer f.close()
	d := f.start(compare.New{Prompts: []string{"one", "two"}, Models: []string{"a", "endless"}})
	id := d.Comparison.ID
	f.until(func(e event.Event) bool {
		delta, ok := e.Data.(compare.Delta)
		return ok && delta.Model == "endless" && strings.Contains(delta.Text, "says")
	})
	if live := f.get(id).Answers[1]; live.State != compare.StateStreaming || live.Text != "endless says " || live.Seq != 1 {
		t.Errorf("live %+v", live)
	}
	if err := f.Stop(id); err != nil {
		t.Fatal(err)
	}
	d = f.over(id)
	if d.Comparison.State != compare.StateStopped || d.Comparison.Ended != 2 || d.Answers[0].State != compare.StateDone ||
		d.Answers[1].State != compare.StateStopped || d.Answers[1].Text != "endless says " ||
		d.Answers[2].State != compare.StateStopped || len(f.models.sent) != 2 {
		t.Errorf("stopped %+v", d)
	}
}

func TestDeletedComesBackUntilTheNextStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	f := open(t, path)
	id := f.start(compare.New{Prompts: []string{"one"}, Models: []string{"a", "b"}}).Comparison.ID
	f.over(id)
	if err := f.Delete(id); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Get(id); llm.AsError(err).Kind != llm.ErrNotFound {
		t.Errorf("deleted: %v", err)
	}
	if _, err := f.Restore(id); err != nil || len(f.get(id).Answers) != 2 {
		t.Errorf("restored: %v", err)
	}
	if err := f.Delete(id); err != nil {
		t.Fatal(err)
	}
	f.close()
	f = open(t, path)
	defer f.close()
	if _, err := f.Restore(id); llm.AsError(err).Kind != llm.ErrNotFound {
		t.Errorf("restored after a start: %v", err)
	}
}

func TestWhatCannotBeComparedIsRefused(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	defer f.close()
	two := []string{"a", "b"}
	for name, n := range map[string]compare.New{
		"the models are 1":      {Prompts: []string{"x"}, Models: []string{"a"}},
		"the models are 7":      {Prompts: []string{"x"}, Models: []string{"a", "b", "c", "d", "e", "f", "g"}},
		"a model is twice":      {Prompts: []string{"x"}, Models: []string{"a", "a"}},
		"a model is empty":      {Prompts: []string{"x"}, Models: []string{"a", ""}},
		"there is no prompt":    {Models: two},
		"a prompt is empty":     {Prompts: []string{"x", " "}, Models: two},
		"a prompt is no text":   {Prompts: []string{"\xff"}, Models: two},
		"prompts are too many":  {Prompts: make([]string, compare.MaxPrompts+1), Models: two},
		"prompts are too long":  {Prompts: []string{strings.Repeat("x", compare.MaxText+1)}, Models: two},
		"it is too hot":         {Prompts: []string{"x"}, Models: two, Temperature: new(2.1)},
		"the system is no text": {Prompts: []string{"x"}, Models: two, System: "\xff"},
	} {
		if _, err := f.Start(n); llm.AsError(err) == nil || llm.AsError(err).Kind != llm.ErrBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range compare.MaxRunning {
		f.start(compare.New{Prompts: []string{"x"}, Models: []string{"endless", "a"}})
	}
	if _, err := f.Start(compare.New{Prompts: []string{"x"}, Models: two}); llm.AsError(err) == nil {
		t.Error("more run than may")
	}
}

func TestSavedPrompts(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	defer f.close()
	for _, l := range []compare.PromptList{
		{Name: "  my   set ", Prompts: []string{"one"}},
		{Name: "my set", Prompts: []string{"two"}},
		{Name: "b", Prompts: []string{"x"}},
		{Name: "b"},
	} {
		if err := f.SavePrompts(l); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := f.PromptLists(); err != nil || len(l) != 1 || l[0].Name != "my set" || l[0].Prompts[0] != "two" {
		t.Errorf("saved %+v, %v", l, err)
	}
	for _, bad := range []compare.PromptList{{Name: " ", Prompts: []string{"x"}}, {Name: "x", Prompts: []string{""}}} {
		if err := f.SavePrompts(bad); llm.AsError(err) == nil {
			t.Errorf("saved %+v", bad)
		}
	}
}
