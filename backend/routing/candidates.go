package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// serving is a provider that has a model, under its own name for it.
type serving struct {
	p *provider.Provider
	// model is the full id as it is recorded.
	model, upstream string
	why             string
	rank            rank
	arm             bool // it has what a rollout gave the conversation to
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

// unnamed is the place of who is not named, unmeasured of who was not measured.
const (
	unnamed    = 1 << 30
	unmeasured = 1 << 62
)

func (d *decider) leave(l Left) { d.out.Left = append(d.out.Left, l) }

// candidates adds the attempts for one model.
func (d *decider) candidates(m meant) {
	id := m.id
	if allows := d.q.Allows; allows != nil && !allows(id) && !allows(m.asked) {
		d.leave(Left{Model: id, Reason: fmt.Sprintf("the API key %q may not use it", d.q.Key), kind: leftNotAllowed})
		return
	}
	list := d.servings(id)
	if len(list) == 0 {
		creator, _, _ := strings.Cut(id, "/")
		d.leave(Left{Model: id, Reason: fmt.Sprintf("there is no provider %q", creator), kind: leftUnknown})
		return
	}
	for i := range list {
		list[i].rank, list[i].arm = d.rank(list[i]), m.arm
	}
	slices.SortStableFunc(list, func(a, b serving) int { return a.rank.compare(b.rank) })
	forbidden := "" // why the hosted gateway may not take over
	for _, s := range list {
		if q := d.q.Surface; q != "" && !s.p.Serves(q) {
			d.leave(Left{Provider: s.p.ID, Model: id, Reason: s.p.Name + " has no " + q.String(), kind: leftNoSurface})
			continue
		}
		if d.q.Surface == "" && s.p.Dialect(d.q.Dialect) == "" {
			d.leave(Left{Provider: s.p.ID, Model: id, Reason: s.p.Name + " has no embeddings", kind: leftUnspoken})
			continue
		}
		if why := d.filtered(s, id); why != "" {
			d.leave(Left{Provider: s.p.ID, Model: id, Reason: why})
			continue
		}
		if s.p.ID == provider.Gateway && forbidden != "" {
			d.leave(Left{Provider: s.p.ID, Model: id, Reason: forbidden})
			if d.has(s.p.ID) {
				d.out.Withheld = forbidden
			}
			continue
		}
		forbidden = cmp.Or(d.credentials(s), forbidden)
	}
}

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
	if hosted != nil && (own == nil || !own.Local) {
		out = append(out, serving{p: hosted, model: id, upstream: id, why: hosted.Name + " serves " + creator + "'s models"})
	}
	return out
}

func (d *decider) listed(p *provider.Provider, id string) bool {
	_, ok := d.w.Catalog.Served(p.ID, p.ID+"/"+id)
	return ok
}

// elsewhere gives the names of a list that are none of our providers: the hosted gateway's own.
func (d *decider) elsewhere(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		p, ok := d.w.Providers[name]
		return ok && (p.Local || p.ID == provider.Gateway || p.Nested)
	})
}

func (d *decider) rank(s serving) rank {
	r := rank{named: unnamed, hosted: s.p.ID == provider.Gateway, metric: d.metric(s)}
	for i, name := range d.out.Options.Order {
		_, ours := d.w.Providers[name]
		if name == s.p.ID || r.hosted && !ours {
			r.named = i
			break
		}
	}
	return r
}

// metric is what the request sorts by, the smaller the better.
func (d *decider) metric(s serving) int64 {
	m := Measure{}
	if d.w.Measured != nil {
		m = d.w.Measured(Target{Provider: s.p.ID, Model: s.model})
	}
	switch d.out.Options.Sort {
	case ByCost:
		if price, ok := d.w.Catalog.Price(s.p.ID, s.model); ok && price.Input != nil {
			return int64(*price.Input)
		}
		return unmeasured
	case ByFirstToken:
		if m.FirstToken > 0 {
			return int64(m.FirstToken)
		}
		return unmeasured
	case BySpeed:
		if m.MilliTokensPerSecond > 0 {
			return -m.MilliTokensPerSecond
		}
		return unmeasured
	}
	return 0
}

