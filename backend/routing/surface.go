package routing

import (
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// Holder gives who is asked for what names no model: the provider that is named, else the only one that has the surface
// and may be used. first says whom of several to take for requests that begin something; without it several are an error.
// Its errors are *llm.Error.
func Holder(w World, s llm.Surface, named provider.ID, first bool) (*provider.Provider, error) {
	if named != "" {
		p := w.Providers[named]
		switch {
		case p == nil:
			return nil, llm.Errorf(llm.ErrNotFound, "there is no provider %q", named).WithCode("not_found")
		case !p.Serves(s):
			return nil, llm.Errorf(llm.ErrNotFound, "%s has no %s", p.Name, s).WithCode("not_found")
		}
		return p, nil
	}
	var list []*provider.Provider
	for _, p := range w.Providers.Sorted() {
		if p.Serves(s) && (p.Credential == provider.NeedsNone || w.HasCredential != nil && w.HasCredential(p.ID)) {
			list = append(list, p)
		}
	}
	switch {
	case len(list) == 0:
		return nil, w.unserved(s, "")
	case len(list) == 1 || first:
		return list[0], nil
	}
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.ID
	}
	return nil, llm.Errorf(llm.ErrNotFound, "it is not known which of %s has this: it was not made through this endpoint, or too long "+
		"ago; name the provider in the header x-gatehouse-provider", strings.Join(names, ", ")).WithCode("not_found")
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
