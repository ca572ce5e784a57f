package proxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// The bounds of every attempt of chaos. Nobody waits for them: they pass when the test wants it.
const (
	chaosFirst = time.Hour
	chaosIdle  = 2 * time.Hour
)

// chaos is a provider for each dialect, which fail as they are told to.
type chaos struct {
	*door
	asked map[string]*atomic.Int32
	// reached tells that a provider has a request, gone that it is over.
	reached, gone chan struct{}
	// late tells that an attempt is late; byClock leaves that to the clock.
	late    lateness
	byClock bool

	mu     sync.Mutex
	fails  map[string]*fault
	timers map[*chaosTimer]bool // those that run
}

// chaosTimer is a timer of the gateway's.
type chaosTimer struct {
	c *chaos
	d time.Duration
	f func()
}

func (t *chaosTimer) Stop() bool {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	ran := t.c.timers[t]
	delete(t.c.timers, t)
	return ran
}

func (t *chaosTimer) Reset(d time.Duration) bool {
	ran := t.Stop()
	t.c.start(t, d)
	return ran
}

// start lets a timer run. One that bounds the time between two pieces fires at once where the upstream is to hang there.
func (c *chaos) start(t *chaosTimer, d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.d = d
	c.timers[t] = true
	for _, f := range c.fails {
		if f != nil && f.hangs && f.after && d == chaosIdle {
			delete(c.timers, t)
			go t.f()
		}
	}
}

// expire lets the time to the first token be over.
func (c *chaos) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.timers {
		if t.d == chaosFirst {
			delete(c.timers, t)
			go t.f()
		}
	}
}

// fault gives how a provider fails now, nil if it does not.
func (c *chaos) fault(id string) *fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fails[id]
}

func (c *chaos) set(fails map[string]*fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fails = fails
}

// expiring is the gateway's way to its providers: once the header of one that hangs behind it is there, its time is over.
type expiring struct {
	*chaos
	gateway.Upstream
}

func (e expiring) Do(ctx context.Context, call provider.Call) (*http.Response, error) {
	resp, err := e.Upstream.Do(ctx, call)
	if f := e.fault(call.Provider.ID); f != nil && f.hangs && !f.after && f.status != 0 && err == nil {
		e.expire()
	}
	return resp, err
}

// tell says something once to whoever may want to know.
func tell(whom chan<- struct{}) {
	select {
	case whom <- struct{}{}:
	default:
	}
}

func (c *chaos) serve(id string) http.HandlerFunc {
	s := scriptOf(id)
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // its client left
		}
		c.asked[id].Add(1)
		tell(c.reached)
		defer tell(c.gone)
		f := c.fault(id)
		if f != nil && f.hangs && f.status == 0 {
			c.expire()
		}
		stream := strings.Contains(string(body), `"stream":true`) || strings.Contains(r.URL.Path, "stream") ||
			r.Header.Get("Ai-Language-Model-Streaming") == "true"
		switch {
		case f != nil:
			f.do(w, r, s)
		case stream:
			streaming(func(s script) string { return s.begin + s.end }, ends)(w, r, s)
		default:
			says(200, "", "", s.whole)(w, r, s)
		}
	}
}

// openChaos opens a door to all of them. With unreached there is nobody at Groq's address, and the hosted gateway has a
// credential only where it is to be asked.
func openChaos(t *testing.T, unreached, hosted bool) *chaos {
	t.Helper()
	return openChaosWith(t, unreached, hosted, func(*gateway.Options) {})
}

// openChaosWith changes the gateway's options before it opens.
func openChaosWith(t *testing.T, unreached, hosted bool, edit func(*gateway.Options)) *chaos {
	t.Helper()
	c := &chaos{reached: make(chan struct{}, 1), gone: make(chan struct{}, 1), fails: map[string]*fault{}, asked: map[string]*atomic.Int32{}, timers: map[*chaosTimer]bool{}}
	o := doorOptions{providers: map[string]provider.Override{}, secrets: secrets{}, config: &routing.Config{
		NoGateway: true, Timeouts: map[string]routing.Timeouts{routing.AnyProvider: {FirstToken: chaosFirst, Idle: chaosIdle}},
	}}
	for id := range scriptedIn {
		c.asked[id] = &atomic.Int32{}
		server := httptest.NewServer(c.serve(id))
		t.Cleanup(server.Close)
		server.Config.SetKeepAlivesEnabled(false) // a transport asks again by itself on a connection that it had before
		if unreached && id == "groq" {
			server.Close()
		}
		o.providers[id] = provider.Override{BaseURL: server.URL}
		if id != "gateway" || hosted {
			o.secrets[id] = providerSecret
		}
	}
	o.edit = func(_ *Options, g *gateway.Options) {
		g.Upstream = expiring{c, g.Upstream}
		g.AfterFunc = func(d time.Duration, f func()) gateway.Timer {
			switch {
			case d == chaosFirst || d == chaosIdle:
			case c.byClock:
				return time.AfterFunc(d, f)
			default:
				return c.late.AfterFunc(d, f)
			}
			t := &chaosTimer{c: c, f: f}
			c.start(t, d)
			return t
		}
		edit(g)
	}
	c.door = openDoor(t, o)
	return c
}

// modelAt is a provider's model as clients name it.
func modelAt(id string) string {
	if id == "gateway" {
		return "gateway/acme/m"
	}
	return id + "/m"
}

// ask has a client ask for one provider's model, with another's as its fallback where there is one.
func (c *chaos) ask(who talker, first, second string, stream bool) (int, string, talkAnswer, error) {
	for _, n := range c.asked {
		n.Store(0)
	}
	c.board.Reset("")
	who.user("hello", false)
	path, h, body := who.request(modelAt(first), stream)
	resp, text := c.post(path, body, func(r *http.Request) {
		for name, values := range h {
			r.Header[name] = values
		}
		if second != "" {
			r.Header.Set("X-Gatehouse-Models", modelAt(second))
		}
	})
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, text, talkAnswer{}, nil
	}
	a, err := who.answer(text, stream)
	return resp.StatusCode, text, a, err
}

// matches holds the history's attempts to what the upstreams saw and said, and the board to what is over.
func (c *chaos) matches(t *testing.T, attempts []gateway.Attempt, unreached bool) {
	t.Helper()
	for _, a := range attempts {
		if a.Outcome == "" || a.Reason == "" || a.Outcome == gateway.Failed && a.Error == "" {
			t.Errorf("an attempt says too little: %+v", a)
		}
		input, output := a.Used.Input.Or(-1), a.Used.Output.Or(-1)
		if said := input == 1000 && output == 10; said != (a.Outcome == gateway.OK) || a.Status != 200 && input >= 0 {
			t.Errorf("%s used %d and %d: %+v", a.Outcome, input, output, a)
		}
	}
	for id, n := range c.asked {
		in := 0
		for _, a := range attempts {
			if a.Provider == id {
				in++
			}
		}
		if int(n.Load()) != in && !(unreached && id == "groq" && n.Load() == 0) {
			t.Errorf("%s was asked %d times, the history has %d attempts", id, n.Load(), in)
		}
		if running := c.board.Running(id, ""); running != 0 {
			t.Errorf("%d attempts at %s have no end", running, id)
		}
	}
}
