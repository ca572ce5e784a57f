// Package filewatch tells when a file that people and their tools write may have changed.
//
// It must not know what the file is for, nor read it.
package filewatch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settleTime is how long a mistake or a missing file must last before it counts: editors empty, rename and rewrite a
// file in steps. A good file counts at once.
const settleTime = 150 * time.Millisecond

// Watcher tells when a file may have changed. It watches folders, since editors replace files: the file's own and, if
// the file is a link, the one of the file that is meant.
type Watcher struct {
	notify *fsnotify.Watcher
	path   string
	done   sync.WaitGroup
}

// New watches a file, which need not be there; its folder must.
func New(path string) (*Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{notify: notify, path: path}
	if err := w.follow(); err != nil {
		return nil, errors.Join(err, notify.Close())
	}
	return w, nil
}

// follow watches every folder that the path leads through at the moment.
func (w *Watcher) follow() error {
	if err := w.notify.Add(filepath.Dir(w.path)); err != nil {
		return err
	}
	if target, err := Resolve(w.path); err == nil && filepath.Dir(target) != filepath.Dir(w.path) {
		// A link that leads nowhere yet is no error; its folder is watched once it is there.
		if err := w.notify.Add(filepath.Dir(target)); err != nil && !errors.Is(err, fsnotify.ErrClosed) {
			return nil
		}
	}
	return nil
}

// Start calls refresh(false) for everything that happens in the folders, and refresh(true) once a half-way state has
// lasted. Reading a small file that did not change is cheaper than guessing which events matter.
func (w *Watcher) Start(refresh func(report bool) (pending bool)) {
	w.done.Go(func() {
		settle := time.NewTimer(settleTime)
		settle.Stop()
		for {
			select {
			case event, ok := <-w.notify.Events:
				if !ok {
					return
				}
				if !w.matters(event) {
					continue
				}
				_ = w.follow() // the file's own folder is watched already, which is all that can fail here
				if refresh(false) {
					settle.Reset(settleTime)
				} else {
					settle.Stop()
				}
			case _, ok := <-w.notify.Errors:
				if !ok {
					return
				}
				// Events were lost: look again.
				if refresh(false) {
					settle.Reset(settleTime)
				}
			case <-settle.C:
				refresh(true)
			}
		}
	})
}

// matters leaves out the busy neighbours, above all the database, which is written many times a second.
func (w *Watcher) matters(event fsnotify.Event) bool {
	name := filepath.Base(event.Name)
	if name == filepath.Base(w.path) {
		return true
	}
	target, err := Resolve(w.path)
	return err == nil && target != w.path &&
		(name == filepath.Base(target) || filepath.Dir(event.Name) != filepath.Dir(w.path))
}

// Close ends the watch and waits for a refresh that runs.
func (w *Watcher) Close() error {
	err := w.notify.Close()
	w.done.Wait()
	return err
}

// Resolve follows symbolic links to the file that is really meant, also if it does not exist yet.
func Resolve(path string) (string, error) {
	for range 40 {
		target, err := os.Readlink(path)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return path, nil
			}
			if _, statErr := os.Lstat(path); statErr == nil {
				return path, nil // there, and no link
			}
			return "", err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", &fs.PathError{Op: "open", Path: path, Err: errors.New("too many symbolic links")}
}
