package budget_test

import (
	"testing"
	"time"

	"gatehouse/backend/budget"
)

// zones have every kind of change: at two in the morning, over midnight forward (a day that begins at one) and back (a
// midnight that comes twice), by half an hour, a day that is left out, and none at all.
var zones = []string{
	"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia",
	"Asia/Kolkata", "UTC",
}

// TestSpans walks through years hour by hour: periods follow each other without a gap, and each begins with the first moment
// of its day.
func TestSpans(t *testing.T) {
	for _, name := range zones {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, per := range []budget.Period{budget.Day, budget.Week, budget.Month} {
			start, end := per.Span(time.Date(2010, 12, 1, 0, 0, 0, 0, time.UTC), zone)
			for at := start; at.Year() < 2020; at = at.Add(time.Hour) {
				if at.Before(end) {
					if s, e := per.Span(at, zone); !s.Equal(start) || !e.Equal(end) {
						t.Fatalf("%s, %s: %s is in %s to %s, and also in %s to %s", name, per, at, start, end, s, e)
					}
					continue
				}
				at = end
				next, after := per.Span(end, zone)
				if !next.Equal(end) || !after.After(next) {
					t.Fatalf("%s, %s: after %s to %s comes %s to %s", name, per, start, end, next, after)
				}
				before, first := next.Add(-time.Nanosecond), next.In(zone)
				if before.In(zone).Day() == first.Day() || per == budget.Week && first.Weekday() != time.Monday && !left(first) ||
					per == budget.Month && first.Day() != 1 {
					t.Fatalf("%s: a %s begins at %s", name, per, first)
				}
				start, end = next, after
			}
		}
	}
}

// left tells of the day behind the one that Samoa left out, 2011-12-30.
func left(t time.Time) bool { return t.Format(time.DateOnly) == "2011-12-31" }

func TestSpan(t *testing.T) {
	for _, c := range []struct{ zone, at, per, start, end string }{
		{"Europe/Berlin", "2026-03-29T12:00:00+02:00", "day", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		{"Europe/Berlin", "2026-10-25T02:30:00+01:00", "day", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"},
		{"Europe/Berlin", "2026-03-29T12:00:00+02:00", "month", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
		{"Europe/Berlin", "2026-03-29T23:59:59+02:00", "week", "2026-03-23T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		{"America/Sao_Paulo", "2018-11-04T12:00:00-02:00", "day", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"},
		{"America/Havana", "2018-11-04T00:30:00-05:00", "day", "2018-11-04T00:00:00-04:00", "2018-11-05T00:00:00-05:00"},
		{"America/New_York", "2026-12-31T23:00:00-05:00", "month", "2026-12-01T00:00:00-05:00", "2027-01-01T00:00:00-05:00"},
		{"UTC", "2028-02-29T00:00:00Z", "month", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		start, end := budget.Period(c.per).Span(at, zone)
		if start.Format(time.RFC3339) != c.start || end.Format(time.RFC3339) != c.end {
			t.Errorf("%s %s: %s to %s", c.at, c.per, start.Format(time.RFC3339), end.Format(time.RFC3339))
		}
	}
	if start, end := budget.Total.Span(noon, time.UTC); !start.IsZero() || !end.IsZero() {
		t.Errorf("%s, %s", start, end)
	}
}
