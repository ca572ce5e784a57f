package modellist

import (
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/catalog/snapshot"
	"gatehouse/backend/provider"
)

// rebuildLocked puts the catalog together for who holds the lock, so that nobody sees a list and a catalog that differ.
//
// Of each field the first that says something is believed: the user's corrections; the provider's own list, which knows
// its own limits and prices best; the snapshot that comes with the program.
func (l *List) rebuildLocked(source Source) {
	now := l.Now()
	said := &sayings{snapshot: snapshot.Read(), names: map[provider.ID]string{}, now: now}
	sources := catalog.Sources{More: said.more, Overrides: source.Overrides}
	for _, p := range source.Providers.Sorted() {
		said.names[p.ID] = said.nameOf(p)
		k, ok := l.lists[p.ID]
		if ok && k.BaseURL == p.BaseURL {
			sources.Served = append(sources.Served, said.of(p, k)...)
		} else {
			sources.Known = append(sources.Known, said.known(p)...)
		}
	}
	l.current.Store(catalog.Build(sources))
	l.nextBuild = said.snapshot.NextChange(now)
}

// sayings are what is said of models, by whom.
type sayings struct {
	snapshot *snapshot.Snapshot
	names    map[provider.ID]string // of providers, in the snapshot
	now      time.Time
}

// nameOf gives what the snapshot calls a provider, empty where it doesn't know it. Local servers serve their own.
func (s *sayings) nameOf(p *provider.Provider) string {
	switch {
	case p.Local:
		return ""
	case p.Custom:
		return s.snapshot.Provider(p.BaseURL)
	}
	return p.ID
}

// of gives a provider's own list.
func (s *sayings) of(p *provider.Provider, k kept) []catalog.Said {
	origin := &catalog.Origin{Source: sourceOf(p), By: p.ID, At: k.At}
	out := make([]catalog.Said, len(k.Models))
	for i, m := range k.Models {
		out[i] = catalog.Said{Model: m, Origin: origin}
	}
	return out
}

func sourceOf(p *provider.Provider) catalog.Source {
	if p.ID == provider.Gateway {
		return catalog.FromGateway
	}
	return catalog.FromProvider
}

// known gives the models that a provider has which can't be asked now.
func (s *sayings) known(p *provider.Provider) []catalog.Said {
	var out []catalog.Said
	for _, upstream := range s.snapshot.Models(s.names[p.ID]) {
		out = append(out, catalog.Said{Model: catalog.Model{ID: p.ModelID(upstream), Provider: p.ID, Upstream: upstream}})
	}
	return out
}

// more gives what others say of a model than its provider's own list.
func (s *sayings) more(id, upstream string) []catalog.Said {
	return s.snapshot.Find(s.names[id], upstream, s.now)
}
