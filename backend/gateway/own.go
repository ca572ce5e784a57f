package gateway

import (
	"net/http"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// vendors are whose tokens the clients of a dialect carry, where they carry one of their own.
var vendors = map[llm.Dialect]provider.ID{
	llm.Messages: "anthropic", llm.ChatCompletions: "openai", llm.Responses: "openai", llm.Gemini: "google",
	llm.Embeddings: "openai", llm.GeminiEmbeddings: "google",
}

// ownVendor is the provider that the client's own token is for, empty if it brought none.
func (x *exchange) ownVendor() provider.ID {
	if x.req.Own == nil {
		return ""
	}
	return vendors[x.req.Dialect]
}

// isOwn tells that an attempt is the client's own affair: its vendor, in its dialect, with its token.
func (x *exchange) isOwn(a routing.Attempt) bool {
	vendor := x.ownVendor()
	return vendor != "" && a.Provider.ID == vendor && a.Dialect == x.req.Dialect
}

// sendOwn puts the client's own token into the headers of an attempt that is the client's own.
func (x *exchange) sendOwn(a routing.Attempt, h http.Header) bool {
	if !x.isOwn(a) {
		return false
	}
	for name, values := range x.req.Own {
		h[name] = values
	}
	return true
}

// withOwn is the world of a client that brings its own token: its vendor needs no credential of ours.
func (x *exchange) withOwn(w routing.World) routing.World {
	vendor := x.ownVendor()
	if p := w.Providers[vendor]; vendor == "" || p == nil || !p.Speaks(x.req.Dialect) {
		return w
	}
	has := w.HasCredential
	w.HasCredential = func(id provider.ID) bool { return id == vendor || has(id) }
	return w
}

// modelOf gives the model that a client means. One with its own token asks for the vendor's models by the vendor's names,
// whether or not our list has them.
func (x *exchange) modelOf(w routing.World, model string) string {
	vendor := x.ownVendor()
	if vendor == "" || model == "" || strings.Contains(model, "/") {
		return model
	}
	if _, known := w.Catalog.ByName(model); known {
		return model
	}
	return vendor + "/" + model
}

// redactBytes takes secrets out of what an upstream said, the client's own token included.
func (x *exchange) redactBytes(text []byte) []byte {
	text = x.g.Redact(text)
	var secrets []string
	for _, keys := range x.decision.Options.Keys {
		secrets = append(secrets, keys...)
	}
	if x.req.Own == nil && len(secrets) == 0 {
		return text
	}
	for _, values := range x.req.Own {
		for _, v := range values {
			if scheme, token, ok := strings.Cut(v, " "); ok && strings.EqualFold(scheme, "Bearer") {
				v = strings.TrimSpace(token)
			}
			secrets = append(secrets, v)
		}
	}
	return x.g.Conceal(text, secrets)
}

func (x *exchange) redact(text string) string { return string(x.redactBytes([]byte(text))) }
