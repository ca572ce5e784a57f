package routing

import (
	"cmp"
	"errors"
	"fmt"
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
	// first tells that it is still about the first model, expanded counts the names that were looked at.
	first    bool
	expanded int
	// have are the targets that are in the plan or left out for their health.
	have map[Target]bool
	// spare are candidates that are not well, and parked those whose credential was refused, the best first, for when
	// nothing else is left.
	spare, parked []Attempt
}

func (d *decider) step(format string, args ...any) {
	d.out.Steps = append(d.out.Steps, fmt.Sprintf(format, args...))
}

func (d *decider) decide() error {
	models, err := d.models()
	if err != nil {
		return err
	}
	first := models[0]
	d.out.Model, d.out.Options = first.id, first.terms.Options
	for _, m := range models {
		d.candidates(m)
	}
	if len(d.out.Attempts) == 0 {
		d.probe()
	}
	if len(d.out.Attempts) == 0 {
		return d.refusal(first.id)
	}
	d.out.Left = slices.DeleteFunc(d.out.Left, func(l Left) bool { // under another of its names it is tried
		return slices.ContainsFunc(d.out.Attempts, func(a Attempt) bool {
			return a.Target() == Target{l.Provider, l.Model, l.Credential}
		})
	})
	if len(d.out.Attempts) > maxAttempts {
		for _, a := range d.out.Attempts[maxAttempts:] {
			d.leave(Left{Provider: a.Provider.ID, Credential: a.Credential, Model: a.Model, Reason: "enough others are tried before"})
		}
		d.out.Attempts = d.out.Attempts[:maxAttempts]
		d.step("only the first %d attempts are made", maxAttempts)
	}
	return nil
}

// probe takes one that is not well where nothing better is left. One whose credential was refused is only asked where
// nobody said how long to wait: that is the better answer.
func (d *decider) probe() {
	limited := slices.ContainsFunc(d.out.Left, func(l Left) bool { return l.kind == leftLimited })
	spare := d.spare
	if !limited {
		spare = append(spare, d.parked...)
	}
	if len(spare) == 0 {
		return
	}
	probe := spare[0]
	probe.Probe = true
	probe.Reason += "; nothing healthy is left, so this one is tried"
	d.out.Attempts = []Attempt{probe}
}

// meant is a model to try.
type meant struct {
	id string
	// asked is the name by which the caller asked for it: what a name stands for may be used by whoever may use the name.
	asked string
	// variant tells that it is the faster variant of a model, which not everybody has who has the model.
	variant bool
	// arm tells that it is what a rollout gave the conversation to.
	arm   bool
	terms *Terms
}

// models gives the models to try in order, each resolved, rewritten and not denied.
func (d *decider) models() ([]meant, error) {
	own := &Terms{Options: d.q.Options}
	found, err := d.expand(meant{id: d.q.Model, asked: d.q.Model, terms: own}, 0, false)
	if err != nil {
		return nil, err
	}
	d.first = false
	terms := found[0].terms
	if !terms.granted {
		for _, name := range d.q.Options.Models {
			found = append(found, d.fallback(meant{id: name, asked: name, terms: terms}, 0, false)...)
		}
	}
	var out []meant
	for _, m := range found {
		out = add(out, m)
	}
	return d.fast(out), nil
}

func add(list []meant, m meant) []meant {
	if slices.ContainsFunc(list, func(o meant) bool { return o.id == m.id }) {
		return list
	}
	return append(list, m)
}

// fallback is expand for what can be done without: what can't be had is left out.
func (d *decider) fallback(m meant, depth int, rewritten bool) []meant {
	found, err := d.expand(m, depth, rewritten)
	if err != nil {
		d.unexpanded(m.id, err)
	}
	return found
}

func (d *decider) unexpanded(name string, err error) {
	e, kind := llm.AsError(err), leftUnknown
	if e.Code == codeDenied {
		kind = leftDenied
	}
	d.leave(Left{Model: name, Reason: e.Message, kind: kind})
}

// maxDepth bounds virtual models that stand for virtual models, maxExpanded the names that one request may stand for.
const (
	maxDepth    = 4
	maxExpanded = 100
)

// The codes of what a virtual model can't stand for.
const (
	codeDepth    = "virtual_model_depth"
	codeUnusable = "virtual_model_unusable"
)

