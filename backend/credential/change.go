package credential

import (
	"context"
	"errors"
	"fmt"
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

// Set keeps a provider's credential in the keychain and reads it back to be sure.
func (s *Store) Set(ctx context.Context, provider, raw string) error {
	s.mu.RLock()
	e := s.providers[provider]
	s.mu.RUnlock()
	if e == nil {
		return s.unknown(provider)
	}
	value, err := clean(raw)
	if err != nil {
		return llm.Errorf(llm.ErrBadRequest, "this can't be a credential: %w", err).WithCode("credential_invalid")
	}
	s.Redactor.Add(value) // before anything could quote it
	if err := s.Keychain.Set(ctx, provider, value); err != nil {
		return s.failed("kept", e.spec, err)
	}
	kept, err := s.Keychain.Get(ctx, provider)
	if err != nil {
		return s.failed("read back", e.spec, err)
	}
	if kept != value {
		return llm.Errorf(llm.ErrInternal, "the keychain gave back something else than was kept for %s: try again, and look "+
			"whether another program changes it", provider).WithCode("keychain_mismatch")
	}
	s.edit(e, value)
	return nil
}

// Remove deletes a provider's credential from the keychain. One from the environment can't be removed here.
func (s *Store) Remove(ctx context.Context, provider string) error {
	s.mu.RLock()
	e := s.providers[provider]
	s.mu.RUnlock()
	if e == nil {
		return s.unknown(provider)
	}
	err := s.Keychain.Delete(ctx, provider)
	if err == nil {
		s.edit(e, "")
		return nil
	}
	s.mu.RLock()
	variable, stored := e.variable, e.stored
	s.mu.RUnlock()
	missing := errors.Is(err, secret.ErrNotFound)
	if missing && stored != "" {
		s.edit(e, "") // removed by another program; there is nothing left to do
		return nil
	}
	if variable != "" && (missing || stored == "") {
		return llm.Errorf(llm.ErrBadRequest, "the credential for %s comes from the environment variable %s, which can't be "+
			"removed from here: unset it and start Gatehouse again", provider, variable).WithCode("credential_read_only")
	}
	if missing {
		return llm.Errorf(llm.ErrNotFound, "no credential is kept for %s", provider).WithCode("credential_missing")
	}
	return s.failed("removed", e.spec, err)
}

// edit takes over what was changed in the keychain.
func (s *Store) edit(e *entry, value string) {
	s.mu.Lock()
	e.edits++
	e.stored = value
	select {
	case <-e.asked:
	default:
		close(e.asked)
	}
	s.mu.Unlock()
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
