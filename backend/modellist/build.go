package modellist

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/catalog/snapshot"
	"gatehouse/backend/provider"
)

// rebuild puts the catalog together. A list from another base URL is another server's.
func (l *List) rebuild() {
	source := l.Source()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rebuildLocked(source)
}

// rebuildLocked puts the catalog together for who holds the lock, so that nobody sees a list and a catalog that differ.
//
// Of each field the first that says something is believed:
//
//  1. the user's corrections;
//  2. the provider's own list, which knows its own limits and prices best;
//  3. what the hosted gateway says of the model at that provider: live prices and limits of just this pair;
//  4. what the hosted gateway says of the model as such, but for its price, which is the hosted gateway's own;
//  5. what comes with the program, which is as old as the program.
func (l *List) rebuildLocked(source Source) {
	said := newSayings(l, source)
	sources := catalog.Sources{More: said.more, Overrides: source.Overrides}
	usable := map[provider.ID]bool{}
	for _, p := range source.Providers.Sorted() {
		k, ok := said.list(p)
		switch {
		case ok && !k.Public:
			usable[p.ID] = true
			sources.Served = append(sources.Served, said.of(p, k)...)
		case ok:
			sources.Known = append(sources.Known, said.of(p, k)...)
		default:
			sources.Known = append(sources.Known, said.known(p)...)
		}
	}
	sources.Served, sources.Known = withExtra(source, usable, sources.Served, sources.Known)
	l.current.Store(catalog.Build(sources))
	l.nextBuild = said.snapshot.NextChange(said.now)
}

// withExtra adds the models that only the user knows of: those that are corrected and that nobody lists, at the provider
// that their ids begin with.
func withExtra(source Source, usable map[provider.ID]bool, served, known []catalog.Said) (withServed, withKnown []catalog.Said) {
	listed := map[string]bool{}
	for _, m := range served {
		listed[m.ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(source.Overrides)) {
		creator, _, _ := strings.Cut(id, "/")
		p := source.Providers[creator]
		if listed[id] || p == nil || p.ID == provider.Gateway || !usable[p.ID] {
			continue
		}
		served = append(served, catalog.Said{
			Model: catalog.Model{ID: id, Provider: p.ID, Upstream: p.UpstreamModel(id), Local: p.Local},
		})
	}
	return served, known
}

// sayings are what is said of models, by whom.
//
// A Catalog holds on to them, for the prices of models that nobody lists, so they share nothing with the List.
type sayings struct {
	source   Source
	lists    map[provider.ID]kept
	serving  map[string]kept
	snapshot *snapshot.Snapshot
	now      time.Time
	names    map[provider.ID]string   // of providers, in the snapshot
	hosted   map[string]catalog.Model // the hosted gateway's list, by key
	origin   *catalog.Origin          // of that list
}

// newSayings reads what a List knows; the caller holds its lock.
func newSayings(l *List, source Source) *sayings {
	s := &sayings{
		source: source, lists: maps.Clone(l.lists), serving: maps.Clone(l.serving),
		snapshot: snapshot.Read(), now: l.Now(), names: map[provider.ID]string{}, hosted: map[string]catalog.Model{},
	}
	for id, p := range source.Providers {
		s.names[id] = s.nameOf(p)
	}
	if hosted := source.Providers[provider.Gateway]; hosted != nil {
		if k, ok := s.list(hosted); ok {
			s.origin = &catalog.Origin{Source: catalog.FromGateway, By: hosted.ID, At: k.At}
			for _, m := range k.Models {
				s.hosted[keyOf(m.ID)] = m
			}
		}
	}
	return s
}

// list gives a provider's list, if it is from where the provider is now.
func (s *sayings) list(p *provider.Provider) (kept, bool) {
	k, ok := s.lists[p.ID]
	return k, ok && k.BaseURL == p.BaseURL
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
	origin := &catalog.Origin{Source: catalog.FromProvider, By: p.ID, At: k.At}
	if p.ID == provider.Gateway {
		origin.Source = catalog.FromGateway
	}
	out := make([]catalog.Said, len(k.Models))
	for i, m := range k.Models {
		out[i] = catalog.Said{Model: m, Origin: origin}
	}
	return out
}

// known gives the models that a provider has which can't be asked now.
func (s *sayings) known(p *provider.Provider) []catalog.Said {
	var out []catalog.Said
	for _, upstream := range s.snapshot.Models(s.names[p.ID]) {
		if p.Nested && !strings.Contains(upstream, "/") {
			continue // another name of one that has a creator
		}
		out = append(out, catalog.Said{Model: catalog.Model{ID: p.ModelID(upstream), Provider: p.ID, Upstream: upstream}})
	}
	return out
}

// more gives what others say of a model than its provider's own list.
func (s *sayings) more(id, upstream string) []catalog.Said {
	var out []catalog.Said
	if p := s.source.Providers[id]; p != nil && !p.Local && id != provider.Gateway {
		out = s.hostedSays(p, upstream)
	}
	out = append(out, s.snapshot.Find(s.names[id], upstream, s.now)...)
	if creator, name, ok := strings.Cut(upstream, "/"); ok && id == provider.Gateway { // which sells at the makers' prices
		out = append(out, s.snapshot.Find(creator, name, s.now)...)
	}
	return out
}

func (s *sayings) hostedSays(p *provider.Provider, upstream string) []catalog.Said {
	m, ok := s.hostedModel(p.ModelID(upstream))
	if !ok {
		return nil
	}
	var out []catalog.Said
	if k, ok := s.serving[m.ID]; ok {
		for _, e := range k.Models {
			if e.Provider == p.ID {
				out = append(out, catalog.Said{Model: e, Origin: &catalog.Origin{Source: catalog.FromGateway, By: m.ID, At: k.At}})
				break
			}
		}
	}
	m.Price, m.Created, m.Regions, m.Raw = nil, 0, nil, nil // which are the hosted gateway's own
	return append(out, catalog.Said{Model: m, Origin: s.origin})
}

// hostedID gives the id that a model has at the hosted gateway, if that lists it.
func (s *sayings) hostedID(id string) (hosted string, listed bool) {
	m, ok := s.hostedModel(id)
	return m.ID, ok
}

func (s *sayings) hostedModel(id string) (catalog.Model, bool) {
	creator, rest, _ := strings.Cut(id, "/")
	if p := s.source.Providers[creator]; p != nil && p.Nested && strings.Contains(rest, "/") { // openrouter/openai/gpt
		id = rest
	}
	key := keyOf(id)
	if m, ok := s.hosted[key]; ok {
		return m, true
	}
	m, ok := s.hosted[dated.ReplaceAllString(key, "")]
	return m, ok
}

// dated is the end of a name that tells which release of a model it is; the hosted gateway's ids have none.
var dated = regexp.MustCompile(`-(latest|\d{8}|\d{4}-\d{2}-\d{2}|\d{3,4})$`)

// keyOf gives what ids have in common that mean the same model at the hosted gateway and at its maker, who write
// claude-opus-4.5 and claude-opus-4-5, spacexai and xai.
func keyOf(id string) string {
	id = strings.ReplaceAll(strings.ToLower(id), ".", "-")
	if rest, ok := strings.CutPrefix(id, "spacexai/"); ok {
		return "xai/" + rest
	}
	return id
}
