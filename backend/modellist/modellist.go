// Package modellist keeps the list of models that can be asked for: it asks each provider that can be used for its list,
// looks for local servers, keeps the last good lists in the database for times without a network, and puts them
// together with the user's own corrections into one catalog.
//
// It must not know who shows the list, nor how a request is routed.
package modellist

import (
	"context"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/store"
)

// EventType is the type of the event that says that the list changed. It carries no data.
const EventType = "models"

// Lister asks a provider for its list.
type Lister interface {
	Models(ctx context.Context, p *provider.Provider, secret string) ([]catalog.Model, error)
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
}

// Options is what a List is made of. All are needed.
type Options struct {
	Lister  Lister
	Secrets Secrets
	Source  func() Source
	DB      *store.DB
	Broker  *event.Broker
	Logger  *slog.Logger
	Now     func() time.Time
}

// The pace: local servers come and go within a session of work, remote lists within days.
const (
	localEvery  = 20 * time.Second
	remoteEvery = 6 * time.Hour
	// strangerEvery is for a program on a local server's port that is something else.
	strangerEvery = 10 * time.Minute
	askTimeout    = 15 * time.Second
)

// List is the current list. It is safe for concurrent use.
type List struct {
	Options
	bucket  *store.Bucket[kept]
	current atomic.Pointer[catalog.Catalog]
	wake    chan struct{}
	stop    context.CancelFunc
	done    chan struct{}

	mu       sync.Mutex
	lists    map[provider.ID]kept
	problems map[provider.ID]string
	nextAsk  map[provider.ID]time.Time
	asking   int
	// epoch counts changes of settings and credentials. An answer to a question of an earlier one says nothing any more.
	epoch int
	// nextBuild is when the catalog says something else by itself: a price changes on a day that is known ahead.
	nextBuild time.Time
}

// kept is a provider's last good list.
type kept struct {
	At      time.Time       `json:"at"`
	BaseURL string          `json:"baseUrl"`
	Models  []catalog.Model `json:"models"`
}

// Open reads the lists kept and starts to ask for new ones.
func Open(o Options) (*List, error) {
	l := &List{
		Options: o, bucket: store.NewBucket[kept](o.DB, "models"), wake: make(chan struct{}, 1), done: make(chan struct{}),
		lists: map[provider.ID]kept{}, problems: map[provider.ID]string{}, nextAsk: map[provider.ID]time.Time{},
	}
	err := l.bucket.ForEach(func(id string, k kept) error { l.lists[id] = k; return nil })
	if err != nil {
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
	for _, id := range slices.Sorted(maps.Keys(l.problems)) {
		problems = append(problems, Problem{id, l.problems[id]})
	}
	return problems, l.asking > 0
}

// Changed says that settings or credentials changed: the catalog is put together anew, and every provider is asked soon.
func (l *List) Changed() {
	l.mu.Lock()
	clear(l.nextAsk)
	l.epoch++
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

func (l *List) due(p *provider.Provider) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.Now().Before(l.nextAsk[p.ID])
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
		all.Go(func() { l.askOne(ctx, p) })
	}
	all.Wait()
}

// isDefault tells a local server that nobody named: one whose base URL is the built-in one.
func isDefault(p *provider.Provider) bool {
	known, ok := provider.NewTable(nil)[p.ID]
	return ok && known.BaseURL == p.BaseURL
}

func (l *List) askOne(ctx context.Context, p *provider.Provider) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	l.mu.Lock()
	epoch := l.epoch
	l.mu.Unlock()
	secret := ""
	if p.Credential != provider.NeedsNone {
		var err error
		if secret, err = l.Secrets.Secret(ctx, p.ID); err != nil {
			if ctx.Err() == nil {
				l.forget(p.ID)
			}
			return
		}
	}
	quiet := p.Local // local servers are asked all the time: only a change is news
	l.mark(+1, !quiet)
	models, err := l.Lister.Models(ctx, p, secret)
	if ctx.Err() != nil && err != nil {
		l.mark(-1, !quiet)
		return
	}
	changed := l.took(p, epoch, models, err)
	l.mark(-1, changed || !quiet)
}

func (l *List) mark(n int, tell bool) {
	l.mu.Lock()
	l.asking += n
	l.mu.Unlock()
	if tell {
		l.Broker.PublishEnd(EventType, struct{}{})
	}
}

// took takes an answer and tells whether it changed anything. A bad one never replaces a good list, except that a local
// server which does not answer is not running.
func (l *List) took(p *provider.Provider, epoch int, models []catalog.Model, err error) (changed bool) {
	now, source := l.Now(), l.Source()
	l.mu.Lock()
	if epoch != l.epoch {
		l.mu.Unlock()
		return false
	}
	before, had := l.lists[p.ID]
	next := remoteEvery
	switch {
	case err == nil:
		changed = !had || before.BaseURL != p.BaseURL || !slices.EqualFunc(before.Models, models, sameModel)
		l.lists[p.ID] = kept{now, p.BaseURL, models}
		delete(l.problems, p.ID)
		if p.Local {
			next = localEvery
		}
	case p.Local:
		changed = had
		delete(l.lists, p.ID)
		next = localEvery
		if e := llm.AsError(err); e.Code != "upstream_unreachable" {
			next = strangerEvery
		}
	default:
		message := llm.AsError(err).Message
		changed = l.problems[p.ID] != message
		l.problems[p.ID] = message
		next = strangerEvery
	}
	l.nextAsk[p.ID] = now.Add(next - time.Second) // a tick that comes a little early counts
	record, has := l.lists[p.ID]
	if changed {
		l.rebuildLocked(source)
	}
	l.mu.Unlock()
	if changed {
		l.keep(p.ID, record, has)
	}
	return changed
}

// sameModel compares what pointers point at, too.
func sameModel(a, b catalog.Model) bool { return reflect.DeepEqual(a, b) }

// keep stores a remote list for the next start; what is local is asked anew then.
func (l *List) keep(id provider.ID, record kept, has bool) {
	var err error
	if p := l.Source().Providers[id]; has && p != nil && !p.Local {
		err = l.bucket.Put(id, record)
	} else if _, ok, _ := l.bucket.Get(id); ok {
		err = l.bucket.Delete(id)
	}
	if err != nil {
		l.Logger.Warn("a list of models could not be kept", "provider", id, "error", err)
	}
}

// forget drops the list of a provider that can't be used any more.
func (l *List) forget(id provider.ID) {
	source := l.Source()
	l.mu.Lock()
	_, had := l.lists[id]
	_, bad := l.problems[id]
	delete(l.lists, id)
	delete(l.problems, id)
	if had {
		l.rebuildLocked(source)
	}
	l.mu.Unlock()
	if had || bad {
		l.keep(id, kept{}, false)
		l.Broker.PublishEnd(EventType, struct{}{})
	}
}

// rebuild puts the catalog together. A list from another base URL is another server's.
func (l *List) rebuild() {
	source := l.Source()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rebuildLocked(source)
}
