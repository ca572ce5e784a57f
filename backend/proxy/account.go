package proxy

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/usage"
)

// History is the usage history, as far as clients may ask for what is theirs.
type History interface {
	Get(id string) (usage.Record, bool, error)
	Report(ctx context.Context, q usage.ReportQuery) (*usage.Report, error)
}

// The routes of an account answer as the hosted gateway's do (REST API, "Credits", "Usage", "Spend report"), but for this:
// they tell of the requests made with the same API key, and they know an answer as soon as it has ended.

// credits serves GET /v1/credits. The balance is that of the hosted gateway's account, where there is one.
func (s *Server) credits(w http.ResponseWriter, r *http.Request, key access.Key) error {
	report, err := s.History.Report(r.Context(), usage.ReportQuery{Filter: usage.Filter{KeyIDs: []string{key.ID}}})
	if err != nil {
		return err
	}
	return writeBody(w, aisdk.EncodeCredits(aisdk.Credits{
		Balance: s.balance(r.Context()), TotalUsed: catalog.PicoUSD(orNone(report.Totals.CostPicoUSD)).USD(), UnknownCost: report.Totals.UnknownCost,
	}))
}

// account keeps the hosted gateway's answer for a while, so that a program that shows a balance does not ask all the time.
type account struct {
	mu      sync.Mutex
	asked   time.Time
	balance string
}

const (
	balanceFor  = time.Minute
	balanceWait = 5 * time.Second
)

// balance is what is left on the hosted gateway's account, empty where that can't be told.
func (s *Server) balance(ctx context.Context) string {
	if s.Balance == nil {
		return ""
	}
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	now := s.now()
	if !s.account.asked.IsZero() && now.Sub(s.account.asked) < balanceFor {
		return s.account.balance
	}
	ctx, cancel := context.WithTimeout(ctx, balanceWait)
	defer cancel()
	balance, err := s.Balance(ctx)
	if err != nil {
		s.Logger.Info("the hosted gateway's balance is not known", "reason", err)
		if ctx.Err() != nil {
			return "" // not an answer to keep
		}
	}
	s.account.asked, s.account.balance = now, balance
	return balance
}

// generation serves GET /v1/generation?id=gen_....
func (s *Server) generation(w http.ResponseWriter, r *http.Request, key access.Key) error {
	id := r.URL.Query().Get("id")
	ulid := strings.TrimPrefix(strings.TrimPrefix(id, "gen_"), "req_")
	if id == "" || ulid == id {
		return llm.Errorf(llm.ErrBadRequest, "id must be the id of an answer, such as gen_01JABCDEFGHJKMNPQRSTVWXYZ0").WithCode("invalid_id")
	}
	record, found, err := s.History.Get("req_" + ulid)
	switch {
	case err != nil:
		return err
	case !found || record.KeyID != key.ID:
		return llm.Errorf(llm.ErrNotFound, "there is no answer %s among those of this API key", id).WithCode("not_found")
	case record.Outcome == gateway.Open:
		return llm.Errorf(llm.ErrNotFound, "the answer %s has not ended yet", id).WithCode("not_found")
	}
	return writeBody(w, aisdk.EncodeGeneration(generationOf(&record)))
}

func generationOf(r *usage.Record) aisdk.Generation {
	g := aisdk.Generation{
		ID: "gen_" + strings.TrimPrefix(r.ID, "req_"), CreatedAt: r.StartedAt.UTC().Format(time.RFC3339Nano),
		Model: cmp.Or(r.Model, r.RequestedModel), IsBYOK: hostedCredentialType(r.CredentialType()) == "byok", ProviderName: r.Provider, Streamed: r.Stream,
		FinishReason: finishOf(r),
	}
	known := func(to *int64, n *int64, names ...string) {
		if n == nil {
			g.Unknown = append(g.Unknown, names...)
			return
		}
		*to = *n
	}
	if r.CostPicoUSD == nil {
		g.Unknown = append(g.Unknown, "total_cost", "usage")
	} else {
		cost := number(catalog.PicoUSD(*r.CostPicoUSD))
		g.TotalCost, g.Usage, g.MarketCost = cost, cost, &cost
		if g.IsBYOK {
			g.UpstreamInferenceCost = cost
		}
	}
	known(&g.Latency, r.FirstTokenMs, "latency")
	known(&g.GenerationTime, r.DurationMs, "generation_time")
	known(&g.PromptTokens, r.PromptTokens(), "native_tokens_prompt")
	known(&g.CompletionTokens, r.OutputTokens, "native_tokens_completion")
	known(&g.ReasoningTokens, r.ReasoningTokens, "native_tokens_reasoning")
	known(&g.CachedTokens, r.CacheReadTokens, "native_tokens_cached")
	known(&g.CacheCreationTokens, r.CacheWriteTokens(), "native_tokens_cache_creation")
	g.Unknown = append(g.Unknown, "billable_web_search_calls") // they are not counted
	for n := range r.Attempts {
		g.Attempts = append(g.Attempts, attemptOf(r, n))
	}
	return g
}

// attemptOf is the n-th attempt as the hosted gateway spells it.
func attemptOf(r *usage.Record, n int) aisdk.GenerationAttempt {
	a := r.Attempts[n]
	kind := "byok"
	if a.CredentialType == "gateway" {
		kind = "system"
	}
	started := a.At.Sub(r.StartedAt)
	return aisdk.GenerationAttempt{
		AttemptNumber: n + 1, Provider: a.Provider, ProviderAPIModelID: a.Model, CredentialType: kind, Credential: a.Credential,
		Reason: a.Reason, Success: a.Outcome == gateway.OK, StatusCode: a.Status, Error: a.Error,
		StartTime: milliseconds(started), EndTime: milliseconds(started + a.Duration), ResponseTimeMs: milliseconds(a.Duration),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// finishOf gives why an answer ended, in the AI SDK's words.
func finishOf(r *usage.Record) string {
	switch {
	case r.Outcome != gateway.OK:
		return string(llm.FinishError)
	case r.FinishReason == llm.FinishStopSequence || r.FinishReason == llm.FinishPause:
		return string(llm.FinishStop)
	case r.FinishReason == llm.FinishRefusal:
		return string(llm.FinishContentFilter)
	}
	return cmp.Or(string(r.FinishReason), "unknown")
}

// number writes an amount as a JSON number.
func number(p catalog.PicoUSD) json.Number { return json.Number(p.USD()) }

func writeBody(w http.ResponseWriter, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // the client may be gone
	return nil
}
