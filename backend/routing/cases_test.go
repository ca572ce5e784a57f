package routing

import (
	"bytes"
	"cmp"
	"encoding/json"
	flags "flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

var update = flags.Bool("update", false, "write what is planned into the cases, to be read before it is committed")

// planCase is one question to the planner with its whole answer.
type planCase struct {
	Name  string          `json:"name"`
	World json.RawMessage `json:"world,omitempty"` // a caseWorld
	Ask   json.RawMessage `json:"ask"`             // a caseAsk
	Want  caseWant        `json:"want"`
}

// caseWorld is what differs from the base world, which is in baseWorld.
type caseWorld struct {
	// With are the providers that there is a credential for; openai, anthropic and gateway if left out.
	With        *[]string                       `json:"with,omitempty"`
	Active      string                          `json:"active,omitempty"`
	Credentials map[string][]Credential         `json:"credentials,omitempty"`
	Balance     map[string]Balance              `json:"balance,omitempty"`
	Missing     map[string]string               `json:"missing,omitempty"`
	Health      map[string]caseHealth           `json:"health,omitempty"`
	Measured    map[string][2]int64             `json:"measured,omitempty"` // ms to the first token, thousandths of tokens/s
	Stuck       string                          `json:"stuck,omitempty"`
	NoGateway   bool                            `json:"noGateway,omitempty"`
	Timeouts    map[string]Timeouts             `json:"timeouts,omitempty"`
	Rules       []Rule                          `json:"rules,omitempty"`
	Rollouts    []Rollout                       `json:"rollouts,omitempty"`
	Defaults    []Default                       `json:"defaults,omitempty"`
	Virtual     map[string]caseVirtual          `json:"virtual,omitempty"`
	Unusable    map[string]string               `json:"unusable,omitempty"`
	Models      []struct{ ID, Provider string } `json:"models,omitempty"`
}

type caseHealth struct {
	State string `json:"state"` // open, limited, parked
	Wait  int    `json:"wait,omitempty"`
	Why   string `json:"why"`
}

type caseVirtual struct {
	Targets      []Weighted      `json:"targets"`
	Options      json.RawMessage `json:"options,omitempty"`
	Parameters   Parameters      `json:"parameters,omitzero"`
	SystemPrefix string          `json:"systemPrefix,omitempty"`
}

type caseAsk struct {
	Model        string          `json:"model"`
	Dialect      llm.Dialect     `json:"dialect,omitempty"`
	Surface      llm.Surface     `json:"surface,omitempty"`
	Options      json.RawMessage `json:"options,omitempty"`
	Allowed      []string        `json:"allowed,omitempty"`
	Key          string          `json:"key,omitempty"`
	Project      string          `json:"project,omitempty"`
	Conversation string          `json:"conversation,omitempty"`
	Seed         uint64          `json:"seed,omitempty"`
	Hour         int             `json:"hour,omitempty"`
}

// caseWant is the answer. Attempts are "provider[/credential] model (dialect) attributes: reason".
type caseWant struct {
	Attempts []string `json:"attempts,omitempty"`
	Left     []string `json:"left,omitempty"`
	Sorted   string   `json:"sorted,omitempty"` // what is known of each provider, ? for nothing
	Steps    []string `json:"steps,omitempty"`
	Error    string   `json:"error,omitempty"`
	Names    string   `json:"names,omitempty"` // what took part
}

// now is when every case is asked.
var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func usd(pico int64) *catalog.Price {
	in, out := catalog.PicoUSD(pico), catalog.PicoUSD(5*pico)
	return &catalog.Price{Rates: catalog.Rates{Input: &in, Output: &out}}
}

// baseModels are what the base world's lists say.
func baseModels() []catalog.Model {
	return []catalog.Model{
		{ID: "openai/gpt", Provider: "openai", Price: usd(2_000_000), Tags: []string{"vision", "tool-use"}},
		{ID: "openai/gpt", Provider: "gateway", Price: usd(2_000_000), Tags: []string{"vision", "tool-use"}},
		{ID: "openrouter/openai/gpt", Provider: "openrouter", Price: usd(1_000_000), Tags: []string{"vision"}},
		{ID: "openai/mini", Provider: "openai", Price: usd(200_000), Tags: []string{"tool-use", "reasoning"}},
		{ID: "openai/text-embedding-3-small", Provider: "openai", Type: "embedding"},
		{ID: "anthropic/claude", Provider: "anthropic", Price: usd(3_000_000), Tags: []string{"vision", "file-input", "implicit-caching"}},
		{ID: "anthropic/claude", Provider: "gateway", Price: usd(3_000_000)},
		{ID: "anthropic/claude-fast", Provider: "gateway"},
		{ID: "openrouter/anthropic/claude", Provider: "openrouter", Price: usd(4_000_000)},
		{ID: "zai/glm", Provider: "gateway", Price: usd(100_000)},
		{ID: "openrouter/zai/glm", Provider: "openrouter", Free: true, Price: usd(0)},
		{ID: "ollama/llama", Provider: "ollama", Local: true, Free: true, Tags: []string{"tool-use"}},
		{ID: "lab/own", Provider: "lab"},
		{ID: "a/same", Provider: "gateway"},
		{ID: "b/same", Provider: "gateway"},
	}
}

func (c caseWorld) world(t *testing.T) World {
	t.Helper()
	with := []string{"openai", "anthropic", "gateway"}
	if c.With != nil {
		with = *c.With
	}
	models := baseModels()
	for _, m := range c.Models {
		models = append(models, catalog.Model{ID: m.ID, Provider: m.Provider})
	}
	config := &Config{
		Virtual: map[string]Virtual{}, Rules: c.Rules, Rollouts: c.Rollouts, Defaults: c.Defaults, Timeouts: c.Timeouts,
		NoGateway: c.NoGateway, Unusable: c.Unusable,
	}
	for name, v := range c.Virtual {
		o, err := ParseOptions(v.Options)
		if err != nil {
			t.Fatal(err)
		}
		config.Virtual[name] = Virtual{Targets: v.Targets, Options: o, Parameters: v.Parameters, SystemPrefix: v.SystemPrefix}
	}
	w := World{
		Active: c.Active, Catalog: catalog.New(models, nil), Config: config, Now: now,
		Providers:     provider.NewTable(map[string]provider.Override{"lab": {BaseURL: "http://lab.test/v1"}}),
		HasCredential: func(id string) bool { return slices.Contains(with, id) || len(c.Credentials[id]) > 0 },
		Missing:       func(id string) string { return c.Missing[id] },
		Credentials:   func(id string) []Credential { return c.Credentials[id] },
		Balance:       func(id string) Balance { return c.Balance[id] },
		Health: func(at Target) Health {
			h, ok := c.Health[at.String()]
			if !ok {
				return Health{}
			}
			return Health{
				Open: h.State == "open", Limited: h.State == "limited", Parked: h.State == "parked", Why: h.Why,
				Until: now.Add(time.Duration(h.Wait) * time.Second),
			}
		},
		Measured: func(at Target) Measure {
			m := c.Measured[at.String()]
			return Measure{FirstToken: time.Duration(m[0]) * time.Millisecond, MilliTokensPerSecond: m[1]}
		},
	}
	if c.Stuck != "" {
		w.Stuck = func(string) (Target, bool) {
			who, model, _ := strings.Cut(c.Stuck, " ")
			id, credential, _ := strings.Cut(who, "#")
			return Target{id, model, credential}, true
		}
	}
	return w
}

// String is how cases write a target.
func (t Target) String() string {
	if t.Credential == "" {
		return t.Provider + " " + t.Model
	}
	return t.Provider + "#" + t.Credential + " " + t.Model
}

func (c caseAsk) ask() (Ask, error) {
	o, err := ParseOptions(c.Options)
	q := Ask{
		Model: c.Model, Dialect: c.Dialect, Surface: c.Surface, Options: o, Key: c.Key, Project: c.Project,
		Conversation: c.Conversation, Seed: c.Seed, Hour: c.Hour,
	}
	if q.Dialect == "" {
		q.Dialect = llm.ChatCompletions
	}
	if len(c.Allowed) > 0 {
		q.Allows = func(model string) bool { return matchAny(c.Allowed, model) }
	}
	return q, err
}

func shown(d Decision, err error) caseWant {
	out := caseWant{Steps: d.Steps}
	for _, a := range d.Attempts {
		out.Attempts = append(out.Attempts, shownAttempt(a))
	}
	for _, l := range d.Left {
		out.Left = append(out.Left, strings.TrimSpace(Target{l.Provider, l.Model, l.Credential}.String())+": "+l.Reason)
	}
	for _, n := range [][2]string{{"virtual", d.Virtual}, {"rule", d.Rule}, {"rollout", d.Rollout}, {"arm", d.Arm}} {
		if n[1] != "" {
			out.Names += n[0] + "=" + n[1] + " "
		}
	}
	out.Names = strings.TrimSpace(out.Names)
	if s := d.Sorting; s != nil {
		out.Sorted = string(s.By)
		for _, m := range s.Metrics {
			out.Sorted += " " + m.Provider + "=" + cmp.Or(m.Value.String(), "?")
		}
		for _, id := range s.Deprioritized {
			out.Sorted += " not " + id
		}
	}
	if e := llm.AsError(err); e != nil {
		out.Error = fmt.Sprintf("%d %s: %s", e.HTTPStatus(), e.Code, e.Message)
		if e.RetryAfter > 0 {
			out.Error += fmt.Sprintf(" (retry after %s)", e.RetryAfter)
		}
	}
	return out
}

func shownAttempt(a Attempt) string {
	out := fmt.Sprintf("%s as %s in %s", a.Target(), a.Upstream, a.Dialect)
	if a.Key != "" {
		out += " key=" + a.Key
	}
	if a.Probe {
		out += " probe"
	}
	if a.Timeouts != (Timeouts{}) {
		out += fmt.Sprintf(" timeouts=%s/%s/%s", a.Timeouts.FirstToken, a.Timeouts.Idle, a.Timeouts.Total)
	}
	if a.Terms.SystemPrefix != "" {
		out += fmt.Sprintf(" prefix=%q", a.Terms.SystemPrefix)
	}
	if p := a.Terms.Parameters; p != (Parameters{}) {
		text, _ := json.Marshal(p)
		out += " parameters=" + string(text)
	}
	if a.Provider.ID == provider.Gateway {
		if text := a.Hosted(); text != nil {
			out += " options=" + string(text)
		}
	}
	return out + ": " + a.Reason
}

// TestPlans checks every case under testdata/plans. After a change, go test -update writes what is planned now; the diff
// tells whether that is meant.
func TestPlans(t *testing.T) {
	files, err := filepath.Glob("testdata/plans/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no cases", err)
	}
	count := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []planCase
		strictly(t, text, &cases)
		names := map[string]bool{}
		for i := range cases {
			c := &cases[i]
			if names[c.Name] {
				t.Errorf("%s: two cases %q", file, c.Name)
			}
			names[c.Name] = true
			count++
			t.Run(filepath.Base(file)+"/"+c.Name, func(t *testing.T) { c.check(t) })
		}
		if *update {
			writeCases(t, file, cases)
		}
	}
	if count < 150 {
		t.Errorf("only %d cases", count)
	}
}

