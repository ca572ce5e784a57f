// Package credential decides which credential a provider is called with, and keeps every text that leaves the program
// free of them.
//
// A provider has at most one credential without a name and any number of named ones. Named ones are in the keychain; the
// one without a name comes from there or, if it is not there, from the provider's usual environment variables, which are
// only read, and may stand in an .env file that is watched. The keychain comes first because whoever put a credential there did it on purpose for Gatehouse, while a
// variable is often set for something else. Secrets fetched from the keychain are held in memory only, so that requests
// don't wait for it, and are looked up again every few minutes. Tokens that end by themselves are told from keys: a key
// wins over them, and one that has ended is not used.
//
// It must not know providers by name, how a credential is sent, or anything of HTTP.
package credential

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/event"
)

// Spec is what a provider needs.
type Spec struct {
	Provider string
	// Names are its named credentials in the order in which to try them. Default among them is the place of the one
	// without a name, which comes first if it is not there.
	Names []string
	// Variables are the environment variables that usually hold its credential, the preferred one first, and Tokens those
	// that hold one which ends by itself: a JSON web token. Any of Variables wins over Tokens.
	Variables, Tokens []string
	// EnvFile is a file in which the variables are looked up too, empty for none.
	EnvFile string
	// Renew says what to do about a token that ends, as a clause such as "run `this`".
	Renew string
	// Needed tells that the provider does not answer without a credential.
	Needed bool
}

// Default is what a provider's credential without a name is called where names are listed.
const Default = "default"

// Source is where a credential comes from.
type Source string

// The sources.
const (
	Keychain    Source = "keychain"
	Environment Source = "environment"
	File        Source = "file"
	None        Source = "none"
	NotNeeded   Source = "not needed"
)

// Credential is what a provider is called with. Secret is empty if Source is NotNeeded.
type Credential struct {
	// Name is empty for the one without a name.
	Name   string
	Secret string
	Source Source
	// Variable is the environment variable it came from.
	Variable string
}

// Info is the state of one credential, without the secret.
type Info struct {
	Provider string
	// Name is empty for the one without a name, which is listed whether it is there or not.
	Name   string
	Source Source
	// Variable is the environment variable it came from, or would be read from first; empty if there is none. File is the
	// .env file that it is in.
	Variable, File string
	// Expires is when it ends by itself, zero if it does not or that is not known. One that has ended is still shown here,
	// with the Source None.
	Expires time.Time
	Needed  bool
}

// ErrNone is the cause of the error for a provider that needs a credential and has none.
var ErrNone = errors.New("no credential")

// CodeExpired is the error's code for a token that has ended.
const CodeExpired = "credential_expired"

// EventType is the type of the event that says that the list of credentials, or Warnings, changed. It carries no data.
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
	// Now tells the time; time.Now if nil.
	Now func() time.Time
	// Refresh is how often the keychain is looked up again; 5 minutes if zero.
	Refresh time.Duration
	// Patience is how long a request waits for the first look-up; 2 s if zero.
	Patience time.Duration
	// Replaced is called when a provider's credential is another one than before, or gone, from any goroutine; not for what
	// the first look-up finds. It may be nil.
	Replaced func(provider string)
	// Environ looks up an environment variable; os.LookupEnv if nil.
	Environ func(name string) (string, bool)
}

// Store knows every provider's credentials. All methods can be called from any goroutine.
type Store struct {
	Options
	stop   context.CancelFunc
	done   sync.WaitGroup
	wanted chan struct{} // asks for a refresh

	setting sync.Mutex // SetSpecs runs once at a time

	mu        sync.RWMutex
	providers map[string]*entry
	order     []string
	warnings  []string
}

// entry is one provider. Its fields are guarded by the store's lock.
type entry struct {
	spec Spec
	// slots are its places in the keychain by name.
	slots map[string]*slot
	// found is what its variables hold, the best first.
	found []found
	file  *envFile
}

// slot is a credential's place in the keychain.
type slot struct {
	// stored is the keychain's secret as of the last look-up; empty if there is none.
	stored string
	// edits counts changes by Set and Remove, so that a look-up that began before one doesn't undo it.
	edits int
	// asked is closed after the first look-up, whatever came of it.
	asked chan struct{}
}

func newSlot() *slot { return &slot{asked: make(chan struct{})} }

// item is what a credential is filed under in the keychain.
func item(provider, name string) string {
	if name == "" {
		return provider
	}
	return provider + "/" + name // no provider's id has a slash
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
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Replaced == nil {
		opts.Replaced = func(string) {}
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
	s.setting.Lock()
	defer s.setting.Unlock()
	s.mu.RLock()
	providers := s.providers // replaced as a whole, and by nobody now
	s.mu.RUnlock()
	for _, e := range providers {
		e.file.close()
	}
}

// SetSpecs replaces the list of providers, for example after settings changed. What is known of a credential that stays
// is kept.
func (s *Store) SetSpecs(specs []Spec) {
	s.setting.Lock()
	defer s.setting.Unlock()
	s.mu.RLock()
	before := s.providers
	s.mu.RUnlock()
	providers := make(map[string]*entry, len(specs))
	order := make([]string, 0, len(specs))
	for _, spec := range specs {
		if _, twice := providers[spec.Provider]; twice {
			continue
		}
		e := s.entryFor(spec, before[spec.Provider])
		providers[spec.Provider] = e
		order = append(order, spec.Provider)
	}
	s.mu.Lock()
	changed := !slices.Equal(order, s.order)
	for id, e := range providers {
		e.found = s.find(e.spec, e.file.read()) // here, so that no new reading of the file is missed
		changed = changed || !e.sameAs(before[id])
	}
	s.providers, s.order = providers, order
	s.mu.Unlock()
	for id, e := range before {
		if now := providers[id]; now == nil || now.file != e.file {
			e.file.close()
		}
	}
	s.RefreshNow()
	if changed {
		s.changed()
	}
}

// entryFor makes the entry for a provider out of the one before it, which may be nil.
func (s *Store) entryFor(spec Spec, before *entry) *entry {
	e := &entry{spec: spec, slots: map[string]*slot{}}
	if before != nil && before.spec.EnvFile == spec.EnvFile {
		e.file = before.file
	} else if spec.EnvFile != "" {
		e.file = s.openEnvFile(spec)
	}
	for _, name := range append([]string{""}, spec.Names...) {
		if name == Default {
			continue
		}
		e.slots[name] = newSlot()
		if before != nil && before.slots[name] != nil {
			e.slots[name] = before.slots[name]
		}
	}
	return e
}

// sameAs tells whether what can be seen of a provider is the same as before.
func (e *entry) sameAs(before *entry) bool {
	return before != nil && slices.Equal(e.spec.Names, before.spec.Names) && slices.Equal(e.found, before.found)
}

// Redact masks every secret known here; see Redactor.
func (s *Store) Redact(text string) string { return s.Redactor.Redact(text) }

// RedactBytes masks every secret known here; see Redactor.
func (s *Store) RedactBytes(text []byte) []byte { return s.Redactor.RedactBytes(text) }

func (s *Store) changed() { s.Broker.PublishEnd(EventType, struct{}{}) }
