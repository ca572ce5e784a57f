// Package credential decides which credential a provider is called with, and keeps every text that leaves the program
// free of them.
//
// A credential comes from the keychain or, if there is none, from the provider's usual environment variables, which are
// only read. The keychain comes first because whoever put a credential there did it on purpose for Gatehouse, while a
// variable is often set for something else. Secrets fetched from the keychain are held in memory only, so that requests
// don't wait for it, and are looked up again every few minutes.
//
// It must not know providers by name, how a credential is sent, or anything of HTTP.
package credential

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/secret"
)

// Spec is what a provider needs.
type Spec struct {
	Provider string
	// Variables are the environment variables that usually hold its credential, the preferred one first.
	Variables []string
	// Needed tells that the provider does not answer without a credential.
	Needed bool
}

// Source is where a credential comes from.
type Source string

// The sources.
const (
	Keychain    Source = "keychain"
	Environment Source = "environment"
	None        Source = "none"
	NotNeeded   Source = "not needed"
)

// Credential is what a provider is called with. Secret is empty if Source is NotNeeded.
type Credential struct {
	Secret string
	Source Source
	// Variable is the environment variable it came from.
	Variable string
}

// Info is the state of one provider's credential, without the secret.
type Info struct {
	Provider string
	Source   Source
	// Variable is the environment variable it came from, or would be read from first; empty if there is none.
	Variable string
	Needed   bool
}

// ErrNone is the cause of the error for a provider that needs a credential and has none.
var ErrNone = errors.New("no credential")

// EventType is the type of the event that says that the list of credentials changed. It carries no data.
const EventType = "credentials"

// keychain is what is asked of the OS keychain; *secret.Keychain has it.
type keychain interface {
	Get(ctx context.Context, name string) (string, error)
	Set(ctx context.Context, name, value string) error
	Delete(ctx context.Context, name string) error
}

// Options is what a Store needs.
type Options struct {
	Keychain keychain
	Specs    []Spec
	// Redactor learns every secret; it must be the one that the log and the answers go through.
	Redactor *Redactor
	Broker   *event.Broker
	Logger   *slog.Logger
	// Refresh is how often the keychain is looked up again; 5 minutes if zero.
	Refresh time.Duration
	// Patience is how long a request waits for the first look-up; 2 s if zero.
	Patience time.Duration
	// Environ looks up an environment variable; os.LookupEnv if nil.
	Environ func(name string) (string, bool)
}

// Store knows every provider's credential. All methods can be called from any goroutine.
type Store struct {
	Options
	stop   context.CancelFunc
	done   sync.WaitGroup
	wanted chan struct{} // asks for a refresh

	mu        sync.RWMutex
	providers map[string]*entry
	order     []string
}

// entry is one provider. Its fields are guarded by the store's lock.
type entry struct {
	spec Spec
	// variable and fromEnv are the first usable variable and its value.
	variable, fromEnv string
	// stored is the keychain's secret as of the last look-up; empty if there is none.
	stored string
	// edits counts changes by Set and Remove, so that a look-up that began before one doesn't undo it.
	edits int
	// asked is closed after the first look-up, whatever came of it.
	asked chan struct{}
}

