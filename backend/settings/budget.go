package settings

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Budget is what may be spent in a period, in one of three units.
type Budget struct {
	USD      *Amount `json:"usd,omitempty" doc:"The limit in US dollars, for example 20. One of usd, tokens and requests is needed."`
	Tokens   *int64  `json:"tokens,omitempty" doc:"The limit in tokens, those from caches included."`
	Requests *int64  `json:"requests,omitempty" doc:"The limit in requests."`
	Per      string  `json:"per" doc:"When it starts anew: with each calendar day, week (from Monday on) or month in local time, or never." enum:"day,week,month,total"`

	Key     string `json:"key,omitempty" doc:"The API key it is over, by name or pattern. Left out, this and the next three are everything."`
	Project string `json:"project,omitempty" doc:"The project it is over, or a pattern."`
	Model   string `json:"model,omitempty" doc:"The model it is over, or a pattern such as anthropic/*."`
	Tag     string `json:"tag,omitempty" doc:"The tag it is over, or a pattern."`

	Warn       []int  `json:"warn,omitempty" doc:"At which percentages to warn; 50, 75 and 90 if left out."`
	Fallback   string `json:"fallback,omitempty" doc:"A model that answers in place of the one that is asked for, once fallbackAt is reached. The limit holds for it too."`
	FallbackAt int    `json:"fallbackAt,omitempty" doc:"From which percentage on the fallback answers; 90 if left out."`
}

// RateLimit is what an API key may do; 0 is no limit.
type RateLimit struct {
	RequestsPerMinute int64 `json:"requestsPerMinute,omitempty" doc:"How many requests it may make in a minute."`
	TokensPerMinute   int64 `json:"tokensPerMinute,omitempty" doc:"How many tokens its requests may use in a minute."`
	Concurrency       int   `json:"concurrency,omitempty" doc:"How many of its requests may run at once."`
}

// periods are what a budget's Per may be.
var periods = []string{"day", "week", "month", "total"}

// maxBudgets bounds how many budgets there are: each request is held to all of them.
const maxBudgets = 200

func checkBudgets(s *Settings) *valueError {
	if len(s.Budgets) > maxBudgets {
		return valueErrorf([]string{"budgets"}, "there are %d; %d are possible", len(s.Budgets), maxBudgets)
	}
	for _, name := range sortedKeys(s.Budgets) {
		if err := checkBudget([]string{"budgets", name}, name, s.Budgets[name]); err != nil {
			return err
		}
	}
	for _, name := range sortedKeys(s.RateLimits) {
		r, at := s.RateLimits[name], []string{"rateLimits", name}
		if r.RequestsPerMinute < 0 || r.TokensPerMinute < 0 || r.Concurrency < 0 {
			return valueErrorf(at, "a limit is 1 or more; leave out what has none")
		}
	}
	return nil
}

func checkBudget(at []string, name string, b Budget) *valueError {
	const longest = 100
	given := 0
	for _, is := range []bool{b.USD != nil, b.Tokens != nil, b.Requests != nil} {
		if is {
			given++
		}
	}
	switch {
	case strings.TrimSpace(name) != name || name == "" || len(name) > longest || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, unicode.IsControl):
		return valueErrorf(at, "%.80q can't be a budget's name: use one line of at most %d bytes", name, longest)
	case given != 1:
		return valueErrorf(at, "a budget needs one of \"usd\", \"tokens\" and \"requests\"")
	case b.Tokens != nil && *b.Tokens < 0, b.Requests != nil && *b.Requests < 0:
		return valueErrorf(at, "a limit can't be negative")
	case !slices.Contains(periods, b.Per):
		return valueErrorf(append(at, "per"), "%q is no period%s", b.Per, suggest(b.Per, periods))
	case b.FallbackAt < 0 || b.FallbackAt > 100:
		return valueErrorf(append(at, "fallbackAt"), "%d is outside 1 to 100 percent", b.FallbackAt)
	}
	for field, pattern := range map[string]string{"key": b.Key, "project": b.Project, "model": b.Model, "tag": b.Tag} {
		if pattern != "" {
			if err := checkPattern(append(at[:len(at):len(at)], field), pattern); err != nil {
				return err
			}
		}
	}
	for i, percent := range b.Warn {
		if percent < 1 || percent > 100 {
			return valueErrorf(append(at[:len(at):len(at)], "warn", strconv.Itoa(i)), "%d is outside 1 to 100 percent", percent)
		}
	}
	if b.Fallback != "" {
		return checkModel(append(at, "fallback"), b.Fallback)
	}
	return nil
}
