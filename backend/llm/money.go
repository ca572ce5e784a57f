package llm

import (
	"math/big"
	"strings"
)

// maxExponent bounds the decimals of an amount that is read; none that means anything has more.
const maxExponent = 40

// CostOf reads an amount of US dollars as a source writes it, a JSON number or a decimal text ("0.00123", "1.2e-05"), in
// 1e-12 USD. It is read digit by digit, never as a floating-point number; what is finer than 1e-12 USD is rounded half
// up. Anything else, a negative amount too, is unknown.
func CostOf(text string) Count {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || len(whole)+len(fraction) > maxExponent || strings.Trim(whole+fraction, "0123456789") != "" {
		return Count{}
	}
	shift, ok := exponentOf(exponent)
	if !ok {
		return Count{}
	}
	n, _ := new(big.Int).SetString(whole+fraction, 10)
	shift += 12 - len(fraction)
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil)
	if shift >= 0 {
		n.Mul(n, power)
	} else {
		n.Div(n.Add(n, new(big.Int).Rsh(power, 1)), power)
	}
	if !n.IsInt64() {
		return Count{}
	}
	return Tokens(n.Int64())
}

func exponentOf(text string) (int, bool) {
	sign := 1
	if rest, minus := strings.CutPrefix(text, "-"); minus {
		sign, text = -1, rest
	} else {
		text = strings.TrimPrefix(text, "+")
	}
	n := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int(c-'0'); n > maxExponent {
			return 0, false
		}
	}
	return sign * n, true
}
