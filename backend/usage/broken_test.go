package usage

import (
	"context"
	"slices"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/prefix"
	"gatehouse/backend/store"
)

// cachePrices are 10 for input, 1 for what is read from a cache, 12 for what is written to one; of some models none.
type cachePrices struct{}

func (cachePrices) Bill(_, model string, u llm.Usage) *catalog.Bill {
	if model == "free/unknown" {
		return nil
	}
	const in, read, written = 10, 1, 12
	total := in*u.Input.Or(0) + read*u.CacheRead.Or(0) + written*(u.CacheWrite5m.Or(0)+u.CacheWrite1h.Or(0))
	return &catalog.Bill{Total: catalog.PicoUSD(total), Known: true}
}

func TestRereadCost(t *testing.T) {
	for _, c := range []struct {
		name   string
		model  string
		usage  llm.Usage
		tokens int64
		want   int64 // -1 is unknown
	}{
		{"written anew", "m", llm.Usage{Input: llm.Tokens(5), CacheRead: llm.Tokens(0), CacheWrite5m: llm.Tokens(1000)}, 800, 800 * 11},
		{"read anew", "m", llm.Usage{Input: llm.Tokens(1000), CacheRead: llm.Tokens(0)}, 800, 800 * 9},
		{"some of each", "m", llm.Usage{Input: llm.Tokens(1000), CacheWrite1h: llm.Tokens(100)}, 800, 100*11 + 700*9},
		{"more than there were", "m", llm.Usage{Input: llm.Tokens(10)}, 800, 10 * 9},
		{"none", "free/unknown", llm.Usage{Input: llm.Tokens(10)}, 0, 0},
		{"no price", "free/unknown", llm.Usage{Input: llm.Tokens(10)}, 800, -1},
		{"no usage", "m", llm.Usage{}, 800, -1},
	} {
		b := broken(gateway.Settlement{Model: c.model, Usage: c.usage, Broke: &prefix.Break{Tokens: c.tokens}}, cachePrices{})
		got := int64(-1)
		if b.CostPicoUSD != nil {
			got = *b.CostPicoUSD
		}
		if got != c.want {
			t.Errorf("%s: %d, not %d", c.name, got, c.want)
		}
	}
	if broken(gateway.Settlement{}, cachePrices{}) != nil {
		t.Error("what did not break is told of")
	}
}

// breaking is a settlement that broke its prefix.
func breaking(model, conversation string, b prefix.Break) gateway.Settlement {
	s := settlement(model)
	s.Conversation, s.Broke = conversation, &b
	return s
}

func TestBreaks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := start(t, folder)
	add := func(after time.Duration, client string, s gateway.Settlement) string {
		o := opening(day0.Add(after), s.Model)
		o.Client = client
		b.Begin(o).Settle(s)
		return o.ID
	}
	system := prefix.Break{Cause: prefix.Content, Part: "system", Kept: 2, Blocks: 9, After: "req_x", Tokens: 50}
	model := prefix.Break{Cause: prefix.Model, Was: "a/b", Part: "user", Number: 3, Tokens: 30, Estimated: true}
	first := add(0, "Cline/3", breaking("sim/echo", "c1", system))
	add(time.Minute, "Cline/3", settlement("sim/echo"))
	second := add(2*time.Minute, "Zed", breaking("free/unknown", "c2", model))
	third := add(3*time.Hour, "Cline/3", breaking("sim/echo", "c1", system))

	verify := func(when string) {
		t.Helper()
		got, err := b.Breaks(t.Context(), BreakQuery{})
		if err != nil || got.Requests != 3 || got.Tokens != 130 || got.Estimated != 1 || got.CostPicoUSD == nil || got.UnknownCost != 1 || got.Partial {
			t.Fatalf("%s: %+v, %v", when, got, err)
		}
		names := func(groups []BreakGroup) (out []string) {
			for _, g := range groups {
				out = append(out, g.Name+" "+g.Last)
			}
			return out
		}
		for _, c := range []struct{ got, want []string }{
			{names(got.Places), []string{"system " + third, "model " + second}},
			{names(got.Clients), []string{"Cline/3 " + third, "Zed " + second}},
			{names(got.Conversations), []string{"c1 " + third, "c2 " + second}},
		} {
			if !slices.Equal(c.got, c.want) {
				t.Errorf("%s: %q, not %q", when, c.got, c.want)
			}
		}
		got, err = b.Breaks(t.Context(), BreakQuery{From: day0.Add(time.Minute), To: day0.Add(time.Hour)})
		if err != nil || got.Requests != 1 || got.Places[0].Last != second || got.CostPicoUSD != nil {
			t.Errorf("%s, within an hour: %+v, %v", when, got, err)
		}
		got, err = b.Breaks(t.Context(), BreakQuery{Filter: Filter{Clients: []string{"Cline/3"}}})
		if err != nil || got.Requests != 2 {
			t.Errorf("%s, of one client: %+v, %v", when, got, err)
		}
		found, err := b.Search(t.Context(), Search{Broken: true})
		if err != nil || len(found.Records) != 3 || found.Records[2].ID != first || *found.Records[1].Prefix != model {
			t.Errorf("%s: %+v, %v", when, found, err)
		}
	}
	verify("in memory or not")
	b.stored(t)
	verify("stored")
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	b = start(t, folder)
	verify("opened again")

	if _, err := b.Delete(t.Context(), Deletion{To: day0.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	got, err := b.Breaks(t.Context(), BreakQuery{})
	if err != nil || got.Requests != 2 {
		t.Errorf("after a deletion: %+v, %v", got, err)
	}
	left := 0
	if err := b.broken.ForEach(func(string, store.Raw) error { left++; return nil }); err != nil || left != 2 {
		t.Errorf("the index has %d, %v", left, err)
	}

	other := start(t, t.TempDir())
	if n, err := other.Import(context.Background(), b.db); err != nil || n != 3 {
		t.Fatalf("%d put back, %v", n, err)
	}
	if got, err := other.Breaks(t.Context(), BreakQuery{}); err != nil || got.Requests != 2 {
		t.Errorf("after they were put back: %+v, %v", got, err)
	}
}
