package access

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		patterns, model string
		want            bool
	}{
		{"", "any/thing", true},
		{"anthropic/*", "anthropic/claude-sonnet", true},
		{"anthropic/*", "anthropic/a/b", true},
		{"anthropic/*", "anthropic/", true},
		{"anthropic/*", "anthropic", false},
		{"anthropic/*", "openai/anthropic/x", false},
		{"*", "a/b", true},
		{"*", "", true},
		{"a/b", "a/b", true},
		{"a/b", "a/bc", false},
		{"a/b", "A/B", false},
		{"a/*-mini", "a/gpt-mini-mini", true},
		{"a/*-mini", "a/gpt-mini-max", false},
		{"a/?", "a/é", true},
		{"a/?", "a/", false},
		{"*?b", "éb", true},
		{"a/[b]", "a/b", false},
		{"x/* a/b", "a/b", true},
	} {
		k := Key{Models: strings.Fields(c.patterns)}
		if got := k.Allows(c.model); got != c.want {
			t.Errorf("%q allows %q: %v", c.patterns, c.model, got)
		}
	}
}

func TestParseExpiry(t *testing.T) {
	for _, c := range []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"", 0, true},
		{"  ", 0, true},
		{"12h", 12 * time.Hour, true},
		{" 30d ", 720 * time.Hour, true},
		{"2w", 336 * time.Hour, true},
		{"1y", 8760 * time.Hour, true},
		{"100y", 876000 * time.Hour, true},
		{"101y", 0, false},
		{"0d", 0, false},
		{"-1d", 0, false},
		{"+1d", 0, false},
		{"1.5d", 0, false},
		{"1m", 0, false},
		{"d", 0, false},
		{"30", 0, false},
		{"1d2h", 0, false},
		{"99999999999999999999d", 0, false},
		{"4294967295y", 0, false},
		{"forever", 0, false},
	} {
		got, err := ParseExpiry(c.in)
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%q: %v %v", c.in, got, err)
		}
	}
}

func FuzzParseExpiry(f *testing.F) {
	for _, s := range []string{"", "12h", "30d", "1y", "9999999999d", "ä", "1\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseExpiry(s)
		if d < 0 || d > maxDuration || err != nil && d != 0 || err == nil && d == 0 && strings.TrimSpace(s) != "" {
			t.Errorf("%q: %v %v", s, d, err)
		}
		// What is let through can be given to Create.
		if _, e := (NewKey{Name: "x", ExpiresIn: d}).valid(); e != nil {
			t.Error(e)
		}
	})
}

func FuzzGlob(f *testing.F) {
	f.Add("anthropic/*", "anthropic/x")
	f.Add("*a*b?c*", "xaxbxcx")
	f.Add("?*", "é")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		// Texts that are no UTF-8 have no characters to speak of.
		if strings.ToValidUTF8(pattern, "") != pattern || strings.ToValidUTF8(text, "") != text || len(pattern) > 40 {
			return
		}
		quoted := regexp.QuoteMeta(pattern)
		quoted = strings.ReplaceAll(strings.ReplaceAll(quoted, `\*`, ".*"), `\?`, ".")
		if want := regexp.MustCompile(`(?s)\A` + quoted + `\z`).MatchString(text); glob(pattern, text) != want {
			t.Errorf("%q on %q: want %v", pattern, text, want)
		}
	})
}

func FuzzTokenID(f *testing.F) {
	_, token := newToken()
	f.Add(token)
	f.Add("gh__")
	f.Fuzz(func(t *testing.T, s string) {
		if id := tokenID(s); id != "" && (len(id) != idLen || !strings.HasPrefix(s, tokenPrefix+id+"_")) {
			t.Errorf("%q gives %q", s, id)
		}
		if hasToken(s) && len(s) < maxToken || tokenID(s) != "" && !hasToken("x"+s+"y") {
			t.Errorf("%q: %v", s, hasToken(s))
		}
	})
}

func TestTokensAreAllDifferentAndEven(t *testing.T) {
	seen, count := map[string]bool{}, map[rune]int{}
	for range 2000 {
		_, token := newToken()
		if seen[token] {
			t.Fatal("twice the same")
		}
		seen[token] = true
		for _, c := range token[14:] {
			count[c]++
		}
	}
	// 86,000 characters: 1387 of each, give or take 37 (one standard deviation); six of them is one in 10^9.
	for _, c := range base62 {
		if n := count[c]; n < 1387-225 || n > 1387+225 {
			t.Errorf("%c comes %d times", c, n)
		}
	}
}
