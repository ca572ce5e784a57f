package routing

import (
	"cmp"
	"slices"
	"strings"

	"gatehouse/backend/provider"
)

// serving is a provider that has a model, under its own name for it.
type serving struct {
	p *provider.Provider
	// model is the full id as it is recorded.
	model, upstream string
	why             string
	variant, arm    bool
	terms           *Terms
	rank            rank
}

// rank is a serving's place: by what the request names, own credentials before the hosted gateway's, by what it sorts by,
// and then as the table has them.
type rank struct {
	named  int
	hosted bool
	metric int64
}

func (r rank) compare(o rank) int {
	if c := cmp.Compare(r.named, o.named); c != 0 {
		return c
	}
	if r.hosted != o.hosted {
		if r.hosted {
			return 1
		}
		return -1
	}
	return cmp.Compare(r.metric, o.metric)
}

// unnamed is the place of who is not named, unmeasured of who was not measured, fastest before all that were.
const (
	unnamed    = 1 << 30
	unmeasured = 1 << 62
	fastest    = -unmeasured
)

// servings gives who has a model: its creator's own service, others that list it, and the hosted gateway, which passes on
// what it does not know either.
func (d *decider) servings(id string) []serving {
	creator, name, _ := strings.Cut(id, "/")
	own, hosted := d.w.Providers[creator], d.hosted()
	if creator == provider.Gateway { // gateway/creator/model asks for creator/model there
		return []serving{{p: hosted, model: name, upstream: name, why: hosted.Name + " is asked for by name"}}
	}
	var out []serving
	if own != nil {
		out = append(out, serving{p: own, model: id, upstream: own.UpstreamModel(id), why: own.Name + " serves the model"})
	}
	for _, p := range d.w.Providers.Sorted() {
		if p.Nested && p.ID != provider.Gateway && p != own && d.listed(p, id) {
			out = append(out, serving{p: p, model: p.ID + "/" + id, upstream: id, why: p.Name + " lists the model too"})
		}
	}
	if hosted != nil && (own == nil || !own.Local && !own.Custom && !own.Nested || d.listed(hosted, id)) {
		out = append(out, serving{p: hosted, model: id, upstream: id, why: hosted.Name + " serves " + creator + "'s models"})
	}
	return out
}

func (d *decider) listed(p *provider.Provider, id string) bool {
	if p.ID != provider.Gateway {
		id = p.ID + "/" + id
	}
	_, ok := d.w.Catalog.Served(p.ID, id)
	return ok
}

// elsewhere gives the names of a list that are none of our providers: the hosted gateway's own.
func (d *decider) elsewhere(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		p, ok := d.w.Providers[name]
		return ok && (p.Local || p.Custom || p.Nested)
	})
}

func (d *decider) rank(s serving) rank {
	r := rank{named: unnamed, hosted: s.p.ID == provider.Gateway, metric: d.metric(s)}
	for i, name := range s.terms.Options.Order {
		_, ours := d.w.Providers[name]
		if name == s.p.ID || r.hosted && !ours {
			r.named = i
			break
		}
	}
	return r
}
