//go:build !unix

package proxy

import "time"

// cpuTime is not measured here; the ratios of CPU come out as NaN.
func cpuTime() time.Duration { return 0 }
