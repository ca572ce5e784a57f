package credential

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/llm"
)

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
