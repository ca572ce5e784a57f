package usage

import "testing"

// LargeHistory writes the roll-ups of many requests, for benchmarks of what stands above this package.
func LargeHistory(b *testing.B, h *History, requests int) { largeHistory(b, h, requests) }

// TenMillion is about as many requests as benchmarks with a large history have.
const TenMillion = 365 * 24 * 40 * 28
