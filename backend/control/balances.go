package control

import (
	"context"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/balance"
	"gatehouse/backend/credential"
	"gatehouse/backend/provider"
)

// balanceOf gives what is known of what is left; nil where the provider does not tell, or there is nothing to ask with.
func (s *Service) balanceOf(p *provider.Provider, info credential.Info) *CredentialBalance {
	if !p.TellsBalance() || !holds(info) {
		return nil
	}
	known, asked := s.Balances.Known(balance.Ref{Provider: p.ID, Name: info.Name})
	view := &CredentialBalance{Amounts: []BalanceAmount{}, OfKey: known.Balance.OfKey}
	if !asked {
		return view
	}
	view.AskedAt = &known.Asked
	if known.Err != nil {
		view.Problem = s.Credentials.Redact(known.Err.Message)
	}
	if !known.At.IsZero() {
		var texts []string
		for _, a := range known.Balance.Amounts {
			view.Amounts = append(view.Amounts, BalanceAmount(a))
			texts = append(texts, a.Text())
		}
		view.At, view.Text = &known.At, strings.Join(texts, " + ")
	}
	return view
}

// holds tells whether there is a secret.
func holds(info credential.Info) bool {
	return info.Source == credential.Keychain || info.Source == credential.Environment || info.Source == credential.File
}

// askBalance asks one credential's provider what is left, unless that was just done.
func (s *Service) askBalance(ctx context.Context, r CredentialRef) (Credential, error) {
	p, ref, err := s.credentialOf(r)
	if err != nil {
		return Credential{}, err
	}
	if _, err := s.Balances.Ask(ctx, balance.Ref{Provider: p.ID, Name: ref.Name}, balance.Now); err != nil {
		return Credential{}, err
	}
	return s.viewOf(p, ref.Name), nil
}

// mostAsked is how many providers are asked at a time.
const mostAsked = 8

// askBalances asks what is left of every credential whose provider tells it, and was not asked for a while. Who does not
// answer in time is told of in the list.
func (s *Service) askBalances(ctx context.Context, _ Empty) (CredentialList, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	providers, slots := s.Providers(), make(chan struct{}, mostAsked)
	var all sync.WaitGroup
	for _, info := range s.Credentials.List() {
		if p := providers[info.Provider]; p == nil || !p.TellsBalance() || !holds(info) {
			continue
		}
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			// What it fails with is in the list, or there is nothing to ask with any more.
			_, _ = s.Balances.Ask(ctx, balance.Ref{Provider: info.Provider, Name: info.Name}, balance.Usual)
		})
	}
	all.Wait()
	return s.credentialList(ctx, Empty{})
}
