package usage

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// Requests that were carried elsewhere are stored, counted and told of once, and not at all where one who has to know can't.
func TestEnter(t *testing.T) {
	t.Parallel()
	var told, counted []string
	refuse := errors.New("no room")
	var failing error
	db, err := store.Open(t.TempDir()+"/x.db", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(db, Options{
		Settled: func(r *Record) { told = append(told, r.ID) },
		Changed: func(_ *store.Tx, changes []Change) error {
			for _, c := range changes {
				if c.Kind != Ended || c.Before != nil {
					t.Errorf("%+v", c)
				}
				counted = append(counted, c.Record.ID)
			}
			return failing
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(h.Close(t.Context()), db.Close()); err != nil {
			t.Error(err)
		}
	}()
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	ended := func(n int) gateway.Ended {
		return gateway.Ended{
			Opening: gateway.Opening{ID: fmt.Sprintf("%s%026d", "req_", n), StartedAt: at, Key: "k", Surface: llm.Batches},
			Settlement: gateway.Settlement{
				Outcome: gateway.OK, Provider: "p", Model: "p/m", Status: 200, Usage: llm.Usage{Input: llm.Tokens(3), Output: llm.Tokens(int64(n))},
			},
		}
	}
	failing = refuse
	if err := h.Enter(t.Context(), []gateway.Ended{ended(1)}); !errors.Is(err, refuse) || len(told) > 0 {
		t.Fatalf("%v, %v", err, told)
	}
	failing, counted = nil, nil
	for _, batch := range [][]gateway.Ended{{ended(1), ended(2), ended(1)}, {ended(2), ended(3)}, {ended(3)}, nil} {
		if err := h.Enter(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 3 || len(counted) != 3 {
		t.Errorf("told of %v, counted %v", told, counted)
	}
	report, err := h.Report(t.Context(), ReportQuery{})
	if err != nil || report.Totals.Requests != 3 || *report.Totals.OutputTokens != 6 {
		t.Errorf("%+v, %v", report.Totals, err)
	}
	if r, ok, err := h.Get(ended(2).ID); err != nil || !ok || r.DurationMs != nil || !r.StartedAt.Equal(at) || r.Surface != "batches" {
		t.Errorf("%+v, %v", r, err)
	}
}

// What costs nothing does, unless it failed.
func TestFree(t *testing.T) {
	for outcome, want := range map[gateway.Outcome]bool{gateway.OK: true, gateway.Cancelled: true, gateway.Failed: false} {
		r := (&Record{}).settled(gateway.Settlement{Outcome: outcome, Free: true}, nil)
		if known := r.CostPicoUSD != nil && *r.CostPicoUSD == 0; known != want || r.Unpriced() {
			t.Errorf("%s: %+v", outcome, r.CostPicoUSD)
		}
	}
}
