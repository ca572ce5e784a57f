package gateway

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	const info = `{"error":{"details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure"},` +
		`{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"3.5s"}]}}`
	for _, c := range []struct {
		name string
		h    map[string]string
		body string
		want time.Duration
	}{
		{"nothing", nil, "", 0},
		{"seconds", map[string]string{"Retry-After": "7"}, "", 7 * time.Second},
		{"a fraction", map[string]string{"Retry-After": "0.25"}, "", 250 * time.Millisecond},
		{"a date", map[string]string{"Retry-After": "Sat, 21 Nov 2026 12:00:09 GMT"}, "", 9 * time.Second},
		{"a date that was", map[string]string{"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT"}, "", 0},
		{"a date that was, and RetryInfo", map[string]string{"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT"}, info, 3500 * time.Millisecond},
		{"milliseconds come first", map[string]string{"Retry-After-Ms": "1500", "Retry-After": "2"}, "", 1500 * time.Millisecond},
		{"RetryInfo", nil, info, 3500 * time.Millisecond},
		{"RetryInfo that is none", nil, strings.Replace(info, "3.5s", "soon", 1), 0},
		{"Anthropic's", map[string]string{
			"Anthropic-Ratelimit-Requests-Remaining": "3", "Anthropic-Ratelimit-Requests-Reset": "2026-11-21T13:00:00Z",
			"Anthropic-Ratelimit-Tokens-Remaining": "0", "Anthropic-Ratelimit-Tokens-Reset": "2026-11-21T12:00:20Z",
		}, "", 20 * time.Second},
		{"OpenAI's", map[string]string{
			"X-Ratelimit-Remaining-Requests": "0", "X-Ratelimit-Reset-Requests": "120ms",
			"X-Ratelimit-Remaining-Tokens": "0", "X-Ratelimit-Reset-Tokens": "1m2s",
		}, "", 62 * time.Second},
		{"a reset that was", map[string]string{"Anthropic-Ratelimit-Tokens-Remaining": "0", "Anthropic-Ratelimit-Tokens-Reset": "2026-11-21T11:00:00Z"}, "", 0},
		{"below nothing", map[string]string{"Retry-After": "-5"}, "", 0},
		{"no number", map[string]string{"Retry-After": "NaN"}, "", 0},
		{"no end", map[string]string{"Retry-After": "Inf"}, "", 0},
		{"more than time has", map[string]string{"Retry-After": "1e300"}, "", 0},
		{"words", map[string]string{"Retry-After": "in a while"}, "{", 0},
	} {
		h := http.Header{}
		for name, v := range c.h {
			h.Set(name, v)
		}
		if got := retryAfter(h, []byte(c.body), now); got != c.want {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("1", "2", "0", "1s", `{"error":{"details":[{"@type":"google.rpc.RetryInfo","retryDelay":"1s"}]}}`)
	f.Fuzz(func(t *testing.T, ms, after, left, reset, body string) {
		h := http.Header{
			"Retry-After-Ms": {ms}, "Retry-After": {after}, "X-Ratelimit-Remaining-Tokens": {left}, "X-Ratelimit-Reset-Tokens": {reset},
			"Anthropic-Ratelimit-Tokens-Remaining": {left}, "Anthropic-Ratelimit-Tokens-Reset": {reset},
		}
		if d := retryAfter(h, []byte(body), time.Unix(0, 0)); d < 0 {
			t.Errorf("it wants %v", d)
		}
	})
}

func TestBudget(t *testing.T) {
	var b budget
	spent := 0
	for b.any("a") && b.spend("a") {
		spent++
	}
	if spent != budgetMost || b.spend("a") || !b.any("b") {
		t.Errorf("%d retries at once", spent)
	}
	for range budgetShare - 1 {
		b.earn("a")
	}
	if b.any("a") {
		t.Error("a retry was earned too early")
	}
	if b.earn("a"); !b.spend("a") || b.spend("a") {
		t.Error("an earned retry is not there once")
	}
	b.refund("a")
	if !b.spend("a") {
		t.Error("what was not used is lost")
	}
	for range 10 * budgetMost * budgetShare {
		b.earn("a")
	}
	b.refund("a")
	for spent = 0; b.spend("a"); spent++ {
	}
	if spent != budgetMost {
		t.Errorf("%d retries were saved up", spent)
	}
}

func TestWatchdog(t *testing.T) {
	const second = time.Second
	for _, c := range []struct {
		name   string
		limits routing.Timeouts
		beats  []time.Duration // when, from the start
		ends   time.Duration   // 0: never by itself
		says   string
	}{
		{"no limits", routing.Timeouts{}, []time.Duration{second}, 0, ""},
		{"first token", routing.Timeouts{FirstToken: 5 * second, Idle: second}, nil, 5 * second, "first-token"},
		{"idle", routing.Timeouts{FirstToken: 5 * second, Idle: 2 * second}, []time.Duration{4 * second, 5 * second, 6 * second}, 8 * second, "idle"},
		{"idle alone", routing.Timeouts{Idle: 2 * second}, []time.Duration{9 * second}, 11 * second, "idle"},
		{"first token alone", routing.Timeouts{FirstToken: 5 * second}, []time.Duration{second}, 0, ""},
		{"total", routing.Timeouts{Idle: 2 * second, Total: 4 * second}, []time.Duration{second, 2 * second, 3 * second}, 4 * second, "total"},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			w, ctx := newWatchdog(t.Context(), c.limits, "Acme", byTheClock)
			for _, at := range c.beats {
				time.Sleep(time.Until(start.Add(at)))
				w.beat()
			}
			select {
			case <-ctx.Done():
				e := cause(ctx)
				if at := time.Since(start); at != c.ends || e == nil || e.Code != "provider_timeout" || !strings.Contains(e.Message, c.says) {
					t.Errorf("%s: ended after %v: %v", c.name, at, e)
				}
			case <-time.After(time.Hour):
				if c.ends != 0 {
					t.Errorf("%s: it is not ended", c.name)
				}
			}
			w.stop()
			w.beat() // after the end: nothing
			if <-ctx.Done(); c.ends == 0 && cause(ctx) != nil {
				t.Errorf("%s: stopping is a timeout", c.name)
			}
		})
	}
}

