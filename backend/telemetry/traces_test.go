package telemetry_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/telemetry"
	"gatehouse/backend/usage"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	pb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collecting is a collector that keeps what it is sent.
type collecting struct {
	mu     sync.Mutex
	spans  []*pb.Span
	header http.Header
	path   string
}

func (c *collecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var sent collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &sent); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header, c.path = r.Header, r.URL.Path
	for _, resource := range sent.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(nil)
}

var quiet = slog.New(slog.DiscardHandler)

func mistral(provider string) string { return map[string]string{"mistral": "api.mistral.ai"}[provider] }

func valuesOf(list []*common.KeyValue) map[string]*common.AnyValue {
	out := map[string]*common.AnyValue{}
	for _, kv := range list {
		out[kv.GetKey()] = kv.GetValue()
	}
	return out
}

func TestTraces(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret")
	sink := &collecting{}
	server := httptest.NewServer(sink)
	defer server.Close()
	traces, err := telemetry.OpenTraces(t.Context(), telemetry.Collector{Endpoint: server.URL + "/", Version: "1.2.3", Logger: quiet}, mistral)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	traces.Settled(&usage.Record{
		ID: "req_1", StartedAt: began, Dialect: "messages", RequestedModel: "mistral/m", Model: "mistral/m", Provider: "mistral", Outcome: gateway.OK,
		InputTokens: number(100), CacheReadTokens: number(10), OutputTokens: number(40), CostPicoUSD: number(7), DurationMs: number(2000),
		Attempts: []gateway.Attempt{
			{Provider: "q", Model: "m", At: began.Add(time.Second), Duration: 100 * time.Millisecond, Outcome: gateway.Failed, Kind: "overloaded", Status: 529, Error: "quotes the prompt"},
			{Provider: "mistral", Model: "m", At: began.Add(1200 * time.Millisecond), Duration: 800 * time.Millisecond, Outcome: gateway.OK, Status: 200},
		},
	})
	traces.Settled(&usage.Record{StartedAt: began, Outcome: gateway.Interrupted}) // how long it took is not known
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := traces.Close(ctx); err != nil { // sends what waits
		t.Fatal(err)
	}
	sink.mu.Lock()
	defer sink.mu.Unlock()
	if len(sink.spans) != 3 || sink.path != "/v1/traces" || sink.header.Get("Authorization") != "Bearer secret" {
		t.Fatalf("%d spans at %s", len(sink.spans), sink.path)
	}
	byName := map[string]*pb.Span{}
	for _, s := range sink.spans {
		byName[s.GetName()] = s
	}
	root, failed, answered := byName["chat mistral/m"], byName["attempt q"], byName["attempt mistral"]
	if root == nil || failed == nil || answered == nil {
		t.Fatal(byName)
	}
	at := func(s *pb.Span) (from, to time.Duration) {
		start := uint64(began.UnixNano())                                                                     //nolint:gosec // it is after 1970
		return time.Duration(s.GetStartTimeUnixNano() - start), time.Duration(s.GetEndTimeUnixNano() - start) //nolint:gosec // small
	}
	if from, to := at(root); from != 0 || to != 2*time.Second {
		t.Errorf("the request is from %s to %s", from, to)
	}
	if from, to := at(failed); from != time.Second || to != 1100*time.Millisecond {
		t.Errorf("the attempt is from %s to %s", from, to)
	}
	for _, s := range []*pb.Span{failed, answered} {
		if string(s.GetParentSpanId()) != string(root.GetSpanId()) || string(s.GetTraceId()) != string(root.GetTraceId()) {
			t.Errorf("%s is not within the request", s.GetName())
		}
	}
	v := valuesOf(root.GetAttributes())
	if v["gen_ai.operation.name"].GetStringValue() != "chat" || v["gen_ai.provider.name"].GetStringValue() != "mistral_ai" ||
		v["gen_ai.usage.input_tokens"].GetIntValue() != 110 || v["gen_ai.usage.cache_read.input_tokens"].GetIntValue() != 10 ||
		v["gen_ai.usage.output_tokens"].GetIntValue() != 40 || v["gatehouse.cost.pico_usd"].GetIntValue() != 7 ||
		v["gen_ai.usage.cache_creation.input_tokens"] != nil || v["error.type"] != nil {
		t.Errorf("%v", v)
	}
	if v := valuesOf(failed.GetAttributes()); v["error.type"].GetStringValue() != "overloaded" || v["http.response.status_code"].GetIntValue() != 529 ||
		failed.GetStatus().GetMessage() != "overloaded" || v["server.address"] != nil {
		t.Errorf("%v %v", v, failed.GetStatus())
	}
	if v := valuesOf(answered.GetAttributes()); v["server.address"].GetStringValue() != "api.mistral.ai" || answered.GetStatus().GetCode() == pb.Status_STATUS_CODE_ERROR {
		t.Errorf("%v %v", v, answered.GetStatus())
	}
}

// A collector that does not answer keeps no request waiting, and nothing grows without end.
func TestTracesDoNotBlock(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-gone:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(gone)
	traces, err := telemetry.OpenTraces(t.Context(), telemetry.Collector{Endpoint: server.URL, Logger: quiet}, mistral)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for range 20_000 {
		traces.Settled(&usage.Record{StartedAt: began, Outcome: gateway.OK, DurationMs: number(1)})
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("20,000 requests waited %s", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := traces.Close(ctx); err == nil {
		t.Error("closing says nothing of what was not sent")
	}
	var none *telemetry.Traces
	none.Settled(&usage.Record{DurationMs: number(1)}) // off unless configured
}
