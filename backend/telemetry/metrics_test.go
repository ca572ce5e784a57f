package telemetry_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"gatehouse/backend/gateway"
	"gatehouse/backend/telemetry"
	"gatehouse/backend/usage"
)

func newMetrics() *telemetry.Metrics {
	return telemetry.NewMetrics(telemetry.Sources{
		Version: "1.2.3", Build: "headless", Running: func() int { return 3 },
		Dropped: func() int64 { return 4 }, Unguarded: func() int64 { return 5 },
		Unwell: func() []telemetry.Unwell { return []telemetry.Unwell{{"p", "open"}, {"p", "open"}, {"q", "parked"}} },
	})
}

// read asks for the metrics as Prometheus does, and reads them as it does.
func read(t *testing.T, m *telemetry.Metrics) (families map[string]*dto.MetricFamily, size int) {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		body, _ := io.ReadAll(w.Body)
		t.Fatalf("%d: %s", w.Code, body)
	}
	size = w.Body.Len()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families, size
}

// value gives the metric with exactly these labels, as name, value, name, value.
func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels ...string) *dto.Metric {
	t.Helper()
next:
	for _, m := range families[name].GetMetric() {
		has := map[string]string{}
		for _, l := range m.GetLabel() {
			has[l.GetName()] = l.GetValue()
		}
		if len(has) != len(labels)/2 {
			continue
		}
		for i := 0; i < len(labels); i += 2 {
			if has[labels[i]] != labels[i+1] {
				continue next
			}
		}
		return m
	}
	t.Fatalf("there is no %s%q: %v", name, labels, families[name])
	return nil
}

func number(n int64) *int64 { return &n }

func answered(provider, name string) *usage.Record {
	return &usage.Record{
		Provider: provider, Model: name, Dialect: "messages", Outcome: gateway.OK, InputTokens: number(100), CacheReadTokens: number(10),
		CacheWrite5mTokens: number(20), CacheWrite1hTokens: number(30), OutputTokens: number(40), ReasoningTokens: number(5),
		CostPicoUSD: number(250_000_000_000), FirstTokenMs: number(300), DurationMs: number(2000),
		Attempts: []gateway.Attempt{{Provider: "q", Outcome: gateway.Failed}, {Provider: provider, Outcome: gateway.OK}},
	}
}

func TestMetrics(t *testing.T) {
	m := newMetrics()
	m.Settled(answered("p", "m"))
	m.Settled(answered("p", "m"))
	unknown := answered("p", "m")
	unknown.CostPicoUSD, unknown.OutputTokens = nil, nil
	m.Settled(unknown)
	m.Settled(&usage.Record{RequestedModel: "nobody/knows", Dialect: "messages", Outcome: gateway.Failed, ErrorKind: "not_found"})
	families, _ := read(t, m)
	for _, c := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{3, "gatehouse_requests_total", []string{"provider", "p", "model", "m", "outcome", "ok"}},
		{1, "gatehouse_requests_total", []string{"provider", "none", "model", "none", "outcome", "error"}},
		{1, "gatehouse_request_errors_total", []string{"provider", "none", "kind", "not_found"}},
		{3, "gatehouse_requests_by_protocol_total", []string{"protocol", "messages", "outcome", "ok"}},
		{1, "gatehouse_requests_of_unknown_cost_total", []string{"provider", "p", "model", "m"}},
		{300, "gatehouse_tokens_total", []string{"provider", "p", "model", "m", "kind", "input"}},
		{30, "gatehouse_tokens_total", []string{"provider", "p", "model", "m", "kind", "cache_read"}},
		{60, "gatehouse_tokens_total", []string{"provider", "p", "model", "m", "kind", "cache_write_5m"}},
		{90, "gatehouse_tokens_total", []string{"provider", "p", "model", "m", "kind", "cache_write_1h"}},
		{80, "gatehouse_tokens_total", []string{"provider", "p", "model", "m", "kind", "output"}},
		{15, "gatehouse_reasoning_tokens_total", []string{"provider", "p", "model", "m"}},
		{0.5, "gatehouse_cost_usd_total", []string{"provider", "p", "model", "m"}},
		{3, "gatehouse_attempts_total", []string{"provider", "q", "outcome", "error"}},
		{3, "gatehouse_attempts_total", []string{"provider", "p", "outcome", "ok"}},
		{3, "gatehouse_requests_in_flight", nil},
		{4, "gatehouse_history_dropped_records_total", nil},
		{5, "gatehouse_history_unguarded_requests_total", nil},
		{2, "gatehouse_provider_unwell", []string{"provider", "p", "state", "open"}},
		{1, "gatehouse_provider_unwell", []string{"provider", "q", "state", "parked"}},
		{1, "gatehouse_build_info", []string{"version", "1.2.3", "build", "headless"}},
	} {
		v := value(t, families, c.name, c.labels...)
		if got := v.GetCounter().GetValue() + v.GetGauge().GetValue(); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s%q is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	took := value(t, families, "gatehouse_request_duration_seconds", "provider", "p", "model", "m").GetHistogram()
	first := value(t, families, "gatehouse_time_to_first_token_seconds", "provider", "p", "model", "m").GetHistogram()
	if took.GetSampleCount() != 3 || took.GetSampleSum() != 6 || first.GetSampleCount() != 3 || math.Abs(first.GetSampleSum()-0.9) > 1e-9 {
		t.Errorf("%v %v", took, first)
	}
}

// Clients and providers may name what they like: there is a bound on what is kept, nothing goes uncounted, and who was
// there first keeps counting.
func TestLabelsAreBounded(t *testing.T) {
	const wild = 10_000
	m := newMetrics()
	m.Settled(answered("p", "first"))
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for n := worker; n < wild; n += 4 {
				refused := answered("p", fmt.Sprint("refused-", n))
				refused.Outcome = gateway.Failed
				refused.ErrorKind = "bad_request"
				m.Settled(refused)
				m.Settled(answered("p", fmt.Sprint("model-\xff", n)))
				m.Settled(answered(fmt.Sprint("provider-", n), "m"))
			}
		})
	}
	all.Wait()
	m.Settled(answered("p", "first"))
	families, size := read(t, m)
	series, requests, models := 0, 0.0, map[string]bool{}
	for name, f := range families {
		series += len(f.GetMetric())
		for _, metric := range f.GetMetric() {
			if name == "gatehouse_requests_total" {
				requests += metric.GetCounter().GetValue()
			}
			for _, l := range metric.GetLabel() {
				if l.GetName() == "model" {
					models[l.GetValue()] = true
				}
			}
		}
	}
	if len(models) > 202 || series > 4000 || size > 4<<20 {
		t.Errorf("%d models, %d metrics, %d bytes", len(models), series, size)
	}
	if requests != 3*wild+2 {
		t.Errorf("%v requests are counted of %d", requests, 3*wild+2)
	}
	if v := value(t, families, "gatehouse_requests_total", "provider", "p", "model", "first", "outcome", "ok"); v.GetCounter().GetValue() != 2 {
		t.Errorf("%v", v)
	}
	if models["refused-0"] {
		t.Error("a model that never answered has a label")
	}
}

// BenchmarkSettled is what counting costs a request.
func BenchmarkSettled(b *testing.B) {
	m, r := newMetrics(), answered("p", "m")
	m.Settled(r)
	b.ReportAllocs()
	for b.Loop() {
		m.Settled(r)
	}
}
