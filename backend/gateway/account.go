package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonwrite"
	"gatehouse/backend/routing"
)

// Unanswered is a failure in which nothing has been sent, with the headers that the client gets beside it. An *llm.Error is
// within.
type Unanswered struct {
	Err    *llm.Error
	Header http.Header
	// ID is the request's id and Settlement what the history holds of it.
	ID         string
	Settlement Settlement
}

func (u *Unanswered) Error() string { return u.Err.Error() }

func (u *Unanswered) Unwrap() error { return u.Err }

func (x *exchange) unanswered(e *llm.Error) error {
	h := http.Header{"X-Gatehouse-Request-Id": {x.id}}
	if x.provider != nil {
		h["X-Gatehouse-Provider"], h["X-Gatehouse-Model"] = []string{x.provider.ID}, []string{x.model}
	}
	x.tell(h, false)
	return &Unanswered{Err: e, Header: h, ID: x.id, Settlement: x.settlement()}
}

// tell says in the header how the request went so far, and of an answer that is whole, what it cost. Of a stream that is
// left to its end, though a short one may be over by now: it would be there only sometimes.
func (x *exchange) tell(h http.Header, stream bool) {
	x.tellBudget(h)
	h["X-Gatehouse-Attempts"] = []string{fmt.Sprint(x.line.count())}
	h["Server-Timing"] = []string{fmt.Sprintf("gatehouse;dur=%.1f", milliseconds(x.g.Now().Sub(x.start)))}
	if s := x.settlement(); s.Outcome == OK && !stream {
		if cost := x.cost(s.Attempts, s.Answered-1, s.Provider, s.Model, s.Usage); cost != "" {
			h["X-Gatehouse-Cost"] = []string{cost}
		}
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// picoUSD is what this attempt cost so far, nil where that is not known.
func (x *exchange) picoUSD() *int64 {
	if x.g.Price == nil || x.seen == nil || !x.seen.Usage.Known() {
		return nil
	}
	pico, known := x.g.Price(x.provider.ID, x.model, x.seen.Usage)
	if !known {
		return nil
	}
	return &pico
}

// cost is what a request cost in USD as a decimal number: the attempt that answered at a place, with what it used, and what
// was spent beside it. It is empty where that is unknown or would be an estimate.
func (x *exchange) cost(attempts []Attempt, answered int, provider, model string, u llm.Usage) string {
	if x.g.Price == nil || !u.Known() || u.Provenance() == llm.Estimated {
		return ""
	}
	pico, known := x.g.Price(provider, model, u)
	beside := SpentBeside(attempts, answered)
	if !known || !beside.Known || beside.Estimated {
		return ""
	}
	return catalog.PicoUSD(pico + beside.PicoUSD).USD()
}

// Spent is what attempts cost, in 1e-12 USD. It is not known where one of them used something at an unknown price.
type Spent struct {
	PicoUSD          int64
	Known, Estimated bool
}

// SpentBeside sums up what all attempts but the one at a place cost, as far as their providers said what they used.
func SpentBeside(attempts []Attempt, but int) Spent {
	sum := Spent{Known: true}
	for i, a := range attempts {
		switch {
		case i == but:
		case a.CostPicoUSD != nil:
			sum.PicoUSD += *a.CostPicoUSD
			used := llm.Usage{Input: a.Used.Input, Output: a.Used.Output, CacheRead: a.Used.CacheRead}
			sum.Estimated = sum.Estimated || used.Provenance() == llm.Estimated
		case a.Used != Used{}:
			sum.Known = false
		}
	}
	return sum
}

// trial is an attempt as it was planned, and how it ended where the history has no word for it.
type trial struct {
	attempt  routing.Attempt
	timedOut bool
}

// account is what an answer says of how it came about (hosted gateway, provider_metadata.gateway).
type account struct {
	Routing routed `json:"routing"`
	// Cost and MarketCost are in USD: what the provider's list says.
	Cost         string    `json:"cost,omitempty"`
	MarketCost   string    `json:"marketCost,omitempty"`
	GenerationID string    `json:"generationId"`
	ServiceTier  string    `json:"serviceTier,omitempty"` // as served
	Warnings     []warning `json:"warnings,omitempty"`
}

type routed struct {
	OriginalModelID            string   `json:"originalModelId"`
	CanonicalSlug              string   `json:"canonicalSlug"`
	ResolvedProvider           string   `json:"resolvedProvider"`
	ResolvedProviderAPIModelID string   `json:"resolvedProviderApiModelId"`
	InternalResolvedModelID    string   `json:"internalResolvedModelId"`
	FinalProvider              string   `json:"finalProvider"`
	FallbacksAvailable         []string `json:"fallbacksAvailable"`
	PlanningReasoning          string   `json:"planningReasoning"`
	// Attempts are those of all models once more, without their models around them.
	Attempts                  []providerTrial `json:"attempts"`
	ModelAttemptCount         int             `json:"modelAttemptCount"`
	TotalProviderAttemptCount int             `json:"totalProviderAttemptCount"`
	ModelAttempts             []modelTrial    `json:"modelAttempts"`
	Sort                      *sorted         `json:"sort,omitempty"`
	Speed                     string          `json:"speed,omitempty"` // fast, where it was
}

type sorted struct {
	Option         string   `json:"option"`
	ExecutionOrder []string `json:"executionOrder"`
	// Metrics are USD per input token, milliseconds to the first token, or tokens per second; null is unknown.
	Metrics                map[string]*json.Number `json:"metrics"`
	DeprioritizedProviders []string                `json:"deprioritizedProviders"`
}

type modelTrial struct {
	ModelID              string          `json:"modelId"`
	CanonicalSlug        string          `json:"canonicalSlug"`
	Success              bool            `json:"success"`
	ProviderAttemptCount int             `json:"providerAttemptCount"`
	ProviderAttempts     []providerTrial `json:"providerAttempts"`
}

// providerTrial is one attempt. Its times are in milliseconds since the request came.
type providerTrial struct {
	AttemptNumber      int    `json:"attemptNumber"` // from 1
	Provider           string `json:"provider"`
	InternalModelID    string `json:"internalModelId"`
	ProviderAPIModelID string `json:"providerApiModelId"`
	ModelID            string `json:"modelId"`
	// CredentialType is byok or system; Credential and Reason are our own additions.
	CredentialType      string  `json:"credentialType"`
	Credential          string  `json:"credential,omitempty"`
	Reason              string  `json:"reason"`
	Success             bool    `json:"success"`
	StartTime           float64 `json:"startTime"`
	EndTime             float64 `json:"endTime"`
	ResponseTimeMs      float64 `json:"responseTimeMs"`
	StatusCode          int     `json:"statusCode,omitempty"` // absent where no answer came
	Error               string  `json:"error,omitempty"`
	ProviderTimeout     bool    `json:"providerTimeout,omitempty"`
	ConfiguredTimeoutMs int64   `json:"configuredTimeoutMs,omitempty"`
}

// warning is about what of the request could not be carried.
type warning struct {
	Type    string `json:"type"`
	Feature string `json:"feature"`
	Details string `json:"details"`
}

// account writes the account of an answer that ends well, from within its last attempt.
func (x *exchange) account(u llm.Usage, notices []llm.Notice) []byte {
	out := account{
		Routing: x.routing(), Cost: x.cost(x.line.known(), x.tried, x.provider.ID, x.model, u), GenerationID: "gen_" + strings.TrimPrefix(x.id, "req_"),
		ServiceTier: u.Tier,
	}
	out.MarketCost = out.Cost
	for _, n := range notices {
		out.Warnings = append(out.Warnings, warning{"unsupported", n.Field, n.Message})
	}
	text, err := jsonwrite.Marshal(out, 0)
	if err != nil { // names and numbers always marshal
		return []byte("{}")
	}
	return text
}

func (x *exchange) routing() routed {
	plan := x.decision.Attempts
	out := routed{
		OriginalModelID: x.requested, CanonicalSlug: x.decision.Model, FinalProvider: x.provider.ID,
		FallbacksAvailable: []string{}, PlanningReasoning: reasoning(plan), ModelAttempts: x.modelTrials(), Attempts: []providerTrial{},
	}
	if len(plan) > 0 {
		out.ResolvedProvider, out.ResolvedProviderAPIModelID = plan[0].Provider.ID, plan[0].Upstream
		out.InternalResolvedModelID = out.ResolvedProvider + ":" + out.ResolvedProviderAPIModelID
		order := providersOf(plan)
		out.FallbacksAvailable = order[1:]
		out.Sort = sortedBy(x.decision.Sorting, order)
	}
	out.ModelAttemptCount = len(out.ModelAttempts)
	for _, m := range out.ModelAttempts {
		out.TotalProviderAttemptCount += m.ProviderAttemptCount
		out.Attempts = append(out.Attempts, m.ProviderAttempts...)
	}
	if t := x.line.trial(x.tried); t.Fast {
		out.Speed = "fast"
	}
	return out
}

func sortedBy(s *routing.Sorting, order []string) *sorted {
	if s == nil {
		return nil
	}
	out := &sorted{
		Option: string(s.By), ExecutionOrder: order, Metrics: map[string]*json.Number{},
		DeprioritizedProviders: append([]string{}, s.Deprioritized...),
	}
	for _, m := range s.Metrics {
		out.Metrics[m.Provider] = nil
		if m.Value != "" {
			out.Metrics[m.Provider] = &m.Value
		}
	}
	return out
}

// providersOf gives the providers of a plan, each once.
func providersOf(plan []routing.Attempt) []string {
	out := []string{}
	for _, a := range plan {
		if !slices.Contains(out, a.Provider.ID) {
			out = append(out, a.Provider.ID)
		}
	}
	return out
}

// reasoning says in one line what is planned.
func reasoning(plan []routing.Attempt) string {
	steps := make([]string, len(plan))
	for i, a := range plan {
		steps[i] = fmt.Sprintf("%s(%s)", a.Provider.ID, hostedCredentialType(a))
	}
	out := "Total execution order: " + strings.Join(steps, " → ")
	for i, a := range plan {
		out += fmt.Sprintf(". %d: %s", i+1, a.Reason)
	}
	return out
}

// hostedCredentialType is credentialType in the hosted gateway's two words: what is not its own account is the user's.
func hostedCredentialType(a routing.Attempt) string {
	if credentialType(a) == "gateway" {
		return "system"
	}
	return "byok"
}

// modelTrials gives the attempts so far, those for one model that follow each other together.
func (x *exchange) modelTrials() []modelTrial {
	x.line.mu.Lock()
	defer x.line.mu.Unlock()
	out := []modelTrial{}
	for i, a := range x.line.attempts {
		planned := x.line.trials[i]
		id := slug(planned.attempt)
		if len(out) == 0 || out[len(out)-1].CanonicalSlug != id {
			out = append(out, modelTrial{ModelID: id, CanonicalSlug: id})
		}
		m := &out[len(out)-1]
		one := x.providerTrial(a, planned)
		one.AttemptNumber = i + 1
		if i == x.tried && a.Outcome == "" { // the one that answers right now
			one.Success, one.StatusCode, one.EndTime = true, http.StatusOK, milliseconds(x.g.Now().Sub(x.start))
			one.ResponseTimeMs = milliseconds(x.g.Now().Sub(a.At))
		}
		m.Success = m.Success || one.Success
		m.ProviderAttempts = append(m.ProviderAttempts, one)
		m.ProviderAttemptCount++
	}
	return out
}

func (x *exchange) providerTrial(a Attempt, t trial) providerTrial {
	started := a.At.Sub(x.start)
	out := providerTrial{
		Provider: a.Provider, ProviderAPIModelID: a.Model, CredentialType: hostedCredentialType(t.attempt),
		Credential: a.Credential, Reason: a.Reason, Success: a.Outcome == OK, StatusCode: a.Status, Error: a.Error,
		StartTime: milliseconds(started), EndTime: milliseconds(started + a.Duration), ResponseTimeMs: milliseconds(a.Duration),
		InternalModelID: a.Provider + ":" + a.Model, ModelID: slug(t.attempt),
	}
	if t.timedOut {
		limits := t.attempt.Timeouts
		out.ProviderTimeout = true
		// Before anything came only these two can have ended it, and the shorter one did.
		limit := limits.FirstToken
		if limit == 0 || limits.Total > 0 && limits.Total < limit {
			limit = limits.Total
		}
		out.ConfiguredTimeoutMs = limit.Milliseconds()
	}
	return out
}

// slug is an attempt's model without the name of a provider that has many creators' models.
func slug(a routing.Attempt) string {
	if rest, nested := strings.CutPrefix(a.Model, a.Provider.ID+"/"); nested && strings.Contains(rest, "/") {
		return rest
	}
	return a.Model
}
