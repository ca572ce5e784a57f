package settings

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// VirtualModel is a model of the user's own making: a name that stands for other models, with options of its own.
type VirtualModel struct {
	Model        string          `json:"model,omitempty" doc:"The model it stands for, for example anthropic/claude-sonnet-5."`
	Targets      []Target        `json:"targets,omitempty" doc:"Several models that share its requests, instead of one model."`
	Options      *RoutingOptions `json:"options,omitempty" doc:"What its requests ask of routing, as in providerOptions.gateway. What is set here wins over the request."`
	Parameters   *Parameters     `json:"parameters,omitempty" doc:"Parameters that its requests get where they set none."`
	SystemPrefix string          `json:"systemPrefix,omitempty" doc:"Instructions that are put before the request's own."`
	Archived     bool            `json:"archived,omitempty" doc:"Whether it is put away: nobody can ask for it any more."`
}

// Target is one of the models that share a virtual model's requests.
type Target struct {
	Model  string `json:"model" doc:"The model."`
	Weight int    `json:"weight,omitempty" doc:"Its share of the requests, relative to the others' weights. 0 is a fallback only."`
}

// RoutingOptions are the members of providerOptions.gateway that a virtual model can set.
type RoutingOptions struct {
	Order                  []string                    `json:"order,omitempty" doc:"Providers to try first, in this order."`
	Only                   []string                    `json:"only,omitempty" doc:"The only providers that may be tried."`
	Models                 []string                    `json:"models,omitempty" doc:"Models to fall back to."`
	Sort                   string                      `json:"sort,omitempty" doc:"How to order providers; @default drops what the request asks for." enum:"cost,ttft,tps,@default"`
	Has                    []string                    `json:"has,omitempty" doc:"What a model must be able to do: vision, tools, reasoning, files, implicit-caching, free."`
	ProviderTimeouts       map[string]map[string]int64 `json:"providerTimeouts,omitempty" doc:"Milliseconds by kind (firstToken, idle, total) and provider; * is any provider."`
	Speed                  string                      `json:"speed,omitempty" doc:"Whether to ask for the faster variant of a model." enum:"fast"`
	AllowFallbackFromFast  *bool                       `json:"allowFallbackFromFast,omitempty" doc:"Whether the ordinary variant may answer where the faster one can't."`
	AllowGatewayFallback   *bool                       `json:"allowGatewayFallback,omitempty" doc:"Whether the hosted gateway may answer where your own credentials fail."`
	ServiceTier            string                      `json:"serviceTier,omitempty" doc:"The provider's service tier; @default drops what the request asks for." enum:"flex,priority,@default"`
	Caching                string                      `json:"caching,omitempty" doc:"auto sets cache marks by itself; @default drops what the request asks for." enum:"auto,@default"`
	CacheAnchorItems       int                         `json:"cacheAnchorItems,omitempty" doc:"How many of the first items never change."`
	CacheTTL               string                      `json:"cacheTtl,omitempty" doc:"How long automatic cache marks hold." enum:"5m,1h"`
	ZeroDataRetention      bool                        `json:"zeroDataRetention,omitempty" doc:"Only use providers that are known to keep nothing."`
	DisallowPromptTraining bool                        `json:"disallowPromptTraining,omitempty" doc:"Only use providers that are known not to train on prompts."`
	InferenceRegion        *InferenceRegion            `json:"inferenceRegion,omitempty" doc:"Where the model may run."`
	Hedge                  bool                        `json:"hedge,omitempty" doc:"Whether a second attempt may start beside a late first one. Both cost."`
	User                   string                      `json:"user,omitempty" doc:"The user that reports show."`
	Tags                   []string                    `json:"tags,omitempty" doc:"Tags that reports show."`
}

// InferenceRegion is where a model may run.
type InferenceRegion struct {
	Scope     string `json:"scope" doc:"zone for one region, global for any." enum:"zone,global"`
	GeoRegion string `json:"geoRegion,omitempty" doc:"The region of scope zone." enum:"us,eu"`
}

// Parameters are settings of a model for requests that set none.
type Parameters struct {
	Temperature     *float64 `json:"temperature,omitempty" doc:"The temperature."`
	TopP            *float64 `json:"topP,omitempty" doc:"Nucleus sampling."`
	MaxOutputTokens *int64   `json:"maxOutputTokens,omitempty" doc:"The longest answer, in tokens."`
	ReasoningEffort string   `json:"reasoningEffort,omitempty" doc:"How much to reason." enum:"none,minimal,low,medium,high,xhigh,max"`
}

// ModelDefault is the Parameters of models by pattern.
type ModelDefault struct {
	Model      string     `json:"model" doc:"A model id, or a pattern such as openai/*."`
	Parameters Parameters `json:"parameters" doc:"What requests get that set none."`
}

