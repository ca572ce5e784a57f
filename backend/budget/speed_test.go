package budget_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/backend/budget"
	"gatehouse/backend/event"
	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

// BenchmarkReserve is what a request pays: without budgets, and under four of them with its length known.
func BenchmarkReserve(b *testing.B) {
	for name, specs := range map[string][]budget.Spec{
		"none": nil,
		"four": {
			usd("a", 1e6*dollar, budget.Day), usd("b", 1e6*dollar, budget.Month), usd("c", 1e6*dollar, budget.Total),
			{Name: "d", Limit: budget.Limit{Unit: budget.Requests, Amount: 1e12, Per: budget.Day}, Scope: budget.Scope{Model: "a*"}},
		},
	} {
		b.Run(name, func(b *testing.B) {
			db, err := store.Open(filepath.Join(b.TempDir(), "gatehouse.db"), store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			l := newLedger()
			k := budget.Open(budget.Options{
				DB: db, Now: time.Now, Zone: time.UTC, Broker: &event.Broker{}, Logger: slog.New(slog.DiscardHandler), Price: price, History: l,
			})
			b.Cleanup(func() { k.Close(); _ = db.Close() })
			l.serve(b, db, k.Count)
			k.Set(specs, nil)
			if err := k.Ready(b.Context()); err != nil {
				b.Fatal(err)
			}
			in := gateway.Intent{
				ID: "req_1", Key: "zed", Model: "a", Candidates: []gateway.Candidate{{Provider: "x", Model: "a"}}, Bytes: 4000,
				MaxOutput: func() int64 { return 500 },
			}
			tokens, cost := int64(1000), int64(dollar)
			for b.Loop() {
				in.StartedAt = time.Now()
				if _, err := k.Reserve(b.Context(), in); err != nil {
					b.Fatal(err)
				}
				k.Settled(budget.Spent{
					ID: in.ID, StartedAt: in.StartedAt, Key: "zed", Requested: "a", Model: "a", Provider: "x", Outcome: gateway.OK, Status: 200,
					PicoUSD: &cost, Tokens: &tokens, Input: &tokens, Output: &tokens,
				})
			}
		})
	}
}
