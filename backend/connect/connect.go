// Package connect points editors and agents at Gatehouse: it finds their settings files, computes the smallest change that
// sends their requests here, shows it as a diff, writes it, and takes it back.
//
// It touches only what it set itself: every other byte of a file stays, with its line ends, mode and links, also on the
// way back and also after the user changed the file. What it can't read or edit safely it leaves alone, and says so.
//
// It must not know where API keys come from, nor that anything listens.
package connect

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/aymanbagabas/go-udiff"

	"gatehouse/backend/filewatch"
	"gatehouse/backend/llm"
	"gatehouse/backend/wholefile"
)

// Options is what an Editors is made of. All but Logger are needed.
type Options struct {
	// Home is the user's home folder, State the folder where what was changed is kept.
	Home, State string
	// Getenv gives an environment variable: some editors can be told to keep their settings elsewhere.
	Getenv func(string) string
	Now    func() time.Time
	Logger *slog.Logger
	disk   wholefile.Disk
}

// Editors is the editors of one user. It is safe for concurrent use.
type Editors struct {
	Options
	mu *sync.Mutex
}

// Variables are the variables of the environment that lead to editors' settings.
var Variables = []string{
	"SHELL", "ZDOTDIR", "XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "CONTINUE_GLOBAL_DIR", "GEMINI_CLI_HOME",
}

// For gives the same editors as somebody with that home folder and those variables finds them.
func (e *Editors) For(home string, getenv func(string) string) *Editors {
	other := &Editors{Options: e.Options, mu: e.mu}
	other.Home, other.Getenv = home, getenv
	return other
}

// Values is what an editor is told.
type Values struct {
	// URL is the gateway's root, for example http://127.0.0.1:4283.
	URL string
	// Key is a local API key, Model a model's id.
	Key, Model string
	at         time.Time // when the editor was connected first
}

// Found is one editor as it was found.
type Found struct {
	ID, Name string
	// Detected tells that it seems to be installed, Connected that its settings were pointed here.
	Detected, Connected bool
	// Files are the settings files, the ones that need not be there yet with them.
	Files []string
	// KeyID is the API key's that it was given, and Model the model's; empty if it is not connected.
	KeyID, Model string
}

// Plan is a change that is not made yet.
type Plan struct {
	Editor string
	// Diff is the change as a unified diff, without the secrets in it; empty if there is nothing to change.
	Diff string
	// Files are the ones that change.
	Files []string
	// Steps is what is left to do by hand.
	Steps []Step
	// Notices are what to know about it.
	Notices []string
}

// Step is something to do by hand. Value is what to enter, empty if nothing is.
type Step struct{ Text, Value string }

// New makes an Editors, and undoes what a run that was cut off left half done. The ids are those of the API keys that
// were made for it, which nobody uses.
func New(o Options) (e *Editors, unused []string, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	e = &Editors{Options: o, mu: &sync.Mutex{}}
	unused, err = e.recover()
	return e, unused, err
}

// List gives every editor that is known.
func (e *Editors) List() ([]Found, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []Found
	for _, ed := range editors {
		f := Found{ID: ed.id, Name: ed.name, Detected: e.detected(ed)}
		for _, t := range ed.files(e) {
			f.Files = append(f.Files, t.path)
		}
		r, err := e.load(ed.id)
		if err != nil {
			return nil, err
		}
		if r != nil {
			f.Connected, f.KeyID, f.Model, f.Files = true, r.KeyID, r.Values.Model, r.paths()
		}
		out = append(out, f)
	}
	return out, nil
}

func (e *Editors) detected(ed editor) bool {
	for _, name := range ed.signs {
		if found, err := filepath.Glob(filepath.Join(e.Home, filepath.FromSlash(name))); err == nil && len(found) > 0 {
			return true
		}
	}
	return len(ed.signs) == 0
}

// find gives an editor by its id. The error is an *llm.Error.
func find(id string) (editor, error) {
	i := slices.IndexFunc(editors, func(ed editor) bool { return ed.id == id })
	if i < 0 {
		return editor{}, llm.Errorf(llm.ErrNotFound, "there is no editor %q; `gatehouse connect` lists them", id)
	}
	return editors[i], nil
}

// edit is one file's change.
type edit struct {
	target
	real    string // where the path's links lead
	existed bool
	mode    fs.FileMode
	before  []byte // as it is now
	// original is as it was before we first touched it, with the user's later edits.
	original []byte
	after    []byte
	undos    []Undo
	old      *fileRecord // of the connection that this one replaces
}

// Plan computes what connecting an editor would change.
func (e *Editors) Plan(id string, v Values) (Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ed, v, edits, err := e.plan(id, v)
	if err != nil {
		return Plan{}, err
	}
	return e.show(ed, edits, v), nil
}

