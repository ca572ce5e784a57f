package routing

import (
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// Held is a question for who holds what a request that names no model is about, or begins it.
type Held struct {
	Surface llm.Surface
	Dialect llm.Dialect
	// By is who made the object, empty where that is not known; Model is with which model, if with one.
	By    provider.ID
	Model string
	// Begins tells that the request begins something, so that of several providers any will do.
	Begins  bool
	Options Options
}

// Holders gives the attempts for what names no model: at who made the object, at the one provider that the request names, or
// at the only one that has the surface and may be used. More than one are at the same provider, with one after the other of
// the request's own credentials. Its errors are *llm.Error.
func Holders(w World, h Held) ([]Attempt, error) {
	p, reason, err := w.holder(h)
	if err != nil {
		return nil, err
	}
	a := Attempt{
		Provider: p, Dialect: h.Dialect, Model: h.Model, Upstream: p.UpstreamModel(h.Model), Reason: reason,
		Timeouts: w.timeouts(h.Options, p.ID),
	}
	keys := h.Options.Keys[p.ID]
	if len(keys) == 0 {
		return []Attempt{a}, nil
	}
	var out []Attempt
	for i, key := range keys {
		a.Key, a.Credential = key, requestCredential(i)
		a.Reason = "a credential of the request's own; " + reason
		out = append(out, a)
	}
	return out, nil
}

// holder gives who is asked, and why.
func (w World) holder(h Held) (*provider.Provider, string, error) {
	only := h.Options.Only
	if h.By != "" && len(only) > 0 && !slices.Contains(only, h.By) {
		return nil, "", llm.Errorf(llm.ErrBadRequest, "%s made what the request is about, and the request says that only %s may serve",
			h.By, strings.Join(only, ", ")).WithCode("no_providers_available")
	}
	named, reason := h.By, "it made what the request is about"
	if named == "" && len(only) == 1 {
		named, reason = only[0], "it is asked for by name"
	}
	if named != "" {
		p := w.Providers[named]
		switch {
		case p == nil:
			return nil, "", llm.Errorf(llm.ErrNotFound, "there is no provider %q", named).WithCode("not_found")
		case !p.Serves(h.Surface):
			return nil, "", llm.Errorf(llm.ErrNotFound, "%s has no %s", p.Name, h.Surface).WithCode("not_found")
		}
		return p, reason, nil
	}
	list := w.holders(h)
	switch {
	case len(list) == 0:
		return nil, "", w.unserved(h.Surface, "")
	case slices.Contains(h.Options.Order, list[0].ID):
		return list[0], "it has " + h.Surface.String() + ", as the request's order wants", nil
	case len(list) == 1 || h.Begins:
		return list[0], "it has " + h.Surface.String(), nil
	}
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.ID
	}
	return nil, "", llm.Errorf(llm.ErrNotFound, "it is not known which of %s has this: it was not made through this endpoint, or too long "+
		"ago; name the provider in the header x-gatehouse-provider", strings.Join(names, ", ")).WithCode("not_found")
}

// holders gives who may be asked, the first of the request's order first.
func (w World) holders(h Held) []*provider.Provider {
	var list []*provider.Provider
	for _, p := range w.Providers.Sorted() {
		able := p.Credential == provider.NeedsNone || len(h.Options.Keys[p.ID]) > 0 || w.HasCredential != nil && w.HasCredential(p.ID)
		if p.Serves(h.Surface) && able && (len(h.Options.Only) == 0 || slices.Contains(h.Options.Only, p.ID)) {
			list = append(list, p)
		}
	}
	place := func(p *provider.Provider) int {
		if i := slices.Index(h.Options.Order, p.ID); i >= 0 {
			return i
		}
		return len(h.Options.Order)
	}
	slices.SortStableFunc(list, func(a, b *provider.Provider) int { return place(a) - place(b) })
	return list
}

// unserved says what would serve a surface, for a model or any: a credential, or a model of somebody else.
func (w World) unserved(s llm.Surface, id string) error {
	creator, _, _ := strings.Cut(id, "/")
	own := w.Providers[creator]
	var names, commands, others []string
	for _, p := range w.Providers.Sorted() {
		if !p.Serves(s) {
			continue
		}
		others = append(others, p.Name)
		able := id == "" || p == own || p.ID == provider.Gateway && (own == nil || !own.Local)
		if able && p.Credential == provider.Required {
			names, commands = append(names, p.Name), append(commands, "gatehouse credential set "+p.ID)
		}
	}
	e := llm.Errorf(llm.ErrNotFound, "nobody that is known here has %s", s)
	switch {
	case len(names) > 0:
		what := s.String()
		if id != "" {
			what += " with " + id
		}
		e = llm.Errorf(llm.ErrNotFound, "nothing here serves %s yet; add a credential for %s on the Credentials page, or run: %s", what,
			strings.Join(names, " or "), strings.Join(commands, " or "))
	case len(others) > 0:
		e = llm.Errorf(llm.ErrNotFound, "%s can't be asked for %s; choose a model of one that has it: %s", id, s, strings.Join(others, ", "))
	}
	return e.WithCode("surface_unavailable")
}
