// Package wholefile replaces other programs' files: a file is the old one or the new one, whole, whenever the run ends.
//
// It must not know what the files say.
package wholefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Disk is where files are. Before is called before each change of it, and nil outside tests, which end runs there.
type Disk struct {
	Before func(what, path string) error
}

func (d Disk) step(what, path string) error {
	if d.Before == nil {
		return nil
	}
	return d.Before(what, path)
}

// Write replaces a file at once or not at all, and makes its folders. The path is no link.
func (d Disk) Write(path string, text []byte, mode fs.FileMode) (err error) {
	dir := filepath.Dir(path)
	if err = d.step("folder", dir); err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = d.step("create", path)
	}
	if err != nil {
		return err
	}
	prefix, suffix := temporary(path)
	f, err := os.CreateTemp(dir, prefix+"*"+suffix) // CreateTemp gives mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the error tells already
		}
	}()
	if err = d.step("write", path); err == nil {
		_, err = f.Write(text)
	}
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = d.step("rename", path); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	if err = d.step("sync", dir); err != nil {
		return err
	}
	return syncDir(dir)
}

// temporary is how the name of what replaces a file begins and ends.
func temporary(path string) (prefix, suffix string) {
	return "." + filepath.Base(path) + ".gatehouse-", ".tmp"
}

// Sweep removes what a run that was cut off in the middle of Write left beside a file: it may hold a key.
func Sweep(path string) error {
	dir := filepath.Dir(path)
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	prefix, suffix := temporary(path)
	for _, entry := range all {
		if name := entry.Name(); strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, name)))
		}
	}
	return err
}

// Remove removes a file, and the folders that were made for it as far as nobody keeps anything in them.
func (d Disk) Remove(path string, folders []string) error {
	if err := d.step("remove", path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, dir := range folders {
		if err := d.step("remove", dir); err != nil {
			return err
		}
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil
}

// syncDir makes a rename last. Windows can't do it and needs no help.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
