package usage

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/catalog"
	"gatehouse/backend/event"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// bench is a history in a folder of its own.
type bench struct {
	*History
	db     *store.DB
	broker *event.Broker
	// committed gets something after a commit.
	committed chan struct{}
}

func start(t testing.TB, folder string) *bench {
	t.Helper()
	db, err := store.Open(filepath.Join(folder, "gatehouse.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{db: db, broker: &event.Broker{}, committed: make(chan struct{}, 1)}
	later := func() time.Time { return day0.AddDate(0, 0, 9) }
	b.History, err = Open(db, Options{Now: later, Broker: b.broker, Pricer: prices{}, committed: func() {
		select {
		case b.committed <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.end() })
	return b
}

func (b *bench) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := b.Close(ctx)
	if e := b.db.Close(); err == nil {
		err = e
	}
	return err
}

// prices charges a picodollar for each token of models it knows.
type prices struct{}

func (prices) Bill(_, model string, u llm.Usage) *catalog.Bill {
	return &catalog.Bill{
		Total: catalog.PicoUSD(u.Input.Or(0) + u.Output.Or(0)), Known: model != "free/unknown",
		Lines: []catalog.Line{{Kind: catalog.KindInput, Units: u.Input.Or(0)}}, Source: catalog.FromProvider, Version: "v1",
	}
}

var day0 = time.Date(2026, 11, 20, 12, 0, 0, 0, time.Local)

func opening(at time.Time, model string) gateway.Opening {
	return gateway.Opening{
		ID: gateway.NewRequestID(at), StartedAt: at, KeyID: "k1", Key: "editor", Project: "p", Client: "Cline/3",
		Dialect: llm.Messages, RequestedModel: model, Stream: true,
	}
}

func settlement(model string) gateway.Settlement {
	return gateway.Settlement{
		Outcome: gateway.OK, Provider: "sim", Model: model, UpstreamID: "msg_1", Status: 200,
		Usage: llm.Usage{
			Input: llm.Tokens(100), CacheRead: llm.Tokens(0), CacheWrite5m: llm.Tokens(3), CacheWrite1h: llm.Tokens(4),
			Output: llm.Tokens(20), Raw: json.RawMessage(`{"x":1}`),
		},
		Finish:     llm.FinishReason{Kind: llm.FinishStop, Raw: "end_turn"},
		Attempts:   []gateway.Attempt{{Provider: "sim", Model: model, Reason: "asked for", At: day0, Status: 200}},
		FirstToken: 120 * time.Millisecond, Duration: 3 * time.Second,
	}
}

// stored waits until the database has the end of every request that ended.
func (b *bench) stored(t testing.TB) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		b.mu.Lock()
		left := 0
		for _, e := range b.live {
			if e.ended {
				left++
			}
		}
		b.mu.Unlock()
		if left == 0 {
			return
		}
		select {
		case <-b.committed:
		case <-limit:
			t.Fatal("the records were not stored in time")
		}
	}
}

func get(t testing.TB, h *History, id string) Record {
	t.Helper()
	r, ok, err := h.Get(id)
	if err != nil || !ok {
		t.Fatalf("%s: found %v, %v", id, ok, err)
	}
	return r
}

func asJSON(t testing.TB, r Record) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecord(t *testing.T) {
	defer goleak.VerifyNone(t)
	folder := t.TempDir()
	b := start(t, folder)
	o := opening(day0, "sim/echo")
	e := b.Begin(o)
	if r := get(t, b.History, o.ID); r.Outcome != gateway.Open || r.DurationMs != nil || r.RequestedModel != "sim/echo" {
		t.Errorf("while it runs: %s", asJSON(t, r))
	}
	e.Guard(t.Context())
	e.Settle(settlement("sim/echo"))
	other := settlement("other/model")
	other.Outcome = gateway.Failed
	e.Settle(other) // ignored
	want := fmt.Sprintf(`{"id":%q,"startedAt":%q,"keyId":"k1","key":"editor","project":"p","client":"Cline/3",`+
		`"dialect":"messages","stream":true,"requestedModel":"sim/echo","model":"sim/echo","provider":"sim",`+
		`"upstreamId":"msg_1","inputTokens":100,"cacheReadTokens":0,"cacheWrite5mTokens":3,"cacheWrite1hTokens":4,`+
		`"outputTokens":20,"reasoningTokens":null,"costPicoUSD":120,"cacheSavedPicoUSD":7,`+
		`"bill":{"lines":[{"kind":"input","units":100}],"source":"provider","version":"v1"},"timeToFirstTokenMs":120,"durationMs":3000,`+
		`"outcome":"ok","status":200,"errorKind":"","error":"","finishReason":"stop","attempts":[{"provider":"sim",`+
		`"model":"sim/echo","reason":"asked for","at":%q,"status":200}]}`,
		o.ID, day0.Format(time.RFC3339Nano), day0.Format(time.RFC3339Nano))
	if got := asJSON(t, get(t, b.History, o.ID)); got != want {
		t.Errorf("settled, in memory:\n%s\nwant\n%s", got, want)
	}
	b.stored(t)
	if got := asJSON(t, get(t, b.History, o.ID)); got != want {
		t.Errorf("stored:\n%s\nwant\n%s", got, want)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	if found, _ := filepath.Glob(filepath.Join(folder, "*")); len(found) != 1 {
		t.Errorf("after a clean end the folder holds %v", found)
	}
	b = start(t, folder)
	if got := asJSON(t, get(t, b.History, o.ID)); got != want {
		t.Errorf("after a restart:\n%s\nwant\n%s", got, want)
	}
	if n := b.Unguarded(); n != 0 {
		t.Errorf("%d unguarded", n)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownIsNotZero(t *testing.T) {
	b := start(t, t.TempDir())
	e := b.Begin(opening(day0, "x"))
	s := gateway.Settlement{Outcome: gateway.Failed, Status: 502, Kind: llm.ErrInternal, Error: "no"}
	e.Settle(s)
	records, _, err := b.List(t.Context(), Query{})
	if err != nil || len(records) != 1 {
		t.Fatal(records, err)
	}
	r := records[0]
	if r.InputTokens != nil || r.CostPicoUSD != nil || r.FirstTokenMs != nil || r.CacheWriteTokens() != nil || r.DurationMs == nil {
		t.Errorf("got %s", asJSON(t, r))
	}
	u := settlement("free/unknown")
	u.Usage.CacheWrite1h = llm.Count{}
	r = *opened(opening(day0, "x")).settled(u, prices{})
	if r.CostPicoUSD != nil || *r.CacheWriteTokens() != 3 {
		t.Errorf("got %s", asJSON(t, r))
	}
}

func TestRecordsAreBounded(t *testing.T) {
	huge := strings.Repeat("é", 1<<20)
	o := opening(day0, huge)
	o.Client, o.Project, o.Key = huge, huge, huge
	s := settlement(huge)
	s.Error, s.UpstreamID, s.Provider = huge, huge, huge
	for range 1000 {
		s.Attempts = append(s.Attempts, gateway.Attempt{Provider: huge, Model: huge, Reason: huge, Error: huge})
	}
	s.Attempts = append(s.Attempts, gateway.Attempt{Provider: "last"})
	r := opened(o).settled(s, nil)
	if got := asJSON(t, *r); len(got) > maxLine/4 || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("%d bytes", len(got))
	}
	if n := len(r.Attempts); n != maxAttempts || r.Attempts[n-1].Provider != "last" {
		t.Errorf("%d attempts", n)
	}
	for _, c := range []struct{ in, want string }{{"short", "short"}, {"exactly10!", "exactly10!"}, {"aaaaaaéééé", "aaaaaa…"}, {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\xff\xff\xff…"}} {
		if got := shorten(c.in, 10); got != c.want {
			t.Errorf("%q gives %q, want %q", c.in, got, c.want)
		}
	}
}

func TestListPagesAndFilters(t *testing.T) {
	b := start(t, t.TempDir())
	var ids []string
	var running []gateway.Entry
	for i := range 5000 {
		o := opening(day0.Add(time.Duration(i)*time.Millisecond), fmt.Sprintf("m/%d", i%3))
		o.Project = fmt.Sprintf("<p%d>", i%2)
		e := b.Begin(o)
		ids = append(ids, o.ID)
		if i%100 == 7 {
			running = append(running, e)
		} else {
			e.Settle(settlement("served/" + o.RequestedModel))
		}
	}
	slices.Reverse(ids)
	check := func(when string) {
		t.Helper()
		var got []string
		for before := ""; ; {
			page, next, err := b.List(t.Context(), Query{Limit: 700, Before: before})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page {
				got = append(got, r.ID)
			}
			if before = next; next == "" {
				break
			}
		}
		if !slices.Equal(got, ids) {
			t.Errorf("%s: %d records, want %d", when, len(got), len(ids))
		}
		for _, c := range []struct {
			q    Query
			want int
		}{
			{Query{Project: "<p1>"}, 2500},
			{Query{Model: "m/0"}, 1667},
			{Query{Model: "served/m/0"}, 1667 - 16},
			{Query{Model: "m/0", Project: "<p1>"}, 833},
			{Query{Project: "none"}, 0},
		} {
			c.q.Limit = maxLimit
			page, next, err := b.List(t.Context(), c.q)
			if len(page) != c.want || next != "" || err != nil {
				t.Errorf("%s: %+v gives %d, want %d; next %q, %v", when, c.q, len(page), c.want, next, err)
			}
		}
		if page, next, _ := b.List(t.Context(), Query{Limit: 5000}); len(page) != 5000 || next != "" {
			t.Errorf("%s: a page that just fits: %d, next %q", when, len(page), next)
		}
		if page, next, _ := b.List(t.Context(), Query{}); len(page) != 100 || next != ids[99] {
			t.Errorf("%s: without a limit: %d, next %q", when, len(page), next)
		}
	}
	check("partly in memory")
	b.stored(t)
	check("stored")
	if page, _, _ := b.List(t.Context(), Query{Limit: 1}); page[0].ID != ids[0] {
		t.Error("not the newest first")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := b.List(ctx, Query{}); err == nil {
		t.Error("a cancelled list gives no error")
	}
	for _, e := range running {
		e.Settle(settlement("served/late"))
	}
}

func TestTotals(t *testing.T) {
	b := start(t, t.TempDir())
	add := func(at time.Time, requested, served string, s gateway.Settlement) {
		o := opening(at, requested)
		e := b.Begin(o)
		s.Model = served
		if s.Outcome != gateway.Open {
			e.Settle(s)
		}
	}
	add(day0, "gatehouse/active", "a/1", settlement(""))
	add(day0.Add(time.Hour), "a/1", "a/1", settlement(""))
	add(day0.AddDate(0, 0, 1), "a/1", "free/unknown", settlement(""))
	add(day0.AddDate(0, 0, 1), "b/2", "", gateway.Settlement{Outcome: gateway.Failed, Provider: "sim"})
	add(day0.AddDate(0, 0, 2), "b/2", "", gateway.Settlement{Outcome: gateway.Open})
	for _, c := range []struct {
		by           By
		since, until time.Time
		want         string
	}{
		{ByModel, time.Time{}, time.Time{}, "{{a/1 2 0 200 0 14 40 0 240 0 0} {b/2 2 1 0 0 0 0 0 0 2 2} {free/unknown 1 0 100 0 7 20 0 0 0 1}}"},
		{ByDay, time.Time{}, time.Time{}, "{{2026-11-22 1 0 0 0 0 0 0 0 1 1} {2026-11-21 2 1 100 0 7 20 0 0 1 2} {2026-11-20 2 0 200 0 14 40 0 240 0 0}}"},
		{ByProvider, time.Time{}, day0.AddDate(0, 0, 2), "{{sim 4 1 300 0 21 60 0 240 1 2}}"},
		{ByKey, day0, day0.Add(time.Hour), "{{editor 1 0 100 0 7 20 0 120 0 0}}"},
		{ByProject, day0.Add(1), day0.Add(2 * time.Hour), "{{p 1 0 100 0 7 20 0 120 0 0}}"},
		{ByClient, day0.AddDate(1, 0, 0), time.Time{}, "{}"},
	} {
		rows, err := b.Totals(t.Context(), ReportQuery{By: c.by, From: c.since, To: c.until})
		if got := shortly(rows); got != c.want || err != nil {
			t.Errorf("by %s: %s %v, want %s", c.by, got, err, c.want)
		}
	}
	if _, err := b.Totals(t.Context(), ReportQuery{By: "moon"}); err == nil {
		t.Error("an unknown kind gives no error")
	}
}

func shortly(rows []Total) string {
	n := func(v *int64) int64 {
		if v == nil {
			return 0
		}
		return *v
	}
	out := [][]any{}
	for _, r := range rows {
		out = append(out, []any{
			r.Name, r.Requests, r.Errors, n(r.InputTokens), n(r.CacheReadTokens), n(r.CacheWriteTokens), n(r.OutputTokens),
			n(r.ReasoningTokens), n(r.CostPicoUSD), r.UnknownTokens, r.Requests - r.Priced,
		})
	}
	return strings.NewReplacer("[", "{", "]", "}").Replace(fmt.Sprint(out))
}

// The fast way of reading a record sees what the plain one does.
func TestForTotals(t *testing.T) {
	odd := opening(day0.In(time.FixedZone("", 3600)).Add(7), "<m>\"\\/\u2028é")
	odd.Project, odd.Key, odd.Client = "\"outcome\":\"x\"", "{}", "\x00\xff"
	for _, r := range []*Record{
		opened(odd), opened(odd).interrupted(), opened(odd).settled(settlement("a/\"b"), prices{}),
		opened(odd).settled(gateway.Settlement{Outcome: gateway.Failed, Usage: llm.Usage{Output: llm.Tokens(1 << 60)}}, nil),
	} {
		raw := []byte(asJSON(t, *r))
		want, err1 := whole(raw)
		got, err2 := forTotals(raw)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		var a, b row
		a.count(want)
		b.count(got)
		if string(a.append(nil)) != string(b.append(nil)) || want.ID != got.ID || !want.StartedAt.Equal(got.StartedAt) {
			t.Errorf("%s gives %+v, want %+v", raw, b, a)
		}
		plain, labels := seriesOf(want)
		gotPlain, gotLabels := seriesOf(got)
		if !reflect.DeepEqual(plain, gotPlain) || !reflect.DeepEqual(labels, gotLabels) {
			t.Errorf("series %+v %+v, want %+v %+v", gotPlain, gotLabels, plain, labels)
		}
	}
	for _, raw := range []string{"", "{}", "nonsense", `{"id":"x","startedAt":"soon","outcome":"ok"}`} {
		if _, err := forTotals([]byte(raw)); err == nil {
			t.Errorf("%q is let through", raw)
		}
	}
}

func TestEvents(t *testing.T) {
	b := start(t, t.TempDir())
	s := b.broker.Subscribe(512)
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	next := func() Record {
		t.Helper()
		ev, err := s.Next(ctx)
		if err != nil || ev.Type != EventRecord {
			t.Fatalf("%+v %v", ev, err)
		}
		return ev.Data.(Record)
	}
	o := opening(day0, "x")
	e := b.Begin(o)
	if r := next(); r.ID != o.ID || r.Outcome != gateway.Open {
		t.Errorf("got %s", asJSON(t, r))
	}
	e.Settle(settlement("x"))
	if r := next(); r.ID != o.ID || r.Outcome != gateway.OK {
		t.Errorf("got %s", asJSON(t, r))
	}
	// A flood: nothing that was announced as open stays so, and a subscriber of some hundred events does not lag.
	last := opening(day0.AddDate(0, 0, 1), "last")
	small := b.broker.Subscribe(256)
	defer small.Close()
	open := map[string]bool{}
	done := make(chan error, 1)
	go func() {
		for {
			ev, err := small.Next(ctx)
			if err != nil {
				done <- err
				return
			}
			r := ev.Data.(Record)
			if r.Outcome == gateway.Open {
				open[r.ID] = true
			} else {
				delete(open, r.ID)
			}
			if r.ID == last.ID && r.Outcome == gateway.OK {
				done <- nil
				return
			}
		}
	}()
	for i := range 9000 {
		b.Begin(opening(day0.Add(time.Duration(i)), "x")).Settle(settlement("x"))
	}
	b.stored(t)
	b.Begin(last).Settle(settlement("last"))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(open) > 0 {
		t.Errorf("%d requests stay open to a subscriber", len(open))
	}
	if _, dropped := b.Health(); dropped != 0 {
		t.Errorf("%d dropped", dropped)
	}
}

func TestCloseInterruptsAndKeepsLateEnds(t *testing.T) {
	folder := t.TempDir()
	b := start(t, folder)
	never, late := opening(day0, "never"), opening(day0.Add(time.Second), "late")
	b.Begin(never)
	e := b.Begin(late)
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	after := b.Begin(opening(day0, "after"))
	after.Guard(t.Context())
	after.Settle(settlement("after"))
	if _, dropped := b.Health(); dropped != 1 {
		t.Errorf("%d dropped", dropped)
	}
	e.Settle(settlement("late"))
	e.Settle(gateway.Settlement{Outcome: gateway.Failed}) // ignored
	for range 2 {                                         // a second start changes nothing
		b = start(t, folder)
		if r := get(t, b.History, never.ID); r.Outcome != gateway.Interrupted || r.DurationMs != nil || r.Error == "" {
			t.Errorf("got %s", asJSON(t, r))
		}
		if r := get(t, b.History, late.ID); r.Outcome != gateway.OK || *r.InputTokens != 100 {
			t.Errorf("got %s", asJSON(t, r))
		}
		if err := b.end(); err != nil {
			t.Fatal(err)
		}
		if found, _ := filepath.Glob(filepath.Join(folder, "*.journal")); len(found) > 0 {
			t.Errorf("left behind: %v", found)
		}
	}
}

func TestLinesWithoutIDOrTwice(t *testing.T) {
	b := start(t, t.TempDir())
	o := opening(day0, "x")
	o.ID = ""
	b.Begin(o).Settle(settlement("x"))
	o.ID = strings.Repeat("x", 100_000)
	b.Begin(o).Settle(settlement("x"))
	o.ID = "req_same"
	first, second := b.Begin(o), b.Begin(o)
	second.Settle(gateway.Settlement{Outcome: gateway.Failed})
	first.Settle(settlement("x"))
	b.stored(t)
	records, _, err := b.List(t.Context(), Query{})
	if err != nil || len(records) != 3 {
		t.Errorf("%d records, %v", len(records), err)
	}
	if r := get(t, b.History, "req_same"); r.Outcome != gateway.OK {
		t.Errorf("got %s", asJSON(t, r))
	}
	if _, dropped := b.Health(); dropped != 1 {
		t.Errorf("%d dropped", dropped)
	}
}

func TestManyAtOnce(t *testing.T) {
	b := start(t, t.TempDir())
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			for i := range 300 {
				e := b.Begin(opening(day0.Add(time.Duration(g*1000+i)*time.Millisecond), "x"))
				e.Guard(t.Context())
				if i%100 == 0 {
					if _, _, err := b.List(t.Context(), Query{Limit: 10}); err != nil {
						t.Error(err)
					}
				}
				e.Settle(settlement("x"))
			}
		})
	}
	all.Wait()
	b.stored(t)
	rows, err := b.Totals(t.Context(), ReportQuery{By: ByModel})
	if err != nil || len(rows) != 1 || rows[0].Requests != 4800 {
		t.Errorf("%+v %v", rows, err)
	}
}

// BenchmarkRequest is what the history costs a request, with 64 running at a time. ns/op is elapsed time; cpu-ns/op is
// what all goroutines took together, with encoding, journal and database (Linux and macOS).
func BenchmarkRequest(b *testing.B) {
	h := start(b, b.TempDir())
	s := settlement("sim/echo")
	b.ReportAllocs()
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	before := cpuTime()
	b.RunParallel(func(pb *testing.PB) {
		o := opening(day0, "sim/echo")
		for pb.Next() {
			o.ID = gateway.NewRequestID(time.Now())
			e := h.Begin(o)
			e.Guard(b.Context())
			e.Settle(s)
		}
	})
	h.stored(b)
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
	if _, dropped := h.Health(); dropped > 0 {
		b.Errorf("%d dropped", dropped)
	}
}

// BenchmarkHotPath is what the request's own goroutine does, with a Guard that need not wait: the writer is not running.
func BenchmarkHotPath(b *testing.B) {
	h := &History{opts: Options{Pricer: prices{}}, held: maxHeld, live: map[string]*entry{}, wake: make(chan struct{}, 1)}
	s := settlement("sim/echo")
	o := opening(day0, "sim/echo")
	b.ReportAllocs()
	for b.Loop() {
		o.ID = gateway.NewRequestID(time.Now())
		e := h.Begin(o).(*entry)
		e.batch.state.Store(guarded)
		e.Guard(b.Context())
		e.Settle(s)
		delete(h.live, o.ID)
		h.queue, h.batch = h.queue[:0], nil
	}
}
