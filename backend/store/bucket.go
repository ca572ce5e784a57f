package store

import (
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"
)

// Raw is a value that is kept as it is, without encoding. What Range gives is of use only until its callback returns.
type Raw []byte

// Order is the direction of a Range.
type Order bool

// The orders, by key.
const (
	Ascending  Order = false
	Descending Order = true
)

// Bucket is a named set of values of one type under string keys, which sort by their bytes. Its own methods are
// transactions of one step; In gives the same steps within a larger one.
type Bucket[T any] struct {
	db   *DB
	name string
	fill float64
}

// BucketOption changes how a bucket is kept.
type BucketOption func(fill *float64)

// AppendOnly fills pages nearly to the brim, for keys that only grow and are rarely changed. (bbolt fills half, which
// leaves room for keys in between.)
func AppendOnly() BucketOption { return func(fill *float64) { *fill = 0.95 } }

// NewBucket names a bucket. It is made by its first Put; until then it is empty.
func NewBucket[T any](db *DB, name string, opts ...BucketOption) *Bucket[T] {
	b := &Bucket[T]{db: db, name: name, fill: bbolt.DefaultFillPercent}
	for _, opt := range opts {
		opt(&b.fill)
	}
	return b
}

// Get gives the value of a key and whether there is one.
func (b *Bucket[T]) Get(key string) (value T, ok bool, err error) {
	err = b.db.Read(func(tx *Tx) (err error) {
		value, ok, err = b.In(tx).Get(key)
		return err
	})
	return value, ok, err
}

// Put stores a value.
func (b *Bucket[T]) Put(key string, value T) error {
	return b.db.Write(func(tx *Tx) error { return b.In(tx).Put(key, value) })
}

// Delete removes a key, if it is there.
func (b *Bucket[T]) Delete(key string) error {
	return b.db.Write(func(tx *Tx) error { return b.In(tx).Delete(key) })
}

// Update lets fn change the value of a key, or its zero value where there is none. An error of fn changes nothing.
func (b *Bucket[T]) Update(key string, fn func(value *T, exists bool) error) error {
	return b.db.Write(func(tx *Tx) error { return b.In(tx).Update(key, fn) })
}

// Range walks the values from a key on (itself included; an empty one means from the end where the walk starts) until fn
// says to stop or fails. fn must not write to the database.
func (b *Bucket[T]) Range(from string, order Order, fn func(key string, value T) (more bool, err error)) error {
	return b.db.Read(func(tx *Tx) error { return b.In(tx).Range(from, order, fn) })
}

// ForEach walks all values in order of key.
func (b *Bucket[T]) ForEach(fn func(key string, value T) error) error {
	return b.db.Read(func(tx *Tx) error { return b.In(tx).ForEach(fn) })
}

// In gives the bucket's steps within a transaction.
func (b *Bucket[T]) In(tx *Tx) BucketTx[T] { return BucketTx[T]{b, tx} }

// BucketTx is a bucket within one transaction.
type BucketTx[T any] struct {
	bucket *Bucket[T]
	tx     *Tx
}

// bolt is nil until the first put.
func (b BucketTx[T]) bolt() *bbolt.Bucket { return b.tx.bolt.Bucket([]byte(b.bucket.name)) }

// Get is Bucket.Get.
func (b BucketTx[T]) Get(key string) (value T, ok bool, err error) {
	bolt := b.bolt()
	if bolt == nil {
		return value, false, nil
	}
	data := bolt.Get([]byte(key))
	if data == nil {
		return value, false, nil
	}
	if raw, isRaw := any(&value).(*Raw); isRaw {
		*raw = append(Raw{}, data...)
		return value, true, nil
	}
	if err := json.Unmarshal(data, &value); err != nil {
		return value, false, b.wrap("read", key, err)
	}
	return value, true, nil
}

// Put is Bucket.Put.
func (b BucketTx[T]) Put(key string, value T) error {
	data, isRaw := any(value).(Raw)
	if !isRaw {
		var err error
		if data, err = json.Marshal(value); err != nil {
			return b.wrap("put", key, err)
		}
	}
	bolt := b.bolt()
	if bolt == nil {
		var err error
		if bolt, err = b.tx.bolt.CreateBucketIfNotExists([]byte(b.bucket.name)); err != nil {
			return b.wrap("put", key, err)
		}
	}
	bolt.FillPercent = b.bucket.fill
	if err := bolt.Put([]byte(key), data); err != nil {
		return b.wrap("put", key, err)
	}
	return nil
}

// Delete is Bucket.Delete.
func (b BucketTx[T]) Delete(key string) error {
	bolt := b.bolt()
	if bolt == nil {
		return nil
	}
	if err := bolt.Delete([]byte(key)); err != nil {
		return b.wrap("delete", key, err)
	}
	return nil
}

// Clear removes all keys.
func (b BucketTx[T]) Clear() error {
	if b.bolt() == nil {
		return nil
	}
	if err := b.tx.bolt.DeleteBucket([]byte(b.bucket.name)); err != nil {
		return b.wrap("clear", "", err)
	}
	return nil
}

// Update is Bucket.Update.
func (b BucketTx[T]) Update(key string, fn func(value *T, exists bool) error) error {
	value, ok, err := b.Get(key)
	if err != nil {
		return err
	}
	if err := fn(&value, ok); err != nil {
		return err
	}
	return b.Put(key, value)
}

// Range is Bucket.Range.
func (b BucketTx[T]) Range(from string, order Order, fn func(key string, value T) (more bool, err error)) error {
	bolt := b.bolt()
	if bolt == nil {
		return nil
	}
	k, v, step := start(bolt.Cursor(), from, order)
	for ; k != nil; k, v = step() {
		if v == nil {
			continue // a bucket within the bucket: not ours
		}
		var value T
		if raw, isRaw := any(&value).(*Raw); isRaw {
			*raw = v
		} else if err := json.Unmarshal(v, &value); err != nil {
			return b.wrap("read", string(k), err)
		}
		if more, err := fn(string(k), value); err != nil || !more {
			return err
		}
	}
	return nil
}

// ForEach is Bucket.ForEach.
func (b BucketTx[T]) ForEach(fn func(key string, value T) error) error {
	return b.Range("", Ascending, func(key string, value T) (bool, error) { return true, fn(key, value) })
}

func start(c *bbolt.Cursor, from string, order Order) (k, v []byte, step func() ([]byte, []byte)) {
	if order == Ascending {
		if from == "" {
			k, v = c.First()
		} else {
			k, v = c.Seek([]byte(from))
		}
		return k, v, c.Next
	}
	if from == "" {
		k, v = c.Last()
		return k, v, c.Prev
	}
	switch k, v = c.Seek([]byte(from)); {
	case k == nil:
		k, v = c.Last()
	case string(k) != from:
		k, v = c.Prev()
	}
	return k, v, c.Prev
}

func (b BucketTx[T]) wrap(what, key string, err error) error {
	return explain(fmt.Sprintf("%s, bucket %s: can't %s %q", b.tx.db.path, b.bucket.name, what, key), err)
}
