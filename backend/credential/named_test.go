package credential

import (
	"errors"
	"slices"
	"testing"

	"gatehouse/backend/llm"
	"gatehouse/backend/secret"
)

func (w world) names(t *testing.T, provider string, want ...string) {
	t.Helper()
	got, err := w.Names(t.Context(), provider)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%s has %q, %v; want %q", provider, got, err, want)
	}
}

// TestNamedCredentials: names are filed beside the one without a name, which keeps its place in the keychain.
func TestNamedCredentials(t *testing.T) {
	f := newFake()
	f.values["openai"] = "unnamed-secret"
	w := start(t, f, nil)
	w.names(t, "openai", "")
	if err := w.Set(t.Context(), "openai", "work", "work-secret"); err != nil {
		t.Fatal(err)
	}
	if f.values["openai"] != "unnamed-secret" || f.values["openai/work"] != "work-secret" {
		t.Fatalf("the keychain holds %v", f.values)
	}
	w.names(t, "openai", "", "work")
	list := slices.Clone(specs)
	list[0].Names = []string{"home", "work", Default}
	f.do(func() { f.values["openai/home"] = "home-secret" })
	w.SetSpecs(list)
	w.until(t, func() bool { l := w.List(); return l[1].Name == "home" && l[1].Source == Keychain })
	w.names(t, "openai", "home", "work", "")
	for name, want := range map[string]string{"": "unnamed-secret", "work": "work-secret", "home": "home-secret"} {
		c, err := w.LookupNamed(t.Context(), "openai", name)
		if err != nil || c != (Credential{Name: name, Secret: want, Source: Keychain}) {
			t.Errorf("%q: %+v, %v", name, c, err)
		}
	}
	if got := w.Redact("work-secret home-secret"); got != Redacted+" "+Redacted {
		t.Errorf("got %q", got)
	}
	if err := w.Remove(t.Context(), "openai", "work"); err != nil {
		t.Fatal(err)
	}
	w.names(t, "openai", "home", "")
	if _, kept := f.values["openai/work"]; kept || f.values["openai"] == "" {
		t.Errorf("the keychain holds %v", f.values)
	}
	_, err := w.LookupNamed(t.Context(), "openai", "work")
	if e := llm.AsError(err); !errors.Is(err, ErrNone) || e.Kind != llm.ErrAuth {
		t.Errorf("got %v", err)
	}
	if err := w.Remove(t.Context(), "openai", "work"); llm.AsError(err).Kind != llm.ErrNotFound {
		t.Errorf("removed twice: %v", err)
	}
	w.SetSpecs(specs)
	w.names(t, "openai", "")
}

// TestOnlyNamed: a provider whose credentials all have names has one to be called with.
func TestOnlyNamed(t *testing.T) {
	f := newFake()
	w := start(t, f, nil)
	if err := w.Set(t.Context(), "gateway", "team", "vck-team-secret"); err != nil {
		t.Fatal(err)
	}
	c, err := w.Lookup(t.Context(), "gateway")
	if err != nil || c.Name != "team" || c.Secret != "vck-team-secret" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := w.LookupNamed(t.Context(), "gateway", ""); !errors.Is(err, ErrNone) {
		t.Errorf("got %v", err)
	}
}

// TestNothingIsListedThatIsNotKept: a name whose secret the keychain did not take is not there.
func TestNothingIsListedThatIsNotKept(t *testing.T) {
	f := newFake()
	w := start(t, f, nil)
	f.do(func() { f.err = &secret.Unavailable{State: secret.Locked, Reason: "r", Advice: "A."} })
	if err := w.Set(t.Context(), "openai", "work", "work-secret"); err == nil {
		t.Fatal("it was kept")
	}
	if l := w.List(); len(l) != len(specs) {
		t.Errorf("%+v", l)
	}
}

// TestReplaced: who keeps what is known of a credential is told that it is another one, but not of the first look-up, and
// can tell by its mark.
func TestReplaced(t *testing.T) {
	f := newFake()
	f.values["openai"] = "first-secret"
	told := make(chan string, 10)
	s := New(Options{
		Keychain: f, Specs: specs, Replaced: func(provider string) { told <- provider },
		Environ: func(string) (string, bool) { return "", false },
	})
	defer s.Close()
	if _, err := s.Lookup(t.Context(), "openai"); err != nil {
		t.Fatal(err)
	}
	first := s.Mark("openai", "")
	if len(first) != 4 || len(told) > 0 || s.Mark("gateway", "") != "" || s.Mark("openai", "work") != "" || s.Mark("nobody", "") != "" {
		t.Errorf("mark %q, told %d times", first, len(told))
	}
	f.do(func() { f.values["openai"] = "second-secret" }) // by another program
	s.RefreshNow()
	if who := <-told; who != "openai" {
		t.Errorf("told of %q", who)
	}
	if second := s.Mark("openai", ""); second == first || len(second) != 4 {
		t.Errorf("marks %q and %q", first, second)
	}
	if err := s.Set(t.Context(), "gateway", "", "third-secret"); err != nil {
		t.Fatal(err)
	}
	if who := <-told; who != "gateway" {
		t.Errorf("told of %q", who)
	}
}
