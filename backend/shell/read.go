package shell

import (
	"context"

	"gatehouse/backend/budget"
	"gatehouse/backend/control"
	"gatehouse/backend/tray"
)

// moreMoney is what a click allows a spent budget in money.
const moreMoney = "2"

func (t *Icon) failed(what string, err error) {
	t.core.Logger().Error("the tray can't have "+what, "error", err)
}

func (t *Icon) readStatus(ctx context.Context) {
	status, err := ask[control.Status](ctx, t.core, "status.get")
	if err != nil {
		t.failed("the status", err)
		return
	}
	line := tray.Budget{}
	if b := status.Budgets.Tightest; b != nil {
		line = tray.Budget{Name: b.Name, Text: "Budget " + b.Name + ": " + b.Text}
		if b.State == "blocked" {
			line.More, line.Amount = t.allowance(ctx, b.Name)
		}
	}
	t.change(func(s *tray.State) {
		s.Endpoint = tray.Endpoint(status.Endpoint.State)
		s.URL, s.Problem = status.Endpoint.URL, status.Endpoint.Problem
		s.ActiveModel, s.Autostart, s.Budget = status.ActiveModel, status.Autostart, line
	})
	t.alerts.budgets(status.Budgets.News, status.Notifications)
}

// allowance is what a click allows a spent budget: two dollars, or a tenth of the limit where it is not in money.
func (t *Icon) allowance(ctx context.Context, name string) (words, amount string) {
	list, err := ask[control.BudgetList](ctx, t.core, "budgets.list")
	if err != nil {
		t.failed("the budgets", err)
		return "", ""
	}
	for _, b := range list.Budgets {
		if b.Name != name {
			continue
		}
		unit := budget.Unit(b.Unit)
		if unit == budget.USD {
			return "$" + moreMoney, moreMoney
		}
		n := max(b.Limit/10, 1)
		return unit.Words(n), plain(n)
	}
	return "", ""
}

func (t *Icon) readModels(ctx context.Context) {
	list, err := ask[control.ModelList](ctx, t.core, "models.list")
	if err != nil {
		t.failed("the models", err)
		return
	}
	models := make([]tray.Model, 0, len(list.Models))
	for _, m := range list.Models {
		models = append(models, tray.Model{ID: m.ID, Name: m.Name})
	}
	t.change(func(s *tray.State) { s.Models = models })
	t.touch() // who is a favourite may have changed, too
}

func (t *Icon) readActivity(ctx context.Context) {
	a, err := ask[control.Activity](ctx, t.core, "activity.get")
	if err != nil {
		if ctx.Err() == nil {
			t.failed("today's requests", err)
		}
		return
	}
	chosen := append(append([]string{}, a.Favourites...), a.Recent...)
	t.change(func(s *tray.State) {
		s.Running, s.Today, s.Chosen = a.Running, a.Text, chosen
		s.Failure = tray.Failure{}
		if e := a.LastError; e != nil {
			s.Failure = tray.Failure{Request: e.Request, Text: e.At.Local().Format("15:04 ") + e.Model + ": " + e.Message}
		}
	})
}

func (t *Icon) readHealth(ctx context.Context) {
	list, err := ask[control.HealthList](ctx, t.core, "health.list")
	if err != nil {
		t.failed("the providers' health", err)
		return
	}
	status, err := ask[control.Status](ctx, t.core, "status.get")
	if err != nil {
		t.failed("the status", err)
		return
	}
	t.alerts.providers(list.Entries, status.Notifications)
}
