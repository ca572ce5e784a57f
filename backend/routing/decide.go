package routing

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// decider makes one decision.
type decider struct {
	w   World
	q   Ask
	out Decision
	// spare are candidates that are not well, and parked those whose credential was refused, the best first, for when
	// nothing else is left.
	spare, parked []Attempt
	// arms are the rollouts that took part, by the model that each gave the conversation to.
	arms map[string]Rollout
}

func (d *decider) step(format string, args ...any) {
	d.out.Steps = append(d.out.Steps, fmt.Sprintf(format, args...))
}

func (d *decider) decide() error {
	models, err := d.models()
	if err != nil {
		return err
	}
	first := models[0].id
	d.out.Model = first
	d.out.Parameters = d.out.Parameters.over(d.defaults(first))
	for _, m := range models {
		d.candidates(m)
	}
	if spare := append(d.spare, d.parked...); len(d.out.Attempts) == 0 && len(spare) > 0 {
		probe := spare[0]
		probe.Probe = true
		probe.Reason += "; nothing healthy is left, so this one is tried"
		d.out.Attempts = []Attempt{probe}
	}
	if len(d.out.Attempts) == 0 {
		return d.refusal(first)
	}
	if len(d.out.Attempts) > maxAttempts {
		d.out.Attempts = d.out.Attempts[:maxAttempts]
		d.step("only the first %d attempts are made", maxAttempts)
	}
	return nil
}

// meant is a model to try, with the name by which the caller asked for it: what a name stands for may be used by whoever
// may use the name.
type meant struct {
	id, asked string
	arm       bool // it is what a rollout gave the conversation to
}

// models gives the models to try in order, each resolved, rewritten and not denied.
func (d *decider) models() ([]meant, error) {
	ids, err := d.expand(d.q.Model, 0)
	if err != nil {
		return nil, err
	}
	var out []meant
	for i, id := range ids {
		to, err := d.ruled(id)
		switch {
		case err == nil:
			r, arm := d.arms[id]
			if arm = arm && len(out) == 0; arm {
				d.out.Rollout, d.out.Arm = r.ID, id
			}
			out = add(out, meant{to, d.q.Model, arm})
		case i == 0 && d.arms[id].To != id: // where a rollout may not, things stay as they are
			return nil, err
		default:
			d.leave(Left{Model: to, Reason: llm.AsError(err).Message, kind: leftDenied})
		}
	}
	configured := len(d.out.Options.Models) > 0 && !slices.Equal(d.out.Options.Models, d.q.Options.Models)
	for _, name := range d.out.Options.Models {
		asked := name
		if configured {
			asked = d.q.Model
		}
		out = append(out, d.fallback(name, asked, out)...)
	}
	return d.fast(out), nil
}

func add(list []meant, m meant) []meant {
	if slices.ContainsFunc(list, func(o meant) bool { return o.id == m.id }) {
		return list
	}
	return append(list, m)
}

// fallback gives the models of one fallback that are not in the list yet. One that can't be had is left out.
func (d *decider) fallback(name, asked string, have []meant) []meant {
	ids, err := d.expand(name, 0)
	if err != nil {
		d.leave(Left{Model: name, Reason: llm.AsError(err).Message, kind: leftUnknown})
		return nil
	}
	known := len(have)
	for _, id := range ids {
		to, err := d.ruled(id)
		if err != nil {
			d.leave(Left{Model: to, Reason: llm.AsError(err).Message, kind: leftDenied})
			continue
		}
		have = add(have, meant{id: to, asked: asked})
	}
	return slices.Clone(have[known:])
}

// maxDepth bounds virtual models that stand for virtual models.
const maxDepth = 4

