package settings

import (
	"errors"
	"fmt"

	"gatehouse/backend/catalog"
)

// Price is a price per token in picoUSD, 1e-12 USD.
type Price int64

// MaxPrice is the highest price that is taken, 0.01 USD per token. No model comes near it, but a price per million
// tokens written by mistake does.
const MaxPrice Price = 1e10

// ParsePrice reads a decimal such as "0.00000125", in USD per token, exactly. What is finer than 1e-12 USD is an error,
// since rounding would bill something else than what was written.
func ParsePrice(text string) (Price, error) {
	p, err := parseDecimal(text)
	switch {
	case errors.Is(err, catalog.ErrFine):
		return 0, fmt.Errorf("the price %q is finer than 0.000000000001 USD per token, which is the smallest step", text)
	case p > int64(MaxPrice) || errors.Is(err, catalog.ErrLarge):
		return 0, fmt.Errorf("the price %q is above 0.01 USD per token: prices are per token, not per million tokens",
			text)
	case err != nil:
		return 0, fmt.Errorf("%q is no price: write USD per token as a plain decimal, for example \"0.000001\"", text)
	}
	return Price(p), nil
}

// parseDecimal reads a plain decimal, with digits on both sides of a point, in steps of 1e-12.
func parseDecimal(text string) (int64, error) {
	n, err := catalog.ParseUSD(text)
	if err == nil && (text[0] == '.' || text[len(text)-1] == '.') {
		err = fmt.Errorf("%q has a bare point", text)
	}
	return int64(n), err
}

// Amount is an amount of money in picoUSD, 1e-12 USD.
type Amount int64

// maxAmount is the highest amount that is taken, 100,000 USD.
const maxAmount = int64(1e17)

// UnmarshalText reads a decimal in USD.
func (a *Amount) UnmarshalText(text []byte) error {
	n, err := parseDecimal(string(text))
	if err != nil || n > maxAmount {
		return fmt.Errorf("%q is no amount: write USD as a plain decimal of at most 12 places, for example \"0.05\"", text)
	}
	*a = Amount(n)
	return nil
}

// MarshalText writes the amount as a decimal.
func (a Amount) MarshalText() ([]byte, error) { return []byte(Price(a).String()), nil }

// String writes the price as ParsePrice reads it, in USD per token.
func (p Price) String() string { return catalog.PicoUSD(p).USD() }

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
