package routing

import (
	"slices"

	"gatehouse/backend/llm"
)

// asked gives the names of the options that are set.
func (o Options) asked() []string {
	set := map[string]bool{
		"order": len(o.Order) > 0, "only": len(o.Only) > 0, "models": len(o.Models) > 0, "sort": o.Sort != "", "has": len(o.Has) > 0,
		"providerTimeouts": len(o.Timeouts) > 0, "speed": o.Fast, "allowFallbackFromFast": o.NoSlower, "serviceTier": o.ServiceTier != "",
		"caching": o.Caching != Caching{}, "zeroDataRetention": o.ZeroDataRetention, "disallowPromptTraining": o.NoTraining,
		"inferenceRegion": o.Region.Scope != "", "byok": len(o.Keys) > 0, "allowGatewayFallback": o.NoGateway, "hedge": o.Hedge,
		"user": o.User != "", "tags": len(o.Tags) > 0,
	}
	var out []string
	for _, name := range sorted(set) {
		if set[name] {
			out = append(out, name)
		}
	}
	return out
}

// Within refuses by its name the first option that is none of those which mean something for a kind of request. Its errors
// are *llm.Error of class bad request.
func (o Options) Within(what string, names ...string) error {
	for _, name := range o.asked() {
		if !slices.Contains(names, name) {
			return unfit(name, what)
		}
	}
	return nil
}

// Without refuses by its name the first option that is one of those which mean nothing for a kind of request. Its errors
// are *llm.Error of class bad request.
func (o Options) Without(what string, names ...string) error {
	for _, name := range o.asked() {
		if slices.Contains(names, name) {
			return unfit(name, what)
		}
	}
	return nil
}

func unfit(name, what string) error {
	return llm.Errorf(llm.ErrBadRequest, "the option %q means nothing for %s; leave it out", name, what).WithCode("invalid_option")
}
