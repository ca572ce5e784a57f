package provider

import (
	"context"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
)

// Credits asks the hosted gateway what is left on its account (REST API, "Credits"): USD as a decimal number. Its errors
// are *llm.Error.
func (c *Client) Credits(ctx context.Context, p *Provider, secret string) (balance string, err error) {
	body, err := c.get(ctx, p, "/v1/credits", secret)
	if err != nil {
		return "", err
	}
	balance = gjson.GetBytes(body, "balance").String()
	digits := strings.TrimPrefix(balance, "-") // an account may be overdrawn
	if _, err := catalog.ParseUSD(digits); err != nil {
		return "", llm.Errorf(llm.ErrInternal, "what answers at %s gives no balance that can be read: %w", p.BaseURL, err).
			WithStatus(http.StatusBadGateway)
	}
	return balance, nil
}
