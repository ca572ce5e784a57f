package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// panicking is a way to a provider on which something goes wrong that nobody has thought of.
type panicking struct {
	gateway.Upstream
	id, where string
}

var errOfATest = errors.New("a test's panic")

func (p panicking) Do(ctx context.Context, call provider.Call) (*http.Response, error) {
	if call.Provider.ID == p.id && p.where == "the call" {
		panic(errOfATest)
	}
	resp, err := p.Upstream.Do(ctx, call)
	if err == nil && call.Provider.ID == p.id {
		resp.Body = &panickingBody{ReadCloser: resp.Body, p: p}
	}
	return resp, err
}

type panickingBody struct {
	io.ReadCloser
	p     panicking
	given bool
}

func (b *panickingBody) Read(into []byte) (int, error) {
	if b.given || b.p.where == "the head" {
		panic(errOfATest)
	}
	n, err := b.ReadCloser.Read(into)
	b.given = strings.Contains(string(into[:n]), "from-"+b.p.id)
	return n, err
}

// TestPanics: a panic while an attempt is made is a failure of that attempt, behind the first content one of the answer;
// either way the client has an error of its dialect, the history has the line's end, and nothing else is touched.
func TestPanics(t *testing.T) {
	for _, where := range []string{"the call", "the head", "the stream"} {
		for _, client := range talkers {
			for id := range scriptedIn {
				if id != nativeOf(client.name) && id != "groq" && id != "anthropic" {
					continue
				}
				for _, second := range []string{"", "groq"} {
					if id == second {
						second = "anthropic"
					}
					t.Run(fmt.Sprintf("%s/%s/%s/%s", where, client.name, id, second), func(t *testing.T) {
						c := openChaosWith(t, false, id == "gateway", func(g *gateway.Options) { g.Upstream = panicking{g.Upstream, id, where} })
						c.set(map[string]*fault{id: {after: true, status: 200, do: streaming(begins, hangs)}})
						status, text, a, err := c.ask(client.make(), id, second, true)
						r := c.lastRecord()
						for of := range scriptedIn {
							if n := c.board.Running(of, ""); n != 0 {
								t.Errorf("%d attempts at %s have no end", n, of)
							}
						}
						if strings.Contains(text+r.Error, errOfATest.Error()) {
							t.Errorf("it tells of the panic's own words: %s", text)
						}
						if len(r.Attempts) == 0 || r.Attempts[0].Outcome != gateway.Failed || r.Attempts[0].Error == "" {
							t.Errorf("%+v", r.Attempts)
						}
						switch {
						case where == "the stream":
							if status != 200 || err == nil || !strings.Contains(text, "from-"+id) || !strings.Contains(text, "error") || r.Outcome != gateway.Failed {
								t.Errorf("%d %v %s, %+v", status, err, text, r)
							}
						case second != "":
							if status != 200 || err != nil || a.text != "from-"+second || r.Outcome != gateway.OK || len(r.Attempts) != 2 {
								t.Errorf("%d %v %s, %+v", status, err, text, r)
							}
						case status != 500 || !wellFormed(client.name, text) || r.Outcome != gateway.Failed || len(r.Attempts) != 1:
							t.Errorf("%d %s, %+v", status, text, r)
						}
					})
				}
			}
		}
	}
}

// TestPanicBeforeAnyAttempt: a panic in what decides costs the request it is in, whatever way it came: by HTTP, over a
// connection, in the background. The next one is served.
func TestPanicBeforeAnyAttempt(t *testing.T) {
	const never = 1 << 30
	var good atomic.Int64 // how often it still goes well
	good.Store(never)
	d := openDoor(t, doorOptions{edit: func(_ *Options, g *gateway.Options) {
		world := g.World
		g.World = func() routing.World {
			if good.Add(-1) < 0 {
				none := []int{}
				none[len(none)]++ // the runtime's own
			}
			return world()
		}
	}})
	line := d.line(t)
	good.Store(0)
	for _, client := range talkers {
		for _, stream := range []bool{true, false} {
			if status, text, _, _ := d.turn(ask(client.make), "sim/echo", stream); status != 500 || !wellFormed(client.name, text) {
				t.Errorf("%s: %d %s", client.name, status, text)
			}
			if r := d.lastRecord(); r.Outcome != gateway.Failed || r.Error == "" {
				t.Errorf("%s: %+v", client.name, r)
			}
		}
	}
	line.send(create(`"model":"sim/echo","input":"x"`))
	if e := line.next(); e.Get("type").String() != "error" || e.Get("status").Int() != 500 {
		t.Errorf("over a connection: %s", e.Raw())
	}
	good.Store(1)
	_, text := d.post("/v1/responses", `{"model":"sim/echo","input":"x","background":true}`)
	id := gjson.Get(text, "id").String()
	if j := d.jobs.find(d.keyID(), id); j != nil {
		<-j.done
	}
	if _, text = d.call("GET", "/v1/responses/"+id, d.token); gjson.Get(text, "status").String() != "failed" {
		t.Errorf("in the background: %s", text)
	}
	good.Store(never)
	if got := textOf(line.done(create(`"model":"sim/echo","input":"a canary"`))); !strings.Contains(got, "canary") {
		t.Errorf("over the same connection afterwards: %s", got)
	}
}
