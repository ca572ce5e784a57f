package catalog

import (
	"testing"
	"time"

	"gatehouse/backend/llm"
)

func TestParseUSD(t *testing.T) {
	for s, want := range map[string]PicoUSD{
		"0": 0, "0.000001": 1_000_000, "0.00000125": 1_250_000, "1": 1_000_000_000_000, "0.000000000001": 1,
		".5": 500_000_000_000, "2.": 2_000_000_000_000, "0.0000010000000000000": 1_000_000,
	} {
		if got, err := ParseUSD(s); err != nil || got != want {
			t.Errorf("%s: %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", ".", "-1", "1e-6", "0.0000000000001", "9999999999999999999", "1,5", " 1", "0x1", "1.é",
	} {
		if got, err := ParseUSD(s); err == nil {
			t.Errorf("%q gave %d", s, got)
		}
	}
}

func FuzzParseUSD(f *testing.F) {
	f.Add("0.000001")
	f.Add("99999999999.999999999999")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseUSD(s)
		if err != nil {
			return
		}
		if again, err := ParseUSD(n.USD()); n < 0 || err != nil || again != n {
			t.Errorf("%q gave %d, written as %s", s, n, n.USD())
		}
	})
}

func TestUSD(t *testing.T) {
	for n, want := range map[PicoUSD]string{
		0: "0", 1_000_000: "0.000001", 1: "0.000000000001", 95_500_000_000_000: "95.5", -1_250_000_000_000: "-1.25",
		3_000_000_000_000: "3", -1 << 63: "-9223372.036854775808",
	} {
		if got := n.USD(); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestPerMillion(t *testing.T) {
	for n, want := range map[PicoUSD]string{
		0: "0.00", 1_250_000: "1.25", 75_000: "0.075", 1: "0.000001", 15_000_000: "15.00",
	} {
		if got := n.PerMillion(); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func price(n int64) *PicoUSD { p := PicoUSD(n); return &p }

func TestCost(t *testing.T) {
	p := Price{Rates: Rates{Input: price(3_000_000), Output: price(15_000_000), CacheRead: price(300_000)}}
	usage := llm.Usage{Input: llm.Tokens(10), Output: llm.Tokens(2), CacheRead: llm.Tokens(100)}
	if got := p.Cost(usage, time.Time{}); !got.Known || got.Total != 90_000_000 || len(got.Lines) != 3 {
		t.Errorf("got %+v", got)
	}
	usage.CacheWrite1h = llm.Tokens(1)
	if got := p.Cost(usage, time.Time{}); got.Known || got.Total != 0 {
		t.Errorf("a write without a price must make the cost unknown, got %+v", got)
	}
	if p.Cost(llm.Usage{Output: llm.Tokens(1)}, time.Time{}).Known {
		t.Error("unknown input must make the cost unknown")
	}
	usage.Tier, usage.Searches = "flex", llm.Tokens(3)
	if got := FreePrice().Cost(usage, time.Time{}); !got.Known || got.Total != 0 {
		t.Errorf("free gave %+v", got)
	}
}

func TestCatalog(t *testing.T) {
	c := New([]Model{
		{ID: "openai/gpt", Provider: "openai", Price: &Price{Rates: Rates{Input: price(1), Output: price(2)}}},
		{ID: "openai/gpt", Provider: "gateway", Price: &Price{Rates: Rates{Input: price(5), Output: price(6)}}},
		{ID: "x/same", Provider: "x"},
		{ID: "y/same", Provider: "y"},
	}, map[string]Override{"openai/gpt": {Price: Price{Rates: Rates{Input: price(9)}}}, "new/one": {Price: Price{Rates: Rates{Input: price(4)}}}})
	for _, provider := range []string{"openai", "gateway"} {
		p, ok := c.Price(provider, "openai/gpt")
		if !ok || *p.Input != 9 || *p.Output == 0 {
			t.Errorf("%s: %+v", provider, p)
		}
	}
	if p, ok := c.Price("openai", "new/one"); !ok || *p.Input != 4 {
		t.Error("an override of an unlisted model must count")
	}
	if id, ok := c.ByName("gpt"); !ok || id != "openai/gpt" {
		t.Errorf("by name: %q, %v", id, ok)
	}
	if _, ok := c.ByName("same"); ok {
		t.Error("two models of one name are no answer")
	}
}

func TestListed(t *testing.T) {
	c := New([]Model{
		{ID: "openai/gpt", Provider: "gateway", Name: "GPT", Price: &Price{Rates: Rates{Input: price(5)}}},
		{ID: "openai/gpt", Provider: "openai", Name: "other", ContextWindow: 9, Tags: []string{"vision"}},
		{ID: "a/b", Provider: "a"},
	}, nil)
	listed := c.Listed()
	if len(listed) != 2 || listed[0].ID != "a/b" {
		t.Fatalf("%+v", listed)
	}
	if m := listed[1]; m.Provider != "gateway" || m.Name != "GPT" || m.ContextWindow != 9 || len(m.Tags) != 1 || *m.Price.Input != 5 {
		t.Errorf("%+v", m)
	}
	if first, _ := c.Served("gateway", "openai/gpt"); first.ContextWindow != 0 {
		t.Error("a list must not change the entries it is made of")
	}
	if e := c.Entries("openai/gpt"); len(e) != 2 || e[1].Provider != "openai" || c.Entries("no/such") != nil {
		t.Errorf("%+v", e)
	}
}
