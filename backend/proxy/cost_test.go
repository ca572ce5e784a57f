package proxy

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
	"gatehouse/backend/usage"
)

// perToken is a price of so many 1e-12 USD for each token; models called "priceless" have none.
type perToken int64

func (p perToken) Bill(_, model string, u llm.Usage) *catalog.Bill {
	if strings.HasSuffix(model, "/priceless") {
		return nil
	}
	total := catalog.PicoUSD((u.Input.Or(0) + u.Output.Or(0)) * int64(p))
	return &catalog.Bill{Known: true, Total: total, Lines: []catalog.Line{{Kind: "input", Units: 1, Price: &total, Amount: &total}}}
}

func (p perToken) Price(provider, model string, u llm.Usage) (int64, bool) {
	bill := p.Bill(provider, model, u)
	if bill == nil {
		return 0, false
	}
	return int64(bill.Total), true
}

// costly is a door at which anthropic bills a prompt of 1000 tokens and one token, and then fails, or hangs, and groq
// answers.
func costly(t *testing.T, then func(http.ResponseWriter, *http.Request)) *door {
	t.Helper()
	const billed = perToken(1_000_000)
	begin := inMessages[1][:strings.Index(inMessages[1], "\n\n")+2]
	fails, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, begin)
		_ = http.NewResponseController(w).Flush()
		then(w, r)
	})
	return openDoor(t, doorOptions{
		providers: map[string]provider.Override{"anthropic": {BaseURL: fails.URL}, "groq": {BaseURL: standIn(t, inChat)}},
		secrets:   secrets{"anthropic": providerSecret, "groq": providerSecret},
		pricer:    billed,
		edit: func(_ *Options, g *gateway.Options) {
			late := &lateness{}
			g.Price, g.AfterFunc, g.Upstream = billed.Price, late.AfterFunc, read{g.Upstream, late}
		},
	})
}

// read tells that an attempt is late once the gateway has read what came of its answer.
type read struct {
	gateway.Upstream
	late *lateness
}

func (u read) Do(ctx context.Context, call provider.Call) (*http.Response, error) {
	resp, err := u.Upstream.Do(ctx, call)
	if err == nil && call.Provider.ID == "anthropic" {
		resp.Body = &readBody{ReadCloser: resp.Body, late: u.late}
	}
	return resp, err
}

type readBody struct {
	io.ReadCloser
	late *lateness
	some bool
}

func (b *readBody) Read(p []byte) (int, error) {
	if b.some {
		b.late.now()
	}
	b.some = true
	return b.ReadCloser.Read(p)
}

func busy(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, anthropicBusy) }

// TestCostOfAttempts: what an attempt used that then failed, and what one used that was ended since another was faster, is
// part of what the request cost, in the history and in what the client is told; each attempt has its own part.
func TestCostOfAttempts(t *testing.T) {
	for _, c := range []struct {
		name, first, second string
		hangs               bool
		total               string // as the client is told, in USD; empty where it is not known
		pico                []int64
	}{
		{"it failed", "anthropic/m", "groq/m", false, "0.002011", []int64{1_001_000_000, 1_010_000_000}},
		{"it was slower", "anthropic/m", "groq/m", true, "0.002011", []int64{1_001_000_000, 1_010_000_000}},
		{"at an unknown price", "anthropic/priceless", "groq/m", false, "", []int64{-1, 1_010_000_000}},
	} {
		for _, whole := range []bool{true, false} {
			d := costly(t, busy)
			if c.hangs {
				d = costly(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
				d.measured(routing.Target{Provider: "anthropic", Model: c.first}, time.Millisecond)
			}
			body := `{"model":"` + c.first + `","stream":true,"messages":[{"role":"user","content":"hi"}],"stream_options":{"include_usage":true}}`
			if whole {
				body = strings.Replace(body, `"stream":true`, `"stream":false`, 1)
				body = strings.Replace(body, `,"stream_options":{"include_usage":true}`, "", 1)
			}
			resp, text := d.post("/v1/chat/completions", body, func(r *http.Request) {
				r.Header.Set("X-Gatehouse-Models", c.second)
				if c.hangs {
					r.Header.Set("X-Gatehouse-Hedge", "true")
				}
			})
			r := d.lastRecord()
			if resp.StatusCode != 200 || len(r.Attempts) < 2 || r.Provider != "groq" {
				t.Fatalf("%s: %d %s, %+v", c.name, resp.StatusCode, text, r)
			}
			if told := resp.Header.Get("X-Gatehouse-Cost"); whole && told != c.total {
				t.Errorf("%s: the client is told %q", c.name, told)
			}
			costsAre(t, c.name, r, c.pico, c.total != "")
		}
	}
}

// costsAre holds a record's attempts to what each kind of them costs (below 0: unknown), and the record to their sum.
func costsAre(t *testing.T, name string, r usage.Record, want []int64, known bool) {
	t.Helper()
	sum := int64(0)
	for _, a := range r.Attempts {
		cost := want[0]
		if a.Provider == "groq" {
			cost = want[1]
		}
		if (a.CostPicoUSD == nil) != (cost < 0) || cost >= 0 && *a.CostPicoUSD != cost {
			t.Errorf("%s: an attempt's cost: %+v", name, a)
		}
		sum += max(cost, 0)
	}
	if (r.CostPicoUSD == nil) == known || known && *r.CostPicoUSD != sum {
		t.Errorf("%s: the record's cost %v is not the sum %d of its attempts'", name, r.CostPicoUSD, sum)
	}
	if r.InputTokens == nil || *r.InputTokens != 1000 {
		t.Errorf("%s: the record's tokens are not the answer's: %+v", name, r)
	}
}

// TestCostWithoutAnAnswer: what was used for nothing is billed all the same.
func TestCostWithoutAnAnswer(t *testing.T) {
	d := costly(t, busy)
	resp, text := d.post("/v1/messages", `{"model":"anthropic/m","stream":true,"max_tokens":10,"messages":[{"role":"user","content":"hi"}]}`)
	r := d.lastRecord()
	if resp.StatusCode < 400 || r.Outcome != gateway.Failed || len(r.Attempts) == 0 {
		t.Fatalf("%d %s, %+v", resp.StatusCode, text, r)
	}
	if want := int64(len(r.Attempts)) * 1_001_000_000; r.CostPicoUSD == nil || *r.CostPicoUSD != want {
		t.Errorf("%d attempts cost %v", len(r.Attempts), r.CostPicoUSD)
	}
}
