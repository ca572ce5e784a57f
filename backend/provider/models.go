package provider

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
)

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
		Regions:     texts(m.Get("regions")),
		Raw:         json.RawMessage(m.Raw),
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
