// Package rollout moves a model's conversations to another model by degrees: it knows which share each rollout has now,
// keeps how both models do, compares them, and takes everybody back to the old model when the new one does worse than its
// guards allow.
//
// It must not know how a conversation is given to a model (routing does that), how requests are sent, nor the settings
// file: what it needs of both comes in its own words.
package rollout

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
	"gatehouse/backend/store"
)

// EventType is the type of the event that says that a rollout's share or state changed. It carries no data.
const EventType = "rollouts"

// bucketName is where the rollouts are kept, each under its id.
const bucketName = "rollouts"

// Options is what a Keeper is made of. All are needed.
type Options struct {
	DB     *store.DB
	Now    func() time.Time
	Broker *event.Broker
	Logger *slog.Logger
}

// Spec is a rollout as the user wants it.
type Spec struct {
	ID, From, To string
	// Share is the share of conversations that From's place is taken in by To, in hundredths of a percent.
	Share int
	// Steps are in order of time.
	Steps  []Step
	Guards Guards
	// Stopped gives everybody the old model.
	Stopped bool
}

// Step changes the share some time after the rollout's start.
type Step struct {
	After time.Duration
	Share int
}

// Guards are how badly the new model may do within the window; 0 is no guard.
type Guards struct {
	// ErrorShare is in hundredths of a percent.
	ErrorShare int
	// FirstToken is for the p75 of the time to first token.
	FirstToken time.Duration
	// CostPicoUSD is for the mean cost of an answer, in 1e-12 USD.
	CostPicoUSD int64
	// Least is how many samples a guard needs, defaultLeast where it is 0; Window how far it looks back, defaultWindow
	// where it is 0.
	Least  int
	Window time.Duration
}

const (
	defaultLeast  = 20
	defaultWindow = time.Hour
)

func (g Guards) least() int64 {
	if g.Least <= 0 {
		return defaultLeast
	}
	return int64(g.Least)
}

func (g Guards) window() time.Duration {
	if g.Window <= 0 {
		return defaultWindow
	}
	return g.Window
}

// Stop is why everybody gets the old model.
type Stop struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"`
	// Guard tells that a guard was broken; else the user wanted it.
	Guard bool `json:"guard,omitempty"`
}

// rollout is one under way. What is exported is kept in the database.
type rollout struct {
	From string `json:"from"`
	To   string `json:"to"`
	// StartedAt is what steps count from, SharedAt when Share was set by hand. A pause moves both, so that the steps go on
	// where they were.
	StartedAt time.Time `json:"startedAt"`
	SharedAt  time.Time `json:"sharedAt"`
	Share     int       `json:"share"`
	Stop      *Stop     `json:"stop,omitempty"`
	Window    window    `json:"window"`
	Total     pair      `json:"total"`

	spec Spec
	told int // the share that was announced last
}

// Keeper keeps all rollouts. It is safe for concurrent use.
type Keeper struct {
	Options

	mu    sync.Mutex
	all   map[string]*rollout
	dirty map[string]bool
	// specs are the rollouts that settings have, in order of id.
	specs []Spec

	writing sync.Mutex
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
}

// Open reads how the rollouts stood at the end of the last run. Nothing is in force before Set.
func Open(o Options) (*Keeper, error) {
	k := &Keeper{
		Options: o, all: map[string]*rollout{}, dirty: map[string]bool{},
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	err := store.NewBucket[*rollout](o.DB, bucketName).ForEach(func(id string, r *rollout) error {
		k.all[id] = r
		return nil
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	go k.keep(ctx)
	return k, nil
}

// Set says what the user wants now. A rollout that is new, or between other models than before, starts now; one that is
// gone is forgotten.
func (k *Keeper) Set(specs []Spec) {
	k.mu.Lock()
	now := k.Now()
	k.specs = slices.Clone(specs)
	known := map[string]bool{}
	for _, spec := range specs {
		known[spec.ID] = true
		r := k.all[spec.ID]
		if r == nil || r.From != spec.From || r.To != spec.To {
			r = &rollout{From: spec.From, To: spec.To, StartedAt: now, SharedAt: now, Share: spec.Share}
			k.all[spec.ID] = r
		}
		if r.Share != spec.Share {
			r.Share, r.SharedAt = spec.Share, now
		}
		r.spec = spec
		switch {
		case spec.Stopped && r.Stop == nil:
			r.Stop = &Stop{At: now, Why: "it is stopped in the settings"}
		case !spec.Stopped && r.Stop != nil && !r.Stop.Guard:
			r.resume(now)
		}
		k.dirty[spec.ID] = true
	}
	for id := range k.all {
		if !known[id] {
			delete(k.all, id)
			k.dirty[id] = true
		}
	}
	k.mu.Unlock()
	k.changed()
}

// Shares gives the rollouts that take part in decisions now, in order of id, with the shares that they have now.
func (k *Keeper) Shares() []routing.Rollout {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []routing.Rollout
	now := k.Now()
	for _, spec := range k.specs {
		if r := k.all[spec.ID]; r.Stop == nil {
			out = append(out, routing.Rollout{ID: spec.ID, From: r.From, To: r.To, Share: r.share(now)})
		}
	}
	return out
}

// share is the share by schedule or by hand, whichever was later.
func (r *rollout) share(now time.Time) int {
	share := r.Share
	for _, s := range r.spec.Steps {
		if due := r.StartedAt.Add(s.After); !due.After(now) && !due.Before(r.SharedAt) {
			share = s.Share
		}
	}
	return share
}

// next gives the next step, false where none is to come.
func (r *rollout) next(now time.Time) (at time.Time, share int, ok bool) {
	for _, s := range r.spec.Steps {
		if due := r.StartedAt.Add(s.After); due.After(now) {
			return due, s.Share, true
		}
	}
	return time.Time{}, 0, false
}

// resume goes on after a stop: the schedule where it was, the window anew.
func (r *rollout) resume(now time.Time) {
	pause := now.Sub(r.Stop.At)
	r.StartedAt, r.SharedAt = r.StartedAt.Add(pause), r.SharedAt.Add(pause)
	r.Stop, r.Window = nil, window{}
}

// SetShare sets a share by hand, in hundredths of a percent; it holds until the next step. Its errors are *llm.Error.
func (k *Keeper) SetShare(id string, share int) error {
	return k.change(id, func(r *rollout, now time.Time) { r.Share, r.SharedAt = share, now })
}

// Halt gives everybody the old model, until Resume. Its errors are *llm.Error.
func (k *Keeper) Halt(id string) error {
	return k.change(id, func(r *rollout, now time.Time) {
		if r.Stop == nil {
			r.Stop = &Stop{At: now, Why: "it was stopped by hand"}
		}
	})
}

// Resume goes on with a rollout that was stopped or rolled back. Its errors are *llm.Error.
func (k *Keeper) Resume(id string) error {
	return k.change(id, func(r *rollout, now time.Time) {
		if r.Stop != nil {
			r.resume(now)
		}
	})
}

func (k *Keeper) change(id string, f func(r *rollout, now time.Time)) error {
	k.mu.Lock()
	r := k.all[id]
	if r == nil {
		k.mu.Unlock()
		return llm.Errorf(llm.ErrNotFound, "there is no rollout %q; see: gatehouse rollout list", id).WithCode("rollout_unknown")
	}
	f(r, k.Now())
	k.dirty[id] = true
	k.mu.Unlock()
	k.changed()
	return nil
}
