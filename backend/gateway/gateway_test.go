package gateway

import (
	"strings"
	"testing"
	"time"
)

func TestRequestIDsGrow(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	last := ""
	for i := range 20000 {
		id := NewRequestID(now.Add(time.Duration(i/1000) * time.Millisecond))
		if len(id) != 30 || !strings.HasPrefix(id, "req_") {
			t.Fatalf("%q is no request id", id)
		}
		if id <= last {
			t.Fatalf("%s comes after %s", id, last)
		}
		last = id
	}
	if id := NewRequestID(now.Add(-5 * time.Millisecond)); id <= last {
		t.Error("a clock that goes back a little must not turn the order around")
	}
}
