package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gatehouse/backend/llm"
)

// refusal says why nobody is left to try.
func (d *decider) refusal(id string) error {
	by := map[leftKind][]Left{}
	for _, l := range d.out.Left {
		by[l.kind] = append(by[l.kind], l)
	}
	creator, _, _ := strings.Cut(id, "/")
	own := d.w.Providers[creator]
	switch {
	case slices.ContainsFunc(by[leftNotAllowed], func(l Left) bool { return l.Model == id }):
		return llm.Errorf(llm.ErrAuth, "the API key %q may not use %s; its allowed models are set when it is created", d.q.Key, id).
			WithStatus(403).WithCode("model_not_allowed")
	case len(by[leftDenied]) > 0:
		return llm.Errorf(llm.ErrAuth, "%s", by[leftDenied][0].Reason).WithStatus(403).WithCode(codeDenied)
	case len(by[leftLimited]) > 0:
		e := llm.Errorf(llm.ErrRateLimit, "%s; nothing else may serve %s%s", by[leftLimited][0].Reason, id, d.out.WithheldNote()).WithCode("rate_limit_exceeded")
		for _, l := range by[leftLimited] {
			if wait := l.until.Sub(d.w.Now); wait > 0 && (e.RetryAfter == 0 || wait < e.RetryAfter) {
				e.RetryAfter = wait
			}
		}
		return e
	case d.q.Surface != "" && len(by[leftFiltered])+len(by[leftNotAmong]) == 0:
		return d.w.unserved(d.q.Surface, id)
	case len(by[leftFiltered])+len(by[leftNotAmong]) > 0:
		return d.nobody(id, append(by[leftFiltered], append(by[leftNotAmong], by[leftForbidden]...)...))
	case len(by[leftUnspoken]) > 0:
		return llm.Errorf(llm.ErrNotFound, "%s; ask for an embedding model of another provider, such as openai/text-embedding-3-small",
			by[leftUnspoken][0].Reason).WithCode("model_not_found")
	case len(by[leftNoCredential]) > 0 && own != nil:
		return llm.Errorf(llm.ErrAuth, "there is no credential for %s, which serves %s; add one on the Credentials page, "+
			"or run: gatehouse credential set %s%s", own.Name, id, own.ID, d.besides(by[leftNoCredential])).
			WithStatus(403).WithCode("credential_missing")
	case own == nil && d.hosted() != nil:
		return unknownModel(id, fmt.Sprintf("there is no provider %q, and no credential for %s, which might serve it%s",
			creator, d.hosted().Name, d.besides(by[leftNoCredential])))
	}
	return unknownModel(id, "nobody serves it")
}

// besides says what is known of credentials that are there and can't be used.
func (d *decider) besides(left []Left) string {
	out := ""
	for _, l := range left {
		if why := d.w.Missing; why != nil && why(l.Provider) != "" {
			out += "; " + l.Reason
		}
	}
	return out
}

// nobody is the refusal where the request's own conditions leave nobody (hosted gateway, "Errors").
func (d *decider) nobody(id string, left []Left) error {
	considered := make([]string, len(left))
	for i, l := range left {
		considered[i] = fmt.Sprintf("%s (%s)", cmp.Or(l.Provider, l.Model), l.Reason)
	}
	return llm.Errorf(llm.ErrBadRequest, "no provider may serve %s as the request wants it; considered: %s", id,
		strings.Join(considered, "; ")).WithCode("no_providers_available")
}
