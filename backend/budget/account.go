package budget

import (
	"context"
	"encoding/json"
	"time"

	"gatehouse/backend/store"
)

// History is the history of requests. Transactions are those of Options.DB.
type History interface {
	// Each gives the requests that started at since or later, newest first, those that run included, until fn says to stop.
	Each(ctx context.Context, since time.Time, fn func(Spent) bool) error
	// Ended gives the requests that ended and may not be stored yet. What ends up stored is in it until it is.
	Ended() []Spent
	// Stored gives a request that is stored with its end; ok is false where there is none.
	Stored(tx *store.Tx, id string) (s Spent, ok bool, err error)
	// Walk gives the requests that are stored with their ends, in order of their ids from one on, or from those on that
	// started at since where it is empty, until fn says to stop.
	Walk(tx *store.Tx, from string, since time.Time, fn func(Spent) bool) error
}

// account is what a budget has spent in a period, as the database has it. It is changed in the very transactions that store
// the ends of requests: it counts what is stored, no more and no less, and stays as it is where requests are deleted later.
type account struct {
	Scope Scope  `json:"scope"`
	Per   Period `json:"per"`
	// Start and End are those of the period; zero for one without an end.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// What was stored before there was this account is added up in order of the ids: From is the first that is not yet, Done
	// tells that all is.
	From string `json:"from,omitempty"`
	Done bool   `json:"done"`

	Spent amounts `json:"spent"`
	// Deleted is the part of Spent whose requests were deleted from the history since.
	Deleted amounts `json:"deleted"`
}

// opened is an account of a budget's period, in which nothing is added up yet.
func opened(s Spec, start, end time.Time) account {
	return account{Scope: s.Scope, Per: s.Limit.Per, Start: start, End: end}
}

// of tells whether the account is that of a budget's period.
func (a *account) of(m *meter) bool {
	return a.Scope == m.spec.Scope && a.Per == m.spec.Limit.Per && a.Start.Equal(m.start) && a.End.Equal(m.end)
}

// reached tells whether what is stored under an id is added up.
func (a *account) reached(id string) bool { return a.Done || id < a.From }

// took gives what a request counts as; nothing, where it is of another period or under another budget.
func (a *account) took(s *Spent) amounts {
	if s.StartedAt.Before(a.Start) || !a.End.IsZero() && !s.StartedAt.Before(a.End) ||
		!a.Scope.matches(s.Key, s.Project, s.Tags, s.Requested, s.Model) {
		return amounts{}
	}
	return s.took()
}

// begin begins the period that a moment is in, where it comes after this one.
func (a *account) begin(at time.Time, zone *time.Location) {
	if !a.End.IsZero() && !at.Before(a.End) {
		a.Start, a.End = a.Per.Span(at, zone)
		a.Spent, a.Deleted = amounts{}, amounts{}
	}
}

// Change is one to the history.
type Change struct {
	Kind ChangeKind
	// Before is what was stored of the request as its end until now; nil where there was none.
	Before *Spent
	Spent  Spent
}

// ChangeKind says what a Change is.
type ChangeKind int

// The kinds of changes. What is put back was deleted before, or comes from another history.
const (
	Ended ChangeKind = iota
	Deleted
	PutBack
)

func (a *account) change(c *Change, zone *time.Location) (changed bool) {
	before := *a
	switch c.Kind {
	case Ended:
		a.begin(c.Spent.StartedAt, zone)
		if !a.reached(c.Spent.ID) {
			break
		}
		if c.Before != nil {
			a.Spent.take(a.took(c.Before))
		}
		a.Spent.add(a.took(&c.Spent))
	case Deleted:
		if a.reached(c.Spent.ID) {
			a.Deleted.add(a.took(&c.Spent))
		}
	case PutBack:
		took := a.took(&c.Spent)
		switch {
		case !a.reached(c.Spent.ID):
		case a.Deleted.requests > 0: // it was counted, and stayed so
			a.Deleted.takeUpTo(took)
		default:
			a.Spent.add(took)
		}
	}
	return *a != before
}

// Count takes changes to the history into what budgets have spent, in the transaction that makes them.
func (k *Keeper) Count(tx *store.Tx, changes []Change) error {
	accounts := map[string]account{}
	bucket := k.accounts.In(tx)
	err := bucket.ForEach(func(name string, raw store.Raw) error {
		a, ok := k.read(name, raw)
		if !ok {
			return nil // it is added up anew at the next start
		}
		changed := false
		for i := range changes {
			changed = a.change(&changes[i], k.Zone) || changed
		}
		if changed {
			accounts[name] = a
		}
		return nil
	})
	for name, a := range accounts {
		if err == nil {
			err = k.write(tx, name, a)
		}
	}
	return err
}

// account reads what a budget has spent; an empty one where there is none.
func (k *Keeper) account(tx *store.Tx, name string) (a account, err error) {
	raw, ok, err := k.accounts.In(tx).Get(name)
	if err == nil && ok {
		a, _ = k.read(name, raw)
	}
	return a, err
}

func (k *Keeper) read(name string, raw []byte) (a account, ok bool) {
	if err := json.Unmarshal(raw, &a); err != nil {
		k.Logger.Error("what a budget has spent can't be read", "budget", name, "error", err)
		return account{}, false
	}
	return a, true
}

func (k *Keeper) write(tx *store.Tx, name string, a account) error {
	raw, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return k.accounts.In(tx).Put(name, raw)
}
