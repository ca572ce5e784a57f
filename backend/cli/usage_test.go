package cli

import (
	"testing"
	"time"
)

func TestMoment(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	now := time.Date(2026, 11, 21, 15, 4, 5, 0, zone)
	for text, want := range map[string]time.Time{
		"2026-11-20":           time.Date(2026, 11, 21, 0, 0, 0, 0, zone), // as an end, the day is in it
		"2026-11-20T10:30":     time.Date(2026, 11, 20, 10, 30, 0, 0, zone),
		"2026-11-20 10:30":     time.Date(2026, 11, 20, 10, 30, 0, 0, zone),
		"2026-11-20T10:30:00Z": time.Date(2026, 11, 20, 12, 30, 0, 0, zone),
		"36h":                  now.Add(-36 * time.Hour),
		"7d":                   now.AddDate(0, 0, -7),
	} {
		got, err := moment("--until", text, now, 1)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: %v %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "-5h", "d", "7 d", "2026-13-01"} {
		if got, err := moment("--since", text, now, 0); err == nil {
			t.Errorf("%s is %v", text, got)
		}
	}
	if got, err := moment("--since", "", now, 0); got != nil || err != nil {
		t.Errorf("nothing is %v, %v", got, err)
	}
}
