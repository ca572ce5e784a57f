package budget

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/llm"
)

// Budget is a budget as people see it. Amounts are in its unit, money in 1e-12 USD.
type Budget struct {
	Name    string `json:"name"`
	Key     string `json:"key"` // patterns of what it is over; empty is everything
	Project string `json:"project"`
	Model   string `json:"model"`
	Tag     string `json:"tag"`
	Unit    string `json:"unit" enum:"usd,tokens,requests"`
	Per     string `json:"per" enum:"day,week,month,total"`
	// Limit is the limit itself; Allowed is what may be spent on top of it until the period ends.
	Limit    int64 `json:"limit"`
	Allowed  int64 `json:"allowed"`
	Spent    int64 `json:"spent"`
	Reserved int64 `json:"reserved"` // by requests that run
	Percent  int   `json:"percent"`  // of what may be spent
	// State is ok, warned (a step was reached), falling (the fallback answers), blocked (requests are refused) or loading
	// (what was spent is being added up).
	State string `json:"state" enum:"ok,warned,falling,blocked,loading"`
	// Step is the highest of the steps in Warn that was reached, 0 for none.
	Step       int        `json:"step"`
	Warn       []int      `json:"warn"`
	Fallback   string     `json:"fallback"`
	FallbackAt int        `json:"fallbackAt"`
	StartedAt  *time.Time `json:"startedAt"` // of the period; null for one without an end
	ResetsAt   *time.Time `json:"resetsAt"`
	// Unpriced counts requests whose cost nobody knows, Estimated those that count as what they had reserved.
	Unpriced  int64 `json:"unpriced"`
	Estimated int64 `json:"estimated"`
	// Text says it in one line: "$15.21 of $20.00 this month (76 %)". Problem says what is wrong, and is empty mostly.
	Text    string `json:"text"`
	Problem string `json:"problem"`
}

// List gives all budgets, in order of name.
func (k *Keeper) List() []Budget {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := []Budget{}
	for _, m := range k.meters {
		k.roll(m, k.Now())
		out = append(out, m.state())
	}
	return out
}

// Ready waits until what every budget has spent is known. Its error is an *llm.Error.
func (k *Keeper) Ready(ctx context.Context) error {
	k.mu.Lock()
	meters := slices.Clone(k.meters)
	waits := make([]chan struct{}, len(meters))
	for i, m := range meters {
		waits[i] = m.ready
	}
	k.mu.Unlock()
	for _, ready := range waits {
		select {
		case <-ready:
		case <-ctx.Done():
			return llm.AsError(ctx.Err())
		}
	}
	return nil
}

func (m *meter) state() Budget {
	unit := m.spec.Limit.Unit
	return Budget{
		Name: m.spec.Name, Key: m.spec.Scope.Key, Project: m.spec.Scope.Project, Model: m.spec.Scope.Model, Tag: m.spec.Scope.Tag,
		Unit: string(unit), Per: string(m.spec.Limit.Per), Limit: m.spec.Limit.Amount, Allowed: m.allowed(),
		Spent: m.spent.of(unit), Reserved: m.reserved.of(unit), Percent: m.percent(), State: m.word(), Step: m.step,
		Warn: append([]int{}, m.spec.Warn...), Fallback: m.spec.Fallback, FallbackAt: m.spec.FallbackAt, StartedAt: ends(m.start),
		ResetsAt: ends(m.end), Unpriced: m.spent.unpriced, Estimated: m.spent.estimated, Text: m.line(), Problem: m.problem,
	}
}

func (m *meter) word() string {
	unit := m.spec.Limit.Unit
	switch {
	case m.loading():
		return "loading"
	case m.blocked || m.spent.of(unit) >= m.most():
		return "blocked"
	case m.falls():
		return "falling"
	case m.step > 0:
		return "warned"
	}
	return "ok"
}

// line says how a budget stands.
func (m *meter) line() string {
	unit := m.spec.Limit.Unit
	spent := unit.Words(m.spent.of(unit))
	if unit != USD {
		spent = grouped(m.spent.of(unit)) // its unit stands behind the limit
	}
	return fmt.Sprintf("%s of %s %s (%d %%)", spent, unit.Words(m.most()), m.spec.Limit.Per.words(), m.percent())
}

