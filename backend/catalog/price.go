package catalog

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
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
	OutputAudio    *PicoUSD `json:"outputAudio,omitempty"`
	OutputImage    *PicoUSD `json:"outputImage,omitempty"`
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

// Price is what a model costs at a provider. A nil field is unknown.
type Price struct {
	Input          *PicoUSD `json:"input,omitempty"`
	Output         *PicoUSD `json:"output,omitempty"`
	CacheRead      *PicoUSD `json:"cacheRead,omitempty"`
	CacheWrite5m   *PicoUSD `json:"cacheWrite5m,omitempty"`
	CacheWrite1h   *PicoUSD `json:"cacheWrite1h,omitempty"`
	Reasoning      *PicoUSD `json:"reasoning,omitempty"`
	InputAudio     *PicoUSD `json:"inputAudio,omitempty"`
	CacheReadAudio *PicoUSD `json:"cacheReadAudio,omitempty"`
	OutputAudio    *PicoUSD `json:"outputAudio,omitempty"`
	OutputImage    *PicoUSD `json:"outputImage,omitempty"`
	Long           []Step   `json:"long,omitempty"`
	// Services are the prices by service tier (flex, priority, batch), Regions those by place (us, eu).
	Services map[string]Variant `json:"services,omitempty"`
	Regions  map[string]Variant `json:"regions,omitempty"`
	// Request is the fee of each request, Search that of each web search, Image the price of a picture made; a nil Request
	// is no fee.
	Request *PicoUSD `json:"request,omitempty"`
	Search  *PicoUSD `json:"search,omitempty"`
	Image   *PicoUSD `json:"image,omitempty"`
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
	p.setRates(s.Rates)
	p.Long = s.Long
	return p
}

func (p Price) rates() Rates {
	return Rates{
		p.Input, p.Output, p.CacheRead, p.CacheWrite5m, p.CacheWrite1h, p.Reasoning, p.InputAudio, p.CacheReadAudio, p.OutputAudio,
		p.OutputImage,
	}
}

func (p *Price) setRates(r Rates) {
	p.Input, p.Output, p.CacheRead, p.CacheWrite5m, p.CacheWrite1h = r.Input, r.Output, r.CacheRead, r.CacheWrite5m, r.CacheWrite1h
	p.Reasoning, p.InputAudio, p.CacheReadAudio = r.Reasoning, r.InputAudio, r.CacheReadAudio
	p.OutputAudio, p.OutputImage = r.OutputAudio, r.OutputImage
}

// IsZero tells whether nothing is known of a price.
func (p Price) IsZero() bool { return reflect.ValueOf(p).IsZero() }

// FreePrice is the price of what costs nothing.
func FreePrice() Price {
	var zero PicoUSD
	free := Rates{&zero, &zero, &zero, &zero, &zero, nil, &zero, &zero, &zero, &zero}
	return Price{Search: &zero, Image: &zero}.WithSheet(Sheet{Rates: free})
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
		&r.OutputAudio, &r.OutputImage,
	}
}

// over gives a price with what it leaves open taken from another. Rates of a kind replace the steps of that kind too:
// whoever names one number means it for every length.
func (p Price) over(other Price) Price {
	out := other
	out.setRates(p.rates().over(other.rates()))
	out.Long = nil
	for _, step := range other.Long {
		step.Rates = p.rates().over(step.Rates)
		out.Long = append(out.Long, step)
	}
	if len(p.Long) > 0 {
		out.Long = p.Long
	}
	if p.Services != nil {
		out.Services = p.Services
	}
	if p.Regions != nil {
		out.Regions = p.Regions
	}
	for _, f := range []struct{ from, to **PicoUSD }{
		{&p.Request, &out.Request}, {&p.Search, &out.Search}, {&p.Image, &out.Image},
	} {
		if *f.from != nil {
			*f.to = *f.from
		}
	}
	if p.Discount != 0 {
		out.Discount = p.Discount
	}
	out.Source = p.Source
	return out
}