// Rule rewrites or denies requests.
type Rule struct {
	ID        string   `json:"id" doc:"Its name, which refusals and records show."`
	Models    []string `json:"models,omitempty" doc:"Patterns of model ids, for example anthropic/*. None is every model; the same holds below."`
	Keys      []string `json:"keys,omitempty" doc:"Patterns of API keys' names."`
	Projects  []string `json:"projects,omitempty" doc:"Patterns of projects."`
	Tags      []string `json:"tags,omitempty" doc:"Patterns of tags."`
	Protocols []string `json:"protocols,omitempty" doc:"chat-completions, responses, messages, gemini, ai-sdk, ollama."`
	Hours     []int    `json:"hours,omitempty" doc:"Hours of the day in which it holds, 0 to 23, local time."`
	Rewrite   string   `json:"rewrite,omitempty" doc:"The model to use instead."`
	Deny      bool     `json:"deny,omitempty" doc:"Whether to refuse the request."`
	Reason    string   `json:"reason,omitempty" doc:"Why, for whoever is refused."`
	Disabled  bool     `json:"disabled,omitempty" doc:"Whether it is switched off."`
}

// Rollout sends a share of a model's conversations to another.
type Rollout struct {
	From    string  `json:"from" doc:"The model that is asked for."`
	To      string  `json:"to" doc:"The model that gets a share of it."`
	Percent float64 `json:"percent" doc:"The share, in percent."`
	Guards  *Guards `json:"guards,omitempty" doc:"When to roll back by itself."`
	Steps   []Step  `json:"steps,omitempty" doc:"When to raise the share by itself."`
	Stopped bool    `json:"stopped,omitempty" doc:"Whether it is rolled back: everybody gets the old model."`
}

// Guards end a rollout whose new model does worse than allowed. 0 is no guard.
type Guards struct {
	ErrorPercent   float64  `json:"errorPercent,omitempty" doc:"The largest share of failed requests, in percent."`
	FirstTokenMs   int64    `json:"firstTokenMs,omitempty" doc:"The largest p75 time to first token, in milliseconds."`
	CostPerRequest *Amount  `json:"costPerRequest,omitempty" doc:"The largest mean cost of an answer, in USD, for example 0.05."`
	LeastRequests  int      `json:"leastRequests,omitempty" doc:"How many requests must be seen before a guard may trip; 20 if left out."`
	Window         Duration `json:"window,omitempty" doc:"How far back the guards look, for example 30m; 1h if left out."`
}

// Step raises a rollout's share.
type Step struct {
	After   Duration `json:"after" doc:"How long after the rollout's start, for example 24h."`
	Percent float64  `json:"percent" doc:"The share from then on, in percent."`
}

// Timeouts bound an attempt; 0 is no bound.
type Timeouts struct {
	FirstToken Duration `json:"firstToken,omitempty" doc:"The longest wait for the first content, for example 30s."`
	Idle       Duration `json:"idle,omitempty" doc:"The longest wait between two pieces of an answer."`
	Total      Duration `json:"total,omitempty" doc:"The longest an answer may take."`
}

// Duration is a length of time, written like 30s, 5m or 24h.
type Duration time.Duration

// UnmarshalText reads a Duration.
func (d *Duration) UnmarshalText(text []byte) error {
	n, err := time.ParseDuration(string(text))
	if err != nil || n < 0 {
		return &durationError{string(text)}
	}
	*d = Duration(n)
	return nil
}

// MarshalText writes a Duration as people do: 1h, not 1h0m0s.
func (d Duration) MarshalText() ([]byte, error) {
	text := time.Duration(d).String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return []byte(text), nil
}

type durationError struct{ text string }

func (e *durationError) Error() string {
	return strconv.Quote(e.text) + " is no length of time: write it like 30s, 5m or 24h"
}

