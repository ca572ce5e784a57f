package routing

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/llm"
)

// Options is what a request, or a virtual model in its place, asks of routing: the members of providerOptions.gateway
// (hosted gateway, "Provider options") and our own additions. The zero Options asks for nothing.
type Options struct {
	// Order names providers to try first, Only the only ones that may be tried.
	Order, Only []string
	// Models are the fallbacks behind the model that was asked for.
	Models []string
	// Sort orders providers by what was measured or listed.
	Sort Sort
	// Has names what a model must be able to do: vision, implicit-caching, free, tools, reasoning, files.
	Has []string
	// Timeouts are by provider id; AnyProvider stands for those that are not named.
	Timeouts map[string]Timeouts
	// Fast asks for the faster variant of the model; NoSlower refuses to fall back from it.
	Fast, NoSlower bool
	// ServiceTier is flex or priority, empty for the provider's own choice.
	ServiceTier string
	// Caching asks for cache marks to be set automatically.
	Caching Caching
	// ZeroDataRetention and NoTraining only let providers through that are known to keep nothing, or not to train.
	ZeroDataRetention, NoTraining bool
	Region                        Region
	// Keys are credentials for this request alone, by provider id, in the order in which to try them.
	Keys map[string][]string
	// NoGateway forbids the hosted gateway as a fallback of the user's own credentials.
	NoGateway bool
	// Hedge allows a second attempt beside a first one that is late.
	Hedge bool
	// User and Tags are for reports.
	User string
	Tags []string
	// Raw is the object as it came, for the hosted gateway, which understands more of it than we do.
	Raw json.RawMessage

	// dropped are the names of options whose value a virtual model takes away ("@default").
	dropped []string
}

// Sort is an order of providers.
type Sort string

// The orders: the listed input price, the time to first token, the tokens per second.
const (
	ByCost       Sort = "cost"
	ByFirstToken Sort = "ttft"
	BySpeed      Sort = "tps"
)

// AnyProvider is the name of all providers that are not named.
const AnyProvider = "*"

// Timeouts bound an attempt; 0 is no bound.
type Timeouts struct {
	// FirstToken is until the first content, Idle between two pieces of the answer, Total for the whole of it.
	FirstToken, Idle, Total time.Duration
}

// Caching is where to set cache marks (hosted gateway, "Automatic caching").
type Caching struct {
	Auto bool
	// Anchors counts the first items that never change.
	Anchors int
	// TTL is 5m or 1h; empty is the provider's own.
	TTL string
}

// Region is where a model may run (hosted gateway, "Regional inference").
type Region struct {
	// Scope is zone or global, empty where nothing is asked; Geo is us or eu.
	Scope string `json:"scope"`
	Geo   string `json:"geoRegion,omitempty"`
}

// zone is the scope of one region.
const zone = "zone"

// orDefault is the value by which a virtual model takes the caller's value away.
const orDefault = "@default"

// ParseOptions reads a providerOptions.gateway object. What it does not understand it refuses by name; its errors are
// *llm.Error of class bad request.
func ParseOptions(raw []byte) (Options, error) {
	o := Options{}
	if len(bytes.TrimSpace(raw)) == 0 || string(bytes.TrimSpace(raw)) == "null" {
		return o, nil
	}
	o.Raw = slices.Clone(raw)
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return o, badOption("", "must be an object")
	}
	for _, name := range sorted(members) {
		read, ok := readers[name]
		if !ok {
			return o, badOption(shortened(name), "is not understood; there are "+strings.Join(sorted(readers), ", "))
		}
		value := members[name]
		if string(value) == "null" {
			continue
		}
		if err := read(&o, value); err != nil {
			return o, badOption(name, err.Error())
		}
	}
	return o, nil
}

// shortened keeps what a client calls things from filling an error.
func shortened(name string) string {
	if len(name) > 80 {
		return name[:77] + "..."
	}
	return name
}

func badOption(name, why string) *llm.Error {
	if name != "" {
		name = "." + name
	}
	return llm.Errorf(llm.ErrBadRequest, "providerOptions.gateway%s %s", name, why).WithCode("invalid_option")
}

func sorted[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
