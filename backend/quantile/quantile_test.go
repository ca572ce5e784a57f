package quantile_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gatehouse/backend/quantile"
)

// Quantiles of a million numbers are within 1 % of the exact ones, whatever the numbers are like, and no matter in how
// many parts they were kept.
func TestWithinOnePercent(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, next := range map[string]func() float64{
		"uniform":     func() float64 { return r.Float64() * 60_000 },
		"exponential": func() float64 { return r.ExpFloat64() * 800 },
		"log-normal":  func() float64 { return math.Exp(6 + 1.5*r.NormFloat64()) },
		"pareto":      func() float64 { return 20 / math.Pow(1-r.Float64(), 1/1.2) },
		"two humps": func() float64 {
			if r.IntN(4) == 0 {
				return 9000 + 500*r.NormFloat64()
			}
			return 150 + 10*r.NormFloat64()
		},
		"whole milliseconds": func() float64 { return math.Round(r.ExpFloat64() * 30) },
		"one number":         func() float64 { return 250 },
	} {
		t.Run(name, func(t *testing.T) {
			const n, parts = 1_000_000, 50
			exact := make([]float64, n)
			kept := make([][]byte, parts)
			for p := range parts {
				var s quantile.Sketch
				for i := p * n / parts; i < (p+1)*n/parts; i++ {
					exact[i] = next()
					s.Add(exact[i])
				}
				kept[p] = s.Append(nil)
			}
			slices.Sort(exact)
			var whole quantile.Sketch
			twice, halves := quantile.Wide(), [2]quantile.Sketch{quantile.Wide(), quantile.Wide()}
			for i, b := range kept {
				if err := quantile.MergeBytes(b, &whole, &halves[i%2]); err != nil {
					t.Fatal(err)
				}
			}
			twice.Merge(&halves[0])
			twice.Merge(&halves[1])
			if string(twice.Append(nil)) != string(whole.Append(nil)) {
				t.Error("a wide one is written otherwise")
			}
			if whole.Count() != n {
				t.Errorf("%d numbers", whole.Count())
			}
			for _, q := range []float64{0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1} {
				want := min(exact[int(q*(n-1))], quantile.Largest)
				got, ok := whole.At(q)
				if wide, _ := twice.At(q); wide != got {
					t.Errorf("at %g: a wide one has %g, another %g", q, wide, got)
				}
				if want < quantile.Smallest {
					want = 0
				}
				if !ok || math.Abs(got-want) > 0.01*want {
					t.Errorf("at %g: got %g, want %g", q, got, want)
				}
			}
		})
	}
}

func TestEdges(t *testing.T) {
	var s quantile.Sketch
	if _, ok := s.At(0.5); ok || !s.IsZero() || s.Count() != 0 || len(s.Append(nil)) != 0 {
		t.Error("an empty sketch tells of numbers")
	}
	s.Merge(&quantile.Sketch{})
	if !s.IsZero() {
		t.Error("an empty sketch brought something")
	}
	for _, v := range []float64{-5, math.NaN(), 0, math.Inf(1), 1e300} {
		s.Add(v)
	}
	if s.Count() != 5 {
		t.Errorf("%d numbers", s.Count())
	}
	if v, _ := s.At(0.5); v != 0 {
		t.Errorf("the middle is %g", v)
	}
	if v, _ := s.At(2); math.Abs(v-quantile.Largest) > quantile.Largest/100 {
		t.Errorf("the largest is %g", v)
	}
	text, err := json.Marshal(s)
	var back quantile.Sketch
	if err != nil || json.Unmarshal(text, &back) != nil || back.Count() != 5 {
		t.Errorf("%s, %v: %d numbers", text, err, back.Count())
	}
	back.Merge(&s)
	if back.Count() != 10 {
		t.Errorf("%d numbers after a merge", back.Count())
	}
}

func FuzzMergeBytes(f *testing.F) {
	var s quantile.Sketch
	for v := range 50 {
		s.Add(float64(v * v))
	}
	f.Add(s.Append(nil))
	f.Add([]byte{})
	f.Add([]byte{0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again quantile.Sketch
		if quantile.MergeBytes(b, &s) != nil {
			return
		}
		wrote := s.Append(nil)
		if err := quantile.MergeBytes(wrote, &again); err != nil || again.Count() != s.Count() || string(again.Append(nil)) != string(wrote) {
			t.Errorf("%x is written as %x, which is %d of %d, %v", b, wrote, again.Count(), s.Count(), err)
		}
	})
}