var virtualName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9._-]{1,64})?$`)

// protocols are what a rule may name.
var protocols = []string{"chat-completions", "responses", "messages", "gemini", "ai-sdk", "ollama", "embeddings"}

func checkRouting(s *Settings) *valueError {
	for _, name := range sortedKeys(s.VirtualModels) {
		if err := checkVirtual([]string{"virtualModels", name}, name, s.VirtualModels[name]); err != nil {
			return err
		}
	}
	if err := checkLoops(s); err != nil {
		return err
	}
	ids := map[string]bool{}
	for i, r := range s.Rules {
		at := []string{"rules", strconv.Itoa(i)}
		if ids[r.ID] {
			return valueErrorf(append(at, "id"), "there are two rules %q", r.ID)
		}
		ids[r.ID] = true
		if err := checkRule(at, r); err != nil {
			return err
		}
	}
	for _, id := range sortedKeys(s.Rollouts) {
		if err := checkRollout([]string{"rollouts", id}, s.Rollouts[id]); err != nil {
			return err
		}
	}
	for i, d := range s.ModelDefaults {
		at := []string{"modelDefaults", strconv.Itoa(i)}
		if err := checkPattern(append(at, "model"), d.Model); err != nil {
			return err
		}
		if err := checkParameters(append(at, "parameters"), &d.Parameters); err != nil {
			return err
		}
	}
	return nil
}

func checkVirtual(at []string, name string, v VirtualModel) *valueError {
	switch {
	case !virtualName.MatchString(name) || name == "gatehouse/active":
		return valueErrorf(at, "%.80q can't be a virtual model's name: use letters, digits, '.', '_' and '-', with at most one '/'", name)
	case (v.Model == "") == (len(v.Targets) == 0):
		return valueErrorf(at, "it needs either a \"model\" or \"targets\"")
	}
	if v.Model != "" {
		if err := checkModel(append(at, "model"), v.Model); err != nil {
			return err
		}
	}
	for i, t := range v.Targets {
		here := append(at[:len(at):len(at)], "targets", strconv.Itoa(i))
		if err := checkModel(append(here, "model"), t.Model); err != nil {
			return err
		}
		if t.Weight < 0 || t.Weight > 1_000_000 {
			return valueErrorf(append(here, "weight"), "%d is outside 0 to 1000000", t.Weight)
		}
	}
	return checkParameters(append(at, "parameters"), v.Parameters)
}

func checkParameters(at []string, p *Parameters) *valueError {
	switch {
	case p == nil:
	case p.Temperature != nil && (*p.Temperature < 0 || *p.Temperature > 2):
		return valueErrorf(append(at, "temperature"), "%g is outside 0 to 2", *p.Temperature)
	case p.TopP != nil && (*p.TopP <= 0 || *p.TopP > 1):
		return valueErrorf(append(at, "topP"), "%g is outside 0 to 1", *p.TopP)
	case p.MaxOutputTokens != nil && *p.MaxOutputTokens < 1:
		return valueErrorf(append(at, "maxOutputTokens"), "%d is no number of tokens", *p.MaxOutputTokens)
	}
	return nil
}

func checkRule(at []string, r Rule) *valueError {
	if r.ID == "" {
		return valueErrorf(append(at, "id"), "a rule needs an id, which refusals and records show")
	}
	if r.Deny == (r.Rewrite != "") {
		return valueErrorf(at, "a rule needs either \"rewrite\" or \"deny\": true")
	}
	if r.Rewrite != "" {
		if err := checkModel(append(at, "rewrite"), r.Rewrite); err != nil {
			return err
		}
	}
	for name, patterns := range map[string][]string{"models": r.Models, "keys": r.Keys, "projects": r.Projects, "tags": r.Tags} {
		for i, p := range patterns {
			if err := checkPattern(append(at[:len(at):len(at)], name, strconv.Itoa(i)), p); err != nil {
				return err
			}
		}
	}
	for i, p := range r.Protocols {
		if !slices.Contains(protocols, p) {
			return valueErrorf(append(at, "protocols", strconv.Itoa(i)), "%q is unknown%s", p, suggest(p, protocols))
		}
	}
	for i, h := range r.Hours {
		if h < 0 || h > 23 {
			return valueErrorf(append(at, "hours", strconv.Itoa(i)), "%d is no hour of the day: write 0 to 23", h)
		}
	}
	return nil
}

func checkPattern(at []string, pattern string) *valueError {
	if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
		return valueErrorf(at, "%.80q is no pattern: write a name, with * for any text", pattern)
	}
	return nil
}

func checkRollout(at []string, r Rollout) *valueError {
	if err := checkModel(append(at, "from"), r.From); err != nil {
		return err
	}
	if err := checkModel(append(at, "to"), r.To); err != nil {
		return err
	}
	if r.Percent < 0 || r.Percent > 100 {
		return valueErrorf(append(at, "percent"), "%g is outside 0 to 100", r.Percent)
	}
	if err := checkGuards(append(at[:len(at):len(at)], "guards"), r.Guards); err != nil {
		return err
	}
	for i, s := range r.Steps {
		if s.Percent < 0 || s.Percent > 100 {
			return valueErrorf(append(at, "steps", strconv.Itoa(i), "percent"), "%g is outside 0 to 100", s.Percent)
		}
		if i > 0 && s.After <= r.Steps[i-1].After {
			return valueErrorf(append(at, "steps", strconv.Itoa(i), "after"), "steps follow each other in time")
		}
	}
	return nil
}

// The shortest and the longest window of guards.
const (
	shortestWindow = Duration(time.Minute)
	longestWindow  = Duration(31 * 24 * time.Hour)
)

func checkGuards(at []string, g *Guards) *valueError {
	switch {
	case g == nil:
	case g.ErrorPercent < 0 || g.ErrorPercent > 100:
		return valueErrorf(append(at, "errorPercent"), "%g is outside 0 to 100", g.ErrorPercent)
	case g.FirstTokenMs < 0:
		return valueErrorf(append(at, "firstTokenMs"), "%d is no length of time", g.FirstTokenMs)
	case g.LeastRequests < 0:
		return valueErrorf(append(at, "leastRequests"), "%d is no number of requests", g.LeastRequests)
	case g.Window != 0 && (g.Window < shortestWindow || g.Window > longestWindow):
		return valueErrorf(append(at, "window"), "%s is outside %s to %s", time.Duration(g.Window), time.Duration(shortestWindow), time.Duration(longestWindow))
	}
	return nil
}