func to(id provider.ID, model, credential string) routing.Attempt {
	return routing.Attempt{Provider: &provider.Provider{ID: id, Name: id}, Model: model, Credential: credential}
}

func fails(a routing.Attempt, e *llm.Error) failure { return failure{attempt: a, err: e} }

func TestWhatMayPass(t *testing.T) {
	patient := llm.Errorf(llm.ErrRateLimit, "x").WithStatus(429)
	patient.RetryAfter = longestWait + 1
	for _, c := range []struct {
		e    *llm.Error
		want bool
	}{
		{llm.Errorf(llm.ErrRateLimit, "x").WithStatus(429), true},
		{patient, false},
		{llm.Errorf(llm.ErrRateLimit, "x").WithStatus(429).WithCode("insufficient_quota"), false},
		{llm.Errorf(llm.ErrTimeout, "x").WithStatus(504).WithCode("provider_timeout"), false},
		{llm.Errorf(llm.ErrTimeout, "x").WithStatus(408), true},
		{llm.Errorf(llm.ErrBadRequest, "x").WithStatus(409), true},
		{llm.Errorf(llm.ErrInternal, "x").WithStatus(500), true},
		{llm.Errorf(llm.ErrInternal, "x").WithStatus(501), false},
		{llm.Errorf(llm.ErrInternal, "our own"), false},
		{llm.Errorf(llm.ErrOverloaded, "x"), true},
		{llm.Errorf(llm.ErrBadRequest, "x").WithStatus(400), false},
		{llm.Errorf(llm.ErrAuth, "x").WithStatus(401), false},
	} {
		if got := mayPass(c.e); got != c.want {
			t.Errorf("%v (%d, %s): %v", c.e, c.e.Status, c.e.Code, got)
		}
	}
}

func TestPointless(t *testing.T) {
	bad, gone := llm.Errorf(llm.ErrBadRequest, "x").WithStatus(400), llm.Errorf(llm.ErrNotFound, "x").WithStatus(404)
	for _, c := range []struct {
		e    *llm.Error
		next routing.Attempt
		want bool
	}{
		{bad, to("a", "a/m", "2"), true},
		{gone, to("a", "a/m", "2"), true},
		{bad, to("a", "a/n", "1"), false},
		{bad, to("gateway", "a/m", ""), false},
		{llm.Errorf(llm.ErrAuth, "x").WithStatus(401), to("a", "a/m", "2"), false},
		{llm.Errorf(llm.ErrBadRequest, "x").WithStatus(409), to("a", "a/m", "2"), false},
	} {
		if got := pointless(c.next, []failure{fails(to("a", "a/m", "1"), c.e)}); got != c.want {
			t.Errorf("after %v, %v: %v", c.e, c.next.Target(), got)
		}
	}
}

func TestPauseBefore(t *testing.T) {
	limited := llm.Errorf(llm.ErrRateLimit, "x")
	limited.RetryAfter = 2 * time.Second
	never := llm.Errorf(llm.ErrRateLimit, "x").WithCode("insufficient_quota")
	never.RetryAfter = time.Hour
	for round := 1; round < rounds; round++ {
		least := firstPause << (round - 1)
		for range 50 {
			if d := pauseBefore(round, []failure{fails(to("a", "m", ""), never)}); d < least || d >= least*3/2 {
				t.Fatalf("before round %d: %v", round, d)
			}
		}
		if d := pauseBefore(round, []failure{fails(to("a", "m", ""), limited)}); d != limited.RetryAfter {
			t.Errorf("a provider's wish: %v", d)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if !pause(ctx, 500*time.Millisecond) || pause(ctx, time.Minute) {
			t.Error("a pause does not end with its context")
		}
	})
}

