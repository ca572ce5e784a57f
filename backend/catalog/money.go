package catalog

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"
)

// PicoUSD is money: 1e-12 US dollars.
type PicoUSD int64

// picoDigits is how many decimals of a dollar a PicoUSD holds.
const picoDigits = 12

// What an amount may be that can't be held exactly.
var (
	ErrFine  = errors.New("it has more than 12 decimals")
	ErrLarge = errors.New("it is too large")
)

// ParseUSD reads a decimal amount of US dollars, as the hosted gateway writes prices ("0.000001"). An amount that
// PicoUSD can't hold exactly is an error, never rounded.
func ParseUSD(s string) (PicoUSD, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" && fraction == "" {
		return 0, fmt.Errorf("%q is no decimal number", s)
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > picoDigits {
		if strings.Trim(whole+fraction, "0123456789") == "" {
			return 0, fmt.Errorf("%q: %w", s, ErrFine)
		}
		return 0, fmt.Errorf("%q is no decimal number", s)
	}
	var n uint64
	for _, c := range []byte(whole + fraction + strings.Repeat("0", picoDigits-len(fraction))) {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%q is no decimal number", s)
		}
		high, low := bits.Mul64(n, 10)
		if n = low + uint64(c-'0'); high != 0 || n > 1<<62 {
			return 0, fmt.Errorf("%q: %w", s, ErrLarge)
		}
	}
	return PicoUSD(n), nil
}

// USD writes an amount as an exact decimal number of US dollars, as the hosted gateway writes prices ("0.000001").
func (p PicoUSD) USD() string {
	sign := ""
	n := uint64(p)
	if p < 0 {
		sign, n = "-", -n
	}
	const dollar = 1_000_000_000_000
	if n%dollar == 0 {
		return fmt.Sprintf("%s%d", sign, n/dollar)
	}
	return strings.TrimRight(fmt.Sprintf("%s%d.%0*d", sign, n/dollar, picoDigits, n%dollar), "0")
}

// PerMillion writes the price of a million tokens at this price per token, as a decimal number of US dollars.
func (p PicoUSD) PerMillion() string {
	const million = 1_000_000 // picoUSD per token times a million tokens is microUSD
	text := strings.TrimRight(fmt.Sprintf("%d.%06d", p/million, p%million), "0")
	if whole, fraction, _ := strings.Cut(text, "."); len(fraction) < 2 {
		return whole + "." + fraction + strings.Repeat("0", 2-len(fraction))
	}
	return text
}
