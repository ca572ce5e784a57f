package proxy

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
	"gatehouse/backend/usage"
)

// picked are up to n of a list, in any order.
func picked(r *rand.Rand, n int, of ...string) []string {
	var out []string
	for _, i := range r.Perm(len(of))[:min(r.IntN(n+1), len(of))] {
		out = append(out, of[i])
	}
	return out
}

var (
	agreeModels = []string{
		"openai/echo", "openai/down", "anthropic/echo", "anthropic/down", "groq/echo", "groq/down", "google/down", "google/echo",
		"mix", "vmc/fallen", "gatehouse/active", "gateway/openai/down",
	}
	agreeProviders = []string{"openai", "anthropic", "groq", "google", "gateway"}
)

// anyConfig is what settings may say of routing.
func anyConfig(r *rand.Rand) *routing.Config {
	one := func() string { return agreeModels[r.IntN(8)] }
	c := &routing.Config{
		NoGateway: r.IntN(3) == 0,
		Virtual: map[string]routing.Virtual{
			"mix":    {Targets: []routing.Weighted{{Model: one(), Weight: 1 + r.IntN(3)}, {Model: one(), Weight: r.IntN(3)}}},
			"fallen": {Targets: []routing.Weighted{{Model: one()}}, Options: routing.Options{Models: []string{one(), one()}, Order: picked(r, 2, agreeProviders...)}},
		},
	}
	if r.IntN(3) == 0 {
		c.Rules = []routing.Rule{{ID: "away", Models: []string{one()}, Rewrite: one()}, {ID: "no", Models: []string{one()}, Deny: true}}
	}
	if r.IntN(3) == 0 {
		c.Rollouts = []routing.Rollout{{ID: "next", From: one(), To: one(), Share: r.IntN(10001)}}
	}
	return c
}

// TestPlansAreKept: over random settings and requests, by every client, the attempts that a dry run shows are those that are
// then made, in their order, up to the one that answers; and what a dry run would not send is refused in its words.
func TestPlansAreKept(t *testing.T) {
	var config *routing.Config
	hosted := false
	o := simulators(t)
	o.providers["gateway"] = provider.Override{BaseURL: strings.TrimSuffix(o.providers["openai"].BaseURL, "/v1")}
	for _, id := range []string{"openai:a", "openai:b", "gateway"} {
		o.secrets[id] = providerSecret
	}
	o.credentials = map[string][]routing.Credential{"openai": {{Name: "a"}, {Name: "b"}}}
	o.active = "mix"
	o.edit = func(_ *Options, g *gateway.Options) {
		world := g.World
		g.World = func() routing.World {
			w := world()
			has := w.HasCredential
			w.Config, w.HasCredential = config, func(id string) bool { return has(id) && (id != "gateway" || hosted) }
			return w
		}
		g.Pause = func(context.Context, time.Duration) bool { return false } // one round
	}
	d := openDoor(t, o)
	made, refused := 0, 0
	for seed := range uint64(220) {
		r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // the same settings each time
		config = anyConfig(r)
		c := clients[r.IntN(len(clients))]
		hosted = !strings.HasPrefix(c.name, "ai-sdk") && r.IntN(2) == 0 // the simulator is no gateway of the AI SDK's
		if r.IntN(8) == 0 {
			d.board.Reset("") // so that not everything is set aside for long
		}
		header := map[string]string{"X-Session-Id": fmt.Sprint(seed)}
		for name, list := range map[string][]string{
			"Models": picked(r, 3, agreeModels...), "Order": picked(r, 2, agreeProviders...), "Only": picked(r, 4, agreeProviders...),
		} {
			if len(list) > 0 && r.IntN(2) == 0 {
				header["X-Gatehouse-"+name] = strings.Join(list, ",")
			}
		}
		model := agreeModels[r.IntN(len(agreeModels))]
		ask := func(dry bool) (*http.Response, string) {
			body := strings.NewReplacer("MODEL", model, "STREAM", "false", "TEXT", "hello").Replace(c.text)
			return d.post(c.path(model, false), body, func(req *http.Request) {
				if c.header != nil {
					for name, values := range c.header(model, false) {
						req.Header[name] = values
					}
				}
				for name, value := range header {
					req.Header.Set(name, value)
				}
				if dry {
					req.Header.Set("X-Gatehouse-Dry-Run", "1")
				}
			})
		}
		_, shown := ask(true)
		var plan routing.Route
		check(t, json.Unmarshal([]byte(shown), &plan))
		resp, text := ask(false)
		record := d.lastRecord()
		if len(plan.Attempts) == 0 {
			refused++
			if resp.StatusCode < 400 || record.Error != plan.Problem || len(record.Attempts) > 0 {
				t.Fatalf("seed %d: %s for %s by %s: %d %s, where the dry run says %q", seed, model, header, c.name, resp.StatusCode, text, plan.Problem)
			}
			continue
		}
		made++
		checkKept(t, plan, record, fmt.Sprintf("seed %d: %s with %v by %s: %d", seed, model, header, c.name, resp.StatusCode))
	}
	if made < 100 || refused < 5 {
		t.Errorf("%d requests were made and %d refused", made, refused)
	}
}

// checkKept compares a plan with the attempts that were made.
func checkKept(t *testing.T, plan routing.Route, record usage.Record, what string) {
	t.Helper()
	line := func(id, credential, upstream, reason string) string {
		return fmt.Sprintf("%s %s %s: %s", id, credential, upstream, reason)
	}
	var want, got []string
	for _, a := range plan.Attempts {
		want = append(want, line(a.Provider, a.Credential, a.Upstream, a.Reason))
	}
	answered := false
	for _, a := range record.Attempts {
		got = append(got, line(a.Provider, a.Credential, a.Model, a.Reason))
		answered = answered || a.Outcome == gateway.OK
	}
	if answered {
		want = want[:min(len(got), len(want))]
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s\nplanned\n%s\nmade\n%s", what, strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
}
