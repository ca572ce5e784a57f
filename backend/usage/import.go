package usage

import (
	"context"
	"encoding/json"

	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

// importStep is how many records are put back in one transaction.
const importStep = 1000

// Import puts back the records of another database, such as a backup, that this one lacks, and tells how many. What is there
// already stays as it is. Requests that ran when the other one was written are interrupted ones.
func (h *History) Import(ctx context.Context, from *store.DB) (added int64, err error) {
	defer h.tidyUp()
	theirs := store.NewBucket[store.Raw](from, "usage")
	for last, more := "", true; more; {
		var batch []*Record
		read := 0
		err := theirs.Range(last, store.Ascending, func(id string, raw store.Raw) (bool, error) {
			if id == last {
				return true, nil // where the step before ended
			}
			if read++; read > importStep {
				return false, nil
			}
			last = id
			r := &Record{}
			if err := json.Unmarshal(raw, r); err != nil || r.ID != id || !validID(id) {
				h.opts.Logger.Warn("a record of the other database can't be read", "id", id, "error", err)
				return true, nil
			}
			if r.Outcome == gateway.Open {
				r = r.interrupted()
			}
			batch = append(batch, r)
			return true, nil
		})
		more = read > importStep
		if err == nil && len(batch) > 0 {
			var put []*Record
			err = h.change(ctx, func(tx *store.Tx, roller *roller) (err error) {
				put, err = h.putNew(tx, roller, batch, PutBack)
				return err
			})
			if err == nil {
				added += int64(len(put))
			}
		}
		if err != nil {
			return added, err
		}
	}
	return added, nil
}

// putNew stores those of the records that are not there, counts them, and gives them.
func (h *History) putNew(tx *store.Tx, roller *roller, batch []*Record, kind ChangeKind) (added []*Record, err error) {
	records := h.records.In(tx)
	var changes []Change
	for _, r := range batch {
		_, there, err := records.Get(r.ID)
		if err != nil {
			return nil, err
		}
		if there || h.running(r.ID) {
			continue
		}
		raw, err := appendRecord(nil, r)
		if err == nil {
			err = errorOf(records.Put(r.ID, raw), h.noteBroken(tx, r), roller.add(tx, r))
		}
		if err != nil {
			return nil, err
		}
		added, changes = append(added, r), append(changes, Change{Kind: kind, Record: r})
	}
	return added, errorOf(roller.flush(tx), h.changed(tx, changes))
}

// running tells whether a record is on its way into the database.
func (h *History) running(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.live[id] != nil
}
