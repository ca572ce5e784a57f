package control

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"gatehouse/backend/access"
	"gatehouse/backend/credential"
	"gatehouse/backend/llm"
	"gatehouse/backend/stray"
)

// StrayKey is a provider's API key that was found in a file in plain text.
type StrayKey struct {
	// Line counts from 1. Name is the variable or setting that holds it.
	Line         int    `json:"line"`
	Name         string `json:"name"`
	Provider     string `json:"provider"`
	ProviderName string `json:"providerName"`
	// Hint are its first and last characters.
	Hint string `json:"hint"`
}

// StrayFile is a file with keys in it, or one out of which they were moved.
type StrayFile struct {
	Path  string     `json:"path"`
	Keys  []StrayKey `json:"keys"`
	Moved bool       `json:"moved"`
	// Problem says why it can't be changed; empty if it can.
	Problem string `json:"problem"`
}

// StrayList is what was found.
type StrayList struct {
	Files []StrayFile `json:"files"`
}

// StrayQuery says where to look besides the settings of the known editors and the shells' files.
type StrayQuery struct {
	Files []string    `json:"files"`
	Place EditorPlace `json:"place,omitempty"`
}

// StrayChange names a file, and whether its keys are to be moved or put back.
type StrayChange struct {
	Path   string `json:"path"`
	Revert bool   `json:"revert"`
}

// StrayPlan is a change of a file, made or not yet.
type StrayPlan struct {
	Path string `json:"path"`
	// Diff is a unified diff without the secrets in it.
	Diff    string   `json:"diff"`
	Notices []string `json:"notices"`
}

func (s *Service) strayList(_ context.Context, q StrayQuery) (StrayList, error) {
	editors := s.editors(q.Place)
	found, err := editors.List()
	if err != nil {
		return StrayList{}, err
	}
	var paths []string
	for _, f := range found {
		paths = append(paths, f.Files...)
	}
	for _, name := range stray.Usual {
		paths = append(paths, filepath.Join(editors.Home, filepath.FromSlash(name)))
	}
	for _, path := range q.Files {
		if !filepath.IsAbs(path) {
			return StrayList{}, llm.Errorf(llm.ErrBadRequest, "%q is no absolute path", path)
		}
		paths = append(paths, filepath.Clean(path))
	}
	files, err := s.Stray.Look(paths)
	if err != nil {
		return StrayList{}, err
	}
	list := StrayList{Files: []StrayFile{}}
	for _, f := range files {
		view := StrayFile{Path: f.Path, Keys: []StrayKey{}, Moved: f.Moved, Problem: f.Problem}
		for _, k := range f.Keys {
			name := k.Provider
			if p := s.Providers()[k.Provider]; p != nil {
				name = p.Name
			}
			view.Keys = append(view.Keys, StrayKey{k.Line, k.Name, k.Provider, name, k.Hint})
		}
		list.Files = append(list.Files, view)
	}
	return list, nil
}

func (s *Service) strayView(p stray.Plan) StrayPlan {
	return StrayPlan{Path: p.Path, Diff: s.Credentials.Redact(p.Diff), Notices: append([]string{}, p.Notices...)}
}

func (s *Service) strayPlan(_ context.Context, c StrayChange) (StrayPlan, error) {
	if c.Revert {
		p, err := s.Stray.PlanBack(c.Path)
		return s.strayView(p), err
	}
	p, err := s.Stray.Plan(c.Path, s.strayValues(keyToCome))
	return s.strayView(p), err
}

func (s *Service) strayValues(key string) stray.Values {
	return stray.Values{URL: s.endpointStatus(s.Settings.Snapshot().Addr).URL, Key: key}
}

// strayMove puts a file's keys into the keychain, and a local key in their place.
func (s *Service) strayMove(ctx context.Context, c StrayChange) (StrayPlan, error) {
	if _, err := s.Stray.Plan(c.Path, s.strayValues(keyToCome)); err != nil { // what can't be written must not cost a key
		return StrayPlan{}, err
	}
	key, token, err := s.Keys.Create(access.NewKey{Name: s.freeKeyName(keyNameOf(c.Path))})
	if err != nil {
		return StrayPlan{}, err
	}
	p, err := s.Stray.Move(c.Path, s.strayValues(token), key.ID, func(provider, secret string) (string, error) {
		return s.putAway(ctx, provider, secret)
	})
	if err != nil {
		return StrayPlan{}, firstError(err, s.revokeEditorKey(key.ID))
	}
	return s.strayView(p), nil
}

// keyNameOf gives a local key a name that says which file it is in.
func keyNameOf(path string) string {
	name := strings.Trim(filepath.Base(path), ".")
	return filepath.Base(filepath.Dir(path)) + "-" + name
}

// putAway keeps a key in the keychain: as its provider's credential, or under a name of its own beside the one that is there.
func (s *Service) putAway(ctx context.Context, provider, secret string) (name string, err error) {
	for n := 1; ; n++ {
		kept, err := s.Credentials.LookupNamed(ctx, provider, name)
		if err == nil && kept.Source == credential.Keychain && kept.Secret == secret {
			return name, nil
		}
		if err != nil && !errors.Is(err, credential.ErrNone) { // it may be there all the same
			return "", err
		}
		if err != nil || kept.Source != credential.Keychain {
			_, err := s.setCredential(ctx, CredentialSecret{Provider: provider, Name: name, Secret: secret})
			return name, err
		}
		name = "found"
		if n > 1 {
			name = fmt.Sprintf("found-%d", n)
		}
	}
}

// strayRevert puts a file's keys back. They stay in the keychain.
func (s *Service) strayRevert(ctx context.Context, c StrayChange) (StrayPlan, error) {
	p, err := s.Stray.Back(c.Path, func(provider, name string) (string, error) {
		kept, err := s.Credentials.LookupNamed(ctx, provider, name)
		if err == nil && kept.Source != credential.Keychain {
			err = llm.Errorf(llm.ErrNotFound, "the key of %s is not in the keychain any more; nothing was changed", provider)
		}
		return kept.Secret, err
	}, s.revokeEditorKey)
	return s.strayView(p), err
}