func TestAgain(t *testing.T) {
	x := &exchange{g: &Gateway{}}
	busy, refused := llm.Errorf(llm.ErrOverloaded, "x"), llm.Errorf(llm.ErrAuth, "x")
	one, two, three := to("a", "m", "1"), to("b", "m", ""), to("c", "m", "")
	plan := []routing.Attempt{one, two, three}
	// What failed for good the last time is not made again, however it failed before; who was passed over comes first.
	got := x.again(plan, []failure{fails(one, busy), fails(two, busy), fails(two, refused)})
	if len(got) != 2 || got[0].Provider.ID != "c" || !got[0].Probe || got[1].Provider.ID != "a" || got[1].Probe {
		t.Errorf("%+v", got)
	}
	if plan[2].Probe {
		t.Error("the plan was written to")
	}
	for x.g.budget.spend("a") {
	}
	if got = x.again(plan[:2], []failure{fails(one, busy), fails(two, refused)}); len(got) != 0 {
		t.Errorf("without retries left: %+v", got)
	}
}

// ends is a history of one line.
type ends struct{ last *Settlement }

func (e *ends) Guard(context.Context) {}
func (e *ends) Reserve(Reserved)      {}
func (e *ends) Settle(s Settlement)   { e.last = &s }

func TestGaveUp(t *testing.T) {
	g := New(Options{Now: time.Now})
	busy := llm.Errorf(llm.ErrOverloaded, "Alpha is busy").WithStatus(503)
	busy.RetryAfter = time.Second
	first := llm.Errorf(llm.ErrOverloaded, "Alpha was busy before").WithStatus(503)
	refused := llm.Errorf(llm.ErrAuth, "Beta refused its credential").WithStatus(403).WithCode("credential_refused")
	wrong := llm.Errorf(llm.ErrBadRequest, "the body is not valid JSON")
	own := &Answer{Status: 429, Header: http.Header{}}
	for _, c := range []struct {
		name   string
		failed []failure
		kind   llm.ErrorKind
		status int
		says   []string
		answer *Answer
	}{
		{"nobody was asked", nil, llm.ErrOverloaded, 503, []string{"being probed"}, nil},
		{"one", []failure{fails(to("b", "m", ""), refused)}, llm.ErrAuth, 403, []string{"Beta refused"}, nil},
		{"one, its own words", []failure{{to("b", "m", ""), own, busy}}, "", 0, nil, own},
		{"one, twice", []failure{fails(to("a", "m", ""), first), {to("a", "m", ""), own, busy}}, "", 0, nil, own},
		{
			"two: the one that may pass sets the kind",
			[]failure{fails(to("b", "m", "work"), refused), fails(to("a", "m", ""), first), fails(to("a", "m", ""), busy)},
			llm.ErrOverloaded, 503,
			[]string{"none of 3 attempts", "b (work): Beta refused", "a: Alpha is busy"},
			nil,
		},
		{
			"the same of all, of the request",
			[]failure{fails(to("a", "m", ""), wrong), fails(to("b", "m", ""), wrong)},
			llm.ErrBadRequest, 400,
			[]string{"not valid JSON"},
			nil,
		},
	} {
		history := &ends{}
		x := &exchange{g: g, line: &line{entry: history}, start: time.Now(), decision: &routing.Decision{}}
		answer, err := x.gaveUp(c.failed)
		if answer != c.answer {
			t.Errorf("%s: the answer is %+v", c.name, answer)
		}
		if c.answer != nil {
			if history.last == nil || history.last.Outcome != Failed || history.last.Provider == "" || history.last.Error != "Alpha is busy" && len(c.failed) > 1 {
				t.Errorf("%s: settled %+v", c.name, history.last)
			}
			continue
		}
		e, _ := errors.AsType[*llm.Error](err)
		if e == nil || e.Kind != c.kind || e.HTTPStatus() != c.status {
			t.Fatalf("%s: %+v", c.name, err)
		}
		if lacks := slices.IndexFunc(c.says, func(s string) bool { return !strings.Contains(e.Message, s) }); lacks >= 0 {
			t.Errorf("%s: %s", c.name, e.Message)
		}
		if strings.Contains(e.Message, "was busy before") || strings.Contains(e.Message, "none of 2 attempts: the body") {
			t.Errorf("%s tells of what is over: %s", c.name, e.Message)
		}
	}
	if first.Message != "Alpha was busy before" {
		t.Error("a failure was written to")
	}
}
