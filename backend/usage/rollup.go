package usage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gatehouse/backend/store"
)

// Roll-ups are kept in three buckets. "usage.series" has the number of each series under its key, "usage.series.names" the
// other way round, and "usage.hours" a row for each hour of UTC and series: the key is a byte that tells plain from
// labels, the hour since 1970 and the series' number, four bytes each, big endian. The sums of whole days are beside them: see
// days.go.

// How many series an hour may have, apart for plain ones and labels: up to the first limit all are told apart, up to the
// second all but clients, users and tags, from then on all but models, too.
const (
	fineLimit   = 512
	coarseLimit = 2 * fineLimit
)

// cachedRows bounds the rows that stay decoded between commits.
const cachedRows = 2048

const (
	plainRows = 0
	labelRows = 1
)

type rowKey [9]byte

func keyOf(family byte, hour, id uint32) (k rowKey) {
	k[0] = family
	binary.BigEndian.PutUint32(k[1:], hour)
	binary.BigEndian.PutUint32(k[5:], id)
	return k
}

func (k rowKey) hour() uint32   { return binary.BigEndian.Uint32(k[1:]) }
func (k rowKey) series() uint32 { return binary.BigEndian.Uint32(k[5:]) }

// parseKey reads a row's key.
func parseKey(key string) (k rowKey, err error) {
	if len(key) != len(k) {
		return k, errRow
	}
	copy(k[:], key)
	return k, nil
}

// hourOf is the hour since 1970 that a time is in.
func hourOf(t time.Time) uint32 {
	return uint32(min(max(t.Unix(), 0)/3600, 1<<32-2)) //nolint:gosec // bounded
}

// startOf is when an hour starts.
func startOf(hour uint32) time.Time { return time.Unix(int64(hour)*3600, 0) }

// rollups are the buckets of the roll-ups.
type rollups struct {
	series, names, hours, days, built *store.Bucket[store.Raw]
}

func newRollups(db *store.DB) rollups {
	return rollups{
		series: store.NewBucket[store.Raw](db, "usage.series"),
		names:  store.NewBucket[store.Raw](db, "usage.series.names", store.AppendOnly()),
		hours:  store.NewBucket[store.Raw](db, "usage.hours"),
		days:   store.NewBucket[store.Raw](db, "usage.days", store.AppendOnly()),
		built:  store.NewBucket[store.Raw](db, "usage.days.built"),
	}
}

// roller puts records into the roll-ups, within the transactions that store them. It is the committer's own.
type roller struct {
	rollups
	rows   map[rowKey]*row
	dirty  map[rowKey]bool
	counts map[[5]byte]int   // rows of an hour, by the start of their keys
	ids    map[string]uint32 // numbers of series
	last   uint32            // highest number of a series, 0 where it is not known yet
}

func newRoller(r rollups) *roller {
	ro := &roller{rollups: r}
	ro.forget()
	return ro
}

// forget drops what is kept of the stored rows, as after a transaction that failed.
func (ro *roller) forget() {
	ro.rows, ro.dirty = map[rowKey]*row{}, map[rowKey]bool{}
	ro.counts, ro.ids, ro.last = map[[5]byte]int{}, map[string]uint32{}, 0
}

// add counts a record that ended. Nothing is stored before flush.
func (ro *roller) add(tx *store.Tx, r *Record) error {
	plain, labels := seriesOf(r)
	hour := hourOf(r.StartedAt)
	if err := ro.count(tx, hour, plainRows, plain, r); err != nil || labels == nil {
		return err
	}
	return ro.count(tx, hour, labelRows, *labels, r)
}

func (ro *roller) count(tx *store.Tx, hour uint32, family byte, s series, r *Record) error {
	for level := 0; ; level++ {
		if level > 0 {
			s = s.coarser(level)
		}
		row, err := ro.row(tx, hour, family, &s, level)
		if err != nil {
			return err
		}
		if row != nil {
			row.count(r)
			return nil
		}
	}
}

// row gives the row of an hour and series, to be changed; nil where there is none and the hour has no room for it.
func (ro *roller) row(tx *store.Tx, hour uint32, family byte, s *series, level int) (*row, error) {
	n, err := ro.countOf(tx, family, hour)
	if err != nil {
		return nil, err
	}
	full := level == 0 && n >= fineLimit || level == 1 && n >= coarseLimit
	name := string(s.append(nil))
	id, known, err := ro.id(tx, name)
	if err != nil || !known && full {
		return nil, err
	}
	if !known {
		if id, err = ro.newID(tx, name); err != nil {
			return nil, err
		}
	}
	key := keyOf(family, hour, id)
	got := ro.rows[key]
	if got == nil {
		raw, stored, err := ro.hours.In(tx).Get(string(key[:]))
		switch {
		case err != nil:
			return nil, err
		case stored:
			if got, err = parseRow(raw); err != nil {
				return nil, fmt.Errorf("the roll-up of %s: %w", startOf(hour).UTC().Format(time.RFC3339), err)
			}
		case full:
			return nil, nil
		default:
			got = &row{}
			ro.counts[[5]byte(key[:5])]++
		}
		ro.rows[key] = got
	}
	ro.dirty[key] = true
	return got, nil
}

