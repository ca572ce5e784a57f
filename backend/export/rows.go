package export

import (
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/usage"
)

// Request is the row of a request. Tokens are disjoint, but for ReasoningTokens, which are part of OutputTokens. The names
// in json and in parquet are the same, and are the columns' names in CSV.
type Request struct {
	ID               string    `json:"id" parquet:"id"`
	StartedAt        time.Time `json:"started_at" parquet:"started_at,timestamp(microsecond)"`
	Key              string    `json:"key" parquet:"key,dict"`
	Project          string    `json:"project" parquet:"project,dict"`
	Client           string    `json:"client" parquet:"client,dict"`
	User             string    `json:"user" parquet:"user,dict"`
	Tags             []string  `json:"tags" parquet:"tags,list"`
	Conversation     string    `json:"conversation" parquet:"conversation"`
	Protocol         string    `json:"protocol" parquet:"protocol,dict"`
	Surface          string    `json:"surface" parquet:"surface,dict"`
	Stream           bool      `json:"stream" parquet:"stream"`
	RequestedModel   string    `json:"requested_model" parquet:"requested_model,dict"`
	Model            string    `json:"model" parquet:"model,dict"`
	Provider         string    `json:"provider" parquet:"provider,dict"`
	CredentialType   string    `json:"credential_type" parquet:"credential_type,dict"`
	UpstreamID       string    `json:"upstream_id" parquet:"upstream_id"`
	Outcome          string    `json:"outcome" parquet:"outcome,dict"`
	Status           int64     `json:"status" parquet:"status"`
	ErrorKind        string    `json:"error_kind" parquet:"error_kind,dict"`
	Error            string    `json:"error" parquet:"error"`
	FinishReason     string    `json:"finish_reason" parquet:"finish_reason,dict"`
	Attempts         int64     `json:"attempts" parquet:"attempts"`
	InputTokens      *int64    `json:"input_tokens" parquet:"input_tokens,optional"`
	CacheReadTokens  *int64    `json:"cache_read_tokens" parquet:"cache_read_tokens,optional"`
	CacheWrite5m     *int64    `json:"cache_write_5m_tokens" parquet:"cache_write_5m_tokens,optional"`
	CacheWrite1h     *int64    `json:"cache_write_1h_tokens" parquet:"cache_write_1h_tokens,optional"`
	OutputTokens     *int64    `json:"output_tokens" parquet:"output_tokens,optional"`
	ReasoningTokens  *int64    `json:"reasoning_tokens" parquet:"reasoning_tokens,optional"`
	CostPicoUSD      *int64    `json:"cost_pico_usd" parquet:"cost_pico_usd,optional"`
	CostUSD          *string   `json:"cost_usd" parquet:"cost_usd,optional"`
	ReportedPicoUSD  *int64    `json:"reported_cost_pico_usd" parquet:"reported_cost_pico_usd,optional"`
	ReportedUSD      *string   `json:"reported_cost_usd" parquet:"reported_cost_usd,optional"`
	MarketPicoUSD    *int64    `json:"market_cost_pico_usd" parquet:"market_cost_pico_usd,optional"`
	MarketUSD        *string   `json:"market_cost_usd" parquet:"market_cost_usd,optional"`
	CacheSaved       *int64    `json:"cache_saved_pico_usd" parquet:"cache_saved_pico_usd,optional"`
	FirstTokenMs     *int64    `json:"time_to_first_token_ms" parquet:"time_to_first_token_ms,optional"`
	DurationMs       *int64    `json:"duration_ms" parquet:"duration_ms,optional"`
	Estimated        []string  `json:"estimated" parquet:"estimated,list"`
	CountedByUs      []string  `json:"counted" parquet:"counted,list"`
	Rollout          string    `json:"rollout" parquet:"rollout,dict"`
	RolloutArm       string    `json:"rollout_arm" parquet:"rollout_arm,dict"`
	RolloutArmServed bool      `json:"rollout_arm_served" parquet:"rollout_arm_served"`
}

func requestOf(r *usage.Record) Request {
	return Request{
		ID: r.ID, StartedAt: r.StartedAt.UTC(), Key: r.Key, Project: r.Project, Client: r.Client, User: r.User, Tags: list(r.Tags),
		Conversation: r.Conversation, Protocol: r.Dialect, Surface: r.Surface, Stream: r.Stream, RequestedModel: r.RequestedModel,
		Model: r.Model, Provider: r.Provider, CredentialType: r.CredentialType(), UpstreamID: r.UpstreamID, Outcome: string(r.Outcome),
		Status: int64(r.Status), ErrorKind: string(r.ErrorKind), Error: r.Error, FinishReason: string(r.FinishReason),
		Attempts: int64(len(r.Attempts)), InputTokens: r.InputTokens, CacheReadTokens: r.CacheReadTokens, CacheWrite5m: r.CacheWrite5mTokens,
		CacheWrite1h: r.CacheWrite1hTokens, OutputTokens: r.OutputTokens, ReasoningTokens: r.ReasoningTokens, CostPicoUSD: r.CostPicoUSD,
		CostUSD: dollars(r.CostPicoUSD), ReportedPicoUSD: r.ReportedCostPicoUSD, ReportedUSD: dollars(r.ReportedCostPicoUSD),
		MarketPicoUSD: r.MarketCostPicoUSD, MarketUSD: dollars(r.MarketCostPicoUSD), CacheSaved: r.CacheSavedPicoUSD, FirstTokenMs: r.FirstTokenMs, DurationMs: r.DurationMs,
		Estimated: list(r.Estimated), CountedByUs: list(r.Counted), Rollout: r.Rollout, RolloutArm: r.Arm, RolloutArmServed: r.ArmServed,
	}
}

