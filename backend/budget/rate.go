package budget

import (
	"math"
	"time"

	"gatehouse/backend/llm"
)

// seconds is how long a minute's window looks back, in steps of a second.
const seconds = 60

// gate is a key's rate limit and what the key does. Keeper.mu guards it; the methods of a nil gate do nothing.
type gate struct {
	rate    Rate
	running int
	// requests and tokens are those of the last minute, by second; at is the second that stands at cursor.
	requests, tokens [seconds]int64
	at               int64
	// typical is how long a request of the key takes, as a moving mean.
	typical time.Duration
}

// pass lets a request into its key's window, or says when to come again. k.mu is held.
func (k *Keeper) pass(r *reservation, rate Rate, now time.Time) error {
	g := k.gates[r.intent.Key]
	if g == nil {
		g = &gate{}
		k.gates[r.intent.Key] = g
	}
	g.rate = rate
	g.move(now)
	name := r.intent.Key
	if rate.Concurrency > 0 && g.running >= rate.Concurrency {
		return tooMany(max(g.soonest(k.open, r.intent.Key, now), time.Second),
			"the API key %q has %d requests running, and may have %d at once", name, g.running, rate.Concurrency)
	}
	if wait := g.wait(&g.requests, 1, rate.RequestsPerMinute, now); wait > 0 {
		return tooMany(wait, "the API key %q may make %s in a minute, and has", name, Requests.Words(rate.RequestsPerMinute))
	}
	if wait := g.wait(&g.tokens, r.amount.tokens, rate.TokensPerMinute, now); wait > 0 {
		return tooMany(wait, "the API key %q may use %s in a minute, and this request may take about %s more than are left", name,
			Tokens.Words(rate.TokensPerMinute), Tokens.Words(r.amount.tokens))
	}
	r.gate = g
	return nil
}

func tooMany(wait time.Duration, format string, args ...any) error {
	e := llm.Errorf(llm.ErrRateLimit, format, args...).WithCode("rate_limit_exceeded")
	e.Message += "; try again in " + (wait + time.Second - 1).Truncate(time.Second).String()
	e.RetryAfter = wait
	return e
}

// enter counts a request that is let in.
func (g *gate) enter(r *reservation) {
	if g == nil {
		return
	}
	g.running++
	g.requests[g.at%seconds]++
	g.tokens[g.at%seconds] = plus(g.tokens[g.at%seconds], r.amount.tokens)
	r.rated = true
}

// leave counts a request out that was let in.
func (g *gate) leave(r *reservation) {
	if g == nil || !r.rated {
		return
	}
	r.rated = false
	g.running--
}

// correct puts what a request really took in the place of what it was let in with, in the second it came in.
func (g *gate) correct(r *reservation, tokens int64, now time.Time) {
	if g == nil {
		return
	}
	g.move(now)
	if took := now.Sub(r.at); g.typical == 0 {
		g.typical = took
	} else {
		g.typical += (took - g.typical) / 8
	}
	if second := r.at.Unix(); second > g.at-seconds && second <= g.at {
		g.tokens[second%seconds] = max(plus(g.tokens[second%seconds]-r.amount.tokens, tokens), 0)
	}
}

// move brings the window to now. A clock that was set back leaves it where it is.
func (g *gate) move(now time.Time) {
	second := now.Unix()
	if second-g.at >= seconds {
		g.requests, g.tokens, g.at = [seconds]int64{}, [seconds]int64{}, second
		return
	}
	for g.at < second {
		g.at++
		g.requests[g.at%seconds], g.tokens[g.at%seconds] = 0, 0
	}
}

// wait tells how long it takes until a window has room, 0 where it has. What is more than the limit by itself may pass a
// window that is empty: it would never pass otherwise.
func (g *gate) wait(window *[seconds]int64, n, limit int64, now time.Time) time.Duration {
	if limit <= 0 || n <= 0 {
		return 0
	}
	sum := int64(0)
	for _, v := range window {
		sum = plus(sum, v)
	}
	if sum == 0 || plus(sum, n) <= limit {
		return 0
	}
	for back := int64(seconds - 1); back >= 0; back-- { // the oldest first
		second := g.at - back
		sum -= window[second%seconds]
		if sum <= 0 || plus(sum, n) <= limit {
			return max(time.Unix(second+seconds, 0).Sub(now), time.Millisecond)
		}
	}
	return seconds * time.Second
}

// soonest guesses when the first of a key's requests will be over, by how long they take.
func (g *gate) soonest(open map[string]*reservation, key string, now time.Time) time.Duration {
	first := time.Duration(math.MaxInt64)
	for _, r := range open {
		if r.gate == g && r.intent.Key == key {
			first = min(first, g.typical-now.Sub(r.at))
		}
	}
	if first == math.MaxInt64 {
		return 0
	}
	return first
}
