package usage

import (
	"context"

	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

var _ gateway.Ledger = (*History)(nil)

// EventChanged is the type of the event that says that the history holds others than those that were seen to run: requests
// were carried elsewhere, deleted or put back. It carries no data. Who deletes or puts back publishes it.
const EventChanged = "usage.changed"

// Enter keeps requests that were carried elsewhere and have ended, as far as they are not there. It waits until they are in
// the database.
func (h *History) Enter(ctx context.Context, ended []gateway.Ended) error {
	records := make([]*Record, len(ended))
	for i, e := range ended {
		records[i] = opened(e.Opening).settled(e.Settlement, h.opts.Pricer)
		records[i].DurationMs = nil
	}
	var added []*Record
	err := h.change(ctx, func(tx *store.Tx, roller *roller) (err error) {
		added, err = h.putNew(tx, roller, records, Ended)
		return err
	})
	if err != nil || len(added) == 0 {
		return err
	}
	h.tidyUp() // they may be of days that were summed up
	if h.opts.Settled != nil {
		for _, r := range added {
			h.opts.Settled(r)
		}
	}
	if h.opts.Broker != nil {
		h.opts.Broker.PublishEnd(EventChanged, struct{}{})
	}
	return nil
}
