package proxy

import (
	"net/http"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
)

// count serves POST /v1/messages/count_tokens (Anthropic's API reference, "Count tokens in a Message") and
// POST /v1/responses/input_tokens (OpenAI's, "Get input token counts").
func (s *Server) count(d llm.Dialect) handler {
	return func(w http.ResponseWriter, r *http.Request, key access.Key) error {
		return s.withRequest(w, r, key, func(req *gateway.Request) error {
			req.Dialect = d
			if d == llm.Responses {
				req.Decode = func() (*protocol.Asked, error) { return protocol.ResponsesCount(req.Body) }
			}
			return s.carry(w, r, req, s.Gateway.CountTokens)
		})
	}
}

// countGemini serves /v1beta/models/{model}:countTokens (Gemini's API reference, "Counting tokens").
func (s *Server) countGemini(w http.ResponseWriter, r *http.Request, key access.Key, model string) error {
	return s.withRequest(w, r, key, func(req *gateway.Request) error {
		req.Dialect, req.Head = llm.Gemini, &protocol.Head{Model: model}
		req.Decode = func() (*protocol.Asked, error) { return protocol.GeminiCount(req.Body, model) }
		return s.carry(w, r, req, s.Gateway.CountTokens)
	})
}
