package catalog

import (
	"fmt"
	"math/big"
	"math/bits"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/llm"
)

// Kind is what a line of a bill is for.
type Kind string

// The kinds: tokens, and what is billed one by one.
const (
	KindInput          Kind = "input"
	KindInputAudio     Kind = "inputAudio"
	KindInputImage     Kind = "inputImage"
	KindCacheRead      Kind = "cacheRead"
	KindCacheReadAudio Kind = "cacheReadAudio"
	KindCacheWrite5m   Kind = "cacheWrite5m"
	KindCacheWrite1h   Kind = "cacheWrite1h"
	KindOutput         Kind = "output"
	KindReasoning      Kind = "reasoning"
	KindOutputAudio    Kind = "outputAudio"
	KindOutputImage    Kind = "outputImage"
	KindRequest        Kind = "request"
	KindSearch         Kind = "search"
	KindImage          Kind = "image"
	KindVideo          Kind = "video" // milliseconds, at a price per second
	KindAudio          Kind = "audio" // milliseconds, at a price per second
	KindCharacter      Kind = "character"
)

// Line is one kind of a bill: units times price. Price and Amount are nil where the price is unknown; Amount has the
// bill's multipliers in it, rounded half up to 1e-12 USD.
type Line struct {
	Kind   Kind     `json:"kind"`
	Units  int64    `json:"units"`
	Price  *PicoUSD `json:"price,omitempty"`
	Amount *PicoUSD `json:"amount,omitempty"`
}

// Bill is what a call cost, and the arithmetic that says so. Nothing stands in two lines.
type Bill struct {
	Total PicoUSD `json:"-"`
	// Known is false where tokens are unknown, or a kind was used whose price is.
	Known bool   `json:"-"`
	Lines []Line `json:"lines,omitempty"`
	// Over is the threshold of the step for long prompts that applied, in tokens.
	Over int64 `json:"over,omitempty"`
	// Service, Region and Hours (of the day, UTC) are those that have a price of their own, Multipliers what they make of
	// tokens and Discount the user's own of everything, in millionths.
	Service     string  `json:"service,omitempty"`
	Region      string  `json:"region,omitempty"`
	Hours       string  `json:"hours,omitempty"`
	Multipliers []int64 `json:"multipliers,omitempty"`
	Discount    int64   `json:"discount,omitempty"`
	Source      Source  `json:"source,omitempty"`
	Version     string  `json:"version,omitempty"`
}

// One is a multiplier that changes nothing.
const One = 1_000_000

// Cost multiplies units with the prices that hold at a time, the one at which the call ended.
func (p Price) Cost(u llm.Usage, at time.Time) Bill {
	b := Bill{Known: u.Known() && u.Input.Known() == u.Output.Known(), Discount: p.Discount, Source: p.Source, Version: p.Version}
	rates := b.rates(p, u, at)
	for _, l := range tokenLines(u, rates) {
		b.add(l, append(b.Multipliers, b.Discount)...)
	}
	if p.Request != nil && *p.Request > 0 {
		b.add(Line{Kind: KindRequest, Units: 1, Price: p.Request}, b.Discount)
	}
	for _, l := range unitLines(u, p) {
		b.add(l, b.Discount)
	}
	if !b.Known {
		b.Total = 0
	}
	return b
}

// rates gives the rates that apply, and notes why in the bill.
func (b *Bill) rates(p Price, u llm.Usage, at time.Time) Rates {
	sheet := p.Sheet()
	vary := func(v Variant) {
		if v.Rates != (Rates{}) {
			sheet = v.Sheet
		}
		if v.Multiplier > 0 {
			b.Multipliers = append(b.Multipliers, v.Multiplier)
		}
	}
	named := func(name string, variants map[string]Variant) {
		v, listed := variants[name]
		if !listed { // another price than the usual one applies, and nobody said which
			sheet = Sheet{}
		}
		vary(v)
	}
	if p.Free() {
		return sheet.Rates
	}
	for _, h := range p.Hours {
		if h.in(at) {
			b.Hours = fmt.Sprintf("%02d:%02d-%02d:%02d", h.From/60, h.From%60, h.To/60, h.To%60)
			vary(h.Variant)
			break
		}
	}
	if b.Service = serviceOf(u.Tier); b.Service != "" {
		named(b.Service, p.Services)
	}
	if b.Region = regionOf(u.Region); b.Region != "" {
		named(b.Region, p.Regions)
	}
	prompt := u.Input.Or(0) + u.CacheRead.Or(0) + u.CacheWrite5m.Or(0) + u.CacheWrite1h.Or(0)
	rates := sheet.Rates
	for _, step := range sheet.Long {
		if prompt >= step.From {
			rates, b.Over = step.Rates, step.From
		}
	}
	return rates
}

