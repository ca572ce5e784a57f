// Package routing decides who answers: from a request and a snapshot of the world it makes the list of attempts, each
// with its reason, and says of everybody who is left out why.
//
// It is pure: no clock, no network, no keychain, the same answer for the same question. It must not know how an attempt
// is carried out.
package routing

import (
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// ActiveModel is the id that stands for whatever model is active at the moment of the request.
const ActiveModel = "gatehouse/active"

// World is what a decision rests on, as it was when the request came. Everything but Providers and Catalog may be left
// out.
type World struct {
	// Active is the model that ActiveModel stands for.
	Active    string
	Providers provider.Table
	Catalog   *catalog.Catalog
	Config    *Config
	// HasCredential tells whether there is a credential for a provider that wants one.
	HasCredential func(provider.ID) bool
	// Missing says why the credential that there is for a provider can't be used, as a clause for people that says what to
	// do; empty where there is none.
	Missing func(provider.ID) string
	// Credentials gives a provider's credentials in the user's order, where it has more than one or more is to be said of
	// it; nil or empty leaves it at HasCredential.
	Credentials func(provider.ID) []Credential
	// Balance gives how a provider's credentials share its requests.
	Balance func(provider.ID) Balance
	// Health tells what is known against a target.
	Health func(Target) Health
	// Measured tells how a target did lately; without a credential, how the provider did with all of its own.
	Measured func(Target) Measure
	// Stuck gives who answered a conversation last.
	Stuck func(conversation string) (Target, bool)
	// Now is when the request came.
	Now time.Time
}

// Credential is one of a provider's credentials, without its secret.
type Credential struct {
	// Name tells it from the provider's others; empty for the only one.
	Name string
	// Weight is its share where weights decide; below 1 counts as 1.
	Weight int
	// KeepsNothing tells that requests with it are not retained, by the user's agreement with the provider.
	KeepsNothing bool
	// NoGateway forbids the hosted gateway as a fallback of this credential.
	NoGateway bool
	// InFlight counts the requests that run on it.
	InFlight int
}

// Balance is how credentials share requests.
type Balance string

// The balances: the first one that works, by weight, the one with the fewest requests running, the fastest.
const (
	InOrder   Balance = ""
	ByWeight  Balance = "weighted"
	LeastBusy Balance = "least-busy"
	Fastest   Balance = "latency"
)

// Target is what health is kept of.
type Target struct {
	Provider   provider.ID
	Model      string
	Credential string
}

// Health is what is known against a target; the zero Health is nothing.
type Health struct {
	// Open tells that it failed so often that it is not asked before Until.
	Open bool
	// Limited tells that the provider wants it to wait until Until.
	Limited bool
	// Parked tells that its credential is refused or out of funds, until that changes.
	Parked bool
	Until  time.Time
	// Why is one clause for people.
	Why string
}

func (h Health) bad() bool { return h.Open || h.Limited || h.Parked }

// Measure is what was measured lately; 0 is unknown.
type Measure struct {
	// FirstToken is the median time to the first token.
	FirstToken time.Duration
	// MilliTokensPerSecond is the median speed, in thousandths.
	MilliTokensPerSecond int64
}

// Result is how an attempt ended.
type Result struct {
	// Err is nil where the answer came to its end.
	Err *llm.Error
	// Status is the provider's HTTP status, 0 if none came.
	Status int
	// FirstToken and Duration are how long it took, Tokens how many came; 0 is unknown.
	FirstToken, Duration time.Duration
	Tokens               int64
}

// Ask is what is known of a request when a decision is made about it.
type Ask struct {
	Model   string
	Dialect llm.Dialect
	// Surface is set for requests that are passed on whole: only who has it can serve them.
	Surface llm.Surface
	Options Options
	// Who asks: the API key's name, its project.
	Key, Project string
	// Allows tells whether the caller may use a model; nil allows all.
	Allows func(model string) bool
	// Conversation is the same for all requests of one conversation, empty where that is not known.
	Conversation string
	// Seed decides what is left to chance. Where the conversation is known, that decides instead.
	Seed uint64
	// Hour is the hour of the day at which the request came, local time.
	Hour int
}

// Attempt is one try at one provider.
type Attempt struct {
	Provider *provider.Provider
	// Credential names which of the provider's credentials is used; empty for the only one.
	Credential string
	// Key is the request's own credential, which no record may hold; empty for a stored one.
	Key string
	// Dialect is what the provider is spoken to in: the client's own where it can be, so that nothing need be translated.
	Dialect llm.Dialect
	// Model is the full creator/model id, Upstream the provider's own.
	Model, Upstream string
	Timeouts        Timeouts
	// Only and Order are for the hosted gateway: which of its providers may serve.
	Only, Order []string
	// Fast tells that Model is the faster variant of another.
	Fast bool
	// Arm tells that the attempt is at the model that a rollout gave the conversation to, and not at one in its place.
	Arm bool
	// Terms are what holds for it; those of one model's attempts are the same.
	Terms *Terms
	// Probe tells that nothing better was left: its target is not well.
	Probe  bool
	Reason string

	// passed are the request's own credentials for providers that only the hosted gateway knows.
	passed map[string][]string
	// waits are the request's first-token timeouts for such providers, in milliseconds.
	waits map[string]int64
}

// Terms are what holds for a model: what the request asks, with what the virtual models that it stands behind and settings
// add. It is immutable.
type Terms struct {
	Options      Options
	Parameters   Parameters
	SystemPrefix string

	// granted tells that a virtual model names the fallbacks, in place of the request.
	granted bool
}

// Target is what the attempt's health is kept under.
func (a Attempt) Target() Target {
	return Target{a.Provider.ID, a.Model, a.Credential}
}

// Left is a candidate that is not tried.
type Left struct {
	Provider, Credential, Model string
	Reason                      string
	kind                        leftKind
	until                       time.Time
}

// leftKind is what a refusal is made of when nobody is left.
type leftKind int

const (
	leftFiltered leftKind = iota
	leftNoCredential
	leftLimited
	leftOpen
	leftNotAllowed
	leftDenied
	leftUnknown
	leftUnspoken
	leftNoSurface
	leftNotAmong
	leftForbidden
)

// Decision is what was decided.
type Decision struct {
	// Requested is the model's name as the client gave it, Model the first that it stands for.
	Requested, Model string
	// Options are what holds for that first model; each attempt has its own in its Terms.
	Options  Options
	Attempts []Attempt
	Left     []Left
	// Sorting is by what the first model's providers were ordered, nil where by nothing.
	Sorting *Sorting
	// Withheld says why the hosted gateway, for which there is a credential, may not take over where others fail; empty where
	// it may, or could not.
	Withheld string
	// Virtual, Rule and Rollout name what took part in choosing the first model; empty where nothing did. Arm is the
	// rollout's model that the conversation was given.
	Virtual, Rule, Rollout, Arm string
	// Steps say in order, for people, how the decision came about.
	Steps []string
}

// maxAttempts bounds a plan: a request that failed so often fails.
const maxAttempts = 12

// Decide makes the plan for a request. Its errors are *llm.Error that say what to do next; the decision says even then
// how it came to that.
func Decide(w World, q Ask) (Decision, error) {
	d := &decider{w: w, q: q, first: true, have: map[Target]bool{}, out: Decision{Requested: q.Model, Options: q.Options}}
	if d.w.Config == nil {
		d.w.Config = &Config{}
	}
	err := d.decide()
	return d.out, err
}

// Plan gives the attempts for a model that is asked for in a dialect, with nothing else asked. Its errors are *llm.Error.
func Plan(w World, model string, d llm.Dialect) ([]Attempt, error) {
	out, err := Decide(w, Ask{Model: model, Dialect: d})
	return out.Attempts, err
}
