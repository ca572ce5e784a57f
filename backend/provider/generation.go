package provider

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
)

// Generation is what a provider says of an answer that it gave. What it does not say is unknown.
type Generation struct {
	// Prompt has all that went in, be it from a cache or into one, Completion all that came out, both in the model's own tokens.
	Prompt, Completion llm.Count
	// Cost is what the answer cost at the model's maker or at the provider, whoever was paid, in 1e-12 USD.
	Cost llm.Count
}

// TellsOf tells whether the provider can be asked what it says of an answer with this id.
func (p *Provider) TellsOf(id string) bool {
	return p.generation != "" && strings.HasPrefix(id, p.generationIDs)
}

// Generation asks a provider what it says of an answer (hosted gateway, REST API, "Usage"; OpenRouter, API reference, "Get
// generation metadata"). Its errors are *llm.Error: providers know an answer some time after it has ended, and until then
// it is not found.
func (c *Client) Generation(ctx context.Context, p *Provider, secret, id string) (Generation, error) {
	body, err := c.get(ctx, p, p.generation+"?id="+url.QueryEscape(id), secret)
	if err != nil {
		return Generation{}, err
	}
	data := gjson.GetBytes(body, "data")
	if !gjson.ValidBytes(body) || !data.IsObject() {
		return Generation{}, llm.Errorf(llm.ErrInternal, "what answers at %s tells nothing of the answer %.80q that can be read", p.BaseURL, id).
			WithStatus(http.StatusBadGateway)
	}
	count := func(name string) llm.Count {
		v := data.Get(name)
		if v.Type != gjson.Number || v.Num < 0 {
			return llm.Count{}
		}
		return llm.Tokens(v.Int())
	}
	cost := func(name string) llm.Count {
		if v := data.Get(name); v.Type == gjson.Number {
			return llm.CostOf(v.Raw)
		}
		return llm.CostOf(data.Get(name).Str)
	}
	g := Generation{Prompt: count("native_tokens_prompt"), Completion: count("native_tokens_completion"), Cost: cost("total_cost")}
	if data.Get("is_byok").Bool() { // the user paid the model's maker
		g.Cost = cost("upstream_inference_cost")
	}
	return g, nil
}