// serviceOf gives the service tier that has a price of its own, empty for the usual one, in whichever words (OpenAI,
// Anthropic and Groq API references, "service_tier"; Gemini's, "TrafficType").
func serviceOf(tier string) string {
	switch tier = strings.ToLower(tier); tier {
	case "", "default", "standard", "auto", "on_demand", "traffic_type_unspecified":
		return ""
	}
	return strings.TrimPrefix(tier, "on_demand_")
}

// regionOf gives the region that may have a price of its own (Anthropic API reference, "inference_geo").
func regionOf(region string) string {
	switch region = strings.ToLower(region); region {
	case "global", "not_available":
		return ""
	}
	return region
}

// tokenLines gives the lines of tokens: what is part of another number is taken out of it, never below none.
func tokenLines(u llm.Usage, r Rates) []Line {
	part := func(whole *int64, of llm.Count) int64 {
		n := min(of.Or(0), *whole)
		*whole -= n
		return n
	}
	input, read, output := u.Input.Or(0), u.CacheRead.Or(0), u.Output.Or(0)
	inputAudio, readAudio := part(&input, u.InputAudio), part(&read, u.CacheReadAudio)
	var inputImage int64
	if r.InputImage != nil {
		inputImage = part(&input, u.InputImage)
	}
	outputAudio, outputImage := part(&output, u.OutputAudio), part(&output, u.OutputImage)
	var reasoning int64
	if r.Reasoning != nil {
		reasoning = part(&output, u.Reasoning)
	}
	return []Line{
		{Kind: KindInput, Units: input, Price: r.Input},
		{Kind: KindInputAudio, Units: inputAudio, Price: r.InputAudio},
		{Kind: KindInputImage, Units: inputImage, Price: r.InputImage},
		{Kind: KindCacheRead, Units: read, Price: r.CacheRead},
		{Kind: KindCacheReadAudio, Units: readAudio, Price: r.CacheReadAudio},
		{Kind: KindCacheWrite5m, Units: u.CacheWrite5m.Or(0), Price: r.CacheWrite5m},
		{Kind: KindCacheWrite1h, Units: u.CacheWrite1h.Or(0), Price: r.CacheWrite1h},
		{Kind: KindOutput, Units: output, Price: r.Output},
		{Kind: KindReasoning, Units: reasoning, Price: r.Reasoning},
		{Kind: KindOutputAudio, Units: outputAudio, Price: r.OutputAudio},
		{Kind: KindOutputImage, Units: outputImage, Price: r.OutputImage},
	}
}

// unitLines gives the lines of what is billed one by one. Pictures whose tokens are told are billed by those.
func unitLines(u llm.Usage, p Price) []Line {
	images := u.Images.Or(0)
	if u.Output.Or(0) > 0 {
		images = 0
	}
	return []Line{
		{Kind: KindSearch, Units: u.Searches.Or(0), Price: p.Search},
		{Kind: KindImage, Units: images, Price: p.Image},
		{Kind: KindVideo, Units: u.VideoMs.Or(0), Price: p.VideoSecond},
		{Kind: KindAudio, Units: u.AudioMs.Or(0), Price: p.AudioSecond},
		{Kind: KindCharacter, Units: u.Characters.Or(0), Price: p.Character},
	}
}

// per is how many units a price is for.
func (k Kind) per() int64 {
	if k == KindVideo || k == KindAudio {
		return 1000
	}
	return 1
}

// add puts a line on the bill, if there is anything in it.
func (b *Bill) add(l Line, multipliers ...int64) {
	if l.Units <= 0 {
		return
	}
	l.Amount = amount(l, multipliers)
	b.Lines = append(b.Lines, l)
	if l.Amount == nil || *l.Amount > maxAmount-b.Total {
		b.Known = false
		return
	}
	b.Total += *l.Amount
}

// maxAmount is the largest sum that is told, about 4.6 million USD.
const maxAmount PicoUSD = 1 << 62

// amount is nil where the price is unknown, or where the product is beyond maxAmount.
func amount(l Line, multipliers []int64) *PicoUSD {
	if l.Price == nil || *l.Price < 0 {
		return nil
	}
	if high, low := bits.Mul64(uint64(l.Units), uint64(*l.Price)); l.Kind.per() == 1 && high == 0 && low <= uint64(maxAmount) && !slices.ContainsFunc(multipliers, func(m int64) bool { return m > 0 }) {
		sum := PicoUSD(low)
		return &sum
	}
	product, by := new(big.Int).Mul(big.NewInt(l.Units), big.NewInt(int64(*l.Price))), big.NewInt(l.Kind.per())
	for _, m := range multipliers {
		if m > 0 {
			product.Mul(product, big.NewInt(m))
			by.Mul(by, big.NewInt(One))
		}
	}
	half := new(big.Int).Rsh(by, 1)
	product.Div(product.Add(product, half), by)
	if !product.IsInt64() || product.Int64() > int64(maxAmount) {
		return nil
	}
	sum := PicoUSD(product.Int64())
	return &sum
}
