package cli

import (
	"fmt"
	"math"
	"time"

	"gatehouse/backend/control"
	"gatehouse/backend/rollout"
)

type rolloutCommand struct {
	List   rolloutList   `cmd:"" default:"withargs" help:"Compare the models of each rollout."`
	Set    rolloutSet    `cmd:"" help:"Set the share that gets the new model."`
	Stop   rolloutStop   `cmd:"" help:"Give everybody the old model."`
	Resume rolloutResume `cmd:"" help:"Go on with one that was stopped or rolled back."`
}

type rolloutList struct {
	Total bool `help:"Compare everything since the start, not what the guards look at."`
	JSON  bool `name:"json" help:"Print JSON."`
}

func (c rolloutList) Run(s *session) error {
	list, err := call[control.RolloutList](s, "rollouts.list", control.Empty{})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(list)
	}
	if len(list.Rollouts) == 0 {
		s.print("There are no rollouts; they are made in the settings file, under \"rollouts\".\n")
	}
	for _, r := range list.Rollouts {
		printRollout(s, r, c.Total)
	}
	return nil
}

type rolloutSet struct {
	Rollout string  `arg:"" help:"The rollout's name."`
	Percent float64 `arg:"" help:"The share, in percent."`
}

func (c rolloutSet) Run(s *session) error {
	return changeRollout(s, "rollouts.set", c.Rollout, control.RolloutShare{Rollout: c.Rollout, Share: int64(math.Round(c.Percent * 100))})
}

type rolloutStop struct {
	Rollout string `arg:"" help:"The rollout's name."`
}

func (c rolloutStop) Run(s *session) error {
	return changeRollout(s, "rollouts.stop", c.Rollout, control.RolloutRef{Rollout: c.Rollout})
}

type rolloutResume struct {
	Rollout string `arg:"" help:"The rollout's name."`
}

func (c rolloutResume) Run(s *session) error {
	return changeRollout(s, "rollouts.resume", c.Rollout, control.RolloutRef{Rollout: c.Rollout})
}

func changeRollout(s *session, name, id string, params any) error {
	list, err := call[control.RolloutList](s, name, params)
	if err != nil {
		return err
	}
	for _, r := range list.Rollouts {
		if r.ID == id {
			s.print("%s\n", rolloutLine(r))
		}
	}
	return nil
}

// rolloutLine says how a rollout stands.
func rolloutLine(r control.Rollout) string {
	line := fmt.Sprintf("%s: %s %% of %s to %s, %s", r.ID, hundredths(r.Share), r.From, r.To, r.State)
	if r.Why != "" {
		line += " since " + r.Since.Local().Format("01-02 15:04") + ": " + r.Why
	}
	if r.NextStep != nil {
		line += fmt.Sprintf("; %s %% from %s", hundredths(*r.NextShare), r.NextStep.Local().Format("01-02 15:04"))
	}
	return line
}

func printRollout(s *session, r control.Rollout, total bool) {
	s.print("%s\n", rolloutLine(r))
	both, span := r.Window, "LAST "+(time.Duration(r.WindowMs)*time.Millisecond).String()
	if total {
		both, span = r.Total, "SINCE THE START"
	}
	rows := [][]string{{span, "REQUESTS", "ERRORS", "P75 FIRST", "TOTAL", "OUT", "COST"}}
	for _, a := range []rollout.Arm{both.Old, both.New} {
		rows = append(rows, []string{
			a.Model, fmt.Sprint(a.Requests), estimate(a.ErrorShare, func(n *int64) string { return hundredths(*n) + " %" }),
			estimate(a.FirstTokenMs, millis), estimate(a.DurationMs, millis), estimate(a.OutputTokens, number), estimate(a.CostPicoUSD, cost),
		})
	}
	s.table(rows)
}

// estimate writes a value with the interval that it is in.
func estimate(e rollout.Estimate, write func(*int64) string) string {
	if e.Value == nil {
		return unknown
	}
	bound := func(n *int64) string {
		if n == nil {
			return "?"
		}
		return write(n)
	}
	return fmt.Sprintf("%s (%s to %s)", write(e.Value), bound(e.Low), bound(e.High))
}

// hundredths writes hundredths of a percent as percent.
func hundredths(n int64) string {
	if n%100 == 0 {
		return fmt.Sprint(n / 100)
	}
	return fmt.Sprintf("%d.%02d", n/100, n%100)
}
