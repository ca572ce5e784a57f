package routing

import (
	"cmp"
	"slices"
	"strings"

	"gatehouse/backend/llm"
)

// under gives the terms of what a virtual model stands for.
func (t *Terms) under(v Virtual, slug string) (*Terms, error) {
	if a, b := v.Options.Region, t.Options.Region; a.Scope == zone && b.Scope == zone && a != b {
		return nil, llm.Errorf(llm.ErrBadRequest, "the virtual model %s only runs in %s, and the request wants %s", slug, a.Geo, b.Geo).
			WithCode("no_providers_available")
	}
	return &Terms{
		Options: v.Options.over(t.Options), Parameters: v.Parameters.over(t.Parameters),
		SystemPrefix: strings.TrimSpace(v.SystemPrefix + "\n\n" + t.SystemPrefix),
		granted:      t.granted || len(v.Options.Models) > 0,
	}, nil
}

// over gives what holds for a virtual model's request: what the virtual model sets wins, what it leaves open comes from
// the request, and compliance only ever tightens (hosted gateway, "Virtual models").
func (v Options) over(request Options) Options {
	out := request
	out.Order = firstList(v.Order, request.Order)
	out.Only = firstList(v.Only, request.Only)
	out.Models = firstList(v.Models, request.Models)
	out.Has = union(v.Has, request.Has)
	out.Tags = union(v.Tags, request.Tags)
	if v.Sort != "" || slices.Contains(v.dropped, "sort") {
		out.Sort = v.Sort
	}
	if v.ServiceTier != "" || slices.Contains(v.dropped, "serviceTier") {
		out.ServiceTier = v.ServiceTier
	}
	if v.Caching.Auto || slices.Contains(v.dropped, "caching") {
		out.Caching.Auto = v.Caching.Auto
	}
	out.Caching.Anchors = cmp.Or(v.Caching.Anchors, request.Caching.Anchors)
	out.Caching.TTL = cmp.Or(v.Caching.TTL, request.Caching.TTL)
	if v.Timeouts != nil || slices.Contains(v.dropped, "providerTimeouts") {
		out.Timeouts = v.Timeouts
	}
	out.Fast = v.Fast || request.Fast
	out.NoSlower = v.NoSlower || request.NoSlower
	if v.Region.Scope == zone || v.Region.Scope != "" && request.Region.Scope != zone {
		out.Region = v.Region
	}
	if v.User != "" {
		out.User = v.User
	}
	out.ZeroDataRetention = v.ZeroDataRetention || request.ZeroDataRetention
	out.NoTraining = v.NoTraining || request.NoTraining
	out.NoGateway = v.NoGateway || request.NoGateway
	out.Hedge = v.Hedge || request.Hedge
	return out
}

func firstList(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}

// union gives a and then what b adds.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Join gives the options of a request from the places it may name them in, the first place that sets one winning:
// its body's object, its shorthand members, its headers.
func Join(places ...Options) Options {
	out := Options{}
	for i := len(places) - 1; i >= 0; i-- {
		p := places[i]
		raw, keys := firstRaw(p.Raw, out.Raw), out.Keys
		if p.Keys != nil {
			keys = p.Keys
		}
		out = p.over(out)
		out.Raw, out.Keys = raw, keys
	}
	return out
}

func firstRaw(a, b []byte) []byte {
	if len(a) > 0 {
		return a
	}
	return b
}
