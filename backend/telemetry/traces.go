package telemetry

import (
	"context"
	"errors"
	"strings"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/usage"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// mostSpans is how many spans wait to be sent; those that come while so many do are dropped.
const mostSpans = 4096

// Traces sends a span for each request that ended, and one for each of its attempts within, by the semantic conventions for
// generative AI. They hold nothing of what was asked or said. The span of a request whose client told its place in a trace
// (W3C Trace Context) is within the client's own; where the client's is not sampled, neither is ours.
type Traces struct {
	exporter *otlptrace.Exporter
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	address  func(string) string
}

// OpenTraces starts sending. Address gives the host that a provider is reached at, empty where it is not known. Trouble with
// the collector is logged, and is no request's.
func OpenTraces(ctx context.Context, c Collector, address func(provider string) string) (*Traces, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(c.url("traces")), otlptracehttp.WithHTTPClient(c.client()))
	if err != nil {
		return nil, llm.Errorf(llm.ErrInternal, "traces can't be sent to the collector: %w", err)
	}
	c.logTrouble()
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter, sdktrace.WithMaxQueueSize(mostSpans)), sdktrace.WithIDGenerator(placed{}),
		sdktrace.WithResource(c.resource()),
	)
	return &Traces{exporter, provider, provider.Tracer("gatehouse"), address}, nil
}

// Close sends what waits, for closeLimit at most. What a collector that hangs was being sent is broken off.
func (t *Traces) Close(ctx context.Context) error {
	ctx, cancel := closing(ctx)
	defer cancel()
	err := t.provider.Shutdown(ctx)
	if err != nil { // the library leaves its sender behind
		err = errors.Join(err, t.exporter.Shutdown(context.WithoutCancel(ctx)))
	}
	return err
}

// Settled makes the spans of a request that ended. It does not block. A nil Traces does nothing.
func (t *Traces) Settled(r *usage.Record) {
	if t == nil || r.DurationMs == nil {
		return
	}
	name := operation(r.Dialect)
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": r.TraceParent, "tracestate": r.TraceState})
	ctx, span := t.tracer.Start(at(ctx, r.ID, nil), strings.TrimSpace(name+" "+r.RequestedModel), trace.WithTimestamp(r.StartedAt),
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(requestAttributes(r, name)...))
	for i := range r.Attempts {
		t.attempt(at(ctx, r.ID, &r.Attempts[i]), &r.Attempts[i])
	}
	if r.Outcome != gateway.OK {
		kind := string(r.ErrorKind)
		if kind == "" {
			kind = string(r.Outcome)
		}
		span.SetAttributes(attribute.String("error.type", kind))
		span.SetStatus(codes.Error, kind) // the message may quote what was asked
	}
	span.End(trace.WithTimestamp(r.StartedAt.Add(time.Duration(*r.DurationMs) * time.Millisecond)))
}

// attempt makes a span of one try at a provider. Tokens are told of the request alone, or they would count twice.
func (t *Traces) attempt(ctx context.Context, a *gateway.Attempt) {
	attributes := []attribute.KeyValue{
		attribute.String("gen_ai.provider.name", providerName(a.Provider)), attribute.String("gen_ai.request.model", a.Model),
		attribute.String("gatehouse.credential.type", a.CredentialType),
	}
	if host := t.address(a.Provider); host != "" {
		attributes = append(attributes, attribute.String("server.address", host))
	}
	if a.Status != 0 {
		attributes = append(attributes, attribute.Int("http.response.status_code", a.Status))
	}
	_, span := t.tracer.Start(ctx, "attempt "+a.Provider, trace.WithTimestamp(a.At), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attributes...))
	if a.Outcome != gateway.OK && a.Outcome != "" {
		kind := string(a.Kind)
		if kind == "" {
			kind = string(a.Outcome)
		}
		span.SetAttributes(attribute.String("error.type", kind))
		span.SetStatus(codes.Error, kind)
	}
	span.End(trace.WithTimestamp(a.At.Add(a.Duration)))
}

// requestAttributes are those of the OpenTelemetry registry ("Gen AI attributes") and some of our own. What is not known has none.
func requestAttributes(r *usage.Record, operation string) []attribute.KeyValue {
	out := []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", operation), attribute.String("gatehouse.request.id", r.ID),
		attribute.String("gatehouse.protocol", r.Dialect), attribute.Bool("gatehouse.stream", r.Stream),
	}
	text := func(name, value string) {
		if value != "" {
			out = append(out, attribute.String(name, value))
		}
	}
	number := func(name string, n *int64) {
		if n != nil {
			out = append(out, attribute.Int64(name, *n))
		}
	}
	text("gen_ai.request.model", r.RequestedModel)
	text("gen_ai.response.model", r.Model)
	text("gen_ai.response.id", r.UpstreamID)
	text("gen_ai.conversation.id", r.Conversation)
	if r.Provider != "" {
		text("gen_ai.provider.name", providerName(r.Provider))
	}
	text("gatehouse.client", r.Client)
	text("gatehouse.project", r.Project)
	if r.FinishReason != "" {
		out = append(out, attribute.StringSlice("gen_ai.response.finish_reasons", []string{string(r.FinishReason)}))
	}
	if r.InputTokens != nil { // with those of caches, as the convention has it
		sum := *r.InputTokens
		for _, n := range []*int64{r.CacheReadTokens, r.CacheWriteTokens()} {
			if n != nil {
				sum += *n
			}
		}
		number("gen_ai.usage.input_tokens", &sum)
	}
	number("gen_ai.usage.output_tokens", r.OutputTokens)
	number("gen_ai.usage.cache_read.input_tokens", r.CacheReadTokens)
	number("gen_ai.usage.cache_creation.input_tokens", r.CacheWriteTokens())
	number("gatehouse.usage.reasoning_tokens", r.ReasoningTokens)
	number("gatehouse.cost.pico_usd", r.CostPicoUSD)
	number("gatehouse.time_to_first_token_ms", r.FirstTokenMs)
	return out
}

// operation is what the convention calls what a client asked for.
func operation(dialect string) string {
	switch llm.Dialect(dialect) {
	case llm.Embeddings, llm.GeminiEmbeddings:
		return "embeddings"
	case llm.Gemini:
		return "generate_content"
	}
	return "chat"
}

// providerName is what the convention calls a provider ("gen_ai.provider.name"); others keep their own name.
func providerName(id string) string {
	switch id {
	case "google":
		return "gcp.gemini"
	case "moonshotai":
		return "moonshot_ai"
	case "mistral":
		return "mistral_ai"
	case "xai":
		return "x_ai"
	}
	return id
}
