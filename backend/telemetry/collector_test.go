package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/telemetry"
	"gatehouse/backend/usage"

	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	pb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// metering is a collector that keeps the metrics that it was sent last.
type metering struct {
	mu      sync.Mutex
	metrics map[string]*pb.Metric
	header  http.Header
	path    string
}

func (c *metering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var sent collector.ExportMetricsServiceRequest
	if err := proto.Unmarshal(body, &sent); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header, c.path, c.metrics = r.Header, r.URL.Path, map[string]*pb.Metric{}
	for _, resource := range sent.GetResourceMetrics() {
		for _, scope := range resource.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				c.metrics[m.GetName()] = m
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// point gives the sum and the count of a histogram's point with these attributes.
func (c *metering) point(t *testing.T, name string, attributes map[string]string) (sum float64, count uint64) {
	t.Helper()
	for _, p := range c.metrics[name].GetHistogram().GetDataPoints() {
		has := map[string]string{}
		for k, v := range valuesOf(p.GetAttributes()) {
			has[k] = v.GetStringValue()
		}
		if fmt.Sprint(has) == fmt.Sprint(attributes) {
			return p.GetSum(), p.GetCount()
		}
	}
	t.Errorf("%s has no %v: %v", name, attributes, c.metrics[name])
	return 0, 0
}

func openMeter(t *testing.T, c telemetry.Collector) *telemetry.Meter {
	t.Helper()
	c.Logger, c.Version = quiet, "1.2.3"
	m, err := telemetry.OpenMeter(t.Context(), c, mistral)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMeter(t *testing.T) {
	sink := &metering{}
	server := httptest.NewServer(sink)
	defer server.Close()
	m := openMeter(t, telemetry.Collector{Endpoint: server.URL, Secret: func(context.Context) (string, string) { return "x-team", "canary" }})
	began := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	m.Settled(&usage.Record{
		ID: "req_1", StartedAt: began, Dialect: "messages", Stream: true, RequestedModel: "anything", Model: "mistral/m", Provider: "mistral", Outcome: gateway.OK,
		InputTokens: number(100), CacheReadTokens: number(10), OutputTokens: number(40), CostPicoUSD: number(5e11), FirstTokenMs: number(400), DurationMs: number(2400),
		Attempts: []gateway.Attempt{
			{Provider: "q", Model: "m", At: began, Duration: 100 * time.Millisecond, Outcome: gateway.Failed, Kind: "overloaded"},
			{
				Provider: "mistral", Model: "m", At: began, Duration: 2 * time.Second, Outcome: gateway.OK,
				Used: gateway.Used{Input: llm.Tokens(100), CacheRead: llm.Tokens(10), Output: llm.Tokens(40)},
			},
		},
	})
	m.Settled(&usage.Record{ // the result of a batch: nobody was asked for it, and how long it took is not known
		ID: "batch_1", Dialect: "chat", Model: "q/n", Provider: "q", Outcome: gateway.OK, InputTokens: number(7), OutputTokens: number(3),
	})
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sink.mu.Lock()
	defer sink.mu.Unlock()
	if sink.path != "/v1/metrics" || sink.header.Get("X-Team") != "canary" {
		t.Errorf("sent to %s with %v", sink.path, sink.header)
	}
	of := func(model string, more ...string) map[string]string {
		out := map[string]string{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "mistral_ai", "gen_ai.request.model": model, "server.address": "api.mistral.ai"}
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	failed := map[string]string{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "q", "gen_ai.request.model": "other", "error.type": "overloaded"}
	batch := map[string]string{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "q", "gen_ai.request.model": "q/n", "gen_ai.token.type": "input"}
	for _, c := range []struct {
		name string
		of   map[string]string
		want float64
	}{
		{"gen_ai.client.token.usage", of("m", "gen_ai.token.type", "input"), 110},
		{"gen_ai.client.token.usage", of("m", "gen_ai.token.type", "output"), 40},
		{"gen_ai.client.token.usage", batch, 7},
		{"gen_ai.client.operation.duration", of("m"), 2},
		{"gen_ai.client.operation.duration", failed, 0.1},
		{"gen_ai.server.request.duration", of("mistral/m"), 2.4},
		{"gen_ai.server.time_to_first_token", of("mistral/m"), 0.4},
		{"gen_ai.server.time_per_output_token", of("mistral/m"), 0.05},
	} {
		if got, count := sink.point(t, c.name, c.of); math.Abs(got-c.want) > 1e-9 || count != 1 {
			t.Errorf("%s%v is %v of %d, want %v", c.name, c.of, got, count, c.want)
		}
	}
	if p := sink.metrics["gatehouse.cost"].GetSum().GetDataPoints(); len(p) != 1 || p[0].GetAsDouble() != 0.5 {
		t.Errorf("the cost is %v", p)
	}
	if n := len(sink.metrics["gen_ai.server.request.duration"].GetHistogram().GetDataPoints()); n != 1 {
		t.Errorf("a result of a batch has a duration: %d points", n)
	}
}

// BenchmarkMeterSettled is what counting costs a request.
func BenchmarkMeterSettled(b *testing.B) {
	server := httptest.NewServer(&metering{})
	defer server.Close()
	m, err := telemetry.OpenMeter(b.Context(), telemetry.Collector{Endpoint: server.URL, Logger: quiet}, mistral)
	if err != nil {
		b.Fatal(err)
	}
	r := answered("p", "m")
	b.ReportAllocs()
	for b.Loop() {
		m.Settled(r)
	}
	if err := m.Close(b.Context()); err != nil {
		b.Error(err)
	}
}

// What clients and providers name does not make the metrics grow without end, and nothing goes uncounted.
func TestMeterIsBounded(t *testing.T) {
	sink := &metering{}
	server := httptest.NewServer(sink)
	defer server.Close()
	m := openMeter(t, telemetry.Collector{Endpoint: server.URL})
	for n := range 5000 {
		r := answered(fmt.Sprint("provider-", n%100), fmt.Sprint("model-", n))
		if n%2 == 1 {
			r.Outcome, r.ErrorKind = gateway.Failed, llm.ErrorKind(fmt.Sprint("kind-", n))
		}
		m.Settled(r)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sink.mu.Lock()
	defer sink.mu.Unlock()
	points, requests := sink.metrics["gen_ai.server.request.duration"].GetHistogram().GetDataPoints(), uint64(0)
	for _, p := range points {
		requests += p.GetCount()
	}
	if len(points) > 2000 || requests != 5000 {
		t.Errorf("%d requests in %d points", requests, len(points))
	}
}

// A collector that refuses or hangs keeps no request waiting and holds up the end of the program for a bounded time, after
// which nothing runs on.
func TestCollectorsThatDoNotTake(t *testing.T) {
	ignored := goleak.IgnoreCurrent()
	gone := make(chan struct{})
	for name, serve := range map[string]http.HandlerFunc{
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			select {
			case <-gone:
			case <-r.Context().Done():
			}
		},
		"refuses": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) },
		"leads elsewhere": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				t.Errorf("a redirect was followed with %q", r.Header.Get("Authorization"))
			}
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
	} {
		server := httptest.NewServer(serve)
		at := telemetry.Collector{
			Endpoint: server.URL, Logger: quiet, Secret: func(context.Context) (string, string) { return "Authorization", "Bearer canary" },
		}
		m := openMeter(t, at)
		traces, err := telemetry.OpenTraces(t.Context(), at, mistral)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			m.Settled(answered("p", "m"))
			traces.Settled(answered("p", "m"))
		}
		began := time.Now()
		var both sync.WaitGroup
		for what, end := range map[string]func(context.Context) error{"metrics": m.Close, "traces": traces.Close} {
			both.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
				defer cancel()
				if err := end(ctx); err == nil && what == "metrics" {
					t.Errorf("%s: nothing is said of lost metrics", name)
				}
			})
		}
		both.Wait()
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s: closing took %s", name, took)
		}
		server.CloseClientConnections()
		server.Close()
	}
	close(gone)
	goleak.VerifyNone(t, ignored)
}

