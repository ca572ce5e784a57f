package gateway

import (
	"io"
	"net/http"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/routing"
)

// errorLimit bounds an upstream's error body.
const errorLimit = 1 << 20

// refused reads an upstream's error answer. What the upstream says of the request goes to the client as it came; a refused
// credential is ours, not the client's key, so that is said in our own words; so is all that comes in another dialect.
func (x *exchange) refused(resp *http.Response, a routing.Attempt) (*Answer, error) {
	defer resp.Body.Close() //nolint:errcheck // reading is over
	body, err := io.ReadAll(io.LimitReader(resp.Body, errorLimit))
	if err != nil && len(body) == 0 {
		return nil, llm.Errorf(llm.ErrOverloaded, "%s broke off its answer: %w", x.provider.Name, err).
			WithStatus(http.StatusBadGateway)
	}
	body = x.redactBytes(body)
	e := protocol.For(a.Dialect).DecodeError(resp.StatusCode, body)
	switch {
	case resp.StatusCode < 400:
		return nil, llm.Errorf(llm.ErrInternal, "%s answered with a redirect (%d), which is not followed; check its base URL (%s)",
			x.provider.Name, resp.StatusCode, x.provider.BaseURL).WithStatus(http.StatusBadGateway).WithCode("upstream_redirected")
	case badCredential(resp.StatusCode, e) && !x.isOwn(a):
		return nil, llm.Errorf(llm.ErrAuth, "%s refused its credential: %s; check it with: gatehouse credential test %s",
			x.provider.Name, e.Message, a.CredentialRef()).WithStatus(http.StatusForbidden).WithCode("credential_refused")
	}
	if wait := retryAfter(resp.Header, body, x.g.Now()); wait > 0 {
		e.RetryAfter = wait
	}
	formless := x.pass == nil && !protocol.IsError(a.Dialect, body)
	if said := plain(body); formless && e.Message == http.StatusText(resp.StatusCode) && said != "" {
		e.Message = said
	}
	foreign := protocol.Foreign(a.Dialect, targetOf(a)) || formless
	if a.Dialect != x.req.Dialect || foreign {
		return nil, neutral(e)
	}
	header := x.header(resp)
	header.Del("Content-Length") // redaction may have changed it
	return &Answer{
		ID: x.id, Status: resp.StatusCode, Header: header, Provider: x.provider.ID, Model: x.model,
		Body: io.NopCloser(strings.NewReader(string(body))), settled: x.settlement,
	}, e
}

// plainLimit bounds what is repeated of a refusal that has no form, in bytes.
const plainLimit = 500

// plain gives what a refusal without a form says, empty where it is a page.
func plain(body []byte) string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(body), ""))
	if strings.HasPrefix(text, "<") || len(text) > plainLimit {
		return ""
	}
	return text
}

// badCredential tells whether an upstream refused the credential, for which Gemini's status is that of a bad request.
func badCredential(status int, e *llm.Error) bool {
	return status == http.StatusUnauthorized || e.Kind == llm.ErrAuth && strings.HasPrefix(e.Code, "API_KEY_")
}

// neutral takes from an error what only its own dialect's clients know: a status of that dialect alone, and codes but for
// the few that mean the same everywhere.
func neutral(e *llm.Error) *llm.Error {
	if e.Kind == llm.ErrOverloaded {
		e.Status = 0
	}
	switch {
	case e.Kind == llm.ErrNotFound:
		e.Code = "model_not_found"
	case e.Code != "context_length_exceeded" && e.Code != "insufficient_quota":
		e.Code = ""
	}
	return e
}

func outcomeOf(e *llm.Error) Outcome {
	if e.Kind == llm.ErrCancelled {
		return Cancelled
	}
	return Failed
}
