// Package objects remembers which provider holds what was made through the gateway (files, batches, videos), so that a
// request about one finds its way. It holds the newest ones only, and nothing of what they contain.
//
// It must not know providers or protocols.
package objects

import (
	"fmt"
	"log/slog"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

// limit is how many objects are remembered; a hundred bytes each.
const limit = 20_000

// maxID bounds an id in bytes; an upstream makes them.
const maxID = 512

// kept is an object as it is stored.
type kept struct {
	Provider string    `json:"provider"`
	Model    string    `json:"model,omitempty"`
	KeyID    string    `json:"keyId,omitempty"`
	At       time.Time `json:"at"`
	Batch    string    `json:"batch,omitempty"`
	// Created is zero where it is At.
	Created time.Time `json:"created,omitzero"`
}

// Options are what a Book works with. All are needed.
type Options struct {
	Now    func() time.Time
	Logger *slog.Logger

	limit int // for tests; 0 is limit
}

// Book is safe for concurrent use. It implements gateway.Objects.
type Book struct {
	Options
	db *store.DB
	// byID holds the objects, byAge their ids under the order in which they came.
	byID  *store.Bucket[kept]
	byAge *store.Bucket[string]
}

var _ gateway.Objects = (*Book)(nil)

// Open opens the book that a database keeps.
func Open(db *store.DB, o Options) *Book {
	if o.limit == 0 {
		o.limit = limit
	}
	return &Book{
		Options: o, db: db, byID: store.NewBucket[kept](db, "objects"),
		byAge: store.NewBucket[string](db, "objects.order", store.AppendOnly()),
	}
}

// Remember keeps where objects are, and forgets the oldest ones over the limit. What is known of one already stays, but for
// a batch that was not known. Trouble with the disk is logged: the request that made them went well.
func (b *Book) Remember(ids []string, at gateway.Holding) {
	if b.known(ids, at) {
		return
	}
	err := b.db.Write(func(tx *store.Tx) error {
		byID, byAge := b.byID.In(tx), b.byAge.In(tx)
		next, err := number(byAge)
		if err != nil {
			return err
		}
		for _, id := range ids {
			old, known, err := byID.Get(id)
			switch {
			case err != nil:
				return err
			case known && old.Batch == "" && at.Batch != "":
				old.Batch, old.Created = at.Batch, at.Created
				if err := byID.Put(id, old); err != nil {
					return err
				}
				continue
			case known || !proper(id):
				continue
			}
			next++
			if err := byID.Put(id, kept{at.Provider, at.Model, at.KeyID, b.Now().UTC(), at.Batch, at.Created}); err != nil {
				return err
			}
			if err := byAge.Put(key(next), id); err != nil {
				return err
			}
		}
		return b.forget(byID, byAge, next)
	})
	if err != nil {
		b.Logger.Error("where new files, batches or videos are could not be kept; requests about them must name their provider",
			"error", err)
	}
}

func proper(id string) bool { return id != "" && len(id) <= maxID }

// known tells whether there is nothing new, as with most lists, which then cost no write.
func (b *Book) known(ids []string, at gateway.Holding) bool {
	for _, id := range ids {
		if h, ok := b.Find(id); proper(id) && (!ok || h.Batch == "" && at.Batch != "") {
			return false
		}
	}
	return true
}

// forget drops the oldest objects over the limit.
func (b *Book) forget(byID store.BucketTx[kept], byAge store.BucketTx[string], newest int64) error {
	var keys, ids []string
	err := byAge.Range("", store.Ascending, func(k, id string) (bool, error) {
		if k > key(newest-int64(b.limit)) {
			return false, nil
		}
		keys, ids = append(keys, k), append(ids, id)
		return true, nil
	})
	if err != nil {
		return err
	}
	for i, k := range keys {
		if err := byAge.Delete(k); err != nil {
			return err
		}
		if err := byID.Delete(ids[i]); err != nil {
			return err
		}
	}
	return nil
}

// number gives the newest object's number, 0 where there is none.
func number(byAge store.BucketTx[string]) (n int64, err error) {
	err = byAge.Range("", store.Descending, func(k, _ string) (bool, error) {
		_, err := fmt.Sscanf(k, "%d", &n)
		return false, err
	})
	return n, err
}

// key writes a number so that keys sort by it.
func key(n int64) string { return fmt.Sprintf("%019d", max(n, 0)) }

// Find gives where an object is.
func (b *Book) Find(id string) (gateway.Holding, bool) {
	if !proper(id) {
		return gateway.Holding{}, false
	}
	k, ok, err := b.byID.Get(id)
	if err != nil {
		b.Logger.Error("where a file, batch or video is could not be read", "error", err)
	}
	h := gateway.Holding{Provider: k.Provider, Model: k.Model, KeyID: k.KeyID, Batch: k.Batch, Created: k.Created}
	if h.Created.IsZero() {
		h.Created = k.At
	}
	return h, ok && err == nil
}
