// Package catalog knows models: what they are called, who serves them, their limits and prices.
//
// A Catalog is an immutable value that others make and replace whole; lookups are in memory. It must not know how lists
// are fetched, nor settings, routing or HTTP.
package catalog

import (
	"encoding/json"
	"slices"
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
	// Regions are where requests can be kept, in the hosted gateway's words ("eu", "us"); empty is none, or unknown.
	Regions []string `json:"regions,omitempty"`
	Local   bool     `json:"local,omitempty"`
	Free    bool     `json:"free,omitempty"`
	// Raw is the provider's own entry as it came, with what nobody here knows yet; nil where there is none.
	Raw json.RawMessage `json:"raw,omitempty"`

	origins *origins
}

// Takes tells whether the model is known to take a kind of input: by its modalities, or by a tag that says so.
func (m Model) Takes(modality, tag string) bool {
	return slices.Contains(m.InputModalities, modality) || slices.Contains(m.Tags, tag)
}

// Override is what the user says of a model; set fields win over whatever a list says.
type Override struct {
	Name, Description, Type           string
	ContextWindow, MaxOutput          int64
	Price                             Price
	Tags, Parameters                  []string
	InputModalities, OutputModalities []string
}

// Sources is everything that is said of models.
type Sources struct {
	// Served are the entries of providers that can be asked, as their lists have them.
	Served []Said
	// Known are those of providers that can't be asked now.
	Known []Said
	// More gives what others say of a model at a provider, those who are believed first in front; nil is nothing.
	More func(provider, upstream string) []Said
	// Overrides are the user's own corrections, by id.
	Overrides map[string]Override
}

// Catalog is every model that can be asked for, and what is known of others.
type Catalog struct {
	models []Model
	byID   map[string][]int
	byName map[string][]int
	known  []Model
	more   func(provider, upstream string) []Said

	overrides map[string]Override
}

// New makes a catalog of the entries of one source, sorted by id; entries of the same id keep their order.
func New(models []Model, overrides map[string]Override) *Catalog {
	served := make([]Said, len(models))
	for i, m := range models {
		served[i].Model = m
	}
	return Build(Sources{Served: served, Overrides: overrides})
}

// Build puts together what everybody says, sorted by id; entries of the same id keep their order. Of each field the first
// that says something is believed: the user, then the provider's own list, then the others in their order.
func Build(s Sources) *Catalog {
	c := &Catalog{byID: map[string][]int{}, byName: map[string][]int{}, more: s.More, overrides: s.Overrides}
	for _, said := range s.Served {
		c.models = append(c.models, c.entry(said))
	}
	for _, said := range s.Known {
		c.known = append(c.known, c.entry(said))
	}
	sort.SliceStable(c.known, func(i, j int) bool { return c.known[i].ID < c.known[j].ID })
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

// entry puts together what is said of one model at one provider.
func (c *Catalog) entry(said Said) Model {
	var others []Said
	if c.more != nil {
		others = c.more(said.Provider, said.Upstream)
	}
	m := merge(said, others)
	if o, ok := c.overrides[m.ID]; ok {
		m = o.over(m)
	}
	if m.Price != nil {
		p := m.Price.versioned()
		m.Price, m.Free = &p, m.Free || p.Free()
	}
	return m
}

// userOrigin is the origin of what the user said.
var userOrigin = &Origin{Source: FromUser}

// over gives a model with what the user says of it.
func (o Override) over(m Model) Model {
	mine := Said{Origin: userOrigin, Model: Model{
		ID: m.ID, Provider: m.Provider, Upstream: m.Upstream, Local: m.Local, Free: m.Free, Raw: m.Raw,
		Name: o.Name, Description: o.Description, Type: o.Type, ContextWindow: o.ContextWindow, MaxOutput: o.MaxOutput,
		Tags: o.Tags, Parameters: o.Parameters, InputModalities: o.InputModalities, OutputModalities: o.OutputModalities,
	}}
	if !o.Price.IsZero() {
		p := o.Price.ours()
		if m.Price != nil {
			p = p.over(*m.Price)
		}
		mine.Price, mine.Free = &p, false
	}
	out := merge(mine, nil)
	out.take(&m, m.Origin)
	return out
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

// Known gives the models of providers that can't be asked now, sorted by id. The caller must not change it.
func (c *Catalog) Known() []Model { return c.known }

// Price gives the price of a model id at a provider: the user's own for that id, over what the provider lists, over what
// others know. A model that nobody lists may have one too: exact ids are passed on unlisted.
func (c *Catalog) Price(provider, id string) (Price, bool) {
	m, ok := c.Served(provider, id)
	if !ok {
		m = c.entry(Said{Model: Model{ID: id, Provider: provider, Upstream: strings.TrimPrefix(id, provider+"/")}})
	}
	if m.Price == nil {
		return Price{}, false
	}
	return *m.Price, true
}
