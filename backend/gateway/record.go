package gateway

import (
	"context"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/prefix"
)

// Opening is what is known of a request when it starts.
type Opening struct {
	// ID is the request's own, "req_" and 26 characters that sort by time.
	ID        string
	StartedAt time.Time
	// KeyID and Key are the local API key's id and name; both are empty for the chat window.
	KeyID, Key string
	Project    string
	// Client is the program that asks, as its User-Agent tells, shortened; empty if it did not say.
	Client  string
	Dialect llm.Dialect
	// Surface is what was asked for where the request is passed on whole, empty for conversations.
	Surface        llm.Surface
	RequestedModel string
	Stream         bool
	// TraceParent and TraceState are the client's place in a trace (W3C Trace Context), empty where it told none.
	TraceParent, TraceState string
}

// Outcome is how a request ended.
type Outcome string

// The outcomes. Open and Interrupted are never given to Settle: the history shows the first while a request runs and
// the second where the program ended under it.
const (
	OK          Outcome = "ok"
	Failed      Outcome = "error"
	Cancelled   Outcome = "cancelled"
	Interrupted Outcome = "interrupted"
	Open        Outcome = "open"
)

// Attempt is one try at one provider.
type Attempt struct {
	Provider string `json:"provider"`
	Model    string `json:"model"`
	// Credential is the name of the provider's credential, empty for the only one; CredentialType is own, gateway, request
	// (the request brought it) or none.
	Credential     string    `json:"credential,omitempty"`
	CredentialType string    `json:"credentialType,omitempty"`
	Reason         string    `json:"reason"`
	At             time.Time `json:"at"`
	// Duration is to the end of what the provider sent; Outcome is empty while it runs.
	Duration time.Duration `json:"duration,omitempty"`
	Outcome  Outcome       `json:"outcome,omitempty"`
	// Status is the upstream's HTTP status, 0 if none came.
	Status int           `json:"status"`
	Kind   llm.ErrorKind `json:"errorKind,omitempty"`
	Error  string        `json:"error,omitempty"`
	// Used is what the attempt took as far as its provider said so, whether or not it gave the answer.
	Used Used `json:"used,omitzero"`
	// CostPicoUSD is what that cost, in 1e-12 USD; nil where it used nothing as far as is known, or at an unknown price.
	CostPicoUSD *int64 `json:"costPicoUSD,omitempty"`
}

// Used are an attempt's tokens, as in llm.Usage.
type Used struct {
	Input        llm.Count `json:"input,omitzero"`
	CacheRead    llm.Count `json:"cacheRead,omitzero"`
	CacheWrite5m llm.Count `json:"cacheWrite5m,omitzero"`
	CacheWrite1h llm.Count `json:"cacheWrite1h,omitzero"`
	Output       llm.Count `json:"output,omitzero"`
	Reasoning    llm.Count `json:"reasoning,omitzero"`
}

func usedOf(seen *llm.Observation) Used {
	if seen == nil {
		return Used{}
	}
	u := seen.Usage
	return Used{u.Input, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.Output, u.Reasoning}
}

// Settlement is what is known of a request when it ended.
type Settlement struct {
	Outcome Outcome
	// Provider and Model are who answered: the provider's id and the full creator/model id.
	Provider, Model string
	// UpstreamID is the answer's id at the provider, empty if it gave none.
	UpstreamID string
	Status     int
	Kind       llm.ErrorKind
	// Error is the message the client saw, empty if there was none.
	Error    string
	Usage    llm.Usage
	Finish   llm.FinishReason
	Attempts []Attempt
	// Answered is the place among Attempts, from 1, of the one that Usage is of; 0 where it is of none. What the others
	// cost comes on top.
	Answered int
	// User and Tags are what the request says for reports.
	User string
	Tags []string
	// Conversation is the same for all requests of one conversation, as far as clients tell them apart; empty is unknown.
	Conversation string
	// Broke is how the prompt did not begin as that of the request before it; nil where it did, or where there was none.
	Broke *prefix.Break
	// Notices tell what of the request could not be carried as it was asked for.
	Notices []llm.Notice
	// Free tells that nothing is asked for what was asked for, whatever it used.
	Free bool
	// Rollout is the progressive rollout that the request took part in and Arm the model that it gave the request to, both
	// empty where there was none. ArmServed tells that this model answered, and not another in its place.
	Rollout, Arm string
	ArmServed    bool
	// FirstToken is the time from the start to the first piece of content, 0 if none came.
	FirstToken time.Duration
	Duration   time.Duration
}

// Recorder opens a line in the usage history. It never blocks and never fails: trouble with the disk is its own to
// keep and to show.
type Recorder interface {
	Begin(Opening) Entry
}

// Entry is one open line.
type Entry interface {
	// Guard waits until a crash of the program could no longer lose the line, or ctx ends, or the recorder gives up on
	// it. It is called right before the client sees the first byte.
	Guard(ctx context.Context)
	// Reserve notes what the request has set aside. It is called once at most, before anything is sent.
	Reserve(r Reserved)
	// Settle ends the line. Only the first call counts.
	Settle(Settlement)
}