// over says what a budget is over.
func (s Scope) over() string {
	var parts []string
	for _, p := range []struct{ what, pattern string }{
		{"the API key", s.Key}, {"the project", s.Project}, {"the model", s.Model}, {"the tag", s.Tag},
	} {
		if p.pattern != "" {
			parts = append(parts, p.what+" "+p.pattern)
		}
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, " and ")
}

// News says in a sentence that a step is reached, or that requests are refused; empty where there is none of that.
func (s Budget) News() string {
	switch {
	case s.Problem != "":
		return fmt.Sprintf("the budget %q: %s", s.Name, s.Problem)
	case s.State == "blocked" && s.Spent < s.Limit+s.Allowed:
		return fmt.Sprintf("the budget %q has too little left for a request that came: %s%s", s.Name, s.Text, until(s.ResetsAt))
	case s.State == "blocked":
		return fmt.Sprintf("the budget %q is spent: %s%s; its requests are refused", s.Name, s.Text, until(s.ResetsAt))
	case s.State == "falling":
		return fmt.Sprintf("the budget %q: %s, so %s answers its requests", s.Name, s.Text, s.Fallback)
	case s.State == "warned":
		return fmt.Sprintf("the budget %q: %s", s.Name, s.Text)
	}
	return ""
}

func until(t *time.Time) string {
	if t == nil {
		return ""
	}
	return ", until " + stamp(*t)
}

// stamp writes a moment with its zone, for the reader may be elsewhere.
func stamp(t time.Time) string { return t.Format("2006-01-02 15:04 (UTC-07:00)") }

// Code is the code of a refusal by a budget (hosted gateway, "Budgets"), paymentRequired its status.
const (
	Code            = "quota_for_entity_exceeded"
	paymentRequired = 402
)

// refusal says why a request may not be made, and what to do.
func (m *meter) refusal(took amounts) *llm.Error {
	unit := m.spec.Limit.Unit
	text := fmt.Sprintf("the budget %q (%s) does not allow this request. Current spend: %s, limit: %s %s", m.spec.Name,
		m.spec.Scope.over(), unit.Words(m.spent.of(unit)), unit.Words(m.most()), m.spec.Limit.Per.words())
	if left := m.most() - m.spent.of(unit); left > 0 {
		if reserved := m.reserved.of(unit); reserved > 0 {
			text += fmt.Sprintf("; requests that run may take %s", unit.Words(reserved))
		}
		text += fmt.Sprintf("; this one may take %s", unit.Words(took.of(unit)))
	}
	if unit == USD && took.unpriced > 0 {
		text += "; the model's price is not known"
	}
	text += "."
	if !m.end.IsZero() {
		text += " It starts anew at " + stamp(m.end) + "."
	}
	text += fmt.Sprintf(" To go on now: gatehouse budget allow %s %s", quoted(m.spec.Name), m.spec.Limit.more())
	return llm.Errorf(llm.ErrAuth, "%s", text).WithStatus(paymentRequired).WithCode(Code)
}

// more is an amount to allow, as an example.
func (l Limit) more() string {
	switch l.Unit {
	case Tokens:
		return "1M"
	case Requests:
		return "100"
	}
	return "2"
}

// quoted is a name as a shell takes it.
func quoted(name string) string {
	if strings.ContainsAny(name, " \t'\"$*?&|;<>()") {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}

// notice tells the client of the budget that is spent the most, once that is worth a warning, and of prices that nobody
// knows. It is one line of plain ASCII.
func notice(matching []*meter, took amounts) string {
	var most *meter
	unpriced := false
	for _, m := range matching {
		if m.step > 0 && (most == nil || m.percent() > most.percent()) {
			most = m
		}
		unpriced = unpriced || m.spec.Limit.Unit == USD && took.unpriced > 0
	}
	var parts []string
	if most != nil {
		parts = append(parts, most.spec.Name+": "+most.line())
	}
	if unpriced {
		parts = append(parts, "the price of this request is not known, so it counts in no budget in money")
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, strings.Join(parts, "; "))
}