// Total is the row of a total: a group of requests, by what its column By says. A sum leaves out the requests in which the
// number is unknown, and is unknown where it is in all of them.
type Total struct {
	By              string   `json:"by" parquet:"by,dict"`
	Name            string   `json:"name" parquet:"name"`
	Requests        int64    `json:"requests" parquet:"requests"`
	Errors          int64    `json:"errors" parquet:"errors"`
	Attempts        int64    `json:"attempts" parquet:"attempts"`
	InputTokens     *int64   `json:"input_tokens" parquet:"input_tokens,optional"`
	CacheReadTokens *int64   `json:"cache_read_tokens" parquet:"cache_read_tokens,optional"`
	CacheWrite5m    *int64   `json:"cache_write_5m_tokens" parquet:"cache_write_5m_tokens,optional"`
	CacheWrite1h    *int64   `json:"cache_write_1h_tokens" parquet:"cache_write_1h_tokens,optional"`
	OutputTokens    *int64   `json:"output_tokens" parquet:"output_tokens,optional"`
	ReasoningTokens *int64   `json:"reasoning_tokens" parquet:"reasoning_tokens,optional"`
	CostPicoUSD     *int64   `json:"cost_pico_usd" parquet:"cost_pico_usd,optional"`
	CostUSD         *string  `json:"cost_usd" parquet:"cost_usd,optional"`
	ReportedPicoUSD *int64   `json:"reported_cost_pico_usd" parquet:"reported_cost_pico_usd,optional"`
	ReportedUSD     *string  `json:"reported_cost_usd" parquet:"reported_cost_usd,optional"`
	MarketPicoUSD   *int64   `json:"market_cost_pico_usd" parquet:"market_cost_pico_usd,optional"`
	MarketUSD       *string  `json:"market_cost_usd" parquet:"market_cost_usd,optional"`
	CacheSaved      *int64   `json:"cache_saved_pico_usd" parquet:"cache_saved_pico_usd,optional"`
	UnknownTokens   int64    `json:"unknown_tokens_requests" parquet:"unknown_tokens_requests"`
	UnknownCost     int64    `json:"unknown_cost_requests" parquet:"unknown_cost_requests"`
	Estimated       int64    `json:"estimated_requests" parquet:"estimated_requests"`
	FirstTokenP50   *float64 `json:"time_to_first_token_ms_p50" parquet:"time_to_first_token_ms_p50,optional"`
	FirstTokenP75   *float64 `json:"time_to_first_token_ms_p75" parquet:"time_to_first_token_ms_p75,optional"`
	FirstTokenP95   *float64 `json:"time_to_first_token_ms_p95" parquet:"time_to_first_token_ms_p95,optional"`
	DurationP50     *float64 `json:"duration_ms_p50" parquet:"duration_ms_p50,optional"`
	DurationP75     *float64 `json:"duration_ms_p75" parquet:"duration_ms_p75,optional"`
	DurationP95     *float64 `json:"duration_ms_p95" parquet:"duration_ms_p95,optional"`
	SpeedP50        *float64 `json:"tokens_per_second_p50" parquet:"tokens_per_second_p50,optional"`
	SpeedP75        *float64 `json:"tokens_per_second_p75" parquet:"tokens_per_second_p75,optional"`
	SpeedP95        *float64 `json:"tokens_per_second_p95" parquet:"tokens_per_second_p95,optional"`
}

func totalOf(by usage.By, t *usage.Total) Total {
	return Total{
		By: string(by), Name: t.Name, Requests: t.Requests, Errors: t.Errors, Attempts: t.Attempts, InputTokens: t.InputTokens,
		CacheReadTokens: t.CacheReadTokens, CacheWrite5m: t.CacheWrite5mTokens, CacheWrite1h: t.CacheWrite1hTokens,
		OutputTokens: t.OutputTokens, ReasoningTokens: t.ReasoningTokens, CostPicoUSD: t.CostPicoUSD, CostUSD: dollars(t.CostPicoUSD),
		ReportedPicoUSD: t.ReportedCostPicoUSD, ReportedUSD: dollars(t.ReportedCostPicoUSD),
		MarketPicoUSD: t.MarketCostPicoUSD, MarketUSD: dollars(t.MarketCostPicoUSD), CacheSaved: t.CacheSavedPicoUSD,
		UnknownTokens: t.UnknownTokens, UnknownCost: t.UnknownCost, Estimated: t.Estimated,
		FirstTokenP50: t.FirstTokenMs.P50, FirstTokenP75: t.FirstTokenMs.P75, FirstTokenP95: t.FirstTokenMs.P95,
		DurationP50: t.DurationMs.P50, DurationP75: t.DurationMs.P75, DurationP95: t.DurationMs.P95,
		SpeedP50: t.TokensPerSecond.P50, SpeedP75: t.TokensPerSecond.P75, SpeedP95: t.TokensPerSecond.P95,
	}
}

// dollars is an amount of 1e-12 USD as an exact decimal number of dollars.
func dollars(pico *int64) *string {
	if pico == nil {
		return nil
	}
	text := catalog.PicoUSD(*pico).USD()
	return &text
}

// list is never nil: nothing is known to be in it.
func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
