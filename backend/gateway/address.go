package gateway

import (
	"net/url"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// address says what a dialect has outside of the body: what stands in the URL, and the model where it is a header.
func (x *exchange) address(call *provider.Call, a routing.Attempt, head protocol.Head, raw bool) {
	if raw {
		call.Query = forwardQuery(x.req)
	}
	switch call.Dialect {
	case llm.Gemini:
		call.Model, call.Method = a.Upstream, "generateContent"
		if head.Stream {
			call.Method = "streamGenerateContent"
		}
		if head.Stream && !raw {
			call.Query = "alt=sse"
		}
	case llm.AISDK:
		call.Version = x.req.Version
		call.Header["Ai-Language-Model-Id"] = []string{a.Upstream}
	}
}

// passed are the query parameters of a dialect's clients that an upstream may see. The list is short on purpose: Gemini's
// clients may carry their key in the query.
var passed = map[llm.Dialect][]string{
	llm.Messages: {"beta"}, // Claude Code posts to /v1/messages?beta=true
	llm.Gemini:   {"alt", "$alt", "fields", "$fields", "prettyPrint", "$prettyPrint"},
}

func forwardQuery(req Request) string {
	names := passed[req.Dialect]
	if len(names) == 0 || req.Query == "" {
		return ""
	}
	if req.Query == "alt=sse" {
		return req.Query
	}
	q, err := url.ParseQuery(req.Query)
	if err != nil {
		return ""
	}
	out := url.Values{}
	for _, name := range names {
		if v := q[name]; len(v) > 0 && (req.Dialect != llm.Messages || v[0] == "true") {
			out[name] = v
		}
	}
	return out.Encode()
}

// rawBody is the client's body with the provider's model id in it, where it names one, and nothing else changed; of an AI
// SDK's the client's keys are left out.
func (x *exchange) rawBody(head protocol.Head, upstream string) (provider.Body, error) {
	body := x.req.Body
	switch {
	case head.ModelAt.Found():
		return jsonedit.Replace(body, head.ModelAt, modelValue(body, head, upstream)), nil
	case x.req.Dialect != llm.AISDK:
		return jsonedit.Splice{Tail: body}, nil
	}
	edits, err := aisdk.Private(body)
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON: %w", err).WithCode("invalid_json")
	}
	return jsonedit.Apply(body, edits...), nil
}

// modelValue gives the JSON text of the provider's model id; the body's own where it already says that, so that nothing
// changes which need not.
func modelValue(body []byte, head protocol.Head, upstream string) []byte {
	if head.Model == upstream {
		return head.ModelAt.Of(body)
	}
	return jsonedit.String(upstream)
}
