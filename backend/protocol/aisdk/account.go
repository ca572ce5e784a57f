package aisdk

import "encoding/json"

// Credits answers GET /v1/credits: sums in USD as decimal numbers. The client demands both as strings; an empty Balance
// is unknown, as where there is no account that has one.
type Credits struct {
	Balance   string `json:"balance"`
	TotalUsed string `json:"total_used"`
	// UnknownCost counts the requests that TotalUsed leaves out, since nobody knows what they cost.
	UnknownCost int64 `json:"unknown_cost_count,omitempty"`
}

// Report answers GET /v1/report. The client refuses null for the list.
type Report struct {
	Results []ReportLine `json:"results"`
}

// ReportLine is one group of a report. Costs are JSON numbers in USD, as exact decimals. Which of the first seven members
// stand is up to what was grouped by; a nil number is unknown. TotalCost, which the client demands, leaves out what is
// unknown: UnknownCost counts those requests, and MarketCost is there only if there are none.
type ReportLine struct {
	Day      string `json:"day,omitempty"`  // YYYY-MM-DD
	Hour     string `json:"hour,omitempty"` // YYYY-MM-DDTHH
	User     string `json:"user,omitempty"`
	Model    string `json:"model,omitempty"`
	Tag      string `json:"tag,omitempty"`
	Provider string `json:"provider,omitempty"`
	// CredentialType is byok or system.
	CredentialType      string      `json:"credential_type,omitempty"`
	APIKeyName          string      `json:"api_key_name,omitempty"`
	TotalCost           json.Number `json:"total_cost"`
	MarketCost          json.Number `json:"market_cost,omitempty"`
	InputTokens         *int64      `json:"input_tokens,omitempty"`
	OutputTokens        *int64      `json:"output_tokens,omitempty"`
	CachedInputTokens   *int64      `json:"cached_input_tokens,omitempty"`
	CacheCreationTokens *int64      `json:"cache_creation_input_tokens,omitempty"`
	ReasoningTokens     *int64      `json:"reasoning_tokens,omitempty"`
	RequestCount        *int64      `json:"request_count,omitempty"`
	UnknownCost         int64       `json:"unknown_cost_count,omitempty"`
}

// Generation is what is known of one answer. The client demands every number but MarketCost, so what is unknown must be
// written as 0 here; nowhere else is it. Unknown names those members.
type Generation struct {
	ID                    string      `json:"id"`
	TotalCost             json.Number `json:"total_cost"`              // USD
	UpstreamInferenceCost json.Number `json:"upstream_inference_cost"` // USD, of a user's own credential
	Usage                 json.Number `json:"usage"`                   // USD, what was charged
	CreatedAt             string      `json:"created_at"`              // RFC 3339
	Model                 string      `json:"model"`
	IsBYOK                bool        `json:"is_byok"`
	ProviderName          string      `json:"provider_name"`
	Streamed              bool        `json:"streamed"`
	FinishReason          string      `json:"finish_reason"`
	Latency               int64       `json:"latency"`         // ms to the first token
	GenerationTime        int64       `json:"generation_time"` // ms in all
	PromptTokens          int64       `json:"native_tokens_prompt"`
	CompletionTokens      int64       `json:"native_tokens_completion"`
	ReasoningTokens       int64       `json:"native_tokens_reasoning"`
	CachedTokens          int64       `json:"native_tokens_cached"`
	CacheCreationTokens   int64       `json:"native_tokens_cache_creation"`
	WebSearchCalls        int64       `json:"billable_web_search_calls"`
	// MarketCost is nil where the cost is unknown.
	MarketCost *json.Number `json:"market_cost"`
	Unknown    []string     `json:"unknown,omitempty"`
	// Attempts are our own addition: who was asked, in order, whatever the dialect of the answer has room for.
	Attempts []GenerationAttempt `json:"attempts,omitempty"`
}

// GenerationAttempt is one try at one provider, spelled as in an answer's provider_metadata.gateway.routing. Its times are in
// milliseconds since the request came.
type GenerationAttempt struct {
	AttemptNumber int    `json:"attemptNumber"` // from 1
	Provider      string `json:"provider"`
	// ProviderAPIModelID is the provider's own name for the model.
	ProviderAPIModelID string `json:"providerApiModelId"`
	// CredentialType is byok or system; Credential and Reason are our own additions.
	CredentialType string  `json:"credentialType"`
	Credential     string  `json:"credential,omitempty"`
	Reason         string  `json:"reason"`
	Success        bool    `json:"success"`
	StartTime      float64 `json:"startTime"`
	EndTime        float64 `json:"endTime"`
	ResponseTimeMs float64 `json:"responseTimeMs"`
	StatusCode     int     `json:"statusCode,omitempty"` // absent where no answer came
	Error          string  `json:"error,omitempty"`
}

type generationBody struct {
	Data Generation `json:"data"`
}

// EncodeCredits writes the answer to GET /v1/credits.
func EncodeCredits(c Credits) []byte { return marshal(c) }

// EncodeReport writes the answer to GET /v1/report.
func EncodeReport(r Report) []byte {
	if r.Results == nil {
		r.Results = []ReportLine{}
	}
	return marshal(r)
}

// EncodeGeneration writes the answer to GET /v1/generation.
func EncodeGeneration(g Generation) []byte { return marshal(generationBody{g}) }
