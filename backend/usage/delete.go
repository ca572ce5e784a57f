package usage

import (
	"context"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// Deletion says what to delete: the requests that ended and started at From or later and before To, of a project where
// one is named. Zero times are unbounded; at least one of all must be given.
type Deletion struct {
	From, To time.Time
	// Project is the one whose requests are deleted; nil is any, "" those without one.
	Project *string
}

func (d *Deletion) matches(r *Record) bool {
	return r.Outcome != gateway.Open && !r.StartedAt.Before(d.From) && (d.To.IsZero() || r.StartedAt.Before(d.To)) &&
		(d.Project == nil || r.Project == *d.Project)
}

// deleteStep is how many records are deleted, or read, in one transaction: but at least an hour's.
const deleteStep = 2000

// Delete deletes records and what reports count of them, a few at a time, so that nothing waits long. It tells how many; also
// where it gives an error, they are gone from the records as from the reports. Requests that run stay.
func (h *History) Delete(ctx context.Context, d Deletion) (deleted int64, err error) {
	if d.From.IsZero() && d.To.IsZero() && d.Project == nil {
		return 0, llm.Errorf(llm.ErrBadRequest, "say what to delete: a project, or from when, or until when")
	}
	deleted, err = h.delete(ctx, d)
	if deleted > 0 {
		h.tidyUp()
	}
	return deleted, err
}

func (h *History) delete(ctx context.Context, d Deletion) (deleted int64, err error) {
	if h.opts.Deleted != nil {
		defer h.opts.Deleted(d) // also where only some of the records are gone
	}
	h.flush(ctx)
	hours, err := h.hoursOf(d)
	for len(hours) > 0 && err == nil {
		var n, done int
		err = h.change(ctx, func(tx *store.Tx, roller *roller) error {
			read := 0
			for done < len(hours) && read < deleteStep {
				deletedHere, readHere, err := h.deleteInHour(tx, roller, hours[done], d)
				if err != nil {
					return err
				}
				n, read, done = n+deletedHere, read+readHere, done+1
			}
			return roller.flush(tx)
		})
		if err == nil {
			deleted += int64(n)
			hours = hours[done:]
		}
	}
	if err == nil && deleted > 0 {
		err = h.change(ctx, func(tx *store.Tx, roller *roller) error { return roller.dropUnused(tx) })
	}
	return deleted, err
}

// hoursOf gives the hours in which there may be something to delete, in order.
func (h *History) hoursOf(d Deletion) (hours []uint32, err error) {
	err = h.db.Read(func(tx *store.Tx) error {
		names, concerned := h.rollups.names.In(tx), map[uint32]bool{}
		first := keyOf(plainRows, 0, 0)
		if !d.From.IsZero() {
			first = keyOf(plainRows, hourOf(d.From), 0)
		}
		return h.rollups.hours.In(tx).Range(string(first[:]), store.Ascending, func(key string, _ store.Raw) (bool, error) {
			k, err := parseKey(key)
			if err != nil || k[0] != plainRows || !d.To.IsZero() && !startOf(k.hour()).Before(d.To) {
				return false, err
			}
			if n := len(hours); n > 0 && hours[n-1] == k.hour() {
				return true, nil
			}
			is, known := concerned[k.series()]
			if !known {
				raw, _, err := names.Get(key[5:])
				if err != nil {
					return false, err
				}
				s, err := parseSeries(raw)
				if err != nil {
					return false, err
				}
				is = d.Project == nil || s.project == *d.Project
				concerned[k.series()] = is
			}
			if is {
				hours = append(hours, k.hour())
			}
			return true, nil
		})
	})
	return hours, err
}

// deleteInHour deletes what matches of an hour and counts the rest anew.
func (h *History) deleteInHour(tx *store.Tx, roller *roller, hour uint32, d Deletion) (deleted, read int, err error) {
	var changes []Change
	err = h.eachOfHour(tx, hour, func(r *Record) bool {
		read++
		if d.matches(r) {
			changes = append(changes, Change{Kind: Deleted, Record: r})
		}
		return true
	})
	if err != nil || len(changes) == 0 {
		return 0, read, err
	}
	records := h.records.In(tx)
	for _, c := range changes {
		if err := errorOf(records.Delete(c.Record.ID), h.broken.In(tx).Delete(c.Record.ID)); err != nil {
			return 0, read, err
		}
	}
	return len(changes), read, errorOf(roller.flush(tx), h.recount(tx, roller, map[uint32]bool{hour: true}), h.changed(tx, changes))
}

// Keep says how much of the history is kept; 0 is everything.
type Keep struct {
	// Age is from a request's start.
	Age time.Duration
	// Bytes are of the database's file, but for the room in it that is free.
	Bytes int64
}

// Prune deletes what need not be kept, the oldest first, and tells how many requests that were.
func (h *History) Prune(ctx context.Context) (deleted int64, err error) {
	if h.opts.Keep == nil {
		return 0, nil
	}
	keep := h.opts.Keep()
	if keep.Age > 0 {
		deleted, err = h.delete(ctx, Deletion{To: h.opts.Now().Add(-keep.Age)})
	}
	for err == nil && keep.Bytes > 0 {
		var used int64
		if used, err = h.db.Used(); err != nil || used <= keep.Bytes {
			break
		}
		var n int64
		if n, err = h.deleteOldest(ctx, used-keep.Bytes, used); err != nil || n == 0 {
			break
		}
		deleted += n
	}
	return deleted, err
}

// deleteOldest deletes the oldest hours: about as large a share of them as the bytes that are over are of all, but never the
// current hour.
func (h *History) deleteOldest(ctx context.Context, over, all int64) (int64, error) {
	now := hourOf(h.opts.Now())
	hours, err := h.hoursOf(Deletion{To: startOf(now)})
	if err != nil || len(hours) == 0 {
		return 0, err
	}
	n := max(int(int64(len(hours))*over/all), 1)
	return h.delete(ctx, Deletion{To: startOf(hours[min(n, len(hours))-1] + 1)})
}
