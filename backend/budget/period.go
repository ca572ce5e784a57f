package budget

import "time"

// Period is how often a budget starts anew.
type Period string

// The periods: calendar days, weeks from Monday on and months in local time, or never.
const (
	Day   Period = "day"
	Week  Period = "week"
	Month Period = "month"
	Total Period = "total"
)

// Valid tells whether it is one of the periods.
func (p Period) Valid() bool { return p == Day || p == Week || p == Month || p == Total }

// Span gives the period that a moment is in: from start on and before end. Those of Total are zero.
func (p Period) Span(at time.Time, zone *time.Location) (start, end time.Time) {
	y, m, d := at.In(zone).Date()
	switch p {
	case Day:
		return midnight(y, m, d, zone), midnight(y, m, d+1, zone)
	case Week:
		d -= (int(at.In(zone).Weekday()) + 6) % 7
		return midnight(y, m, d, zone), midnight(y, m, d+7, zone)
	case Month:
		return midnight(y, m, 1, zone), midnight(y, m+1, 1, zone)
	}
	return time.Time{}, time.Time{}
}

// midnight gives a day's first moment. Where the clock is put forward over midnight that is the moment of the change, and
// where midnight comes twice it is the first one; time.Date promises neither.
func midnight(y int, m time.Month, d int, zone *time.Location) time.Time {
	wall := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	change, _ := time.Date(y, m, d, 12, 0, 0, 0, zone).ZoneBounds()
	in := func(at time.Time) time.Time { // the wall clock's time with the offset that holds at a moment
		_, offset := at.In(zone).Zone()
		return wall.Add(-time.Duration(offset) * time.Second).In(zone)
	}
	if change.IsZero() {
		return time.Date(y, m, d, 0, 0, 0, 0, zone)
	}
	if before := in(change.Add(-time.Second)); before.Before(change) {
		return before
	}
	if after := in(change); !after.Before(change) {
		return after
	}
	return change
}

// words are how a period is spoken of.
func (p Period) words() string {
	switch p {
	case Day:
		return "today"
	case Week:
		return "this week"
	case Month:
		return "this month"
	}
	return "in all"
}
