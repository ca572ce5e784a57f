package control

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/backend/balance"
	"gatehouse/backend/credential"
	"gatehouse/backend/event"
	"gatehouse/backend/health"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/secret"
	"gatehouse/backend/settings"
	"gatehouse/backend/store"
)

// memory is a keychain that keeps nothing anywhere.
type memory struct {
	mu     sync.Mutex
	values map[string]string
}

func (m *memory) Get(_ context.Context, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.values[name]; ok {
		return v, nil
	}
	return "", secret.ErrNotFound
}

func (m *memory) Set(_ context.Context, name, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[name] = value
	return nil
}

func (m *memory) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.values[name]; !ok {
		return secret.ErrNotFound
	}
	delete(m.values, name)
	return nil
}

// asked is a provider that takes one secret only.
type asked struct{ takes string }

func (a asked) Check(_ context.Context, _ *provider.Provider, secret string) error {
	if secret != a.takes {
		return llm.Errorf(llm.ErrAuth, "refused")
	}
	return nil
}

// desk is the part of the service that credentials need.
type desk struct {
	*Service
	keychain *memory
	path     string
}

func openDesk(t *testing.T, text string) desk {
	t.Helper()
	path := filepath.Join(t.TempDir(), settings.FileName)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	doc, err := settings.Open(path, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	broker, keychain := &event.Broker{}, &memory{values: map[string]string{}}
	spec := func(s *settings.Settings) (out []credential.Spec) {
		for _, id := range []string{"openai", "gateway", settings.CollectorID} {
			out = append(out, credential.Spec{Provider: id, Needed: id != settings.CollectorID, Names: s.Credentials[id].Names()})
		}
		return out
	}
	creds := credential.New(credential.Options{Keychain: keychain, Specs: spec(doc.Snapshot()), Broker: broker})
	doc.Subscribe(func(_, after *settings.Settings) { creds.SetSpecs(spec(after)) })
	db, err := store.Open(filepath.Join(t.TempDir(), "x.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	board, err := health.Open(health.Options{DB: db, Now: time.Now, Broker: broker, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := doc.Close(); err != nil {
			t.Error(err)
		}
		creds.Close()
	})
	table := provider.NewTable(nil)
	return desk{New(Options{
		Settings: doc, Credentials: creds, Providers: func() provider.Table { return table }, Checker: asked{"sk-work-secret"},
		Balances: balance.New(balance.Options{}), Collectors: func(context.Context) error { return nil },
		Health: board, Broker: broker, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}), keychain, path}
}

func (d desk) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestNamedCredential: its secret goes to the keychain, its name to settings, and both go again.
func TestNamedCredential(t *testing.T) {
	d := openDesk(t, "{\n  // mine\n  \"version\": 1\n}\n")
	no := false
	view, err := d.setCredential(t.Context(), CredentialSecret{Provider: "openai", Name: "work", Secret: "sk-work-secret\n", GatewayFallback: &no})
	if err != nil || view.Name != "work" || view.Source != "keychain" {
		t.Fatalf("%+v, %v", view, err)
	}
	set := d.Settings.Snapshot()
	if c, ok := set.Credentials["openai"].Named["work"]; !ok || c.GatewayFallback == nil || *c.GatewayFallback || set.GatewayFallback != nil {
		t.Errorf("%+v", set.Credentials)
	}
	if text := d.text(t); strings.Contains(text, "sk-") || !strings.Contains(text, "// mine") {
		t.Errorf("settings are %s", text)
	}
	if d.keychain.values["openai/work"] != "sk-work-secret" {
		t.Errorf("the keychain holds %v", d.keychain.values)
	}
	for name, want := range map[string]bool{"work": true, "": false} {
		if _, err := d.setCredential(t.Context(), CredentialSecret{Provider: "openai", Name: name, Secret: map[bool]string{true: "sk-work-secret", false: "sk-other"}[want]}); err != nil {
			t.Fatal(err)
		}
		if test, err := d.testCredential(t.Context(), CredentialRef{"openai", name}); err != nil || test.OK != want {
			t.Errorf("%q: %+v, %v", name, test, err)
		}
	}
	list, err := d.credentialList(t.Context(), Empty{})
	if err != nil || !list.GatewayFallback {
		t.Fatalf("%+v, %v", list, err)
	}
	tests := map[string]bool{}
	for _, c := range list.Credentials {
		if c.Provider == "openai" && c.Test != nil {
			tests[c.Name] = c.Test.OK
		}
	}
	if len(tests) != 2 || !tests["work"] || tests[""] {
		t.Errorf("each has its own test: %v", tests)
	}
	if view, err := d.removeCredential(t.Context(), CredentialRef{"openai", "work"}); err != nil || view.Source != "none" {
		t.Fatalf("%+v, %v", view, err)
	}
	if _, ok := d.Settings.Snapshot().Credentials["openai"].Named["work"]; ok || len(d.keychain.values) != 1 {
		t.Errorf("left: %s, %v", d.text(t), d.keychain.values)
	}
}

