package usage

import (
	"encoding/json"
	"os"

	"gatehouse/backend/store"
)

// restore brings back what a program that was killed left: the journals' records and the stored ones that are still
// open. They are committed like any other.
func (w *writer) restore() error {
	found := w.readJournals()
	return w.h.db.Read(func(tx *store.Tx) error {
		records := w.h.records.In(tx)
		stored := func(id string) (*Record, error) {
			raw, ok, err := records.Get(id)
			if err != nil || !ok {
				return nil, err
			}
			r := &Record{}
			if err := json.Unmarshal(raw, r); err != nil {
				w.h.opts.Logger.Warn("a record of the usage history can't be read", "id", id, "error", err)
				return nil, nil
			}
			return r, nil
		}
		err := w.h.open.In(tx).ForEach(func(id string, _ store.Raw) error {
			if found[id] != nil {
				return nil
			}
			r, err := stored(id)
			if r != nil {
				found[id] = r
			}
			return err
		})
		if err != nil {
			return err
		}
		for id, r := range found {
			if r.rank() == 0 {
				r = r.interrupted()
			}
			old, err := stored(id)
			if err != nil {
				return err
			}
			if old == nil || old.rank() < r.rank() {
				w.bringBack(r)
			}
		}
		return nil
	})
}

// readJournals gives the last word of the journals on each request. What can't be read is logged and stays where it is.
func (w *writer) readJournals() map[string]*Record {
	found := map[string]*Record{}
	for _, j := range w.journals {
		info, err := os.Stat(j.path)
		if err != nil || info.Size() == 0 {
			continue
		}
		j.used, j.torn = true, true
		broken, err := readJournal(j.path, func(r *Record) {
			old := found[r.ID]
			if old != nil && r.Reserved == nil { // the journals take turns, so the later line may be read first
				r.Reserved = old.Reserved
			}
			if old == nil || old.rank() <= r.rank() {
				found[r.ID] = r
			}
		})
		if broken > 0 {
			w.h.opts.Logger.Warn("lines of a journal of the usage history can't be read", "journal", j.path, "lines", broken)
		}
		if err != nil {
			w.h.opts.Logger.Error("a journal of the usage history can't be read", "journal", j.path, "error", err)
		}
	}
	return found
}

func (w *writer) bringBack(r *Record) {
	raw, err := json.Marshal(r)
	if err != nil { // what was read can be written
		w.h.opts.Logger.Error("a request can't be brought back", "id", r.ID, "error", err)
		return
	}
	e := &entry{
		history: w.h, opening: r, record: r, seen: r, ended: true, raw: raw, final: true, dirty: true, stored: true, restored: true,
	}
	w.h.live[r.ID] = e
	w.dirty = append(w.dirty, e)
}
