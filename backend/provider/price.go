package provider

import (
	"cmp"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/catalog"
)

// priceOf reads a pricing object in the hosted gateway's shape (decimal strings, USD per token; GET /v1/models) or
// OpenRouter's (prompt, completion). It is not ok unless it has the price of input, and of output too: noOutput is for
// models that have none, embeddings above all, whose lists leave its price out.
func priceOf(pricing gjson.Result, noOutput bool) (catalog.Price, bool) {
	price, ok := readPrice(pricing)
	return price, ok && price.Input != nil && (price.Output != nil || noOutput)
}

// PriceOf reads a pricing object that need not be complete, as settings have them. What can't be read exactly stays
// unknown.
func PriceOf(pricing []byte) (catalog.Price, bool) { return readPrice(gjson.ParseBytes(pricing)) }

func readPrice(pricing gjson.Result) (catalog.Price, bool) {
	var price catalog.Price
	if !pricing.IsObject() {
		return price, false
	}
	sheet, ok := sheetOf(pricing)
	if !ok {
		return price, false
	}
	price = price.WithSheet(sheet)
	price.Services = variantsOf(pricing.Get("service_tiers"))
	price.Regions = variantsOf(pricing.Get("regional"))
	price.Hours = hoursOf(pricing.Get("hours"))
	price.Request = usdOf(pricing, "request")
	price.Search = usdOf(pricing, "web_search")
	price.Image = usdOf(pricing, "image_output")
	if !pricing.Get("prompt").Exists() { // where it is OpenRouter's name for a picture that is shown
		price.Image = cmp.Or(price.Image, usdOf(pricing, "image"))
	}
	price.VideoSecond = cmp.Or(usdOf(pricing, "video_second"), perSecond(pricing.Get("video_duration_pricing")))
	price.AudioSecond = usdOf(pricing, "audio_second")
	price.Character = usdOf(pricing, "speech_input_character_cost")
	price.Discount = multiplierOf(pricing)
	return price, true
}

// perSecond reads prices of film by its resolution: nobody says afterwards which one was made, so they are known only
// where all cost the same.
func perSecond(list gjson.Result) *catalog.PicoUSD {
	var out *catalog.PicoUSD
	for i, one := range list.Array() {
		cost := usdOf(one, "cost_per_second")
		if cost == nil || i > 0 && *cost != *out {
			return nil
		}
		out = cost
	}
	return out
}

// kinds are the names that the rates have in a list. A price by length has the same name with _tiers behind it.
var kinds = []struct {
	names []string
	of    func(*catalog.Rates) **catalog.PicoUSD
}{
	{[]string{"input", "prompt"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.Input }},
	{[]string{"output", "completion"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.Output }},
	{[]string{"input_cache_read"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.CacheRead }},
	{[]string{"input_cache_write"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.CacheWrite5m }},
	{[]string{"input_cache_write_1h"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.CacheWrite1h }},
	{[]string{"internal_reasoning"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.Reasoning }},
	{[]string{"audio", "input_audio"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.InputAudio }},
	{[]string{"input_audio_cache", "input_audio_cache_read"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.CacheReadAudio }},
	{[]string{"input_image_token"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.InputImage }},
	{[]string{"audio_output", "output_audio"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.OutputAudio }},
	{[]string{"output_image_token"}, func(r *catalog.Rates) **catalog.PicoUSD { return &r.OutputImage }},
}

// sheetOf reads rates and, where there are prices by length, their steps. Where one kind has a price by length and
// another a single one, nobody says what that becomes above the first threshold, so it is unknown there. It is not ok
// if a price by length can't be read.
func sheetOf(pricing gjson.Result) (catalog.Sheet, bool) {
	var sheet catalog.Sheet
	for _, kind := range kinds {
		*kind.of(&sheet.Rates) = usdOf(pricing, kind.names...)
	}
	if sheet.Reasoning != nil && *sheet.Reasoning == 0 {
		sheet.Reasoning = nil // OpenRouter's way to say that it is in the completion's price
	}
	for _, kind := range kinds {
		for _, name := range kind.names {
			for i, tier := range pricing.Get(name + "_tiers").Array() {
				cost, from := usdOf(tier, "cost"), tier.Get("min").Int()
				if cost == nil || from < 0 || i > 0 && from == 0 {
					return sheet, false
				}
				if from == 0 {
					*kind.of(&sheet.Rates) = cost
					continue
				}
				*kind.of(&stepAt(&sheet, from).Rates) = cost
			}
		}
	}
	return sheet, true
}

// variantsOf reads the prices of service tiers or regions.
func variantsOf(list gjson.Result) map[string]catalog.Variant {
	var out map[string]catalog.Variant
	list.ForEach(func(name, v gjson.Result) bool {
		if variant, ok := variantOf(v); ok {
			if out == nil {
				out = map[string]catalog.Variant{}
			}
			out[name.Str] = variant
		}
		return true
	})
	return out
}

// variantOf reads an object of prices, or of a multiplier.
func variantOf(v gjson.Result) (catalog.Variant, bool) {
	sheet, ok := sheetOf(v)
	variant := catalog.Variant{Sheet: sheet, Multiplier: multiplierOf(v)}
	return variant, ok && v.IsObject() && (variant.Multiplier != 0 || sheet.Input != nil)
}

// multiplierOf reads a multiplier as a decimal of at most six digits, in millionths; 0 is none.
func multiplierOf(o gjson.Result) int64 {
	if m := usdOf(o, "multiplier"); m != nil && *m%catalog.One == 0 {
		return int64(*m / catalog.One)
	}
	return 0
}

// hoursOf reads the prices of times of day (UTC).
func hoursOf(list gjson.Result) []catalog.Hours {
	var out []catalog.Hours
	for _, one := range list.Array() {
		from, err := time.Parse("15:04", one.Get("from").Str)
		to, err2 := time.Parse("15:04", one.Get("to").Str)
		if variant, ok := variantOf(one); ok && err == nil && err2 == nil {
			out = append(out, catalog.Hours{From: from.Hour()*60 + from.Minute(), To: to.Hour()*60 + to.Minute(), Variant: variant})
		}
	}
	return out
}

// usdOf reads the first of some members that is an exact decimal text.
func usdOf(o gjson.Result, names ...string) *catalog.PicoUSD {
	for _, name := range names {
		if v := o.Get(name); v.Type == gjson.String {
			if n, err := catalog.ParseUSD(v.Str); err == nil {
				return &n
			}
		}
	}
	return nil
}

// stepAt gives the step of a sheet that begins at a length, a new one if there is none yet.
func stepAt(sheet *catalog.Sheet, from int64) *catalog.Step {
	at, found := slices.BinarySearchFunc(sheet.Long, from, func(s catalog.Step, from int64) int { return cmp.Compare(s.From, from) })
	if !found {
		sheet.Long = slices.Insert(sheet.Long, at, catalog.Step{From: from})
	}
	return &sheet.Long[at]
}

// BatchMultiplier is what a provider asks for the requests of a batch, in millionths of what it asks otherwise, for all of its
// models (OpenAI, "Batch API": half; Groq, "Batch processing": half). 0 is not known.
func BatchMultiplier(id ID) int64 {
	switch id {
	case "openai", "groq":
		return 500_000
	}
	return 0
}
