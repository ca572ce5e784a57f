package proxy

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// script is what a stand-in for a provider says: a whole answer and a streamed one, which is cut behind its first content
// where it is to break. The answers name the provider.
type script struct{ id, whole, begin, end, broken string }

func scriptOf(id string) script {
	answers, broken := inChat, `data: {"error":{"message":"it broke","type":"server_error"}}`+"\n\n"
	if id == "anthropic" {
		answers, broken = inMessages, "event: error\n"+`data: {"type":"error","error":{"type":"overloaded_error","message":"it broke"}}`+"\n\n"
	}
	name := func(s string) string { return strings.Replace(s, "Hi", "from-"+id, 1) }
	stream := name(answers[1])
	cut := strings.Index(stream, "from-"+id)
	cut += strings.Index(stream[cut:], "\n\n") + 2
	return script{id, name(answers[0]), stream[:cut], stream[cut:], broken}
}

// fault is one way in which an attempt fails.
type fault struct {
	name string
	// status is what the history has of it; unreached tells that the upstream never saw the request.
	status    int
	unreached bool
	// after tells that it comes behind the first content of a stream, hangs that only a timeout ends it.
	after, hangs bool
	do           func(w http.ResponseWriter, r *http.Request, s script)
}

func says(status int, header, value, body string) func(http.ResponseWriter, *http.Request, script) {
	return func(w http.ResponseWriter, _ *http.Request, s script) {
		w.Header().Set("Content-Type", "application/json")
		if header != "" {
			w.Header().Set(header, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.Replace(body, "no luck", "no luck at "+s.id, 1))
	}
}

func streaming(text func(script) string, then func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request, script) {
	return func(w http.ResponseWriter, r *http.Request, s script) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, text(s))
		_ = http.NewResponseController(w).Flush()
		then(w, r)
	}
}

func cuts(http.ResponseWriter, *http.Request)      { panic(http.ErrAbortHandler) }
func ends(http.ResponseWriter, *http.Request)      {}
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

const saysNo = `{"type":"error","error":{"message":"no luck","type":"some_error"}}`

var (
	nothing = func(script) string { return "" }
	begins  = func(s script) string { return s.begin }
	breaks  = func(s script) string { return s.broken }
)

// faults are all of them. What is said only in a stream is said to clients of either kind.
var faults = func() []fault {
	list := []fault{
		{name: "refused", unreached: true},
		{name: "reset before the header", do: func(w http.ResponseWriter, r *http.Request, _ script) { cuts(w, r) }},
		{name: "reset behind the header", status: 200, do: streaming(nothing, cuts)},
		{name: "hangs before the header", hangs: true, do: func(w http.ResponseWriter, r *http.Request, _ script) { hangs(w, r) }},
		{name: "hangs behind the header", status: 200, hangs: true, do: streaming(nothing, hangs)},
		{name: "hangs behind a comment", status: 200, hangs: true, do: streaming(func(script) string { return ": working\n\n" }, hangs)},
		{name: "context length", status: 400, do: says(400, "", "", `{"error":{"message":"no luck, maximum context length exceeded","type":"invalid_request_error","code":"context_length_exceeded"}}`)},
		{name: "429, seconds", status: 429, do: says(429, "Retry-After", "30", saysNo)},
		{name: "429, a date", status: 429, do: says(429, "Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT", saysNo)},
		{name: "429, milliseconds", status: 429, do: says(429, "Retry-After-Ms", "10", saysNo)},
		{name: "429, RetryInfo", status: 429, do: says(429, "", "", `{"error":{"message":"no luck","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"9s"}]}}`)},
		{name: "error in the stream", status: 200, do: streaming(breaks, ends)},
		{name: "error in the whole", status: 200, do: says(200, "", "", saysNo)},
		{name: "empty", status: 200, do: says(200, "", "", "")},
		{name: "empty stream", status: 200, do: streaming(nothing, ends)},
		{name: "a page", status: 200, do: func(w http.ResponseWriter, _ *http.Request, _ script) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>welcome</html>")
		}},
		{name: "half an object", status: 200, do: func(w http.ResponseWriter, _ *http.Request, s script) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, s.whole[:len(s.whole)/2])
		}},
		{name: "torn", status: 200, after: true, do: streaming(begins, ends)},
		{name: "cut", status: 200, after: true, do: streaming(begins, cuts)},
		{name: "hangs in the stream", status: 200, after: true, hangs: true, do: streaming(begins, hangs)},
		{name: "error behind content", status: 200, after: true, do: streaming(begins, func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			id := "groq"
			if r.Header.Get("X-Api-Key") != "" {
				id = "anthropic"
			}
			_, _ = io.WriteString(w, scriptOf(id).broken)
		})},
	}
	for _, status := range []int{401, 402, 403, 404, 408, 409, 413, 500, 502, 503, 529} {
		list = append(list, fault{name: fmt.Sprint(status), status: status, do: says(status, "", "", saysNo)})
	}
	return list
}()

