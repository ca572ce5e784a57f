package settings

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/aymanbagabas/go-udiff"

	"gatehouse/backend/llm"
)

// Change sets the member at Path, through objects from the document's root, to a JSON value, or removes it where Value is
// nil or null.
type Change struct {
	Path  []string
	Value json.RawMessage
}

// Draft is what changes would make of the settings.
type Draft struct {
	// Revision tells the text that the changes were tried on from any other.
	Revision string
	// Text is the file as it would be, Diff a unified diff from what it is; an empty one says that nothing changes.
	Text, Diff string
	// Settings is what would be in force, nil where there is a Problem.
	Settings *Settings
	// Problem is the mistake that the file would then have.
	Problem *Problem
}

// Preview tries changes and changes nothing. A mistake in what they make of the file is the draft's; an error means that
// they can't be tried at all.
func (d *Document) Preview(changes []Change) (Draft, error) {
	defer d.tell.deliver()
	d.mu.Lock()
	defer d.mu.Unlock()
	draft, _, err := d.draft(changes)
	return draft, err
}

// Apply makes changes that were tried on a revision. It refuses them if the file is another by now, or if they would put a
// mistake into it; then nothing changes.
func (d *Document) Apply(revision string, changes []Change) (Draft, error) {
	defer d.tell.deliver()
	d.mu.Lock()
	defer d.mu.Unlock()
	draft, text, err := d.draft(changes)
	switch {
	case err != nil:
		return draft, err
	case draft.Revision != revision:
		return draft, llm.Errorf(llm.ErrBadRequest, "the settings file has changed since you looked: look at your change again, then save").
			WithCode("settings_changed").WithStatus(409)
	case draft.Problem != nil:
		return draft, llm.Errorf(llm.ErrBadRequest, "%s", draft.Problem.Message).WithCode("settings_invalid")
	case draft.Diff == "":
		return draft, nil
	}
	if err := writeFile(d.path, text); err != nil {
		return draft, notSaved(err)
	}
	d.accept(text)
	return draft, nil
}

func notSaved(err error) error {
	return &llm.Error{
		Kind: llm.ErrInternal, Code: "settings_not_saved", Cause: err,
		Message: fmt.Sprintf("the settings could not be saved, so nothing was changed: %v", err),
	}
}

// draft is called with the lock held. It also gives the draft's text in bytes.
func (d *Document) draft(changes []Change) (Draft, []byte, error) {
	d.reload(true)
	if err := d.broken(); err != nil {
		return Draft{}, nil, err
	}
	patches := make([]change, len(changes))
	for i, c := range changes {
		patch, err := c.patch()
		if err != nil {
			return Draft{}, nil, err
		}
		patches[i] = patch
	}
	out, err := d.patchedText(patches)
	if err != nil {
		return Draft{}, nil, llm.Errorf(llm.ErrBadRequest, "the change can't be made: %w", err)
	}
	before := string(d.text)
	if d.text == nil && len(patches) == 0 {
		out = nil
	}
	draft := Draft{Revision: revisionOf(d.text), Text: string(out), Diff: udiff.Unified(FileName, FileName, before, string(out))}
	if out == nil {
		draft.Settings = d.current.Load()
		return draft, out, nil
	}
	_, draft.Settings, draft.Problem = d.parse(out)
	return draft, out, nil
}

func (c Change) patch() (change, error) {
	value := bytes.TrimSpace(c.Value)
	switch {
	case len(c.Path) == 0:
		return change{}, llm.Errorf(llm.ErrBadRequest, "a change of the settings names the member that it changes")
	case len(value) == 0 || string(value) == "null":
		return change{path: c.Path, remove: true}, nil
	case !json.Valid(value):
		return change{}, llm.Errorf(llm.ErrBadRequest, "a change of the settings holds something that is no JSON")
	case len(c.Path) > maxDepth || tooDeep(value) >= 0:
		return change{}, llm.Errorf(llm.ErrBadRequest, "a change of the settings is nested too deeply")
	}
	return change{path: c.Path, value: json.RawMessage(value)}, nil
}

// revisionOf names a text; a missing file is one too.
func revisionOf(text []byte) string {
	if text == nil {
		return "none"
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:12])
}
