package usage

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"gatehouse/backend/store"
)

// Days sum up hours once more, so that a report over a year reads a few thousand rows and not some hundred thousand. Two
// buckets hold them: "usage.days" has a row for each day and series, under the key of such a row of the day's first hour, and
// "usage.days.built" tells which days are there: the first hour, and the one after the last, four bytes each, big endian.
//
// A day that is there holds: whatever changes one of its hours drops it in the same transaction, and it is made again later,
// in the background. So reports take days where they lie within what is asked for and hours everywhere else, and are the same
// by either. Days are those of the machine's zone, as nearly all reports ask for them; of another zone, days that were made
// before stay right, as each tells its own hours.

// settleTime is how long after its end a day is summed up: requests that ran over midnight count in the day they began.
const settleTime = time.Hour

// day is a row of hours, without the one at end.
type day struct{ first, end uint32 }

// dayOf gives the whole hours of the day that an hour is in; ok is false for an hour that is of two days, as there are in
// zones that are not whole hours from UTC.
func dayOf(hour uint32, zone *time.Location) (d day, ok bool) {
	y, m, date := startOf(hour).In(zone).Date()
	const almost = time.Hour - time.Nanosecond
	d.first = hourOf(time.Date(y, m, date, 0, 0, 0, 0, zone).Add(almost))
	d.end = hourOf(time.Date(y, m, date+1, 0, 0, 0, 0, zone))
	return d, d.first <= hour && hour < d.end
}

func hourKey(hour uint32) string { return string(binary.BigEndian.AppendUint32(nil, hour)) }

// parseDay reads what "usage.days.built" has.
func parseDay(key string, raw store.Raw) (d day, err error) {
	if len(key) != 4 || len(raw) != 4 {
		return d, errRow
	}
	return day{binary.BigEndian.Uint32([]byte(key)), binary.BigEndian.Uint32(raw)}, nil
}

// dropDay removes the day that an hour is in, if it is there.
func (r *rollups) dropDay(tx *store.Tx, hour uint32) error {
	var d day
	err := r.built.In(tx).Range(hourKey(hour), store.Descending, func(key string, raw store.Raw) (_ bool, err error) {
		d, err = parseDay(key, raw)
		return false, err
	})
	if err != nil || hour >= d.end {
		return err
	}
	for family := byte(plainRows); family <= labelRows; family++ {
		if err := dropBetween(r.days.In(tx), keyOf(family, d.first, 0), keyOf(family, d.first+1, 0)); err != nil {
			return err
		}
	}
	return r.built.In(tx).Delete(hourKey(d.first))
}

// clearDays removes all days.
func (r *rollups) clearDays(tx *store.Tx) error {
	return errorOf(r.days.In(tx).Clear(), r.built.In(tx).Clear())
}

// buildDays sums up the days that ended before a moment and are not there, each in a transaction of its own: what is done is
// done where it is broken off.
func (h *History) buildDays(ctx context.Context, zone *time.Location, until time.Time) (built int, err error) {
	var days []day
	err = h.db.Read(func(tx *store.Tx) (err error) {
		days, err = h.rollups.missing(tx, zone, until)
		return err
	})
	for _, d := range days {
		if err == nil {
			err = h.change(ctx, func(tx *store.Tx, _ *roller) error { return h.rollups.buildDay(tx, d) })
		}
		if err != nil {
			return built, err
		}
		built++
	}
	return built, err
}

// missing gives the days with requests that ended before a moment and are not there, in order.
func (r *rollups) missing(tx *store.Tx, zone *time.Location, until time.Time) (out []day, err error) {
	there := map[day]bool{}
	err = r.built.In(tx).ForEach(func(key string, raw store.Raw) error {
		d, err := parseDay(key, raw)
		there[d] = true
		return err
	})
	for from, more := uint32(0), true; more && err == nil; {
		more = false
		first := keyOf(plainRows, from, 0)
		err = r.hours.In(tx).Range(string(first[:]), store.Ascending, func(key string, _ store.Raw) (bool, error) {
			k, err := parseKey(key)
			if err != nil || k[0] != plainRows {
				return false, err
			}
			d, ok := dayOf(k.hour(), zone)
			if !ok {
				from, more = k.hour()+1, true
				return false, nil
			}
			if startOf(d.end).After(until) {
				return false, nil
			}
			if !there[d] {
				out = append(out, d)
			}
			from, more = d.end, true
			return false, nil
		})
	}
	return out, err
}

// buildDay sums up a day's hours, where there are any: they may have been deleted since it was found to be missing. Days of
// another zone that share hours with it go.
func (r *rollups) buildDay(tx *store.Tx, d day) error {
	for hour := d.first; hour < d.end; hour++ {
		if err := r.dropDay(tx, hour); err != nil {
			return err
		}
	}
	empty := true
	for family := byte(plainRows); family <= labelRows; family++ {
		rows, err := r.sumUp(tx, family, d)
		if err != nil {
			return err
		}
		empty = empty && len(rows) == 0
		for _, series := range slices.Sorted(maps.Keys(rows)) {
			key := keyOf(family, d.first, series)
			if err := r.days.In(tx).Put(string(key[:]), rows[series].append(nil)); err != nil {
				return err
			}
		}
	}
	if empty {
		return nil
	}
	return r.built.In(tx).Put(hourKey(d.first), binary.BigEndian.AppendUint32(nil, d.end))
}

// sumUp gives the sums of a day's hours by the numbers of their series.
func (r *rollups) sumUp(tx *store.Tx, family byte, d day) (map[uint32]*row, error) {
	rows := map[uint32]*row{}
	first, end := keyOf(family, d.first, 0), keyOf(family, d.end, 0)
	return rows, r.hours.In(tx).Range(string(first[:]), store.Ascending, func(key string, raw store.Raw) (bool, error) {
		k, err := parseKey(key)
		if err != nil || key >= string(end[:]) {
			return false, err
		}
		of := rows[k.series()]
		if of == nil {
			of = &row{}
			rows[k.series()] = of
		}
		rest, err := parseSums(raw, &of.sums)
		if err != nil {
			return false, err
		}
		numbers, err := parseSketches(rest)
		if err == nil {
			err = mergeRaw(numbers, &of.sketches)
		}
		return err == nil, err
	})
}

// stretch is a row of hours that are read from one bucket.
type stretch struct {
	day
	days bool
}

// stretches divides the hours from one to another, without the last, into days that are there and lie within one of the parts
// that begin at cuts, and the hours between them.
func (r *rollups) stretches(tx *store.Tx, first, last uint32, cuts []time.Time) (out []stretch, err error) {
	at, part := first, 0
	err = r.built.In(tx).Range(hourKey(first), store.Ascending, func(key string, raw store.Raw) (bool, error) {
		d, err := parseDay(key, raw)
		if err != nil || d.end > last {
			return false, err
		}
		start := startOf(d.first)
		for part+1 < len(cuts) && !start.Before(cuts[part+1]) {
			part++
		}
		if start.Before(cuts[part]) || part+1 < len(cuts) && startOf(d.end).After(cuts[part+1]) {
			return true, nil
		}
		if at < d.first {
			out = append(out, stretch{day{at, d.first}, false})
		}
		if n := len(out) - 1; n >= 0 && out[n].days && out[n].end == d.first {
			out[n].end = d.end
		} else {
			out = append(out, stretch{d, true})
		}
		at = d.end
		return true, nil
	})
	if at < last {
		out = append(out, stretch{day{at, last}, false})
	}
	return out, err
}
