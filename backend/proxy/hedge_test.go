package proxy

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/routing"
)

// lateness is the timer after which an attempt is late. It fires when the test says so, which may be before it is set.
type lateness struct {
	mu  sync.Mutex
	due bool
	f   func()
}

func (l *lateness) AfterFunc(_ time.Duration, f func()) gateway.Timer {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f = f; l.due {
		l.f = nil
		go f()
	}
	return l
}

func (l *lateness) now() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.due = true; l.f != nil {
		go l.f()
		l.f = nil
	}
}

func (l *lateness) Stop() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.f != nil
	l.f = nil
	return was
}

func (l *lateness) Reset(time.Duration) bool { panic("nobody is late twice") }

// measured lets a target have answered often enough, within a time, that one knows what is late there.
func (d *door) measured(of routing.Target, within time.Duration) {
	for range 5 {
		for _, r := range []routing.Result{{FirstToken: within, Duration: time.Second}, {Duration: within}} {
			d.board.Admit(of, true)
			d.board.Report(of, r)
		}
	}
}

// quick is what a provider's model is measured to be before it is late.
func (c *chaos) quick(id string) {
	c.measured(routing.Target{Provider: id, Model: modelAt(id)}, 20*time.Millisecond)
}

// TestHedge: a late attempt gets another one beside it, whatever the client speaks; the first with content answers, the
// other is ended at its provider and stands in the history as cancelled. It is off unless asked for.
func TestHedge(t *testing.T) {
	for _, client := range talkers {
		for first, second := range map[string]string{"groq": "anthropic", "anthropic": "groq", "openai": "groq"} {
			if first == "openai" && client.name != "responses" {
				continue
			}
			for _, stream := range []bool{true, false} {
				for _, asked := range []string{"true", ""} {
					t.Run(fmt.Sprintf("%s/%s/%v/%s", client.name, first, stream, asked), func(t *testing.T) {
						hedge(t, client.make(), first, second, stream, asked)
					})
				}
			}
		}
	}
}

func hedge(t *testing.T, who talker, first, second string, stream bool, asked string) {
	c := openChaos(t, false, false)
	c.quick(first)
	if asked != "" {
		c.set(map[string]*fault{first: {do: func(w http.ResponseWriter, r *http.Request, s script) {
			c.late.now()
			hangs(w, r, s)
		}}})
	}
	who.user("hello", false)
	path, header, body := who.request(modelAt(first), stream)
	resp, text := c.post(path, body, func(r *http.Request) {
		for name, values := range header {
			r.Header[name] = values
		}
		r.Header.Set("X-Gatehouse-Models", modelAt(second))
		if asked != "" {
			r.Header.Set("X-Gatehouse-Hedge", asked)
		}
	})
	a, err := who.answer(text, stream)
	r := c.lastRecord()
	if asked == "" {
		if resp.StatusCode != 200 || err != nil || r.Provider != first || len(r.Attempts) != 1 || c.asked[second].Load() != 0 {
			t.Errorf("not asked for: %s, %+v", text, r)
		}
		return
	}
	if resp.StatusCode != 200 || err != nil || a.text != "from-"+second || r.Outcome != gateway.OK || r.Provider != second {
		t.Fatalf("%d %v %s, %+v", resp.StatusCode, err, text, r)
	}
	outcomes := []gateway.Outcome{}
	for _, a := range r.Attempts {
		outcomes = append(outcomes, a.Outcome)
	}
	if !slices.Equal(outcomes, []gateway.Outcome{gateway.Cancelled, gateway.OK}) || r.Attempts[1].Used.Output.Or(0) != 10 {
		t.Errorf("%+v", r.Attempts)
	}
	<-c.gone
	c.matches(t, r.Attempts, false)
}

// TestHedgedAnswersAreKeptOnce: of two attempts that both come to their end only the one that answered is kept, and one can
// go on from it.
func TestHedgedAnswersAreKeptOnce(t *testing.T) {
	c := openChaos(t, false, false)
	c.quick("groq")
	var here atomic.Int32
	both := make(chan struct{})
	met := func(w http.ResponseWriter, r *http.Request, s script) { // both answer at the same time
		if c.late.now(); here.Add(1) == 2 {
			close(both)
		}
		select {
		case <-both:
		case <-r.Context().Done():
		}
		says(200, "", "", s.whole)(w, r, s)
	}
	c.set(map[string]*fault{"groq": {status: 200, do: met}, "anthropic": {status: 200, do: met}})
	resp, text := c.post("/v1/responses", `{"model":"groq/m","input":"hello"}`, func(r *http.Request) {
		r.Header.Set("X-Gatehouse-Models", "anthropic/m")
		r.Header.Set("X-Gatehouse-Hedge", "true")
	})
	id := gjson.Get(text, "id").String()
	if resp.StatusCode != 200 || id == "" {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	said := gjson.Get(text, "output.0.content.0.text").String()
	if _, kept := c.call("GET", "/v1/responses/"+id, c.token); gjson.Get(kept, "output.0.content.0.text").String() != said {
		t.Errorf("the client got %q, kept is %s", said, kept)
	}
	if r := c.lastRecord(); len(r.Attempts) != 2 || !strings.HasSuffix(said, r.Provider) {
		t.Errorf("%q: %+v", said, r)
	}
}

// TestHedgedEmbeddings: embeddings leave nothing behind, so a late one gets another beside it too.
func TestHedgedEmbeddings(t *testing.T) {
	gone, late := make(chan struct{}), lateness{}
	slow, _ := upstream(t, func(_ http.ResponseWriter, r *http.Request) {
		late.now()
		<-r.Context().Done()
		close(gone)
	})
	quick, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"object":"list","model":"e","data":[{"object":"embedding","index":0,"embedding":[0.5]}],"usage":{"prompt_tokens":3,"total_tokens":3}}`)
	})
	o := redirected("openai", slow.URL+"/v1", providerSecret)
	o.providers["mistral"] = o.providers["openai"]
	over := o.providers["mistral"]
	over.BaseURL = quick.URL + "/v1"
	o.providers["mistral"], o.secrets["mistral"] = over, providerSecret
	o.edit = func(_ *Options, g *gateway.Options) { g.AfterFunc = late.AfterFunc }
	d := openDoor(t, o)
	d.measured(routing.Target{Provider: "openai", Model: "openai/e"}, 20*time.Millisecond)
	resp, text := d.post("/v1/embeddings", `{"model":"openai/e","input":"a"}`, func(r *http.Request) {
		r.Header.Set("X-Gatehouse-Models", "mistral/e")
		r.Header.Set("X-Gatehouse-Hedge", "true")
	})
	if resp.StatusCode != 200 || gjson.Get(text, "data.0.embedding.0").Float() != 0.5 {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	<-gone
	if r := d.lastRecord(); r.Provider != "mistral" || len(r.Attempts) != 2 || r.Attempts[0].Outcome != gateway.Cancelled {
		t.Errorf("%+v", r)
	}
}
