// Package modellist keeps the list of models that can be asked for: it asks each provider that can be used for its list,
// looks for local servers, keeps the last good lists in the database for times without a network, and puts them
// together with the user's own corrections, with what the hosted gateway tells everybody, and with what comes with the
// program, into one catalog in which every field has its origin.
//
// It must not know who shows the list, nor how a request is routed.
package modellist

import (
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/event"
	"gatehouse/backend/provider"
	"gatehouse/backend/store"
)

// EventType is the type of the event that says that the list changed. It carries no data.
const EventType = "models"

// Lister asks a provider for its list, and the hosted gateway for who serves a model. An ETag that is sent names the
// answer that is there already.
type Lister interface {
	List(ctx context.Context, p *provider.Provider, secret, etag string) (provider.Listing, error)
	Endpoints(ctx context.Context, hosted *provider.Provider, id, etag string) (provider.Listing, error)
}

// Secrets gives a provider's credential, empty where it has none and needs none; an error means that it lacks one.
type Secrets interface {
	Secret(ctx context.Context, id provider.ID) (string, error)
}

// Source is what settings say of the list.
type Source struct {
	Providers provider.Table
	Overrides map[string]catalog.Override
	// Discover tells whether to look for local servers on their default ports.
	Discover bool
	// Hosted tells whether to ask the hosted gateway for what it tells everybody: its list, without a credential too, and
	// who serves its models.
	Hosted bool
}

// Options is what a List is made of. All but Jitter are needed.
type Options struct {
	Lister  Lister
	Secrets Secrets
	Source  func() Source
	DB      *store.DB
	Broker  *event.Broker
	Logger  *slog.Logger
	Now     func() time.Time
	// Jitter spreads what is asked for again and again: a number from 0 to 1, a random one if it is nil.
	Jitter func() float64
}

// List is the current list. It is safe for concurrent use.
type List struct {
	Options
	bucket    *store.Bucket[kept]
	endpoints *store.Bucket[kept] // by the hosted gateway's id of the model
	current   atomic.Pointer[catalog.Catalog]
	wake      chan struct{}
	stop      context.CancelFunc
	done      chan struct{}

	mu        sync.Mutex
	lists     map[provider.ID]kept
	serving   map[string]kept // as endpoints
	standing  map[provider.ID]*standing
	nextServe map[string]time.Time
	// serveAfter is until when nobody is asked who serves models, because the hosted gateway did not answer.
	serveAfter time.Time
	asking     int
	// epoch counts changes of settings and credentials. An answer to a question of an earlier one says nothing any more.
	epoch int
	// source is what settings said at the last change.
	source Source
	// nextBuild is when the catalog says something else by itself: a price changes on a day that is known ahead.
	nextBuild time.Time
}

// Open reads the lists kept and starts to ask for new ones.
func Open(o Options) (*List, error) {
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	l := &List{
		Options: o, bucket: store.NewBucket[kept](o.DB, "models"), endpoints: store.NewBucket[kept](o.DB, "modelEndpoints"),
		wake: make(chan struct{}, 1), done: make(chan struct{}), source: o.Source(),
		lists: map[provider.ID]kept{}, serving: map[string]kept{}, standing: map[provider.ID]*standing{}, nextServe: map[string]time.Time{},
	}
	if err := l.load(); err != nil {
		return nil, err
	}
	l.rebuild()
	ctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	go l.run(ctx)
	return l, nil
}

// Close stops asking and waits.
func (l *List) Close() {
	l.stop()
	<-l.done
}

// Catalog gives the current catalog.
func (l *List) Catalog() *catalog.Catalog { return l.current.Load() }

// Problem is a provider whose list could not be had.
type Problem struct {
	Provider provider.ID
	Message  string
}

// State tells which lists could not be had, and whether any is being asked for.
func (l *List) State() (problems []Problem, refreshing bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(l.standing)) {
		if st := l.standing[id]; st.problem != "" && !st.quiet {
			problems = append(problems, Problem{id, st.problem})
		}
	}
	return problems, l.asking > 0
}

// Age is how a provider's list stands.
type Age struct {
	Provider provider.ID
	// At is when the list was last told or confirmed; the zero time if there is none.
	At time.Time
	// Public tells that it was asked for without a credential, so that nobody can ask for its models yet.
	Public bool
	Models int
	// Problem says why a newer one could not be had; empty where nothing went wrong.
	Problem string
	// Next is when it is asked for again.
	Next time.Time
}

// Ages tells how old the lists are, sorted by provider.
func (l *List) Ages() []Age {
	l.mu.Lock()
	defer l.mu.Unlock()
	ids := map[provider.ID]bool{}
	for id := range l.lists {
		ids[id] = true
	}
	for id, st := range l.standing {
		if st.problem != "" {
			ids[id] = true
		}
	}
	var out []Age
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		k, a := l.lists[id], Age{Provider: id}
		a.At, a.Public, a.Models = k.At, k.Public, len(k.Models)
		if st := l.standing[id]; st != nil {
			a.Problem, a.Next, a.Public = st.problem, st.next, k.Public || st.quiet
		}
		out = append(out, a)
	}
	return out
}

// Changed says that settings changed: the catalog is put together anew, and who is another now is asked soon.
func (l *List) Changed() {
	source := l.Source()
	l.mu.Lock()
	before := l.source
	l.source = source
	l.epoch++
	for id, p := range source.Providers {
		if old := before.Providers[id]; old == nil || old.BaseURL != p.BaseURL {
			delete(l.standing, id)
		}
		if p.Local && source.Discover != before.Discover || id == provider.Gateway && source.Hosted != before.Hosted {
			delete(l.standing, id)
		}
	}
	l.rebuildLocked(source)
	l.mu.Unlock()
	l.signal()
}

// CredentialsChanged says that credentials changed: every provider is asked soon, as if it had never been.
func (l *List) CredentialsChanged() {
	l.mu.Lock()
	clear(l.standing)
	l.epoch++
	for id := range l.lists {
		l.standingOf(id).anew = true
	}
	l.mu.Unlock()
	l.rebuild()
	l.signal()
}

// Refresh asks every provider now and waits for their answers.
func (l *List) Refresh(ctx context.Context) {
	l.ask(ctx, func(*provider.Provider) bool { return true })
}

func (l *List) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *List) run(ctx context.Context) {
	defer close(l.done)
	tick := time.NewTicker(localEvery)
	defer tick.Stop()
	for {
		l.keepCurrent()
		l.ask(ctx, l.due)
		l.askServing(ctx)
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		case <-tick.C:
		}
	}
}

// keepCurrent puts the catalog together anew when the day of a change of prices has come.
func (l *List) keepCurrent() {
	source := l.Source()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.nextBuild.IsZero() && !l.Now().Before(l.nextBuild) {
		l.rebuildLocked(source)
	}
}
