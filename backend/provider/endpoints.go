package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
)

// Endpoints asks the hosted gateway who serves a model, at what prices and limits, unless the answer is still the one that
// etag names (REST API, "List model endpoints"). It takes no credential. Each entry's Provider is the id that the
// provider has here, or the hosted gateway's own word where nobody here has one. Its errors are *llm.Error.
func (c *Client) Endpoints(ctx context.Context, p *Provider, id, etag string) (Listing, error) {
	creator, name, _ := strings.Cut(id, "/")
	path := "/v1/models/" + url.PathEscape(creator) + "/" + url.PathEscape(name) + "/endpoints"
	answer, err := c.ask(ctx, p, path, "", etag)
	if err != nil || answer.same {
		return Listing{ETag: etag, Same: answer.same}, err
	}
	list := gjson.GetBytes(answer.body, "data.endpoints")
	if !gjson.ValidBytes(answer.body) || !list.IsArray() {
		return Listing{}, llm.Errorf(llm.ErrInternal, "what answers at %s does not tell who serves %s", p.BaseURL, id).
			WithStatus(http.StatusBadGateway)
	}
	out := Listing{ETag: answer.etag}
	list.ForEach(func(_, e gjson.Result) bool {
		if by := firstText(e, "tag", "provider_name"); by != "" && e.Get("status").Int() == 0 { // 0 is active
			out.Models = append(out.Models, endpointOf(id, by, e))
		}
		return true
	})
	return out, nil
}

// hostedNames are the providers that the hosted gateway calls otherwise.
var hostedNames = map[string]ID{"spacexai": "xai"}

func endpointOf(id, by string, e gjson.Result) catalog.Model {
	if ours := hostedNames[by]; ours != "" {
		by = ours
	}
	m := catalog.Model{
		ID: id, Provider: by, Upstream: id, Parameters: texts(e.Get("supported_parameters")),
		ContextWindow: max(e.Get("context_length").Int(), 0), MaxOutput: max(e.Get("max_completion_tokens").Int(), 0),
		Raw: json.RawMessage(e.Raw),
	}
	if price, ok := priceOf(e.Get("pricing"), false); ok {
		price.Source = catalog.FromGateway
		m.Price = &price
	}
	return m
}
