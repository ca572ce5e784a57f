package chat_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/chat"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
	"gatehouse/backend/protocol/messages"
	"gatehouse/backend/provider/sim"
	"gatehouse/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// streamer asks the simulator over HTTP, in one of its dialects.
type streamer struct {
	url      string
	messages bool
	client   *http.Client

	mu   sync.Mutex
	sent []string
}

func (s *streamer) Stream(ctx context.Context, req *llm.Request) (*chat.Answer, error) {
	target := llm.Origin{Provider: "sim", Model: req.Model}
	path, decode := "/v1/chat/completions", chatcompletions.DecodeStream
	body, _, err := chatcompletions.EncodeRequest(req, chatcompletions.Options{Target: target})
	if s.messages {
		path, decode = "/v1/messages", messages.DecodeStream
		body, _, err = messages.EncodeRequest(req, messages.Options{Target: target})
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.sent = append(s.sent, string(body))
	s.mu.Unlock()
	hr, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	hr.Header.Set("Anthropic-Version", "2023-06-01")
	resp, err := s.client.Do(hr)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return nil, chatcompletions.DecodeError(resp.StatusCode, text)
	}
	result := chat.Result{
		Provider: "sim", Model: req.Model, CostPicoUSD: new(int64(0)), FirstToken: 2 * time.Millisecond, Duration: 9 * time.Millisecond,
	}
	return &chat.Answer{
		Events: func(yield func(llm.Event, error) bool) {
			defer resp.Body.Close()
			for e, err := range decode(resp.Body) {
				if u, ok := e.(llm.UsageUpdate); ok {
					result.Usage = u.Usage
				}
				if !yield(e, err) {
					return
				}
			}
		},
		Result: func() chat.Result { return result },
	}, nil
}

// fixture is Chats over the simulator, with a clock and a pace that the test moves.
type fixture struct {
	t        *testing.T
	path     string
	db       *store.DB
	broker   *event.Broker
	sub      *event.Subscription
	streamer *streamer
	chats    *chat.Chats
	// tokens lets the simulator go on: one for each wait. Closed, it no longer waits.
	tokens chan struct{}

	mu  sync.Mutex
	now time.Time
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// at once is a wait that is over.
func atOnce(time.Duration) <-chan time.Time {
	c := make(chan time.Time, 1)
	c <- time.Time{}
	return c
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{
		t: t, path: filepath.Join(t.TempDir(), "gatehouse.db"), broker: &event.Broker{}, tokens: make(chan struct{}),
		now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
	}
	srv := httptest.NewServer(sim.Handler(sim.Options{Seed: 1, Sleep: func(ctx context.Context, _ time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.tokens:
			return nil
		}
	}}))
	t.Cleanup(srv.Close)
	f.streamer = &streamer{url: srv.URL, client: srv.Client()}
	f.sub = f.broker.Subscribe(10_000)
	t.Cleanup(f.sub.Close)
	f.open(f.path)
	t.Cleanup(func() {
		if err := f.chats.Close(context.Background()); err != nil && !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
		if err := f.db.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) open(path string) {
	f.t.Helper()
	db, err := store.Open(path, store.Options{})
	if err != nil {
		f.t.Fatal(err)
	}
	f.db = db
	f.chats, err = chat.Open(db, f.streamer, chat.Options{Now: f.clock, Broker: f.broker, After: atOnce})
	if err != nil {
		f.t.Fatal(err)
	}
}

// flow lets the simulator write without a wait.
func (f *fixture) flow() { close(f.tokens) }

// next gives the next event.
func (f *fixture) next() event.Event {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 30*time.Second)
	defer cancel()
	e, err := f.sub.Next(ctx)
	if err != nil {
		f.t.Fatal("no event: ", err)
	}
	return e
}

// ended reads events until an assistant's turn has ended and gives it with the deltas on the way.
func (f *fixture) ended() (chat.Turn, []chat.Delta) {
	f.t.Helper()
	var deltas []chat.Delta
	for {
		switch d := f.next().Data.(type) {
		case chat.Delta:
			deltas = append(deltas, d)
		case chat.TurnChange:
			if d.Turn.Role == chat.RoleAssistant && d.Turn.State != chat.StateStreaming {
				return d.Turn, deltas
			}
		}
	}
}

func (f *fixture) send(conversation, model, text string) chat.Detail {
	f.t.Helper()
	d, err := f.chats.Send(conversation, model, text)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

func (f *fixture) get(id string) chat.Detail {
	f.t.Helper()
	d, err := f.chats.Get(id, 0)
	if err != nil {
		f.t.Fatal(err)
	}
	return d
}

func kindOf(err error) llm.ErrorKind {
	if e, ok := errors.AsType[*llm.Error](err); ok {
		return e.Kind
	}
	return ""
}
