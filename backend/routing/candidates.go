package routing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gatehouse/backend/provider"
)

func (d *decider) leave(l Left) { d.out.Left = append(d.out.Left, l) }

// candidates adds the attempts for one model.
func (d *decider) candidates(m meant) {
	if allows := d.q.Allows; allows != nil && !allows(m.id) && !allows(m.asked) {
		d.leave(Left{Model: m.id, Reason: fmt.Sprintf("the API key %q may not use it", d.q.Key), kind: leftNotAllowed})
		return
	}
	terms := *m.terms
	terms.Parameters = terms.Parameters.over(d.defaults(m.id))
	list := d.servings(m.id)
	if len(list) == 0 {
		creator, _, _ := strings.Cut(m.id, "/")
		d.leave(Left{Model: m.id, Reason: fmt.Sprintf("there is no provider %q", creator), kind: leftUnknown})
		return
	}
	for i := range list {
		list[i].terms, list[i].variant, list[i].arm = &terms, m.variant, m.arm
		list[i].rank = d.rank(list[i])
	}
	slices.SortStableFunc(list, func(a, b serving) int { return a.rank.compare(b.rank) })
	forbidden := "" // why the hosted gateway may not take over
	for _, s := range list {
		l := Left{Provider: s.p.ID, Model: s.model}
		if l.Reason, l.kind = d.unable(s, m.id); l.Reason != "" {
			d.leave(l)
			if d.setAside(s, l.kind) {
				forbidden = cmp.Or(d.forbidden(s), forbidden)
			}
			continue
		}
		if s.p.ID == provider.Gateway && forbidden != "" {
			l.Reason, l.kind = forbidden, leftForbidden
			d.leave(l)
			if d.has(s.p.ID) {
				d.out.Withheld = forbidden
			}
			continue
		}
		forbidden = cmp.Or(d.credentials(s), forbidden)
	}
	if m.id == d.out.Model {
		d.out.Sorting = d.sorting(list)
	}
}

// setAside tells that a provider with credentials of the user's own can't serve as the request wants it, so that the hosted
// gateway would take over from it. Where the request names that one itself, it does not.
func (d *decider) setAside(s serving, why leftKind) bool {
	switch why {
	case leftFiltered, leftUnknown:
		return d.has(s.p.ID)
	case leftNotAmong:
		return d.has(s.p.ID) && !slices.Contains(s.terms.Options.Only, provider.Gateway)
	}
	return false
}

// unable says why a provider is not asked, whatever its credentials; empty where it may be.
func (d *decider) unable(s serving, id string) (string, leftKind) {
	if q := d.q.Surface; q != "" && !s.p.Serves(q) {
		return s.p.Name + " has no " + q.String(), leftNoSurface
	}
	if d.q.Surface == "" && s.p.Dialect(d.q.Dialect) == "" {
		return s.p.Name + " has no embeddings", leftUnspoken
	}
	for _, name := range []string{id, s.model} {
		if r, denied := d.denial(s.terms.Options.Tags, name); denied {
			return r.denied(name).Message, leftDenied
		}
	}
	if _, listed := d.w.Catalog.Served(s.p.ID, s.model); s.variant && !listed && s.p.ID != provider.Gateway {
		return s.p.Name + " is not known to have the faster variant", leftUnknown
	}
	if only := s.terms.Options.Only; !d.among(s, only) {
		return "only " + strings.Join(only, ", ") + " may serve", leftNotAmong
	}
	return d.filtered(s, id), leftFiltered
}

// among tells whether a provider is one of the only ones that may serve.
func (d *decider) among(s serving, only []string) bool {
	return len(only) == 0 || slices.Contains(only, s.p.ID) || s.p.ID == provider.Gateway && len(d.elsewhere(only)) > 0
}

// forbidden says why the hosted gateway may not take over from a provider's own credentials, empty if it may.
func (d *decider) forbidden(s serving) string {
	if s.p.ID != provider.Gateway && (s.terms.Options.NoGateway || d.w.Config.NoGateway) {
		return "falling back to it is switched off"
	}
	return ""
}

// filtered says why a provider may not serve at all, empty if it may.
func (d *decider) filtered(s serving, id string) string {
	o := s.terms.Options
	if s.p.ID == provider.Gateway {
		return "" // it knows about its own providers what we don't, and is told what is asked
	}
	if o.Region.Scope == zone && !s.p.Local {
		return s.p.Name + " is not known to run models only in " + o.Region.Geo
	}
	if o.ServiceTier != "" && d.q.Surface != "" {
		return s.p.Name + " has no service tiers for " + d.q.Surface.String()
	}
	if o.ServiceTier != "" && d.q.Dialect.Embeds() {
		return s.p.Name + " has no service tiers for embeddings"
	}
	if o.NoTraining && !o.ZeroDataRetention && !s.p.Local && !s.p.NoTraining {
		return s.p.Name + " is not known to keep prompts out of training"
	}
	for _, ability := range o.Has {
		if !d.able(s, ability) {
			return fmt.Sprintf("%s is not known to have %q at %s", id, ability, s.p.Name)
		}
	}
	return ""
}

// tagOf are the tags of models that are called otherwise than the abilities that requests name.
var tagOf = map[string]string{"tools": "tool-use", "files": "file-input"}

// able tells whether a model is known to have an ability.
func (d *decider) able(s serving, ability string) bool {
	m, ok := d.w.Catalog.Served(s.p.ID, s.model)
	if !ok {
		return false
	}
	if ability == "free" {
		return m.Free
	}
	return slices.Contains(m.Tags, ability) || slices.Contains(m.Tags, tagOf[ability])
}

