package provider

import (
	"cmp"
	"slices"

	"github.com/tidwall/gjson"

	"gatehouse/backend/catalog"
)

// priceOf reads a pricing object in the hosted gateway's shape (decimal strings, USD per token; GET /v1/models) or
// OpenRouter's (prompt, completion). What it can't read exactly stays unknown. noOutput is for models that have none,
// embeddings above all, whose lists leave its price out.
func priceOf(pricing gjson.Result, noOutput bool) (catalog.Price, bool) {
	var price catalog.Price
	if !pricing.IsObject() {
		return price, false
	}
	sheet, ok := sheetOf(pricing)
	if !ok {
		return price, false
	}
	price = price.WithSheet(sheet)
	price.Request = usdOf(pricing, "request")
	price.Search = usdOf(pricing, "web_search")
	price.Image = usdOf(pricing, "image_output", "image")
	price.Services = variantsOf(pricing.Get("service_tiers"))
	price.Regions = variantsOf(pricing.Get("regional"))
	return price, price.Input != nil && (price.Output != nil || noOutput)
}

// PriceOf is priceOf for a pricing object that stands alone.
func PriceOf(pricing []byte) (catalog.Price, bool) {
	return priceOf(gjson.ParseBytes(pricing), false)
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

// variantsOf reads the prices of service tiers or regions: objects of the same prices, or a multiplier as a decimal.
func variantsOf(list gjson.Result) map[string]catalog.Variant {
	var out map[string]catalog.Variant
	list.ForEach(func(name, v gjson.Result) bool {
		sheet, ok := sheetOf(v)
		if !ok || !v.IsObject() {
			return true
		}
		variant := catalog.Variant{Sheet: sheet}
		if m := usdOf(v, "multiplier"); m != nil && *m%catalog.One == 0 { // a decimal with at most six digits
			variant.Multiplier = int64(*m / catalog.One)
		}
		if variant.Multiplier == 0 && sheet.Input == nil {
			return true
		}
		if out == nil {
			out = map[string]catalog.Variant{}
		}
		out[name.Str] = variant
		return true
	})
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
