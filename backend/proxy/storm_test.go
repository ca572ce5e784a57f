package proxy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gatehouse/backend/gateway"
	"gatehouse/backend/usage"
)

// storms are who asks, of whom first and of whom then: each client's own dialect first, so that answers pass as they come
// and translated ones stand behind them, and one that is translated either way.
var storms = []struct {
	client, first, second string
	make                  func() talker
}{
	{"chat", "groq", "anthropic", func() talker { return &chatTalker{} }},
	{"responses", "openai", "groq", func() talker { return &responsesTalker{} }},
	{"responses, translated", "anthropic", "groq", func() talker { return &responsesTalker{} }},
	{"messages", "anthropic", "groq", func() talker { return &messagesTalker{} }},
}

// TestStorm: 200 streams at once through a provider of which three in ten attempts fail, with one behind it that is well:
// all succeed with one answer each, hedged or not, neither gets more than its requests and its retries, and the history has
// what the providers saw.
func TestStorm(t *testing.T) {
	const clients = 200
	for _, s := range storms {
		for _, hedged := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/hedged %v", s.client, hedged), func(t *testing.T) {
				c := openChaos(t, false, false)
				c.byClock = true
				failed := c.storm(s.first, hedged)
				if hedged {
					c.quick(s.first)
				}
				var asking sync.WaitGroup
				for i := range clients {
					asking.Go(func() {
						who := s.make()
						who.user("hello", false)
						path, header, body := who.request(modelAt(s.first), true)
						resp, text := c.post(path, body, func(r *http.Request) {
							for name, values := range header {
								r.Header[name] = values
							}
							r.Header.Set("X-Gatehouse-Models", modelAt(s.second))
							r.Header.Set("X-Gatehouse-Hedge", fmt.Sprint(hedged))
						})
						a, err := who.answer(text, true)
						if resp.StatusCode != 200 || err != nil || a.text != "from-"+s.first && a.text != "from-"+s.second {
							t.Errorf("%d: %d %v %q %s", i, resp.StatusCode, err, a.text, text)
						}
					})
				}
				asking.Wait()
				if failed.Load() == 0 {
					t.Error("nothing failed")
				}
				c.bounded(t, clients, s.first, s.second, hedged)
			})
		}
	}
}

// storm lets three in ten requests of a provider fail, in any way that comes before the first content; with hangs also
// such that only another attempt ends.
func (c *chaos) storm(id string, hanging bool) *atomic.Int32 {
	dice, lock := rand.New(rand.NewPCG(4, 2)), sync.Mutex{} //nolint:gosec // the same failures in every run
	failed := &atomic.Int32{}
	c.set(map[string]*fault{id: {status: 200, do: func(w http.ResponseWriter, r *http.Request, s script) {
		lock.Lock()
		fails, how := dice.IntN(10) < 3, faults[dice.IntN(len(faults))]
		lock.Unlock()
		if fails && !how.after && !how.unreached && (hanging || !how.hangs) {
			failed.Add(1)
			how.do(w, r, s)
			return
		}
		streaming(func(s script) string { return s.begin + s.end }, ends)(w, r, s)
	}}})
	return failed
}

// bounded holds a storm to its bounds. What a provider gets is bounded by its requests, a fifth of its answers and twenty.
func (c *chaos) bounded(t *testing.T, clients int, first, second string, hedged bool) {
	t.Helper()
	attempts := map[string]int{}
	records := c.settledRecords(clients)
	for _, r := range records {
		won := 0
		for _, a := range r.Attempts {
			attempts[a.Provider]++
			if a.Outcome == gateway.OK {
				won++
			}
			if a.Outcome == "" || a.Outcome == gateway.Cancelled && !hedged {
				t.Errorf("%+v", a)
			}
		}
		if r.Outcome != gateway.OK || won != 1 || r.Provider != first && r.Provider != second {
			t.Errorf("%+v", r)
		}
	}
	for id, n := range c.asked {
		got := int(n.Load())
		if got > clients+clients/5+20 {
			t.Errorf("%s got %d requests", id, got)
		}
		// A late one may be ended on its way.
		if got != attempts[id] && !(hedged && got < attempts[id]) {
			t.Errorf("%s got %d requests, the history has %d attempts", id, got, attempts[id])
		}
		if running := c.board.Running(id, ""); running != 0 {
			t.Errorf("%d attempts at %s have no end", running, id)
		}
	}
}

// settledRecords waits until so many requests have ended.
func (c *chaos) settledRecords(n int) []usage.Record {
	c.t.Helper()
	for {
		records, _, err := c.history.List(context.Background(), usage.Query{Limit: 2 * n})
		check(c.t, err)
		open := 0
		for _, r := range records {
			if r.Outcome == gateway.Open {
				open++
			}
		}
		if len(records) == n && open == 0 {
			return records
		}
	}
}

// TestStormAlone: where the failing provider is the only one, retries are bounded all the same.
func TestStormAlone(t *testing.T) {
	const clients = 200
	c := openChaos(t, false, false)
	c.set(map[string]*fault{"groq": {do: says(503, "", "", saysNo)}})
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			if resp, text := c.post("/v1/chat/completions", `{"model":"groq/m","messages":[{"role":"user","content":"hi"}]}`); resp.StatusCode != 503 || strings.Contains(text, "from-") {
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
