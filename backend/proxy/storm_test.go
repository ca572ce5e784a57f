package proxy

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/routing"
)

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