func strictly(t *testing.T, text []byte, to any) {
	t.Helper()
	if len(text) == 0 {
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func (c *planCase) check(t *testing.T) {
	var d Decision
	var in caseWorld
	var asked caseAsk
	strictly(t, c.World, &in)
	strictly(t, c.Ask, &asked)
	q, err := asked.ask()
	if err == nil {
		w := in.world(t)
		d, err = Decide(w, q)
		checkSound(t, w, q, d, err)
		if again, _ := Decide(w, q); fmt.Sprint(shown(again, nil)) != fmt.Sprint(shown(d, nil)) {
			t.Error("the same question has two answers")
		}
	}
	got := shown(d, err)
	if *update {
		c.Want = got
		return
	}
	if a, b := lines(got), lines(c.Want); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

func lines(w caseWant) string {
	text, _ := json.MarshalIndent(w, "", "  ")
	return string(text)
}

func writeCases(t *testing.T, file string, cases []planCase) {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(cases); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// checkSound checks what holds of every plan.
func checkSound(t *testing.T, w World, q Ask, d Decision, err error) {
	t.Helper()
	if (err == nil) != (len(d.Attempts) > 0) {
		t.Errorf("%d attempts with the error %v", len(d.Attempts), err)
	}
	seen := map[Target]bool{}
	for _, a := range d.Attempts {
		if seen[a.Target()] {
			t.Errorf("%s is tried twice", a.Target())
		}
		seen[a.Target()] = true
		if a.Reason == "" || a.Upstream == "" || a.Terms == nil {
			t.Errorf("an attempt says too little: %+v", a)
		}
		checkOnly(t, w, a)
		for _, r := range w.Config.Rules {
			denied := r.Deny && (r.matches(q, a.Terms.Options.Tags, a.Model) || r.matches(q, a.Terms.Options.Tags, a.Upstream) && a.Provider.Nested)
			if denied {
				t.Errorf("%s is sent although %s denies it", a.Target(), r.ID)
			}
		}
		if n := a.Terms.Options; n.ZeroDataRetention && a.Key != "" && !a.Provider.Local && a.Provider.ID != provider.Gateway {
			t.Errorf("%s may keep what is asked", a.Target())
		}
		for name := range a.passed {
			if w.Providers[name] != nil {
				t.Errorf("the credential for %s goes to the hosted gateway", name)
			}
		}
	}
	for _, l := range d.Left {
		if l.Reason == "" || l.Model == "" {
			t.Errorf("left out without a reason: %+v", l)
		}
		if seen[Target{l.Provider, l.Model, l.Credential}] && l.Provider != "" {
			t.Errorf("%+v is left out and tried", l)
		}
	}
	if len(d.Attempts) > maxAttempts {
		t.Errorf("%d attempts", len(d.Attempts))
	}
	if err == nil {
		checkNobodyMissing(t, w, q, d)
	}
}

// checkNobodyMissing checks that whoever has one of the models is tried or left out with a reason, each of its credentials
// too.
func checkNobodyMissing(t *testing.T, w World, q Ask, d Decision) {
	t.Helper()
	again := &decider{w: w, q: q, first: true, have: map[Target]bool{}}
	models, err := again.models()
	if err != nil {
		t.Fatal(err)
	}
	told := func(id provider.ID, model string, names ...string) bool {
		return slices.ContainsFunc(d.Attempts, func(a Attempt) bool {
			return a.Provider.ID == id && a.Model == model && (len(names) == 0 || slices.Contains(names, a.Credential))
		}) || slices.ContainsFunc(d.Left, func(l Left) bool {
			return l.Model == model && (l.Provider == "" || l.Provider == id) && (len(names) == 0 || l.Credential == "" || slices.Contains(names, l.Credential))
		})
	}
	for _, m := range models {
		for _, s := range again.servings(m.id) {
			if !told(s.p.ID, s.model) && !told("", m.id) {
				t.Errorf("nothing is said of %s at %s", m.id, s.p.ID)
			}
			if w.Credentials == nil || len(m.terms.Options.Keys[s.p.ID]) > 0 {
				continue
			}
			for _, c := range w.Credentials(s.p.ID) {
				if !told(s.p.ID, s.model, c.Name) && !told("", m.id) {
					t.Errorf("nothing is said of %s at %s with the credential %q", m.id, s.p.ID, c.Name)
				}
			}
		}
	}
}

func checkOnly(t *testing.T, w World, a Attempt) {
	t.Helper()
	only := a.Terms.Options.Only
	if len(only) == 0 || slices.Contains(only, a.Provider.ID) {
		return
	}
	if a.Provider.ID != provider.Gateway || len(a.Only) == 0 {
		t.Errorf("%s is tried where only %v may be", a.Target(), only)
	}
	for _, name := range a.Only {
		if p := w.Providers[name]; !slices.Contains(only, name) || p != nil && (p.Local || p.Custom || p.Nested) {
			t.Errorf("the hosted gateway may use %s where only %v may be", name, only)
		}
	}
}
