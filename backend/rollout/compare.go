package rollout

import (
	"math"
	"time"
)

// Progress is one rollout, with how both models do. Shares are in hundredths of a percent.
type Progress struct {
	ID    string `json:"id"`
	From  string `json:"from"`
	To    string `json:"to"`
	State string `json:"state" enum:"running,stopped,rolled back"`
	// Why says why it does not run, Since since when; empty and null where it runs.
	Why       string     `json:"why"`
	Since     *time.Time `json:"since"`
	Share     int64      `json:"share"` // the share it has, or would have if it ran
	StartedAt time.Time  `json:"startedAt"`
	// NextStep is when the share is changed next, and NextShare to what; both null where it is not.
	NextStep  *time.Time `json:"nextStep"`
	NextShare *int64     `json:"nextShare"`
	// WindowMs is how far back the guards look. Window is what they see, Total all since the start.
	WindowMs int64      `json:"windowMs"`
	Window   Comparison `json:"window"`
	Total    Comparison `json:"total"`
}

// Comparison is how the old and the new model do.
type Comparison struct {
	Old Arm `json:"old"`
	New Arm `json:"new"`
}

// Arm is how one model does with the requests that it was given. Requests that the client ended are counted apart.
type Arm struct {
	Model     string `json:"model"`
	Requests  int64  `json:"requests"`
	Errors    int64  `json:"errors"`
	Cancelled int64  `json:"cancelled"`
	// ErrorShare is the share of requests that it did not answer, whoever answered in its place.
	ErrorShare Estimate `json:"errorShare"`
	// FirstTokenMs is the 75th percentile, good to a hundredth of itself; the rest are means of its answers.
	FirstTokenMs Estimate `json:"firstTokenMs"`
	DurationMs   Estimate `json:"durationMs"`
	OutputTokens Estimate `json:"outputTokens"`
	CostPicoUSD  Estimate `json:"costPicoUSD"`
	// UnknownCost counts the answers whose cost is not known, which CostPicoUSD leaves out.
	UnknownCost int64 `json:"unknownCost"`
}

// Estimate is what a sample says: a value, and the interval in which the true one is with 95 % confidence. Value is null
// without a sample, Low and High where the sample is too small to say.
type Estimate struct {
	Samples int64  `json:"samples"`
	Value   *int64 `json:"value"`
	Low     *int64 `json:"low"`
	High    *int64 `json:"high"`
}

// List gives all rollouts in order of id.
func (k *Keeper) List() []Progress {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := []Progress{}
	now := k.Now()
	for _, spec := range k.specs {
		r := k.all[spec.ID]
		s := Progress{
			ID: spec.ID, From: r.From, To: r.To, State: "running", Share: int64(r.share(now)), StartedAt: r.StartedAt,
			WindowMs: spec.Guards.window().Milliseconds(), Total: r.compare(&r.Total),
			Window: r.compare(r.Window.sum(now, spec.Guards.window())),
		}
		if stop := r.Stop; stop != nil {
			at := stop.At
			s.State, s.Why, s.Since = "stopped", stop.Why, &at
			if stop.Guard {
				s.State = "rolled back"
			}
			s.Share = int64(r.share(at))
		} else if at, share, ok := r.next(now); ok {
			n := int64(share)
			s.NextStep, s.NextShare = &at, &n
		}
		out = append(out, s)
	}
	return out
}

// Warnings says of each rollout that was rolled back why, and what to do.
func (k *Keeper) Warnings() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []string
	for _, spec := range k.specs {
		if stop := k.all[spec.ID].Stop; stop != nil && stop.Guard {
			out = append(out, "the rollout "+spec.ID+" was rolled back: "+stop.Why+"; to go on, run: gatehouse rollout resume "+spec.ID)
		}
	}
	return out
}

func (r *rollout) compare(p *pair) Comparison {
	return Comparison{Old: p[oldArm].view(r.From), New: p[newArm].view(r.To)}
}

func (t *tally) view(model string) Arm {
	return Arm{
		Model: model, Requests: t.Requests, Errors: t.Errors, Cancelled: t.Cancelled, ErrorShare: wilson(t.Errors, t.Requests),
		FirstTokenMs: t.FirstToken.p75(), DurationMs: t.DurationMs.estimate(), OutputTokens: t.Output.estimate(),
		CostPicoUSD: t.Cost.estimate(), UnknownCost: t.UnknownCost,
	}
}

// everything is a share of 100 %, z the normal distribution's quantile of 97.5 %.
const (
	everything = 10_000
	z          = 1.959964
)

// wilson estimates a share, with Wilson's score interval, in hundredths of a percent.
func wilson(hits, of int64) Estimate {
	e := Estimate{Samples: of}
	if of == 0 {
		return e
	}
	n, p := float64(of), float64(hits)/float64(of)
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	e.Value = rounded(p * everything)
	e.Low, e.High = rounded(math.Max(middle-half, 0)*everything), rounded(math.Min(middle+half, 1)*everything)
	return e
}

const quartile = 0.75

// rankOf is the 75th percentile's rank among n numbers, by the nearest-rank method.
func rankOf(n int64) int64 { return int64(math.Ceil(quartile * float64(n))) }

// p75 estimates the 75th percentile, with the interval between the two numbers whose ranks enclose it: how many of a
// sample are below it is binomial, whatever the numbers' own distribution.
func (s *sketch) p75() Estimate {
	n := s.count()
	e := Estimate{Samples: n}
	if n == 0 {
		return e
	}
	middle, half := quartile*float64(n), z*math.Sqrt(float64(n)*quartile*(1-quartile))
	value := s.atRank(rankOf(n))
	e.Value = &value
	if low := int64(math.Floor(middle - half)); low >= 1 {
		v := s.atRank(low)
		e.Low = &v
	}
	if high := int64(math.Ceil(middle+half)) + 1; high <= n {
		v := s.atRank(high)
		e.High = &v
	}
	return e
}

// leastForMean is how many numbers the mean's interval takes, which rests on the normal distribution.
const leastForMean = 10

// estimate gives the mean.
func (m mean) estimate() Estimate {
	e := Estimate{Samples: m.N}
	if m.N == 0 {
		return e
	}
	value := m.value()
	e.Value = &value
	if m.N >= leastForMean {
		n, at := float64(m.N), float64(m.Sum)/float64(m.N)
		half := z * math.Sqrt(m.Squares/(n-1)/n)
		e.Low, e.High = rounded(math.Max(at-half, 0)), rounded(at+half)
	}
	return e
}

func rounded(v float64) *int64 {
	n := int64(math.Round(v))
	return &n
}
