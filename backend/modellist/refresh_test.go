package modellist

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/store"
)

// many gives the answer of a provider that has n models.
func many(id provider.ID, n int) func() ([]catalog.Model, error) {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s/m%d", id, i))
	}
	return has(ids...)
}

func failing(message string) func() ([]catalog.Model, error) {
	return func() ([]catalog.Model, error) { return nil, llm.Errorf(llm.ErrInternal, "%s", message) }
}

func (l *List) age(id provider.ID) Age {
	for _, a := range l.Ages() {
		if a.Provider == id {
			return a
		}
	}
	return Age{}
}

// TestBadRefreshesReplaceNothing: an error, an empty list and one that has lost most of its models are seen, and the good
// list stays; what comes three times the same is the new list.
func TestBadRefreshesReplaceNothing(t *testing.T) {
	w := newWorld()
	w.secrets["openai"], w.answers["openai"] = "s", many("openai", 40)
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	ctx := context.Background()
	l.Refresh(ctx)
	good := l.age("openai")
	for name, answer := range map[string]func() ([]catalog.Model, error){
		"an error": failing("the page is HTML"), "nothing": many("openai", 0), "half and one less": many("openai", 19),
	} {
		w.set(func() { w.answers["openai"] = answer; w.clock = w.clock.Add(time.Hour) })
		l.Refresh(ctx)
		problems, _ := l.State()
		if age := l.age("openai"); age.Models != 40 || !l.has("openai/m39") || age.Problem == "" || !age.At.Equal(good.At) || len(problems) != 1 {
			t.Errorf("%s: %+v", name, age)
		}
	}
	w.set(func() { w.answers["openai"] = many("openai", 20) })
	if l.Refresh(ctx); l.has("openai/m39") || l.age("openai").Problem != "" {
		t.Error("half of the models is a list")
	}
	w.set(func() { w.answers["openai"] = many("openai", 2) })
	for n := range doubtTimes {
		if l.has("openai/m2") == false {
			t.Errorf("believed after %d times", n)
		}
		l.Refresh(ctx)
	}
	if l.has("openai/m2") || l.age("openai").Problem != "" {
		t.Error("a list that came three times is not believed")
	}
}

// TestAnotherAccountHasAnotherList: a new credential's list is believed at once, and asked for whole.
func TestAnotherAccountHasAnotherList(t *testing.T) {
	w := newWorld()
	w.secrets["openai"], w.answers["openai"], w.etags["openai"] = "s", many("openai", 40), `"one"`
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	ctx := context.Background()
	l.Refresh(ctx)
	w.set(func() { w.secrets["openai"] = "other"; w.answers["openai"] = many("openai", 1) })
	l.CredentialsChanged()
	l.Refresh(ctx)
	if l.has("openai/m1") || w.same["openai"] != 0 && l.has("openai/m39") {
		t.Errorf("%+v", l.age("openai"))
	}
}

// TestUnchangedListsAreConfirmed: over a restart too, and the age is that of the confirmation.
func TestUnchangedListsAreConfirmed(t *testing.T) {
	w := newWorld()
	path := filepath.Join(t.TempDir(), "db")
	w.secrets["openai"], w.answers["openai"], w.etags["openai"] = "s", many("openai", 3), `"one"`
	l, done := open(t, w, path)
	l.Refresh(context.Background())
	done()
	before := l.age("openai").At
	w.set(func() { w.clock = w.clock.Add(time.Hour); clear(w.same) })
	l, done = open(t, w, path)
	defer done()
	l.Refresh(context.Background())
	if age := l.age("openai"); w.same["openai"] == 0 || age.Models != 3 || !age.At.Equal(before.Add(time.Hour)) {
		t.Errorf("%+v, asked %v", age, w.same)
	}
}

