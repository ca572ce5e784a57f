package telemetry

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse/backend/gateway"
	"gatehouse/backend/usage"
)

// picoPerUSD is how many 1e-12 USD are a dollar.
const picoPerUSD = 1e12

// model counts for one model at one provider. Its counters are found once, not for each request.
type model struct {
	requests                                   map[gateway.Outcome]prometheus.Counter
	input, cacheRead, write5m, write1h, output prometheus.Counter
	reasoning, cost, unpriced                  prometheus.Counter
	duration, firstToken                       prometheus.Observer
}

func (m *Metrics) newModel(at modelAt) *model {
	name := strings.ToValidUTF8(at.model, "�") // or the library panics
	of := &model{requests: map[gateway.Outcome]prometheus.Counter{}}
	for _, outcome := range []gateway.Outcome{gateway.OK, gateway.Failed, gateway.Cancelled, gateway.Interrupted} {
		of.requests[outcome] = m.requests.WithLabelValues(at.provider, name, string(outcome))
	}
	kind := func(k string) prometheus.Counter { return m.tokens.WithLabelValues(at.provider, name, k) }
	of.input, of.cacheRead, of.output = kind("input"), kind("cache_read"), kind("output")
	of.write5m, of.write1h = kind("cache_write_5m"), kind("cache_write_1h")
	of.reasoning, of.cost = m.reasoning.WithLabelValues(at.provider, name), m.cost.WithLabelValues(at.provider, name)
	of.unpriced = m.unpriced.WithLabelValues(at.provider, name)
	of.duration, of.firstToken = m.duration.WithLabelValues(at.provider, name), m.firstToken.WithLabelValues(at.provider, name)
	return of
}

func (of *model) count(r *usage.Record) {
	if c := of.requests[r.Outcome]; c != nil {
		c.Inc()
	}
	add := func(to prometheus.Counter, n *int64, per float64) {
		if n != nil && *n > 0 { // a counter takes nothing below 0
			to.Add(float64(*n) / per)
		}
	}
	add(of.input, r.InputTokens, 1)
	add(of.cacheRead, r.CacheReadTokens, 1)
	add(of.write5m, r.CacheWrite5mTokens, 1)
	add(of.write1h, r.CacheWrite1hTokens, 1)
	add(of.output, r.OutputTokens, 1)
	add(of.reasoning, r.ReasoningTokens, 1)
	add(of.cost, r.CostPicoUSD, picoPerUSD)
	if r.Unpriced() {
		of.unpriced.Inc()
	}
	if r.Outcome == gateway.OK && r.DurationMs != nil {
		of.duration.Observe(float64(*r.DurationMs) / 1000)
	}
	if r.FirstTokenMs != nil {
		of.firstToken.Observe(float64(*r.FirstTokenMs) / 1000)
	}
}

// names are the values of a label: the first so many, and Other for all that come later.
type names struct {
	most int
	mu   *sync.RWMutex
	seen map[string]string
}

func newNames(most int) names { return names{most, &sync.RWMutex{}, map[string]string{}} }

func (n *names) of(text string) string {
	if text == "" {
		return None
	}
	n.mu.RLock()
	name, known := n.seen[text]
	n.mu.RUnlock()
	if known {
		return name
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.seen) >= n.most {
		return Other
	}
	name = strings.ToValidUTF8(text, "�")
	n.seen[text] = name
	return name
}