func (e *Editors) plan(id string, v Values) (editor, Values, []edit, error) {
	ed, err := find(id)
	if err != nil {
		return ed, v, nil, err
	}
	if v.Model == "" || strings.ContainsFunc(v.Model, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`'"\`, r) }) {
		return ed, v, nil, llm.Errorf(llm.ErrBadRequest, "%q is no model's id; `gatehouse models` lists them", v.Model)
	}
	old, err := e.load(id)
	if err != nil {
		return ed, v, nil, err
	}
	v.at = e.Now().UTC()
	if old != nil {
		v.at = old.At
	}
	var out []edit
	targets := ed.files(e)
	if err := old.elsewhere(ed, targets); err != nil {
		return ed, v, nil, err
	}
	for _, t := range targets {
		d, err := e.read(t, old)
		if err == nil {
			d.after, d.undos, err = apply(t.format, d.original, t.set(v))
		}
		if err != nil {
			return ed, v, nil, about(t.path, err)
		}
		out = append(out, d)
	}
	return ed, v, out, nil
}

// about says which file an error is about. The file's own text stays out of it: settings hold secrets.
func about(path string, err error) error {
	if own, ok := errors.AsType[*llm.Error](err); ok {
		return llm.Errorf(llm.ErrBadRequest, "%s was left alone: %s", path, own.Message)
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return llm.Errorf(llm.ErrBadRequest, "%s was left alone: %w", path, err)
	}
	return llm.Errorf(llm.ErrBadRequest, "%s was left alone: it can't be read; correct it in its editor first", path)
}

// read gives a file as it is, and as it would be without us.
func (e *Editors) read(t target, old *record) (edit, error) {
	d := edit{target: t, mode: 0o600}
	var err error
	if d.real, err = filewatch.Resolve(t.path); err != nil {
		return d, err
	}
	info, err := os.Stat(d.real)
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return d, err
	}
	d.existed, d.mode = true, info.Mode().Perm()
	switch {
	case !info.Mode().IsRegular():
		return d, llm.Errorf(llm.ErrBadRequest, "it is no file")
	case info.Size() > maxSettings:
		return d, llm.Errorf(llm.ErrBadRequest, "it is larger than any settings file should be")
	case d.mode&0o200 == 0:
		return d, llm.Errorf(llm.ErrBadRequest, "it may not be written; allow that first (chmod u+w)")
	}
	if d.before, err = os.ReadFile(d.real); err != nil {
		return d, err
	}
	d.original = d.before
	if f := old.file(t.path); f != nil {
		d.old = f
		d.original, _, err = f.undo(t.format, d.before)
	}
	return d, err
}

// maxSettings is how large a settings file may be, in bytes.
const maxSettings = 8 << 20

func (e *Editors) show(ed editor, edits []edit, v Values) Plan {
	p := Plan{Editor: ed.id}
	for _, d := range edits {
		if bytes.Equal(d.before, d.after) && d.existed {
			continue
		}
		p.Files = append(p.Files, d.path)
		from := d.path
		if !d.existed {
			from = os.DevNull
		}
		p.Diff += udiff.Unified(from, d.path, masked(d, d.before, v), masked(d, d.after, v))
		if d.existed && d.mode&0o077 != 0 && v.Key != "" {
			p.Notices = append(p.Notices, "others who use this machine may be able to read the key in "+d.path+" (its mode stays as it is)")
		}
	}
	if ed.steps != nil {
		p.Steps = ed.steps(v)
	}
	return p
}

// masked is a text to be shown: API keys in it are cut to their first characters.
func masked(d edit, text []byte, v Values) string {
	secrets := []string{v.Key}
	_, rest := cutBOM(text)
	if tree, err := d.format.tree(rest); err == nil {
		for _, a := range d.set(v) {
			secrets = append(secrets, texts(tree, a)[apiKey])
		}
	}
	out := string(text)
	for _, s := range secrets {
		if len(s) > hintLength+3 {
			out = strings.ReplaceAll(out, s, s[:hintLength]+"…")
		}
	}
	return strings.ReplaceAll(out, "\r\n", "\n")
}

const hintLength = 6

// Apply connects an editor. keyID is the id of the key in v, for the record.
func (e *Editors) Apply(id string, v Values, keyID string) (Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ed, v, edits, err := e.plan(id, v)
	if err != nil {
		return Plan{}, err
	}
	p := e.show(ed, edits, v)
	r := newRecord(ed.id, v, keyID, edits)
	if err := e.save(r); err != nil {
		return p, err
	}
	for i, d := range edits {
		if err := e.put(&r.Files[i], d); err != nil {
			_, back := e.rollBack(r)
			return Plan{}, about(d.path, errors.Join(err, back))
		}
	}
	r.Phase = phaseDone
	return p, e.save(r)
}

// put writes a file, if it is still what the plan was made from.
func (e *Editors) put(f *fileRecord, d edit) error {
	now, err := os.ReadFile(d.real)
	if err != nil && (d.existed || !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	if !bytes.Equal(now, d.before) {
		return llm.Errorf(llm.ErrOverloaded, "it was changed at the same moment; try again")
	}
	if bytes.Equal(d.before, d.after) && d.existed {
		return nil
	}
	return e.disk.Write(f.Real, d.after, d.mode)
}