// chaos is two providers that fail as they are told to.
type chaos struct {
	*door
	asked map[string]*atomic.Int32
	mu    sync.Mutex
	fails map[string]*fault
}

func (c *chaos) serve(id string) http.HandlerFunc {
	s := scriptOf(id)
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // its client left
		}
		c.asked[id].Add(1)
		c.mu.Lock()
		f := c.fails[id]
		c.mu.Unlock()
		switch stream := strings.Contains(string(body), `"stream":true`); {
		case f != nil:
			f.do(w, r, s)
		case stream:
			streaming(func(s script) string { return s.begin + s.end }, ends)(w, r, s)
		default:
			says(200, "", "", s.whole)(w, r, s)
		}
	}
}

func openChaos(t *testing.T, hanging, unreached bool) *chaos {
	t.Helper()
	c := &chaos{fails: map[string]*fault{}, asked: map[string]*atomic.Int32{"groq": {}, "anthropic": {}}}
	o := doorOptions{providers: map[string]provider.Override{}, secrets: secrets{}, config: &routing.Config{}}
	for _, id := range []string{"groq", "anthropic"} {
		server := httptest.NewServer(c.serve(id))
		t.Cleanup(server.Close)
		server.Config.SetKeepAlivesEnabled(false) // a transport asks again by itself on a connection that it had before
		if unreached {
			server.Close()
		}
		o.providers[id], o.secrets[id] = provider.Override{BaseURL: server.URL}, providerSecret
	}
	if unreached { // one of them is there
		server := httptest.NewServer(c.serve("anthropic"))
		t.Cleanup(server.Close)
		o.providers["anthropic"] = provider.Override{BaseURL: server.URL}
	}
	if hanging {
		limit := 80 * time.Millisecond
		o.config.Timeouts = map[string]routing.Timeouts{"groq": {FirstToken: limit, Idle: limit}, "anthropic": {FirstToken: 5 * time.Second, Idle: 5 * time.Second}}
	}
	c.door = openDoor(t, o)
	return c
}

// ask has a client ask for groq's model with anthropic's as its fallback, or the other way round.
func (c *chaos) ask(who talker, first, second string, stream bool) (int, string, talkAnswer, error) {
	for _, n := range c.asked {
		n.Store(0)
	}
	c.board.Reset("")
	who.user("hello", false)
	path, h, body := who.request(first+"/m", stream)
	resp, text := c.post(path, body, func(r *http.Request) {
		for name, values := range h {
			r.Header[name] = values
		}
		if second != "" {
			r.Header.Set("X-Gatehouse-Models", second+"/m")
		}
	})
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, text, talkAnswer{}, nil
	}
	a, err := who.answer(text, stream)
	return resp.StatusCode, text, a, err
}

