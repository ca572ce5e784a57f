package routing

import (
	"encoding/json"
)

// Hosted gives the providerOptions.gateway object that an attempt at the hosted gateway sends: what holds for the attempt,
// less what was done about it here. Nil asks for nothing.
//
// A credential of the request's own only goes there for providers that are not known here: the others were tried with
// theirs, and nobody else need know them. What but names is left out.
func (a Attempt) Hosted(but ...string) json.RawMessage {
	if a.Terms == nil {
		return nil
	}
	o, said, all := a.Terms.Options, map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if len(o.Raw) > 0 && json.Unmarshal(o.Raw, &said) != nil {
		said = nil
	}
	set := func(name string, value any, wanted bool) {
		if !wanted {
			return
		}
		if text, err := json.Marshal(value); err == nil {
			all[name] = text
		}
	}
	for _, name := range []string{"quotaEntityId", "idempotencyKey"} { // which only it understands
		set(name, said[name], said[name] != nil)
	}
	set("order", a.Order, len(a.Order) > 0)
	set("only", a.Only, len(a.Only) > 0)
	set("sort", o.Sort, o.Sort != "")
	set("has", o.Has, len(o.Has) > 0)
	set("tags", o.Tags, len(o.Tags) > 0)
	set("user", o.User, o.User != "")
	set("speed", "fast", o.Fast)
	set("allowFallbackFromFast", false, o.NoSlower)
	set("serviceTier", o.ServiceTier, o.ServiceTier != "")
	set("zeroDataRetention", true, o.ZeroDataRetention)
	set("disallowPromptTraining", true, o.NoTraining)
	set("inferenceRegion", o.Region, o.Region.Scope != "")
	if asked := (Options{}); said["inferenceRegion"] != nil && readRegion(&asked, said["inferenceRegion"]) == nil && asked.Region == o.Region {
		all["inferenceRegion"] = said["inferenceRegion"] // it may say more of each provider
	}
	set("byok", keysOf(a.passed), len(a.passed) > 0)
	set("providerTimeouts", map[string]map[string]int64{"byok": a.waits}, len(a.waits) > 0)
	for _, name := range but {
		delete(all, name)
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

// keysOf writes credentials as "byok" has them.
func keysOf(by map[string][]string) map[string][]map[string]string {
	out := map[string][]map[string]string{}
	for id, keys := range by {
		for _, key := range keys {
			out[id] = append(out[id], map[string]string{"apiKey": key})
		}
	}
	return out
}
