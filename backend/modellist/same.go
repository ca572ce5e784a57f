package modellist

import (
	"strings"

	"gatehouse/backend/catalog"
	"gatehouse/backend/catalog/snapshot"
	"gatehouse/backend/provider"
)

// Same gives the entries of the model that an entry is of, at every provider that has it: those that can be asked first,
// the entry's own among them. Providers that write a model's name otherwise than its maker are found by what the names have
// in common.
func (l *List) Same(m catalog.Model) (served, known []catalog.Model) {
	c, table := l.Catalog(), l.Source().Providers
	key := sameKey(table[m.Provider], m)
	pick := func(all []catalog.Model) (out []catalog.Model) {
		for _, other := range all {
			if other.ID == m.ID && other.Provider == m.Provider || sameKey(table[other.Provider], other) == key {
				out = append(out, other)
			}
		}
		return out
	}
	return pick(c.All()), pick(c.Known())
}

// sameKey is the same for every entry of a model, at its maker, at the hosted gateway and at others that name the maker.
func sameKey(p *provider.Provider, m catalog.Model) string {
	id := m.ID
	if p != nil && p.Nested && strings.Contains(m.Upstream, "/") {
		id = m.Upstream
	}
	return dated.ReplaceAllString(keyOf(id), "")
}

// Shipped tells what comes with the program, and how old it is.
func Shipped() []catalog.Origin { return snapshot.Read().Origins() }
