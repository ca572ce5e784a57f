package usage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/store"
)

// year is when the large history of benchmarks starts.
var year = time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)

// largeHistory writes the roll-ups of as many requests as asked for, spread over a year and 40 series an hour.
func largeHistory(b *testing.B, h *History, requests int) {
	b.Helper()
	const hours, perHour = 365 * 24, 40
	each := max(requests/(hours*perHour), 1)
	r := rand.New(rand.NewPCG(1, 2))
	var rows [perHour][]byte
	var all [perHour]series
	for i := range all {
		record := opened(opening(year, "")).settled(settlement(fmt.Sprintf("creator/model-%d", i%10)), prices{})
		record.Client, record.Project, record.KeyID = fmt.Sprintf("client/%d", i%4), fmt.Sprintf("project-%d", i%5), fmt.Sprintf("k%d", i%3)
		all[i], _ = seriesOf(record)
		var one row
		for range each {
			next := *record
			first, took := int64(400*math.Exp(r.NormFloat64())), int64(3000*math.Exp(r.NormFloat64()))
			took += first
			next.FirstTokenMs, next.DurationMs = &first, &took
			one.count(&next)
		}
		rows[i] = one.append(nil)
	}
	roller := newRoller(h.rollups)
	for day := range hours / 24 {
		err := h.db.Write(func(tx *store.Tx) error {
			for hour := range 24 {
				for i, s := range all {
					name := string(s.append(nil))
					id, known, err := roller.id(tx, name)
					if err == nil && !known {
						id, err = roller.newID(tx, name)
					}
					key := keyOf(plainRows, hourOf(year)+uint32(day*24+hour), id)
					if err = errorOf(err, h.rollups.hours.In(tx).Put(string(key[:]), rows[i])); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if _, err := h.buildDays(b.Context(), time.UTC, year.AddDate(2, 0, 0)); err != nil {
		b.Fatal(err)
	}
	days := 0
	if err := h.rollups.built.ForEach(func(string, store.Raw) error { days++; return nil }); err != nil || days < hours/24 {
		b.Fatal(days, err)
	}
	if info, err := os.Stat(h.db.Path()); err == nil {
		b.ReportMetric(float64(info.Size())/1e6, "MB-of-roll-ups")
	}
}

// BenchmarkReport is what reports over a year with ten million requests take.
func BenchmarkReport(b *testing.B) {
	h := start(b, b.TempDir())
	largeHistory(b, h.History, TenMillion)
	end := year.AddDate(0, 0, 365)
	for _, c := range []struct {
		name string
		q    ReportQuery
	}{
		{"day of hours by model", ReportQuery{From: end.AddDate(0, 0, -1), To: end, By: ByModel, Bucket: Hourly, Compare: true, Quantiles: true}},
		{"month of days by model", ReportQuery{From: end.AddDate(0, 0, -30), To: end, By: ByModel, Bucket: Daily, Compare: true, Quantiles: true}},
		{"all by day and model", ReportQuery{By: ByModel, Bucket: Daily, Quantiles: true}},
		{"all of one project", ReportQuery{Filter: Filter{Projects: []string{"project-3"}}, Quantiles: true}},
		{"spend of a key", ReportQuery{Filter: Filter{KeyIDs: []string{"k1"}}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.q.Zone = time.UTC
				if r, err := h.Report(b.Context(), c.q); err != nil || r.Totals.Requests == 0 {
					b.Fatal(r.Totals, err)
				}
			}
		})
	}
}

// BenchmarkSettled is how many requests a second are kept for good, each on the disk at the end, and how long the hand-over of
// a request's end takes at the 99th percentile, alone and while reports over ten million requests run.
func BenchmarkSettled(b *testing.B) {
	for _, reports := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "while reports run"}[reports], func(b *testing.B) {
			h := start(b, b.TempDir())
			if reports {
				largeHistory(b, h.History, TenMillion)
			}
			stop := make(chan struct{})
			var reporters sync.WaitGroup
			if reports {
				reporters.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						if _, err := h.Report(b.Context(), ReportQuery{By: ByModel, Bucket: Daily, Quantiles: true}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			const clients = 16
			var mu sync.Mutex
			var took []time.Duration
			var n int
			b.ResetTimer()
			var all sync.WaitGroup
			for c := range clients {
				all.Go(func() {
					var mine []time.Duration
					for i := c; i < b.N; i += clients {
						e := h.Begin(opening(time.Now(), "creator/model"))
						e.Guard(b.Context())
						at := time.Now()
						e.Settle(settlement("creator/model"))
						mine = append(mine, time.Since(at))
					}
					mu.Lock()
					defer mu.Unlock()
					took = append(took, mine...)
					n += len(mine)
				})
			}
			all.Wait()
			h.stored(b)
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "durable/s")
			b.StopTimer()
			close(stop)
			reporters.Wait()
			slices.Sort(took)
			if len(took) > 0 {
				b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-settle-ns")
			}
			if _, dropped := h.Health(); dropped > 0 {
				b.Errorf("%d dropped", dropped)
			}
		})
	}
}

// BenchmarkSize is how large the database gets for a million requests, told of fewer.
func BenchmarkSize(b *testing.B) {
	const requests = 50_000
	for b.Loop() {
		folder := b.TempDir()
		h := start(b, folder)
		for i := range requests {
			e := h.Begin(opening(year.Add(time.Duration(i)*20*time.Second), "creator/model"))
			s := settlement("creator/model")
			s.Outcome = gateway.OK
			e.Settle(s)
			if i%2000 == 0 {
				h.stored(b)
			}
		}
		h.stored(b)
		info, err := os.Stat(filepath.Join(folder, "gatehouse.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.Size())*1e6/requests/1e6, "MB/million")
	}
}
