package usage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// commit is the goroutine that writes to the database: records, and the roll-ups that count them, in one transaction. Between
// commits it does jobs.
func (w *writer) commit() {
	roller := newRoller(w.h.rollups)
	write := func(fn func(*store.Tx) error) error {
		err := w.h.db.Write(fn)
		if err != nil {
			roller.forget()
		}
		return err
	}
	for {
		select {
		case items, open := <-w.commits:
			if !open {
				return
			}
			slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.id, b.id) })
			w.results <- write(func(tx *store.Tx) error {
				again, changes, err := w.h.putAll(tx, items)
				if err == nil {
					err = errorOf(w.h.rollUp(tx, roller, items, again), w.h.changed(tx, changes))
				}
				return err
			})
		case j := <-w.h.jobs:
			j.done <- write(func(tx *store.Tx) error { return j.run(tx, roller) })
		}
	}
}

// job is a change to what is stored, for the committer.
type job struct {
	run  func(*store.Tx, *roller) error
	done chan error
}

// change has the committer run a transaction. It should be short: the records that end meanwhile wait for it in memory.
func (h *History) change(ctx context.Context, run func(*store.Tx, *roller) error) error {
	j := job{run, make(chan error, 1)}
	select {
	case h.jobs <- j:
		return <-j.done
	case <-h.stopped:
		return llm.Errorf(llm.ErrInternal, "the usage history is closed")
	case <-ctx.Done():
		return llm.AsError(ctx.Err())
	}
}

// putAll stores records. It gives the hours that counted one of them already, with another end, and what changed.
func (h *History) putAll(tx *store.Tx, items []item) (again map[uint32]bool, changes []Change, err error) {
	records, open := h.records.In(tx), h.open.In(tx)
	again = map[uint32]bool{}
	for _, it := range items {
		change := Change{Kind: Ended, Record: it.record}
		if it.entry.restored {
			old, found, err := h.Stored(tx, it.id)
			if err != nil {
				return nil, nil, err
			}
			if found {
				change.Before = old
				again[hourOf(it.record.StartedAt)] = true
			}
		}
		if it.final {
			changes = append(changes, change)
		}
		if err := errorOf(records.Put(it.id, it.raw), h.noteBroken(tx, it.record)); err != nil {
			return nil, nil, err
		}
		if !it.final {
			err = open.Put(it.id, store.Raw{})
		} else if it.stored {
			err = open.Delete(it.id)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return again, changes, nil
}

// rollUp counts the records that ended; the hours of again are counted anew from all that they hold.
func (h *History) rollUp(tx *store.Tx, roller *roller, items []item, again map[uint32]bool) error {
	if err := h.recount(tx, roller, again); err != nil {
		return err
	}
	for _, it := range items {
		if !it.final || again[hourOf(it.record.StartedAt)] {
			continue
		}
		if err := roller.add(tx, it.record); err != nil {
			return err
		}
	}
	return roller.flush(tx)
}

// recount counts whole hours anew, without flushing.
func (h *History) recount(tx *store.Tx, roller *roller, hours map[uint32]bool) error {
	for hour := range hours {
		if err := roller.dropHour(tx, hour); err != nil {
			return err
		}
	}
	for hour := range hours {
		var failed error
		err := h.eachOfHour(tx, hour, func(r *Record) bool {
			failed = roller.add(tx, r)
			return failed == nil
		})
		if err != nil || failed != nil {
			return errorOf(failed, err)
		}
	}
	return nil
}

// eachOfHour gives the records of an hour that ended, in order of their ids.
func (h *History) eachOfHour(tx *store.Tx, hour uint32, fn func(*Record) bool) error {
	first, end := startOf(hour), startOf(hour+1)
	last := firstID(end.Add(idSlack))
	return h.records.In(tx).Range(firstID(first.Add(-idSlack)), store.Ascending, func(id string, raw store.Raw) (bool, error) {
		if id >= last {
			return false, nil
		}
		r, err := forTotals(raw)
		if err != nil {
			h.opts.Logger.Warn("a record of the usage history can't be read", "id", id, "error", err)
			return true, nil
		}
		if r.Outcome == gateway.Open || hourOf(r.StartedAt) != hour {
			return true, nil
		}
		return fn(r), nil
	})
}

// ended tells whether a stored record is of a request that ended.
func ended(raw []byte) bool { return gjson.GetBytes(raw, "outcome").Str != string(gateway.Open) }

func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// rolledVersion is that of how roll-ups are made; others are made anew.
const rolledVersion = "3"

const (
	rolledKey = "version"
	// rolledHours is the version whose hours are as they are now, and which knew no days.
	rolledHours = "2"
	// rollStep is how many records are rolled up in one transaction.
	rollStep = 20_000
)

// rollUpOld makes the roll-ups of a history that has none, or old ones. A kill in the middle makes it start anew.
func (h *History) rollUpOld(ctx context.Context) error {
	version, _, err := h.rolled.Get(rolledKey)
	if err != nil || string(version) == rolledVersion {
		return err
	}
	if string(version) == rolledHours {
		// It is also what an older program leaves that ran on this file, and did not know of the days it changed.
		return h.db.Write(func(tx *store.Tx) error {
			return errorOf(h.rollups.clearDays(tx), h.rolled.In(tx).Put(rolledKey, store.Raw(rolledVersion)))
		})
	}
	err = h.db.Write(func(tx *store.Tx) error {
		return errorOf(h.rollups.clearDays(tx), h.rollups.series.In(tx).Clear(), h.rollups.names.In(tx).Clear(),
			h.rollups.hours.In(tx).Clear())
	})
	if err != nil {
		return err
	}
	roller := newRoller(h.rollups)
	counted := 0
	for from, more := "", true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := h.db.Write(func(tx *store.Tx) error {
			n := 0
			more = false
			var failed error
			err := h.records.In(tx).Range(from, store.Ascending, func(id string, raw store.Raw) (bool, error) {
				if n == rollStep {
					from, more = id, true
					return false, nil
				}
				n++
				r, err := forTotals(raw)
				if err != nil || r.Outcome == gateway.Open {
					return true, nil // it is told of where it is read
				}
				failed = roller.add(tx, r)
				return failed == nil, nil
			})
			counted += n
			return errorOf(failed, err, roller.flush(tx))
		})
		if err != nil {
			return fmt.Errorf("can't sum up the usage history: %w", err)
		}
	}
	if counted > 0 {
		h.opts.Logger.Info("the usage history was summed up", "records", counted)
	}
	return h.rolled.Put(rolledKey, store.Raw(rolledVersion))
}
