// Package telemetry tells monitoring systems what passes through the endpoint: as Prometheus' metrics and, where settings say
// where to, as OpenTelemetry's traces and metrics. They say how much and how fast, by whom it was answered, and hold nothing
// of what was asked or said.
//
// What it keeps is bounded whatever clients send: a label never has more values than the bounds below, and what goes beyond
// them is counted as "other". A model's name becomes a label only once the model has answered.
//
// The numbers begin with the program; the usage history is what holds them for good, and exactly. It must not know the
// endpoint nor how requests are carried.
package telemetry

import (
	"cmp"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse/backend/gateway"
	"gatehouse/backend/usage"
)

// The bounds. Histograms are by model, so that there are some 30 series for each.
const (
	mostModels    = 200
	mostProviders = 50
	mostKinds     = 20
)

// Other is the value of a label for all that has no value of its own; None is that of what is not known.
const (
	Other = "other"
	None  = "none"
)

// Sources are what is asked when the metrics are read. None may block for long.
type Sources struct {
	Version, Build string
	// Running counts the requests that have not ended.
	Running func() int
	// Dropped counts the records that the usage history lost since the start, Unguarded those that a crash could have lost.
	Dropped, Unguarded func() int64
	// Unwell lists what is not asked at the moment, as a provider and a state for each of its models and credentials.
	Unwell func() []Unwell
}

// Unwell is a model or a credential that is not asked at the moment. State is as in health.Entry.
type Unwell struct{ Provider, State string }

// Metrics counts. It is safe for concurrent use.
type Metrics struct {
	sources  Sources
	registry *prometheus.Registry

	requests, unpriced, tokens, reasoning, cost *prometheus.CounterVec
	protocols, errors, attempts                 *prometheus.CounterVec
	duration, firstToken                        *prometheus.HistogramVec
	unwell                                      *prometheus.Desc

	mu        sync.RWMutex
	models    map[modelAt]*model
	other     *model
	providers names
	kinds     names
}

// modelAt is a model as a provider serves it.
type modelAt struct{ provider, model string }

// The bounds of the histograms, in seconds.
var (
	durations   = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640}
	firstTokens = []float64{0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 25, 50, 100}
)

// NewMetrics starts counting.
func NewMetrics(s Sources) *Metrics {
	m := &Metrics{sources: s, registry: prometheus.NewRegistry(), models: map[modelAt]*model{}}
	m.providers, m.kinds = newNames(mostProviders), newNames(mostKinds)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "gatehouse", Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string, bounds []float64) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "gatehouse", Name: name, Help: help, Buckets: bounds},
			[]string{"provider", "model"})
		m.registry.MustRegister(h)
		return h
	}
	m.requests = counter("requests_total", "Requests that ended.", "provider", "model", "outcome")
	m.unpriced = counter("requests_of_unknown_cost_total", "Requests that cost something nobody knows.", "provider", "model")
	m.tokens = counter("tokens_total", "Tokens, each counted in one kind alone: input, cache_read, cache_write_5m, cache_write_1h or output.",
		"provider", "model", "kind")
	m.reasoning = counter("reasoning_tokens_total", "Those of the output tokens that were spent on reasoning.", "provider", "model")
	m.cost = counter("cost_usd_total", "What requests cost in US dollars, as far as that is known; the usage history has it exactly.",
		"provider", "model")
	m.protocols = counter("requests_by_protocol_total", "Requests that ended, by the protocol of the client.", "protocol", "outcome")
	m.errors = counter("request_errors_total", "Requests that failed, by the kind of the error.", "provider", "kind")
	m.attempts = counter("attempts_total", "Tries at providers.", "provider", "outcome")
	m.duration = histogram("request_duration_seconds", "How long requests took that were answered.", durations)
	m.firstToken = histogram("time_to_first_token_seconds", "How long requests waited for the first content.", firstTokens)
	m.unwell = prometheus.NewDesc("gatehouse_provider_unwell",
		"Models and credentials that are not asked now, by state: open (a breaker), probing, limited or parked.", []string{"provider", "state"}, nil)
	m.other = m.newModel(modelAt{Other, Other})
	m.gauges()
	return m
}

// gauges are read as they are asked for.
func (m *Metrics) gauges() {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "gatehouse", Name: name, Help: help}
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("requests_in_flight", "Requests that have not ended.")),
			func() float64 { return float64(m.sources.Running()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts(opts("history_dropped_records_total", "Records that the usage history lost.")),
			func() float64 { return float64(m.sources.Dropped()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts(opts("history_unguarded_requests_total",
			"Requests that went on before the disk had their record, since it was slow.")),
			func() float64 { return float64(m.sources.Unguarded()) }),
		unwellCollector{m},
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts(opts("build_info", "What runs; always 1.")), []string{"version", "build"})
	build.WithLabelValues(m.sources.Version, m.sources.Build).Set(1)
	m.registry.MustRegister(build)
}

// Handler answers with the metrics in Prometheus' text format, or OpenMetrics' where that is asked for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4})
}

// Settled counts a request that ended. It is quick and does not block.
func (m *Metrics) Settled(r *usage.Record) {
	outcome := cmp.Or(string(r.Outcome), None)
	provider := m.providers.of(r.Provider)
	m.protocols.WithLabelValues(cmp.Or(r.Dialect, None), outcome).Inc()
	if r.Outcome == gateway.Failed {
		m.errors.WithLabelValues(provider, m.kinds.of(string(r.ErrorKind))).Inc()
	}
	for _, a := range r.Attempts {
		m.attempts.WithLabelValues(m.providers.of(a.Provider), cmp.Or(string(a.Outcome), None)).Inc()
	}
	m.model(r, provider).count(r)
}

// model gives what counts for who answered.
func (m *Metrics) model(r *usage.Record, provider string) *model {
	at := modelAt{r.Provider, r.Model}
	m.mu.RLock()
	of := m.models[at]
	m.mu.RUnlock()
	if of != nil {
		return of
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch of := m.models[at]; {
	case of != nil:
		return of
	case at == modelAt{}: // nobody was asked
		of = m.newModel(modelAt{None, None})
		m.models[at] = of
		return of
	case r.Outcome != gateway.OK, len(m.models) >= mostModels, provider == Other:
		return m.other
	}
	of = m.newModel(modelAt{provider, cmp.Or(at.model, None)})
	m.models[at] = of
	return of
}

// unwellCollector tells of the breakers.
type unwellCollector struct{ *Metrics }

// Describe implements prometheus.Collector.
func (u unwellCollector) Describe(to chan<- *prometheus.Desc) { to <- u.unwell }

// Collect implements prometheus.Collector.
func (u unwellCollector) Collect(to chan<- prometheus.Metric) {
	count := map[Unwell]int{}
	for _, e := range u.sources.Unwell() {
		count[Unwell{u.providers.of(e.Provider), e.State}]++
	}
	for of, n := range count {
		to <- prometheus.MustNewConstMetric(u.unwell, prometheus.GaugeValue, float64(n), of.Provider, of.State)
	}
}