// New gives the store and starts to look up the keychain in the background.
func New(opts Options) *Store {
	if opts.Redactor == nil {
		opts.Redactor = NewRedactor()
	}
	if opts.Broker == nil {
		opts.Broker = &event.Broker{}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Refresh <= 0 {
		opts.Refresh = 5 * time.Minute
	}
	if opts.Patience <= 0 {
		opts.Patience = 2 * time.Second
	}
	if opts.Environ == nil {
		opts.Environ = os.LookupEnv
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{Options: opts, stop: stop, wanted: make(chan struct{}, 1), providers: map[string]*entry{}}
	s.SetSpecs(opts.Specs)
	s.done.Go(func() { s.loop(ctx) })
	return s
}

// Close stops the background look-ups and waits for them.
func (s *Store) Close() {
	s.stop()
	s.done.Wait()
}

// SetSpecs replaces the list of providers, for example after settings changed. What is known of a provider that stays
// is kept.
func (s *Store) SetSpecs(specs []Spec) {
	s.mu.Lock()
	providers := make(map[string]*entry, len(specs))
	order := make([]string, 0, len(specs))
	for _, spec := range specs {
		if _, twice := providers[spec.Provider]; twice {
			continue
		}
		e := s.providers[spec.Provider]
		if e == nil {
			e = &entry{asked: make(chan struct{})}
		}
		e.spec = spec
		e.variable, e.fromEnv = s.environment(spec)
		providers[spec.Provider] = e
		order = append(order, spec.Provider)
	}
	changed := !slices.Equal(order, s.order)
	s.providers, s.order = providers, order
	s.mu.Unlock()
	s.RefreshNow()
	if changed {
		s.changed()
	}
}

// environment finds the first variable that holds a usable credential.
func (s *Store) environment(spec Spec) (variable, value string) {
	for _, name := range spec.Variables {
		raw, ok := s.Environ(name)
		if !ok || strings.TrimSpace(raw) == "" {
			continue
		}
		s.Redactor.Add(strings.TrimSpace(raw))
		value, err := clean(raw)
		if err != nil {
			s.Logger.Warn("an environment variable holds no usable credential", "variable", name, "error", err)
			continue
		}
		return name, value
	}
	return "", ""
}

// Lookup gives the credential that the provider is to be called with. It is served from memory; only before the
// keychain was looked up for the first time does it wait, for a short time, and then does without the keychain.
func (s *Store) Lookup(ctx context.Context, provider string) (Credential, error) {
	s.mu.RLock()
	e := s.providers[provider]
	s.mu.RUnlock()
	if e == nil {
		return Credential{}, s.unknown(provider)
	}
	select {
	case <-e.asked:
	default:
		if err := s.await(ctx, e); err != nil {
			return Credential{}, err
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch source, variable := e.source(); source {
	case Keychain:
		return Credential{Secret: e.stored, Source: Keychain}, nil
	case Environment:
		return Credential{Secret: e.fromEnv, Source: Environment, Variable: variable}, nil
	case NotNeeded:
		return Credential{Source: NotNeeded}, nil
	}
	return Credential{}, none(e.spec)
}

func (s *Store) await(ctx context.Context, e *entry) error {
	timer := time.NewTimer(s.Patience)
	defer timer.Stop()
	select {
	case <-e.asked:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// source needs the store's lock. The variable is the one in use, or the one to set.
func (e *entry) source() (Source, string) {
	usual := e.variable
	if usual == "" && len(e.spec.Variables) > 0 {
		usual = e.spec.Variables[0]
	}
	switch {
	case e.stored != "":
		return Keychain, usual
	case e.fromEnv != "":
		return Environment, e.variable
	case !e.spec.Needed:
		return NotNeeded, usual
	}
	return None, usual
}

func none(spec Spec) error {
	message := fmt.Sprintf("there is no credential for %s: run `gatehouse credential set %s` or add one on the window's "+
		"Credentials page", spec.Provider, spec.Provider)
	if len(spec.Variables) > 0 {
		message += fmt.Sprintf(", or set %s before starting Gatehouse", spec.Variables[0])
	}
	return &llm.Error{Kind: llm.ErrAuth, Message: message, Code: "credential_missing", Cause: ErrNone}
}

func (s *Store) unknown(provider string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return llm.Errorf(llm.ErrNotFound, "there is no provider %.80q; there are: %s", provider, strings.Join(s.order, ", ")).
		WithCode("provider_not_found")
}

// List gives every provider's state as it is known now, in the order of the specs. It never waits for the keychain.
func (s *Store) List() []Info {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Info, 0, len(s.order))
	for _, name := range s.order {
		e := s.providers[name]
		source, variable := e.source()
		out = append(out, Info{Provider: name, Source: source, Variable: variable, Needed: e.spec.Needed})
	}
	return out
}

// Redact masks every secret known here; see Redactor.
func (s *Store) Redact(text string) string { return s.Redactor.Redact(text) }

// RedactBytes masks every secret known here; see Redactor.
func (s *Store) RedactBytes(text []byte) []byte { return s.Redactor.RedactBytes(text) }

func (s *Store) changed() { s.Broker.PublishEnd(EventType, struct{}{}) }

// RefreshNow has the keychain looked up again soon, for example after its status changed. It does not wait.
func (s *Store) RefreshNow() {
	select {
	case s.wanted <- struct{}{}:
	default:
	}
}

func (s *Store) loop(ctx context.Context) {
	tick := time.NewTicker(s.Refresh)
	defer tick.Stop()
	for {
		select { // SetSpecs has asked for the first one
		case <-ctx.Done():
			return
		case <-s.wanted:
		case <-tick.C:
		}
		s.refresh(ctx)
	}
}

// refresh looks up every provider. While the keychain can't be used, what is known stays in use.
func (s *Store) refresh(ctx context.Context) {
	s.mu.RLock()
	names := slices.Clone(s.order)
	s.mu.RUnlock()
	changed, down := false, false
	for _, name := range names {
		if ctx.Err() != nil {
			return
		}
		s.mu.RLock()
		e, edits := s.providers[name], 0
		if e != nil {
			edits = e.edits
		}
		s.mu.RUnlock()
		if e == nil {
			continue
		}
		var value string
		err := error(nil)
		if !down {
			value, err = s.Keychain.Get(ctx, name)
			if _, ok := errors.AsType[*secret.Unavailable](err); ok {
				down = true
			}
		}
		if s.learn(e, edits, value, down, err) {
			changed = true
		}
	}
	if changed {
		s.changed()
	}
}

// learn takes what a look-up found and tells whether that is news.
func (s *Store) learn(e *entry, edits int, value string, down bool, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		select {
		case <-e.asked:
		default:
			close(e.asked)
		}
	}()
	switch {
	case e.edits != edits || down:
		return false
	case errors.Is(err, secret.ErrNotFound):
		value = ""
	case err != nil:
		s.Logger.Warn("a credential could not be read from the keychain", "provider", e.spec.Provider, "error", err)
		return false
	default:
		s.Redactor.Add(strings.TrimSpace(value))
		if value, err = clean(value); err != nil {
			s.Logger.Warn("the keychain holds no usable credential", "provider", e.spec.Provider, "error", err)
			value = ""
		}
	}
	if value == e.stored {
		return false
	}
	e.stored = value
	return true
}