// TestDefaultIsTheOneWithoutAName: by either name it is the same entry of the keychain, and settings are left alone.
func TestDefaultIsTheOneWithoutAName(t *testing.T) {
	d := openDesk(t, "{}")
	if _, err := d.setCredential(t.Context(), CredentialSecret{Provider: "openai", Name: "default", Secret: "sk-plain-secret"}); err != nil {
		t.Fatal(err)
	}
	if d.keychain.values["openai"] != "sk-plain-secret" || d.text(t) != "{}" {
		t.Errorf("%v, %s", d.keychain.values, d.text(t))
	}
	if _, err := d.removeCredential(t.Context(), CredentialRef{"openai", ""}); err != nil || len(d.keychain.values) > 0 {
		t.Errorf("%v, %v", d.keychain.values, err)
	}
}

// TestAddingTheHostedGateway: the answer to whether it may take over is in settings.
func TestAddingTheHostedGateway(t *testing.T) {
	d := openDesk(t, "{}")
	for _, may := range []bool{false, true} {
		if _, err := d.setCredential(t.Context(), CredentialSecret{Provider: "gateway", Secret: "vck-secret", GatewayFallback: &may}); err != nil {
			t.Fatal(err)
		}
		list, err := d.credentialList(t.Context(), Empty{})
		if got := d.Settings.Snapshot().GatewayFallback; err != nil || got == nil || *got != may || list.GatewayFallback != may {
			t.Errorf("%v: %s, %v", may, d.text(t), err)
		}
	}
}

