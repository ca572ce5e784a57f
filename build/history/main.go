// Command history writes a large made-up usage history straight into the database of a home folder in which no Gatehouse runs,
// so that what the pages and the reports take can be measured on it:
//
//	go run ./build/history -home FOLDER -requests 1000000
//	go run ./build/history -home FOLDER -requests 0 -messages 5000
//
// It knows the store, the history and the chat's conversations, and nothing of the program around them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

// batch is how many requests a history is given before it is closed, and all is on the disk: fewer than it holds in memory.
const batch = 8000

func main() {
	home := flag.String("home", "", "the home folder, made where it is missing")
	requests := flag.Int("requests", 1_000_000, "how many requests")
	days := flag.Int("days", 90, "over how many days they are spread, up to now")
	messages := flag.Int("messages", 0, "how many messages a conversation has besides; 0 is none")
	flag.Parse()
	if err := write(*home, *requests, *messages, time.Duration(*days)*24*time.Hour); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(home string, requests, messages int, span time.Duration) (err error) {
	if home == "" || requests < 0 || messages < 0 || span <= 0 {
		return errors.New("usage: history -home FOLDER [-requests N] [-days N] [-messages N]")
	}
	db, err := store.Open(filepath.Join(home, "gatehouse.db"), store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if messages > 0 {
		if err := converse(db, messages); err != nil {
			return err
		}
	}
	began := time.Now()
	start, step := began.Add(-span), span/time.Duration(max(requests, 1))
	r := rand.New(rand.NewPCG(1, 2))
	for from := 0; from < requests; from += batch {
		h, err := usage.Open(db, usage.Options{Pricer: price{}})
		if err != nil {
			return err
		}
		for i := from; i < min(from+batch, requests); i++ {
			one(h, r, i, start.Add(time.Duration(i)*step))
		}
		if err := h.Close(context.Background()); err != nil {
			return err
		}
		if problem, dropped := h.Health(); problem != "" || dropped > 0 {
			return fmt.Errorf("%d requests are missing: %s", dropped, problem)
		}
	}
	fmt.Printf("%d requests in %s\n", requests, time.Since(began).Round(time.Second))
	return nil
}

// one puts a request into the history as the endpoint does.
func one(h *usage.History, r *rand.Rand, i int, at time.Time) {
	// A project has its key and its client, as people work; a model may come from two providers.
	project, n := r.IntN(7), int(math.Abs(r.NormFloat64())*3)
	model := fmt.Sprintf("maker/model-%d", n)
	provider := fmt.Sprintf("provider-%d", (n+r.IntN(2))%4)
	first := time.Duration(400*math.Exp(r.NormFloat64())) * time.Millisecond
	e := h.Begin(gateway.Opening{
		ID: gateway.NewRequestID(at), StartedAt: at, KeyID: fmt.Sprintf("k%d", project), Key: fmt.Sprintf("key-%d", project),
		Project: fmt.Sprintf("project-%d", project), Client: fmt.Sprintf("client/%d", project%5), Dialect: llm.Messages,
		RequestedModel: "gatehouse/active", Stream: true,
	})
	s := gateway.Settlement{
		Outcome: gateway.OK, Provider: provider, Model: model, UpstreamID: fmt.Sprintf("msg_%d", i), Status: 200,
		Usage: llm.Usage{
			Input: llm.Tokens(int64(r.IntN(4000))), CacheRead: llm.Tokens(int64(r.IntN(30_000))), CacheWrite5m: llm.Tokens(int64(r.IntN(900))),
			Output: llm.Tokens(int64(r.IntN(1500))),
		},
		Finish: llm.FinishReason{Kind: llm.FinishStop}, FirstToken: first, Duration: first + time.Duration(r.IntN(20_000))*time.Millisecond,
	}
	s.Attempts = []gateway.Attempt{{
		Provider: provider, Model: model, CredentialType: "own", Reason: "asked for", At: at, Duration: s.Duration, Outcome: gateway.OK, Status: 200,
	}}
	if i%50 == 0 {
		s.Outcome, s.Status, s.Kind, s.Error = gateway.Failed, 503, llm.ErrOverloaded, "the provider is overloaded"
		s.Attempts[0].Outcome, s.Attempts[0].Status = gateway.Failed, 503
	}
	e.Settle(s)
}

// price is what everything costs: $3 per million input tokens, a tenth of it from the cache, $15 per million output tokens.
type price struct{}

func (price) Bill(_, _ string, u llm.Usage) *catalog.Bill {
	bill := &catalog.Bill{Known: true, Source: "made up"}
	line := func(kind catalog.Kind, units llm.Count, price catalog.PicoUSD) {
		if n, known := units.Get(); known {
			amount := catalog.PicoUSD(n) * price
			bill.Lines = append(bill.Lines, catalog.Line{Kind: kind, Units: n, Price: &price, Amount: &amount})
			bill.Total += amount
		}
	}
	line(catalog.KindInput, u.Input, 3_000_000)
	line(catalog.KindCacheRead, u.CacheRead, 300_000)
	line(catalog.KindOutput, u.Output, 15_000_000)
	return bill
}
