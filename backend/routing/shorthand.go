package routing

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"gatehouse/backend/llm"
)

// HeaderPrefix begins the headers by which clients that can't edit their bodies ask for options.
const HeaderPrefix = "X-Gatehouse-"

// shortNames are the members that mean an option of another name.
var shortNames = map[string]string{
	"models": "models", "caching": "caching", "cache_anchor_items": "cacheAnchorItems", "cache_ttl": "cacheTtl",
}

// ParseShorthand reads the members that stand at a body's top level instead of in providerOptions.gateway, by name:
// "models", "caching", "cache_anchor_items", "cache_ttl", and "provider", an object of options such as {"sort": "tps"}
// (hosted gateway, "Chat Completions" and "Responses"). Its errors are *llm.Error.
func ParseShorthand(members map[string][]byte) (Options, error) {
	o, err := ParseOptions(members["provider"])
	if err != nil {
		e := *llm.AsError(err)
		e.Message = strings.ReplaceAll(e.Message, "providerOptions.gateway", `"provider"`)
		return o, &e
	}
	o.Raw = nil
	for _, name := range sorted(members) {
		option, raw := shortNames[name], members[name]
		if option == "" || string(raw) == "null" {
			continue
		}
		if err := readers[option](&o, raw); err != nil {
			return o, llm.Errorf(llm.ErrBadRequest, "%q %w", name, err).WithCode("invalid_option")
		}
	}
	return o, nil
}

// headerOptions says how each header becomes an option: its JSON value from the header's text.
var headerOptions = map[string]struct {
	option string
	value  func(string) any
}{
	"Order":                    {"order", list},
	"Only":                     {"only", list},
	"Provider":                 {"only", list},
	"Models":                   {"models", list},
	"Has":                      {"has", list},
	"Tags":                     {"tags", list},
	"Sort":                     {"sort", plain},
	"Speed":                    {"speed", plain},
	"Service-Tier":             {"serviceTier", plain},
	"Caching":                  {"caching", plain},
	"Cache-Ttl":                {"cacheTtl", plain},
	"Cache-Anchor-Items":       {"cacheAnchorItems", literal},
	"User":                     {"user", plain},
	"Zero-Data-Retention":      {"zeroDataRetention", literal},
	"Disallow-Prompt-Training": {"disallowPromptTraining", literal},
	"Allow-Fallback-From-Fast": {"allowFallbackFromFast", literal},
	"Allow-Gateway-Fallback":   {"allowGatewayFallback", literal},
	"Hedge":                    {"hedge", literal},
	"Inference-Region":         {"inferenceRegion", region},
	"First-Token-Timeout":      {"providerTimeouts", timeout("firstToken")},
	"Idle-Timeout":             {"providerTimeouts", timeout("idle")},
	"Total-Timeout":            {"providerTimeouts", timeout("total")},
}

func plain(s string) any { return s }

func list(s string) any {
	out := []string{}
	for name := range strings.SplitSeq(s, ",") {
		out = append(out, strings.TrimSpace(name))
	}
	return out
}

// literal is for numbers and truth values; what is neither stays text, which its reader refuses.
func literal(s string) any {
	if json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return s
}

func region(s string) any {
	if s == "global" {
		return map[string]string{"scope": "global"}
	}
	return map[string]string{"scope": "zone", "geoRegion": s}
}

func timeout(kind string) func(string) any {
	return func(s string) any { return map[string]any{kind: map[string]any{AnyProvider: literal(s)}} }
}

// ParseHeader reads the X-Gatehouse-* headers of a request, and the hosted gateway's Ai-Reporting-User and
// Ai-Reporting-Tags. What it does not understand it refuses by name; its errors are *llm.Error.
func ParseHeader(h http.Header) (Options, error) {
	out := Options{}
	for _, name := range sorted(h) {
		short, ours := strings.CutPrefix(name, HeaderPrefix)
		if !ours {
			continue
		}
		if short == "Dry-Run" {
			continue
		}
		known, ok := headerOptions[short]
		if !ok {
			return out, llm.Errorf(llm.ErrBadRequest, "the header %s is not understood; there are %s", name, headerNames()).WithCode("invalid_option")
		}
		if short == "Provider" && len(h[HeaderPrefix+"Only"]) > 0 {
			return out, llm.Errorf(llm.ErrBadRequest, "the headers %sOnly and %s say the same; send one of them", HeaderPrefix, name).WithCode("invalid_option")
		}
		raw, err := json.Marshal(known.value(strings.TrimSpace(strings.Join(h[name], ","))))
		if err != nil {
			return out, err
		}
		timeouts := out.Timeouts
		if err := readers[known.option](&out, raw); err != nil {
			return out, llm.Errorf(llm.ErrBadRequest, "the header %s %w", name, err).WithCode("invalid_option")
		}
		for id, t := range timeouts {
			out.Timeouts[id] = merged(out.Timeouts[id], t)
		}
	}
	if user := h.Get("Ai-Reporting-User"); user != "" && out.User == "" {
		out.User = user
	}
	if tags := h.Get("Ai-Reporting-Tags"); tags != "" {
		out.Tags = union(out.Tags, slices.DeleteFunc(list(tags).([]string), func(s string) bool { return s == "" }))
	}
	return out, nil
}

func headerNames() string {
	names := sorted(headerOptions)
	for i := range names {
		names[i] = HeaderPrefix + names[i]
	}
	return strings.Join(names, ", ")
}

// merged fills what a leaves open from b.
func merged(a, b Timeouts) Timeouts {
	if a.FirstToken == 0 {
		a.FirstToken = b.FirstToken
	}
	if a.Idle == 0 {
		a.Idle = b.Idle
	}
	if a.Total == 0 {
		a.Total = b.Total
	}
	return a
}
