package catalog

import (
	"reflect"
	"testing"
	"time"

	"gatehouse/backend/llm"
)

// What the user says of a price wins, kind for kind; what is left open stays as the list has it, at every length.
func TestOverrides(t *testing.T) {
	rates := func(in, out int64) Rates { return Rates{Input: price(in), Output: price(out)} }
	list := Price{
		Rates: Rates{Input: price(10), Output: price(50), CacheRead: price(1)},
		Long: []Step{
			{200, Rates{Input: price(20), Output: price(75), CacheRead: price(2)}},
			{400, Rates{Input: price(40), Output: price(90), CacheRead: price(4)}},
		},
		Services: map[string]Variant{"flex": {Multiplier: 500_000}, "priority": {Multiplier: 2_000_000}},
		Search:   price(7), Source: FromProvider,
	}
	for name, c := range map[string]struct{ user, want Price }{
		"one rate, at every length": {
			Price{Rates: Rates{Input: price(9)}},
			Price{
				Rates: Rates{Input: price(9), Output: price(50), CacheRead: price(1)},
				Long: []Step{
					{200, Rates{Input: price(9), Output: price(75), CacheRead: price(2)}},
					{400, Rates{Input: price(9), Output: price(90), CacheRead: price(4)}},
				},
				Services: list.Services, Search: price(7),
			},
		},
		"one rate by length": {
			Price{Rates: Rates{Input: price(9)}, Long: []Step{{300, Rates{Input: price(11)}}}},
			Price{
				Rates: Rates{Input: price(9), Output: price(50), CacheRead: price(1)},
				Long: []Step{
					{200, Rates{Input: price(9), Output: price(75), CacheRead: price(2)}},
					{300, Rates{Input: price(11), Output: price(75), CacheRead: price(2)}},
					{400, Rates{Input: price(11), Output: price(90), CacheRead: price(4)}},
				},
				Services: list.Services, Search: price(7),
			},
		},
		"a tier, a fee, hours and a discount": {
			Price{
				Services: map[string]Variant{"flex": {Sheet: Sheet{Rates: rates(1, 2)}}}, Search: price(0), Image: price(5),
				Hours: []Hours{{From: 1, To: 2, Variant: Variant{Multiplier: 1}}}, Discount: 900_000,
			},
			Price{
				Rates: list.Rates, Long: list.Long,
				Services: map[string]Variant{"flex": {Sheet: Sheet{Rates: rates(1, 2)}}, "priority": {Multiplier: 2_000_000}},
				Search:   price(0), Image: price(5), Hours: []Hours{{From: 1, To: 2, Variant: Variant{Multiplier: 1}}}, Discount: 900_000,
			},
		},
	} {
		if got := c.user.over(list); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
	if len(list.Services) != 2 || *list.Search != 7 {
		t.Error("the list was changed")
	}
}

// What is billed one by one, to the last 1e-12 USD; pictures whose tokens are told are billed by those alone.
func TestUnits(t *testing.T) {
	p := Price{
		Rates: Rates{Input: price(5), Output: price(40), InputImage: price(10)},
		Image: price(40_000_000_000), VideoSecond: price(400_000_000_000), AudioSecond: price(100_000_001), Character: price(15_000_000),
	}
	for name, c := range map[string]struct {
		usage llm.Usage
		want  PicoUSD
	}{
		"pictures":               {llm.Usage{Images: llm.Tokens(3)}, 120_000_000_000},
		"pictures of tokens":     {llm.Usage{Images: llm.Tokens(1), Input: llm.Tokens(50), InputImage: llm.Tokens(40), Output: llm.Tokens(100)}, 10*5 + 40*10 + 100*40},
		"film":                   {llm.Usage{VideoMs: llm.Tokens(8000)}, 3_200_000_000_000},
		"sound, rounded half up": {llm.Usage{AudioMs: llm.Tokens(1500)}, 150_000_002},
		"speech":                 {llm.Usage{Characters: llm.Tokens(7)}, 105_000_000},
	} {
		if got := p.Cost(c.usage, time.Time{}); !got.Known || got.Total != c.want {
			t.Errorf("%s: %+v, want %d", name, got, c.want)
		}
	}
	if got := (Price{Rates: p.Rates}).Cost(llm.Usage{Images: llm.Tokens(1)}, time.Time{}); got.Known {
		t.Errorf("pictures without a price gave %+v", got)
	}
}
