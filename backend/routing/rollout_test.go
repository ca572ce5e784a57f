package routing

import (
	"fmt"
	"math"
	"testing"

	"gatehouse/backend/llm"
)

const (
	oldModel    = "openai/gpt"
	newModel    = "a/same"
	chatDialect = llm.ChatCompletions
)

func rolledWorld(share int) World {
	w := world("openai", "gateway")
	w.Config = &Config{Rollouts: []Rollout{{ID: "next", From: oldModel, To: newModel, Share: share}}}
	return w
}

// TestShareOfConversations: the share lands within the binomial interval of five standard deviations, each conversation
// stays where it is over its turns and over restarts (whose worlds are made anew), and none moves back as the share grows.
func TestShareOfConversations(t *testing.T) {
	const n, turns = 10_000, 3
	worlds := map[int][]World{} // by share, one for each turn
	for _, share := range []int{1000, 2500} {
		for range turns {
			worlds[share] = append(worlds[share], rolledWorld(share))
		}
	}
	arm := func(share, conversation, turn int) bool {
		d, err := Decide(worlds[share][turn], Ask{
			Model: oldModel, Dialect: chatDialect, Conversation: fmt.Sprintf("conversation %d", conversation), Seed: uint64(turn), //nolint:gosec // small
		})
		if err != nil {
			t.Fatal(err)
		}
		first := d.Attempts[0]
		if d.Rollout != "next" || d.Arm != d.Model || first.Model != d.Arm || !first.Arm {
			t.Fatalf("rollout %q, arm %q, first attempt %q (%t)", d.Rollout, d.Arm, first.Model, first.Arm)
		}
		return d.Arm == newModel
	}
	for _, share := range []int{1000, 2500} {
		hits := 0
		for c := range n {
			in := arm(share, c, 0)
			for turn := 1; turn < turns; turn++ {
				if arm(share, c, turn) != in {
					t.Fatalf("conversation %d changes its model", c)
				}
			}
			if in {
				hits++
			} else if share == 2500 && arm(1000, c, 0) {
				t.Fatalf("conversation %d moves back as the share grows", c)
			}
		}
		p := float64(share) / whole
		if off := math.Abs(float64(hits) - n*p); off > 5*math.Sqrt(n*p*(1-p)) {
			t.Errorf("%d of %d conversations got the new model at %g", hits, n, p)
		}
	}
}

func TestEndsOfAShare(t *testing.T) {
	for share, want := range map[int]string{0: oldModel, whole: newModel} {
		for seed := range uint64(100) {
			d, err := Decide(rolledWorld(share), Ask{Model: oldModel, Dialect: chatDialect, Seed: seed})
			if err != nil || d.Arm != want {
				t.Fatalf("at %d: %q, %v", share, d.Arm, err)
			}
		}
	}
}

// TestWhatARolloutTakesPartIn: only in requests whose first model it decided, whatever else is looked at.
func TestWhatARolloutTakesPartIn(t *testing.T) {
	w := rolledWorld(whole)
	w.Config.Virtual = map[string]Virtual{
		"first":  {Targets: []Weighted{{Model: oldModel, Weight: 1}}},
		"second": {Targets: []Weighted{{Model: "b/same"}, {Model: oldModel}}},
	}
	denied := rolledWorld(whole)
	denied.Config.Rules = []Rule{{ID: "no", Models: []string{newModel}, Deny: true}}
	turned := rolledWorld(whole)
	turned.Config.Rules = []Rule{{ID: "turn", Models: []string{newModel}, Rewrite: "b/same"}}
	for _, c := range []struct {
		name           string
		w              World
		ask            Ask
		rollout, first string
	}{
		{"asked for", w, Ask{Model: oldModel}, "next", newModel},
		{"another model", w, Ask{Model: "b/same"}, "", "b/same"},
		{"the new model by name", w, Ask{Model: newModel}, "", newModel},
		{"behind a virtual model", w, Ask{Model: "first"}, "next", newModel},
		{"a virtual model's fallback", w, Ask{Model: "second"}, "", "b/same"},
		{"a fallback of the request", w, Ask{Model: "b/same", Options: Options{Models: []string{oldModel}}}, "", "b/same"},
		{"the new model is denied", denied, Ask{Model: oldModel}, "", oldModel},
		{"the new model is turned into another", turned, Ask{Model: oldModel}, "next", "b/same"},
	} {
		c.ask.Dialect = chatDialect
		d, err := Decide(c.w, c.ask)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if a := d.Attempts[0]; d.Rollout != c.rollout || a.Model != c.first || a.Arm != (c.rollout != "") {
			t.Errorf("%s: rollout %q, first attempt %q (%t)", c.name, d.Rollout, a.Model, a.Arm)
		}
		for _, a := range d.Attempts {
			if a.Arm && (a.Model == oldModel || d.Rollout == "") {
				t.Errorf("%s: %s counts as the rollout's model", c.name, a.Model)
			}
		}
	}
}
