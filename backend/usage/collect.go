package usage

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"gatehouse/backend/store"
)

// collector makes one report, of the roll-ups and records that a transaction sees (none, where there is no transaction) and of
// the records in live.
type collector struct {
	ctx  context.Context
	h    *History
	tx   *store.Tx
	q    ReportQuery
	live []*Record
	// chosen are the names of the groups that have times and cells, once there are more of them than are told of.
	chosen map[string]bool
	others int // groups that are not chosen

	known  map[uint32]*member
	groups map[string]*group
	parts  []*part
	before part
	into   []*sketches // of countNow, kept for its memory
}

// member is a series, and where it counts.
type member struct {
	series
	in     bool
	groups []*group
}

// part is what is summed up of a part of time.
type part struct {
	sums
	sketches
	// servers counts the requests that each model and provider took.
	servers map[server]int64
}

type server struct{ model, provider string }

// group is what is summed up of a group.
type group struct {
	name string
	sums
	sketches
	before sums
	cells  []ReportCell
}

var errManyGroups = errors.New("more groups than are told of")

func (c *collector) run() (*Report, error) {
	c.known, c.groups, c.before = map[uint32]*member{}, map[string]*group{}, part{sketches: wide()}
	cuts, err := c.q.cuts(c.q.From, c.q.To)
	if err != nil {
		return nil, err
	}
	c.parts = make([]*part, len(cuts))
	for i := range c.parts {
		c.parts[i] = &part{sketches: wide(), servers: map[server]int64{}}
	}
	if err := c.period(cuts, c.q.To, c.countNow); err != nil {
		return nil, err
	}
	if c.q.Compare {
		start := c.q.From.Add(-c.q.To.Sub(c.q.From))
		if err := c.period([]time.Time{start}, c.q.From, c.countBefore); err != nil {
			return nil, err
		}
	}
	if c.chosen == nil && len(c.groups) > c.q.Limit {
		return nil, errManyGroups
	}
	return c.report(cuts), nil
}

// amount is what is to be counted: the numbers, and the sketches as they are stored, or a record's.
type amount struct {
	sums
	raw    [3][]byte
	record *Record
}

func (a *amount) sketch(into []*sketches) error {
	if a.record == nil {
		return mergeRaw(a.raw, into...)
	}
	for _, s := range into {
		s.count(a.record)
	}
	return nil
}

type counter func(m *member, bucket int, a *amount) error

// period counts what happened from the first cut to an end; cuts are in order and say where buckets start.
func (c *collector) period(cuts []time.Time, end time.Time, count counter) error {
	start := cuts[0]
	if !start.Before(end) {
		return nil
	}
	split := map[uint32]bool{} // hours that are not all in one bucket
	for _, t := range append(slices.Clone(cuts), end) {
		if hour := hourOf(t); !startOf(hour).Equal(t) {
			split[hour] = true
		}
	}
	one := func(r *Record) error {
		if r.StartedAt.Before(start) || !r.StartedAt.Before(end) {
			return nil
		}
		return c.record(r, cuts, count)
	}
	for _, r := range c.live {
		if err := one(r); err != nil {
			return err
		}
	}
	if c.tx == nil {
		return nil
	}
	for hour := range split {
		var failed error
		err := c.h.eachOfHour(c.tx, hour, func(r *Record) bool {
			failed = one(r)
			return failed == nil
		})
		if err := errorOf(failed, err, c.ctx.Err()); err != nil {
			return err
		}
	}
	stretches, err := c.h.rollups.stretches(c.tx, hourOf(start), hourOf(end), cuts)
	for _, s := range stretches {
		for family := byte(plainRows); family <= labelRows && err == nil; family++ {
			if family == plainRows || c.q.labels() {
				err = c.rows(family, s, cuts, split, count)
			}
		}
	}
	return err
}

// yieldEvery is after how many rows, which is about half a millisecond, a report lets others run: left to itself it would keep
// requests that share its processor waiting for ten.
const yieldEvery = 128

