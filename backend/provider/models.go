package provider

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
)

// listLimit bounds a list of models; the largest known is about one megabyte.
const listLimit = 32 << 20

// Check asks the provider whether it accepts a credential, by a request that costs nothing. Its errors are *llm.Error.
func (c *Client) Check(ctx context.Context, p *Provider, secret string) error {
	if p.probe == "" {
		_, err := c.Models(ctx, p, secret)
		return err
	}
	_, err := c.get(ctx, p, p.probe, secret)
	return err
}

func (c *Client) get(ctx context.Context, p *Provider, path, secret string) ([]byte, error) {
	u, err := url.Parse(p.BaseURL + path)
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the base URL of %s can't be read: %w", p.ID, err)
	}
	header := http.Header{"Accept": {"application/json"}, "User-Agent": {"gatehouse"}}
	dialect := llm.ChatCompletions
	if !p.Speaks(dialect) {
		dialect = p.native
	}
	if dialect == llm.Messages {
		header.Set("Anthropic-Version", "2023-06-01")
	}
	p.Authorize(header, dialect, secret)
	req := (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: header}).WithContext(ctx)
	resp, err := c.transport(u).RoundTrip(req)
	if err != nil {
		return nil, connectError(ctx, p, err)
	}
	defer resp.Body.Close() //nolint:errcheck // reading is over
	body, err := io.ReadAll(io.LimitReader(resp.Body, listLimit))
	if err != nil {
		return nil, connectError(ctx, p, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, listError(p, resp.StatusCode, body)
	}
	return body, nil
}

// maxPages bounds how many pages of a list are asked for.
const maxPages = 20

// Models asks the provider for its list of models. The shapes read are OpenAI's and Anthropic's ({"data":[...]}), the
// hosted gateway's with its prices, and Gemini's pages. Its errors are *llm.Error.
func (c *Client) Models(ctx context.Context, p *Provider, secret string) ([]catalog.Model, error) {
	var models []catalog.Model
	path := p.models
	for range maxPages {
		body, err := c.get(ctx, p, path, secret)
		if err != nil {
			return nil, err
		}
		list := gjson.GetBytes(body, p.listName())
		if !list.IsArray() && !p.emptyPage(body) {
			// LM Studio answers 200 with an error object on routes it does not have.
			return nil, llm.Errorf(llm.ErrInternal, "what answers at %s does not look like %s: its list of models has no %q",
				p.BaseURL, p.Name, p.listName()).WithStatus(http.StatusBadGateway)
		}
		list.ForEach(func(_, m gjson.Result) bool {
			if entry, ok := p.entry(m); ok {
				models = append(models, entry)
			}
			return true
		})
		next := gjson.GetBytes(body, "nextPageToken").String()
		if p.native != llm.Gemini || next == "" {
			break
		}
		path = p.models + "&pageToken=" + url.QueryEscape(next)
	}
	return models, nil
}

// listName is the member that holds the models.
func (p *Provider) listName() string {
	if p.native == llm.Gemini {
		return "models"
	}
	return "data"
}

func listError(p *Provider, status int, body []byte) *llm.Error {
	kind := llm.KindOfStatus(status)
	message := gjson.GetBytes(body, "error.message").String()
	if message == "" {
		message = http.StatusText(status)
	}
	for _, d := range gjson.GetBytes(body, "error.details").Array() { // Gemini says 400
		if strings.HasPrefix(d.Get("reason").String(), "API_KEY_") {
			kind = llm.ErrAuth
		}
	}
	if kind == llm.ErrAuth {
		return llm.Errorf(kind, "%s refused the credential (%d): %s", p.Name, status, message).WithStatus(status)
	}
	return llm.Errorf(kind, "%s answered %d: %s", p.Name, status, message).WithStatus(status)
}

func (p *Provider) entry(m gjson.Result) (catalog.Model, bool) {
	upstream := m.Get("id").String()
	if p.native == llm.Gemini {
		upstream = strings.TrimPrefix(m.Get("name").String(), "models/")
		if !slices.ContainsFunc(m.Get("supportedGenerationMethods").Array(), spoken) {
			return catalog.Model{}, false
		}
	}
	if upstream == "" {
		return catalog.Model{}, false
	}
	e := catalog.Model{
		ID: p.ModelID(upstream), Provider: p.ID, Upstream: upstream, Local: p.Local,
		Name:        firstText(m, "displayName", "name", "display_name"),
		Description: m.Get("description").String(),
		Created:     created(m),
	}
	for _, path := range []string{"context_window", "context_length", "max_context_length", "max_model_len", "max_input_tokens", "meta.n_ctx_train", "inputTokenLimit"} {
		if n := m.Get(path).Int(); n > 0 {
			e.ContextWindow = n
			break
		}
	}
	for _, path := range []string{"max_tokens", "max_completion_tokens", "top_provider.max_completion_tokens", "outputTokenLimit"} {
		if n := m.Get(path).Int(); n > 0 {
			e.MaxOutput = n
			break
		}
	}
	describe(&e, m)
	if p.Local {
		free := catalog.FreePrice()
		e.Price, e.Free = &free, true
	} else if price, ok := priceOf(m.Get("pricing"), m.Get("type").Str == "embedding"); ok {
		price.Source = catalog.FromProvider
		if p.ID == Gateway {
			price.Source = catalog.FromGateway
		}
		e.Price = &price
	}
	return e, true
}

// emptyPage tells whether a list of Gemini's is one without models: it leaves out what is empty.
func (p *Provider) emptyPage(body []byte) bool {
	page := gjson.ParseBytes(body)
	return p.native == llm.Gemini && page.IsObject() && !page.Get("error").Exists() && !page.Get("data").Exists()
}

// spoken tells whether a method of a Gemini model is one that can be asked for here (API reference, "Models"); models that
// only speak live or make videos have none.
func spoken(method gjson.Result) bool {
	return method.Str == "generateContent" || method.Str == "embedContent"
}

func firstText(m gjson.Result, paths ...string) string {
	for _, path := range paths {
		if s := m.Get(path).String(); s != "" {
			return s
		}
	}
	return ""
}

func created(m gjson.Result) int64 {
	if n := m.Get("created").Int(); n > 0 {
		return n
	}
	if t, err := time.Parse(time.RFC3339, m.Get("created_at").String()); err == nil {
		return t.Unix()
	}
	return 0
}
