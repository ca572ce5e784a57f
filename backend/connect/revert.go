package connect

import (
	"bytes"
	"errors"
	"io/fs"
	"os"

	"github.com/aymanbagabas/go-udiff"

	"gatehouse/backend/llm"
	"gatehouse/backend/wholefile"
)

// Revert takes back what was set in an editor's files. revoke ends its key. The names of what the user changed since, and
// which therefore stays, are in the plan's notices.
func (e *Editors) Revert(id string, revoke func(keyID string) error) (Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, backs, r, err := e.planRevert(id)
	if err != nil {
		return Plan{}, err
	}
	if err := e.takeBack(r, backs); err != nil {
		return Plan{}, err
	}
	if err := revoke(r.KeyID); err != nil {
		return p, err
	}
	return p, e.drop(id)
}

// takeBack leaves the files as they are to be left. From here on the next start would end it if this run can't.
func (e *Editors) takeBack(r *record, backs []back) error {
	r.Phase = phaseReverting
	if err := e.save(r); err != nil {
		return err
	}
	for i, b := range backs {
		err := wholefile.Sweep(b.real)
		if err == nil {
			err = e.putBack(r.Files[i], b)
		}
		if err != nil {
			return about(r.Files[i].Path, err)
		}
	}
	return nil
}

// PlanRevert computes what Revert would change.
func (e *Editors) PlanRevert(id string) (Plan, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, _, _, err := e.planRevert(id)
	return p, err
}

func (e *Editors) planRevert(id string) (Plan, []back, *record, error) {
	ed, err := find(id)
	if err != nil {
		return Plan{}, nil, nil, err
	}
	r, err := e.load(id)
	if err != nil {
		return Plan{}, nil, nil, err
	}
	if r == nil {
		return Plan{}, nil, nil, llm.Errorf(llm.ErrNotFound, "%s is not connected; there is nothing to take back", ed.name)
	}
	p, backs := Plan{Editor: id}, []back{}
	for i := range r.Files {
		b, err := r.Files[i].back(ed.targetOf(e, r.Files[i].Path).format)
		if err != nil {
			return Plan{}, nil, nil, about(r.Files[i].Path, err)
		}
		backs = append(backs, b)
		for _, name := range b.kept {
			p.Notices = append(p.Notices, name+" in "+r.Files[i].Path+" was changed since and stays as it is")
		}
		if b.same || b.missing {
			continue
		}
		to := r.Files[i].Path
		if b.gone {
			to = os.DevNull
		}
		d := edit{target: ed.targetOf(e, r.Files[i].Path)}
		p.Files = append(p.Files, r.Files[i].Path)
		p.Diff += udiff.Unified(r.Files[i].Path, to, masked(d, b.now, r.Values), masked(d, b.text, r.Values))
	}
	return p, backs, r, nil
}

func formatOf(id string, e *Editors, path string) format {
	ed, err := find(id)
	if err != nil {
		return nil
	}
	return ed.targetOf(e, path).format
}

// rollBack takes back the files of a run that was not finished.
func (e *Editors) rollBack(r *record) (keyID string, err error) {
	for _, f := range r.Files {
		if sweepErr := wholefile.Sweep(f.Real); sweepErr != nil {
			err = errors.Join(err, sweepErr)
		}
		now, readErr := os.ReadFile(f.Real)
		switch {
		case errors.Is(readErr, fs.ErrNotExist):
			if !f.Existed {
				err = errors.Join(err, e.disk.Remove(f.Real, f.Folders))
			}
			continue
		case readErr != nil:
			err = errors.Join(err, readErr)
			continue
		case hash(now) != f.Written && hash(now) != f.Before: // somebody else wrote it since
			b, backErr := f.back(formatOf(r.Editor, e, f.Path))
			if backErr == nil {
				backErr = e.putBack(f, b)
			}
			err = errors.Join(err, backErr)
			continue
		case bytes.Equal(now, f.Original):
			continue
		}
		err = errors.Join(err, e.putBack(f, back{real: f.Real, text: f.Original, mode: f.Mode, gone: !f.Existed}))
	}
	if err != nil {
		return "", err
	}
	return r.KeyID, e.drop(r.Editor)
}

// goOn ends a way back that was cut off.
func (e *Editors) goOn(r *record) (keyID string, err error) {
	_, backs, _, err := e.planRevert(r.Editor)
	if err == nil {
		err = e.takeBack(r, backs)
	}
	if err != nil {
		return "", err
	}
	return r.KeyID, e.drop(r.Editor)
}

// recover rolls back every connection that was cut off, and ends every way back that was.
func (e *Editors) recover() (unused []string, err error) {
	for _, ed := range editors {
		if err := wholefile.Sweep(e.recordPath(ed.id)); err != nil {
			e.Logger.Warn("what a run that was cut off left can't be removed", "editor", ed.id, "error", err)
		}
		r, loadErr := e.load(ed.id)
		if loadErr != nil {
			e.Logger.Warn("an editor's record can't be read", "editor", ed.id, "error", loadErr)
			continue
		}
		if r == nil || r.Phase == phaseDone {
			continue
		}
		end := e.rollBack
		if r.Phase == phaseReverting {
			end = e.goOn
		}
		key, back := end(r)
		if back != nil {
			err = errors.Join(err, about(ed.id, back))
			continue
		}
		unused = append(unused, key)
	}
	return unused, err
}