// TestNothingIsKeptThatSettingsCanNotSay: a bad name, and a settings file with a mistake.
func TestNothingIsKeptThatSettingsCanNotSay(t *testing.T) {
	d := openDesk(t, `{"adr": ""}`)
	for _, c := range []CredentialSecret{
		{Provider: "openai", Name: "My Key", Secret: "sk-work-secret"}, {Provider: "openai", Name: "work", Secret: "sk-work-secret"},
	} {
		if _, err := d.setCredential(t.Context(), c); llm.AsError(err).Kind != llm.ErrBadRequest {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	if _, err := d.setCredential(t.Context(), CredentialSecret{Provider: "openai", Secret: "sk-work-secret"}); err != nil {
		t.Errorf("the one without a name needs no settings: %v", err)
	}
	if len(d.keychain.values) != 1 {
		t.Errorf("kept: %v", d.keychain.values)
	}
}

// TestListedButNotKept: a name that only settings know can be taken off the list.
func TestListedButNotKept(t *testing.T) {
	d := openDesk(t, `{"credentials": {"openai": {"order": ["gone"], "named": {"gone": {"weight": 2}}}}}`)
	if _, err := d.removeCredential(t.Context(), CredentialRef{"openai", "gone"}); err != nil {
		t.Fatal(err)
	}
	if c := d.Settings.Snapshot().Credentials["openai"]; len(c.Named)+len(c.Order) > 0 {
		t.Errorf("%+v", c)
	}
	if _, err := d.removeCredential(t.Context(), CredentialRef{"openai", "gone"}); llm.AsError(err).Kind != llm.ErrNotFound && llm.AsError(err).Kind != llm.ErrAuth {
		t.Errorf("%v", err)
	}
}

// TestCollectorSecret: it is set, tested, listed apart and removed as credentials are, and is no provider's.
func TestCollectorSecret(t *testing.T) {
	d := openDesk(t, "{}")
	refuse := false
	d.Collectors = func(context.Context) error {
		if refuse {
			return llm.Errorf(llm.ErrAuth, "refused").WithStatus(401)
		}
		return nil
	}
	if _, err := d.setCredential(t.Context(), CredentialSecret{Provider: settings.CollectorID, Name: "work", Secret: "otlp-secret"}); err == nil {
		t.Error("a second one is kept")
	}
	if list, err := d.credentialList(t.Context(), Empty{}); err != nil || list.Collector.Source != "none" {
		t.Errorf("%+v, %v before there is one", list.Collector, err)
	}
	view, err := d.setCredential(t.Context(), CredentialSecret{Provider: settings.CollectorID, Secret: "otlp-secret\n"})
	if err != nil || view.Source != "keychain" || d.keychain.values[settings.CollectorID] != "otlp-secret" || d.text(t) != "{}" {
		t.Fatalf("%+v, %v, settings are %s", view, err, d.text(t))
	}
	for range 2 {
		if test, err := d.testCredential(t.Context(), CredentialRef{Provider: settings.CollectorID}); err != nil || test.OK == refuse {
			t.Errorf("%+v, %v", test, err)
		}
		refuse = true
	}
	list, err := d.credentialList(t.Context(), Empty{})
	if err != nil || list.Collector.Source != "keychain" || list.Collector.Test == nil || list.Collector.Test.OK {
		t.Errorf("%+v, %v", list.Collector, err)
	}
	for _, c := range list.Credentials {
		if c.Provider == settings.CollectorID {
			t.Error("it is listed among the providers' credentials")
		}
	}
	if view, err := d.removeCredential(t.Context(), CredentialRef{Provider: settings.CollectorID}); err != nil || view.Source == "keychain" || len(d.keychain.values) > 0 {
		t.Errorf("%+v, %v", view, err)
	}
}

// TestBalances: what is left is in the list once somebody asked, an old answer stays beside why there is no new one, and what
// providers say of it holds no secret.
func TestBalances(t *testing.T) {
	d := openDesk(t, "{}")
	table := provider.NewTable(nil)
	var failing error
	now := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	d.Balances = balance.New(balance.Options{
		Provider: func(id provider.ID) *provider.Provider { return table[id] },
		Secret: func(ctx context.Context, r balance.Ref) (string, error) {
			c, err := d.Credentials.LookupNamed(ctx, r.Provider, r.Name)
			return c.Secret, err
		},
		Ask: func(_ context.Context, _ *provider.Provider, secret string) (provider.Balance, error) {
			if failing != nil {
				return provider.Balance{}, failing
			}
			if secret != "vck-canary-secret" {
				t.Errorf("asked with %q", secret)
			}
			return provider.Balance{Amounts: []provider.Amount{{Currency: "USD", Amount: "12.345"}, {Currency: "CNY", Amount: "7"}}}, nil
		},
		Broker: d.Broker, Now: func() time.Time { return now },
	})
	of := func(list CredentialList) (b *CredentialBalance) {
		for _, c := range list.Credentials {
			if c.Provider == provider.Gateway {
				b = c.Balance
			} else if c.Balance != nil {
				t.Errorf("%s has a balance", c.Provider)
			}
		}
		return b
	}
	list, err := d.askBalances(t.Context(), Empty{})
	if err != nil || of(list) != nil {
		t.Fatalf("%+v, %v without a credential", of(list), err)
	}
	if _, err := d.setCredential(t.Context(), CredentialSecret{Provider: "gateway", Secret: "vck-canary-secret"}); err != nil {
		t.Fatal(err)
	}
	list, err = d.credentialList(t.Context(), Empty{})
	if b := of(list); err != nil || b == nil || b.AskedAt != nil || b.Text != "" {
		t.Fatalf("%+v, %v before anybody asked", b, err)
	}
	list, err = d.askBalances(t.Context(), Empty{})
	if b := of(list); err != nil || b.Text != "$12.35 + 7.00 CNY" || len(b.Amounts) != 2 || b.Amounts[0].Amount != "12.345" || b.At == nil || b.Problem != "" {
		t.Fatalf("%+v, %v", b, err)
	}
	failing = llm.Errorf(llm.ErrAuth, "you sent vck-canary-secret")
	now = now.Add(time.Minute)
	view, err := d.askBalance(t.Context(), CredentialRef{Provider: "gateway"})
	if b := view.Balance; err != nil || b.Text != "$12.35 + 7.00 CNY" || b.AskedAt.Sub(*b.At) != time.Minute || b.Problem == "" || strings.Contains(b.Problem, "canary") {
		t.Errorf("%+v, %v", b, err)
	}
	for _, ref := range []CredentialRef{{Provider: "openai"}, {Provider: "nobody"}, {Provider: settings.CollectorID}, {Provider: "gateway", Name: "none"}} {
		if _, err := d.askBalance(t.Context(), ref); llm.AsError(err) == nil {
			t.Errorf("%+v has one", ref)
		}
	}
}
