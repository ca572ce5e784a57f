package routing

import (
	"slices"
	"strings"
)

// rolled puts a rollout's new model before the one it replaces for its share of the conversations. As the share grows,
// conversations only move to the new model, none moves back. Where rules deny the new model, things stay as they are.
func (d *decider) rolled(m meant, depth int) []meant {
	i := slices.IndexFunc(d.w.Config.Rollouts, func(r Rollout) bool { return r.From == m.id && r.To != m.id })
	if i < 0 {
		return []meant{m}
	}
	r, first := d.w.Config.Rollouts[i], d.first          // a fallback's share is no sample of the conversations
	if int(d.chance("rollout "+r.ID)%whole) >= r.Share { //nolint:gosec // below whole
		d.step("the rollout %s leaves this conversation with %s", r.ID, m.id)
		d.gave(r, m.id, first)
		m.arm = first
		return []meant{m}
	}
	to := []meant{m}
	to[0].id = r.To
	switch rule, matched := d.ruled(m.terms.Options.Tags, d.names(r.To), false); {
	case matched && rule.Deny:
		d.leave(Left{Model: r.To, Reason: rule.denied(r.To).Message, kind: leftDenied})
		return []meant{m}
	case matched:
		d.step("the rule %s turns %s into %s", rule.ID, r.To, rule.Rewrite)
		to[0].id = rule.Rewrite
		if to = d.fallback(to[0], depth+1, true); len(to) == 0 {
			return []meant{m}
		}
	}
	d.step("the rollout %s sends this conversation to %s, with %s as its fallback", r.ID, r.To, m.id)
	d.gave(r, r.To, first)
	to[0].arm = first
	return append(to, m)
}

// gave notes that a rollout gave the conversation to a model.
func (d *decider) gave(r Rollout, model string, first bool) {
	if first {
		d.out.Rollout, d.out.Arm = r.ID, model
	}
}

// ruled gives the first rule that holds for any of the names.
func (d *decider) ruled(tags, names []string, rewritten bool) (Rule, bool) {
	for _, r := range d.w.Config.Rules {
		if r.matches(d.q, tags, names...) && (r.Deny || !rewritten) {
			if d.first {
				d.out.Rule = r.ID
			}
			return r, true
		}
	}
	return Rule{}, false
}

// denial gives the rule that denies a model that would be sent.
func (d *decider) denial(tags []string, id string) (Rule, bool) {
	names := d.names(id)
	for _, r := range d.w.Config.Rules {
		if r.Deny && r.matches(d.q, tags, names...) {
			return r, true
		}
	}
	return Rule{}, false
}

// names gives what a model is called: with and without the provider that serves others' models, and without the suffix
// that asks for it to be faster.
func (d *decider) names(id string) []string {
	if id == "" {
		return nil
	}
	out := []string{id}
	creator, name, _ := strings.Cut(id, "/")
	if p := d.w.Providers[creator]; p != nil && p.Nested && name != "" {
		out = append(out, name)
	}
	for _, name := range out {
		if plain, suffixed := strings.CutSuffix(name, fastSuffix); suffixed && !d.w.Catalog.Has(name) {
			out = append(out, plain)
		}
	}
	return out
}
