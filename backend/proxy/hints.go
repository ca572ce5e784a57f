package proxy

import (
	"net/http"
	"slices"
	"strings"

	"gatehouse/backend/access"
	"gatehouse/backend/llm"
)

// posted are the routes that take requests to models.
var posted = []string{"/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings"}

// noRoute refuses what is in no table, and says what the client's base URL should be where that can be told: it is the
// mistake that nearly everybody makes once.
func (s *Server) noRoute(_ http.ResponseWriter, r *http.Request, _ access.Key) error {
	path := r.URL.Path
	if slices.Contains(posted, path) {
		return llm.Errorf(llm.ErrBadRequest, "%s takes POST, not %s", path, r.Method).WithStatus(http.StatusMethodNotAllowed)
	}
	if hint := baseHint(r, path); hint != "" {
		return llm.Errorf(llm.ErrNotFound, "%s", hint).WithCode("not_found")
	}
	return llm.Errorf(llm.ErrNotFound, "there is nothing at %s %s; this endpoint has POST /v1/chat/completions, "+
		"/v1/responses, /v1/messages and /v1/embeddings, /v1beta/models/{model}:generateContent, the AI SDK's /v1/ai, /v3/ai and /v4/ai, "+
		"Ollama's /api/chat, /api/generate, /api/tags and /api/embed, "+
		"OpenAI's images, audio, videos, moderations, files and batches, /v1/rerank, /v1/decisions, "+
		"GET /v1/models, /v1/credits, /v1/report and /v1/generation, and all of it under /claude-code, /codex, /cursor and "+
		"/coding-agent too", r.Method, path).WithCode("not_found")
}

func baseHint(r *http.Request, path string) string {
	for _, route := range posted {
		bare := strings.TrimPrefix(route, "/v1")
		switch path {
		case bare:
			if route == "/v1/messages" {
				return "the base URL lacks its /v1: this client takes " + base(r) + "/v1"
			}
			return "the base URL lacks its /v1: OpenAI clients take " + base(r) + "/v1"
		case "/v1" + route:
			return "the base URL has one /v1 too many: this client takes " + base(r)
		case route + bare, route + route:
			return "the base URL is the whole URL of a route: OpenAI clients take " + base(r) + "/v1, Anthropic's " + base(r)
		}
	}
	return ""
}
