package routing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// readers read the options by name. What only reaches the hosted gateway is checked there.
var readers map[string]func(*Options, json.RawMessage) error

func init() { // not a literal: ParseOptions lists the names
	readers = map[string]func(*Options, json.RawMessage) error{
		"order":  names(func(o *Options) *[]string { return &o.Order }),
		"only":   names(func(o *Options) *[]string { return &o.Only }),
		"models": names(func(o *Options) *[]string { return &o.Models }),
		"has":    readHas,
		"sort":   readSort,
		"tags":   names(func(o *Options) *[]string { return &o.Tags }),
		"user":   text(func(o *Options) *string { return &o.User }),
		"speed": func(o *Options, raw json.RawMessage) error {
			s, err := oneOf(raw, "fast")
			o.Fast = s == "fast"
			return err
		},
		"allowFallbackFromFast": inverted(func(o *Options) *bool { return &o.NoSlower }),
		"allowGatewayFallback":  inverted(func(o *Options) *bool { return &o.NoGateway }),
		"serviceTier":           readServiceTier,
		"caching":               readCaching,
		"cacheAnchorItems":      readAnchors,
		"cacheTtl": func(o *Options, raw json.RawMessage) (err error) {
			o.Caching.TTL, err = oneOf(raw, "5m", "1h")
			return err
		},
		"zeroDataRetention":      flag(func(o *Options) *bool { return &o.ZeroDataRetention }),
		"disallowPromptTraining": flag(func(o *Options) *bool { return &o.NoTraining }),
		"hedge":                  flag(func(o *Options) *bool { return &o.Hedge }),
		"providerTimeouts":       readTimeouts,
		"inferenceRegion":        readRegion,
		"byok":                   readKeys,
		"quotaEntityId":          passed,
		"idempotencyKey":         passed,
	}
}

func names(at func(*Options) *[]string) func(*Options, json.RawMessage) error {
	return func(o *Options, raw json.RawMessage) error {
		list := []string{}
		if json.Unmarshal(raw, &list) != nil {
			return fmt.Errorf("must be a list of names")
		}
		if slices.Contains(list, "") {
			return fmt.Errorf("holds an empty name")
		}
		*at(o) = list
		return nil
	}
}

func text(at func(*Options) *string) func(*Options, json.RawMessage) error {
	return func(o *Options, raw json.RawMessage) error {
		if json.Unmarshal(raw, at(o)) != nil {
			return fmt.Errorf("must be a string")
		}
		return nil
	}
}

func flag(at func(*Options) *bool) func(*Options, json.RawMessage) error {
	return func(o *Options, raw json.RawMessage) error {
		if string(raw) == "null" || json.Unmarshal(raw, at(o)) != nil {
			return fmt.Errorf("must be true or false")
		}
		return nil
	}
}

func inverted(at func(*Options) *bool) func(*Options, json.RawMessage) error {
	read := flag(at)
	return func(o *Options, raw json.RawMessage) error {
		err := read(o, raw)
		if err == nil {
			*at(o) = !*at(o)
		}
		return err
	}
}

func passed(*Options, json.RawMessage) error { return nil }

func oneOf(raw json.RawMessage, allowed ...string) (string, error) {
	s := ""
	if json.Unmarshal(raw, &s) != nil || !slices.Contains(allowed, s) {
		return "", fmt.Errorf("must be one of %s", strings.Join(allowed, ", "))
	}
	return s, nil
}

func readSort(o *Options, raw json.RawMessage) error {
	s, err := oneOf(raw, string(ByCost), string(ByFirstToken), string(BySpeed), orDefault)
	if s == orDefault {
		o.dropped = append(o.dropped, "sort")
		return nil
	}
	o.Sort = Sort(s)
	return err
}

func readServiceTier(o *Options, raw json.RawMessage) error {
	s, err := oneOf(raw, "flex", "priority", orDefault)
	if s == orDefault {
		o.dropped = append(o.dropped, "serviceTier")
		return nil
	}
	o.ServiceTier = s
	return err
}

func readCaching(o *Options, raw json.RawMessage) error {
	s, err := oneOf(raw, "auto", orDefault)
	if s == orDefault {
		o.dropped = append(o.dropped, "caching")
		return nil
	}
	o.Caching.Auto = s == "auto"
	return err
}

