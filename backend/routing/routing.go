// Package routing decides who answers: from a request and a snapshot of the world it makes the list of attempts, each
// with its reason.
//
// It is pure: no clock, no network, no keychain, the same answer for the same question. It must not know how an attempt
// is carried out.
package routing

import (
	"fmt"
	"net/http"
	"strings"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// ActiveModel is the id that stands for whatever model is active at the moment of the request.
const ActiveModel = "gatehouse/active"

// World is what a decision rests on, as it was when the request came.
type World struct {
	// Active is the model that ActiveModel stands for.
	Active    string
	Providers provider.Table
	Catalog   *catalog.Catalog
	// HasCredential tells whether there is a credential for a provider that wants one.
	HasCredential func(provider.ID) bool
}

// Attempt is one try at one provider.
type Attempt struct {
	Provider *provider.Provider
	// Dialect is what the provider is spoken to in: the client's own where it can be, so that nothing need be translated.
	Dialect llm.Dialect
	// Model is the full creator/model id, Upstream the provider's own.
	Model, Upstream string
	Reason          string
}

// Resolve gives the model that is meant: the active one for ActiveModel, the full id for a name that only one model has.
// Its errors are *llm.Error.
func Resolve(w World, model string) (string, error) {
	if model == ActiveModel {
		if w.Active == "" || w.Active == ActiveModel {
			return "", llm.Errorf(llm.ErrBadRequest,
				"no model is active; choose one in the tray or the window, or run: gatehouse use MODEL").WithCode("no_active_model")
		}
		model = w.Active
	}
	if strings.Contains(model, "/") {
		return model, nil
	}
	if id, ok := w.Catalog.ByName(model); ok {
		return id, nil
	}
	return "", unknownModel(model, "model ids have the form creator/model")
}

// Plan gives the attempts for a model in a dialect. Its errors are *llm.Error that say what to do next.
func Plan(w World, model string, d llm.Dialect) ([]Attempt, error) {
	id, err := Resolve(w, model)
	if err != nil {
		return nil, err
	}
	creator, name, _ := strings.Cut(id, "/")
	if name == "" {
		return nil, unknownModel(id, "nothing stands behind the \"/\"")
	}
	own, hosted := w.Providers[creator], w.Providers[provider.Gateway]
	if own != nil && usable(w, own) {
		full := id
		if own.ID == provider.Gateway {
			full = name // gateway/creator/model asks for creator/model there
		}
		return []Attempt{attempt(own, full, own.UpstreamModel(id), d, own.Name+" serves the model")}, nil
	}
	if w.HasCredential(provider.Gateway) && (own == nil || !own.Local) {
		reason := hosted.Name + " serves " + creator + "'s models"
		if own != nil {
			reason += ", and there is no credential for " + own.Name
		}
		return []Attempt{attempt(hosted, id, id, d, reason)}, nil
	}
	return nil, refusal(w, own, id, creator)
}

func attempt(p *provider.Provider, model, upstream string, d llm.Dialect, reason string) Attempt {
	a := Attempt{Provider: p, Dialect: p.Dialect(d), Model: model, Upstream: upstream}
	if a.Dialect == d {
		a.Reason = reason + " and speaks " + d.String()
	} else {
		a.Reason = reason + "; it is spoken to in " + a.Dialect.String()
	}
	return a
}

func usable(w World, p *provider.Provider) bool {
	return p.Credential != provider.Required || w.HasCredential(p.ID)
}

func refusal(w World, own *provider.Provider, id, creator string) error {
	if own == nil {
		return unknownModel(id, fmt.Sprintf("there is no provider %q, and no credential for %s, which might serve it",
			creator, w.Providers[provider.Gateway].Name))
	}
	return llm.Errorf(llm.ErrAuth, "there is no credential for %s, which serves %s; add one on the Credentials page, "+
		"or run: gatehouse credential set %s", own.Name, id, own.ID).WithStatus(http.StatusForbidden).WithCode("credential_missing")
}

func unknownModel(id, why string) error {
	return llm.Errorf(llm.ErrNotFound, "the model %q is not known: %s; GET /v1/models lists the models there are", id, why).
		WithCode("model_not_found")
}
