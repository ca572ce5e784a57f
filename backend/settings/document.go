package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"

	"gatehouse/backend/filewatch"
	"gatehouse/backend/llm"
)

// FileName is the settings file's name in the state folder.
const FileName = "gatehouse.jsonc"

// Options is what a Document needs.
type Options struct {
	Logger *slog.Logger
	// BuiltIn lists the ids of the built-in providers, so that a misspelt one is found; nil leaves ids unchecked.
	BuiltIn []string
	// Check finds mistakes by rules that are not the settings' own, and says where; nil finds none.
	Check func(*Settings) (at []string, err error)
}

// Document is the settings file and what is in force. All methods can be called at any time from any goroutine.
type Document struct {
	path string
	log  *slog.Logger
	ids  []string
	also func(*Settings) (at []string, err error)

	current atomic.Pointer[Settings]
	problem atomic.Pointer[Problem]

	mu   sync.Mutex // guards the file and what is read from it
	text []byte     // the file as it was read last, nil if there is none
	read bool       // whether it was read at all

	tell  notifier
	watch *filewatch.Watcher
}

// Open reads the file and starts to watch it. A missing file means the defaults; so does a broken one, with its
// Problem. An error means that the folder can't be used at all.
func Open(path string, opts Options) (*Document, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("settings folder: %w", err)
	}
	d := &Document{path: path, log: opts.Logger, ids: opts.BuiltIn, also: opts.Check}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	d.current.Store(Default())
	// The watch starts before the first read, so that no edit falls between the two.
	d.watch, err = filewatch.New(path)
	if err != nil {
		d.log.Warn("edits of the settings file will be noticed at the next start only", "path", path, "error", err)
	}
	d.mu.Lock()
	d.reload(true)
	d.mu.Unlock()
	if err := writeSchema(filepath.Dir(path)); err != nil {
		d.log.Warn("the JSON schema of the settings file can't be written", "error", err)
	}
	if d.watch != nil {
		d.watch.Start(d.refresh)
	}
	return d, nil
}

// Close stops the watch and waits for it.
func (d *Document) Close() error {
	if d.watch == nil {
		return nil
	}
	return d.watch.Close()
}

// Path is the file's place.
func (d *Document) Path() string { return d.path }

// Snapshot is what is in force. It is shared: don't change it.
func (d *Document) Snapshot() *Settings { return d.current.Load() }

// Problem is what is wrong with the file, nil if nothing is. While there is one the last good settings are in force,
// or the defaults if there were none.
func (d *Document) Problem() *Problem { return d.problem.Load() }

// Text is the file as it is now; empty if there is none.
func (d *Document) Text() (string, error) {
	text, err := readFile(d.path)
	return string(text), err
}

// Subscribe has f called after every change, with what was in force and what is. When only the Problem came, went or
// changed, both are the same. Calls come one at a time and in order; changes that follow each other closely may come
// as one. A call can also come shortly after the Modify that caused it has returned, if an earlier one was under way. f
// may call any method but must not wait for another subscriber.
func (d *Document) Subscribe(f func(before, after *Settings)) (cancel func()) { return d.tell.add(f) }

// Modify changes settings: f gets a copy, what it makes of it is checked, saved and then in force. The file is patched
// in the changed members only. Nothing changes if f or the check or saving fails, or if the file has a mistake.
func (d *Document) Modify(f func(*Settings) error) error {
	defer d.tell.deliver()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reload(true)
	if err := d.broken(); err != nil {
		return err
	}
	before := d.current.Load()
	after := before.Clone()
	if err := f(after); err != nil {
		return err
	}
	if err := check(after, d.ids); err != nil {
		return &llm.Error{Kind: llm.ErrBadRequest, Message: err.Error(), Code: "settings_invalid", Cause: err}
	}
	changes, err := diff(before, after)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if len(changes) == 0 {
		return nil
	}
	text, err := d.patched(changes, after)
	if err != nil {
		return err
	}
	if err := writeFile(d.path, text); err != nil {
		return notSaved(err)
	}
	d.accept(text)
	return nil
}

