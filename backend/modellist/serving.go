package modellist

import (
	"context"
	"maps"
	"slices"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// servingEvery is how old an answer to who serves a model may be, and servingAtOnce how many models are asked for at each
// turn of the loop: there are hundreds, and nobody is in a hurry.
const (
	servingEvery  = 24 * time.Hour
	servingAtOnce = 2
)

// Serving is who serves a model, as the hosted gateway says.
type Serving struct {
	// At is when it was told; the zero time if nothing was.
	At time.Time
	// Entries have in Provider the id that the provider has here, or the hosted gateway's word. The caller must not change
	// them.
	Entries []catalog.Model
	// Problem says why nothing newer could be had; empty where nothing went wrong.
	Problem string
}

// Serving tells who serves a model, by any id that it has here. It asks the hosted gateway where what it said is old.
func (l *List) Serving(ctx context.Context, id string) Serving {
	source := l.Source()
	l.mu.Lock()
	hosted, listed := l.hostedID(source, id)
	k := l.serving[hosted]
	due := listed && source.Hosted && l.servingDue(hosted)
	l.mu.Unlock()
	if !listed {
		return Serving{}
	}
	problem := ""
	if due {
		if err := l.askWhoServes(ctx, source, hosted); err != nil {
			problem = llm.AsError(err).Message
		}
		l.mu.Lock()
		k = l.serving[hosted]
		l.mu.Unlock()
	}
	return Serving{At: k.At, Entries: k.Models, Problem: problem}
}

// hostedID gives the id that a model has at the hosted gateway, if that lists it.
func (l *List) hostedID(source Source, id string) (hosted string, listed bool) {
	return newSayings(l, source).hostedID(id)
}

func (l *List) servingDue(id string) bool {
	now := l.Now()
	k := l.serving[id]
	return now.Sub(k.At) >= servingEvery && !now.Before(l.nextServe[id])
}

// askServing asks who serves the models that providers with a credential of their own serve, a few at a time: their prices
// are what requests to those providers cost.
func (l *List) askServing(ctx context.Context) {
	source := l.Source()
	if !source.Hosted {
		return
	}
	for _, id := range l.servingToAsk(source) {
		err := l.askWhoServes(ctx, source, id)
		if err == nil || llm.AsError(err).Kind == llm.ErrNotFound {
			continue
		}
		l.mu.Lock()
		l.serveAfter = l.after(strangerEvery) // whoever does not answer one question won't answer the next
		l.mu.Unlock()
		return
	}
}

func (l *List) servingToAsk(source Source) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.Now().Before(l.serveAfter) {
		return nil
	}
	said := newSayings(l, source)
	ids := map[string]bool{}
	for _, m := range l.current.Load().All() {
		p := source.Providers[m.Provider]
		if p == nil || p.Local || p.Nested {
			continue
		}
		if id, ok := said.hostedID(m.ID); ok && l.servingDue(id) {
			ids[id] = true
		}
	}
	all := slices.Sorted(maps.Keys(ids))
	return all[:min(servingAtOnce, len(all))]
}

func (l *List) askWhoServes(ctx context.Context, source Source, id string) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	hosted := source.Providers[provider.Gateway]
	l.mu.Lock()
	before, epoch := l.serving[id], l.epoch
	l.mu.Unlock()
	etag := before.ETag
	if before.BaseURL != hosted.BaseURL || before.Version != keptVersion {
		etag = ""
	}
	listing, err := l.Lister.Endpoints(ctx, hosted, id, etag)
	l.mu.Lock()
	defer l.mu.Unlock()
	if epoch != l.epoch {
		return err
	}
	if err != nil || len(listing.Models) == 0 && !listing.Same {
		l.nextServe[id] = l.after(servingEvery / 24) // what was said before holds on
		return err
	}
	next := kept{Version: keptVersion, At: l.Now(), BaseURL: hosted.BaseURL, ETag: listing.ETag, Models: listing.Models}
	if listing.Same {
		next.Models = before.Models
	}
	l.serving[id] = next
	if err := l.endpoints.Put(id, next); err != nil {
		l.Logger.Warn("who serves a model could not be kept", "model", id, "error", err)
	}
	if !listing.Same && slices.ContainsFunc(next.Models, func(m catalog.Model) bool { return source.Providers[m.Provider] != nil }) {
		l.rebuildLocked(source)
	}
	return nil
}
