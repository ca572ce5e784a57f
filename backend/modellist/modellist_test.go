package modellist

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/catalog"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is what the list sees; a test changes it while the list runs.
type world struct {
	mu      sync.Mutex
	answers map[provider.ID]func() ([]catalog.Model, error)
	secrets map[provider.ID]string
	source  Source
	asked   map[provider.ID]int
	told    map[provider.ID]string // the secrets
	etags   map[provider.ID]string
	same    map[provider.ID]int // answers that it is still the same
	serving map[string][]catalog.Model
	serves  map[string]int // questions
	silent  bool           // the hosted gateway tells nobody who serves what
	clock   time.Time
}

func (w *world) List(_ context.Context, p *provider.Provider, secret, etag string) (provider.Listing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[p.ID]++
	w.told[p.ID] = secret
	if etag != "" && etag == w.etags[p.ID] {
		w.same[p.ID]++
		return provider.Listing{ETag: etag, Same: true}, nil
	}
	if answer := w.answers[p.ID]; answer != nil {
		models, err := answer()
		return provider.Listing{Models: models, ETag: w.etags[p.ID]}, err
	}
	return provider.Listing{}, llm.Errorf(llm.ErrOverloaded, "%s can't be reached", p.ID).WithCode("upstream_unreachable")
}

func (w *world) Endpoints(_ context.Context, _ *provider.Provider, id, _ string) (provider.Listing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serves[id]++
	if w.silent {
		return provider.Listing{}, llm.Errorf(llm.ErrOverloaded, "no answer")
	}
	if models := w.serving[id]; models != nil {
		return provider.Listing{Models: models}, nil
	}
	return provider.Listing{}, llm.Errorf(llm.ErrNotFound, "no %s", id)
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) Secret(_ context.Context, id provider.ID) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.secrets[id]; s != "" {
		return s, nil
	}
	if p := w.source.Providers[id]; p.Credential == provider.Optional {
		return "", nil
	}
	return "", llm.Errorf(llm.ErrAuth, "no credential for %s", id)
}

func (w *world) current() Source {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.source
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func has(models ...string) func() ([]catalog.Model, error) {
	return func() ([]catalog.Model, error) {
		var out []catalog.Model
		for _, id := range models {
			creator, upstream, _ := strings.Cut(id, "/")
			out = append(out, catalog.Model{ID: id, Provider: creator, Upstream: upstream})
		}
		return out, nil
	}
}

func newWorld() *world {
	return &world{
		answers: map[provider.ID]func() ([]catalog.Model, error){"sim": has("sim/echo")},
		secrets: map[provider.ID]string{}, asked: map[provider.ID]int{}, told: map[provider.ID]string{}, etags: map[provider.ID]string{},
		same: map[provider.ID]int{}, serving: map[string][]catalog.Model{}, serves: map[string]int{},
		clock:  time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC),
		source: Source{Providers: provider.NewTable(nil), Discover: true},
	}
}

