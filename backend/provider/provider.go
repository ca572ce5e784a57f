// Package provider knows the upstreams: where they are, which dialects they speak, how they want to be authenticated,
// and how to send them a request.
//
// It must not know who asks, which provider is chosen or why, nor where credentials are kept.
package provider

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/backend/llm"
)

// ID names a provider.
type ID = string

// Gateway is the hosted gateway, which serves every creator's models under their creator/model ids.
const Gateway ID = "gateway"

// Sim is the built-in stand-in.
const Sim ID = "sim"

// Need is whether a provider takes a credential.
type Need int

// The needs. Local servers and a user's own ones may or may not want a credential: one that is there is sent.
const (
	NeedsNone Need = iota
	Optional
	Required
)

// Provider is one upstream. It is immutable.
type Provider struct {
	ID   ID
	Name string
	// BaseURL is what the provider's own SDK takes as base URL.
	BaseURL string
	// Credential tells whether it takes one.
	Credential Need
	// Variables are the environment variables that usually hold it, Tokens those that hold one which ends by itself, and
	// Renew says how to get a new one, as a clause.
	Variables, Tokens []string
	Renew             string
	// KeysURL is where the provider hands out API keys.
	KeysURL string
	// Local tells that it runs on this machine: it costs nothing and is looked for by itself.
	Local bool
	// Custom tells that it is the user's own: nobody else serves its models.
	Custom bool
	// Nested tells that the provider's own model ids are creator/model.
	Nested bool
	// NoTraining tells that the provider's published terms keep what its API is sent out of training; false is unknown
	// or no.
	NoTraining bool

	paths map[llm.Dialect]string
	// surfaces are where it has what is passed on whole.
	surfaces surfaces
	// native is the dialect that it is spoken to in by clients of a dialect that it does not speak.
	native llm.Dialect
	// endpoints are the base URL and the paths, parsed, as far as they can be.
	endpoints map[llm.Dialect]*url.URL
	// counts are the paths that count a request's tokens, by the dialect that they are asked in, and countsOnly the
	// beginning of the models' ids that they know; empty where they know all.
	counts     map[llm.Dialect]string
	countsOnly string
	// models is the path of the list of models.
	models string
	// probe is the path of a request that only an accepted credential gets an answer to, for providers that list their
	// models to anybody; empty where the list itself is that.
	probe string
	// generation is the path that tells of an answer by its id, and generationIDs how the ids begin that it knows; empty where
	// there is none.
	generation, generationIDs string
	// keyHeader is the header that carries the credential to a dialect; Authorization: Bearer if it is not listed.
	keyHeader map[llm.Dialect]string
}

// Speaks tells whether the provider has an endpoint for the dialect.
func (p *Provider) Speaks(d llm.Dialect) bool { return p.paths[d] != "" }

// Native gives the dialect in which it is spoken to where the client's own can't be.
func (p *Provider) Native() llm.Dialect { return p.native }

// Dialect gives the dialect in which to speak to it for a client of d: d itself where it can be. It is empty where the
// provider has nothing of the kind, as some have no embeddings.
func (p *Provider) Dialect(d llm.Dialect) llm.Dialect {
	switch {
	case p.Speaks(d):
		return d
	case !d.Embeds():
		return p.native
	case p.Speaks(llm.Embeddings):
		return llm.Embeddings
	case p.Speaks(llm.GeminiEmbeddings):
		return llm.GeminiEmbeddings
	}
	return ""
}

// modelHere stands in the paths of dialects whose URLs name the model, versionHere in those that come in several versions.
const (
	modelHere   = "{model}"
	versionHere = "{version}"
)

// Endpoint gives the URL that takes requests of a dialect. The caller may change it. Where the URL names the model or a
// version it still lacks them, see Call.
func (p *Provider) Endpoint(d llm.Dialect) (*url.URL, error) {
	if known, ok := p.endpoints[d]; ok {
		u := *known
		return &u, nil
	}
	if !p.Speaks(d) {
		return nil, fmt.Errorf("%s does not speak %s", p.ID, d)
	}
	return url.Parse(p.BaseURL + p.paths[d])
}

