package catalog

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Rates is what a token of each kind costs. A nil one is unknown.
type Rates struct {
	Input        *PicoUSD `json:"input,omitempty"`
	Output       *PicoUSD `json:"output,omitempty"`
	CacheRead    *PicoUSD `json:"cacheRead,omitempty"`
	CacheWrite5m *PicoUSD `json:"cacheWrite5m,omitempty"`
	CacheWrite1h *PicoUSD `json:"cacheWrite1h,omitempty"`
	// Reasoning is for models that bill it apart from the rest of the output; nil means as Output.
	Reasoning      *PicoUSD `json:"reasoning,omitempty"`
	InputAudio     *PicoUSD `json:"inputAudio,omitempty"`
	CacheReadAudio *PicoUSD `json:"cacheReadAudio,omitempty"`
	// InputImage is for models that bill pictures they are shown apart; nil means as Input.
	InputImage  *PicoUSD `json:"inputImage,omitempty"`
	OutputAudio *PicoUSD `json:"outputAudio,omitempty"`
	OutputImage *PicoUSD `json:"outputImage,omitempty"`
}

// Step is the rates of requests whose prompt, caches included, has From tokens or more. They replace all others: a kind
// that has none here is unknown.
type Step struct {
	From int64 `json:"from"`
	Rates
}

// Sheet is rates with the steps for long prompts, sorted by From.
type Sheet struct {
	Rates
	Long []Step `json:"long,omitempty"`
}

// Variant is how a service tier or a region differs: own rates, which replace all others, or a multiplier of the others.
type Variant struct {
	Sheet
	// Multiplier is in millionths, of tokens alone; 0 is none.
	Multiplier int64 `json:"multiplier,omitempty"`
}

// Hours are hours of each day in which other prices hold, in minutes since midnight UTC: from From on and before To, over
// midnight where To is not behind it.
type Hours struct {
	From int `json:"from"`
	To   int `json:"to"`
	Variant
}

// in tells whether a time is within the hours.
func (h Hours) in(at time.Time) bool {
	at = at.UTC()
	minute := at.Hour()*60 + at.Minute()
	if h.From < h.To {
		return h.From <= minute && minute < h.To
	}
	return minute >= h.From || minute < h.To
}

// Price is what a model costs at a provider. A nil field is unknown.
type Price struct {
	Rates
	Long []Step `json:"long,omitempty"`
	// Services are the prices by service tier (flex, priority, batch), Regions those by place (us, eu), Hours those by the
	// time of day.
	Services map[string]Variant `json:"services,omitempty"`
	Regions  map[string]Variant `json:"regions,omitempty"`
	Hours    []Hours            `json:"hours,omitempty"`
	// Request is the fee of each request, Search that of each web search; a nil Request is no fee.
	Request *PicoUSD `json:"request,omitempty"`
	Search  *PicoUSD `json:"search,omitempty"`
	// Image is the price of a picture made, VideoSecond of a second of film made, AudioSecond of a second of sound heard,
	// Character of a character spoken.
	Image       *PicoUSD `json:"image,omitempty"`
	VideoSecond *PicoUSD `json:"videoSecond,omitempty"`
	AudioSecond *PicoUSD `json:"audioSecond,omitempty"`
	Character   *PicoUSD `json:"character,omitempty"`
	// Discount multiplies everything, in millionths: 900000 is 10 % off. 0 is none.
	Discount int64 `json:"discount,omitempty"`
	// Source is where it is from. Version tells prices of one model apart; a Catalog fills it in.
	Source  Source `json:"source,omitempty"`
	Version string `json:"version,omitempty"`
}

// Source is where something that the catalog says is from.
type Source string

// The sources; an earlier one wins.
const (
	FromUser     Source = "user"
	FromProvider Source = "provider"
	FromGateway  Source = "gateway"  // the hosted gateway's list
	FromSnapshot Source = "snapshot" // the prices that come with the program
)

// WithSheet gives the price with these rates and steps.
func (p Price) WithSheet(s Sheet) Price {
	p.Rates, p.Long = s.Rates, s.Long
	return p
}

// IsZero tells whether nothing is known of a price.
func (p Price) IsZero() bool { return reflect.ValueOf(p).IsZero() }

// FreePrice is the price of what costs nothing.
func FreePrice() Price {
	var zero PicoUSD
	p := Price{}
	for _, rate := range p.Rates.all() {
		*rate = &zero
	}
	p.Reasoning, p.InputImage = nil, nil // as the rest
	for _, fee := range p.fees() {
		*fee = &zero
	}
	p.Request = nil
	return p
}

// Free tells whether it is the price of what costs nothing.
func (p Price) Free() bool {
	return p.Input != nil && *p.Input == 0 && p.Output != nil && *p.Output == 0 && p.Request == nil && p.Services == nil
}

// versioned gives a price its version: a digest of all that it says.
func (p Price) versioned() Price {
	p.Version = ""
	text, err := json.Marshal(p)
	if err != nil { // numbers and texts always marshal
		return p
	}
	sum := fnv.New64a()
	_, _ = sum.Write(text)
	p.Version = fmt.Sprintf("%016x", sum.Sum64())
	return p
}

// fees gives the places of what is billed one by one, always in the same order.
func (p *Price) fees() []**PicoUSD {
	return []**PicoUSD{&p.Request, &p.Search, &p.Image, &p.VideoSecond, &p.AudioSecond, &p.Character}
}

// over gives these rates with what they leave open taken from others.
func (r Rates) over(others Rates) Rates {
	into := others.all()
	for i, from := range r.all() {
		if *from != nil {
			*into[i] = *from
		}
	}
	return others
}

// all gives the places of the rates, always in the same order.
func (r *Rates) all() []**PicoUSD {
	return []**PicoUSD{
		&r.Input, &r.Output, &r.CacheRead, &r.CacheWrite5m, &r.CacheWrite1h, &r.Reasoning, &r.InputAudio, &r.CacheReadAudio,
		&r.InputImage, &r.OutputAudio, &r.OutputImage,
	}
}

// over gives a price with what it leaves open taken from another. Rates of a kind replace the steps of that kind too:
// whoever names one number means it for every length.
func (p Price) over(other Price) Price {
	out := other
	out.Rates = p.Rates.over(other.Rates)
	out.Long = nil
	for _, from := range thresholds(p.Long, other.Long) {
		mine := at(p.Long, from, Rates{}).over(p.Rates)
		out.Long = append(out.Long, Step{from, mine.over(at(other.Long, from, other.Rates))})
	}
	out.Services = joined(p.Services, other.Services)
	out.Regions = joined(p.Regions, other.Regions)
	if p.Hours != nil {
		out.Hours = p.Hours
	}
	into := out.fees()
	for i, from := range p.fees() {
		if *from != nil {
			*into[i] = *from
		}
	}
	if p.Discount != 0 {
		out.Discount = p.Discount
	}
	out.Source = p.Source
	return out
}

// thresholds gives where steps begin, each once, in their order.
func thresholds(lists ...[]Step) []int64 {
	var out []int64
	for _, list := range lists {
		for _, step := range list {
			out = append(out, step.From)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// at gives the rates of the step that applies at a length, or what holds below them all.
func at(steps []Step, length int64, below Rates) Rates {
	for _, step := range steps {
		if step.From <= length {
			below = step.Rates
		}
	}
	return below
}

// joined gives a map with what it leaves open taken from another.
func joined(m, other map[string]Variant) map[string]Variant {
	if len(m) == 0 {
		return other
	}
	out := map[string]Variant{}
	maps.Copy(out, other)
	maps.Copy(out, m)
	return out
}
