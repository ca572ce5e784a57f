package catalog

// Listed gives every model once, sorted by id. Where several providers serve one, it is the first's entry, with what
// that leaves open taken from the others' in their order: it is the same model. A price is one provider's alone, so it
// is taken whole.
func (c *Catalog) Listed() []Model {
	var out []Model
	for _, m := range c.models {
		if n := len(out); n > 0 && out[n-1].ID == m.ID {
			out[n-1].fill(m)
			continue
		}
		out = append(out, m)
	}
	return out
}

// Entries gives a model's entries, one for each provider that serves it. The caller must not change them.
func (c *Catalog) Entries(id string) []Model {
	at := c.byID[id]
	if len(at) == 0 {
		return nil
	}
	return c.models[at[0] : at[0]+len(at)] // sorted by id, so they stand together
}

func (m *Model) fill(from Model) { m.take(&from, from.Origin) }
