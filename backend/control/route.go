package control

import (
	"cmp"
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
	// Hour is the hour of the day, local time; null is now.
	Hour *int `json:"hour"`
	// Changes of the settings hold as if they were made; null or none leaves the settings as they are.
	Changes []SettingChange `json:"changes"`
}

// Route is what would be tried, and how that came about.
type Route = routing.Route

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

// route decides and sends nothing. What a request would be refused for is part of what is shown.
func (s *Service) route(_ context.Context, q RouteQuery) (Route, error) {
	dialect := cmp.Or(llm.Dialect(q.Protocol), llm.ChatCompletions)
	refused := func(err error) (Route, error) {
		return routing.Explain(routing.Decision{Requested: q.Model}, dialect, err), nil
	}
	options, err := routing.ParseOptions([]byte(q.Options))
	if err != nil {
		return refused(err)
	}
	w, err := s.worldWith(q.Changes)
	if err != nil {
		return refused(err)
	}
	named, _ := w.Undecorated(q.Model)
	ask := routing.Ask{
		Model: named, Dialect: dialect, Options: options, Key: q.Key, Project: q.Project,
		Conversation: q.Conversation, Seed: rand.Uint64(), Hour: w.Now.Local().Hour(),
	}
	if q.Hour != nil {
		ask.Hour = *q.Hour
	}
	for _, k := range s.Keys.List() {
		if k.Name == q.Key && k.RevokedAt == nil { // it brings its project and what it may use
			ask.Project, ask.Allows = cmp.Or(q.Project, k.Project), k.Allows
		}
	}
	d, err := routing.Decide(w, ask)
	return routing.Explain(d, dialect, err), nil
}

// worldWith gives the world as it would be after changes of the settings.
func (s *Service) worldWith(changes []SettingChange) (routing.World, error) {
	w := s.World()
	if len(changes) == 0 {
		return w, nil
	}
	draft, err := s.Settings.Preview(toChanges(changes))
	switch {
	case err != nil:
		return w, err
	case draft.Problem != nil:
		return w, llm.Errorf(llm.ErrBadRequest, "%s", draft.Problem.Message).WithCode("settings_invalid")
	}
	config := s.Routing(draft.Settings)
	if w.Config != nil {
		config.Rollouts = w.Config.Rollouts
	}
	w.Config, w.Active = config, draft.Settings.ActiveModel
	return w, nil
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
