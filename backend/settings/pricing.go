package settings

import (
	"fmt"
	"time"
)

// Rates are what tokens cost, in the words of the hosted gateway's GET /v1/models and, where it has none, in words like
// them. nil is not overridden. A list by length replaces the single price.
type Rates struct {
	Input               *Price `json:"input,omitempty" doc:"USD per input token, for example 0.000001."`
	Output              *Price `json:"output,omitempty" doc:"USD per output token, reasoning included."`
	InputCacheRead      *Price `json:"input_cache_read,omitempty" doc:"USD per input token read from the provider's cache."`
	InputCacheWrite     *Price `json:"input_cache_write,omitempty" doc:"USD per input token written to the provider's cache, for the usual time (Anthropic: 5 minutes)."`
	InputCacheWrite1h   *Price `json:"input_cache_write_1h,omitempty" doc:"USD per input token written to the provider's cache for an hour."`
	InternalReasoning   *Price `json:"internal_reasoning,omitempty" doc:"USD per token of reasoning, where it costs something else than the rest of the output."`
	InputAudio          *Price `json:"input_audio,omitempty" doc:"USD per input token of sound."`
	InputAudioCacheRead *Price `json:"input_audio_cache_read,omitempty" doc:"USD per input token of sound read from the provider's cache."`
	InputImageToken     *Price `json:"input_image_token,omitempty" doc:"USD per input token of pictures, where it costs something else than text."`
	OutputAudio         *Price `json:"output_audio,omitempty" doc:"USD per output token of sound."`
	OutputImageToken    *Price `json:"output_image_token,omitempty" doc:"USD per output token of pictures."`

	InputTiers               []Tier `json:"input_tiers,omitempty" doc:"The price of input by the length of the prompt."`
	OutputTiers              []Tier `json:"output_tiers,omitempty" doc:"The price of output by the length of the prompt."`
	InputCacheReadTiers      []Tier `json:"input_cache_read_tiers,omitempty" doc:"The price of cache reads by the length of the prompt."`
	InputCacheWriteTiers     []Tier `json:"input_cache_write_tiers,omitempty" doc:"The price of cache writes by the length of the prompt."`
	InputCacheWrite1hTiers   []Tier `json:"input_cache_write_1h_tiers,omitempty" doc:"The price of cache writes for an hour by the length of the prompt."`
	InternalReasoningTiers   []Tier `json:"internal_reasoning_tiers,omitempty" doc:"The price of reasoning by the length of the prompt."`
	InputAudioTiers          []Tier `json:"input_audio_tiers,omitempty" doc:"The price of sound by the length of the prompt."`
	InputAudioCacheReadTiers []Tier `json:"input_audio_cache_read_tiers,omitempty" doc:"The price of sound from the cache by the length of the prompt."`
	InputImageTokenTiers     []Tier `json:"input_image_token_tiers,omitempty" doc:"The price of input pictures by the length of the prompt."`
	OutputAudioTiers         []Tier `json:"output_audio_tiers,omitempty" doc:"The price of output sound by the length of the prompt."`
	OutputImageTokenTiers    []Tier `json:"output_image_token_tiers,omitempty" doc:"The price of output pictures by the length of the prompt."`
}

// Tier is the price for prompts from a length on.
type Tier struct {
	Cost Price  `json:"cost" doc:"USD per token."`
	Min  int64  `json:"min" doc:"The length of the prompt, caches included, in tokens, from which on it holds."`
	Max  *int64 `json:"max,omitempty" doc:"The length from which on the next one holds; it may be left out."`
}

// Variant is other prices for a service tier, a region or a time of day.
type Variant struct {
	Rates
	Multiplier *Multiplier `json:"multiplier,omitempty" doc:"What the prices of tokens are multiplied by, for example 0.5."`
}

// Hours are a time of day with other prices.
type Hours struct {
	From Clock `json:"from" doc:"The time of day from which on they hold, in UTC, for example 16:30."`
	To   Clock `json:"to" doc:"The time of day until which they hold, in UTC; it may be on the next day."`
	Variant
}

