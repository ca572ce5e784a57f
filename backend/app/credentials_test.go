package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/catalog"
	"gatehouse/backend/credential"
	"gatehouse/backend/event"
	"gatehouse/backend/health"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
	"gatehouse/backend/secret"
	"gatehouse/backend/settings"
	"gatehouse/backend/store"
)

// ring is a keychain with fixed entries.
type ring map[string]string

func (r ring) Get(_ context.Context, name string) (string, error) {
	if v, ok := r[name]; ok {
		return v, nil
	}
	return "", secret.ErrNotFound
}

func (r ring) Set(context.Context, string, string) error { return secret.ErrTooLarge }

func (r ring) Delete(context.Context, string) error { return secret.ErrNotFound }

// worldOf makes what decisions rest on out of settings and a keychain.
func worldOf(t *testing.T, set *settings.Settings, kept ring) (routing.World, *health.Board) {
	t.Helper()
	table := provider.NewTable(nil)
	db, err := store.Open(filepath.Join(t.TempDir(), "x.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	board, err := health.Open(health.Options{DB: db, Now: time.Now, Broker: &event.Broker{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	creds := credential.New(credential.Options{
		Keychain: kept, Specs: specs(table, set), Environ: func(string) (string, bool) { return "", false },
	})
	t.Cleanup(func() {
		creds.Close()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	config := routingConfig(set)
	shared, secrets := credentialWorld{creds, board, func() *settings.Settings { return set }}, secretsOf{creds}
	return routing.World{
		Providers: table, Catalog: catalog.New(nil, nil), Config: config, HasCredential: secrets.has, Missing: secrets.missing,
		Credentials: shared.of, Balance: shared.balance, Health: board.State, Now: time.Now(),
	}, board
}

// tried gives the attempts of a plan as provider or provider/credential.
func tried(t *testing.T, w routing.World) (out []string) {
	t.Helper()
	plan, err := routing.Plan(w, "openai/gpt", llm.ChatCompletions)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range plan {
		name := a.Provider.ID
		if a.Credential != "" {
			name += "/" + a.Credential
		}
		out = append(out, name)
	}
	return out
}

// TestCredentialsOfSettings: what settings say of credentials decides which are tried, of those that are there.
func TestCredentialsOfSettings(t *testing.T) {
	no := false
	named := func(c settings.Credential, names ...string) map[string]settings.Credential {
		out := map[string]settings.Credential{}
		for _, name := range names {
			out[name] = c
		}
		return out
	}
	all := ring{"openai": "sk-1", "openai/work": "sk-2", "openai/home": "sk-3", "gateway": "vck-1"}
	for _, c := range []struct {
		name string
		set  settings.Settings
		kept ring
		want []string
	}{
		{"nothing said", settings.Settings{}, all, []string{"openai", "gateway"}},
		{"names", settings.Settings{Credentials: map[string]settings.Credentials{
			"openai": {Named: named(settings.Credential{}, "work", "home")},
		}}, all, []string{"openai", "openai/home", "openai/work", "gateway"}},
		{"order", settings.Settings{Credentials: map[string]settings.Credentials{
			"openai": {Named: named(settings.Credential{}, "work", "home"), Order: []string{"work", "default"}},
		}}, all, []string{"openai/work", "openai", "openai/home", "gateway"}},
		{"one that is not kept", settings.Settings{Credentials: map[string]settings.Credentials{
			"openai": {Named: named(settings.Credential{}, "work", "lost")},
		}}, all, []string{"openai", "openai/work", "gateway"}},
		{"only a named one", settings.Settings{Credentials: map[string]settings.Credentials{
			"openai": {Named: named(settings.Credential{}, "work")},
		}}, ring{"openai/work": "sk-2"}, []string{"openai/work"}},
		{"no fallback at all", settings.Settings{GatewayFallback: &no}, all, []string{"openai"}},
		{"no fallback of a credential", settings.Settings{Credentials: map[string]settings.Credentials{
			"openai": {Named: named(settings.Credential{GatewayFallback: &no}, "work")},
		}}, all, []string{"openai", "openai/work"}},
		{"no fallback of the one without a name", settings.Settings{Credentials: map[string]settings.Credentials{
			"openai": {Named: named(settings.Credential{GatewayFallback: &no}, "default")},
		}}, all, []string{"openai"}},
		{"no fallback of one that is not kept", settings.Settings{Credentials: map[string]settings.Credentials{
			"openai": {Named: named(settings.Credential{GatewayFallback: &no}, "lost")},
		}}, all, []string{"openai", "gateway"}},
		{"no own credential: it is no fallback", settings.Settings{GatewayFallback: &no}, ring{"gateway": "vck-1"}, []string{"gateway"}},
	} {
		w, _ := worldOf(t, &c.set, c.kept)
		if got := tried(t, w); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: tried %q, want %q", c.name, got, c.want)
		}
	}
}

// TestLeastBusyCredential: the board's count of running attempts decides.
func TestLeastBusyCredential(t *testing.T) {
	set := &settings.Settings{Credentials: map[string]settings.Credentials{
		"openai": {Balance: "least-busy", Named: map[string]settings.Credential{"work": {}}},
	}}
	w, board := worldOf(t, set, ring{"openai": "sk-1", "openai/work": "sk-2"})
	if got := tried(t, w); got[0] != "openai" {
		t.Errorf("tried %q", got)
	}
	board.Admit(routing.Target{Provider: "openai", Model: "openai/other"}, false)
	if got := tried(t, w); got[0] != "openai/work" {
		t.Errorf("tried %q while the other is busy", got)
	}
}

func TestBalanceOfSettings(t *testing.T) {
	for mode, want := range map[string]routing.Balance{
		"": routing.InOrder, "in-order": routing.InOrder, "weighted": routing.ByWeight, "least-busy": routing.LeastBusy, "latency": routing.Fastest,
	} {
		w := credentialWorld{settings: func() *settings.Settings {
			return &settings.Settings{Credentials: map[string]settings.Credentials{"openai": {Balance: mode}}}
		}}
		if got := w.balance("openai"); got != want {
			t.Errorf("%q is %q, want %q", mode, got, want)
		}
	}
}

// TestCredentialsThatKeepNothing: an agreement holds for the credential that it was made for.
func TestCredentialsThatKeepNothing(t *testing.T) {
	set := &settings.Settings{Credentials: map[string]settings.Credentials{
		"openai": {Named: map[string]settings.Credential{"work": {ZeroDataRetention: true}}},
	}}
	w, _ := worldOf(t, set, ring{"openai": "sk-1", "openai/work": "sk-2"})
	d, err := routing.Decide(w, routing.Ask{Model: "openai/gpt", Dialect: llm.ChatCompletions, Options: routing.Options{ZeroDataRetention: true}})
	if err != nil || len(d.Attempts) != 1 || d.Attempts[0].Credential != "work" {
		t.Errorf("%+v, %v", d.Attempts, err)
	}
}

// TestEndedTokenSaysSo: a request that only the hosted gateway could serve is told that its token has ended.
func TestEndedTokenSaysSo(t *testing.T) {
	table := provider.NewTable(nil)
	const ended = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE2MDAwMDAwMDB9.c2lnbmF0dXJl" // in 2020
	creds := credential.New(credential.Options{
		Keychain: ring{}, Specs: specs(table, &settings.Settings{}),
		Environ: func(name string) (string, bool) { return ended, name == "VERCEL_OIDC_TOKEN" },
	})
	defer creds.Close()
	secrets := secretsOf{creds}
	w := routing.World{Providers: table, Catalog: catalog.New(nil, nil), HasCredential: secrets.has, Missing: secrets.missing, Now: time.Now()}
	for _, model := range []string{"openai/gpt", "zai/glm"} {
		_, err := routing.Plan(w, model, llm.ChatCompletions)
		if e := llm.AsError(err); e == nil || !contains(e.Message, "VERCEL_OIDC_TOKEN has ended", "vercel env pull") {
			t.Errorf("%s: %v", model, err)
		}
	}
}

func contains(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}
