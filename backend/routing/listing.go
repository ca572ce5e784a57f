package routing

import (
	"maps"
	"slices"
	"strings"

	"gatehouse/backend/catalog"
)

// VirtualProvider stands where a list of models names the provider of a virtual one.
const VirtualProvider = "virtual"

// VirtualModels gives the virtual models as lists show them, sorted by name, with the abilities and limits of the first
// model that each stands for. Prices are not known before it is known who serves.
func (w World) VirtualModels() []catalog.Model {
	if w.Config == nil {
		return nil
	}
	var out []catalog.Model
	for _, name := range slices.Sorted(maps.Keys(w.Config.Virtual)) {
		v := w.Config.Virtual[name]
		targets := make([]string, len(v.Targets))
		for i, t := range v.Targets {
			targets[i] = t.Model
		}
		m := catalog.Model{}
		if entries := w.Catalog.Entries(w.standsFor(name)); len(entries) > 0 {
			m = entries[0]
		}
		m.ID, m.Name, m.Provider, m.Upstream = name, name, VirtualProvider, ""
		m.Description = "virtual model for " + strings.Join(targets, ", ")
		m.Created, m.Released, m.Price, m.Free, m.Capabilities = 0, 0, nil, false, nil
		out = append(out, m)
	}
	return out
}

// standsFor gives the first real model behind a name, empty if there is none.
func (w World) standsFor(name string) string {
	for range maxDepth + 1 {
		if name == ActiveModel {
			name = w.Active
		}
		v, ok := w.Config.Virtual[strings.TrimPrefix(name, "vmc/")]
		if exact, named := w.Config.Virtual[name]; named {
			v, ok = exact, true
		}
		if !ok {
			id, err := Resolve(w, name)
			if err != nil {
				return ""
			}
			return id
		}
		if len(v.Targets) == 0 {
			return ""
		}
		name = v.Targets[0].Model
	}
	return ""
}
