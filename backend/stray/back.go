package stray

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"gatehouse/backend/llm"
	"gatehouse/backend/wholefile"
)

// PlanBack computes what Back would change. It needs no secret.
func (s *Strays) PlanBack(path string) (Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := func(c placed) (string, error) { return c.Hint, nil }
	f, _, after, notices, err := s.planBack(path, shown)
	if err != nil {
		return Plan{}, err
	}
	return Plan{path, s.backDiff(f, after), notices}, nil
}

// Back puts a file's keys back: get gives one from where it was put, and revoke ends the local key. What the user changed
// since stays, and is named in the plan's notices.
func (s *Strays) Back(path string, get func(provider, name string) (string, error), revoke func(keyID string) error) (Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var secrets []string
	f, r, after, notices, err := s.planBack(path, func(c placed) (string, error) {
		secret, err := get(c.Provider, c.Kept)
		secrets = append(secrets, secret)
		return secret, err
	})
	if err != nil {
		return Plan{}, err
	}
	if err := wholefile.Sweep(f.real); err != nil {
		return Plan{}, about(path, err)
	}
	if err := s.disk.Write(f.real, after, f.mode); err != nil {
		return Plan{}, about(path, err)
	}
	shown := string(after)
	for _, secret := range secrets {
		if len(secret) > 8 {
			shown = strings.ReplaceAll(shown, secret, hint(secret))
		}
	}
	p := Plan{path, s.backDiff(f, []byte(shown)), notices}
	if err := revoke(r.KeyID); err != nil {
		return p, err
	}
	return p, s.drop(path)
}

// backDiff shows a way back, of which after has no secrets.
func (s *Strays) backDiff(f file, after []byte) string {
	before := string(f.text)
	for _, p := range assigned(f.text) {
		if strings.HasPrefix(p.secret, "gh_") && len(p.secret) > 8 {
			before = strings.ReplaceAll(before, p.secret, p.secret[:6]+"…")
		}
	}
	unix := func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
	return udiff.Unified(f.path, f.path, unix(before), unix(string(after)))
}

func (s *Strays) planBack(path string, get func(placed) (string, error)) (f file, r *record, after []byte, notices []string, err error) {
	r, err = s.load(path)
	if err == nil && r == nil {
		err = llm.Errorf(llm.ErrNotFound, "no key was moved out of %s", path)
	}
	if err != nil {
		return f, nil, nil, nil, err
	}
	if f, err = open(path); err != nil {
		return f, nil, nil, nil, about(path, err)
	}
	after = f.text
	for _, c := range r.Changes {
		var next []byte
		if c.Provider != "" {
			next, err = r.keyBack(after, c, get)
		} else {
			next = c.addressBack(after)
		}
		if err != nil {
			return f, nil, nil, nil, err
		}
		if next == nil {
			notices = append(notices, fmt.Sprintf("%s was changed since and stays as it is", c.Name))
			continue
		}
		after = next
	}
	return f, r, after, notices, nil
}

// keyBack puts a key where the local one is; nil if it is not there any more.
func (r *record) keyBack(text []byte, c placed, get func(placed) (string, error)) ([]byte, error) {
	for _, p := range assigned(text) {
		if p.name == c.Name && hash([]byte(p.secret)) == r.KeyHash {
			secret, err := get(c)
			if err != nil {
				return nil, err
			}
			return slices.Concat(text[:p.start], []byte(secret), text[p.end:]), nil
		}
	}
	return nil, nil
}

// addressBack takes an address out, or puts the one that was there back; nil if there is another one by now.
func (c placed) addressBack(text []byte) []byte {
	if c.Old == "" {
		if i := bytes.Index(text, []byte(c.New)); i >= 0 {
			return slices.Concat(text[:i], text[i+len(c.New):])
		}
		return nil
	}
	for _, p := range assigned(text) {
		if p.name == c.Name && p.secret == c.New {
			return slices.Concat(text[:p.start], []byte(c.Old), text[p.end:])
		}
	}
	return nil
}
