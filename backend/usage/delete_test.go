package usage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/store"
)

// checkReports holds reports to the records that are there.
func checkReports(t *testing.T, b *bench) (records []Record) {
	t.Helper()
	for next := ""; ; {
		page, more, err := b.List(t.Context(), Query{Limit: maxLimit, Before: next})
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, page...)
		if next = more; next == "" {
			break
		}
	}
	for _, q := range []ReportQuery{
		{By: ByModel, Quantiles: true},
		{By: ByProject, Bucket: Hourly, Zone: time.UTC},
		{By: ByUser, Filter: Filter{Projects: []string{"q"}}},
		{By: ByTag, From: day0.Add(3*time.Hour + 7*time.Minute), To: day0.Add(11*time.Hour + time.Second)},
	} {
		report, err := b.Report(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		totals, groups, exact := naive(records, q)
		what := fmt.Sprintf("%+v", q)
		sameFigures(t, what, report.Totals, totals)
		if q.Quantiles {
			checkQuantiles(t, what, report.Totals, exact)
		}
		for _, g := range report.Groups {
			sameFigures(t, what+" group "+g.Name, g.Figures, groups[g.Name])
			delete(groups, g.Name)
		}
		if len(groups) > 0 {
			t.Errorf("%s lacks %v", what, groups)
		}
	}
	return records
}

func TestDelete(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	b := start(t, t.TempDir())
	for range 1000 {
		randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(20*time.Hour)))))
	}
	b.stored(t)
	q, none := "q", ""
	for _, d := range []Deletion{
		{Project: &q, From: day0.Add(90 * time.Minute), To: day0.Add(5*time.Hour + 30*time.Minute)},
		{From: day0.Add(7 * time.Hour), To: day0.Add(8*time.Hour + 20*time.Minute)},
		{To: day0.Add(40 * time.Minute)},
		{Project: &none},
		{From: day0.Add(19 * time.Hour)},
		{Project: &q},
	} {
		before := checkReports(t, b)
		want := int64(0)
		for _, r := range before {
			if d.matches(&r) {
				want++
			}
		}
		got, err := b.Delete(t.Context(), d)
		if err != nil || got != want || want == 0 {
			t.Fatalf("%+v: %d deleted of %d, %v", d, got, want, err)
		}
		for _, r := range checkReports(t, b) {
			if d.matches(&r) {
				t.Fatalf("%+v left %s", d, r.ID)
			}
		}
	}
	if _, err := b.Delete(t.Context(), Deletion{}); err == nil {
		t.Error("everything is deleted for nothing")
	}
	if _, err := b.Delete(t.Context(), Deletion{From: day0.Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, bucket := range []*store.Bucket[store.Raw]{b.rollups.series, b.rollups.names, b.rollups.hours, b.rollups.days, b.rollups.built} {
		if err := bucket.ForEach(func(string, store.Raw) error { left++; return nil }); err != nil || left > 0 {
			t.Errorf("%d rows are left, %v", left, err)
		}
	}
}

// What ended just now is deleted, too, though it was not in the database yet; and who keeps something else of the requests is
// told.
func TestDeleteAtOnce(t *testing.T) {
	t.Parallel()
	var told []Deletion
	b := start(t, t.TempDir())
	b.opts.Deleted = func(d Deletion) { told = append(told, d) }
	for n := range 3 {
		entry := b.Begin(opening(day0.Add(time.Duration(n)*time.Hour), "sim/echo"))
		entry.Settle(settlement("sim/echo"))
		d := Deletion{From: day0}
		if got, err := b.Delete(t.Context(), d); err != nil || got != 1 || len(told) != n+1 || told[n] != d {
			t.Fatalf("%d: %d deleted, %v; told %v", n, got, err, told)
		}
	}
	if got, err := b.Delete(t.Context(), Deletion{From: day0}); got != 0 || err != nil {
		t.Errorf("%d deleted, %v", got, err)
	}
}

// Requests are kept while others are deleted, and nothing is counted twice or lost.
func TestDeleteWhileServing(t *testing.T) {
	t.Parallel()
	b := start(t, t.TempDir())
	r := rand.New(rand.NewPCG(13, 14))
	for range 2000 {
		randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(10*time.Hour)))))
	}
	b.stored(t)
	var all sync.WaitGroup
	all.Go(func() {
		r := rand.New(rand.NewPCG(15, 16))
		for range 3000 {
			randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(10*time.Hour)))))
		}
	})
	q := "q"
	for i := range 8 {
		d := Deletion{From: day0.Add(time.Duration(i) * time.Hour), To: day0.Add(time.Duration(i)*time.Hour + 30*time.Minute)}
		if i%2 == 0 {
			d.Project = &q
		}
		if _, err := b.Delete(t.Context(), d); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	b.stored(t)
	checkReports(t, b)
}

