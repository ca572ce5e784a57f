package connect

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gatehouse/backend/filewatch"
	"gatehouse/backend/llm"
)

// record is what was done to an editor's files: enough to take it back, and to finish with a run that was cut off. It lies
// in a file of its own that only the user can read, with the originals; what was written is in it as hashes only, so that
// it holds no key of ours.
type record struct {
	Editor string       `json:"editor"`
	Phase  string       `json:"phase"`
	KeyID  string       `json:"keyID"`
	At     time.Time    `json:"at"`
	Values Values       `json:"values"` // without the key
	Files  []fileRecord `json:"files"`
}

const (
	phaseWriting   = "writing" // some of the files may be written
	phaseDone      = "done"
	phaseReverting = "reverting" // some of the files may be as they were
)

type fileRecord struct {
	Path string `json:"path"`
	// Real is where the path's links led.
	Real     string      `json:"real"`
	Existed  bool        `json:"existed"`
	Mode     fs.FileMode `json:"mode"`
	Original []byte      `json:"original"`
	// Before is the hash of the file before it was written, Written of the file as it was written.
	Before  string `json:"before"`
	Written string `json:"written"`
	// Folders are the ones that were made for it, the innermost first.
	Folders []string `json:"folders,omitempty"`
	Undos   []Undo   `json:"undos"`
}

func newRecord(id string, v Values, keyID string, edits []edit) *record {
	v.Key = ""
	r := &record{Editor: id, Phase: phaseWriting, KeyID: keyID, At: v.at, Values: v}
	for _, d := range edits {
		f := fileRecord{
			Path: d.path, Real: d.real, Existed: d.existed, Mode: d.mode, Original: d.original,
			Before: hash(d.before), Written: hash(d.after), Undos: d.undos,
		}
		for dir := filepath.Dir(d.real); ; dir = filepath.Dir(dir) {
			if _, err := os.Lstat(dir); err == nil || dir == filepath.Dir(dir) {
				break
			}
			f.Folders = append(f.Folders, dir)
		}
		if d.old != nil {
			f.Existed, f.Folders = d.old.Existed, d.old.Folders
		}
		r.Files = append(r.Files, f)
	}
	return r
}

func (r *record) file(path string) *fileRecord {
	if r == nil {
		return nil
	}
	for i := range r.Files {
		if r.Files[i].Path == path {
			return &r.Files[i]
		}
	}
	return nil
}

func (r *record) paths() (out []string) {
	for _, f := range r.Files {
		out = append(out, f.Path)
	}
	return out
}

// elsewhere refuses to forget what was changed in a file that is not among the targets: an editor has one connection, and a
// variable or another home leads elsewhere now.
func (r *record) elsewhere(ed editor, targets []target) error {
	if r == nil {
		return nil
	}
	for _, f := range r.Files {
		if slices.ContainsFunc(targets, func(t target) bool { return t.path == f.Path }) {
			continue
		}
		if text, err := os.ReadFile(f.Path); err == nil && !bytes.Equal(text, f.Original) {
			return llm.Errorf(llm.ErrBadRequest, "%s is connected in %s; take that back first: `gatehouse connect %s --revert`", ed.name, f.Path, ed.id)
		}
	}
	return nil
}

// undo gives a file's text without what was set in it: the original bytes if nobody else wrote it.
func (f *fileRecord) undo(fm format, now []byte) (text []byte, kept []string, err error) {
	if hash(now) == f.Written {
		return f.Original, nil, nil
	}
	if bytes.Equal(now, f.Original) {
		return now, nil, nil
	}
	return revert(fm, now, f.Undos)
}

// back is how a file is to be left behind.
type back struct {
	now, text []byte
	kept      []string
	// same is to be left as it is, gone is not to be left, missing is not there.
	same, gone, missing bool
	real                string
	mode                fs.FileMode
}

func (f *fileRecord) back(fm format) (back, error) {
	real, err := filewatch.Resolve(f.Path)
	if err != nil {
		return back{}, err
	}
	b := back{real: real}
	info, err := os.Stat(real)
	if errors.Is(err, fs.ErrNotExist) { // the user deleted it, or a run that was cut off; its folders are left
		b.missing, b.gone, b.same = true, !f.Existed, f.Existed
		return b, nil
	}
	if err != nil {
		return b, err
	}
	b.mode = info.Mode().Perm()
	if b.now, err = os.ReadFile(real); err != nil {
		return b, err
	}
	if b.text, b.kept, err = f.undo(fm, b.now); err != nil {
		return b, err
	}
	b.gone = !f.Existed && empty(fm, b.text)
	b.same = !b.gone && bytes.Equal(b.now, b.text)
	return b, nil
}

// empty tells that a file that we made says nothing any more.
func empty(fm format, text []byte) bool {
	_, text = cutBOM(text)
	if len(bytes.TrimSpace(text)) == 0 {
		return true
	}
	if _, ok := fm.(jsoncFile); !ok {
		return false
	}
	v, err := parseJSONC(text)
	return err == nil && len(bytes.TrimSpace(text[v.StartOffset+1:v.EndOffset-1])) == 0
}

func (e *Editors) putBack(f fileRecord, b back) error {
	switch {
	case b.same:
		return nil
	case b.gone:
		return e.disk.Remove(b.real, f.Folders)
	}
	return e.disk.Write(b.real, b.text, b.mode)
}

func (e *Editors) folder() string { return filepath.Join(e.State, "connect") }

func (e *Editors) recordPath(id string) string { return filepath.Join(e.folder(), id+".json") }

// load gives the record of an editor, nil if it is not connected.
func (e *Editors) load(id string) (*record, error) {
	text, err := os.ReadFile(e.recordPath(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r := &record{}
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil {
		return nil, llm.Errorf(llm.ErrInternal, "%s, which says what was changed for %s, can't be read", e.recordPath(id), id)
	}
	return r, nil
}

func (e *Editors) save(r *record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = e.disk.Write(e.recordPath(r.Editor), text, 0o600)
	}
	if err != nil {
		return llm.Errorf(llm.ErrInternal, "what was changed can't be written down: %w", err)
	}
	return nil
}

func (e *Editors) drop(id string) error {
	return e.disk.Remove(e.recordPath(id), nil)
}