// credentials adds an attempt for each credential of a provider. It says why the hosted gateway may not take over, empty
// if it may.
func (d *decider) credentials(s serving) (forbidden string) {
	forbidden = d.forbidden(s)
	o := s.terms.Options
	if keys := o.Keys[s.p.ID]; len(keys) > 0 {
		for i, key := range keys {
			c := Credential{Name: requestCredential(i)}
			if d.retains(s, c) {
				continue
			}
			a := d.attempt(s, c)
			a.Key = key
			a.Reason = "a credential of the request's own; " + a.Reason
			d.plan(a)
		}
		return forbidden
	}
	list := d.balanced(s)
	if len(list) == 0 {
		if s.p.Credential == provider.Required && !d.has(s.p.ID) {
			d.leave(Left{Provider: s.p.ID, Model: s.model, Reason: d.missing(s.p), kind: leftNoCredential})
			return ""
		}
		list = []Credential{{}}
	}
	for _, c := range list {
		if c.NoGateway {
			forbidden = fmt.Sprintf("%s forbids falling back to it", c.of(s.p))
		}
		if d.retains(s, c) {
			continue
		}
		d.try(d.attempt(s, c))
	}
	return forbidden
}

// retains leaves a credential out that is not known to leave nothing behind, where that is asked.
func (d *decider) retains(s serving, c Credential) bool {
	if !s.terms.Options.ZeroDataRetention || s.p.ID == provider.Gateway || s.p.Local || c.KeepsNothing {
		return false
	}
	d.leave(Left{
		Provider: s.p.ID, Credential: c.Name, Model: s.model,
		Reason: s.p.Name + " is not known to keep nothing of requests with this credential",
	})
	return true
}

// missing says that there is no credential for a provider, and why where that is not as usual.
func (d *decider) missing(p *provider.Provider) string {
	if d.w.Missing != nil {
		if why := d.w.Missing(p.ID); why != "" {
			return why
		}
	}
	return "there is no credential for " + p.Name
}

func (d *decider) has(id provider.ID) bool { return d.w.HasCredential != nil && d.w.HasCredential(id) }

// try adds an attempt, or leaves it out for now where its target is not well.
func (d *decider) try(a Attempt) {
	h := Health{}
	if d.w.Health != nil {
		h = d.w.Health(a.Target())
	}
	if !h.bad() {
		d.plan(a)
		return
	}
	if d.have[a.Target()] {
		return
	}
	d.have[a.Target()] = true
	l := Left{Provider: a.Provider.ID, Credential: a.Credential, Model: a.Model, Reason: h.Why, kind: leftOpen, until: h.Until}
	switch {
	case h.Parked:
		d.parked = append(d.parked, a)
	case h.Limited:
		l.kind = leftLimited
	default:
		d.spare = append(d.spare, a)
	}
	d.leave(l)
}

// plan adds an attempt that is not in the plan yet, under another name of its model.
func (d *decider) plan(a Attempt) {
	if d.have[a.Target()] {
		return
	}
	d.have[a.Target()] = true
	d.out.Attempts = append(d.out.Attempts, a)
}

func (d *decider) attempt(s serving, c Credential) Attempt {
	a := Attempt{
		Provider: s.p, Credential: c.Name, Dialect: s.p.Dialect(d.q.Dialect), Model: s.model, Upstream: s.upstream,
		Timeouts: d.w.timeouts(s.terms.Options, s.p.ID), Terms: s.terms, Arm: s.arm, Fast: s.variant,
	}
	why := s.why
	if s.rank.named != unnamed {
		why += ", as the request's order wants"
	} else if by := s.terms.Options.Sort; by != "" && s.rank.metric == fastest {
		why += " and answered this conversation last"
	} else if by != "" && s.rank.metric != unmeasured {
		why += ", sorted by " + string(by)
	}
	switch {
	case d.q.Surface != "":
		a.Dialect, a.Reason = d.q.Dialect, why+" and has "+d.q.Surface.String()
	case a.Dialect == d.q.Dialect:
		a.Reason = why + " and speaks " + d.q.Dialect.String()
	default:
		a.Reason = why + "; it is spoken to in " + a.Dialect.String()
	}
	if s.p.ID == provider.Gateway {
		o := s.terms.Options
		a.Only, a.Order = d.elsewhere(o.Only), d.elsewhere(o.Order)
		a.passed = maps.Clone(o.Keys)
		maps.DeleteFunc(a.passed, func(id string, _ []string) bool { return d.w.Providers[id] != nil })
		for id, t := range o.Timeouts {
			if d.w.Providers[id] == nil && id != AnyProvider && t.FirstToken > 0 {
				if a.waits == nil {
					a.waits = map[string]int64{}
				}
				a.waits[id] = t.FirstToken.Milliseconds()
			}
		}
	}
	return a
}

// timeouts gives what holds for a provider: what the request says of it, then of any, then what settings say.
func (w World) timeouts(o Options, id provider.ID) Timeouts {
	t, configured := Timeouts{}, map[string]Timeouts(nil)
	if w.Config != nil {
		configured = w.Config.Timeouts
	}
	for _, from := range []map[string]Timeouts{o.Timeouts, configured} {
		t = merged(merged(t, from[id]), from[AnyProvider])
	}
	return t
}

// requestCredential names the request's own credentials, which have no names, by their order.
func requestCredential(i int) string { return fmt.Sprintf("request %d", i+1) }
