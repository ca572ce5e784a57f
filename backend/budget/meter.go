package budget

import (
	"encoding/json"
	"math"
	"time"
)

// amounts are what requests took, or may take.
type amounts struct {
	picoUSD, tokens, requests int64
	// unpriced counts requests that cost something nobody knows, estimated those that count as what they had reserved.
	unpriced, estimated int64
}

func (a amounts) of(u Unit) int64 {
	switch u {
	case USD:
		return a.picoUSD
	case Tokens:
		return a.tokens
	}
	return a.requests
}

func (a *amounts) add(b amounts) {
	a.picoUSD, a.tokens, a.requests = plus(a.picoUSD, b.picoUSD), plus(a.tokens, b.tokens), plus(a.requests, b.requests)
	a.unpriced, a.estimated = a.unpriced+b.unpriced, a.estimated+b.estimated
}

// take is the opposite of add, for reservations, whose sum never passes the end of numbers.
func (a *amounts) take(b amounts) {
	a.picoUSD, a.tokens, a.requests = a.picoUSD-b.picoUSD, a.tokens-b.tokens, a.requests-b.requests
	a.unpriced, a.estimated = a.unpriced-b.unpriced, a.estimated-b.estimated
}

// takeUpTo takes as much of what is there as b has.
func (a *amounts) takeUpTo(b amounts) {
	b.picoUSD, b.tokens, b.requests = min(b.picoUSD, a.picoUSD), min(b.tokens, a.tokens), min(b.requests, a.requests)
	b.unpriced, b.estimated = min(b.unpriced, a.unpriced), min(b.estimated, a.estimated)
	a.take(b)
}

// MarshalJSON writes the numbers in order: 1e-12 USD, tokens, requests, those that are unpriced and those that are estimated.
func (a amounts) MarshalJSON() ([]byte, error) {
	return json.Marshal([...]int64{a.picoUSD, a.tokens, a.requests, a.unpriced, a.estimated})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *amounts) UnmarshalJSON(text []byte) error {
	var n [5]int64
	err := json.Unmarshal(text, &n)
	*a = amounts{n[0], n[1], n[2], n[3], n[4]}
	return err
}

// plus adds two numbers that are not negative, up to the largest there is.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// allowance is what was allowed on top of a limit, until the period's end.
type allowance struct {
	Unit   Unit      `json:"unit"`
	Amount int64     `json:"amount"`
	Start  time.Time `json:"start"` // of the period
}

// meter is one budget and what of it is spent. Keeper.mu guards it.
type meter struct {
	spec       Spec
	zone       *time.Location
	start, end time.Time
	spent      amounts
	reserved   amounts
	extra      allowance

	// step is the highest of Spec.Warn that was reached and told, blocked that a request was refused since the last that was
	// not.
	step    int
	blocked bool

	// ready is closed once spent is known. Until then seen are the requests that ended meanwhile, which spent counts already.
	ready   chan struct{}
	seen    map[string]bool
	problem string
}

func newMeter(s Spec, now time.Time, zone *time.Location) *meter {
	m := &meter{spec: s, zone: zone, ready: make(chan struct{}), seen: map[string]bool{}}
	m.start, m.end = s.Limit.Per.Span(now, zone)
	return m
}

// change takes another limit, or other steps. What is reached already is not told again.
func (m *meter) change(s Spec) {
	m.spec = s
	m.step = m.reached()
	m.blocked = false
}

// begin begins the period that now is in.
func (m *meter) begin(now time.Time) {
	m.start, m.end = m.spec.Limit.Per.Span(now, m.zone)
	m.spent, m.reserved, m.step, m.blocked = amounts{}, amounts{}, 0, false
}

// holds tells whether a request that started at a moment counts in this period.
func (m *meter) holds(at time.Time) bool {
	return !at.Before(m.start) && (m.end.IsZero() || at.Before(m.end))
}

func (m *meter) allow(a allowance) { m.extra = a }

// allowed is what may be spent on top of the limit.
func (m *meter) allowed() int64 {
	if m.extra.Unit != m.spec.Limit.Unit || !m.extra.Start.Equal(m.start) {
		return 0
	}
	return m.extra.Amount
}

// most is what may be spent in this period.
func (m *meter) most() int64 { return plus(m.spec.Limit.Amount, m.allowed()) }

// fits tells whether a request may be made. One that takes nothing of what is counted always may; one of which nobody
// knows what it takes may as long as anything is left.
func (m *meter) fits(a amounts) bool {
	unit := m.spec.Limit.Unit
	used := plus(m.spent.of(unit), m.reserved.of(unit))
	if unit == USD && a.unpriced > 0 && used >= m.most() {
		return false
	}
	return a.of(unit) == 0 || plus(used, a.of(unit)) <= m.most()
}

// percent is how much of what may be spent is, in whole percent.
func (m *meter) percent() int {
	spent, most := m.spent.of(m.spec.Limit.Unit), m.most()
	if most <= 0 {
		return 100
	}
	return int(min(float64(spent)/float64(most)*100, 1e6)) // for people: the limit itself is compared exactly
}

// falls tells whether the fallback is to answer instead.
func (m *meter) falls() bool {
	if m.spec.Fallback == "" {
		return false
	}
	unit := m.spec.Limit.Unit
	used := plus(m.spent.of(unit), m.reserved.of(unit))
	return float64(used) >= float64(m.most())*float64(m.spec.FallbackAt)/100
}

// reached is the highest step that was reached.
func (m *meter) reached() int {
	out := 0
	for _, step := range m.spec.Warn {
		if step > out && m.percent() >= step {
			out = step
		}
	}
	return out
}

// loading tells that what was spent is not known yet.
func (m *meter) loading() bool { return m.seen != nil }
