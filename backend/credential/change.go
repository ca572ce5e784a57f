package credential

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/backend/llm"
	"gatehouse/backend/secret"
)

// clean gives a secret without the white space and line breaks that copying adds, or says why it can't be one.
func clean(raw string) (string, error) {
	value := strings.TrimSpace(raw)
	switch {
	case value == "":
		return "", errors.New("it is empty")
	case len(value) > secret.MaxBytes:
		return "", secret.ErrTooLarge
	case !utf8.ValidString(value):
		return "", errors.New("it is not UTF-8 text")
	case strings.ContainsFunc(value, unicode.IsControl):
		return "", errors.New("it has a line break or another control character in it")
	}
	return value, nil
}

// Set keeps a credential in the keychain and reads it back to be sure. The empty name is the one without a name; a named
// one that is new is listed from now on, and over SetSpecs if the specs name it.
func (s *Store) Set(ctx context.Context, provider, name, raw string) error {
	e, slot, err := s.make(provider, name)
	if err != nil {
		return err
	}
	value, err := clean(raw)
	if err != nil {
		return llm.Errorf(llm.ErrBadRequest, "this can't be a credential: %w", err).WithCode("credential_invalid")
	}
	s.Redactor.Add(value) // before anything could quote it
	if err := s.Keychain.Set(ctx, item(provider, name), value); err != nil {
		return s.failed("kept", e.spec, err)
	}
	kept, err := s.Keychain.Get(ctx, item(provider, name))
	if err != nil {
		return s.failed("read back", e.spec, err)
	}
	if kept != value {
		return llm.Errorf(llm.ErrInternal, "the keychain gave back something else than was kept for %s: try again, and look "+
			"whether another program changes it", provider).WithCode("keychain_mismatch")
	}
	s.mu.Lock()
	if e := s.providers[provider]; e != nil {
		slot = e.keep(name, slot)
	}
	s.mu.Unlock()
	s.edit(provider, slot, value)
	return nil
}

// make gives a provider and a place in the keychain for one of its credentials, a new one where there is none.
func (s *Store) make(provider, name string) (*entry, *slot, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.providers[provider]
	if e == nil {
		return nil, nil, s.unknown(provider)
	}
	if slot := e.slots[name]; slot != nil {
		return e, slot, nil
	}
	return e, newSlot(), nil
}

// keep lists a credential unless it is, and gives its place. It needs the store's lock.
func (e *entry) keep(name string, fresh *slot) *slot {
	if known := e.slots[name]; known != nil {
		return known
	}
	e.slots[name] = fresh
	e.spec.Names = append(slices.Clone(e.spec.Names), name)
	return fresh
}

// Remove deletes a credential from the keychain. One from the environment can't be removed here.
func (s *Store) Remove(ctx context.Context, provider, name string) error {
	e, slot, err := s.at(provider, name)
	if err != nil {
		return err
	}
	err = s.Keychain.Delete(ctx, item(provider, name))
	if err == nil {
		s.edit(provider, slot, "")
		return nil
	}
	s.mu.RLock()
	stored, variable := slot.stored, ""
	if name == "" && len(e.found) > 0 {
		variable = e.found[0].variable
	}
	s.mu.RUnlock()
	missing := errors.Is(err, secret.ErrNotFound)
	if missing && stored != "" {
		s.edit(provider, slot, "") // removed by another program; there is nothing left to do
		return nil
	}
	if variable != "" && (missing || stored == "") {
		return llm.Errorf(llm.ErrBadRequest, "the credential for %s comes from the environment variable %s, which can't be "+
			"removed from here: unset it and start Gatehouse again", provider, variable).WithCode("credential_read_only")
	}
	if missing {
		return llm.Errorf(llm.ErrNotFound, "no such credential is kept for %s", provider).WithCode("credential_missing")
	}
	return s.failed("removed", e.spec, err)
}

// edit takes over what was changed in the keychain.
func (s *Store) edit(provider string, slot *slot, value string) {
	s.mu.Lock()
	slot.edits++
	slot.stored = value
	select {
	case <-slot.asked:
	default:
		close(slot.asked)
	}
	s.mu.Unlock()
	s.Replaced(provider)
	s.changed()
}

// failed turns a keychain's error into one for people: the cause, and what works instead.
func (s *Store) failed(what string, spec Spec, err error) error {
	if u, ok := errors.AsType[*secret.Unavailable](err); ok {
		message := fmt.Sprintf("the credential for %s could not be %s, because the keychain is %s: %s. %s",
			spec.Provider, what, u.State, u.Reason, u.Advice)
		if len(spec.Variables) > 0 {
			message += fmt.Sprintf(" For %s that is %s.", spec.Provider, spec.Variables[0])
		}
		return &llm.Error{Kind: llm.ErrInternal, Status: 503, Code: "keychain_unavailable", Message: message, Cause: err}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &llm.Error{
		Kind: llm.ErrInternal, Code: "keychain_failed", Cause: err,
		Message: fmt.Sprintf("the credential for %s could not be %s: %v", spec.Provider, what, err),
	}
}
