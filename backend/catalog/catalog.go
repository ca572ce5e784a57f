// Package catalog knows models: what they are called, who serves them, their limits and prices.
//
// A Catalog is an immutable value that others make and replace whole; lookups are in memory. It must not know how lists
// are fetched, nor settings, routing or HTTP.
package catalog

import (
	"encoding/json"
	"sort"
	"strings"
)

// Model is one model at one provider.
type Model struct {
	// ID is what callers ask for: creator/model.
	ID string `json:"id"`
	// Provider is the id of who serves it, Upstream its id there.
	Provider    string `json:"provider"`
	Upstream    string `json:"upstream"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	// Created is when it was listed, Released when its maker published it, in Unix seconds; 0 is unknown.
	Created  int64 `json:"created,omitempty"`
	Released int64 `json:"released,omitempty"`
	// Type is language, embedding, image or another of the hosted gateway's words; empty is unknown.
	Type string `json:"type,omitempty"`
	// ContextWindow and MaxOutput are in tokens; 0 is unknown.
	ContextWindow int64 `json:"contextWindow,omitempty"`
	MaxOutput     int64 `json:"maxOutput,omitempty"`
	// Price is nil where unknown.
	Price *Price `json:"price,omitempty"`
	// Tags are what the model can do, in the hosted gateway's words ("vision", "reasoning", "tool-use").
	Tags []string `json:"tags,omitempty"`
	// InputModalities and OutputModalities are what it takes and gives ("text", "image", "file", "audio", "video");
	// empty is unknown.
	InputModalities  []string `json:"inputModalities,omitempty"`
	OutputModalities []string `json:"outputModalities,omitempty"`
	// Parameters are the request parameters that it honours, in OpenAI's words; empty is unknown.
	Parameters []string `json:"parameters,omitempty"`
	// Capabilities is what Anthropic's list says of its own models, as it says it (API reference, "Models"); nil is
	// unknown.
	Capabilities json.RawMessage `json:"capabilities,omitempty"`
	Local        bool            `json:"local,omitempty"`
	Free         bool            `json:"free,omitempty"`
}

// Override is what the user says of a model; set fields win over whatever a list says.
type Override struct {
	Name          string
	ContextWindow int64
	MaxOutput     int64
	Price         Price
}

// Catalog is every model that can be asked for.
type Catalog struct {
	models    []Model
	byID      map[string][]int
	byName    map[string][]int
	overrides map[string]Override
}

// New makes a catalog, sorted by id; entries of the same id keep their order.
func New(models []Model, overrides map[string]Override) *Catalog {
	c := &Catalog{byID: map[string][]int{}, byName: map[string][]int{}, overrides: overrides}
	for _, m := range models {
		if o, ok := overrides[m.ID]; ok {
			o.apply(&m)
		}
		if m.Price != nil {
			p := m.Price.versioned()
			m.Price = &p
		}
		c.models = append(c.models, m)
	}
	sort.SliceStable(c.models, func(i, j int) bool { return c.models[i].ID < c.models[j].ID })
	for i, m := range c.models {
		c.byID[m.ID] = append(c.byID[m.ID], i)
		_, name, _ := strings.Cut(m.ID, "/")
		if at := c.byName[name]; len(at) == 0 || c.models[at[0]].ID != m.ID {
			c.byName[name] = append(at, i)
		}
	}
	return c
}

func (o Override) apply(m *Model) {
	if o.Name != "" {
		m.Name = o.Name
	}
	if o.ContextWindow > 0 {
		m.ContextWindow = o.ContextWindow
	}
	if o.MaxOutput > 0 {
		m.MaxOutput = o.MaxOutput
	}
	if o.Price.IsZero() {
		return
	}
	p := o.Price.ours()
	if m.Price != nil {
		p = p.over(*m.Price)
	}
	m.Price, m.Free = &p, false
}

// ours is a price that the user set.
func (p Price) ours() Price {
	p.Source = FromUser
	return p
}

// All gives every model, sorted by id. The caller must not change it.
func (c *Catalog) All() []Model { return c.models }

// Served gives the entry of a model id at a provider.
func (c *Catalog) Served(provider, id string) (Model, bool) {
	for _, i := range c.byID[id] {
		if c.models[i].Provider == provider {
			return c.models[i], true
		}
	}
	return Model{}, false
}

// Has tells whether any provider lists the id.
func (c *Catalog) Has(id string) bool { return len(c.byID[id]) > 0 }

// ByName gives the one id whose part behind the creator is name; none if there are several or none.
func (c *Catalog) ByName(name string) (id string, ok bool) {
	if at := c.byName[name]; len(at) == 1 {
		return c.models[at[0]].ID, true
	}
	return "", false
}

// Price gives the price of a model id at a provider: the user's own for that id, over what the provider lists.
func (c *Catalog) Price(provider, id string) (Price, bool) {
	if m, ok := c.Served(provider, id); ok {
		if m.Price == nil {
			return Price{}, false
		}
		return *m.Price, true
	}
	if o, ok := c.overrides[id]; ok && !o.Price.IsZero() {
		return o.Price.ours().versioned(), true
	}
	return Price{}, false
}
