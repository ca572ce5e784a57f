package routing

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// some picks up to n of a list, in any order.
func some(r *rand.Rand, n int, of ...string) []string {
	out := []string{}
	for _, i := range r.Perm(len(of))[:min(r.IntN(n+1), len(of))] {
		out = append(out, of[i])
	}
	return out
}

func one(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

var (
	anyModels = []string{
		"openai/gpt", "openai/mini", "anthropic/claude", "zai/glm", "gateway/openai/gpt", "openrouter/openai/gpt", "lab/own",
		"ollama/llama", "gpt", "same", "anthropic/claude-fast", "openai/gpt-fast", "coder", "vmc/cheap", "gatehouse/active", "nobody/x",
	}
	anyProviders = []string{"openai", "anthropic", "gateway", "openrouter", "lab", "ollama", "bedrock", "vertex"}
)

// anyWorld makes a world out of everything that a world can hold.
func anyWorld(r *rand.Rand) caseWorld {
	with := some(r, 6, "openai", "anthropic", "gateway", "openrouter", "lab", "ollama")
	w := caseWorld{
		With: &with, Active: one(r, "openai/gpt", "coder", ""), NoGateway: r.IntN(4) == 0,
		Credentials: map[string][]Credential{}, Balance: map[string]Balance{}, Health: map[string]caseHealth{},
		Virtual: map[string]caseVirtual{
			"coder": {Targets: []Weighted{{one(r, anyModels...), r.IntN(3)}, {one(r, anyModels...), r.IntN(3)}}},
			"cheap": {Targets: []Weighted{{Model: one(r, anyModels...)}}, Options: anyOptions(r)},
		},
	}
	for _, id := range some(r, 2, "openai", "anthropic", "gateway") {
		for i := range 1 + r.IntN(3) {
			w.Credentials[id] = append(w.Credentials[id], Credential{
				Name: fmt.Sprint(i), Weight: r.IntN(4), KeepsNothing: r.IntN(3) == 0, NoGateway: r.IntN(5) == 0, InFlight: r.IntN(3),
			})
		}
		w.Balance[id] = Balance(one(r, "", "weighted", "least-busy", "latency"))
	}
	for _, at := range some(r, 4, "openai openai/gpt", "openai#0 openai/gpt", "gateway openai/gpt", "anthropic anthropic/claude", "gateway zai/glm") {
		w.Health[at] = caseHealth{State: one(r, "open", "limited", "parked"), Wait: r.IntN(60), Why: "it failed"}
	}
	for i := range r.IntN(3) {
		rule := Rule{ID: fmt.Sprint("rule ", i), Models: some(r, 2, "openai/*", "anthropic/**", "openai/gpt", "openrouter/**", "coder", "*-fast")}
		if rule.Deny = r.IntN(2) == 0; !rule.Deny {
			rule.Rewrite = one(r, anyModels...)
		}
		w.Rules = append(w.Rules, rule)
	}
	if r.IntN(3) == 0 {
		w.Rollouts = []Rollout{{ID: "next", From: one(r, anyModels...), To: one(r, anyModels...), Share: r.IntN(whole + 1)}}
	}
	return w
}

func anyOptions(r *rand.Rand) json.RawMessage {
	o := map[string]any{}
	for _, name := range some(r, 5, "order", "only", "models", "has", "sort", "zeroDataRetention", "disallowPromptTraining", "byok", "speed",
		"allowFallbackFromFast", "allowGatewayFallback", "inferenceRegion", "tags") {
		switch name {
		case "order", "only":
			o[name] = some(r, 3, anyProviders...)
		case "models":
			o[name] = some(r, 3, anyModels...)
		case "has":
			o[name] = some(r, 2, abilities...)
		case "sort":
			o[name] = one(r, "cost", "ttft", "tps", "@default")
		case "byok":
			o[name] = map[string]any{one(r, anyProviders...): []any{map[string]any{"apiKey": "k"}}}
		case "speed":
			o[name] = "fast"
		case "inferenceRegion":
			o[name] = map[string]string{"scope": "zone", "geoRegion": one(r, "us", "eu")}
		case "tags":
			o[name] = some(r, 2, "a", "b")
		default:
			o[name] = r.IntN(2) == 0
		}
	}
	text, _ := json.Marshal(o)
	return text
}

// TestAnyPlan holds every plan to checkSound: only is never left, what is denied is not sent, no target is tried twice,
// everybody left out has a reason, the request's credentials stay here. And the same question has the same answer.
func TestAnyPlan(t *testing.T) {
	planned := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same worlds each time
		w := anyWorld(r).world(t)
		in := caseAsk{
			Model: one(r, anyModels...), Options: anyOptions(r), Seed: r.Uint64(), Conversation: one(r, "", "a", "b"),
			Allowed: some(r, 2, "openai/*", "anthropic/*", "coder", "gatehouse/active"), Key: one(r, "", "ci"),
		}
		q, err := in.ask()
		if err != nil {
			t.Fatal(err)
		}
		d, err := Decide(w, q)
		checkSound(t, w, q, d, err)
		again, _ := Decide(w, q)
		if !reflect.DeepEqual(shown(d, nil), shown(again, nil)) {
			t.Error("two answers to one question")
		}
		if err == nil {
			planned++
		}
		if t.Failed() {
			t.Fatalf("seed %d: %+v\n%s", seed, in, lines(shown(d, err)))
		}
	}
	if planned < 500 {
		t.Errorf("only %d of the questions had a plan", planned)
	}
}

// TestWeights: who comes first does so by weight, within five standard deviations, and a conversation never changes.
func TestWeights(t *testing.T) {
	const n = 4000
	two := caseWorld{
		Credentials: map[string][]Credential{"openai": {{Name: "a", Weight: 1}, {Name: "b", Weight: 3}}},
		Balance:     map[string]Balance{"openai": ByWeight},
		Virtual:     map[string]caseVirtual{"coder": {Targets: []Weighted{{"openai/mini", 1}, {"anthropic/claude", 3}, {"zai/glm", 0}}}},
	}
	w := two.world(t)
	first := func(model, conversation string, seed int) Target {
		d, err := Decide(w, Ask{Model: model, Dialect: chatDialect, Conversation: conversation, Seed: uint64(seed)}) //nolint:gosec // small
		if err != nil {
			t.Fatal(err)
		}
		return d.Attempts[0].Target()
	}
	for model, light := range map[string]string{"openai/gpt": "openai#a openai/gpt", "coder": "openai openai/mini"} {
		for _, known := range []bool{false, true} {
			hits := 0
			for i := range n {
				conversation := ""
				if known {
					conversation = fmt.Sprint("conversation ", i)
				}
				at := first(model, conversation, i)
				if known && first(model, conversation, i+n) != at {
					t.Fatalf("conversation %d of %s changes its target", i, model)
				}
				if (model == "openai/gpt" && at.String() == light) || (model == "coder" && at.Model == "openai/mini") {
					hits++
				}
			}
			if off := math.Abs(float64(hits) - n*0.25); off > 5*math.Sqrt(n*0.25*0.75) {
				t.Errorf("%s: %d of %d came first at a quarter of the weight", model, hits, n)
			}
		}
	}
}