func TestCollectorTest(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/v1/traces" || len(body) != 0 || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("asked %s with %q", r.URL, body)
		}
		w.WriteHeader(status)
	}))
	c := telemetry.Collector{Endpoint: server.URL + "/", Logger: quiet}
	if err := c.Test(t.Context(), "traces"); err != nil {
		t.Error(err)
	}
	status = http.StatusForbidden
	if e := llm.AsError(c.Test(t.Context(), "traces")); e == nil || e.Kind != llm.ErrAuth {
		t.Errorf("%+v", e)
	}
	server.Close()
	var e *llm.Error
	if err := c.Test(t.Context(), "traces"); !errors.As(err, &e) || e.Code != "upstream_unreachable" {
		t.Errorf("%v", err)
	}
}

func TestSecretsOfTheEnvironment(t *testing.T) {
	env := map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Basic%20YWJj, x-scope=production,,broken", "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "Api-Key=k1%ZZ,x-team=k2",
	}
	if got := telemetry.Secrets(func(name string) string { return env[name] }); !slices.Equal(got, []string{"Basic YWJj", "k2"}) {
		t.Errorf("%q", got)
	}
}

// The span of a request is within the client's own where it told its place, and has the names that the provider was told.
func TestTracesFollowTheClient(t *testing.T) {
	sink := &collecting{}
	server := httptest.NewServer(sink)
	defer server.Close()
	traces, err := telemetry.OpenTraces(t.Context(), telemetry.Collector{Endpoint: server.URL, Logger: quiet}, mistral)
	if err != nil {
		t.Fatal(err)
	}
	const theirs = "0af7651916cd43dd8448eb211c80319c"
	within, alone, unsampled := answered("p", "m"), answered("p", "m"), answered("p", "m")
	within.ID, within.TraceParent, within.TraceState = "req_1", "00-"+theirs+"-b7ad6b7169203331-01", "v=1"
	alone.ID = "req_2"
	unsampled.ID, unsampled.TraceParent = "req_3", "00-"+theirs+"-b7ad6b7169203331-00"
	for _, r := range []*usage.Record{within, alone, unsampled} {
		traces.Settled(r)
	}
	if err := traces.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	sink.mu.Lock()
	defer sink.mu.Unlock()
	seen := map[string]bool{}
	for _, s := range sink.spans {
		seen[fmt.Sprintf("%x %x in %x", s.GetTraceId(), s.GetSpanId(), s.GetParentSpanId())] = true
	}
	for _, r := range []*usage.Record{within, alone} {
		trace, parent := fmt.Sprintf("%x", gateway.TraceID(r.ID)), ""
		if r == within {
			trace, parent = theirs, "b7ad6b7169203331"
		}
		request := fmt.Sprintf("%x", gateway.SpanID(r.ID, nil))
		want := []string{fmt.Sprintf("%s %s in %s", trace, request, parent)}
		for i := range r.Attempts {
			want = append(want, fmt.Sprintf("%s %x in %s", trace, gateway.SpanID(r.ID, &r.Attempts[i]), request))
		}
		for _, w := range want {
			if !seen[w] {
				t.Errorf("there is no span %s among %v", w, seen)
			}
		}
	}
	if len(sink.spans) != 6 {
		t.Errorf("%d spans", len(sink.spans))
	}
}
