package telemetry

import (
	"cmp"
	"context"
	"errors"
	"sync"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/usage"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// mostSeries is how many combinations of attributes a metric has at most, beside the bounds on models and providers: the
// library's own bound, beyond which it counts as otel.metric.overflow.
const mostSeries = 2000

// The bounds of the histograms (semantic conventions for generative AI, "Metrics"), in tokens and in seconds.
var (
	tokenBounds    = []float64{1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864}
	durationBounds = []float64{0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92}
	firstBounds    = []float64{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	perTokenBounds = []float64{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5}
)

// Meter sends metrics by the semantic conventions for generative AI. Gatehouse stands on both sides of them: gen_ai.client
// are its own calls to providers, each attempt one, and gen_ai.server what the programs that ask it see. They are sent once
// a minute, or as OTEL_METRIC_EXPORT_INTERVAL says.
type Meter struct {
	provider *sdkmetric.MeterProvider
	address  func(string) string

	tokens                                    metric.Int64Histogram
	operation, request, firstToken, perOutput metric.Float64Histogram
	cost                                      metric.Float64Counter

	providers, kinds names
	mu               sync.RWMutex
	models           map[string]bool
	sets             map[series]metric.MeasurementOption
}

// series are the attributes of a measurement, of all that clients and providers may name a bounded number. more is the name
// and the value of one more; it may be empty.
type series struct {
	op, provider, model, host string
	more                      attribute.KeyValue
}

// OpenMeter starts sending. Address is as for OpenTraces. Trouble with the collector is logged, and is no request's.
func OpenMeter(ctx context.Context, c Collector, address func(provider string) string) (*Meter, error) {
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(c.url("metrics")), otlpmetrichttp.WithHTTPClient(c.client()))
	if err != nil {
		return nil, llm.Errorf(llm.ErrInternal, "metrics can't be sent to the collector: %w", err)
	}
	c.logTrouble()
	m := &Meter{address: address, models: map[string]bool{}, sets: map[series]metric.MeasurementOption{}, providers: newNames(mostProviders), kinds: newNames(mostKinds)}
	m.provider = sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(exporter, sdkmetric.WithTimeout(sendLimit))),
		sdkmetric.WithResource(c.resource()), sdkmetric.WithCardinalityLimit(mostSeries),
	)
	return m, m.instruments()
}

func (m *Meter) instruments() (err error) {
	meter := m.provider.Meter("gatehouse")
	seconds := func(to *metric.Float64Histogram, name, what string, bounds []float64) {
		h, e := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(what), metric.WithExplicitBucketBoundaries(bounds...))
		*to, err = h, errors.Join(err, e)
	}
	seconds(&m.operation, "gen_ai.client.operation.duration", "How long calls to providers took.", durationBounds)
	seconds(&m.request, "gen_ai.server.request.duration", "How long requests took.", durationBounds)
	seconds(&m.firstToken, "gen_ai.server.time_to_first_token", "How long requests waited for the first content.", firstBounds)
	seconds(&m.perOutput, "gen_ai.server.time_per_output_token", "How long each further token took.", perTokenBounds)
	tokens, e := meter.Int64Histogram("gen_ai.client.token.usage", metric.WithUnit("{token}"),
		metric.WithDescription("Tokens that calls to providers took."), metric.WithExplicitBucketBoundaries(tokenBounds...))
	m.tokens, err = tokens, errors.Join(err, e)
	cost, e := meter.Float64Counter("gatehouse.cost", metric.WithUnit("{USD}"),
		metric.WithDescription("What requests cost, as far as that is known; the usage history has it exactly."))
	m.cost, err = cost, errors.Join(err, e)
	return err
}

// Close sends what waits, for closeLimit at most.
func (m *Meter) Close(ctx context.Context) error {
	ctx, cancel := closing(ctx)
	defer cancel()
	return m.provider.Shutdown(ctx)
}

