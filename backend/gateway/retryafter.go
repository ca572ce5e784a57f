package gateway

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// retryAfter reads how long an upstream wants to be left alone: Retry-After in seconds or as a date (RFC 9110, section
// 10.2.3), Retry-After-Ms (OpenAI), the RetryInfo of Google's errors, and else the time at which the exhausted one of the
// limits is full again (Anthropic's and OpenAI's rate limit headers). 0 is unknown.
func retryAfter(h http.Header, body []byte, now time.Time) time.Duration {
	if d := times(h.Get("Retry-After-Ms"), time.Millisecond); d > 0 {
		return d
	}
	v := h.Get("Retry-After")
	if d := times(v, time.Second); d > 0 {
		return d
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return at.Sub(now)
	}
	if d := retryInfo(body); d > 0 {
		return d
	}
	return resetAfter(h, now)
}

// times reads a number of units, 0 where there is none that means anything.
func times(number string, unit time.Duration) time.Duration {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n > 0) || n > float64(math.MaxInt64/int64(unit)) {
		return 0
	}
	return time.Duration(n * float64(unit))
}

// retryInfo reads google.rpc.RetryInfo among an error's details (Google API design guide, "Error details").
func retryInfo(body []byte) time.Duration {
	delay := time.Duration(0)
	gjson.GetBytes(body, "error.details").ForEach(func(_, detail gjson.Result) bool {
		if strings.HasSuffix(detail.Get("@type").String(), "google.rpc.RetryInfo") {
			delay, _ = time.ParseDuration(detail.Get("retryDelay").String())
		}
		return delay == 0
	})
	return max(delay, 0)
}

// resetAfter reads the headers that tell of each limit what remains and when it is full again: Anthropic's
// Anthropic-Ratelimit-*-Remaining and -Reset (a time), OpenAI's X-Ratelimit-Remaining-* and -Reset-* (a duration).
func resetAfter(h http.Header, now time.Time) time.Duration {
	longest := time.Duration(0)
	for name := range h {
		if h.Get(name) != "0" {
			continue
		}
		if limit, ok := strings.CutSuffix(name, "-Remaining"); ok && strings.HasPrefix(name, "Anthropic-Ratelimit-") {
			if at, err := time.Parse(time.RFC3339, h.Get(limit+"-Reset")); err == nil {
				longest = max(longest, at.Sub(now))
			}
		}
		if limit, ok := strings.CutPrefix(name, "X-Ratelimit-Remaining-"); ok {
			if d, err := time.ParseDuration(h.Get("X-Ratelimit-Reset-" + limit)); err == nil {
				longest = max(longest, d)
			}
		}
	}
	return longest
}
