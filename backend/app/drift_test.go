package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/drift"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/settings"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

// TestLookUp: the hosted gateway is asked with its credential about the answers that it gave, unless settings say no.
func TestLookUp(t *testing.T) {
	t.Setenv("AI_GATEWAY_API_KEY", "vck-canary-0123456789")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/v1/generation?id=gen_1" || r.Header.Get("Authorization") != "Bearer vck-canary-0123456789" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, `{"data":{"total_cost":0.5,"native_tokens_prompt":7,"native_tokens_completion":3}}`)
	}))
	defer server.Close()
	home := t.TempDir()
	text := `{"hostedList": false, "discoverLocal": false, "providers": {"gateway": {"baseURL": "` + server.URL + `"}}}`
	if err := os.WriteFile(filepath.Join(home, settings.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	core, err := Open(Options{Home: home, Version: "test", Build: "headless", Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer core.Close(context.Background())
	got, err := core.drift.Look(t.Context(), "gateway", "", "gen_1")
	want := drift.Numbers{Prompt: llm.Tokens(7), Completion: llm.Tokens(3), PicoUSD: llm.Tokens(500_000_000_000)}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	var e *llm.Error
	if _, err := core.drift.Look(t.Context(), "gateway", "", "gen_2"); !errors.As(err, &e) || e.Kind != llm.ErrNotFound {
		t.Errorf("of one that it does not know: %v", err)
	}
	if !core.drift.Asks("gateway", "gen_1") || core.drift.Asks("gateway", "msg_1") || core.drift.Asks("openai", "gen_1") || !core.drift.On() {
		t.Error("the wrong ones are asked")
	}
	err = core.settings.Modify(func(s *settings.Settings) error { s.CompareBills = false; return nil })
	if err != nil || core.drift.On() {
		t.Errorf("it is on although settings say no; %v", err)
	}
}

// TestOfferedToLookUp: what is handed over is what the attempt that answered took, and its cost alone.
func TestOfferedToLookUp(t *testing.T) {
	db, err := store.Open(filepath.Join(t.TempDir(), "test.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	number := func(n int64) *int64 { return &n }
	record := func(edit func(*usage.Record)) *usage.Record {
		r := &usage.Record{
			ID: "req_1", StartedAt: time.Now(), Provider: "gateway", UpstreamID: "gen_1", Outcome: gateway.OK,
			InputTokens: number(10), CacheReadTokens: number(5), CacheWrite1hTokens: number(2), OutputTokens: number(3),
			CostPicoUSD: number(900), OtherCostPicoUSD: number(400), Bill: &catalog.Bill{},
			Attempts: []gateway.Attempt{
				{Provider: "openai", Outcome: gateway.Failed}, {Provider: "gateway", Credential: "work", CredentialType: "gateway", Outcome: gateway.OK},
			},
		}
		edit(r)
		return r
	}
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		k := drift.Open(drift.Options{
			DB: db, Asks: func(_, id string) bool { return strings.HasPrefix(id, "gen_") }, On: func() bool { return true },
			Look: func(_ context.Context, provider, credential, id string) (drift.Numbers, error) {
				asked = append(asked, provider+" "+credential+" "+id)
				return drift.Numbers{Prompt: llm.Tokens(17), Completion: llm.Tokens(3), PicoUSD: llm.Tokens(500)}, nil
			},
			Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		})
		offerDrift(k, record(func(*usage.Record) {}))
		offerDrift(k, record(func(r *usage.Record) { r.UpstreamID = "" }))
		offerDrift(k, record(func(r *usage.Record) { r.Attempts[1].Outcome = gateway.Failed }))
		offerDrift(k, record(func(r *usage.Record) { r.Attempts[1].CredentialType = "request" }))
		time.Sleep(time.Minute) // of the bubble, which takes no time
		synctest.Wait()
		k.Close()
		days, err := k.Days("", "")
		if err != nil || len(days) != 1 || days[0].Compared != 1 || days[0].Differing != 0 || days[0].Cost.Ours != 500 || days[0].Prompt.Ours != 17 {
			t.Errorf("%+v, %v", days, err)
		}
		if len(asked) != 1 || asked[0] != "gateway work gen_1" {
			t.Errorf("asked %q", asked)
		}
	})
}
