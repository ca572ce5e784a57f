package app

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
)

// checkOptions finds what is wrong with the options of virtual models, whose rules are routing's own, and where.
func checkOptions(s *settings.Settings) (at []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(s.VirtualModels)) {
		if _, err := virtualOf(s.VirtualModels[name]); err != nil {
			return []string{"virtualModels", name, "options"}, errors.New(llm.AsError(err).Message)
		}
	}
	return nil, nil
}

// routingConfig makes of settings what routing decides on. What settings hold was checked when they were read; a virtual
// model that is wrong all the same can't be asked for, and whoever asks is told why.
func routingConfig(s *settings.Settings) *routing.Config {
	c := &routing.Config{
		Virtual: map[string]routing.Virtual{}, Unusable: map[string]string{}, Timeouts: map[string]routing.Timeouts{},
	}
	for name, v := range s.VirtualModels {
		if v.Archived {
			c.Unusable[name] = "it is archived; take \"archived\" out of it in the settings"
			continue
		}
		virtual, err := virtualOf(v)
		if err != nil {
			c.Unusable[name] = llm.AsError(err).Message
			continue
		}
		c.Virtual[name] = virtual
	}
	for _, r := range s.Rules {
		if r.Disabled {
			continue
		}
		c.Rules = append(c.Rules, routing.Rule{
			ID: r.ID, Models: r.Models, Keys: r.Keys, Projects: r.Projects, Tags: r.Tags, Protocols: r.Protocols,
			Hours: r.Hours, Rewrite: r.Rewrite, Deny: r.Deny, Reason: r.Reason,
		})
	}
	for _, d := range s.ModelDefaults {
		c.Defaults = append(c.Defaults, routing.Default{Model: d.Model, Parameters: parametersOf(&d.Parameters)})
	}
	for id, t := range s.Timeouts {
		c.Timeouts[id] = routing.Timeouts{
			FirstToken: time.Duration(t.FirstToken), Idle: time.Duration(t.Idle), Total: time.Duration(t.Total),
		}
	}
	c.NoGateway = s.GatewayFallback != nil && !*s.GatewayFallback
	return c
}

func virtualOf(v settings.VirtualModel) (routing.Virtual, error) {
	out := routing.Virtual{Parameters: parametersOf(v.Parameters), SystemPrefix: v.SystemPrefix}
	if v.Model != "" {
		out.Targets = []routing.Weighted{{Model: v.Model}}
	}
	for _, t := range v.Targets {
		out.Targets = append(out.Targets, routing.Weighted{Model: t.Model, Weight: t.Weight})
	}
	if v.Options == nil {
		return out, nil
	}
	raw, err := json.Marshal(v.Options) // the same names as in a request
	if err == nil {
		out.Options, err = routing.ParseOptions(raw)
	}
	return out, err
}

func parametersOf(p *settings.Parameters) routing.Parameters {
	if p == nil {
		return routing.Parameters{}
	}
	return routing.Parameters{Temperature: p.Temperature, TopP: p.TopP, MaxOutput: p.MaxOutputTokens, Effort: p.ReasoningEffort}
}