// expand gives the real models behind a name: those of a virtual model, or the one that is meant.
func (d *decider) expand(name string, depth int) ([]string, error) {
	if name == ActiveModel {
		if d.w.Active == "" || d.w.Active == ActiveModel {
			_, err := Resolve(d.w, name)
			return nil, err
		}
		d.step("%s stands for %s", ActiveModel, d.w.Active)
		name = d.w.Active
	}
	v, slug, ok := d.virtual(name)
	if !ok {
		id, err := Resolve(d.w, name)
		if err != nil {
			return nil, err
		}
		return d.rolled(id), nil
	}
	if depth >= maxDepth {
		return nil, llm.Errorf(llm.ErrBadRequest, "the virtual model %s stands for virtual models too deeply; let it stand for a model of a provider", name).
			WithCode("virtual_model_depth")
	}
	if d.out.Virtual == "" {
		d.out.Virtual = slug
	}
	d.out.Options = v.Options.over(d.out.Options)
	d.out.Parameters = v.Parameters.over(d.out.Parameters)
	d.out.SystemPrefix = strings.TrimSpace(v.SystemPrefix + "\n\n" + d.out.SystemPrefix)
	targets := d.shuffled(v.Targets, slug)
	d.step("%s is a virtual model for %s", name, strings.Join(targets, ", then "))
	var out []string
	for _, target := range targets {
		more, err := d.expand(target, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// virtual finds a virtual model by its name, or by vmc/ and its name (hosted gateway, "Virtual models").
func (d *decider) virtual(name string) (Virtual, string, bool) {
	slug := strings.TrimPrefix(name, "vmc/")
	if v, ok := d.w.Config.Virtual[name]; ok {
		return v, name, true
	}
	v, ok := d.w.Config.Virtual[slug]
	return v, slug, ok
}

// shuffled orders targets by their weights and chance: the first by its share, the others behind it by weight.
func (d *decider) shuffled(targets []Weighted, salt string) []string {
	rest := slices.Clone(targets)
	slices.SortStableFunc(rest, func(a, b Weighted) int { return b.Weight - a.Weight })
	total := 0
	for _, t := range targets {
		total += max(t.Weight, 0)
	}
	if total > 0 {
		at := int(d.chance(salt) % uint64(total)) //nolint:gosec // below total
		for i, t := range rest {
			if at < t.Weight {
				rest = append([]Weighted{t}, slices.Delete(rest, i, i+1)...)
				break
			}
			at -= t.Weight
		}
	} else {
		rest = targets
	}
	out := make([]string, len(rest))
	for i, t := range rest {
		out[i] = t.Model
	}
	return out
}

// chance gives the number that decides something: the same throughout a conversation, where that is known.
func (d *decider) chance(salt string) uint64 {
	h := fnv.New64a()
	if d.q.Conversation != "" {
		_, _ = h.Write([]byte(d.q.Conversation))
	} else {
		_, _ = fmt.Fprint(h, d.q.Seed)
	}
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(salt))
	return mixed(h.Sum64())
}

// mixed spreads a hash's differences over all bits (the finalizer of SplitMix64).
func mixed(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// rolled puts a rollout's new model before the one it replaces for its share of the conversations. As the share grows,
// conversations only move to the new model, none moves back.
func (d *decider) rolled(id string) []string {
	for _, r := range d.w.Config.Rollouts {
		if r.From != id || r.To == id {
			continue
		}
		if int(d.chance("rollout "+r.ID)%whole) < r.Share { //nolint:gosec // below whole
			d.step("the rollout %s sends this conversation to %s, with %s as its fallback", r.ID, r.To, id)
			d.gave(r.To, r)
			return []string{r.To, id}
		}
		d.step("the rollout %s leaves this conversation with %s", r.ID, id)
		d.gave(id, r)
		return []string{id}
	}
	return []string{id}
}

// gave notes that a rollout gave the conversation to a model.
func (d *decider) gave(id string, r Rollout) {
	if d.arms == nil {
		d.arms = map[string]Rollout{}
	}
	d.arms[id] = r
}

// ruled applies the first rule that matches a model. What a rule rewrote can only be denied, not rewritten again.
func (d *decider) ruled(id string) (string, error) {
	for _, r := range d.w.Config.Rules {
		if !r.matches(d.q, d.out.Options.Tags, id) {
			continue
		}
		d.out.Rule = r.ID
		if r.Deny {
			d.step("the rule %s denies %s", r.ID, id)
			return id, r.denied(id)
		}
		to, err := Resolve(d.w, r.Rewrite)
		if err != nil {
			return id, err
		}
		d.step("the rule %s turns %s into %s", r.ID, id, to)
		for _, other := range d.w.Config.Rules {
			if other.Deny && other.matches(d.q, d.out.Options.Tags, to) {
				d.out.Rule = other.ID
				return to, other.denied(to)
			}
		}
		return to, nil
	}
	return id, nil
}

const fastSuffix = "-fast"

// fast puts the faster variants first, where they are asked for: by the option, or by a suffix that the catalog does not
// know as a part of the name (hosted gateway, "Fast mode").
func (d *decider) fast(models []meant) []meant {
	var fast, base []meant
	for _, m := range models {
		plain, suffixed := strings.CutSuffix(m.id, fastSuffix)
		switch {
		case suffixed && !d.w.Catalog.Has(m.id) && d.w.Catalog.Has(plain):
			fast, base = append(fast, m), append(base, meant{plain, m.asked, m.arm})
		case d.out.Options.Fast && d.w.Catalog.Has(m.id+fastSuffix):
			fast, base = append(fast, meant{m.id + fastSuffix, m.asked, m.arm}), append(base, m)
		default:
			base = append(base, m)
		}
	}
	if len(fast) > 0 && d.out.Options.NoSlower {
		return fast
	}
	return append(fast, base...)
}

func (d *decider) defaults(id string) Parameters {
	for _, def := range d.w.Config.Defaults {
		if Match(def.Model, id) {
			return def.Parameters
		}
	}
	return Parameters{}
}

// Resolve gives the model that is meant: the active one for ActiveModel, the full id for a name that only one model has.
// It knows no virtual models. Its errors are *llm.Error.
func Resolve(w World, model string) (string, error) {
	if model == ActiveModel {
		if w.Active == "" || w.Active == ActiveModel {
			return "", llm.Errorf(llm.ErrBadRequest,
				"no model is active; choose one in the tray or the window, or run: gatehouse use MODEL").WithCode("no_active_model")
		}
		model = w.Active
	}
	if _, name, ok := strings.Cut(model, "/"); ok {
		if name == "" {
			return "", unknownModel(model, "nothing stands behind the \"/\"")
		}
		return model, nil
	}
	if id, ok := w.Catalog.ByName(model); ok {
		return id, nil
	}
	return "", unknownModel(model, "model ids have the form creator/model")
}

func unknownModel(id, why string) error {
	return llm.Errorf(llm.ErrNotFound, "the model %q is not known: %s; GET /v1/models lists the models there are", id, why).
		WithCode("model_not_found")
}

// hosted gives the hosted gateway.
func (d *decider) hosted() *provider.Provider { return d.w.Providers[provider.Gateway] }
