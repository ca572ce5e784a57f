package gateway

import (
	"net/http"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// requestHeaders are the client's headers that an upstream may see. The list is short on purpose: a header that is not
// on it, the client's own key above all, never leaves the machine.
var requestHeaders = []string{
	"Accept", "User-Agent", "Anthropic-Version", "Anthropic-Beta", "Openai-Beta", "Idempotency-Key", "X-Title", "Http-Referer",
}

// defaultVersion is the Messages version for clients that name none (API reference, "Versions").
const defaultVersion = "2023-06-01"

// modelHeaders are those in which the AI SDK says what other dialects say in the body; the model's own is written anew.
var modelHeaders = []string{
	"Ai-Gateway-Protocol-Version", "Ai-Language-Model-Specification-Version", "Ai-Language-Model-Streaming",
}

func forwardHeader(req Request) http.Header {
	h := make(http.Header, 8)
	h["Content-Type"] = []string{"application/json"}
	for _, name := range requestHeaders {
		if v := req.Header[name]; len(v) > 0 {
			h[name] = v
		}
	}
	if req.Dialect == llm.AISDK {
		for _, name := range modelHeaders {
			if v := req.Header[name]; len(v) > 0 {
				h[name] = v
			}
		}
	}
	if req.Dialect == llm.Messages && h["Anthropic-Version"] == nil {
		h["Anthropic-Version"] = []string{defaultVersion}
	}
	if h["Accept"] == nil {
		h["Accept"] = []string{"application/json, text/event-stream"}
	}
	if h["User-Agent"] == nil {
		h["User-Agent"] = []string{"gatehouse"}
	}
	return h
}

// reportTo tells the hosted gateway, which keeps reports too, whom a request is for. Nobody else need know.
func (x *exchange) reportTo(a routing.Attempt, h http.Header) {
	if a.Provider.ID != provider.Gateway {
		return
	}
	o := x.decision.Options
	if a.Terms != nil {
		o = a.Terms.Options
	}
	if o.User != "" {
		h["Ai-Reporting-User"] = []string{o.User}
	}
	if len(o.Tags) > 0 {
		h["Ai-Reporting-Tags"] = []string{strings.Join(o.Tags, ",")}
	}
}

// answerHeaders are the upstream's headers that a client may see, by name and by prefix.
var (
	answerHeaders = map[string]bool{
		"Content-Type": true, "Content-Length": true, "Retry-After": true, "Retry-After-Ms": true, "X-Should-Retry": true,
		"X-Request-Id": true, "Request-Id": true,
	}
	answerPrefixes = []string{"X-Ratelimit-", "Anthropic-Ratelimit-", "Openai-"}
)

func (x *exchange) header(resp *http.Response) http.Header {
	h := make(http.Header, len(resp.Header)+4)
	for name, values := range resp.Header {
		if answerHeaders[name] || hasPrefix(name) {
			h[name] = values
		}
	}
	h["X-Gatehouse-Request-Id"] = []string{x.id}
	h["X-Gatehouse-Provider"] = []string{x.provider.ID}
	h["X-Gatehouse-Model"] = []string{x.model}
	if text := noticeHeader(x.notes); text != "" {
		h["X-Gatehouse-Notices"] = []string{text}
	}
	return h
}

func hasPrefix(name string) bool {
	for _, p := range answerPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
