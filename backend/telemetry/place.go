package telemetry

import (
	"context"

	"gatehouse/backend/gateway"

	"go.opentelemetry.io/otel/trace"
)

// placed names spans by what the gateway tells providers of them; see gateway.SpanID.
type placed struct{}

type place struct {
	id      string
	attempt *gateway.Attempt
}

type placeKey struct{}

// at says which span is made next: a request's, or one of its attempts'.
func at(ctx context.Context, id string, a *gateway.Attempt) context.Context {
	return context.WithValue(ctx, placeKey{}, place{id, a})
}

// NewIDs implements sdktrace.IDGenerator.
func (placed) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	p, _ := ctx.Value(placeKey{}).(place)
	return gateway.TraceID(p.id), gateway.SpanID(p.id, p.attempt)
}

// NewSpanID implements sdktrace.IDGenerator.
func (placed) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	p, _ := ctx.Value(placeKey{}).(place)
	return gateway.SpanID(p.id, p.attempt)
}
