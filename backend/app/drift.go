package app

import (
	"context"
	"slices"
	"time"

	"gatehouse/backend/drift"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

// openDrift starts to ask providers what they say of their answers.
func (c *Core) openDrift(db *store.DB, client *provider.Client, secrets gatewaySecrets) {
	c.drift = drift.Open(drift.Options{
		DB: db,
		Asks: func(id, answer string) bool {
			p := (*c.table.Load())[id]
			return p != nil && p.TellsOf(answer)
		},
		Look: func(ctx context.Context, id, credential, answer string) (drift.Numbers, error) {
			p := (*c.table.Load())[id]
			if p == nil {
				return drift.Numbers{}, llm.Errorf(llm.ErrInternal, "%q is not among the providers any more", id)
			}
			secret, err := secrets.Secret(ctx, id, credential)
			if err != nil {
				return drift.Numbers{}, err
			}
			g, err := client.Generation(ctx, p, secret, answer)
			return drift.Numbers{Prompt: g.Prompt, Completion: g.Completion, PicoUSD: g.Cost}, err
		},
		On:  func() bool { return c.settings.Snapshot().CompareBills },
		Now: time.Now, Logger: c.logger,
	})
	c.onClose(func(context.Context) { c.drift.Close() })
}

// offerDrift hands over an answer that its provider may tell of. One that was paid with the request's own key is not asked
// about: the key is not kept.
func offerDrift(k *drift.Keeper, r *usage.Record) {
	at := slices.IndexFunc(r.Attempts, func(a gateway.Attempt) bool { return a.Outcome == gateway.OK })
	if at < 0 || r.UpstreamID == "" || r.Attempts[at].CredentialType == "request" {
		return
	}
	a := drift.Answered{Provider: r.Provider, Credential: r.Attempts[at].Credential, ID: r.UpstreamID, At: r.StartedAt}
	count := func(n *int64) llm.Count {
		if n == nil {
			return llm.Count{}
		}
		return llm.Tokens(*n)
	}
	a.Ours.Prompt, a.Ours.Completion = count(r.PromptTokens()), count(r.OutputTokens)
	if r.Bill != nil && r.CostPicoUSD != nil {
		cost := *r.CostPicoUSD
		if r.OtherCostPicoUSD != nil {
			cost -= *r.OtherCostPicoUSD
		}
		a.Ours.PicoUSD = llm.Tokens(cost)
	}
	k.Offer(a)
}
