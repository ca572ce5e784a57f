package app

import (
	"testing"
	"time"

	"gatehouse/backend/rollout"
	"gatehouse/backend/settings"
)

func TestRolloutsOfSettings(t *testing.T) {
	cost := settings.Amount(50_000_000_000)
	got := rolloutOf("next", settings.Rollout{
		From: "a/old", To: "a/new", Percent: 12.34, Stopped: true,
		Steps: []settings.Step{{After: settings.Duration(time.Hour), Percent: 50}},
		Guards: &settings.Guards{
			ErrorPercent: 0.5, FirstTokenMs: 4000, CostPerRequest: &cost, LeastRequests: 7, Window: settings.Duration(time.Minute),
		},
	})
	if len(got.Steps) != 1 || got.Steps[0] != (rollout.Step{After: time.Hour, Share: 5000}) {
		t.Errorf("steps: %+v", got.Steps)
	}
	want := rollout.Guards{ErrorShare: 50, FirstToken: 4 * time.Second, CostPicoUSD: 50_000_000_000, Least: 7, Window: time.Minute}
	if got.Guards != want {
		t.Errorf("guards: %+v", got.Guards)
	}
	if got.ID != "next" || got.From != "a/old" || got.To != "a/new" || got.Share != 1234 || !got.Stopped {
		t.Errorf("%+v", got)
	}
}