// Pricing is what a model costs, in the shape of the hosted gateway's GET /v1/models. nil is not overridden.
type Pricing struct {
	Rates
	ServiceTiers map[string]Variant `json:"service_tiers,omitempty" doc:"Other prices by service tier: flex, priority, batch."`
	Regional     map[string]Variant `json:"regional,omitempty" doc:"Other prices by where requests are served: us, eu."`
	Hours        []Hours            `json:"hours,omitempty" doc:"Other prices by the time of day."`
	Request      *Amount            `json:"request,omitempty" doc:"USD per request, beside what its tokens cost."`
	WebSearch    *Amount            `json:"web_search,omitempty" doc:"USD per web search that the provider runs."`
	Image        *Amount            `json:"image,omitempty" doc:"USD per picture made, for models that bill no tokens."`
	VideoSecond  *Amount            `json:"video_second,omitempty" doc:"USD per second of film made."`
	AudioSecond  *Amount            `json:"audio_second,omitempty" doc:"USD per second of sound written down."`
	Character    *Amount            `json:"speech_input_character_cost,omitempty" doc:"USD per character spoken."`
	Multiplier   *Multiplier        `json:"multiplier,omitempty" doc:"What everything costs is multiplied by this: 0.9 is a discount of 10 %."`
}

// Multiplier is in millionths.
type Multiplier int64

// maxMultiplier is the largest multiplier that is taken, a thousand.
const maxMultiplier = Multiplier(1e9)

// UnmarshalText reads a decimal of at most six places.
func (m *Multiplier) UnmarshalText(text []byte) error {
	const millionth = 1_000_000 // in the 1e-12 that decimals are read in
	n, err := parseDecimal(string(text))
	if err != nil || n%millionth != 0 || n == 0 || Multiplier(n/millionth) > maxMultiplier {
		return fmt.Errorf("%q is no multiplier: write a plain decimal above 0 of at most 6 places, for example \"0.9\"", text)
	}
	*m = Multiplier(n / millionth)
	return nil
}

// MarshalText writes the decimal.
func (m Multiplier) MarshalText() ([]byte, error) { return []byte(Price(m * 1_000_000).String()), nil }

// Clock is a time of day, in minutes since midnight.
type Clock int

// UnmarshalText reads hours and minutes, as 16:30.
func (c *Clock) UnmarshalText(text []byte) error {
	t, err := time.Parse("15:04", string(text))
	if err != nil || len(text) != len("15:04") {
		return fmt.Errorf("%q is no time of day: write hours and minutes, for example \"16:30\"", text)
	}
	*c = Clock(t.Hour()*60 + t.Minute())
	return nil
}

// MarshalText writes hours and minutes.
func (c Clock) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%02d:%02d", c/60, c%60), nil }

func checkPricing(path []string, p *Pricing) *valueError {
	if p == nil {
		return nil
	}
	if err := checkRates(path, p.Rates); err != nil {
		return err
	}
	for _, named := range []struct {
		name     string
		variants map[string]Variant
	}{{"service_tiers", p.ServiceTiers}, {"regional", p.Regional}} {
		for name, v := range named.variants {
			if err := checkVariant(append(path[:len(path):len(path)], named.name, name), v); err != nil {
				return err
			}
		}
	}
	for i, h := range p.Hours {
		at := append(path[:len(path):len(path)], "hours", fmt.Sprint(i))
		if h.From == h.To {
			return valueErrorf(append(at, "to"), "the hours end when they begin")
		}
		if err := checkVariant(at, h.Variant); err != nil {
			return err
		}
	}
	return nil
}

func checkVariant(path []string, v Variant) *valueError {
	if v.Multiplier == nil && v.Input == nil && len(v.InputTiers) == 0 {
		return valueErrorf(path, "other prices need a multiplier, or prices of their own with one for input")
	}
	return checkRates(path, v.Rates)
}

func checkRates(path []string, r Rates) *valueError {
	for _, list := range []struct {
		name  string
		tiers []Tier
	}{
		{"input_tiers", r.InputTiers},
		{"output_tiers", r.OutputTiers},
		{"input_cache_read_tiers", r.InputCacheReadTiers},
		{"input_cache_write_tiers", r.InputCacheWriteTiers},
		{"input_cache_write_1h_tiers", r.InputCacheWrite1hTiers},
		{"internal_reasoning_tiers", r.InternalReasoningTiers},
		{"input_audio_tiers", r.InputAudioTiers},
		{"input_audio_cache_read_tiers", r.InputAudioCacheReadTiers},
		{"input_image_token_tiers", r.InputImageTokenTiers},
		{"output_audio_tiers", r.OutputAudioTiers},
		{"output_image_token_tiers", r.OutputImageTokenTiers},
	} {
		for i, t := range list.tiers {
			at := append(path[:len(path):len(path)], list.name, fmt.Sprint(i))
			switch {
			case i == 0 && t.Min != 0:
				return valueErrorf(append(at, "min"), "the first price holds from 0 on")
			case i > 0 && t.Min <= list.tiers[i-1].Min:
				return valueErrorf(append(at, "min"), "the lengths must rise")
			}
		}
	}
	return nil
}
