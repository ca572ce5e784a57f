package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gatehouse/backend/budget"
	"gatehouse/backend/gateway"
	"gatehouse/backend/routing"
	"gatehouse/backend/usage"
)

// Activity is what goes on now and what came of today, in the few numbers that a tray has room for.
type Activity struct {
	// Running counts the requests that are not answered yet.
	Running int `json:"running"`
	// Requests and the cost are today's, by the local clock. The cost, in 1e-12 USD, is that of the requests whose cost is
	// known; UnknownCost counts the others.
	Requests    int64 `json:"requests"`
	CostPicoUSD int64 `json:"costPicoUSD"`
	UnknownCost int64 `json:"unknownCost"`
	// Text says the same in a line.
	Text string `json:"text"`
	// Favourites are the models that the user wants first.
	Favourites []string `json:"favourites"`
	// Recent are the models that were asked for last, newest first.
	Recent []string `json:"recent"`
	// LastError is the last request of today that failed; null if none did.
	LastError *ActivityError `json:"lastError"`
}

// ActivityError is a request that failed.
type ActivityError struct {
	Request string    `json:"request"`
	At      time.Time `json:"at"`
	Model   string    `json:"model"`
	Message string    `json:"message"`
}

// recentRequests is how many of the newest requests are looked at for recent models and errors.
const recentRequests = 200

// maxRecent is how many recent models are told.
const maxRecent = 8

func (s *Service) activity(ctx context.Context, _ Empty) (Activity, error) {
	now := s.Now()
	year, month, day := now.Local().Date()
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.Local)
	report, err := s.History.Report(ctx, usage.ReportQuery{From: midnight, Zone: time.Local})
	if err != nil {
		return Activity{}, err
	}
	records, _, err := s.History.List(ctx, usage.Query{Limit: recentRequests})
	if err != nil {
		return Activity{}, err
	}
	a := Activity{
		Running: s.History.Running(), Requests: report.Totals.Requests, UnknownCost: report.Totals.UnknownCost, Recent: []string{},
		Favourites: orNone(s.Settings.Snapshot().Favourites),
	}
	if cost := report.Totals.CostPicoUSD; cost != nil {
		a.CostPicoUSD = *cost
	}
	a.Text = dayLine(a)
	for _, r := range records {
		if model := askedFor(r); model != "" && len(a.Recent) < maxRecent && !slices.Contains(a.Recent, model) {
			a.Recent = append(a.Recent, model)
		}
		if a.LastError == nil && r.Outcome == gateway.Failed && !r.StartedAt.Before(midnight) {
			a.LastError = &ActivityError{Request: r.ID, At: r.StartedAt, Model: askedFor(r), Message: r.Error}
		}
	}
	return a, nil
}

// askedFor is the model that a request was for: the active one's name then, where it asked for that.
func askedFor(r usage.Record) string {
	if r.RequestedModel == routing.ActiveModel || r.RequestedModel == "" {
		return r.Model
	}
	return r.RequestedModel
}

func dayLine(a Activity) string {
	if a.Requests == 0 {
		return "Today: no requests"
	}
	text := "Today: " + budget.USD.Words(a.CostPicoUSD) + ", " + budget.Requests.Words(a.Requests)
	if a.UnknownCost > 0 {
		text += fmt.Sprintf(", %d of unknown cost", a.UnknownCost)
	}
	return text
}