// filtered says why a provider may not serve at all, empty if it may.
func (d *decider) filtered(s serving, id string) string {
	o := d.out.Options
	hosted := s.p.ID == provider.Gateway
	if len(o.Only) > 0 && !slices.Contains(o.Only, s.p.ID) && (!hosted || len(d.elsewhere(o.Only)) == 0) {
		return "only " + strings.Join(o.Only, ", ") + " may serve"
	}
	if hosted {
		return "" // it knows about its own providers what we don't, and is told what is asked
	}
	if o.Region.Scope == "zone" && !s.p.Local {
		return s.p.Name + " is not known to run models only in " + o.Region.Geo
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

// able tells whether a model is known to have an ability.
func (d *decider) able(s serving, ability string) bool {
	m, ok := d.w.Catalog.Served(s.p.ID, s.model)
	if !ok {
		return false
	}
	if ability == "free" {
		return m.Free
	}
	return slices.Contains(m.Tags, ability)
}

// credentials adds an attempt for each credential of a provider. It says why the hosted gateway may not take over, empty
// if it may.
func (d *decider) credentials(s serving) (forbidden string) {
	if d.out.Options.NoGateway || d.w.Config.NoGateway {
		forbidden = "falling back to it is switched off"
	}
	if keys := d.out.Options.Keys[s.p.ID]; len(keys) > 0 {
		for i, key := range keys {
			a := d.attempt(s, Credential{Name: fmt.Sprintf("request %d", i+1)})
			a.Key = key
			a.Reason = "a credential of the request's own; " + a.Reason
			d.out.Attempts = append(d.out.Attempts, a)
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
		if d.out.Options.ZeroDataRetention && s.p.ID != provider.Gateway && !s.p.Local && !c.KeepsNothing {
			d.leave(Left{Provider: s.p.ID, Credential: c.Name, Model: s.model, Reason: s.p.Name + " is not known to keep nothing of requests with this credential"})
			continue
		}
		d.try(d.attempt(s, c))
	}
	return forbidden
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
		d.out.Attempts = append(d.out.Attempts, a)
		return
	}
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

func (d *decider) attempt(s serving, c Credential) Attempt {
	a := Attempt{
		Provider: s.p, Credential: c.Name, Dialect: s.p.Dialect(d.q.Dialect), Model: s.model, Upstream: s.upstream, Arm: s.arm,
		Timeouts: d.timeouts(s.p.ID),
	}
	why := s.why
	if s.rank.named != unnamed {
		why += ", as the request's order wants"
	} else if by := d.out.Options.Sort; by != "" && s.rank.metric != unmeasured {
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
		a.Only, a.Order = d.elsewhere(d.out.Options.Only), d.elsewhere(d.out.Options.Order)
	}
	return a
}

// timeouts gives what holds for a provider: what the request says of it, then of any, then what settings say.
func (d *decider) timeouts(id provider.ID) Timeouts {
	t := Timeouts{}
	for _, from := range []map[string]Timeouts{d.out.Options.Timeouts, d.w.Config.Timeouts} {
		t = merged(merged(t, from[id]), from[AnyProvider])
	}
	return t
}

// balanced gives a provider's credentials in the order in which to try them; nil where nothing is known of them.
func (d *decider) balanced(s serving) []Credential {
	if d.w.Credentials == nil {
		return nil
	}
	list := slices.Clone(d.w.Credentials(s.p.ID))
	if len(list) < 2 {
		return list
	}
	mode := InOrder
	if d.w.Balance != nil {
		mode = d.w.Balance(s.p.ID)
	}
	switch mode {
	case ByWeight:
		weighted := make([]Weighted, len(list))
		for i, c := range list {
			weighted[i] = Weighted{c.Name, max(c.Weight, 1)}
		}
		order := d.shuffled(weighted, "credentials "+s.p.ID)
		slices.SortStableFunc(list, func(a, b Credential) int {
			return cmp.Compare(slices.Index(order, a.Name), slices.Index(order, b.Name))
		})
		return list // a conversation keeps its place by its hash
	case LeastBusy:
		slices.SortStableFunc(list, func(a, b Credential) int { return cmp.Compare(a.InFlight, b.InFlight) })
	case Fastest:
		slices.SortStableFunc(list, func(a, b Credential) int { return cmp.Compare(d.latency(s, a), d.latency(s, b)) })
	}
	return d.stuck(s, list)
}

// latency is a credential's median time to the first token; who was not measured comes first, so that it is.
func (d *decider) latency(s serving, c Credential) time.Duration {
	if d.w.Measured == nil {
		return 0
	}
	return d.w.Measured(Target{s.p.ID, s.model, c.Name}).FirstToken
}

// stuck puts the credential first that answered the conversation last, since prompt caches and signed reasoning belong
// to it.
func (d *decider) stuck(s serving, list []Credential) []Credential {
	if d.w.Stuck == nil || d.q.Conversation == "" {
		return list
	}
	last, ok := d.w.Stuck(d.q.Conversation)
	if !ok || last.Provider != s.p.ID {
		return list
	}
	if i := slices.IndexFunc(list, func(c Credential) bool { return c.Name == last.Credential }); i > 0 {
		c := list[i]
		list = slices.Insert(slices.Delete(list, i, i+1), 0, c)
	}
	return list
}

// refusal says why nobody is left to try.
func (d *decider) refusal(id string) error {
	by := map[leftKind][]Left{}
	for _, l := range d.out.Left {
		by[l.kind] = append(by[l.kind], l)
	}
	creator, _, _ := strings.Cut(id, "/")
	own := d.w.Providers[creator]
	switch {
	case len(by[leftNotAllowed]) > 0:
		return llm.Errorf(llm.ErrAuth, "the API key %q may not use %s; its allowed models are set when it is created", d.q.Key, id).
			WithStatus(403).WithCode("model_not_allowed")
	case len(by[leftLimited]) > 0:
		e := llm.Errorf(llm.ErrRateLimit, "%s; nothing else may serve %s%s", by[leftLimited][0].Reason, id, d.out.WithheldNote()).WithCode("rate_limit_exceeded")
		for _, l := range by[leftLimited] {
			if wait := l.until.Sub(d.w.Now); wait > 0 && (e.RetryAfter == 0 || wait < e.RetryAfter) {
				e.RetryAfter = wait
			}
		}
		return e
	case d.q.Surface != "" && len(by[leftFiltered]) == 0:
		return d.w.unserved(d.q.Surface, id)
	case len(by[leftFiltered]) > 0:
		return d.nobody(id, by[leftFiltered])
	case len(by[leftUnspoken]) > 0:
		return llm.Errorf(llm.ErrNotFound, "%s; ask for an embedding model of another provider, such as openai/text-embedding-3-small",
			by[leftUnspoken][0].Reason).WithCode("model_not_found")
	case len(by[leftNoCredential]) > 0 && own != nil:
		return llm.Errorf(llm.ErrAuth, "there is no credential for %s, which serves %s; add one on the Credentials page, "+
			"or run: gatehouse credential set %s%s", own.Name, id, own.ID, d.besides(by[leftNoCredential])).
			WithStatus(403).WithCode("credential_missing")
	case own == nil && d.hosted() != nil:
		return unknownModel(id, fmt.Sprintf("there is no provider %q, and no credential for %s, which might serve it%s",
			creator, d.hosted().Name, d.besides(by[leftNoCredential])))
	}
	return unknownModel(id, "nobody serves it")
}

// besides says what is known of credentials that are there and can't be used.
func (d *decider) besides(left []Left) string {
	out := ""
	for _, l := range left {
		if why := d.w.Missing; why != nil && why(l.Provider) != "" {
			out += "; " + l.Reason
		}
	}
	return out
}

// nobody is the refusal where the request's own conditions leave nobody (hosted gateway, "Errors").
func (d *decider) nobody(id string, left []Left) error {
	considered := make([]string, len(left))
	for i, l := range left {
		considered[i] = fmt.Sprintf("%s (%s)", l.Provider, l.Reason)
	}
	return llm.Errorf(llm.ErrBadRequest, "no provider may serve %s as the request wants it; considered: %s", id,
		strings.Join(considered, "; ")).WithCode("no_providers_available")
}
