// Package budget keeps what may be spent: budgets in money, tokens or requests, and rate limits per API key.
//
// A request reserves before anything is sent: an estimate of what it will take, learned from what its model took lately.
// When it ends, the history's record takes the reservation's place. A request is refused only where spent, reserved and
// its own estimate together would pass a limit; there is no queue, and what a settlement frees is there for the next
// request. So at any moment, and under any concurrency,
//
//	spent <= limit + the sum, over the requests that were let in, of (what each took - what it had reserved)
//
// where a request that took less than it reserved counts as zero. What passes a limit is the error of estimates, never a
// race. Requests whose price nobody knows count in tokens and requests alone, and a Budget says how many those are.
//
// What was spent is what the history of requests has stored: each budget's account is changed in the transactions that store
// the ends of requests, so a start reads one number, and what is deleted from the history stays spent. A new budget adds up
// what is stored already. A request that the program was killed under counts as what its record says it had reserved.
//
// It must not know HTTP, settings files, how records are stored or how requests are carried.
package budget

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
	"gatehouse/backend/store"
)

// EventType is the type of the event that says that a budget changed. It carries nothing. A step that is reached
// is told for certain and once; amounts are told at most once in a second.
const EventType = "budgets"

// Scope is what a budget is over; an empty pattern is everything. Patterns are those of routing's rules.
type Scope struct {
	Key, Project, Model, Tag string
}

// Spec is a budget as the user wants it.
type Spec struct {
	Name  string
	Scope Scope
	Limit Limit
	// Warn are the percentages at which to warn.
	Warn []int
	// Fallback is the model that answers from FallbackAt percent on, in place of the one that is asked for; the limit
	// holds for it too. Empty is none.
	Fallback   string
	FallbackAt int
}

// Rate is what a key may do at once; 0 is no limit.
type Rate struct {
	RequestsPerMinute, TokensPerMinute int64
	Concurrency                        int
}

// Options is what a Keeper is made of. All are needed.
type Options struct {
	DB     *store.DB
	Now    func() time.Time
	Zone   *time.Location
	Broker *event.Broker
	Logger *slog.Logger
	// Price gives what a usage costs at a provider's model, in 1e-12 USD.
	Price   func(provider, model string, u llm.Usage) (picoUSD int64, known bool)
	History History
}

// Keeper keeps all budgets and rate limits. It implements gateway.Purse. It is safe for concurrent use.
type Keeper struct {
	Options
	allowances *store.Bucket[allowance]
	accounts   *store.Bucket[store.Raw] // each an account, under the budget's name
	learned    *learner
	recalled   sync.Once
	allowing   sync.Mutex // held while a limit is raised

	// mu is held within reading transactions, so no transaction is begun under it.
	mu     sync.Mutex
	meters []*meter // in order of name
	rates  map[string]Rate
	gates  map[string]*gate
	open   map[string]*reservation // of every request that runs, by id

	news   chan struct{} // an amount changed
	ctx    context.Context
	cancel context.CancelFunc
	loops  sync.WaitGroup
}

var _ gateway.Purse = (*Keeper)(nil)

// reservation is what a request that runs has set aside.
type reservation struct {
	intent gateway.Intent
	amount amounts
	meters []*meter
	gate   *gate
	rated  bool // the gate's window holds it
	at     time.Time
	bytes  int
}

// Open starts without budgets; Set brings them.
func Open(o Options) *Keeper {
	k := &Keeper{
		Options: o, allowances: store.NewBucket[allowance](o.DB, "budgets"),
		accounts: store.NewBucket[store.Raw](o.DB, "budgets.spent"), learned: newLearner(),
		rates: map[string]Rate{}, gates: map[string]*gate{}, open: map[string]*reservation{}, news: make(chan struct{}, 1),
	}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	k.loops.Go(k.tell)
	return k
}

// Close stops what Open and Set started.
func (k *Keeper) Close() {
	k.cancel()
	k.loops.Wait()
}

// Set says what the user wants now. What a budget that is new, or over something else than before, has spent is added up
// from the history; until that is done its requests wait.
func (k *Keeper) Set(specs []Spec, rates map[string]Rate) {
	k.allowing.Lock()
	defer k.allowing.Unlock()
	allowed := map[string]allowance{}
	for _, s := range specs {
		allowed[s.Name] = k.allowed(s.Name)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Now()
	var next, fresh []*meter
	for _, s := range specs {
		i := slices.IndexFunc(k.meters, func(m *meter) bool { return m.spec.Name == s.Name })
		if i >= 0 && k.meters[i].spec.Scope == s.Scope && k.meters[i].spec.Limit.Per == s.Limit.Per {
			k.meters[i].change(s)
			next = append(next, k.meters[i])
			continue
		}
		m := newMeter(s, now, k.Zone)
		m.allow(allowed[s.Name])
		k.adopt(m)
		next, fresh = append(next, m), append(fresh, m)
	}
	k.meters = next
	k.rates = rates
	for name, g := range k.gates {
		if g.rate = k.rateOf(name); g.rate == (Rate{}) && g.running == 0 {
			delete(k.gates, name)
		}
	}
	if len(fresh) > 0 {
		k.loops.Go(func() { k.load(fresh) })
	}
	k.Broker.PublishEnd(EventType, struct{}{})
}

// rateOf gives a key's rate limit: its own, or that of every key.
func (k *Keeper) rateOf(key string) Rate {
	if r, ok := k.rates[key]; ok {
		return r
	}
	return k.rates[everyKey]
}

// everyKey is the name under which rate limits stand that hold for each key without its own.
const everyKey = "*"

// matches tells whether a request is under a budget: who asked, with which tags, for any of the models' names.
func (s Scope) matches(key, project string, tags []string, models ...string) bool {
	is := func(pattern string, names ...string) bool {
		return pattern == "" || slices.ContainsFunc(names, func(n string) bool { return n != "" && routing.Match(pattern, n) })
	}
	return is(s.Key, key) && is(s.Project, project) && is(s.Tag, tags...) && is(s.Model, models...)
}

// tell announces changed amounts, at most once in a second, and the end of periods.
func (k *Keeper) tell() {
	const pace, longest = time.Second, time.Minute
	timer := time.NewTimer(longest)
	defer timer.Stop()
	for {
		timer.Reset(min(max(k.nextEnd(), pace), longest))
		select {
		case <-k.ctx.Done():
			return
		case <-timer.C:
			if !k.rolled() {
				continue
			}
		case <-k.news:
			timer.Reset(pace)
			select {
			case <-timer.C:
			case <-k.ctx.Done():
				return
			}
		}
		k.Broker.Publish(EventType, struct{}{})
	}
}

// nextEnd gives how long the first of the periods goes on.
func (k *Keeper) nextEnd() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait := 24 * time.Hour
	for _, m := range k.meters {
		if !m.end.IsZero() {
			wait = min(wait, m.end.Sub(k.Now()))
		}
	}
	return wait
}

// rolled begins the periods that are due, and tells whether any was.
func (k *Keeper) rolled() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	any := false
	for _, m := range k.meters {
		any = k.roll(m, k.Now()) || any
	}
	return any
}

// changed says that amounts are others than before.
func (k *Keeper) changed() {
	select {
	case k.news <- struct{}{}:
	default:
	}
}
