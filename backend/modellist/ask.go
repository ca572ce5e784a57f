package modellist

import (
	"context"
	"sync"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

func (l *List) due(p *provider.Provider) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.standing[p.ID]
	return st == nil || !l.Now().Before(st.next)
}

// ask asks the providers that can be used and that which names, side by side, and waits for all.
func (l *List) ask(ctx context.Context, which func(*provider.Provider) bool) {
	source := l.Source()
	var all sync.WaitGroup
	for id, p := range source.Providers {
		if !which(p) {
			continue
		}
		if p.Local && !source.Discover && id != provider.Sim && isDefault(p) {
			l.forget(id)
			continue
		}
		all.Go(func() { l.askOne(ctx, p, source.Hosted) })
	}
	all.Wait()
}

// isDefault tells a local server that nobody named: one whose base URL is the built-in one.
func isDefault(p *provider.Provider) bool {
	known, ok := provider.NewTable(nil)[p.ID]
	return ok && known.BaseURL == p.BaseURL
}

// askOne asks one provider. The hosted gateway gives its list to who has no credential for it too.
func (l *List) askOne(ctx context.Context, p *provider.Provider, hosted bool) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	q := l.question(p)
	if p.Credential != provider.NeedsNone {
		var err error
		if q.secret, err = l.Secrets.Secret(ctx, p.ID); err != nil {
			if ctx.Err() != nil {
				return
			}
			if q.public = hosted && p.ID == provider.Gateway; !q.public {
				l.forget(p.ID)
				return
			}
			l.withdraw(p.ID)
		}
	}
	quiet := p.Local // local servers are asked all the time: only a change is news
	l.mark(+1, !quiet)
	listing, err := l.Lister.List(ctx, p, q.secret, q.etag)
	if ctx.Err() != nil && err != nil && llm.AsError(err).Kind == llm.ErrCancelled {
		l.mark(-1, !quiet)
		return
	}
	changed := l.took(q, listing, err)
	l.mark(-1, changed || !quiet)
}

// question is what a provider is asked with.
type question struct {
	p            *provider.Provider
	secret, etag string
	public       bool // without a credential
	epoch        int
}

// question makes one. The name of the list that is there is sent only where it is from the same place and the same
// account.
func (l *List) question(p *provider.Provider) question {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := question{p: p, epoch: l.epoch}
	st := l.standing[p.ID]
	if k, ok := l.lists[p.ID]; ok && k.BaseURL == p.BaseURL && k.Version == keptVersion && (st == nil || !st.anew) {
		q.etag = k.ETag
	}
	return q
}

func (l *List) mark(n int, tell bool) {
	l.mu.Lock()
	l.asking += n
	l.mu.Unlock()
	if tell {
		l.Broker.PublishEnd(EventType, struct{}{})
	}
}