// TestBackOff: after a minute, and each time after twice as long, spread, and never before the provider said; a good
// answer ends it.
func TestBackOff(t *testing.T) {
	w := newWorld()
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	st := &standing{}
	for n, want := range []time.Duration{
		time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute, 64 * time.Minute,
		128 * time.Minute, 256 * time.Minute, remoteEvery, remoteEvery,
	} {
		l.failed(st, "no", 0)
		if got := st.next.Sub(l.Now()); got != want {
			t.Errorf("after failure %d: %v, want %v", n+1, got, want)
		}
	}
	st = &standing{}
	if l.failed(st, "no", 3*time.Hour); st.next.Sub(l.Now()) != 3*time.Hour {
		t.Errorf("the provider's own word: %v", st.next.Sub(l.Now()))
	}
	l.Jitter = func() float64 { return 0 }
	if got := l.after(time.Hour).Sub(l.Now()); got != 48*time.Minute {
		t.Errorf("spread to %v", got)
	}
	l.succeeded(st, w.current().Providers["openai"])
	if st.failures != 0 || st.problem != "" {
		t.Errorf("%+v", st)
	}
}

// TestHostedListWithoutCredential: it tells what there is, nobody can ask for it, and failing is no problem; with a
// credential its models can be asked for; settings switch it off.
func TestHostedListWithoutCredential(t *testing.T) {
	w := newWorld()
	w.source.Hosted = true
	hosted := func() ([]catalog.Model, error) {
		return []catalog.Model{{ID: "openai/gpt-9", Provider: "gateway", Upstream: "openai/gpt-9", Name: "GPT-9"}}, nil
	}
	w.answers["gateway"] = failing("offline")
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	ctx := context.Background()
	l.Refresh(ctx)
	if problems, _ := l.State(); len(problems) != 0 || !l.age("gateway").Public || l.age("gateway").Problem == "" {
		t.Errorf("before the first answer: %v, %+v", problems, l.age("gateway"))
	}
	w.set(func() { w.answers["gateway"] = hosted })
	l.Refresh(ctx)
	known := func(id string) bool {
		for _, m := range l.Catalog().Known() {
			if m.ID == id && m.Origin(catalog.FieldName).Source == catalog.FromGateway {
				return true
			}
		}
		return false
	}
	if l.has("openai/gpt-9") || !known("openai/gpt-9") || !l.age("gateway").Public || w.told["gateway"] != "" {
		t.Fatalf("%+v", l.age("gateway"))
	}
	w.set(func() { w.answers["gateway"] = failing("offline") })
	l.Refresh(ctx)
	if problems, _ := l.State(); len(problems) != 0 || l.age("gateway").Problem == "" || !known("openai/gpt-9") {
		t.Errorf("problems %v, %+v", problems, l.age("gateway"))
	}
	w.set(func() { w.secrets["gateway"] = "s"; w.answers["gateway"] = hosted })
	l.CredentialsChanged()
	l.Refresh(ctx)
	if !l.has("openai/gpt-9") || w.told["gateway"] != "s" {
		t.Error("with a credential the models can't be asked for")
	}
	w.set(func() { delete(w.secrets, "gateway"); w.answers["gateway"] = failing("offline") })
	l.CredentialsChanged()
	l.Refresh(ctx)
	if l.has("openai/gpt-9") || !known("openai/gpt-9") {
		t.Error("without a credential the models can still be asked for")
	}
	w.set(func() { w.source.Hosted = false; clear(w.asked) })
	l.Changed()
	l.Refresh(ctx)
	if w.asked["gateway"] != 0 || known("openai/gpt-9") {
		t.Error("it is switched off, and was asked")
	}
}

