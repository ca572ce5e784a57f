package gateway

import (
	"math/rand/v2"
	"net/http"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/formedit"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// choose decides who may be asked to carry a request whole: who serves the model, or who holds the object, or who there is.
func (x *exchange) choose(held Holding, known bool) error {
	options, err := x.passOptions()
	if err != nil {
		return err
	}
	p, w, caller := x.pass, x.g.World(), x.req.Caller
	x.decision.Requested, x.decision.Options = p.model, options
	x.understood = true
	if p.model == "" {
		if err := x.mayHold(held, known); err != nil {
			return err
		}
		x.decision.Attempts, err = routing.Holders(w, routing.Held{
			Surface: p.Surface, Dialect: p.Dialect, By: held.Provider, Model: held.Model, Begins: p.Object == "", Options: options,
		})
		return err
	}
	named, _ := w.Undecorated(p.model)
	d, err := routing.Decide(w, routing.Ask{
		Model: named, Dialect: p.Dialect, Surface: p.Surface, Key: caller.Key, Project: caller.Project, Allows: caller.Allows,
		Options: options, Seed: rand.Uint64(), Hour: x.start.Local().Hour(),
	})
	x.decision = &d
	if err != nil {
		return err
	}
	return x.narrow()
}

// mayHold tells that a key may ask for what names no model.
func (x *exchange) mayHold(held Holding, known bool) error {
	p, caller := x.pass, x.req.Caller
	switch {
	case caller.Allows == nil || p.Harmless:
		return nil
	case p.Object == "" || p.AnyModel:
		return llm.Errorf(llm.ErrAuth, "the API key %q may only use some models, and this request does not say which it uses",
			caller.Key).WithStatus(http.StatusForbidden).WithCode("model_not_allowed")
	case !known || held.KeyID != caller.KeyID:
		return llm.Errorf(llm.ErrNotFound, "the API key %q made no %q", caller.Key, p.Object).WithCode("not_found")
	}
	return nil
}

// narrow leaves attempts out of the plan that a request which is passed on whole can't make.
func (x *exchange) narrow() error {
	d := x.decision
	leave := func(why string, out func(i int, a routing.Attempt) bool) {
		var kept []routing.Attempt
		for i, a := range d.Attempts {
			if !out(i, a) {
				kept = append(kept, a)
				continue
			}
			d.Left = append(d.Left, routing.Left{Provider: a.Provider.ID, Credential: a.Credential, Model: a.Model, Reason: why})
		}
		d.Attempts = kept
	}
	if x.pass.form {
		const why = "a form has no place for what it is asked to do"
		leave(why, func(_ int, a routing.Attempt) bool {
			return a.Provider.ID == provider.Gateway && a.Hosted("user", "tags") != nil // which have headers
		})
		if len(d.Attempts) == 0 {
			return llm.Errorf(llm.ErrBadRequest, "nobody but the hosted gateway may serve %s, and %s; send the request as JSON, or "+
				"leave the options out", d.Model, why).WithCode("invalid_option")
		}
	}
	if x.pass.Keeps {
		leave("what the request begins must not be begun twice", func(i int, _ routing.Attempt) bool { return i > 0 })
	}
	return nil
}

// passOptions reads what a request that is passed on whole asks of routing: in its headers, and in a JSON body. What can't be
// done about it is refused by its name.
func (x *exchange) passOptions() (routing.Options, error) {
	p := x.pass
	o, err := routing.Options{}, error(nil)
	if p.form || len(x.req.Body) == 0 {
		o, err = routing.ParseHeader(x.req.Header)
	} else {
		o, err = x.options(protocol.Head{Model: p.model})
	}
	if err == nil && p.form {
		err = p.noOptions()
	}
	if err != nil {
		return o, err
	}
	if p.model == "" {
		return o, o.Within(p.Surface.String()+" without a model", "order", "only", "providerTimeouts", "byok", "user", "tags", "allowGatewayFallback")
	}
	return o, o.Without(p.Surface.String(), "caching", "hedge")
}

// noOptions refuses options in a form's fields, which its provider would not understand.
func (p *passing) noOptions() error {
	name, err := formedit.Named(p.Body, p.Header.Get("Content-Type"), "providerOptions")
	switch {
	case err != nil:
		return llm.Errorf(llm.ErrBadRequest, "the form can't be read: %w", err).WithCode("invalid_form")
	case name != "":
		return llm.Errorf(llm.ErrBadRequest, "the field %q of a form is not understood; ask for options in headers that begin with %s",
			name, routing.HeaderPrefix).WithCode("invalid_option")
	}
	return nil
}

// passBody gives the body with the provider's own name for the model, and without what is meant for routing alone.
func (x *exchange) passBody(a routing.Attempt) (provider.Body, error) {
	p := x.pass
	if p.form {
		return p.body(a.Upstream)
	}
	edits, err := x.ownEdits(a)
	if err != nil {
		return nil, err
	}
	ask, err := x.askUsage(a, p.Surface == llm.Completions && p.stream)
	if err != nil {
		return nil, err
	}
	if edits = append(edits, ask...); len(edits) == 0 {
		return p.body(a.Upstream)
	}
	switch renames := p.model != "" && p.model != a.Upstream; {
	case renames && p.at.Found():
		edits = append(edits, jsonedit.Edit{At: p.at, With: jsonedit.String(a.Upstream)})
	case renames && p.Surface == llm.AISDKBatches && p.items.Found():
		renamed, err := p.renamed(a.Upstream)
		if err != nil {
			return nil, err
		}
		edits = append(edits, jsonedit.Edit{At: p.items, With: renamed})
	}
	return jsonedit.Apply(p.Body, edits...), nil
}
