package cli

import (
	"strings"

	"gatehouse/backend/control"
)

type routeCommand struct {
	Model    string `arg:"" help:"The model's id."`
	Explain  bool   `help:"Also show how the decision came about and who is left out."`
	Protocol string `default:"chat-completions" help:"What the client speaks: chat-completions, responses, messages, gemini, ai-sdk, ollama."`
	Options  string `help:"Options as in providerOptions.gateway, as JSON."`
	Key      string `help:"The name of the API key that asks."`
	Project  string `help:"The project that asks, where it is not the key's."`
	Hour     *int   `help:"The hour of the day, 0 to 23; now if left out."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run shows what would be tried for a request.
func (c routeCommand) Run(s *session) error {
	route, err := call[control.Route](s, "route.explain", control.RouteQuery{
		Model: c.Model, Protocol: c.Protocol, Options: c.Options, Key: c.Key, Project: c.Project, Hour: c.Hour,
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(route)
	}
	if c.Explain {
		for _, step := range route.Steps {
			s.print("%s\n", step)
		}
	}
	rows := [][]string{}
	for _, a := range route.Attempts {
		who := a.Provider
		if a.Credential != "" {
			who += " (" + a.Credential + ")"
		}
		rows = append(rows, []string{who, a.Model, a.Protocol, a.Reason})
	}
	s.table(rows)
	if c.Explain && len(route.Left) > 0 {
		s.print("\nnot tried:\n")
		rows = rows[:0]
		for _, l := range route.Left {
			rows = append(rows, []string{strings.TrimSpace(l.Provider + " " + l.Credential), l.Model, l.Reason})
		}
		s.table(rows)
	}
	if route.Problem != "" {
		s.print("! %s\n", route.Problem)
	}
	return nil
}

type healthCommand struct {
	Reset string `help:"Forget what is held against a provider; all is every one."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Run shows who is not healthy.
func (c healthCommand) Run(s *session) error {
	name, params := "health.list", any(control.Empty{})
	if c.Reset != "" {
		ref := control.ProviderRef{Provider: c.Reset}
		if c.Reset == "all" {
			ref.Provider = ""
		}
		name, params = "health.reset", ref
	}
	list, err := call[control.HealthList](s, name, params)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(list)
	}
	rows := [][]string{}
	for _, e := range list.Entries {
		rows = append(rows, []string{strings.TrimSpace(e.Provider + " " + e.Credential), e.Model, e.State, e.Why})
	}
	if len(rows) == 0 {
		s.print("Every provider is well.\n")
		return nil
	}
	s.table(rows)
	return nil
}
