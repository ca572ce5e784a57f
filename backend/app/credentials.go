package app

import (
	"context"

	"gatehouse/backend/credential"
	"gatehouse/backend/health"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
)

// specs tells the credentials what the providers take.
func specs(table provider.Table, s *settings.Settings) []credential.Spec {
	var out []credential.Spec
	for _, p := range table.Sorted() {
		if p.Credential == provider.NeedsNone {
			continue
		}
		set := s.Credentials[p.ID]
		spec := credential.Spec{
			Provider: p.ID, Variables: p.Variables, Tokens: p.Tokens, Renew: p.Renew, EnvFile: set.EnvFile,
			Needed: p.Credential == provider.Required,
		}
		if len(set.Order) > 0 || len(set.Named) > 0 {
			spec.Names = set.Names()
		}
		out = append(out, spec)
	}
	return append(out, credential.Spec{Provider: settings.CollectorID})
}

// secretsOf gives the gateway and the list of models their secrets.
type secretsOf struct{ store *credential.Store }

func (s secretsOf) Secret(ctx context.Context, id provider.ID) (string, error) {
	c, err := s.store.Lookup(ctx, id)
	return c.Secret, err
}

func (s secretsOf) has(id provider.ID) bool {
	c, err := s.store.Lookup(context.Background(), id)
	return err == nil && c.Secret != ""
}

// missing says why the credential that there is for a provider can't be used: it is a token that has ended.
func (s secretsOf) missing(id provider.ID) string {
	_, err := s.store.Lookup(context.Background(), id)
	if e := llm.AsError(err); e != nil && e.Code == credential.CodeExpired {
		return e.Message
	}
	return ""
}

// credentialWorld is what decisions rest on of credentials: which are there, and what settings say of them.
type credentialWorld struct {
	store    *credential.Store
	board    *health.Board
	settings func() *settings.Settings
}

// of gives a provider's credentials in the order in which to try them.
func (w credentialWorld) of(id provider.ID) []routing.Credential {
	names, err := w.store.Names(context.Background(), id)
	if err != nil {
		return nil
	}
	set := w.settings().Credentials[id]
	out := make([]routing.Credential, len(names))
	for i, name := range names {
		c := set.Named[name]
		if name == "" {
			c = set.Named[settings.DefaultCredential]
		}
		out[i] = routing.Credential{
			Name: name, Weight: c.Weight, KeepsNothing: c.ZeroDataRetention,
			NoGateway: c.GatewayFallback != nil && !*c.GatewayFallback,
		}
		if set.Balance == string(routing.LeastBusy) {
			out[i].InFlight = w.board.Running(id, name)
		}
	}
	return out
}

// balance gives how a provider's credentials share requests.
func (w credentialWorld) balance(id provider.ID) routing.Balance {
	switch b := routing.Balance(w.settings().Credentials[id].Balance); b {
	case routing.ByWeight, routing.LeastBusy, routing.Fastest:
		return b
	}
	return routing.InOrder
}
