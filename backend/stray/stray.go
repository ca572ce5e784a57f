// Package stray finds providers' API keys that lie in settings and .env files in plain text, and puts a local API key of
// ours in their place, with the endpoint's address where the file has a place for it; and the way back.
//
// Secrets go to whoever asked, to be put away, and come back from there: what is kept here of a file are the places that
// were changed and hashes, never a secret. It must not know where secrets are put, nor that anything listens.
package stray

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aymanbagabas/go-udiff"

	"gatehouse/backend/filewatch"
	"gatehouse/backend/llm"
	"gatehouse/backend/wholefile"
)

// Options is what a Strays is made of. Hide may be nil.
type Options struct {
	// State is the folder where what was changed is kept.
	State string
	// Variables gives the variables that hold providers' API keys, with the provider.
	Variables func() map[string]string
	// Hide is told every secret that is found, before anything else happens to it.
	Hide func(secret string)
	Now  func() time.Time
	disk wholefile.Disk
}

// Strays is the keys that lie around. It is safe for concurrent use.
type Strays struct {
	Options
	mu sync.Mutex
}

// Key is one that was found, without its secret.
type Key struct {
	// Line counts from 1. Name is the variable or setting that holds it, Provider whose key it is.
	Line           int
	Name, Provider string
	// Hint are its first and last four characters.
	Hint string
}

// File is one with keys in it, or one whose keys were moved.
type File struct {
	Path  string
	Keys  []Key
	Moved bool
	// Problem says why it can't be changed; empty if it can.
	Problem string
}

// Values is what is put in the keys' place.
type Values struct {
	// URL is the gateway's root, Key a local API key.
	URL, Key string
}

// Plan is a change that is made or not made yet.
type Plan struct {
	Path string
	// Diff is the change as a unified diff, without the secrets in it.
	Diff    string
	Notices []string
}

// Usual are the files below a home folder that people keep keys in, besides editors' settings.
var Usual = []string{
	".env", ".bashrc", ".bash_profile", ".profile", ".zshrc", ".zprofile", ".zshenv", ".codex/auth.json", ".local/share/opencode/auth.json",
}

// New makes a Strays, and forgets what a run that was cut off had not begun to write. The ids are those of the API keys
// that were made for it.
func New(o Options) (s *Strays, unused []string, err error) {
	if o.Hide == nil {
		o.Hide = func(string) {}
	}
	s = &Strays{Options: o}
	unused, err = s.recover()
	return s, unused, err
}

// Look gives the files that hold keys, and those whose keys were moved; files that are not there are left out.
func (s *Strays) Look(paths []string) ([]File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	moved, err := s.records()
	if err != nil {
		return nil, err
	}
	var out []File
	seen := map[string]bool{}
	for _, r := range moved {
		f := File{Path: r.Path, Moved: true}
		for _, c := range r.Changes {
			if c.Provider != "" {
				f.Keys = append(f.Keys, Key{c.Line, c.Name, c.Provider, c.Hint})
			}
		}
		seen[r.Path] = true
		out = append(out, f)
	}
	for _, path := range paths {
		if seen[path] {
			continue
		}
		seen[path] = true
		d, err := open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		f := File{Path: path}
		if err != nil {
			f.Problem = llm.AsError(about(path, err)).Message
		}
		for _, p := range s.scan(d.text) {
			f.Keys = append(f.Keys, p.key(d.text))
		}
		if len(f.Keys) > 0 || f.Problem != "" {
			out = append(out, f)
		}
	}
	return out, nil
}

// file is one as it is.
type file struct {
	path, real string
	mode       fs.FileMode
	text       []byte
}

// maxFile is how large a file may be, in bytes.
const maxFile = 2 << 20

func open(path string) (file, error) {
	f := file{path: path}
	var err error
	if f.real, err = filewatch.Resolve(path); err != nil {
		return f, err
	}
	info, err := os.Stat(f.real)
	if err != nil {
		return f, err
	}
	f.mode = info.Mode().Perm()
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return f, llm.Errorf(llm.ErrBadRequest, "it is no file that settings would be in")
	}
	if f.text, err = os.ReadFile(f.real); err != nil {
		return f, err
	}
	if bytes.IndexByte(f.text, 0) >= 0 {
		f.text = nil
		return f, llm.Errorf(llm.ErrBadRequest, "it is no text")
	}
	if f.mode&0o200 == 0 {
		return f, llm.Errorf(llm.ErrBadRequest, "it may not be written; allow that first (chmod u+w)")
	}
	return f, nil
}

// about says which file an error is about, without the file's text.
func about(path string, err error) error {
	if own, ok := errors.AsType[*llm.Error](err); ok {
		return llm.Errorf(own.Kind, "%s was left alone: %s", path, own.Message)
	}
	return llm.Errorf(llm.ErrBadRequest, "%s was left alone: %w", path, err)
}

// Plan computes what moving a file's keys would change.
func (s *Strays) Plan(path string, v Values) (Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, c, err := s.plan(path, v)
	if err != nil {
		return Plan{}, err
	}
	return c.plan(f, v), nil
}

func (s *Strays) plan(path string, v Values) (file, change, error) {
	if r, err := s.load(path); err != nil || r != nil {
		if err == nil {
			err = llm.Errorf(llm.ErrBadRequest, "%s: its keys were moved already; take that back first", path)
		}
		return file{}, change{}, err
	}
	f, err := open(path)
	if err != nil {
		return f, change{}, about(path, err)
	}
	c, err := s.rewrite(f, v)
	if err != nil {
		return f, c, about(path, err)
	}
	return f, c, nil
}

func (c change) plan(f file, v Values) Plan {
	p := Plan{Path: f.path, Notices: c.notices}
	p.Diff = udiff.Unified(f.path, f.path, c.masked(f.text, v.Key), c.masked(c.after, v.Key))
	return p
}

// masked is a text to be shown.
func (c change) masked(text []byte, key string) string {
	out := string(text)
	for _, p := range c.spots {
		out = strings.ReplaceAll(out, p.secret, hint(p.secret))
	}
	if len(key) > 8 {
		out = strings.ReplaceAll(out, key, key[:6]+"…")
	}
	return strings.ReplaceAll(out, "\r\n", "\n")
}

// Move puts a local key in the place of a file's keys. put puts one of them away and gives the name under which get of Back
// will find it; it is called for all of them before the file is touched. keyID is the id of the key in v.
func (s *Strays) Move(path string, v Values, keyID string, put func(provider, secret string) (name string, err error)) (Plan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, c, err := s.plan(path, v)
	if err != nil {
		return Plan{}, err
	}
	r := newRecord(f, c, v, keyID, s.Now())
	at := 0
	for _, p := range c.spots {
		name, err := put(p.provider, p.secret)
		if err != nil {
			return Plan{}, err
		}
		for r.Changes[at].Provider == "" {
			at++
		}
		r.Changes[at].Kept = name
		at++
	}
	if err := s.save(r); err != nil {
		return Plan{}, err
	}
	now, err := os.ReadFile(f.real)
	if err == nil && !bytes.Equal(now, f.text) {
		err = llm.Errorf(llm.ErrOverloaded, "it was changed at the same moment; try again")
	}
	if err == nil {
		err = s.disk.Write(f.real, c.after, f.mode)
	}
	if err != nil {
		return Plan{}, about(path, errors.Join(err, s.drop(path)))
	}
	return c.plan(f, v), nil
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// recordPath names the record of a file.
func (s *Strays) recordPath(path string) string {
	return filepath.Join(s.folder(), hash([]byte(path))[:24]+".json")
}

func (s *Strays) folder() string { return filepath.Join(s.State, "stray") }
