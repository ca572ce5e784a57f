package catalog

import (
	"slices"
	"testing"
	"time"
)

func said(by string, source Source, m Model) Said {
	return Said{Model: m, Origin: &Origin{Source: source, By: by, At: time.Unix(1, 0)}}
}

func TestFieldCount(t *testing.T) {
	if len(fields) != fieldCount {
		t.Errorf("fieldCount is %d, and there are %d", fieldCount, len(fields))
	}
}

// TestWhoIsBelieved: of each field the first that says something, and it is told who that was.
func TestWhoIsBelieved(t *testing.T) {
	more := func(provider, upstream string) []Said {
		if provider != "openai" || upstream != "gpt" {
			return nil
		}
		return []Said{
			said("hosted", FromGateway, Model{Name: "hosted name", ContextWindow: 5, MaxOutput: 6, Tags: []string{"vision"}}),
			said("file", FromSnapshot, Model{Name: "old name", Released: 7, MaxOutput: 8, Price: &Price{Rates: Rates{Input: price(1), Output: price(2)}}}),
		}
	}
	c := Build(Sources{
		Served: []Said{said("openai", FromProvider, Model{ID: "openai/gpt", Provider: "openai", Upstream: "gpt", ContextWindow: 4})},
		Known:  []Said{said("x", FromSnapshot, Model{ID: "x/y", Provider: "x", Upstream: "y"})},
		More:   more,
		Overrides: map[string]Override{
			"openai/gpt": {MaxOutput: 9, Tags: []string{"tool-use"}, Price: Price{Rates: Rates{Output: price(3)}}},
		},
	})
	m, ok := c.Served("openai", "openai/gpt")
	if !ok || m.Name != "hosted name" || m.ContextWindow != 4 || m.MaxOutput != 9 || m.Released != 7 || !slices.Equal(m.Tags, []string{"tool-use"}) {
		t.Errorf("%+v", m)
	}
	if *m.Price.Input != 1 || *m.Price.Output != 3 {
		t.Errorf("%+v", m.Price)
	}
	for field, want := range map[Field]Source{
		FieldName: FromGateway, FieldContext: FromProvider, FieldMaxOutput: FromUser, FieldReleased: FromSnapshot,
		FieldTags: FromUser, FieldPrice: FromUser,
	} {
		if o := m.Origin(field); o == nil || o.Source != want {
			t.Errorf("%s is from %+v, want %s", field, o, want)
		}
	}
	if m.Origin(FieldType) != nil || m.Origin("nonsense") != nil || len(m.Fields()) != 6 {
		t.Errorf("an origin of nothing: %v", m.Fields())
	}
	if c.Has("x/y") || len(c.Known()) != 1 || len(c.Listed()) != 1 {
		t.Error("what is only known must not be listed")
	}
}

// TestListedKeepsOrigins: the entries that a list is made of keep their own.
func TestListedKeepsOrigins(t *testing.T) {
	c := Build(Sources{Served: []Said{
		said("gateway", FromGateway, Model{ID: "a/b", Provider: "gateway", Name: "B"}),
		said("a", FromProvider, Model{ID: "a/b", Provider: "a", ContextWindow: 7}),
	}})
	listed := c.Listed()
	if len(listed) != 1 || listed[0].Origin(FieldContext).By != "a" || listed[0].Origin(FieldName).By != "gateway" {
		t.Errorf("%+v", listed)
	}
	if m, _ := c.Served("gateway", "a/b"); m.Origin(FieldContext) != nil || m.ContextWindow != 0 {
		t.Error("the list changed the entry")
	}
}

// TestCompletedPrices: the same price in two places is told as fully as both together; two that differ are not mixed.
func TestCompletedPrices(t *testing.T) {
	full := Price{
		Rates: Rates{Input: price(3), Output: price(15), CacheRead: price(1), CacheWrite1h: price(6)}, Search: price(100),
		Long: []Step{{From: 200_001, Rates: Rates{Input: price(6), Output: price(22)}}}, Source: FromSnapshot,
	}
	got := Price{Rates: Rates{Input: price(3), Output: price(15), CacheRead: price(2)}, Source: FromGateway}.completed(full)
	if *got.CacheRead != 2 || *got.CacheWrite1h != 6 || *got.Search != 100 || len(got.Long) != 1 || got.Source != FromGateway {
		t.Errorf("%+v", got)
	}
	stepped := Price{Rates: Rates{Input: price(3), Output: price(15)}, Long: []Step{{From: 5, Rates: Rates{Input: price(9)}}}}.completed(full)
	if stepped.Long[0].From != 5 || stepped.CacheRead != nil {
		t.Errorf("steps of one list and rates of another: %+v", stepped)
	}
	for _, p := range []Price{{Rates: Rates{Input: price(3), Output: price(14)}}, {Rates: Rates{Input: price(3)}}, {Rates: Rates{Output: price(15)}}, {}} {
		if got := p.completed(full); got.Search != nil || got.CacheRead != nil {
			t.Errorf("another price was mixed in: %+v", got)
		}
	}
	if got := (Price{Rates: Rates{Input: price(2)}}).completed(Price{Rates: Rates{Input: price(2)}, Search: price(1)}); got.Search == nil {
		t.Error("embeddings have no price for output, and agree in that")
	}
}

// TestPricesOfUnlisted: an exact id is passed on though nobody lists it, and what is known of its price holds.
func TestPricesOfUnlisted(t *testing.T) {
	c := Build(Sources{More: func(provider, upstream string) []Said {
		if provider == "openai" && upstream == "gpt-old" {
			return []Said{said("file", FromSnapshot, Model{Price: &Price{Rates: Rates{Input: price(1), Output: price(2)}}})}
		}
		return nil
	}})
	if p, ok := c.Price("openai", "openai/gpt-old"); !ok || *p.Input != 1 || p.Version == "" {
		t.Errorf("%+v, %v", p, ok)
	}
	if _, ok := c.Price("openai", "openai/gpt-new"); ok {
		t.Error("a price of what nobody knows")
	}
}

func BenchmarkServed(b *testing.B) {
	var all []Said
	for i := range 3000 {
		id := "p/m" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		all = append(all, said("p", FromProvider, Model{ID: id, Provider: "p", Price: &Price{Rates: Rates{Input: price(1), Output: price(1)}}}))
	}
	c := Build(Sources{Served: all})
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Price("p", "p/mbba"); !ok {
			b.Fatal("not found")
		}
	}
}