// broken refuses changes of a file with a mistake.
func (d *Document) broken() error {
	if p := d.problem.Load(); p != nil {
		return llm.Errorf(llm.ErrBadRequest, "the settings file %s has a mistake, so it was not changed: "+
			"correct it first (%s)", d.path, p).WithCode("settings_broken")
	}
	return nil
}

// patchedText gives the file's text with the changes in it, whatever they make of it.
func (d *Document) patchedText(changes []change) ([]byte, error) {
	text := d.text
	if text == nil {
		text = []byte(firstFile)
	}
	marked := bytes.HasPrefix(text, byteOrderMark)
	// The tree shares its bytes with the text, which must stay as it is.
	tree, _, problem := d.parse(bytes.Clone(text))
	if problem != nil {
		return nil, fmt.Errorf("settings: %s", problem)
	}
	for _, c := range changes {
		if err := apply(tree, c); err != nil {
			return nil, err
		}
	}
	out := tree.Pack()
	if !bytes.HasSuffix(text, []byte("\n")) {
		out = bytes.TrimSuffix(out, []byte("\n"))
	}
	if marked {
		out = append(bytes.Clone(byteOrderMark), out...)
	}
	return out, nil
}

// patched gives the file's text with the changes in it, and makes sure that it says what is wanted.
func (d *Document) patched(changes []change, want *Settings) ([]byte, error) {
	out, err := d.patchedText(changes)
	if err != nil {
		return nil, err
	}
	_, got, problem := d.parse(out)
	if problem != nil {
		return nil, fmt.Errorf("settings: the changed file would be broken: %s", problem)
	}
	left, err := diff(got, want)
	if err != nil {
		return nil, err
	}
	// Where the first save adds the link to the schema, the document simply has one more member.
	for _, c := range left {
		if d.text != nil || c.path[0] != "$schema" {
			return nil, fmt.Errorf("settings: %v did not reach the file", c.path)
		}
	}
	return out, nil
}

// accept takes a text that was just written as the file's.
func (d *Document) accept(text []byte) {
	_, s, problem := d.parse(text)
	d.text, d.read = text, true
	d.commit(s, problem)
}

// refresh reads the file again if it changed; with report, also a mistake or a missing file counts, which may only be
// an editor's half-way state. It tells whether there is something left to report.
func (d *Document) refresh(report bool) (pending bool) {
	defer d.tell.deliver()
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reload(report)
}

func (d *Document) reload(report bool) (pending bool) {
	text, err := readFile(d.path)
	if err != nil {
		if !report {
			return true
		}
		d.read = false
		d.commit(nil, &Problem{Message: fmt.Sprintf("the file can't be read: %v", err)})
		return false
	}
	if d.read && bytes.Equal(text, d.text) && (text == nil) == (d.text == nil) {
		return false
	}
	settings, problem := Default(), (*Problem)(nil)
	if text != nil {
		_, settings, problem = d.parse(text)
	}
	if (text == nil || problem != nil) && !report {
		return true
	}
	d.text, d.read = text, true
	d.commit(settings, problem)
	return false
}

// readFile gives nil for a missing file.
func readFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && text == nil {
		text = []byte{}
	}
	return text, err
}

// commit puts settings in force, or reports a problem and leaves what is.
func (d *Document) commit(s *Settings, problem *Problem) {
	before := d.current.Load()
	after := before
	if problem == nil && !reflect.DeepEqual(before, s) {
		after = s
	}
	old := d.problem.Load()
	same := reflect.DeepEqual(old, problem)
	if after == before && same {
		return
	}
	d.current.Store(after)
	d.problem.Store(problem)
	switch {
	case problem != nil && !same:
		d.log.Warn("the settings file has a mistake; the last good settings stay in force",
			"path", d.path, "line", problem.Line, "column", problem.Column, "problem", problem.Message)
	case after != before:
		d.log.Info("settings changed", "path", d.path)
	}
	d.tell.queue(before, after)
}

// firstFile is what the first save starts from.
const firstFile = `// Gatehouse settings. Edit them while Gatehouse runs: a change is in force as soon as you save, a mistake is
// reported and the last good settings stay in force. Comments and trailing commas are welcome and are kept.
{
  // Lets your editor complete and explain every field.
  "$schema": "./` + SchemaName + `",
  "version": 1,
}
`