// matches holds the history's attempts to what the upstreams saw, and the board to what is over.
func (c *chaos) matches(t *testing.T, attempts []gateway.Attempt, unreached bool) {
	t.Helper()
	for id, n := range c.asked {
		in := 0
		for _, a := range attempts {
			if a.Provider == id {
				in++
			}
			if a.Outcome == "" || a.Reason == "" || a.Outcome == gateway.Failed && a.Error == "" {
				t.Errorf("an attempt says too little: %+v", a)
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

// TestChaos breaks the first of two targets in every way for every client: before the first token the other one answers
// and nothing of the first is in the answer; after it the answer ends in an error of the client's dialect, and nobody else
// is asked.
func TestChaos(t *testing.T) {
	doors := map[[2]bool]*chaos{}
	for _, f := range faults {
		at := [2]bool{f.hangs, f.unreached}
		if doors[at] == nil {
			doors[at] = openChaos(t, f.hangs, f.unreached)
		}
		c := doors[at]
		for _, client := range talkers {
			for _, stream := range []bool{true, false} {
				for _, first := range []string{"groq", "anthropic"} {
					second := map[string]string{"groq": "anthropic", "anthropic": "groq"}[first]
					if f.after && !stream || first == "anthropic" && (f.hangs || f.unreached) {
						continue
					}
					t.Run(fmt.Sprintf("%s/%s/%v/%s", f.name, client.name, stream, first), func(t *testing.T) {
						c.mu.Lock()
						c.fails = map[string]*fault{first: &f}
						c.mu.Unlock()
						status, text, a, err := c.ask(client.make(), first, second, stream)
						r := c.lastRecord()
						if f.after {
							if a.text == "from-"+second && !f.hangs { // the failure came along with the content, before anything was given out
								if err != nil || strings.Contains(text, "from-"+first) || len(r.Attempts) != 2 {
									t.Errorf("%v: %s, %+v", err, text, r.Attempts)
								}
								return
							}
							c.brokenOff(t, first, second, text, err, r.Attempts)
							return
						}
						if status != 200 || err != nil || a.text != "from-"+second || strings.Contains(text, "from-"+first) {
							t.Fatalf("%d %v %s", status, err, text)
						}
						if r.Outcome != gateway.OK || r.Provider != second || len(r.Attempts) < 2 {
							t.Fatalf("%+v", r)
						}
						one, last := r.Attempts[0], r.Attempts[len(r.Attempts)-1]
						if one.Provider != first || one.Outcome != gateway.Failed || one.Status != f.status || last.Provider != second || last.Outcome != gateway.OK {
							t.Errorf("%+v", r.Attempts)
						}
						c.matches(t, r.Attempts, f.unreached)
					})
				}
			}
		}
	}
}

func (c *chaos) brokenOff(t *testing.T, first, second, text string, err error, attempts []gateway.Attempt) {
	t.Helper()
	if err == nil || strings.Contains(text, "from-"+second) || !strings.Contains(text, "from-"+first) || !strings.Contains(text, "error") {
		t.Errorf("%v: %s", err, text)
	}
	if len(attempts) != 1 || attempts[0].Outcome != gateway.Failed {
		t.Errorf("%+v", attempts)
	}
	c.matches(t, attempts, false)
}

// TestChaosOfAll: where nobody answers, the client gets one error in its dialect's form that names each.
func TestChaosOfAll(t *testing.T) {
	c := openChaos(t, false, false)
	for _, f := range faults {
		if f.after || f.hangs || f.unreached {
			continue
		}
		for _, client := range clientsOfEach {
			for _, stream := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/%v", f.name, client.name, stream), func(t *testing.T) {
					c.mu.Lock()
					c.fails = map[string]*fault{"groq": &f, "anthropic": &f}
					c.mu.Unlock()
					status, text, _, _ := c.ask(client.make(), "groq", "anthropic", stream)
					word, message := errorWord(client.form, text)
					if status < 400 || word == "" || !strings.Contains(message, "groq: ") || !strings.Contains(message, "anthropic: ") {
						t.Errorf("%d %s", status, text)
					}
					if strings.Contains(text, providerSecret) || strings.Contains(text, "from-") {
						t.Errorf("it holds too much: %s", text)
					}
					r := c.lastRecord()
					if r.Outcome != gateway.Failed || r.Status != status && status != 529 { // 529 is how Messages spells 503
						t.Errorf("%d: %+v", status, r)
					}
					c.matches(t, r.Attempts, false)
				})
			}
		}
	}
}

// TestStorm: 200 streams at once through a provider of which three in ten attempts fail, with one behind it that is well:
// all succeed, and the failing one gets no more than its requests and its retries.
func TestStorm(t *testing.T) {
	const clients = 200
	dice, lock := rand.New(rand.NewPCG(4, 2)), sync.Mutex{} //nolint:gosec // the same failures in every run
	c := openChaos(t, false, false)
	var failed atomic.Int32
	some := &fault{do: func(w http.ResponseWriter, r *http.Request, s script) {
		lock.Lock()
		fails, how := dice.IntN(10) < 3, faults[dice.IntN(len(faults))]
		lock.Unlock()
		if fails && !how.hangs && !how.after && !how.unreached {
			failed.Add(1)
			how.do(w, r, s)
			return
		}
		streaming(func(s script) string { return s.begin + s.end }, ends)(w, r, s)
	}}
	c.fails["groq"] = some
	var asking sync.WaitGroup
	for i := range clients {
		asking.Go(func() {
			_, text := c.post("/v1/chat/completions", `{"model":"groq/m","stream":true,"messages":[{"role":"user","content":"hi"}]}`,
				func(r *http.Request) { r.Header.Set("X-Gatehouse-Models", "anthropic/m") })
			heads := strings.Count(text, "from-groq") + strings.Count(text, "from-anthropic")
			if heads != 1 || !strings.HasSuffix(text, "[DONE]\n\n") || strings.Contains(text, `data: {"error"`) {
				t.Errorf("%d: %s", i, text)
			}
		})
	}
	asking.Wait()
	// What a provider gets is bounded by its requests, a fifth of its answers and twenty.
	for id, n := range c.asked {
		if got := n.Load(); got > clients+clients/5+20 {
			t.Errorf("%s got %d requests", id, got)
		}
		if running := c.board.Running(id, ""); running != 0 {
			t.Errorf("%d attempts at %s have no end", running, id)
		}
	}
	if failed.Load() == 0 {
		t.Error("nothing failed")
	}
}

// TestStormAlone: where the failing provider is the only one, retries are bounded all the same.
func TestStormAlone(t *testing.T) {
	const clients = 200
	c := openChaos(t, false, false)
	c.fails["groq"] = &fault{do: says(503, "", "", saysNo)}
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			if resp, text := c.post("/v1/chat/completions", `{"model":"groq/m","messages":[{"role":"user","content":"hi"}]}`); resp.StatusCode != 503 {
				t.Errorf("%d %s", resp.StatusCode, text)
			}
		})
	}
	asking.Wait()
	if got := c.asked["groq"].Load(); got > clients+20 {
		t.Errorf("it got %d requests", got)
	}
	if running := c.board.Running("groq", ""); running != 0 {
		t.Errorf("%d attempts have no end", running)
	}
}

