package sim

import "net/http"

// counting is Anthropic's POST /v1/messages/count_tokens (API reference, "Count tokens in a Message").
type counting struct{ messages }

func (counting) parse(body []byte, header http.Header) (*ask, *refusal) {
	return parseMessages(body, header, false)
}

// count serves it: what an answer's usage would say of the input.
func (s *server) count(w http.ResponseWriter, r *http.Request) {
	_, _, prefix := messages{}.idPrefixes()
	requestID := s.id(prefix, 24)
	messages{}.headers(w.Header(), requestID)
	a, ref := s.read(w, r, counting{})
	if ref != nil {
		messages{}.refuse(w, ref, requestID)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encode(struct { // the client may be gone; there is nobody to tell
		InputTokens int64 `json:"input_tokens"`
	}{a.input}))
}
