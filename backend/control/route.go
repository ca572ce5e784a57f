package control

import (
	"context"
	"math/rand/v2"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
)

// RouteQuery asks what would be tried for a request, without sending one.
type RouteQuery struct {
	Model string `json:"model"`
	// Protocol is what the client speaks; empty is chat-completions.
	Protocol string `json:"protocol" enum:",chat-completions,responses,messages,gemini,ai-sdk,ollama"`
	// Options is an object as in providerOptions.gateway, as text; empty for none.
	Options string `json:"options"`
	// Key and Project are whose rules hold; empty for nobody's.
	Key     string `json:"key"`
	Project string `json:"project"`
	// Conversation decides what sticks to a conversation; empty leaves that to chance.
	Conversation string `json:"conversation"`
}

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

// HealthList is every target that is not healthy.
type HealthList struct {
	Entries []HealthEntry `json:"entries"`
}

// HealthEntry is one that is not healthy. Model is empty for a credential that is set aside with all its models.
type HealthEntry struct {
	Provider   string     `json:"provider"`
	Credential string     `json:"credential"`
	Model      string     `json:"model"`
	State      string     `json:"state" enum:"open,probing,limited,parked"`
	Why        string     `json:"why"`
	Until      *time.Time `json:"until"`
}

func (s *Service) route(_ context.Context, q RouteQuery) (Route, error) {
	options, err := routing.ParseOptions([]byte(q.Options))
	if err != nil {
		return Route{}, err
	}
	dialect := llm.Dialect(q.Protocol)
	if dialect == "" {
		dialect = llm.ChatCompletions
	}
	w := s.World()
	d, err := routing.Decide(w, routing.Ask{
		Model: q.Model, Dialect: dialect, Options: options, Key: q.Key, Project: q.Project,
		Conversation: q.Conversation, Seed: rand.Uint64(), Hour: w.Now.Local().Hour(),
	})
	return RouteView(d, dialect, err), nil
}

// RouteView shows a decision. Its error is part of what is shown.
func RouteView(d routing.Decision, client llm.Dialect, err error) Route {
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

func (s *Service) healthList() HealthList {
	out := HealthList{Entries: []HealthEntry{}}
	for _, e := range s.Health.All() {
		v := HealthEntry{Provider: e.Provider, Credential: e.Credential, Model: e.Model, State: e.State, Why: e.Why}
		if !e.Until.IsZero() {
			v.Until = &e.Until
		}
		out.Entries = append(out.Entries, v)
	}
	return out
}

func (s *Service) resetHealth(_ context.Context, r ProviderRef) (HealthList, error) {
	s.Health.Reset(r.Provider)
	return s.healthList(), nil
}