// Settled counts a request that ended. It does not block. A nil Meter does nothing.
func (m *Meter) Settled(r *usage.Record) {
	if m == nil {
		return
	}
	ctx, op := context.Background(), operation(r.Dialect)
	of := m.series(op, r.Provider, r.Model, r.Outcome)
	if r.DurationMs != nil {
		m.request.Record(ctx, float64(*r.DurationMs)/1000, m.with(of, m.failure(r.Outcome, r.ErrorKind)))
	}
	plain := m.with(of, attribute.KeyValue{})
	if r.CostPicoUSD != nil && *r.CostPicoUSD > 0 {
		m.cost.Add(ctx, float64(*r.CostPicoUSD)/picoPerUSD, plain)
	}
	if r.Outcome == gateway.OK && r.FirstTokenMs != nil {
		m.firstToken.Record(ctx, float64(*r.FirstTokenMs)/1000, plain)
		if speed, ok := r.TokensPerSecond(); ok {
			m.perOutput.Record(ctx, 1/speed, plain)
		}
	}
	for i := range r.Attempts {
		m.attempt(ctx, op, &r.Attempts[i])
	}
	if len(r.Attempts) == 0 { // the result of a batch
		m.used(ctx, of, sum(r.InputTokens, r.CacheReadTokens, r.CacheWriteTokens()), r.OutputTokens)
	}
}

// attempt counts a call to a provider.
func (m *Meter) attempt(ctx context.Context, op string, a *gateway.Attempt) {
	of := m.series(op, a.Provider, a.Model, a.Outcome)
	m.operation.Record(ctx, a.Duration.Seconds(), m.with(of, m.failure(a.Outcome, a.Kind)))
	count := func(c llm.Count) *int64 {
		if n, known := c.Get(); known {
			return &n
		}
		return nil
	}
	u := a.Used
	m.used(ctx, of, sum(count(u.Input), count(u.CacheRead), count(u.CacheWrite5m), count(u.CacheWrite1h)), count(u.Output))
}

// used counts tokens; those of the prompt are with what caches held, as the convention has it.
func (m *Meter) used(ctx context.Context, of series, input, output *int64) {
	kind := attribute.Key("gen_ai.token.type")
	if input != nil {
		m.tokens.Record(ctx, *input, m.with(of, kind.String("input")))
	}
	if output != nil {
		m.tokens.Record(ctx, *output, m.with(of, kind.String("output")))
	}
}

// series are the attributes that every metric has.
func (m *Meter) series(op, provider, model string, outcome gateway.Outcome) series {
	id := m.providers.of(provider)
	of := series{op: op, provider: providerName(id), model: m.model(model, outcome == gateway.OK)}
	if id != Other && id != None {
		of.host = m.address(provider)
	}
	return of
}

// with gives the attributes as the library takes them, which are the same for most requests.
func (m *Meter) with(of series, more attribute.KeyValue) metric.MeasurementOption {
	of.more = more
	m.mu.RLock()
	set := m.sets[of]
	m.mu.RUnlock()
	if set != nil {
		return set
	}
	all := []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", of.op), attribute.String("gen_ai.provider.name", of.provider),
		attribute.String("gen_ai.request.model", of.model),
	}
	if of.host != "" {
		all = append(all, attribute.String("server.address", of.host))
	}
	if more.Valid() {
		all = append(all, more)
	}
	set = metric.WithAttributeSet(attribute.NewSet(all...))
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.sets) < mostSeries {
		m.sets[of] = set
	}
	return set
}

// model is a model's name once it has answered: clients may name what they like.
func (m *Meter) model(name string, answered bool) string {
	m.mu.RLock()
	known := m.models[name]
	m.mu.RUnlock()
	switch {
	case name == "":
		return None
	case known:
		return name
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.models[name]:
		return name
	case !answered || len(m.models) >= 2*mostModels: // each has a name here and one at its provider
		return Other
	}
	m.models[name] = true
	return name
}

// failure is the attribute of what did not go well.
func (m *Meter) failure(outcome gateway.Outcome, kind llm.ErrorKind) attribute.KeyValue {
	if outcome == gateway.OK || outcome == "" {
		return attribute.KeyValue{}
	}
	return attribute.String("error.type", m.kinds.of(cmp.Or(string(kind), string(outcome))))
}

// sum adds up what is known; nil where the first is not.
func sum(numbers ...*int64) *int64 {
	if numbers[0] == nil {
		return nil
	}
	total := int64(0)
	for _, n := range numbers {
		if n != nil {
			total += *n
		}
	}
	return &total
}
