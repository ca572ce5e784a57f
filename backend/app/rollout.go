package app

import (
	"maps"
	"math"
	"slices"
	"time"

	"gatehouse/backend/rollout"
	"gatehouse/backend/routing"
	"gatehouse/backend/settings"
	"gatehouse/backend/usage"
)

// setRollouts tells the rollouts what settings say of them. A file with a mistake at the start says nothing of them: it
// must not end what goes on.
func (c *Core) setRollouts() {
	if c.settings.Problem() != nil {
		return
	}
	s := c.settings.Snapshot()
	var specs []rollout.Spec
	for _, id := range slices.Sorted(maps.Keys(s.Rollouts)) {
		specs = append(specs, rolloutOf(id, s.Rollouts[id]))
	}
	c.rollouts.Set(specs)
}

func rolloutOf(id string, r settings.Rollout) rollout.Spec {
	spec := rollout.Spec{ID: id, From: r.From, To: r.To, Share: shareOf(r.Percent), Stopped: r.Stopped}
	for _, s := range r.Steps {
		spec.Steps = append(spec.Steps, rollout.Step{After: time.Duration(s.After), Share: shareOf(s.Percent)})
	}
	if g := r.Guards; g != nil {
		spec.Guards = rollout.Guards{
			ErrorShare: shareOf(g.ErrorPercent), FirstToken: time.Duration(g.FirstTokenMs) * time.Millisecond,
			Least: g.LeastRequests, Window: time.Duration(g.Window),
		}
		if g.CostPerRequest != nil {
			spec.Guards.CostPicoUSD = int64(*g.CostPerRequest)
		}
	}
	return spec
}

// shareOf gives a share in hundredths of a percent.
func shareOf(percent float64) int { return int(math.Round(percent * 100)) }

// routingNow is what settings say of routing, with the rollouts as they stand at this moment.
func (c *Core) routingNow() *routing.Config {
	config := c.routing.Load()
	rollouts := c.rollouts.Shares()
	if len(rollouts) == 0 {
		return config
	}
	with := *config
	with.Rollouts = rollouts
	return &with
}

// settled tells the rollouts of a request that took part in one.
func settled(k *rollout.Keeper, r *usage.Record) {
	if r.Rollout == "" {
		return
	}
	k.Settled(rollout.Result{
		Rollout: r.Rollout, Arm: r.Arm, Served: r.ArmServed, Outcome: r.Outcome, Kind: r.ErrorKind, Tried: len(r.Attempts) > 0,
		FirstTokenMs: r.FirstTokenMs, DurationMs: r.DurationMs, OutputTokens: r.OutputTokens, CostPicoUSD: r.CostPicoUSD,
	})
}
