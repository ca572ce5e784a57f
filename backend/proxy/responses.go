package proxy

import (
	"net/http"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
)

// responses serves POST /v1/responses (OpenAI API reference, "Create a model response").
func (s *Server) responses(w http.ResponseWriter, r *http.Request, key access.Key) error {
	return s.withRequest(w, r, key, func(req *gateway.Request) error {
		t := s.open(req, nil)
		if t.state.Background {
			head, err := protocol.Peek(req.Body, true)
			if err != nil {
				return err
			}
			native, err := s.Gateway.Native(*req)
			if err != nil {
				return err
			}
			if !native { // whoever answers, there is one place that it is kept at
				return s.detach(w, r, req, t, head)
			}
		}
		return s.carry(w, r, req, s.Gateway.Exchange)
	})
}

// compact serves POST /v1/responses/compact (OpenAI API reference, "Compact a response"). A provider without it has its
// model write a summary.
func (s *Server) compact(w http.ResponseWriter, r *http.Request, key access.Key) error {
	return s.withRequest(w, r, key, func(req *gateway.Request) error {
		t := s.open(req, nil)
		t.compact = true
		req.Decode, req.Suffix, req.Issued = t.decodeCompact, "/compact", nil
		return s.carry(w, r, req, s.Gateway.Exchange)
	})
}

// decodeCompact reads the request as one for a summary, whose answer has the shape of the method's own.
func (t *turn) decodeCompact() (*protocol.Asked, error) {
	r, err := t.read()
	if err != nil {
		return nil, err
	}
	if r.Request.Stream {
		return nil, llm.Errorf(llm.ErrBadRequest, `"stream" has no meaning for a compaction; leave it out`).WithParam("stream")
	}
	history, err := t.past()
	if err != nil {
		return nil, err
	}
	return r.Compacted(append(history[:len(history):len(history)], r.Head.Input...)), nil
}
