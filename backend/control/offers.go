package control

import (
	"fmt"
	"maps"
	"slices"

	"gatehouse/backend/catalog"
	"gatehouse/backend/modellist"
)

// offers gives who serves a model: who can be asked, who lacks a credential, and whom only the hosted gateway reaches.
func (s *Service) offers(m catalog.Model, serving modellist.Serving) []ModelOffer {
	table, out, there := s.Providers(), []ModelOffer{}, map[string]bool{}
	add := func(entries []catalog.Model, usable bool) {
		for _, e := range entries {
			there[e.Provider] = true
			o := offerView(e)
			o.ID, o.ProviderName, o.Usable = e.ID, nameIn(table, e.Provider), usable
			if origin := e.Origin(catalog.FieldPrice); origin != nil {
				view := originView(origin)
				o.PriceOrigin = &view
			}
			out = append(out, o)
		}
	}
	served, known := s.Models.Same(m)
	add(served, true)
	add(known, false)
	for _, e := range serving.Entries {
		if there[e.Provider] {
			continue
		}
		there[e.Provider] = true
		o := offerView(e)
		o.Hosted, o.ProviderName = true, nameIn(table, e.Provider)
		if e.Price != nil {
			o.PriceOrigin = &ModelOrigin{Source: string(catalog.FromGateway), By: e.ID, At: timeOrNull(serving.At)}
		}
		out = append(out, o)
	}
	return out
}

func offerView(e catalog.Model) ModelOffer {
	o := ModelOffer{Provider: e.Provider, Free: e.Free, ContextWindow: positive(e.ContextWindow), MaxOutput: positive(e.MaxOutput)}
	if p := e.Price; p != nil {
		o.InputPicoUSD, o.OutputPicoUSD = (*int64)(p.Input), (*int64)(p.Output)
		o.CacheReadPico, o.CacheWritePico = (*int64)(p.CacheRead), (*int64)(p.CacheWrite5m)
	}
	return o
}

// rateKinds are the kinds of tokens, in the order in which people read them.
var rateKinds = []struct {
	kind catalog.Kind
	of   func(catalog.Rates) *catalog.PicoUSD
}{
	{catalog.KindInput, func(r catalog.Rates) *catalog.PicoUSD { return r.Input }},
	{catalog.KindOutput, func(r catalog.Rates) *catalog.PicoUSD { return r.Output }},
	{catalog.KindReasoning, func(r catalog.Rates) *catalog.PicoUSD { return r.Reasoning }},
	{catalog.KindCacheRead, func(r catalog.Rates) *catalog.PicoUSD { return r.CacheRead }},
	{catalog.KindCacheWrite5m, func(r catalog.Rates) *catalog.PicoUSD { return r.CacheWrite5m }},
	{catalog.KindCacheWrite1h, func(r catalog.Rates) *catalog.PicoUSD { return r.CacheWrite1h }},
	{catalog.KindInputAudio, func(r catalog.Rates) *catalog.PicoUSD { return r.InputAudio }},
	{catalog.KindCacheReadAudio, func(r catalog.Rates) *catalog.PicoUSD { return r.CacheReadAudio }},
	{catalog.KindInputImage, func(r catalog.Rates) *catalog.PicoUSD { return r.InputImage }},
	{catalog.KindOutputAudio, func(r catalog.Rates) *catalog.PicoUSD { return r.OutputAudio }},
	{catalog.KindOutputImage, func(r catalog.Rates) *catalog.PicoUSD { return r.OutputImage }},
}

func priceView(p *catalog.Price) *ModelPrice {
	if p == nil {
		return nil
	}
	v := &ModelPrice{
		Lines: linesOf(p.Sheet()), Services: variantViews(p.Services), Regions: variantViews(p.Regions), Hours: hourViews(p.Hours), Discount: p.Discount, Version: p.Version,
	}
	for _, fee := range []struct {
		kind  catalog.Kind
		price *catalog.PicoUSD
	}{
		{catalog.KindRequest, p.Request},
		{catalog.KindSearch, p.Search},
		{catalog.KindImage, p.Image},
		{catalog.KindVideo, p.VideoSecond},
		{catalog.KindAudio, p.AudioSecond},
		{catalog.KindCharacter, p.Character},
	} {
		if fee.price != nil {
			v.Lines = append(v.Lines, ModelPriceLine{string(fee.kind), int64(*fee.price), []ModelPriceStep{}})
		}
	}
	return v
}

func linesOf(sheet catalog.Sheet) []ModelPriceLine {
	out := []ModelPriceLine{}
	for _, k := range rateKinds {
		base := k.of(sheet.Rates)
		if base == nil {
			continue
		}
		line := ModelPriceLine{string(k.kind), int64(*base), []ModelPriceStep{}}
		for _, step := range sheet.Long {
			line.Steps = append(line.Steps, ModelPriceStep{step.From, (*int64)(k.of(step.Rates))})
		}
		out = append(out, line)
	}
	return out
}

func hourViews(hours []catalog.Hours) []ModelPriceVariant {
	out := []ModelPriceVariant{}
	for _, h := range hours {
		name := fmt.Sprintf("%02d:%02d to %02d:%02d UTC", h.From/60, h.From%60, h.To/60, h.To%60)
		out = append(out, ModelPriceVariant{name, h.Multiplier, linesOf(h.Sheet)})
	}
	return out
}

func variantViews(variants map[string]catalog.Variant) []ModelPriceVariant {
	out := []ModelPriceVariant{}
	for _, name := range slices.Sorted(maps.Keys(variants)) {
		v := variants[name]
		out = append(out, ModelPriceVariant{name, v.Multiplier, linesOf(v.Sheet)})
	}
	return out
}
