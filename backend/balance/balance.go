// Package balance knows what is left on the accounts of the providers that tell it, as of the last time that one was asked.
//
// Providers are asked when somebody wants to see it, and not again for a while; never because of a request. It must not know
// how a provider tells it, nor where credentials are kept.
package balance

import (
	"context"
	"sync"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// EventType is the type of the event that says that a balance is known anew. It carries no data.
const EventType = "balances"

// The ages to ask with: Usual is that of lists, Now that of somebody who wants it asked again.
const (
	Usual = 5 * time.Minute
	Now   = 5 * time.Second
)

// wait is how long a provider may take, and afterFailure the longest that it is not asked again after it did not tell.
const (
	wait         = 5 * time.Second
	afterFailure = time.Minute
)

// Ref is one of a provider's credentials; the empty name is the one without a name.
type Ref struct {
	Provider provider.ID
	Name     string
}

// State is what is known of a credential's account.
type State struct {
	// Balance is what was left at At; At is zero where it never was told.
	Balance provider.Balance
	At      time.Time
	// Asked is when the provider was asked last, and Err why it did not tell then; nil if it did.
	Asked time.Time
	Err   *llm.Error
}

// Options are what a Keeper works with. All are needed.
type Options struct {
	// Provider gives a provider, nil where there is none of this id.
	Provider func(provider.ID) *provider.Provider
	// Secret gives a credential's secret. Its errors are *llm.Error.
	Secret func(ctx context.Context, r Ref) (string, error)
	// Ask asks a provider; see provider.Client.Balance.
	Ask    func(ctx context.Context, p *provider.Provider, secret string) (provider.Balance, error)
	Broker *event.Broker
	Now    func() time.Time
}

// Keeper is safe for concurrent use. It knows as many balances as there are credentials.
type Keeper struct {
	Options
	mu      sync.Mutex
	entries map[Ref]*entry
}

type entry struct {
	// turn is held by who asks.
	turn  chan struct{}
	state State // guarded by the keeper's lock
}

// New makes a Keeper.
func New(o Options) *Keeper { return &Keeper{Options: o, entries: map[Ref]*entry{}} }

// Known gives what is known without asking anybody; ok is false where nobody was asked yet.
func (k *Keeper) Known(r Ref) (s State, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.entries[r]; e != nil {
		s = e.state
	}
	return s, !s.Asked.IsZero()
}

// Ask gives what is left, asking the provider where that was longer ago than an age. Those who ask at the same time ask once.
// Its error is an *llm.Error: that there is nobody to ask, or that ctx ended. What a provider fails with is in the State.
func (k *Keeper) Ask(ctx context.Context, r Ref, age time.Duration) (State, error) {
	p := k.Provider(r.Provider)
	switch {
	case p == nil:
		return State{}, llm.Errorf(llm.ErrNotFound, "there is no provider %q", r.Provider)
	case !p.TellsBalance():
		return State{}, llm.Errorf(llm.ErrBadRequest, "%s does not tell what is left", p.Name).WithCode("no_balance")
	}
	secret, err := k.Secret(ctx, r)
	if err != nil {
		return State{}, err
	}
	e := k.entry(r)
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return State{}, llm.AsError(ctx.Err())
	}
	k.mu.Lock()
	s := e.state // which may be of a credential that was replaced while this one waited, as its secret is
	k.mu.Unlock()
	if s.Err != nil {
		age = min(age, afterFailure)
	}
	if !s.Asked.IsZero() && k.Options.Now().Sub(s.Asked) < age {
		return s, nil
	}
	limited, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	b, err := k.Options.Ask(limited, p, secret)
	if ctx.Err() != nil {
		return State{}, llm.AsError(ctx.Err()) // who asked left; that says nothing of the provider
	}
	return k.keep(r, e, b, llm.AsError(err)), nil
}

func (k *Keeper) entry(r Ref) *entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := k.entries[r]
	if e == nil {
		e = &entry{turn: make(chan struct{}, 1)}
		k.entries[r] = e
	}
	return e
}

// keep takes over what a provider said, unless its credential is another one by now.
func (k *Keeper) keep(r Ref, e *entry, b provider.Balance, failed *llm.Error) State {
	k.mu.Lock()
	s := e.state
	s.Asked, s.Err = k.Options.Now(), failed
	if failed == nil {
		s.Balance, s.At = b, s.Asked
	}
	e.state = s
	current := k.entries[r] == e
	k.mu.Unlock()
	if current {
		k.Broker.PublishEnd(EventType, struct{}{})
	}
	return s
}

// Forget drops what is known of a provider's accounts, or with an empty id of all: credentials are others now, or providers
// are elsewhere.
func (k *Keeper) Forget(id provider.ID) {
	k.mu.Lock()
	forgotten := 0
	for r := range k.entries {
		if r.Provider == id || id == "" {
			delete(k.entries, r)
			forgotten++
		}
	}
	k.mu.Unlock()
	if forgotten > 0 {
		k.Broker.PublishEnd(EventType, struct{}{})
	}
}
