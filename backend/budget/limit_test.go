package budget_test

import (
	"testing"

	"gatehouse/backend/budget"
)

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]budget.Limit{
		"20/month":            {Unit: budget.USD, Amount: 20 * dollar, Per: budget.Month},
		"$0.05 / day":         {Unit: budget.USD, Amount: dollar / 20, Per: budget.Day},
		"20 USD/week":         {Unit: budget.USD, Amount: 20 * dollar, Per: budget.Week},
		"0":                   {Unit: budget.USD, Per: budget.Total},
		"1000000":             {Unit: budget.USD, Amount: 1e6 * dollar, Per: budget.Total},
		"2M tokens/day":       {Unit: budget.Tokens, Amount: 2e6, Per: budget.Day},
		"1,500 Requests/Week": {Unit: budget.Requests, Amount: 1500, Per: budget.Week},
		"20k tokens/total":    {Unit: budget.Tokens, Amount: 20_000, Per: budget.Total},
	} {
		got, err := budget.ParseLimit(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		again, err := budget.ParseLimit(got.String())
		if err != nil || again != got {
			t.Errorf("%s is written %s, which is %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{
		"", "/month", "20/year", "-1/day", "1e3/day", "20 euro/day", "1.5 requests/day", "1000001", "0.0000000000001", "9999999999M tokens",
		"$5 tokens", "tokens/day", "NaN",
	} {
		if got, err := budget.ParseLimit(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}

func FuzzParseLimit(f *testing.F) {
	f.Add("20/month")
	f.Add("2M tokens/day")
	f.Add("$0.000000000001/week")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := budget.ParseLimit(text)
		if err != nil {
			return
		}
		if again, err := budget.ParseLimit(l.String()); err != nil || again != l || l.Amount < 0 {
			t.Errorf("%q: %+v, written %q, %v", text, l, l.String(), err)
		}
		l.Unit.Words(l.Amount)
	})
}

func TestWords(t *testing.T) {
	for n, want := range map[int64]string{
		0: "$0.00", dollar: "$1.00", 123456 * dollar / 100: "$1,234.56", 199999 * dollar / 10000: "$19.9999",
		20*dollar - 1: "$19.9999", dollar / 20: "$0.05", dollar / 8: "$0.125", 12_345_678: "$0.000012", 5: "$0.000000000005",
		1_234_567 * dollar: "$1,234,567.00",
	} {
		if got := budget.USD.Words(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	if got := budget.Requests.Words(1); got != "1 request" {
		t.Error(got)
	}
}