// expand gives the real models behind a name, of which there is at least one: those of a virtual model, or the one that is
// meant, as rules and rollouts have it. What a rule rewrote can only be denied, not rewritten again.
func (d *decider) expand(m meant, depth int, rewritten bool) ([]meant, error) {
	if d.expanded++; depth > maxDepth || d.expanded > maxExpanded {
		return nil, llm.Errorf(llm.ErrBadRequest, "virtual models stand for each other too deeply, up to %s; let them stand for models of a provider", m.id).
			WithCode(codeDepth)
	}
	if m.id == ActiveModel {
		if d.w.Active == "" || d.w.Active == ActiveModel {
			_, err := Resolve(d.w, m.id)
			return nil, err
		}
		d.step("%s stands for %s", ActiveModel, d.w.Active)
		m.id = d.w.Active
	}
	v, slug, virtual := d.virtual(m.id)
	if why, ok := d.w.Config.Unusable[slug]; ok && !virtual {
		return nil, llm.Errorf(llm.ErrNotFound, "the virtual model %q can't be used: %s", slug, why).WithCode("model_not_found")
	}
	id, problem := m.id, error(nil)
	if !virtual {
		id, problem = Resolve(d.w, m.id)
	}
	names := append(d.names(m.id), d.names(id)...)
	if virtual {
		names = append(names, slug)
	}
	switch r, matched := d.ruled(m.terms.Options.Tags, names, rewritten); {
	case matched && r.Deny:
		d.step("the rule %s denies %s", r.ID, m.id)
		return nil, r.denied(m.id)
	case matched:
		d.step("the rule %s turns %s into %s", r.ID, m.id, r.Rewrite)
		m.id = r.Rewrite
		return d.expand(m, depth+1, true)
	case problem != nil:
		return nil, problem
	case !virtual:
		m.id = id
		return d.rolled(m, depth), nil
	}
	return d.stood(m, v, slug, depth, rewritten)
}

// stood gives the models that a virtual model stands for: its targets, and its fallbacks behind them.
func (d *decider) stood(m meant, v Virtual, slug string, depth int, rewritten bool) ([]meant, error) {
	if d.out.Virtual == "" && d.first {
		d.out.Virtual = slug
	}
	terms, err := m.terms.under(v, slug)
	if err != nil {
		return nil, err
	}
	targets := d.shuffled(v.Targets, slug)
	d.step("%s is a virtual model for %s", m.id, strings.Join(targets, ", then "))
	var out []meant
	var problem error
	left := len(d.out.Left)
	for _, target := range append(targets, v.Options.Models...) {
		found, err := d.expand(meant{id: target, asked: m.asked, terms: terms}, depth+1, rewritten)
		if err != nil {
			d.unexpanded(target, err)
			problem = cmp.Or(problem, err)
		}
		out = append(out, found...)
		d.first = d.first && len(out) == 0
	}
	if len(out) == 0 {
		d.out.Left = d.out.Left[:left] // the error says it
		return nil, unusable(slug, problem)
	}
	return out, nil
}

// unusable is the error for a virtual model that stands for nothing that can be had, for a reason.
func unusable(slug string, why error) error {
	e := *llm.AsError(why)
	if e.Code == codeDenied || e.Code == codeDepth || e.Code == codeUnusable {
		return &e
	}
	return llm.Errorf(llm.ErrBadRequest, "the virtual model %s stands for nothing that can be used: %w", slug, errors.New(e.Message)).
		WithCode(codeUnusable)
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

const fastSuffix = "-fast"

// fast puts the faster variants before their models, where they are asked for: by the option, or by a suffix that the
// catalog does not know as a part of the name (hosted gateway, "Fast mode").
func (d *decider) fast(models []meant) []meant {
	var out []meant
	for _, m := range models {
		base := m
		plain, suffixed := strings.CutSuffix(m.id, fastSuffix)
		switch {
		case suffixed && !d.w.Catalog.Has(m.id) && d.w.Catalog.Has(plain):
			base.id = plain
		case m.terms.Options.Fast && d.w.Catalog.Has(m.id+fastSuffix):
			m.id += fastSuffix
		default:
			out = add(out, m)
			continue
		}
		m.variant = true
		out = add(out, m)
		if m.terms.Options.NoSlower {
			d.leave(Left{Model: base.id, Reason: "the request does not allow falling back from the faster variant"})
			continue
		}
		out = add(out, base)
	}
	return out
}

func (d *decider) defaults(id string) Parameters {
	for _, def := range d.w.Config.Defaults {
		if matchAny([]string{def.Model}, d.names(id)...) {
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
