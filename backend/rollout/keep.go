package rollout

import (
	"context"
	"encoding/json"
	"time"

	"gatehouse/backend/store"
)

// keepEvery is how often what was counted is written, and steps that fell due are told. Requests since are lost to the
// comparison when the program is killed; the history still has them.
const keepEvery = 10 * time.Second

// keep writes until ctx ends.
func (k *Keeper) keep(ctx context.Context) {
	defer close(k.done)
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			k.flush()
			return
		case <-tick.C:
			if k.stepped() {
				k.Broker.PublishEnd(EventType, struct{}{})
			}
		case <-k.wake:
		}
		k.flush()
	}
}

// stepped logs the rollouts whose share changed by itself, and tells whether there are any.
func (k *Keeper) stepped() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, found := k.Now(), false
	for _, spec := range k.specs {
		r := k.all[spec.ID]
		share := r.share(now)
		if r.Stop == nil && r.told != share {
			k.Logger.Info("a rollout's share is another now", "rollout", spec.ID, "model", r.To, "percent", percent(int64(share)))
			r.told, found = share, true
		}
	}
	return found
}

// changed tells that a share or a state changed, and has it written soon.
func (k *Keeper) changed() {
	k.stepped()
	select {
	case k.wake <- struct{}{}:
	default:
	}
	k.Broker.PublishEnd(EventType, struct{}{})
}

// flush writes what changed.
func (k *Keeper) flush() {
	k.writing.Lock()
	defer k.writing.Unlock()
	k.mu.Lock()
	changes := map[string]store.Raw{}
	for id := range k.dirty {
		changes[id] = nil
		if r := k.all[id]; r != nil {
			text, err := json.Marshal(r)
			if err != nil {
				k.Logger.Error("a rollout can't be written", "rollout", id, "error", err)
				delete(changes, id)
				continue
			}
			changes[id] = text
		}
	}
	clear(k.dirty)
	k.mu.Unlock()
	if len(changes) == 0 {
		return
	}
	raw := store.NewBucket[store.Raw](k.DB, bucketName)
	err := k.DB.Write(func(tx *store.Tx) error {
		for id, text := range changes {
			var err error
			if text == nil {
				err = raw.In(tx).Delete(id)
			} else {
				err = raw.In(tx).Put(id, text)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil { // what is in memory holds all the same, and the next change writes it
		k.mu.Lock()
		for id := range changes {
			k.dirty[id] = true
		}
		k.mu.Unlock()
		k.Logger.Warn("how rollouts stand can't be kept for the next start", "error", err)
	}
}

// Close writes what is not written yet.
func (k *Keeper) Close() {
	k.cancel()
	<-k.done
}
