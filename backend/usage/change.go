package usage

import (
	"slices"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

// Change is one to what is stored of requests that ended.
type Change struct {
	Kind ChangeKind
	// Before is the end that was stored until now, which another one replaces; nil where there was none. It and a deleted
	// Record hold what Each tells of.
	Before, Record *Record
}

// ChangeKind says what a Change is.
type ChangeKind int

// The kinds of changes: an end is stored, a record is deleted, a record of another history is put back.
const (
	Ended ChangeKind = iota
	Deleted
	PutBack
)

func (h *History) changed(tx *store.Tx, changes []Change) error {
	if h.opts.Changed == nil || len(changes) == 0 {
		return nil
	}
	return h.opts.Changed(tx, changes)
}

// Ended gives the records in memory of requests that ended: those that are not stored yet, and perhaps some that are.
func (h *History) Ended() []*Record {
	return slices.DeleteFunc(h.liveRecords(), func(r *Record) bool { return r.Outcome == gateway.Open })
}

// Stored gives a stored record of a request that ended, with what Each tells of. One that can't be read is none.
func (h *History) Stored(tx *store.Tx, id string) (r *Record, ok bool, err error) {
	raw, found, err := h.records.In(tx).Get(id)
	if err != nil || !found || !ended(raw) {
		return nil, false, err
	}
	if r, err = forTotals(raw); err != nil {
		h.opts.Logger.Warn("a record of the usage history can't be read", "id", id, "error", err)
		return nil, false, nil
	}
	return r, true, nil
}

// Walk gives the stored records of requests that ended, in order of their ids from one on, or where it is empty from about
// those on that started at a time, until fn says to stop. They hold what Each tells of.
func (h *History) Walk(tx *store.Tx, from string, since time.Time, fn func(*Record) bool) error {
	if from == "" && !since.IsZero() {
		from = firstID(since.Add(-idSlack))
	}
	return h.records.In(tx).Range(from, store.Ascending, func(id string, raw store.Raw) (bool, error) {
		r, err := forTotals(raw)
		if err != nil {
			h.opts.Logger.Warn("a record of the usage history can't be read", "id", id, "error", err)
			return true, nil
		}
		return r.Outcome == gateway.Open || fn(r), nil
	})
}
