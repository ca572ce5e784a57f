package shell

import (
	"fmt"
	"slices"
	"testing"

	"gatehouse/backend/control"
	"gatehouse/backend/notify"
)

// TestAlerts: each cause is told once as long as it lasts, and again when it comes back.
func TestAlerts(t *testing.T) {
	var got []string
	a := newAlerts(func(m notify.Message) { got = append(got, fmt.Sprint(m.Title, " ", m.Urgent)) })
	said := func(want ...string) {
		t.Helper()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("said %q, want %q", got, want)
		}
		got = nil
	}
	budget := func(name, state string, step int) control.BudgetLine {
		return control.BudgetLine{Name: name, State: state, Step: step, Text: "the arithmetic"}
	}
	a.budgets(nil, true)
	said()
	a.budgets([]control.BudgetLine{budget("daily", "warned", 50)}, true)
	said("Budget daily: 50 % spent false")
	a.budgets([]control.BudgetLine{budget("daily", "warned", 50), budget("work", "falling", 90)}, true)
	said("Budget work: a cheaper model answers false")
	a.budgets([]control.BudgetLine{budget("daily", "blocked", 90)}, true)
	said("Budget daily is spent true")
	a.budgets(nil, true) // a new day
	a.budgets([]control.BudgetLine{budget("daily", "warned", 50)}, false)
	said()
	a.budgets([]control.BudgetLine{budget("daily", "warned", 50)}, true)
	said()

	entry := func(provider, model, state string) control.HealthEntry {
		return control.HealthEntry{Provider: provider, Model: model, State: state, Credential: "default"}
	}
	a.providers([]control.HealthEntry{entry("openai", "gpt", "open"), entry("openai", "mini", "open"), entry("xai", "", "limited")}, true)
	said("openai is down false")
	for range 3 { // it is tried now and then
		a.providers([]control.HealthEntry{entry("openai", "gpt", "probing")}, true)
		a.providers([]control.HealthEntry{entry("openai", "gpt", "open")}, true)
	}
	said()
	a.providers([]control.HealthEntry{entry("anthropic", "", "parked")}, true)
	said("anthropic refuses your credential true")
	a.providers([]control.HealthEntry{entry("openai", "gpt", "open")}, true)
	said("openai is down false")
}
