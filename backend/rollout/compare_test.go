package rollout

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gatehouse/backend/quantile"
)

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// TestWilson holds the interval to published values (Newcombe 1998, table I, method 3).
func TestWilson(t *testing.T) {
	for _, c := range []struct{ hits, of, value, low, high int64 }{
		{81, 263, 3080, 2553, 3662},
		{15, 148, 1014, 624, 1605},
		{0, 20, 0, 0, 1611},
		{1, 29, 345, 61, 1718},
	} {
		e := wilson(c.hits, c.of)
		if *e.Value != c.value || *e.Low != c.low || *e.High != c.high || e.Samples != c.of {
			t.Errorf("%d of %d: %s", c.hits, c.of, text(e))
		}
	}
	if got := text(wilson(0, 0)); got != `{"samples":0,"value":null,"low":null,"high":null}` {
		t.Errorf("of nothing: %s", got)
	}
}

func TestQuantile(t *testing.T) {
	for _, n := range []int64{1, 2, 4, 20, 1000} {
		var s sketch
		for i := n; i > 0; i-- {
			s.add(i * 10)
		}
		e := s.p75()
		want := 10 * rankOf(n)
		if off := math.Abs(float64(*e.Value - want)); off > quantile.Accuracy*float64(want)+1 {
			t.Errorf("of %d: %d, not %d", n, *e.Value, want)
		}
		if (e.Low == nil) != (n < 4) || (e.High == nil) != (n < 15) {
			t.Errorf("of %d: %s", n, text(e))
		}
	}
}

// TestIntervalsHold: of many samples of one known distribution, some 95 % have the true value in their interval.
func TestIntervalsHold(t *testing.T) {
	const samples, size = 1000, 100
	random := rand.New(rand.NewPCG(1, 2))
	exponential := func() int64 { return int64(1_000_000 * random.ExpFloat64()) }
	var p75, means, shares int
	in := func(e Estimate, v float64, slack float64) int {
		if e.Low != nil && e.High != nil && float64(*e.Low)*(1-slack) <= v && v <= float64(*e.High)*(1+slack) {
			return 1
		}
		return 0
	}
	for range samples {
		var s sketch
		var m mean
		var hits int64
		for range size {
			v := exponential()
			s.add(v)
			m.add(&v)
			if random.IntN(10) == 0 {
				hits++
			}
		}
		p75 += in(s.p75(), 1_000_000*math.Log(4), quantile.Accuracy)
		means += in(m.estimate(), 1_000_000, 0)
		shares += in(wilson(hits, size), 1000, 0)
	}
	for name, n := range map[string]int{"p75": p75, "mean": means, "share": shares} {
		if n < samples*92/100 || n > samples*99/100 {
			t.Errorf("%s: %d of %d intervals hold the true value", name, n, samples)
		}
	}
}

// TestMerged: parts together say what the whole says.
func TestMerged(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var whole tally
	parts := make([]tally, 5)
	for range 1000 {
		r := answered(newer, random.Int64N(5000), random.Int64N(1<<40))
		v := r.verdict()
		whole.add(r, v)
		parts[random.IntN(len(parts))].add(r, v)
	}
	var sum tally
	for i := range parts {
		sum.merge(&parts[i])
	}
	a, b := whole.view(newer), sum.view(newer)
	for _, pair := range [][2]*int64{{a.CostPicoUSD.Low, b.CostPicoUSD.Low}, {a.CostPicoUSD.High, b.CostPicoUSD.High}} {
		if math.Abs(float64(*pair[0]-*pair[1])) > 1e-9*float64(*pair[0]) {
			t.Errorf("bounds differ: %d, %d", *pair[0], *pair[1])
		}
		*pair[0] = *pair[1]
	}
	if text(a) != text(b) {
		t.Errorf("whole %s\nparts %s", text(a), text(b))
	}
}

// TestBounded: what is kept does not grow with the requests, however long they go on and whatever they say.
func TestBounded(t *testing.T) {
	f := open(t, spec(nil))
	random := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		f.Settled(answered(newer, random.Int64N(math.MaxInt64), random.Int64N(1<<40)>>random.IntN(40)))
		f.Settled(answered(newer, random.Int64N(longestMs)>>random.IntN(26), 1))
		f.clock.pass(time.Minute)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.all["next"].Window.Slices); n > sliceCount+1 {
		t.Errorf("%d slices", n)
	}
	if n := len(text(f.all["next"])); n > 64<<10 {
		t.Errorf("%d bytes are kept", n)
	}
}

// FuzzSketch: what can't be read is an error, not a panic.
func FuzzSketch(f *testing.F) {
	var s sketch
	for i := range int64(100) {
		s.add(i * i)
	}
	f.Add([]byte(text(s)))
	f.Add([]byte(`""`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s sketch
		if json.Unmarshal(b, &s) == nil && s.count() > 0 {
			s.p75()
		}
	})
}