// TestHostedGatewayKnowsMore: what its list says of a model holds at the model's maker too, and what it says of the maker's
// endpoint is what the maker takes; its own price is not.
func TestHostedGatewayKnowsMore(t *testing.T) {
	w := newWorld()
	w.source.Hosted, w.secrets["anthropic"] = true, "s"
	usd := func(n int64) *catalog.PicoUSD { p := catalog.PicoUSD(n); return &p }
	w.answers["gateway"] = func() ([]catalog.Model, error) {
		return []catalog.Model{{
			ID: "anthropic/claude-next-9.5", Provider: "gateway", Upstream: "anthropic/claude-next-9.5", Name: "Claude Next",
			ContextWindow: 500, Price: &catalog.Price{Rates: catalog.Rates{Input: usd(99), Output: usd(99)}},
		}}, nil
	}
	w.answers["anthropic"] = has("anthropic/claude-next-9-5-20270101")
	w.serving["anthropic/claude-next-9.5"] = []catalog.Model{
		{ID: "anthropic/claude-next-9.5", Provider: "bedrock", Price: &catalog.Price{Rates: catalog.Rates{Input: usd(8), Output: usd(8)}}},
		{ID: "anthropic/claude-next-9.5", Provider: "anthropic", MaxOutput: 77, Price: &catalog.Price{Rates: catalog.Rates{Input: usd(3), Output: usd(5)}}},
	}
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	ctx := context.Background()
	l.Refresh(ctx)
	m, _ := l.Catalog().Served("anthropic", "anthropic/claude-next-9-5-20270101")
	if m.Name != "Claude Next" || m.ContextWindow != 500 || m.Price != nil && *m.Price.Input == 99 {
		t.Errorf("%+v", m)
	}
	serving := l.Serving(ctx, m.ID)
	if len(serving.Entries) != 2 || !serving.At.Equal(w.clock) || serving.Problem != "" {
		t.Errorf("%+v", serving)
	}
	m, _ = l.Catalog().Served("anthropic", m.ID)
	if m.Price == nil || *m.Price.Input != 3 || m.MaxOutput != 77 || m.Origin(catalog.FieldPrice).Source != catalog.FromGateway {
		t.Errorf("%+v", m)
	}
	served, known := l.Same(m)
	if len(served) != 1 || len(known) != 1 || known[0].ID != "anthropic/claude-next-9.5" || known[0].Provider != "gateway" {
		t.Errorf("the model elsewhere: %+v, %+v", served, known)
	}
	asked := w.serves["anthropic/claude-next-9.5"]
	if l.Serving(ctx, m.ID); w.serves["anthropic/claude-next-9.5"] != asked {
		t.Error("asked again within a day")
	}
	w.set(func() { w.clock = w.clock.Add(servingEvery); w.serving["anthropic/claude-next-9.5"] = nil })
	if s := l.Serving(ctx, m.ID); len(s.Entries) != 2 || s.Problem == "" {
		t.Errorf("what was said before must hold on: %+v", s)
	}
	if s := l.Serving(ctx, "nobody/knows"); len(s.Entries) != 0 || s.Problem != "" {
		t.Errorf("%+v", s)
	}
}

// TestSilentGatewayIsLeftAlone: who serves models is asked for a few at a time, and not at all for a while where nobody
// answers.
func TestSilentGatewayIsLeftAlone(t *testing.T) {
	w := newWorld()
	w.source.Hosted, w.silent = true, true
	w.secrets["anthropic"], w.answers["anthropic"] = "s", many("anthropic", 9)
	w.answers["gateway"] = many("anthropic", 9)
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	ctx := context.Background()
	l.Refresh(ctx)
	for range 4 {
		l.askServing(ctx)
	}
	asked := func() (n int) {
		w.set(func() {
			for _, times := range w.serves {
				n += times
			}
		})
		return n
	}
	if n := asked(); n > 2 { // the loop itself may have asked, too
		t.Errorf("a silent gateway was asked %d times", n)
	}
	w.set(func() { w.silent = false; clear(w.serves); w.clock = w.clock.Add(2 * time.Hour) })
	l.askServing(ctx)
	if n := asked(); n < servingAtOnce {
		t.Errorf("it was asked %d times in one turn", n)
	}
}

// TestHostedPricesAreCompleted: where the hosted gateway's price is the maker's, its other kinds are the maker's too.
func TestHostedPricesAreCompleted(t *testing.T) {
	w := newWorld()
	w.secrets["gateway"] = "s"
	usd := func(n int64) *catalog.PicoUSD { p := catalog.PicoUSD(n); return &p }
	w.answers["gateway"] = func() (out []catalog.Model, err error) {
		for id, output := range map[string]int64{"anthropic/claude-opus-4.5": 25e6, "anthropic/claude-opus-4.1": 1} {
			price := catalog.Price{Rates: catalog.Rates{Input: usd(5e6), Output: usd(output)}, Source: catalog.FromGateway}
			out = append(out, catalog.Model{ID: id, Provider: "gateway", Upstream: id, Price: &price})
		}
		return out, nil
	}
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	l.Refresh(context.Background())
	p, _ := l.Catalog().Price("gateway", "anthropic/claude-opus-4.5")
	if p.CacheWrite1h == nil || *p.CacheWrite1h != 10e6 || p.Source != catalog.FromGateway {
		t.Errorf("%+v", p)
	}
	if p, _ := l.Catalog().Price("gateway", "anthropic/claude-opus-4.1"); p.CacheWrite1h != nil || *p.Output != 1 {
		t.Errorf("two prices were mixed: %+v", p)
	}
}