func TestPrune(t *testing.T) {
	defer goleak.VerifyNone(t)
	db, err := store.Open(filepath.Join(t.TempDir(), "gatehouse.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	keep := Keep{}
	h, err := Open(db, Options{
		Now: func() time.Time { return day0.Add(20 * time.Hour) }, Pricer: prices{}, Keep: func() Keep {
			mu.Lock()
			defer mu.Unlock()
			return keep
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{History: h, db: db, committed: make(chan struct{}, 1)}
	h.opts.committed = nil
	for i := range 20 {
		for range 100 {
			h.Begin(opening(day0.Add(time.Duration(i)*time.Hour+time.Second), "x")).Settle(settlement("x"))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		for len(h.liveRecords()) > 0 && ctx.Err() == nil {
			_ = h.change(ctx, func(*store.Tx, *roller) error { return nil }) // each waits for what the committer does now
		}
		cancel()
	}
	count := func() int64 {
		report, err := h.Report(t.Context(), ReportQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return report.Totals.Requests
	}
	set := func(k Keep) int64 {
		mu.Lock()
		keep = k
		mu.Unlock()
		n, err := h.Prune(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := set(Keep{}); n != 0 || count() != 2000 {
		t.Errorf("%d deleted, %d left", n, count())
	}
	if n := set(Keep{Age: 15*time.Hour + time.Minute}); n != 500 || count() != 1500 {
		t.Errorf("%d deleted, %d left", n, count())
	}
	used, err := db.Used()
	if err != nil {
		t.Fatal(err)
	}
	n := set(Keep{Bytes: used / 2})
	after, err := db.Used()
	if err != nil || after > used/2 || n < 300 || n > 1300 || count() != 1500-n {
		t.Errorf("%d deleted, %d left, %d bytes of %d, %v", n, count(), after, used, err)
	}
	checkReports(t, b)
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
}

// A backup that is made while requests run holds a whole history, and what was deleted can be put back from it.
func TestBackUpAndImport(t *testing.T) {
	t.Parallel()
	b := start(t, t.TempDir())
	r := rand.New(rand.NewPCG(17, 18))
	for range 2500 {
		randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(10*time.Hour)))))
	}
	b.stored(t)
	path := filepath.Join(t.TempDir(), "backup.db")
	var all sync.WaitGroup
	all.Go(func() {
		r := rand.New(rand.NewPCG(19, 20))
		for range 1000 {
			randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(10*time.Hour)))))
		}
	})
	if size, err := b.db.Backup(path); err != nil || size == 0 {
		t.Fatal(size, err)
	}
	if _, err := b.db.Backup(path); err == nil {
		t.Error("a backup is written over")
	}
	all.Wait()
	b.stored(t)
	other, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // only read
	ids := map[string]bool{}
	for _, r := range checkReports(t, b) {
		ids[r.ID] = true
	}
	p := "p"
	deleted, err := b.Delete(t.Context(), Deletion{Project: &p})
	if err != nil || deleted == 0 {
		t.Fatal(deleted, err)
	}
	back, err := b.Import(t.Context(), other)
	if err != nil || back == 0 || back > deleted {
		t.Errorf("%d of %d are back, %v", back, deleted, err)
	}
	for _, r := range checkReports(t, b) {
		if !ids[r.ID] {
			t.Errorf("%s was not there before", r.ID)
		}
	}
	if again, err := b.Import(t.Context(), other); again != 0 || err != nil {
		t.Errorf("%d are put back twice, %v", again, err)
	}
}
