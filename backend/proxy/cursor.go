package proxy

import (
	"net/http"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/chatcompletions"
)

// chat serves POST /v1/chat/completions. What Cursor sends to its own surface is mended first; bodies on other surfaces
// are their clients' own affair.
func (s *Server) chat(w http.ResponseWriter, r *http.Request, key access.Key) error {
	return s.exchange(w, r, key, func(req *gateway.Request) error {
		req.Dialect = llm.ChatCompletions
		if surfaceOf(r) != cursor {
			return nil
		}
		if req.Body, req.Rewrite = chatcompletions.Repair(req.Body); req.Rewrite {
			req.Decode = func() (*protocol.Asked, error) { return protocol.ResponsesForChat(req.Body) }
		}
		return nil
	})
}
