package routing

import (
	"path"
	"slices"
	"strings"

	"gatehouse/backend/llm"
)

// Config is what settings say of routing. It is immutable.
type Config struct {
	// Virtual are virtual models by name.
	Virtual map[string]Virtual
	// Unusable says of virtual models that are there and can't be asked for why, as a clause.
	Unusable map[string]string
	Rules    []Rule
	Rollouts []Rollout
	// Defaults hold for models whose id matches their pattern; the first match wins.
	Defaults []Default
	// Timeouts hold where a request asks for none, by provider id or AnyProvider.
	Timeouts map[string]Timeouts
	// NoGateway forbids the hosted gateway as a fallback of the user's own credentials, for everybody.
	NoGateway bool
}

// Virtual is a model of the user's own making.
type Virtual struct {
	// Targets are the models it stands for. With several, weights decide which comes first; the others follow as
	// fallbacks by weight.
	Targets    []Weighted
	Options    Options
	Parameters Parameters
	// SystemPrefix is put before the request's own instructions.
	SystemPrefix string
}

// Weighted is a model with its share of the traffic; a weight of 0 is a fallback only.
type Weighted struct {
	Model  string
	Weight int
}

// Default is what requests for some models get where they say nothing themselves.
type Default struct {
	// Model is a pattern.
	Model      string
	Parameters Parameters
}

// Parameters are settings of a model that a request left open. Nil is not set.
type Parameters struct {
	Temperature, TopP *float64
	MaxOutput         *int64
	// Effort is the reasoning effort, empty where not set.
	Effort string
}

// over fills what p leaves open from q.
func (p Parameters) over(q Parameters) Parameters {
	if p.Temperature == nil {
		p.Temperature = q.Temperature
	}
	if p.TopP == nil {
		p.TopP = q.TopP
	}
	if p.MaxOutput == nil {
		p.MaxOutput = q.MaxOutput
	}
	if p.Effort == "" {
		p.Effort = q.Effort
	}
	return p
}

// Rule rewrites or denies what it matches. The first rule that matches wins.
type Rule struct {
	ID string
	// Models, Keys, Projects, Tags and Protocols are patterns, each list empty for all.
	Models, Keys, Projects, Tags, Protocols []string
	// Hours are the hours of the day, local time, in which the rule holds; empty for all.
	Hours []int
	// Rewrite is the model to take instead; empty with Deny.
	Rewrite string
	Deny    bool
	Reason  string
}

// Rollout sends a share of a model's traffic to another.
type Rollout struct {
	ID, From, To string
	// Share is in hundredths of a percent.
	Share int
}

// whole is a share of everything.
const whole = 10000

// Match tells whether a pattern matches a name: * stands for any text without a slash, ** for any text.
func Match(pattern, name string) bool {
	if pattern == "**" || pattern == name {
		return true
	}
	if head, ok := strings.CutSuffix(pattern, "/**"); ok {
		return strings.HasPrefix(name, head+"/")
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

func matchAny(patterns []string, names ...string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return Match(p, name) })
	})
}

// matches tells whether the rule holds in a request for a model, by any of its names.
func (r Rule) matches(q Ask, tags []string, names ...string) bool {
	return matchAny(r.Models, names...) && matchAny(r.Keys, q.Key) && matchAny(r.Projects, q.Project) &&
		matchAny(r.Tags, tags...) && matchAny(r.Protocols, string(q.Dialect)) &&
		(len(r.Hours) == 0 || slices.Contains(r.Hours, q.Hour))
}

// codeDenied is the code of what a rule denies.
const codeDenied = "routing_rule"

// denied is the answer to a request that a rule denies (hosted gateway, "Routing rules").
func (r Rule) denied(model string) *llm.Error {
	why := r.Reason
	if why == "" {
		why = "the rule gives no reason"
	}
	return llm.Errorf(llm.ErrAuth, "the request for %s is denied by the routing rule %q: %s", model, r.ID, why).
		WithStatus(403).WithCode(codeDenied)
}
