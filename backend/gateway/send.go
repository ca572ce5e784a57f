package gateway

import (
	"context"
	"net/http"

	"gatehouse/backend/protocol"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// lacks tells that a provider refused because it has no such method, or has it for some models only.
func lacks(a routing.Attempt, status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusBadRequest:
		return a.Provider.ID == provider.Gateway
	}
	return false
}

// send sends the request, raw as it is or translated. It gives no answer where the provider refused.
func (x *exchange) send(ctx context.Context, a routing.Attempt, head protocol.Head, raw bool) (*Answer, *http.Response, error) {
	// What an earlier attempt could not carry is its own affair.
	x.asked, x.notes = nil, append(x.unmet(a), x.unpassed(a)...)
	if x.pass != nil {
		return x.sendPass(ctx, a)
	}
	if x.req.Embedding != nil {
		return x.embed(ctx, a, head)
	}
	call := provider.Call{Provider: a.Provider, Dialect: a.Dialect}
	var t *translation
	var err error
	if raw {
		call.Suffix = x.req.Suffix
		if call.Body, err = x.edits(a, head); err != nil {
			return nil, nil, err
		}
	} else if t, call.Body, err = x.prepare(ctx, a, head); err != nil {
		return nil, nil, err
	}
	if a.Dialect == x.req.Dialect {
		call.Header = forwardHeader(x.req)
	} else {
		call.Header = x.ownHeader(a.Dialect)
	}
	x.askLong(a, call.Header)
	x.address(&call, a, head, raw)
	resp, err := x.call(ctx, a, call)
	if err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		return nil, resp, err
	}
	if t == nil {
		return x.answer(ctx, resp), resp, nil
	}
	answer, err := t.answer(ctx, resp)
	return answer, resp, err
}

// call sends a call with the credential that its attempt is for.
func (x *exchange) call(ctx context.Context, a routing.Attempt, call provider.Call) (*http.Response, error) {
	if !x.sendOwn(a, call.Header) {
		var err error
		if call.Secret, err = x.secret(ctx, a); err != nil {
			return nil, err
		}
	}
	x.reportTo(a, call.Header)
	x.traceTo(call.Header)
	call.Hold = x.req.Hold
	return x.g.Upstream.Do(ctx, call)
}

func (x *exchange) secret(ctx context.Context, a routing.Attempt) (string, error) {
	switch {
	case a.Key != "":
		return a.Key, nil
	case a.Provider.Credential == provider.NeedsNone:
		return "", nil
	}
	return x.g.Credentials.Secret(ctx, a.Provider.ID, a.Credential)
}
