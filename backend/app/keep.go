package app

import (
	"time"

	"gatehouse/backend/settings"
	"gatehouse/backend/usage"
)

// keepOf gives what settings say of how much history is kept.
func keepOf(h settings.History) usage.Keep {
	return usage.Keep{Age: time.Duration(h.KeepDays) * 24 * time.Hour, Bytes: h.MaxMegabytes * 1e6}
}