func readAnchors(o *Options, raw json.RawMessage) error {
	if json.Unmarshal(raw, &o.Caching.Anchors) != nil || o.Caching.Anchors < 0 {
		return fmt.Errorf("must be a number of items")
	}
	return nil
}

// abilities are what "has" may name.
var abilities = []string{"implicit-caching", "vision", "free", "tools", "reasoning", "files"}

func readHas(o *Options, raw json.RawMessage) error {
	if json.Unmarshal(raw, &o.Has) != nil {
		return fmt.Errorf("must be a list of names")
	}
	for _, name := range o.Has {
		if !slices.Contains(abilities, name) {
			return fmt.Errorf("names %q; there are %s", name, strings.Join(abilities, ", "))
		}
	}
	return nil
}

// The bounds of the hosted gateway's timeouts ("Provider timeouts").
const (
	shortestTimeout = time.Second
	longestTimeout  = 789 * time.Second
)

// readTimeouts reads {"byok": {provider: ms}}, the hosted gateway's form, which bounds the time to the first token; and
// {"firstToken"|"idle"|"total": {provider: ms}} for every kind of credential.
func readTimeouts(o *Options, raw json.RawMessage) error {
	s := ""
	if json.Unmarshal(raw, &s) == nil && s == orDefault {
		o.dropped = append(o.dropped, "providerTimeouts")
		return nil
	}
	var kinds map[string]map[string]int64
	if json.Unmarshal(raw, &kinds) != nil {
		return fmt.Errorf(`must be like {"firstToken": {"openai": 15000}}, in milliseconds`)
	}
	o.Timeouts = map[string]Timeouts{}
	for _, kind := range sorted(kinds) {
		for _, id := range sorted(kinds[kind]) {
			ms := kinds[kind][id]
			d := time.Duration(ms) * time.Millisecond
			if ms < shortestTimeout.Milliseconds() || ms > longestTimeout.Milliseconds() {
				return fmt.Errorf("wants %d ms of %s, which is outside %d to %d",
					ms, id, shortestTimeout.Milliseconds(), longestTimeout.Milliseconds())
			}
			t := o.Timeouts[id]
			switch kind {
			case "byok", "firstToken":
				t.FirstToken = d
			case "idle":
				t.Idle = d
			case "total":
				t.Total = d
			default:
				return fmt.Errorf("names %q; there are byok, firstToken, idle, total", kind)
			}
			o.Timeouts[id] = t
		}
	}
	return nil
}

func readRegion(o *Options, raw json.RawMessage) error {
	var r struct {
		Scope     string          `json:"scope"`
		GeoRegion string          `json:"geoRegion"`
		Providers json.RawMessage `json:"providers"` // the hosted gateway's own
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&r)
	switch {
	case err != nil || r.Scope != "zone" && r.Scope != "global":
		return fmt.Errorf(`must be {"scope": "zone", "geoRegion": "us" or "eu"} or {"scope": "global"}`)
	case r.Scope == "zone" && r.GeoRegion != "us" && r.GeoRegion != "eu":
		return fmt.Errorf(`needs a "geoRegion": us or eu`)
	}
	o.Region = Region{r.Scope, r.GeoRegion}
	return nil
}

// readKeys reads {provider: [{"apiKey": ...}, ...]} (hosted gateway, "Request-scoped BYOK"). It never repeats a value.
func readKeys(o *Options, raw json.RawMessage) error {
	var by map[string][]map[string]json.RawMessage
	if json.Unmarshal(raw, &by) != nil {
		return fmt.Errorf(`must be like {"openai": [{"apiKey": "..."}]}`)
	}
	o.Keys = map[string][]string{}
	for _, id := range sorted(by) {
		for _, shape := range by[id] {
			key := ""
			if len(shape) != 1 || json.Unmarshal(shape["apiKey"], &key) != nil || key == "" {
				return fmt.Errorf(`for %s must hold an "apiKey" and nothing else; other kinds of credentials are not supported`, id)
			}
			o.Keys[id] = append(o.Keys[id], key)
		}
	}
	return nil
}
