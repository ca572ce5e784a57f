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
	"crypto/sha256"
	"encoding/hex"
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

// Lookup gives a provider's first credential that is there. It is served from memory; only before the keychain was looked
// up for the first time does it wait, for a short time, and then does without the keychain.
func (s *Store) Lookup(ctx context.Context, provider string) (Credential, error) {
	names, err := s.Names(ctx, provider)
	if err != nil {
		return Credential{}, err
	}
	if len(names) == 0 {
		return s.LookupNamed(ctx, provider, "")
	}
	return s.LookupNamed(ctx, provider, names[0])
}

// LookupNamed gives one of a provider's credentials, as Lookup does; the empty name is the one without a name.
func (s *Store) LookupNamed(ctx context.Context, provider, name string) (Credential, error) {
	e, slot, err := s.at(provider, name)
	if err != nil {
		return Credential{}, err
	}
	if err := s.await(ctx, slot); err != nil {
		return Credential{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if slot.stored != "" {
		return Credential{Name: name, Secret: slot.stored, Source: Keychain}, nil
	}
	if name != "" {
		return Credential{}, none(e.spec, name, found{}, s.Now())
	}
	switch f, ok := e.variable(s.Now()); {
	case ok:
		return Credential{Secret: f.value, Source: f.source(), Variable: f.variable}, nil
	case !e.spec.Needed:
		return Credential{Source: NotNeeded}, nil
	default:
		return Credential{}, none(e.spec, "", f, s.Now())
	}
}

// Names gives the names of the credentials that a provider has, in the order in which to try them; the one without a name
// is empty. A token comes behind the keys, unless the spec's names place it.
func (s *Store) Names(ctx context.Context, provider string) ([]string, error) {
	e, first, err := s.at(provider, "")
	if err != nil {
		return nil, err
	}
	if err := s.await(ctx, first); err != nil { // they are looked up together
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make([]string, 0, len(e.slots))
	f, ok := e.variable(s.Now())
	unnamed := first.stored != "" || ok
	placed := slices.Contains(e.spec.Names, Default)
	if unnamed && !placed && (first.stored != "" || !f.token) {
		names = append(names, "")
	}
	for _, name := range e.spec.Names {
		if name == Default && unnamed {
			names = append(names, "")
		} else if slot := e.slots[name]; slot != nil && slot.stored != "" {
			names = append(names, name)
		}
	}
	if unnamed && !slices.Contains(names, "") {
		names = append(names, "")
	}
	return names, nil
}

// Mark gives something that differs between a credential and one that replaces it: two bytes of its hash, which say nothing
// else of it. It is empty where there is no credential, or it is not known yet. It never waits.
func (s *Store) Mark(provider, name string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.providers[provider]
	if e == nil || e.slots[name] == nil {
		return ""
	}
	select {
	case <-e.slots[name].asked:
	default:
		return ""
	}
	secret := e.slots[name].stored
	if f, ok := e.variable(s.Now()); secret == "" && name == "" && ok {
		secret = f.value
	}
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(item(provider, name) + "\x00" + secret))
	return hex.EncodeToString(sum[:2])
}

// at gives a provider and one of its places in the keychain.
func (s *Store) at(provider, name string) (*entry, *slot, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.providers[provider]
	if e == nil {
		return nil, nil, s.unknown(provider)
	}
	if slot := e.slots[name]; slot != nil {
		return e, slot, nil
	}
	return nil, nil, none(e.spec, name, found{}, s.Now())
}

func (s *Store) await(ctx context.Context, slot *slot) error {
	select {
	case <-slot.asked:
		return nil
	default:
	}
	timer := time.NewTimer(s.Patience)
	defer timer.Stop()
	select {
	case <-slot.asked:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// none is the error for a credential that is not there; ended is a token that was, if there was one.
func none(spec Spec, name string, ended found, now time.Time) error {
	e := &llm.Error{Kind: llm.ErrAuth, Code: "credential_missing", Cause: ErrNone}
	switch {
	case name != "":
		e.Message = fmt.Sprintf("%s has no credential named %q: run `gatehouse credential set %s --name %s`, or add it on the "+
			"window's Credentials page", spec.Provider, name, spec.Provider, name)
		return e
	case ended.value != "":
		e.Code, e.Message = CodeExpired, ended.about(spec, now)
		return e
	}
	e.Message = fmt.Sprintf("there is no credential for %s: run `gatehouse credential set %s` or add one on the window's "+
		"Credentials page", spec.Provider, spec.Provider)
	if len(spec.Variables) > 0 {
		e.Message += fmt.Sprintf(", or set %s before starting Gatehouse", spec.Variables[0])
	}
	return e
}

// unknown needs the store's lock.
func (s *Store) unknown(provider string) error {
	return llm.Errorf(llm.ErrNotFound, "there is no provider %.80q; there are: %s", provider, strings.Join(s.order, ", ")).
		WithCode("provider_not_found")
}

// List gives the state of every provider's credentials as it is known now, in the order of the specs, and those without a
// name first. It never waits for the keychain.
func (s *Store) List() []Info {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Info, 0, len(s.order))
	for _, id := range s.order {
		e := s.providers[id]
		out = append(out, e.unnamed(s.Now()))
		for _, name := range e.spec.Names {
			if name == Default {
				continue
			}
			info := Info{Provider: id, Name: name, Source: None, Needed: true}
			if e.slots[name].stored != "" {
				info.Source = Keychain
			}
			out = append(out, info)
		}
	}
	return out
}

// unnamed is the state of the credential without a name. It needs the store's lock.
func (e *entry) unnamed(now time.Time) Info {
	info := Info{Provider: e.spec.Provider, Needed: e.spec.Needed}
	f, ok := e.variable(now)
	info.Variable = f.variable
	if usual := slices.Concat(e.spec.Variables, e.spec.Tokens); info.Variable == "" && len(usual) > 0 {
		info.Variable = usual[0]
	}
	switch {
	case e.slots[""].stored != "":
		info.Source = Keychain
		return info
	case ok:
		info.Source = f.source()
	case !e.spec.Needed:
		info.Source = NotNeeded
	default:
		info.Source = None
	}
	info.File, info.Expires = f.file, f.expires
	return info
}

// Redact masks every secret known here; see Redactor.
func (s *Store) Redact(text string) string { return s.Redactor.Redact(text) }

// RedactBytes masks every secret known here; see Redactor.
func (s *Store) RedactBytes(text []byte) []byte { return s.Redactor.RedactBytes(text) }

func (s *Store) changed() { s.Broker.PublishEnd(EventType, struct{}{}) }
