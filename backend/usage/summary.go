package usage

import (
	"slices"
	"time"
)

// dearest chooses the groups that are told of by themselves.
func (c *collector) dearest() map[string]bool {
	sorted := c.sorted()
	c.others = len(sorted) - c.q.Limit
	chosen := map[string]bool{}
	for _, g := range sorted[:c.q.Limit] {
		chosen[g.name] = true
	}
	return chosen
}

func (c *collector) sorted() []*group {
	groups := make([]*group, 0, len(c.groups))
	for _, g := range c.groups {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, byCost)
	return groups
}

// report puts together what was counted.
func (c *collector) report(cuts []time.Time) *Report {
	out := &Report{From: c.q.From, To: c.q.To, OtherGroups: c.others}
	all := part{sketches: wide()}
	for i, p := range c.parts {
		all.add(&p.sums)
		all.merge(&p.sketches)
		if c.q.Bucket == NoBuckets {
			continue
		}
		end := c.q.To
		if i+1 < len(cuts) {
			end = cuts[i+1]
		}
		most := p.most()
		out.Buckets = append(out.Buckets, ReportBucket{cuts[i], end, figuresOf(&p.sums, &p.sketches), most.model, most.provider})
	}
	out.Totals = figuresOf(&all.sums, &all.sketches)
	if c.q.Compare {
		f := figuresOf(&c.before.sums, &c.before.sketches)
		out.Previous = &f
	}
	for _, g := range c.sorted() {
		if g.cells == nil && c.q.Bucket != NoBuckets { // it was there only before
			g.cells = make([]ReportCell, len(c.parts))
		}
		told := ReportGroup{Name: g.name, Figures: figuresOf(&g.sums, &g.sketches), Cells: g.cells}
		if c.q.Compare {
			f := figuresOf(&g.before, nil)
			told.Previous = &f
		}
		if g.name == restName {
			told.Name = Other
			out.Rest = &told
			continue
		}
		out.Groups = append(out.Groups, told)
	}
	return out
}

// most is who served most.
func (p *part) most() (most server) {
	for s, n := range p.servers {
		if m := p.servers[most]; n > m || n == m && (s.model < most.model || s.model == most.model && s.provider < most.provider) {
			most = s
		}
	}
	return most
}