// rows counts the whole hours, or days, of a stretch of a period.
func (c *collector) rows(family byte, s stretch, cuts []time.Time, split map[uint32]bool, count counter) error {
	first, end := keyOf(family, s.first, 0), keyOf(family, s.end, 0)
	rows := c.h.rollups.hours.In(c.tx)
	if s.days {
		rows = c.h.rollups.days.In(c.tx)
	}
	bucket, n := partOf(cuts, startOf(s.first)), 0
	at, skip := uint32(0), false
	a := &amount{}
	return rows.Range(string(first[:]), store.Ascending, func(key string, raw store.Raw) (bool, error) {
		k, err := parseKey(key)
		if err != nil || key >= string(end[:]) {
			return false, err
		}
		if n++; n%yieldEvery == 0 {
			runtime.Gosched()
			if c.ctx.Err() != nil {
				return false, c.ctx.Err()
			}
		}
		if hour := k.hour(); hour != at || n == 1 {
			at, skip = hour, split[hour]
			for t := startOf(hour); bucket+1 < len(cuts) && !t.Before(cuts[bucket+1]); {
				bucket++
			}
		}
		if skip {
			return true, nil
		}
		m, err := c.member(k.series())
		if err != nil || !m.in {
			return err == nil, err
		}
		a.sums = sums{}
		rest, err := parseSums(raw, &a.sums)
		if err == nil && c.q.Quantiles {
			a.raw, err = parseSketches(rest)
		}
		if err == nil {
			err = count(m, bucket, a)
		}
		return err == nil, err
	})
}

// record counts one record.
func (c *collector) record(r *Record, cuts []time.Time, count counter) error {
	plain, labels := seriesOf(r)
	s := &plain
	if labels != nil && c.q.labels() {
		s = labels
	}
	m := &member{series: *s}
	if err := c.place(m); err != nil || !m.in {
		return err
	}
	a := amount{record: r}
	a.sums.count(r)
	return count(m, partOf(cuts, r.StartedAt), &a)
}

// partOf tells which of the parts that begin at cuts a moment is in.
func partOf(cuts []time.Time, at time.Time) int {
	i, exact := slices.BinarySearchFunc(cuts, at, time.Time.Compare)
	if !exact {
		i--
	}
	return max(i, 0)
}

// member gives a series by its number.
func (c *collector) member(id uint32) (*member, error) {
	if m := c.known[id]; m != nil {
		return m, nil
	}
	key := keyOf(0, 0, id)
	raw, found, err := c.h.rollups.names.In(c.tx).Get(string(key[5:]))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errSeries
	}
	m := &member{}
	if m.series, err = parseSeries(raw); err != nil {
		return nil, err
	}
	c.known[id] = m
	return m, c.place(m)
}

// place says where a series counts.
func (c *collector) place(m *member) error {
	// What has labels is counted there, where those are asked for.
	if m.labelled && m.labels != c.q.labels() {
		return nil
	}
	m.in = c.q.Filter.matches(&m.series)
	if !m.in {
		return nil
	}
	for _, name := range c.q.names(&m.series) {
		if c.chosen != nil && !c.chosen[name] {
			name = restName
		}
		g := c.groups[name]
		if g == nil {
			g = &group{name: name, sketches: wide()}
			c.groups[name] = g
		}
		m.groups = append(m.groups, g)
	}
	return nil
}

// restName can't be the name of a group: names are text.
const restName = "\xff"

func (c *collector) detailed() bool { return c.chosen != nil || len(c.groups) <= c.q.Limit }

func (c *collector) countNow(m *member, bucket int, a *amount) error {
	p := c.parts[bucket]
	p.add(&a.sums)
	p.servers[server{m.model, m.provider}] += a.sums[sumRequests]
	c.into = append(c.into[:0], &p.sketches)
	for _, g := range m.groups {
		g.add(&a.sums)
		if !c.detailed() {
			continue // it is done again with the groups that are told of
		}
		c.into = append(c.into, &g.sketches)
		if c.q.Bucket == NoBuckets {
			continue
		}
		if g.cells == nil {
			g.cells = make([]ReportCell, len(c.parts))
		}
		g.cells[bucket].add(&a.sums)
	}
	if !c.q.Quantiles {
		return nil
	}
	return a.sketch(c.into)
}

func (c *ReportCell) add(s *sums) {
	c.Requests += s[sumRequests]
	c.Errors += s[sumErrors]
	c.CostPicoUSD += s[sumCost]
	c.Tokens += s[sumInput] + s[sumCacheRead] + s[sumCacheWrite5m] + s[sumCacheWrite1h] + s[sumOutput]
}

func (c *collector) countBefore(m *member, _ int, a *amount) error {
	c.before.add(&a.sums)
	for _, g := range m.groups {
		g.before.add(&a.sums)
	}
	if !c.q.Quantiles {
		return nil
	}
	return a.sketch([]*sketches{&c.before.sketches})
}
