package credential

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/secret"
)

func TestMain(m *testing.M) {
	// godbus keeps one shared connection open for the life of the program.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/godbus/dbus/v5.(*Conn).inWorker"),
		goleak.IgnoreAnyFunction("github.com/godbus/dbus/v5.newConn.func1"),
	)
}

// fakeKeychain is a keychain in memory that can be out of order.
type fakeKeychain struct {
	mu      sync.Mutex
	values  map[string]string
	err     error
	corrupt string        // what Get gives instead, if not empty
	hold    chan struct{} // Get waits for it, if not nil
	held    chan struct{} // Get says that it waits
}

func newFake() *fakeKeychain {
	return &fakeKeychain{values: map[string]string{}, held: make(chan struct{}, 100)}
}

func (f *fakeKeychain) Get(ctx context.Context, name string) (string, error) {
	f.mu.Lock()
	hold, err, corrupt := f.hold, f.err, f.corrupt
	value, ok := f.values[name]
	f.mu.Unlock()
	if hold != nil {
		f.held <- struct{}{}
		select {
		case <-hold:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	switch {
	case err != nil:
		return "", err
	case corrupt != "":
		return corrupt, nil
	case !ok:
		return "", secret.ErrNotFound
	}
	return value, nil
}

func (f *fakeKeychain) Set(_ context.Context, name, value string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.values[name] = value
	}
	return f.err
}

func (f *fakeKeychain) Delete(_ context.Context, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	if _, ok := f.values[name]; !ok {
		return secret.ErrNotFound
	}
	delete(f.values, name)
	return nil
}

func (f *fakeKeychain) do(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

var specs = []Spec{
	{Provider: "openai", Variables: []string{"OPENAI_API_KEY"}, Needed: true},
	{Provider: "gateway", Variables: []string{"AI_GATEWAY_API_KEY"}, Tokens: []string{"VERCEL_OIDC_TOKEN"}, Renew: "run `vercel env pull`", Needed: true},
	{Provider: "sim"},
}

type world struct {
	*Store
	keychain *fakeKeychain
	events   *event.Subscription
}

func start(t *testing.T, f *fakeKeychain, env map[string]string) world {
	t.Helper()
	broker := &event.Broker{}
	events := broker.Subscribe(100)
	s := New(Options{
		Keychain: f, Specs: specs, Broker: broker, Patience: 20 * time.Millisecond, Refresh: time.Hour,
		Environ: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
	})
	t.Cleanup(s.Close)
	return world{s, f, events}
}

// until waits for an event after which the condition holds.
func (w world) until(t *testing.T, reached func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !reached() {
		e, err := w.events.Next(ctx)
		if err != nil {
			t.Fatal("it never happened")
		}
		if e.Type != "credentials" {
			t.Fatalf("got event %q", e.Type)
		}
	}
}

func (w world) want(t *testing.T, provider string, want Credential) {
	t.Helper()
	got, err := w.Lookup(t.Context(), provider)
	if err != nil || got != want {
		t.Fatalf("%s: got %+v, %v; want %+v", provider, got, err, want)
	}
}

func TestOrderOfSources(t *testing.T) {
	f := newFake()
	f.values["openai"] = "from-keychain\n"
	w := start(t, f, map[string]string{
		"OPENAI_API_KEY": "from-env", "AI_GATEWAY_API_KEY": "  ", "VERCEL_OIDC_TOKEN": " oidc-token\n",
	})
	w.want(t, "openai", Credential{Secret: "from-keychain", Source: Keychain})
	w.want(t, "gateway", Credential{Secret: "oidc-token", Source: Environment, Variable: "VERCEL_OIDC_TOKEN"})
	w.want(t, "sim", Credential{Source: NotNeeded})
	want := []Info{
		{Provider: "openai", Source: Keychain, Variable: "OPENAI_API_KEY", Needed: true},
		{Provider: "gateway", Source: Environment, Variable: "VERCEL_OIDC_TOKEN", Needed: true},
		{Provider: "sim", Source: NotNeeded},
	}
	if got := w.List(); !slices.Equal(got, want) {
		t.Fatalf("got %+v", got)
	}
	if got := w.Redact("from-keychain from-env oidc-token"); got != "[redacted] [redacted] [redacted]" {
		t.Fatalf("got %q", got)
	}
	if got := w.RedactBytes([]byte("from-env")); string(got) != "[redacted]" {
		t.Fatalf("got %q", got)
	}
	if _, err := w.Lookup(t.Context(), "nobody"); llm.AsError(err).Kind != llm.ErrNotFound {
		t.Fatalf("got %v", err)
	}
}

func TestNoneSaysHowToAddOne(t *testing.T) {
	w := start(t, newFake(), nil)
	_, err := w.Lookup(t.Context(), "gateway")
	e := llm.AsError(err)
	if !errors.Is(err, ErrNone) || e.Kind != llm.ErrAuth {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"`gatehouse credential set gateway`", "Credentials page", "AI_GATEWAY_API_KEY"} {
		if !strings.Contains(e.Message, want) {
			t.Errorf("%q is missing in %q", want, e.Message)
		}
	}
	if got := w.List()[1]; got != (Info{Provider: "gateway", Source: None, Variable: "AI_GATEWAY_API_KEY", Needed: true}) {
		t.Errorf("got %+v", got)
	}
}

func TestSetAndRemove(t *testing.T) {
	w := start(t, newFake(), map[string]string{"OPENAI_API_KEY": "from-env"})
	if err := w.Set(t.Context(), "openai", "", " new-secret\r\n"); err != nil {
		t.Fatal(err)
	}
	w.want(t, "openai", Credential{Secret: "new-secret", Source: Keychain})
	w.until(t, func() bool { return w.List()[0].Source == Keychain })
	if err := w.Remove(t.Context(), "openai", ""); err != nil {
		t.Fatal(err)
	}
	w.want(t, "openai", Credential{Secret: "from-env", Source: Environment, Variable: "OPENAI_API_KEY"})
	if got := w.Redact("new-secret"); got != Redacted {
		t.Fatalf("a removed secret must stay masked, got %q", got)
	}
	err := w.Remove(t.Context(), "openai", "")
	if e := llm.AsError(err); e.Kind != llm.ErrBadRequest || !strings.Contains(e.Message, "OPENAI_API_KEY") {
		t.Fatalf("got %v", err)
	}
	if err := w.Remove(t.Context(), "gateway", ""); llm.AsError(err).Kind != llm.ErrNotFound {
		t.Fatalf("got %v", err)
	}
	for _, f := range []func() error{
		func() error { return w.Set(t.Context(), "nobody", "", "x") }, func() error { return w.Remove(t.Context(), "nobody", "") },
	} {
		if err := f(); llm.AsError(err).Kind != llm.ErrNotFound {
			t.Fatalf("got %v", err)
		}
	}
}

func TestSetRefuses(t *testing.T) {
	w := start(t, newFake(), nil)
	for _, raw := range []string{"", " \n", "two\nlines", "tab\tbed", "nul\x00", "bad\xff", strings.Repeat("k", secret.MaxBytes+1)} {
		err := w.Set(t.Context(), "openai", "", raw)
		if llm.AsError(err).Kind != llm.ErrBadRequest {
			t.Errorf("%.20q: got %v", raw, err)
		}
		if raw := strings.TrimSpace(raw); raw != "" && strings.Contains(err.Error(), raw) {
			t.Errorf("the error quotes the secret: %v", err)
		}
	}
	if len(w.keychain.values) != 0 {
		t.Fatal("something was kept")
	}
	w.keychain.do(func() { w.keychain.corrupt = "something else" })
	err := w.Set(t.Context(), "openai", "", canary)
	if llm.AsError(err).Code != "keychain_mismatch" || gives(err.Error(), canary) {
		t.Fatalf("got %v", err)
	}
}

func TestKeychainOutOfOrder(t *testing.T) {
	f := newFake()
	f.values["openai"] = "kept-secret"
	f.err = &secret.Unavailable{State: secret.Locked, Reason: "the reason", Advice: "The advice."}
	w := start(t, f, map[string]string{"OPENAI_API_KEY": "from-env"})
	w.want(t, "openai", Credential{Secret: "from-env", Source: Environment, Variable: "OPENAI_API_KEY"})
	for _, err := range []error{w.Set(t.Context(), "gateway", "", "secret-x"), w.Remove(t.Context(), "gateway", "")} {
		e := llm.AsError(err)
		if e.Code != "keychain_unavailable" || e.HTTPStatus() != 503 || !strings.Contains(e.Message, "the reason. The advice.") ||
			!strings.Contains(e.Message, "AI_GATEWAY_API_KEY") {
			t.Fatalf("got %v", err)
		}
	}
	// Unlocked: the next look-up finds it.
	f.do(func() { f.err = nil })
	w.RefreshNow()
	w.until(t, func() bool { return w.List()[0].Source == Keychain })
	w.want(t, "openai", Credential{Secret: "kept-secret", Source: Keychain})
	// Locked again: what is known stays in use.
	f.do(func() { f.err = &secret.Unavailable{State: secret.Locked} })
	w.refresh(t.Context())
	w.want(t, "openai", Credential{Secret: "kept-secret", Source: Keychain})
	// Removed by another program.
	f.do(func() { f.err = nil; delete(f.values, "openai") })
	w.refresh(t.Context())
	w.want(t, "openai", Credential{Secret: "from-env", Source: Environment, Variable: "OPENAI_API_KEY"})
}

func TestLookupDoesNotWaitForAStuckKeychain(t *testing.T) {
	f := newFake()
	f.hold = make(chan struct{})
	f.values["openai"] = "kept-secret"
	w := start(t, f, map[string]string{"OPENAI_API_KEY": "from-env"})
	<-f.held
	w.want(t, "openai", Credential{Secret: "from-env", Source: Environment, Variable: "OPENAI_API_KEY"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.Patience = time.Hour
	if _, err := w.Lookup(ctx, "gateway"); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if got := w.List()[0].Source; got != Environment { // never waits
		t.Fatalf("got %v", got)
	}
	close(f.hold)
	w.until(t, func() bool { return w.List()[0].Source == Keychain })
}

func TestLookUpDoesNotUndoAChange(t *testing.T) {
	f := newFake()
	w := start(t, f, nil)
	_, _ = w.Lookup(t.Context(), "sim") // the first look-up is over
	f.do(func() { f.values["openai"] = "old-secret"; f.hold = make(chan struct{}) })
	hold := f.hold
	done := make(chan struct{})
	go func() { w.refresh(t.Context()); close(done) }()
	<-f.held // has read the old one
	f.do(func() { f.hold = nil })
	if err := w.Set(t.Context(), "openai", "", "new-secret"); err != nil {
		t.Fatal(err)
	}
	close(hold)
	<-done
	w.want(t, "openai", Credential{Secret: "new-secret", Source: Keychain})
}

func TestSetSpecs(t *testing.T) {
	f := newFake()
	f.values["corp"] = "corp-secret"
	f.values["openai"] = "kept-secret"
	w := start(t, f, nil)
	w.want(t, "openai", Credential{Secret: "kept-secret", Source: Keychain})
	w.SetSpecs(append(slices.Clone(specs), Spec{Provider: "corp", Needed: true}, Spec{Provider: "corp"}))
	w.until(t, func() bool { l := w.List(); return len(l) == 4 && l[3].Source == Keychain })
	w.want(t, "corp", Credential{Secret: "corp-secret", Source: Keychain})
	w.want(t, "openai", Credential{Secret: "kept-secret", Source: Keychain})
	w.SetSpecs(specs)
	if _, err := w.Lookup(t.Context(), "corp"); llm.AsError(err).Kind != llm.ErrNotFound {
		t.Fatalf("got %v", err)
	}
}

func TestUnusableValues(t *testing.T) {
	f := newFake()
	f.values["openai"] = "with\nbreak-in-it"
	var log bytes.Buffer
	redactor := NewRedactor()
	s := New(Options{
		Keychain: f, Specs: specs, Redactor: redactor, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Environ: func(name string) (string, bool) { return "env\nbreak-in-it", name == "AI_GATEWAY_API_KEY" },
	})
	for _, p := range []string{"openai", "gateway"} {
		if _, err := s.Lookup(t.Context(), p); !errors.Is(err, ErrNone) {
			t.Errorf("%s: got %v", p, err)
		}
	}
	s.Close()
	if got := log.String(); strings.Contains(got, "break-in-it") || strings.Count(got, "no usable credential") < 2 {
		t.Fatalf("log: %s", got)
	}
}

// TestRealKeyring needs a throw-away keyring, as package secret's tests do.
func TestRealKeyring(t *testing.T) {
	if os.Getenv("GATEHOUSE_TEST_KEYRING") != "1" {
		t.Skip("GATEHOUSE_TEST_KEYRING=1 is not set: there is no throw-away keyring to test with")
	}
	var log bytes.Buffer
	var logLock sync.Mutex
	redactor := NewRedactor()
	logger := slog.New(redactor.Handler(slog.NewTextHandler(lockedWriter{&log, &logLock}, &slog.HandlerOptions{Level: slog.LevelDebug})))
	k := secret.New(secret.Options{Service: fmt.Sprintf("gatehouse-test-%d", os.Getpid()), Logger: logger})
	defer k.Close()
	if s := k.Probe(t.Context()); s.State != secret.OK {
		t.Fatalf("the keyring can't be used: %+v", s)
	}
	broker := &event.Broker{}
	s := New(Options{
		Keychain: k, Specs: specs, Redactor: redactor, Broker: broker, Logger: logger,
		Environ: func(string) (string, bool) { return "", false },
	})
	defer s.Close()
	if _, err := s.Lookup(t.Context(), "openai"); !errors.Is(err, ErrNone) {
		t.Fatalf("got %v", err)
	}
	if err := s.Set(t.Context(), "openai", "", canary); err != nil {
		t.Fatal(err)
	}
	again := New(Options{Keychain: k, Specs: specs, Environ: func(string) (string, bool) { return "", false }})
	defer again.Close()
	got, err := again.Lookup(t.Context(), "openai")
	if err != nil || got != (Credential{Secret: canary, Source: Keychain}) {
		t.Fatalf("after a restart: %+v, %v", got, err)
	}
	logger.Error("the upstream said: wrong key " + got.Secret)
	if err := s.Remove(t.Context(), "openai", ""); err != nil {
		t.Fatal(err)
	}
	logger.Error("the upstream said: wrong key " + got.Secret[:20])
	logLock.Lock()
	defer logLock.Unlock()
	if gives(log.String(), canary) {
		t.Fatalf("log: %s", log.String())
	}
	noTrace(t, os.Getenv("HOME"))
}

// noTrace searches every file below a folder, and what the system shows of this process, for the canary.
func noTrace(t *testing.T, dir string) {
	t.Helper()
	paths := []string{}
	if runtime.GOOS == "linux" {
		paths = append(paths, "/proc/self/cmdline", "/proc/self/environ")
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		if gives(string(text), canary) {
			t.Errorf("%s holds the secret", path)
		}
	}
}

type lockedWriter struct {
	w  *bytes.Buffer
	mu *sync.Mutex
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