// countOf tells how many rows an hour has.
func (ro *roller) countOf(tx *store.Tx, family byte, hour uint32) (int, error) {
	first := keyOf(family, hour, 0)
	prefix := [5]byte(first[:5])
	n, known := ro.counts[prefix]
	if known {
		return n, nil
	}
	err := ro.hours.In(tx).Range(string(first[:]), store.Ascending, func(key string, _ store.Raw) (bool, error) {
		if key[:5] != string(prefix[:]) {
			return false, nil
		}
		n++
		return true, nil
	})
	ro.counts[prefix] = n
	return n, err
}

func (ro *roller) id(tx *store.Tx, name string) (id uint32, known bool, err error) {
	if id, known = ro.ids[name]; known {
		return id, true, nil
	}
	raw, known, err := ro.series.In(tx).Get(name)
	if err != nil || !known {
		return 0, false, err
	}
	if len(raw) != 4 {
		return 0, false, errSeries
	}
	id = binary.BigEndian.Uint32(raw)
	ro.ids[name] = id
	return id, true, nil
}

func (ro *roller) newID(tx *store.Tx, name string) (uint32, error) {
	if ro.last == 0 {
		err := ro.names.In(tx).Range("", store.Descending, func(key string, _ store.Raw) (bool, error) {
			if len(key) != 4 {
				return false, errSeries
			}
			ro.last = binary.BigEndian.Uint32([]byte(key))
			return false, nil
		})
		if err != nil {
			return 0, err
		}
	}
	ro.last++
	raw := binary.BigEndian.AppendUint32(nil, ro.last)
	ro.ids[name] = ro.last
	return ro.last, errors.Join(ro.series.In(tx).Put(name, raw), ro.names.In(tx).Put(string(raw), store.Raw(name)))
}

// flush stores what add counted. It must be in the same transaction.
func (ro *roller) flush(tx *store.Tx) error {
	hours := ro.hours.In(tx)
	changed := map[uint32]bool{}
	for key := range ro.dirty {
		if err := hours.Put(string(key[:]), ro.rows[key].append(nil)); err != nil {
			return err
		}
		changed[key.hour()] = true
	}
	for hour := range changed {
		if err := ro.dropDay(tx, hour); err != nil {
			return err
		}
	}
	clear(ro.dirty)
	if len(ro.rows) > cachedRows || len(ro.ids) > 4*cachedRows || len(ro.counts) > cachedRows {
		ro.forget()
	}
	return nil
}

// dropHour removes an hour's rows, so that it can be counted anew. What add counted must be flushed before.
func (ro *roller) dropHour(tx *store.Tx, hour uint32) error {
	ro.forget()
	for family := byte(plainRows); family <= labelRows; family++ {
		if err := dropBetween(ro.hours.In(tx), keyOf(family, hour, 0), keyOf(family, hour+1, 0)); err != nil {
			return err
		}
	}
	return ro.dropDay(tx, hour)
}

// dropBetween removes the rows from first on and before end.
func dropBetween(rows store.BucketTx[store.Raw], first, end rowKey) error {
	var keys []string
	err := rows.Range(string(first[:]), store.Ascending, func(key string, _ store.Raw) (bool, error) {
		if key >= string(end[:]) {
			return false, nil
		}
		keys = append(keys, key)
		return true, nil
	})
	for _, key := range keys {
		if err == nil {
			err = rows.Delete(key)
		}
	}
	return err
}

// dropUnused forgets the series that no row is of any more.
func (ro *roller) dropUnused(tx *store.Tx) error {
	ro.forget()
	used := map[string]bool{}
	err := ro.hours.In(tx).Range("", store.Ascending, func(key string, _ store.Raw) (bool, error) {
		if len(key) == len(rowKey{}) {
			used[key[5:]] = true
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	names, series := ro.names.In(tx), ro.series.In(tx)
	unused := map[string]string{}
	err = names.Range("", store.Ascending, func(id string, name store.Raw) (bool, error) {
		if !used[id] {
			unused[id] = string(name)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	for id, name := range unused {
		if err := errorOf(names.Delete(id), series.Delete(name)); err != nil {
			return err
		}
	}
	return nil
}
