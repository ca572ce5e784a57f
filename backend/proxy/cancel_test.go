package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
)

// stage is how far a request has come when its client leaves.
type stage struct {
	name string
	// fails is what the provider does at that stage; dialing tells that it is not reached, pausing that it is waited for
	// before the next try.
	fails            *fault
	dialing, pausing bool
	// streams tells that only a stream comes so far, reads that the client has read of it.
	streams, reads bool
}

var stages = []stage{
	{name: "before the connection", dialing: true},
	{name: "before the header", fails: &fault{do: hangs}},
	{name: "at the head", fails: &fault{status: 200, do: streaming(nothing, hangs)}},
	{name: "within the whole", fails: &fault{status: 200, do: func(w http.ResponseWriter, r *http.Request, s script) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, s.whole[:len(s.whole)/2])
		_ = http.NewResponseController(w).Flush()
		hangs(w, r, s)
	}}},
	{name: "in the stream", streams: true, reads: true, fails: &fault{status: 200, do: streaming(begins, hangs)}},
	{name: "before another try", pausing: true, fails: &fault{status: 503, do: says(503, "", "", saysNo)}},
}

// watched is the gateway's way to its providers, and tells how far a request has come.
type watched struct {
	gateway.Upstream
	stage   stage
	arrived chan<- struct{}
}

func (w watched) Do(ctx context.Context, call provider.Call) (*http.Response, error) {
	if w.stage.dialing {
		w.arrived <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	resp, err := w.Upstream.Do(ctx, call)
	if w.stage.fails.status == 200 && !w.stage.reads {
		w.arrived <- struct{}{}
	}
	return resp, err
}

// TestClientLeaves: at whatever stage the client leaves, the request ends as cancelled, its attempt too, the provider's
// connection is closed, nobody else is asked, and nothing is held against anybody. That no goroutine stays is what the
// package's tests end with.
func TestClientLeaves(t *testing.T) {
	for _, s := range stages {
		for _, client := range talkers {
			for id := range scriptedIn {
				if id != nativeOf(client.name) && id != "groq" && id != "anthropic" {
					continue
				}
				for _, stream := range []bool{true, false} {
					for _, hedged := range []string{"", "true"} {
						if s.streams && !stream || hedged != "" && client.name != "chat" && client.name != "responses" {
							continue
						}
						t.Run(fmt.Sprintf("%s/%s/%s/%v/hedged %s", s.name, client.name, id, stream, hedged), func(t *testing.T) {
							clientLeaves(t, s, client.make(), id, stream, hedged)
						})
					}
				}
			}
		}
	}
}

func clientLeaves(t *testing.T, s stage, who talker, id string, stream bool, hedged string) {
	arrived := make(chan struct{}, 1)
	c := openChaosWith(t, false, id == "gateway", func(g *gateway.Options) {
		g.Upstream = watched{g.Upstream, s, arrived}
		if s.pausing {
			g.Pause = func(ctx context.Context, _ time.Duration) bool {
				arrived <- struct{}{}
				<-ctx.Done()
				return false
			}
		}
	})
	c.set(map[string]*fault{id: s.fails})
	who.user("hello", false)
	path, header, body := who.request(modelAt(id), stream)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, strings.NewReader(body))
	check(t, err)
	req.Header.Set("Authorization", "Bearer "+c.token)
	for name, values := range header {
		req.Header[name] = values
	}
	if !s.pausing {
		req.Header.Set("X-Gatehouse-Models", modelAt("openai"))
	}
	if hedged != "" {
		req.Header.Set("X-Gatehouse-Hedge", hedged)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		resp, err := c.client.Do(req)
		if err != nil {
			return
		}
		defer resp.Body.Close() //nolint:errcheck // left
		text, piece := "", make([]byte, 4<<10)
		for {
			n, err := resp.Body.Read(piece)
			if text += string(piece[:n]); s.reads && strings.Contains(text, "from-"+id) {
				arrived <- struct{}{}
				s.reads = false
			}
			if err != nil {
				return
			}
		}
	}()
	if s.fails != nil && s.fails.status == 0 {
		<-c.reached
	} else {
		<-arrived
	}
	leave()
	<-over
	r := c.lastRecord()
	if r.Outcome != gateway.Cancelled || len(r.Attempts) != 1 {
		t.Fatalf("%+v", r)
	}
	if last := r.Attempts[0]; last.Provider != id || last.Outcome != gateway.Cancelled && !s.pausing || s.pausing && last.Outcome != gateway.Failed {
		t.Errorf("%+v", last)
	}
	if !s.dialing {
		<-c.gone // the provider's handler is over: its client left it
	}
	for of, n := range c.asked {
		if of != id && n.Load() != 0 {
			t.Errorf("%s was asked", of)
		}
		if running := c.board.Running(of, ""); running != 0 {
			t.Errorf("%d attempts at %s have no end", running, of)
		}
	}
	if known := c.board.All(); len(known) > 0 {
		t.Errorf("it is held against somebody: %+v", known)
	}
}
