package drift

import (
	"slices"
	"strings"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// Measure is one number that both say, summed up over the requests of which both say it.
type Measure struct {
	Requests int64 `json:"requests"`
	Ours     int64 `json:"ours"`
	Theirs   int64 `json:"theirs"`
	// Differing counts the requests of which the two say otherwise.
	Differing int64 `json:"differing"`
}

// Day is what was compared of one provider's answers on a day.
type Day struct {
	// Day is a date of this machine's zone, YYYY-MM-DD.
	Day      string `json:"day"`
	Provider string `json:"provider"`
	// Compared counts the requests that the provider told of, Missing those that it never came to know, Unanswered those it
	// could not be asked about, Skipped those that were too many to ask about.
	Compared   int64 `json:"compared"`
	Missing    int64 `json:"missing"`
	Unanswered int64 `json:"unanswered"`
	Skipped    int64 `json:"skipped"`
	// Differing counts the requests with any number that differs.
	Differing  int64   `json:"differing"`
	Prompt     Measure `json:"promptTokens"`
	Completion Measure `json:"completionTokens"`
	// Cost is in 1e-12 USD.
	Cost Measure `json:"cost"`
}

// fine is below what amounts of money may be off without anybody saying otherwise, in 1e-12 USD: sources write them in
// floating-point numbers.
const fine = 1000

// compare adds what both say of an answer.
func (d *Day) compare(ours, theirs Numbers) {
	d.Compared++
	differs := false
	for _, m := range []struct {
		to           *Measure
		ours, theirs llm.Count
		fine         int64
	}{
		{&d.Prompt, ours.Prompt, theirs.Prompt, 0},
		{&d.Completion, ours.Completion, theirs.Completion, 0},
		{&d.Cost, ours.PicoUSD, theirs.PicoUSD, fine},
	} {
		a, known := m.ours.Get()
		b, told := m.theirs.Get()
		if !known || !told {
			continue
		}
		m.to.Requests++
		m.to.Ours, m.to.Theirs = m.to.Ours+a, m.to.Theirs+b
		if max(a-b, b-a) > m.fine {
			m.to.Differing++
			differs = true
		}
	}
	if differs {
		d.Differing++
	}
}

// keyOf sorts days by date.
func keyOf(at time.Time, provider string) string {
	return at.Local().Format(time.DateOnly) + " " + provider
}

// dayOf gives what is noted of the day of an answer. mu is held.
func (k *Keeper) dayOf(a *Answered) *Day {
	key := keyOf(a.At, a.Provider)
	d := k.fresh[key]
	if d == nil {
		d = &Day{Day: key[:len(time.DateOnly)], Provider: a.Provider}
		k.fresh[key] = d
	}
	return d
}

func (k *Keeper) note(q *question, change func(*Day)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(k.dayOf(&q.Answered))
}

func (m *Measure) add(n Measure) {
	m.Requests, m.Ours, m.Theirs, m.Differing = m.Requests+n.Requests, m.Ours+n.Ours, m.Theirs+n.Theirs, m.Differing+n.Differing
}

func (d *Day) add(n *Day) {
	d.Day, d.Provider = n.Day, n.Provider
	d.Compared, d.Differing = d.Compared+n.Compared, d.Differing+n.Differing
	d.Missing, d.Unanswered, d.Skipped = d.Missing+n.Missing, d.Unanswered+n.Unanswered, d.Skipped+n.Skipped
	d.Prompt.add(n.Prompt)
	d.Completion.add(n.Completion)
	d.Cost.add(n.Cost)
}

// flush writes what was noted. What can't be written is noted on.
func (k *Keeper) flush() {
	k.writing.Lock()
	defer k.writing.Unlock()
	k.mu.Lock()
	fresh := k.fresh
	k.fresh = map[string]*Day{}
	k.mu.Unlock()
	if len(fresh) == 0 {
		return
	}
	err := k.DB.Write(func(tx *store.Tx) error {
		days := k.days.In(tx)
		for key, n := range fresh {
			if err := days.Update(key, func(d *Day, _ bool) error { d.add(n); return nil }); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return
	}
	k.Logger.Warn("what providers say of their answers is not kept yet", "error", err)
	k.mu.Lock()
	defer k.mu.Unlock()
	for key, n := range fresh {
		if d := k.fresh[key]; d != nil {
			n.add(d)
		}
		k.fresh[key] = n
	}
}

// Days gives the days from one date to another, both included, newest first; empty ones are unbounded.
func (k *Keeper) Days(from, to string) ([]Day, error) {
	k.writing.Lock() // nothing is on its way from memory to the disk
	defer k.writing.Unlock()
	all := map[string]Day{}
	if err := k.days.ForEach(func(key string, d Day) error { all[key] = d; return nil }); err != nil {
		return nil, err
	}
	k.mu.Lock()
	for key, n := range k.fresh {
		d := all[key]
		d.add(n)
		all[key] = d
	}
	k.mu.Unlock()
	out := []Day{}
	for _, d := range all {
		if d.Day >= from && (to == "" || d.Day <= to) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b Day) int { return strings.Compare(b.Day+" "+b.Provider, a.Day+" "+a.Provider) })
	return out, nil
}

// prune forgets the days that are too old.
func (k *Keeper) prune() {
	oldest := keyOf(k.Now().Add(-MaxAge), "")
	err := k.DB.Write(func(tx *store.Tx) error {
		days := k.days.In(tx)
		var old []string
		if err := days.Range("", store.Ascending, func(key string, _ Day) (bool, error) {
			if key < oldest {
				old = append(old, key)
			}
			return key < oldest, nil
		}); err != nil {
			return err
		}
		for _, key := range old {
			if err := days.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		k.Logger.Warn("old days of what providers say can't be forgotten", "error", err)
	}
}
