package stray

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/wholefile"
)

// record is what was done to a file: enough to take it back, with the secrets from where they were put. It lies in a file of
// its own that only the user can read, and holds no secret.
type record struct {
	Path string    `json:"path"`
	Real string    `json:"real"`
	At   time.Time `json:"at"`
	// KeyID is the id of the local key, KeyHash the hash of its text.
	KeyID   string `json:"keyID"`
	KeyHash string `json:"keyHash"`
	// Before and Written are hashes of the file.
	Before  string   `json:"before"`
	Written string   `json:"written"`
	Changes []placed `json:"changes"`
}

// placed is one change. That of a key has a provider.
type placed struct {
	Name     string `json:"name"`
	Provider string `json:"provider,omitempty"`
	// Kept is the name under which the key was put away.
	Kept string `json:"kept,omitempty"`
	Hint string `json:"hint,omitempty"`
	Line int    `json:"line,omitempty"`
	// Old is the address that was there, empty if none was; New is what was put.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

func newRecord(f file, c change, v Values, keyID string, now time.Time) *record {
	r := &record{
		Path: f.path, Real: f.real, At: now.UTC(), KeyID: keyID, KeyHash: hash([]byte(v.Key)), Before: hash(f.text), Written: hash(c.after),
	}
	for _, e := range c.edits {
		if e.at != nil {
			k := e.at.key(f.text)
			r.Changes = append(r.Changes, placed{Name: k.Name, Provider: k.Provider, Hint: k.Hint, Line: k.Line})
			continue
		}
		r.Changes = append(r.Changes, placed{Name: e.name, Old: string(f.text[e.start:e.end]), New: e.with})
	}
	return r
}

func (s *Strays) load(path string) (*record, error) { return readRecord(s.recordPath(path)) }

func readRecord(name string) (*record, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r := &record{}
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil {
		return nil, llm.Errorf(llm.ErrInternal, "%s, which says what was changed in a file, can't be read", name)
	}
	return r, nil
}

func (s *Strays) records() (out []*record, err error) {
	names, err := filepath.Glob(filepath.Join(s.folder(), "*.json"))
	for _, name := range names {
		r, readErr := readRecord(name)
		if readErr != nil {
			return nil, readErr
		}
		if r != nil {
			out = append(out, r)
		}
	}
	return out, err
}

func (s *Strays) save(r *record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = s.disk.Write(s.recordPath(r.Path), text, 0o600)
	}
	if err != nil {
		return llm.Errorf(llm.ErrInternal, "what is to be changed can't be written down: %w", err)
	}
	return nil
}

func (s *Strays) drop(path string) error { return s.disk.Remove(s.recordPath(path), nil) }

// recover forgets the records of changes that were never made: the secrets are where they were, and put away besides.
func (s *Strays) recover() (unused []string, err error) {
	all, err := s.records()
	for _, r := range all {
		err = errors.Join(err, wholefile.Sweep(r.Real), wholefile.Sweep(s.recordPath(r.Path)))
		if text, readErr := os.ReadFile(r.Real); readErr == nil && hash(text) == r.Before {
			unused = append(unused, r.KeyID)
			err = errors.Join(err, s.drop(r.Path))
		}
	}
	return unused, err
}
