package budget

import (
	"fmt"
	"strconv"
	"strings"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
)

// Unit is what a budget counts.
type Unit string

// The units. Money is counted in 1e-12 USD; tokens are all of a request, those from caches included.
const (
	USD      Unit = "usd"
	Tokens   Unit = "tokens"
	Requests Unit = "requests"
)

// Limit is how much may be spent in a period.
type Limit struct {
	Unit   Unit
	Amount int64
	Per    Period
}

// The largest limits: 1,000,000 USD, and as many tokens or requests as nobody has.
const (
	maxUSD   = 1_000_000 * 1_000_000_000_000
	maxCount = 1_000_000_000_000_000
)

// ParseLimit reads a limit as people write it: "20/month" and "$20/month" are US dollars, "2M tokens/day" and
// "500 requests/week" say what they are. Without a period it is in total. Its errors are *llm.Error.
func ParseLimit(text string) (Limit, error) {
	amount, per, cut := strings.Cut(text, "/")
	l := Limit{Per: Period(strings.ToLower(strings.TrimSpace(per)))}
	if !cut {
		l.Per = Total
	}
	if !l.Per.Valid() {
		return l, llm.Errorf(llm.ErrBadRequest, "%.80q is no period of a budget; write day, week, month or total, as in 20/month", per)
	}
	var err error
	l.Unit, l.Amount, err = parseAmount(amount, "")
	return l, err
}

// ParseAmount reads an amount of a unit, which may say its unit too. Its errors are *llm.Error.
func ParseAmount(text string, unit Unit) (int64, error) {
	said, n, err := parseAmount(text, unit)
	if err == nil && said != unit {
		err = llm.Errorf(llm.ErrBadRequest, "this budget is in %s, and %.80q is not", unit, text)
	}
	return n, err
}

// parseAmount reads an amount; one that does not say its unit is of the usual one, which is USD where none is given.
func parseAmount(text string, usual Unit) (Unit, int64, error) {
	number, unit := strings.ToLower(strings.TrimSpace(text)), usual
	if rest, ok := strings.CutPrefix(number, "$"); ok {
		number, unit = rest, USD
	} else {
		for _, u := range []Unit{Tokens, Requests, USD} {
			if rest, ok := strings.CutSuffix(number, string(u)); ok {
				number, unit = strings.TrimSpace(rest), u
			}
		}
	}
	if unit == "" || unit == USD {
		n, err := catalog.ParseUSD(number)
		if err != nil || int64(n) > maxUSD {
			return USD, 0, llm.Errorf(llm.ErrBadRequest, "%.80q is no amount; write 20 for US dollars, 2M tokens or 500 requests", text)
		}
		return USD, int64(n), nil
	}
	times := int64(1)
	for suffix, n := range map[string]int64{"k": 1_000, "m": 1_000_000} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, times = rest, n
		}
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(number, ",", ""), 10, 64)
	if err != nil || n < 0 || n > maxCount/times {
		return unit, 0, llm.Errorf(llm.ErrBadRequest, "%.80q is no number of %s; write a whole one, such as 500, 20k or 2M", text, unit)
	}
	return unit, n * times, nil
}

// String writes a limit as ParseLimit reads it.
func (l Limit) String() string {
	if l.Unit == USD {
		return catalog.PicoUSD(l.Amount).USD() + "/" + string(l.Per)
	}
	return fmt.Sprintf("%d %s/%s", l.Amount, l.Unit, l.Per)
}

// Words writes an amount for people.
func (u Unit) Words(n int64) string {
	switch u {
	case USD:
		return dollars(n)
	case Requests:
		if n == 1 {
			return "1 request"
		}
	}
	return grouped(n) + " " + string(u)
}

// dollars writes money with four decimals at most, rounded down, so that a budget never looks more spent than it is; less
// than that with two digits that say something.
func dollars(pico int64) string {
	const unit, shown = 1_000_000_000_000, 100_000_000 // a dollar, and its fourth decimal
	if pico > 0 && pico < shown {
		text := catalog.PicoUSD(pico).USD()
		digits := len(text) - len(strings.TrimLeft(text, "0.")) + 2
		return "$" + text[:min(digits, len(text))]
	}
	text := fmt.Sprintf("%04d", pico%unit/shown)
	for len(text) > 2 && text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	return "$" + grouped(pico/unit) + "." + text
}

// grouped writes a number with its thousands apart.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for at := len(text) - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