func open(t *testing.T, w *world, path string) (*List, func()) {
	t.Helper()
	db, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := Open(Options{
		Lister: w, Secrets: w, Source: w.current, DB: db, Broker: &event.Broker{}, Logger: slog.New(slog.DiscardHandler), Now: w.now, Jitter: func() float64 { return 0.5 },
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, func() {
		l.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func (l *List) has(id string) bool { return l.Catalog().Has(id) }

// TestLocalServersComeAndGo: what answers on a local server's port is listed, and what stops is not any more.
func TestLocalServersComeAndGo(t *testing.T) {
	w := newWorld()
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	ctx := context.Background()
	l.Refresh(ctx)
	if !l.has("sim/echo") || l.has("ollama/llama") {
		t.Fatalf("%v", l.Catalog().All())
	}
	w.set(func() { w.answers["ollama"] = has("ollama/llama") })
	l.Refresh(ctx)
	if !l.has("ollama/llama") {
		t.Fatal("a running Ollama was not found")
	}
	w.set(func() { delete(w.answers, "ollama") })
	l.Refresh(ctx)
	if problems, _ := l.State(); l.has("ollama/llama") || len(problems) != 0 {
		t.Errorf("an Ollama that stopped is listed, or a problem: %v", problems)
	}
	w.set(func() { w.answers["ollama"] = has("ollama/llama"); w.source.Discover = false; clear(w.asked) })
	l.Refresh(ctx)
	if l.has("ollama/llama") || w.asked["ollama"] > 0 {
		t.Error("discovery is off, and it was asked all the same")
	}
}

// TestLastGoodListStays: without a network, after a bad answer, and after a restart; it goes with the credential.
func TestLastGoodListStays(t *testing.T) {
	w := newWorld()
	path := filepath.Join(t.TempDir(), "db")
	l, done := open(t, w, path)
	ctx := context.Background()
	w.set(func() { w.secrets["openai"] = "s"; w.answers["openai"] = has("openai/gpt") })
	l.Refresh(ctx)
	if !l.has("openai/gpt") {
		t.Fatal("the list was not taken")
	}
	w.set(func() {
		w.answers["openai"] = func() ([]catalog.Model, error) { return nil, llm.Errorf(llm.ErrAuth, "refused") }
	})
	l.Refresh(ctx)
	if problems, _ := l.State(); !l.has("openai/gpt") || len(problems) != 1 || problems[0].Provider != "openai" || problems[0].Message != "refused" {
		t.Errorf("problems %v", problems)
	}
	done()

	w.set(func() { delete(w.answers, "openai") })
	l, done = open(t, w, path)
	defer done()
	if !l.has("openai/gpt") {
		t.Error("the list did not survive a restart without a network")
	}
	w.set(func() { delete(w.secrets, "openai") })
	l.CredentialsChanged()
	l.Refresh(ctx)
	if problems, _ := l.State(); l.has("openai/gpt") || len(problems) != 0 {
		t.Errorf("a provider without a credential is listed, or a problem: %v", problems)
	}
}

// TestOverridesWin at once, whatever a list says; a list from another base URL is another server's.
func TestOverridesWin(t *testing.T) {
	w := newWorld()
	w.secrets["openai"], w.answers["openai"] = "s", has("openai/gpt")
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	l.Refresh(context.Background())
	price := catalog.PicoUSD(7)
	w.set(func() {
		w.source.Overrides = map[string]catalog.Override{"openai/gpt": {Price: catalog.Price{Rates: catalog.Rates{Input: &price, Output: &price}}}}
	})
	l.Changed()
	if p, ok := l.Catalog().Price("openai", "openai/gpt"); !ok || *p.Input != 7 {
		t.Errorf("price %+v", p)
	}
	w.set(func() {
		delete(w.answers, "openai")
		w.source.Providers = provider.NewTable(map[provider.ID]provider.Override{"openai": {BaseURL: "http://other.test/v1"}})
	})
	l.Changed()
	if l.has("openai/gpt") {
		t.Error("the list of another server is shown")
	}
}

// TestStrangersAreLeftAlone: a program on a local server's port that is something else is not asked again and again.
func TestStrangersAreLeftAlone(t *testing.T) {
	w := newWorld()
	w.answers["llamacpp"] = func() ([]catalog.Model, error) { return nil, llm.Errorf(llm.ErrInternal, "not llama.cpp") }
	l, done := open(t, w, filepath.Join(t.TempDir(), "db"))
	defer done()
	l.Refresh(context.Background())
	if p := w.current().Providers["llamacpp"]; l.due(p) {
		t.Error("it is due again at once")
	}
	if problems, _ := l.State(); len(problems) != 0 {
		t.Errorf("a stranger is no problem: %v", problems)
	}
	l.mu.Lock()
	wait := l.standing["llamacpp"].next.Sub(l.Now())
	l.mu.Unlock()
	if wait < strangerEvery/2 {
		t.Errorf("it is asked again in %v", wait)
	}
}