// TestModelsOfTheUsersOwn: what only the settings know of can be asked for where its provider can.
func TestModelsOfTheUsersOwn(t *testing.T) {
	w := newWorld()
	w.secrets["openai"], w.answers["openai"] = "s", has("openai/gpt")
	w.source.Overrides = map[string]catalog.Override{
		"openai/secret-preview": {ContextWindow: 9, Tags: []string{"vision"}}, "anthropic/other": {ContextWindow: 9}, "nobody/x": {MaxOutput: 1},
	}
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	l.Refresh(context.Background())
	m, ok := l.Catalog().Served("openai", "openai/secret-preview")
	if !ok || m.ContextWindow != 9 || m.Upstream != "secret-preview" || m.Origin(catalog.FieldContext).Source != catalog.FromUser {
		t.Errorf("%+v", m)
	}
	if l.has("anthropic/other") || l.has("nobody/x") {
		t.Error("a model can be asked for at a provider that can't")
	}
}

// TestPricesThatChangeAhead: the catalog says another price from the day on that is known ahead.
func TestPricesThatChangeAhead(t *testing.T) {
	w := newWorld()
	w.clock = time.Date(2026, 3, 12, 23, 0, 0, 0, time.UTC)
	w.secrets["anthropic"], w.answers["anthropic"] = "s", has("anthropic/claude-opus-4-6")
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	l.Refresh(context.Background())
	steps := func() int {
		p, _ := l.Catalog().Price("anthropic", "anthropic/claude-opus-4-6")
		return len(p.Long)
	}
	if steps() != 1 {
		t.Errorf("%d steps before the day", steps())
	}
	w.set(func() { w.clock = w.clock.Add(time.Hour) })
	if l.keepCurrent(); steps() != 0 {
		t.Errorf("%d steps on the day", steps())
	}
}

// TestPricesOfUnlistedWhileAsking: a catalog that is in use shares nothing with what is being asked for.
func TestPricesOfUnlistedWhileAsking(t *testing.T) {
	w := newWorld()
	w.source.Hosted, w.secrets["anthropic"], w.answers["anthropic"] = true, "s", many("anthropic", 1)
	w.answers["gateway"] = func() ([]catalog.Model, error) {
		var out []catalog.Model
		for i := range 12 {
			id := fmt.Sprintf("anthropic/m%d", i)
			out = append(out, catalog.Model{ID: id, Provider: "gateway", Upstream: id})
			w.serving[id] = []catalog.Model{{ID: id, Provider: "anthropic", MaxOutput: 1}}
		}
		return out, nil
	}
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	l.Refresh(context.Background())
	c := l.Catalog()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		for i := range 12 {
			l.Serving(context.Background(), fmt.Sprintf("anthropic/m%d", i))
		}
	}()
	for done := false; !done; {
		for i := range 12 {
			c.Price("anthropic", fmt.Sprintf("anthropic/m%d", i))
		}
		select {
		case <-asked:
			done = true
		default:
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	w := newWorld()
	w.secrets["openrouter"], w.answers["openrouter"] = "s", many("openrouter", 500)
	db, err := store.Open(filepath.Join(b.TempDir(), "db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	l, err := Open(Options{
		Lister: w, Secrets: w, Source: w.current, DB: db, Broker: &event.Broker{}, Logger: slog.New(slog.DiscardHandler), Now: w.now,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	l.Refresh(b.Context())
	b.ReportAllocs()
	for b.Loop() {
		l.rebuild()
	}
}

func TestProblemsAreTold(t *testing.T) {
	w := newWorld()
	w.secrets["openai"] = "s"
	w.answers["openai"] = func() ([]catalog.Model, error) { return nil, llm.AsError(context.DeadlineExceeded) }
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	l.Refresh(context.Background())
	if problems, _ := l.State(); len(problems) != 1 || !strings.Contains(problems[0].Message, "OpenAI did not answer") {
		t.Errorf("%v", problems)
	}
}
