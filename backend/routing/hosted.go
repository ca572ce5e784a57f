package routing

import (
	"encoding/json"
)

// Hosted gives the providerOptions.gateway object that an attempt at the hosted gateway sends: what the request asks, less
// what was done about it here, and what a virtual model, headers or settings add. Nil asks for nothing.
func (o Options) Hosted(a Attempt) json.RawMessage {
	all := map[string]json.RawMessage{}
	if len(o.Raw) > 0 && json.Unmarshal(o.Raw, &all) != nil {
		all = map[string]json.RawMessage{}
	}
	for _, done := range []string{"models", "order", "only", "hedge", "allowGatewayFallback", "providerTimeouts"} {
		delete(all, done)
	}
	set := func(name string, value any, wanted bool) {
		if !wanted {
			return
		}
		if text, err := json.Marshal(value); err == nil {
			all[name] = text
		}
	}
	set("order", a.Order, len(a.Order) > 0)
	set("only", a.Only, len(a.Only) > 0)
	set("sort", o.Sort, o.Sort != "")
	set("has", o.Has, len(o.Has) > 0)
	set("tags", o.Tags, len(o.Tags) > 0)
	set("user", o.User, o.User != "")
	set("speed", "fast", o.Fast)
	set("serviceTier", o.ServiceTier, o.ServiceTier != "")
	set("zeroDataRetention", true, o.ZeroDataRetention)
	set("disallowPromptTraining", true, o.NoTraining)
	set("inferenceRegion", o.Region, o.Region.Scope != "" && all["inferenceRegion"] == nil)
	if o.Caching.Auto { // the marks are set here already
		for _, name := range []string{"caching", "cacheAnchorItems", "cacheTtl"} {
			delete(all, name)
		}
	}
	if len(all) == 0 {
		return nil
	}
	text, err := json.Marshal(all)
	if err != nil {
		return nil // raw messages that were read always marshal
	}
	return text
}
