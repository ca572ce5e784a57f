package settings

import (
	"fmt"
	"strings"
)

// Price is a price per token in picoUSD, 1e-12 USD.
type Price int64

// MaxPrice is the highest price that is taken, 0.01 USD per token. No model comes near it, but a price per million
// tokens written by mistake does.
const MaxPrice Price = 1e10

const priceDigits = 12

// ParsePrice reads a decimal such as "0.00000125", in USD per token, exactly. What is finer than 1e-12 USD is an error,
// since rounding would bill something else than what was written.
func ParsePrice(text string) (Price, error) {
	p, ok, fine := parseDecimal(text, int64(MaxPrice))
	switch {
	case !ok:
		return 0, fmt.Errorf("%q is no price: write USD per token as a plain decimal, for example \"0.000001\"", text)
	case !fine:
		return 0, fmt.Errorf("the price %q is finer than 0.000000000001 USD per token, which is the smallest step", text)
	case p > int64(MaxPrice):
		return 0, fmt.Errorf("the price %q is above 0.01 USD per token: prices are per token, not per million tokens",
			text)
	}
	return Price(p), nil
}

// parseDecimal reads a decimal in steps of 1e-12, up to a limit; what is more gives some number above it. ok tells that
// it is a decimal, fine that it has no smaller steps.
func parseDecimal(text string, limit int64) (n int64, ok, fine bool) {
	whole, fraction, dotted := strings.Cut(text, ".")
	if whole == "" || (dotted && fraction == "") || !digits(whole) || !digits(fraction) {
		return 0, false, false
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > priceDigits {
		return 0, true, false
	}
	fraction += strings.Repeat("0", priceDigits-len(fraction))
	for _, c := range whole + fraction {
		if n = n*10 + int64(c-'0'); n > limit {
			break
		}
	}
	return n, true, true
}

// Amount is an amount of money in picoUSD, 1e-12 USD.
type Amount int64

// maxAmount is the highest amount that is taken, 100,000 USD.
const maxAmount = int64(1e17)

// UnmarshalText reads a decimal in USD.
func (a *Amount) UnmarshalText(text []byte) error {
	n, ok, fine := parseDecimal(string(text), maxAmount)
	if !ok || !fine || n > maxAmount {
		return fmt.Errorf("%q is no amount: write USD as a plain decimal of at most 12 places, for example \"0.05\"", text)
	}
	*a = Amount(n)
	return nil
}

// MarshalText writes the amount as a decimal.
func (a Amount) MarshalText() ([]byte, error) { return []byte(Price(a).String()), nil }

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// String writes the price as ParsePrice reads it, in USD per token.
func (p Price) String() string {
	if p < 0 {
		return "-" + (-p).String()
	}
	const one = 1_000_000_000_000
	fraction := strings.TrimRight(fmt.Sprintf("%012d", int64(p)%one), "0")
	if fraction == "" {
		return fmt.Sprint(int64(p) / one)
	}
	return fmt.Sprintf("%d.%s", int64(p)/one, fraction)
}

// MarshalText writes the price as a decimal.
func (p Price) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a decimal.
func (p *Price) UnmarshalText(text []byte) error {
	v, err := ParsePrice(string(text))
	if err != nil {
		return err
	}
	*p = v
	return nil
}
