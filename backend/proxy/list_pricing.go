package proxy

import (
	"reflect"

	"gatehouse/backend/catalog"
)

// pricing is in USD per token, as decimal numbers (hosted gateway, REST API, "List models"), with OpenRouter's words for
// input and output besides. What has no word there has the name that is made like the others'.
type pricing struct {
	Input        string `json:"input,omitempty"`
	Output       string `json:"output,omitempty"`
	Prompt       string `json:"prompt,omitempty"`     // input
	Completion   string `json:"completion,omitempty"` // output
	CacheRead    string `json:"input_cache_read,omitempty"`
	CacheWrite   string `json:"input_cache_write,omitempty"`
	CacheWrite1h string `json:"input_cache_write_1h,omitempty"`
	Reasoning    string `json:"internal_reasoning,omitempty"`
	Request      string `json:"request,omitempty"`
	Search       string `json:"web_search,omitempty"`
	Image        string `json:"image_output,omitempty"` // a picture made; image, beside prompt, is one shown

	InputTiers      []priceTier `json:"input_tiers,omitempty"`
	OutputTiers     []priceTier `json:"output_tiers,omitempty"`
	CacheReadTiers  []priceTier `json:"input_cache_read_tiers,omitempty"`
	CacheWriteTiers []priceTier `json:"input_cache_write_tiers,omitempty"`

	Regional map[string]*pricing `json:"regional,omitempty"`
}

// priceTier is the price of requests whose prompt has Min tokens or more, and fewer than Max.
type priceTier struct {
	Cost string `json:"cost"`
	Min  int64  `json:"min"`
	Max  int64  `json:"max,omitempty"`
}

func pricingOf(p *catalog.Price) *pricing {
	if p == nil {
		return nil
	}
	out := sheetPricing(p.Sheet())
	out.Request, out.Search, out.Image = usd(p.Request), usd(p.Search), usd(p.Image)
	for place, v := range p.Regions {
		if v.Multiplier > 0 || v.Input == nil { // lists have no word for a multiplier
			continue
		}
		if out.Regional == nil {
			out.Regional = map[string]*pricing{}
		}
		regional := sheetPricing(v.Sheet)
		out.Regional[place] = &regional
	}
	if reflect.ValueOf(out).IsZero() {
		return nil
	}
	return &out
}

func sheetPricing(s catalog.Sheet) pricing {
	r := s.Rates
	return pricing{
		Input: usd(r.Input), Output: usd(r.Output), Prompt: usd(r.Input), Completion: usd(r.Output),
		CacheRead: usd(r.CacheRead), CacheWrite: usd(r.CacheWrite5m), CacheWrite1h: usd(r.CacheWrite1h), Reasoning: usd(r.Reasoning),
		InputTiers:      tiersOf(s, func(r catalog.Rates) *catalog.PicoUSD { return r.Input }),
		OutputTiers:     tiersOf(s, func(r catalog.Rates) *catalog.PicoUSD { return r.Output }),
		CacheReadTiers:  tiersOf(s, func(r catalog.Rates) *catalog.PicoUSD { return r.CacheRead }),
		CacheWriteTiers: tiersOf(s, func(r catalog.Rates) *catalog.PicoUSD { return r.CacheWrite5m }),
	}
}

// tiersOf gives a kind's prices by length; none where it has no such, or where one of them is unknown.
func tiersOf(s catalog.Sheet, of func(catalog.Rates) *catalog.PicoUSD) []priceTier {
	if len(s.Long) == 0 || of(s.Rates) == nil {
		return nil
	}
	out := []priceTier{{Cost: usd(of(s.Rates))}}
	for _, step := range s.Long {
		cost := of(step.Rates)
		if cost == nil {
			return nil
		}
		out[len(out)-1].Max = step.From
		out = append(out, priceTier{Cost: usd(cost), Min: step.From})
	}
	return out
}

// usd writes an amount, nothing where it is unknown.
func usd(p *catalog.PicoUSD) string {
	if p == nil {
		return ""
	}
	return p.USD()
}
