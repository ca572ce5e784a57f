package control

import (
	"context"

	"gatehouse/backend/llm"
	"gatehouse/backend/rollout"
	"gatehouse/backend/settings"
)

// RolloutList is every rollout in the settings, with how both of its models do.
type RolloutList struct {
	Rollouts []Rollout `json:"rollouts"`
}

// Rollout is one rollout and the comparison of its models.
type Rollout = rollout.Progress

// RolloutRef names a rollout.
type RolloutRef struct {
	Rollout string `json:"rollout"`
}

// RolloutShare sets the share of conversations that get the new model, in hundredths of a percent. It holds until the
// next step.
type RolloutShare struct {
	Rollout string `json:"rollout"`
	Share   int64  `json:"share"`
}

func (s *Service) rolloutList() RolloutList { return RolloutList{Rollouts: s.Rollouts.List()} }

// changeRollout changes a rollout in the settings file, where people find it again, and then where it runs.
func (s *Service) changeRollout(id string, in func(*settings.Rollout), then func() error) (RolloutList, error) {
	err := s.Settings.Modify(func(set *settings.Settings) error {
		r, ok := set.Rollouts[id]
		if !ok {
			return llm.Errorf(llm.ErrNotFound, "there is no rollout %q in the settings", id).WithCode("rollout_unknown")
		}
		in(&r)
		set.Rollouts[id] = r
		return nil
	})
	if err == nil {
		err = then()
	}
	if err != nil {
		return RolloutList{}, err
	}
	return s.rolloutList(), nil
}

func (s *Service) setRollout(_ context.Context, p RolloutShare) (RolloutList, error) {
	return s.changeRollout(p.Rollout, func(r *settings.Rollout) { r.Percent = float64(p.Share) / 100 }, func() error {
		return s.Rollouts.SetShare(p.Rollout, int(p.Share))
	})
}

func (s *Service) stopRollout(_ context.Context, p RolloutRef) (RolloutList, error) {
	return s.changeRollout(p.Rollout, func(r *settings.Rollout) { r.Stopped = true }, func() error { return s.Rollouts.Halt(p.Rollout) })
}

func (s *Service) resumeRollout(_ context.Context, p RolloutRef) (RolloutList, error) {
	return s.changeRollout(p.Rollout, func(r *settings.Rollout) { r.Stopped = false }, func() error { return s.Rollouts.Resume(p.Rollout) })
}