// Counts gives the dialect in which the provider counts the tokens of a request to a model for a client of d: d itself where
// it can be. It is empty where the provider does not count.
func (p *Provider) Counts(d llm.Dialect, upstream string) llm.Dialect {
	if !strings.HasPrefix(upstream, p.countsOnly) {
		return ""
	}
	if p.counts[d] != "" {
		return d
	}
	for _, other := range []llm.Dialect{llm.Messages, llm.Responses, llm.Gemini} {
		if p.counts[other] != "" {
			return other
		}
	}
	return ""
}

// Authorize sets the header that carries the credential.
func (p *Provider) Authorize(h http.Header, d llm.Dialect, secret string) {
	if secret == "" {
		return
	}
	if name := p.keyHeader[d]; name != "" {
		h.Set(name, secret)
		return
	}
	h.Set("Authorization", "Bearer "+secret)
	if d == llm.AISDK { // as the gateway's own client says what it sends
		method := "api-key"
		if strings.Count(secret, ".") == 2 { // Vercel's OIDC tokens are JWTs, its keys are not
			method = "oidc"
		}
		h.Set("Ai-Gateway-Auth-Method", method)
	}
}

// Override is what settings say of a provider: a built-in one's base URL, or a new one of type openai-compatible.
type Override struct {
	Name    string
	BaseURL string
	Local   bool
	// Dialect is what a new one speaks: Chat Completions if empty, Responses, or Messages.
	Dialect llm.Dialect
}

// Table is every provider by id.
type Table map[ID]*Provider

// NewTable makes the built-in providers with overrides applied; an override of an unknown id is a new OpenAI-compatible
// provider.
func NewTable(overrides map[ID]Override) Table {
	t := Table{}
	for _, p := range builtIn() {
		p.surfaces = surfacesOf[p.ID]
		t[p.ID] = p
	}
	for id, o := range overrides {
		p, ok := t[id]
		if !ok {
			p = own(id, o)
			t[id] = p
		}
		if o.Name != "" {
			p.Name = o.Name
		}
		if o.BaseURL != "" {
			p.BaseURL = strings.TrimRight(o.BaseURL, "/")
			switch id { // with and without the version, both are in use
			case Gateway:
				p.BaseURL = strings.TrimSuffix(p.BaseURL, "/v1")
			case "google":
				p.BaseURL = strings.TrimSuffix(p.BaseURL, "/v1beta")
			}
		}
	}
	for _, p := range t {
		p.endpoints = map[llm.Dialect]*url.URL{}
		for d, path := range p.paths {
			if u, err := url.Parse(p.BaseURL + path); err == nil {
				p.endpoints[d] = u
			}
		}
	}
	return t
}

// own makes a user's own provider.
func own(id ID, o Override) *Provider {
	p := Provider{ID: id, Name: id, Custom: true, Credential: Optional, Variables: []string{variable(id)}, Local: o.Local}
	path := map[llm.Dialect]string{llm.Responses: "/responses", llm.Messages: "/v1/messages"}[o.Dialect]
	if o.Dialect != llm.Messages {
		p.surfaces = anySurface
	}
	if path == "" {
		return compatible(p)
	}
	p.paths, p.native, p.models = map[llm.Dialect]string{o.Dialect: path}, o.Dialect, "/models"
	return &p
}

// variable is the environment variable of a provider that has no usual one: MY_LAB_API_KEY for my-lab.
func variable(id ID) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, id) + "_API_KEY"
}

// Sorted gives the providers in the order in which people look for them: the hosted gateway, the built-in ones, then the
// user's own by id.
func (t Table) Sorted() []*Provider {
	var out []*Provider
	for _, p := range builtIn() {
		out = append(out, t[p.ID])
	}
	known := len(out)
	for _, id := range slices.Sorted(maps.Keys(t)) {
		if !slices.ContainsFunc(out[:known], func(p *Provider) bool { return p.ID == id }) {
			out = append(out, t[id])
		}
	}
	return out
}

// ModelID gives the id that a model of the provider has here.
func (p *Provider) ModelID(upstream string) string {
	if p.ID == Gateway { // whose own ids are everybody's
		return upstream
	}
	return p.ID + "/" + upstream
}

// UpstreamModel gives a model's id at the provider: all of it where ids are nested, else what stands behind the creator.
func (p *Provider) UpstreamModel(id string) string {
	creator, model, ok := strings.Cut(id, "/")
	if ok && creator == p.ID {
		return model
	}
	return id
}
