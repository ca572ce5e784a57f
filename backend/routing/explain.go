package routing

import "gatehouse/backend/llm"

// Route is what would be tried, and how that came about.
type Route struct {
	Requested string         `json:"requested"`
	Model     string         `json:"model"`
	Virtual   string         `json:"virtual"`
	Rule      string         `json:"rule"`
	Rollout   string         `json:"rollout"`
	Arm       string         `json:"arm"`
	Attempts  []RouteAttempt `json:"attempts"`
	Left      []RouteLeft    `json:"left"`
	Steps     []string       `json:"steps"`
	// Problem says why nothing would be tried; empty otherwise.
	Problem string `json:"problem"`
}

// RouteAttempt is one try.
type RouteAttempt struct {
	Provider     string `json:"provider"`
	ProviderName string `json:"providerName"`
	Credential   string `json:"credential"`
	Model        string `json:"model"`
	Upstream     string `json:"upstream"`
	Protocol     string `json:"protocol"`
	// Translated tells that the provider is spoken to in another protocol than the client's.
	Translated   bool   `json:"translated"`
	Probe        bool   `json:"probe"`
	FirstTokenMs int64  `json:"firstTokenTimeoutMs"`
	IdleMs       int64  `json:"idleTimeoutMs"`
	TotalMs      int64  `json:"totalTimeoutMs"`
	Reason       string `json:"reason"`
}

// RouteLeft is a candidate that would not be tried, and why.
type RouteLeft struct {
	Provider   string `json:"provider"`
	Credential string `json:"credential"`
	Model      string `json:"model"`
	Reason     string `json:"reason"`
}

// Explain shows a decision. Its error is part of what is shown.
func Explain(d Decision, client llm.Dialect, err error) Route {
	out := Route{
		Requested: d.Requested, Model: d.Model, Virtual: d.Virtual, Rule: d.Rule, Rollout: d.Rollout, Arm: d.Arm,
		Attempts: []RouteAttempt{}, Left: []RouteLeft{}, Steps: append([]string{}, d.Steps...),
	}
	if err != nil {
		out.Problem = llm.AsError(err).Message
	}
	for _, a := range d.Attempts {
		out.Attempts = append(out.Attempts, RouteAttempt{
			Provider: a.Provider.ID, ProviderName: a.Provider.Name, Credential: a.Credential, Model: a.Model, Upstream: a.Upstream,
			Protocol: string(a.Dialect), Translated: a.Dialect != client, Probe: a.Probe, Reason: a.Reason,
			FirstTokenMs: a.Timeouts.FirstToken.Milliseconds(), IdleMs: a.Timeouts.Idle.Milliseconds(), TotalMs: a.Timeouts.Total.Milliseconds(),
		})
	}
	for _, l := range d.Left {
		out.Left = append(out.Left, RouteLeft{l.Provider, l.Credential, l.Model, l.Reason})
	}
	return out
}
