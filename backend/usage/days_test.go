package usage

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gatehouse/backend/store"
)

// daysHold holds the days that are there to their hours, to the byte.
func daysHold(t *testing.T, b *bench) (days int) {
	t.Helper()
	err := b.db.Read(func(tx *store.Tx) error {
		rows := 0
		err := b.rollups.built.In(tx).ForEach(func(key string, raw store.Raw) error {
			d, err := parseDay(key, raw)
			if err != nil {
				return err
			}
			days++
			for family := byte(plainRows); family <= labelRows; family++ {
				want, err := b.rollups.sumUp(tx, family, d)
				if err != nil {
					return err
				}
				for series, row := range want {
					rows++
					at := keyOf(family, d.first, series)
					got, found, err := b.rollups.days.In(tx).Get(string(at[:]))
					if err != nil || !found || !bytes.Equal(got, row.append(nil)) {
						t.Errorf("the day of %s is not the sum of its hours in series %d (%v)", startOf(d.first), series, err)
					}
				}
			}
			return nil
		})
		_ = b.rollups.days.In(tx).ForEach(func(string, store.Raw) error { rows--; return nil })
		if rows != 0 {
			t.Errorf("%d rows of days too few, or too many", rows)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return days
}

// Whatever happens to the requests of a day that is summed up, it is made again or not there, and reports are right.
func TestDaysThatChange(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 32))
	folder := t.TempDir()
	b := start(t, folder)
	at := func() time.Time { return day0.Add(time.Duration(r.Int64N(int64(100 * time.Hour)))) }
	for range 400 {
		randomRequest(b, r, at())
	}
	b.stored(t)
	zones := []*time.Location{time.Local, time.UTC, time.FixedZone("", 5*3600+1800), time.FixedZone("", -8*3600)}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if _, err := b.db.Backup(backup); err != nil {
		t.Fatal(err)
	}
	other, err := store.Open(backup, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // only read
	most := 0
	for round := range 8 {
		if _, err := b.buildDays(t.Context(), zones[r.IntN(len(zones))], day0.AddDate(0, 0, 9)); err != nil {
			t.Fatal(err)
		}
		most = max(most, daysHold(t, b))
		checkReports(t, b)
		switch from := at(); round % 4 {
		case 0: // requests that began on a day that is over
			for range 30 {
				randomRequest(b, r, at())
			}
			b.stored(t)
		case 1:
			_, err = b.Delete(t.Context(), Deletion{From: from, To: from.Add(time.Duration(r.Int64N(int64(9 * time.Hour))))})
		case 2:
			project := "q"
			_, err = b.Delete(t.Context(), Deletion{Project: &project, To: from})
		case 3:
			_, err = b.Import(t.Context(), other)
		}
		if err != nil {
			t.Fatal(err)
		}
		daysHold(t, b)
		checkReports(t, b)
		if round == 6 {
			if err := b.end(); err != nil {
				t.Fatal(err)
			}
			b = start(t, folder)
			b.stored(t)
		}
	}
	if most < 4 {
		t.Errorf("only %d days were summed up", most)
	}
}

// Summing up that is broken off goes on where it was.
func TestDaysBrokenOff(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(33, 34))
	b := start(t, t.TempDir())
	for range 400 {
		randomRequest(b, r, day0.Add(time.Duration(r.Int64N(int64(10*24*time.Hour)))))
	}
	b.stored(t)
	until := day0.AddDate(0, 0, 20)
	all := 0
	for all < 10 {
		ctx, cancel := context.WithCancel(t.Context())
		var building sync.WaitGroup
		building.Go(func() {
			_ = b.change(ctx, func(*store.Tx, *roller) error { return nil })
			cancel()
		})
		built, err := b.buildDays(ctx, time.Local, until)
		building.Wait()
		if all += built; err == nil {
			break
		}
		if days := daysHold(t, b); days < all {
			t.Fatalf("%d days of %d", days, all)
		}
	}
	if days := daysHold(t, b); days < 10 || days != all {
		t.Errorf("%d days, %d were made", days, all)
	}
	checkReports(t, b)
}

// A history from before there were days, or that an older program wrote to since, gets them anew, in the background.
func TestOldHistoryGetsDays(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := start(t, folder)
	r := rand.New(rand.NewPCG(35, 36))
	past := func() time.Time { return day0.AddDate(0, 0, -30).Add(time.Duration(r.Int64N(int64(100 * time.Hour)))) }
	for range 200 {
		randomRequest(b, r, past())
	}
	b.stored(t)
	if _, err := b.buildDays(t.Context(), time.Local, day0); err != nil {
		t.Fatal(err)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(filepath.Join(folder, "gatehouse.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(func(tx *store.Tx) error { // an older program counts a request, and leaves the day as it was
		known := newRollups(db)
		known.built = store.NewBucket[store.Raw](db, "of no program")
		roller := newRoller(known)
		record := opened(opening(past(), "old")).settled(settlement("old"), prices{})
		raw, err := appendRecord(nil, record)
		return errorOf(err, store.NewBucket[store.Raw](db, "usage").In(tx).Put(record.ID, raw), roller.add(tx, record), roller.flush(tx),
			store.NewBucket[store.Raw](db, "usage.rolled").In(tx).Put(rolledKey, store.Raw(rolledHours)))
	})
	if err = errorOf(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	b = start(t, folder)
	b.stored(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	days := 0
	for days < 4 && ctx.Err() == nil {
		_ = b.change(ctx, func(*store.Tx, *roller) error { return nil }) // each waits for what the committer does now
		days = daysHold(t, b)
	}
	if len(checkReports(t, b)) != 201 || days < 4 {
		t.Errorf("%d days", days)
	}
}

func TestDayOf(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("this machine knows no zones")
	}
	at := func(text string) uint32 {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return hourOf(moment)
	}
	for name, c := range map[string]struct {
		zone       *time.Location
		at         string
		first, end string
		ok         bool
	}{
		"plain":          {time.UTC, "2026-03-10T12:34:56Z", "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z", true},
		"behind":         {time.FixedZone("", -8*3600), "2026-03-10T07:00:00Z", "2026-03-09T08:00:00Z", "2026-03-10T08:00:00Z", true},
		"23 hours":       {berlin, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", true},
		"25 hours":       {berlin, "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", true},
		"half an hour":   {time.FixedZone("", 5*3600+1800), "2026-03-10T12:00:00Z", "2026-03-09T19:00:00Z", "2026-03-10T18:00:00Z", true},
		"of two days":    {time.FixedZone("", 5*3600+1800), "2026-03-10T18:00:00Z", "", "", false},
		"the last of it": {time.FixedZone("", 5*3600+1800), "2026-03-10T17:59:00Z", "2026-03-09T19:00:00Z", "2026-03-10T18:00:00Z", true},
	} {
		d, ok := dayOf(at(c.at), c.zone)
		if ok != c.ok || ok && (d.first != at(c.first) || d.end != at(c.end)) {
			t.Errorf("%s: %s to %s, %v", name, startOf(d.first).UTC(), startOf(d.end).UTC(), ok)
		}
	}
}
