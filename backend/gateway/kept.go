package gateway

import (
	"context"
	"net/http"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// Lookup asks a provider for something that it keeps: an answer of its own, by id. It costs nothing, so it leaves no line
// in the history.
type Lookup struct {
	Provider provider.ID
	Dialect  llm.Dialect
	// Method, Suffix and Query are those of the request; the suffix is added to the path of the dialect's endpoint.
	Method, Suffix, Query string
	// Header and Own are as in Request.
	Header, Own http.Header
}

// Look carries a Lookup. The answer is passed on as it comes, an error of the provider's included. Its errors are
// *llm.Error in which nothing has been sent.
func (g *Gateway) Look(ctx context.Context, l Lookup) (*Answer, error) {
	p := g.World().Providers[l.Provider]
	if p == nil || !p.Speaks(l.Dialect) {
		return nil, llm.Errorf(llm.ErrNotFound, "what keeps this answer, %q, is not among the providers any more", l.Provider)
	}
	x := &exchange{g: g, req: Request{Dialect: l.Dialect, Header: l.Header, Own: l.Own}, provider: p, line: &line{entry: unrecorded{}}, decision: &routing.Decision{}}
	call := provider.Call{
		Provider: p, Dialect: l.Dialect, Verb: l.Method, Suffix: l.Suffix, Query: l.Query, Header: forwardHeader(x.req),
	}
	call.Header.Del("Content-Type")
	var err error
	if !x.sendOwn(routing.Attempt{Provider: p, Dialect: l.Dialect}, call.Header) {
		if call.Secret, err = x.secret(ctx, routing.Attempt{Provider: p}); err != nil {
			return nil, llm.AsError(err)
		}
	}
	resp, err := g.Upstream.Do(ctx, call)
	if err != nil {
		return nil, llm.AsError(err)
	}
	answer := &Answer{
		Status: resp.StatusCode, Header: x.header(resp), Body: resp.Body, Provider: p.ID, settled: x.settlement,
		Stream: strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream"),
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		if answer, err = x.refused(resp, routing.Attempt{Provider: p, Dialect: l.Dialect}); answer == nil {
			return nil, llm.AsError(err)
		}
	}
	answer.Header.Del("X-Gatehouse-Request-Id")
	answer.Header.Del("X-Gatehouse-Model")
	return answer, nil
}