// TestHedge: a late attempt gets another one beside it; the first with content answers, the other is ended at its provider
// and stands in the history as cancelled. It is off unless asked for.
func TestHedge(t *testing.T) {
	for _, stream := range []bool{true, false} {
		for _, asked := range []string{"true", ""} {
			c := openChaos(t, false, false)
			gone, release := make(chan struct{}), make(chan struct{})
			c.fails["groq"] = &fault{do: func(w http.ResponseWriter, r *http.Request, s script) {
				select {
				case <-r.Context().Done():
					close(gone)
				case <-release:
					says(200, "", "", s.whole)(w, r, s)
				}
			}}
			for range 5 { // so that one knows what is late
				of := routing.Target{Provider: "groq", Model: "groq/m"}
				c.board.Admit(of, true)
				c.board.Report(of, routing.Result{FirstToken: 20 * time.Millisecond, Duration: time.Second})
			}
			if asked == "" {
				close(release)
			}
			resp, text := c.post("/v1/chat/completions", fmt.Sprintf(`{"model":"groq/m","stream":%v,"messages":[{"role":"user","content":"hi"}]}`, stream && asked != ""),
				func(r *http.Request) {
					r.Header.Set("X-Gatehouse-Models", "anthropic/m")
					if asked != "" {
						r.Header.Set("X-Gatehouse-Hedge", asked)
					}
				})
			r := c.lastRecord()
			if asked == "" {
				if resp.StatusCode != 200 || r.Provider != "groq" || len(r.Attempts) != 1 || c.asked["anthropic"].Load() != 0 {
					t.Errorf("not asked for: %s, %+v", text, r)
				}
				continue
			}
			if resp.StatusCode != 200 || !strings.Contains(text, "from-anthropic") || r.Outcome != gateway.OK || r.Provider != "anthropic" {
				t.Errorf("stream %v: %d %s, %+v", stream, resp.StatusCode, text, r)
			}
			outcomes := []gateway.Outcome{}
			for _, a := range r.Attempts {
				outcomes = append(outcomes, a.Outcome)
			}
			if !slices.Equal(outcomes, []gateway.Outcome{gateway.Cancelled, gateway.OK}) || r.Attempts[1].Used.Output.Or(0) != 10 {
				t.Errorf("stream %v: %+v", stream, r.Attempts)
			}
			<-gone
			c.matches(t, r.Attempts, false)
		}
	}
}
