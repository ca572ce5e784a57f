package provider

import (
	"context"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

// Balance is what is left to spend.
type Balance struct {
	// Amounts has one for each currency; it is never empty.
	Amounts []Amount
	// OfKey tells that it is what this credential may still spend; else it is what the account has.
	OfKey bool
}

// Amount is money: a decimal number, below 0 where more was spent than there was, of a currency (ISO 4217).
type Amount struct{ Currency, Amount string }

// TellsBalance tells whether the provider says what is left to the credentials that requests are sent with. The others don't,
// or only to credentials for administrators.
func (p *Provider) TellsBalance() bool {
	switch p.ID {
	case Gateway, "openrouter", "deepseek", "moonshotai":
		return true
	}
	return false
}

// Balance asks a provider what is left. Its errors are *llm.Error.
func (c *Client) Balance(ctx context.Context, p *Provider, secret string) (Balance, error) {
	switch p.ID {
	case Gateway:
		text, err := c.Credits(ctx, p, secret)
		return Balance{Amounts: []Amount{{"USD", text}}}, err
	case "openrouter":
		return c.openRouterBalance(ctx, p, secret)
	case "deepseek": // API reference, "Get User Balance"
		body, err := c.get(ctx, p, "/user/balance", secret)
		if err != nil {
			return Balance{}, err
		}
		var b Balance
		for _, info := range gjson.GetBytes(body, "balance_infos").Array() {
			text, currency := info.Get("total_balance"), info.Get("currency").Str
			if _, ok := decimal(text); !ok || !currencyCode.MatchString(currency) {
				return b, unreadable(p)
			}
			b.Amounts = append(b.Amounts, Amount{currency, text.String()})
		}
		if len(b.Amounts) == 0 {
			return b, unreadable(p)
		}
		return b, nil
	case "moonshotai": // API reference, "Check Balance"
		body, err := c.get(ctx, p, "/users/me/balance", secret)
		if err != nil {
			return Balance{}, err
		}
		n, ok := decimal(gjson.GetBytes(body, "data.available_balance"))
		if !ok {
			return Balance{}, unreadable(p)
		}
		currency := "USD"
		if u, err := url.Parse(p.BaseURL); err == nil && strings.HasSuffix(u.Hostname(), ".cn") {
			currency = "CNY" // the platform for China; the answer does not say
		}
		return Balance{Amounts: []Amount{{currency, plain(n)}}}, nil
	}
	return Balance{}, llm.Errorf(llm.ErrBadRequest, "%s does not tell what is left", p.Name).WithCode("no_balance")
}

// openRouterBalance asks for the account's credits and, where the key may not know those, for what is left of its own limit
// (API reference, "Get remaining credits", "Get current API key").
func (c *Client) openRouterBalance(ctx context.Context, p *Provider, secret string) (Balance, error) {
	body, err := c.get(ctx, p, "/credits", secret)
	if err == nil {
		bought, ok := decimal(gjson.GetBytes(body, "data.total_credits"))
		used, known := decimal(gjson.GetBytes(body, "data.total_usage"))
		if !ok || !known {
			return Balance{}, unreadable(p)
		}
		return Balance{Amounts: []Amount{{"USD", plain(bought.Sub(bought, used))}}}, nil
	}
	if status := llm.AsError(err).HTTPStatus(); status != http.StatusUnauthorized && status != http.StatusForbidden {
		return Balance{}, err
	}
	if body, err = c.get(ctx, p, "/key", secret); err != nil {
		return Balance{}, err
	}
	switch left := gjson.GetBytes(body, "data.limit_remaining"); left.Type {
	case gjson.Null:
		return Balance{}, llm.Errorf(llm.ErrBadRequest, "%s tells what is left to management keys alone, and this key has no limit of its own",
			p.Name).WithCode("no_balance")
	default:
		n, ok := decimal(left)
		if !ok {
			return Balance{}, unreadable(p)
		}
		return Balance{Amounts: []Amount{{"USD", plain(n)}}, OfKey: true}, nil
	}
}

var (
	currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)
	// decimalForm is a number as JSON has it; its exponent is short, as whole pages would be its digits otherwise.
	decimalForm = regexp.MustCompile(`^-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?$`)
)

// decimal reads a number or a text that is one.
func decimal(v gjson.Result) (*big.Rat, bool) {
	text := v.Str
	if v.Type == gjson.Number {
		text = v.Raw
	}
	if !decimalForm.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// plain writes a number with six decimals at most: providers send binary fractions.
func plain(n *big.Rat) string {
	text := strings.TrimRight(n.FloatString(6), "0")
	text = strings.TrimSuffix(text, ".")
	if text == "-0" {
		return "0"
	}
	return text
}

// Text writes an amount for people, in hundredths: $12.34, or 12.34 CNY.
func (a Amount) Text() string {
	n, ok := decimal(gjson.Result{Type: gjson.String, Str: a.Amount})
	if !ok {
		return strconv.Quote(a.Amount) + " " + a.Currency
	}
	text := n.FloatString(2)
	if a.Currency != "USD" {
		return text + " " + a.Currency
	}
	if rest, below := strings.CutPrefix(text, "-"); below {
		return "-$" + rest
	}
	return "$" + text
}

func unreadable(p *Provider) *llm.Error {
	return llm.Errorf(llm.ErrInternal, "what answers at %s gives no balance that can be read", p.BaseURL).WithStatus(http.StatusBadGateway)
}
