package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// alwaysVerify is the size, in bytes, up to which every page is checked at each start; a larger file is checked in full
// only after an unclean close.
const alwaysVerify = 32 << 20

// growStep is how much the file grows at a time, in bytes.
const growStep = 1 << 20

// opener opens one database file, setting a corrupt one aside.
type opener struct {
	path     string
	opts     Options
	setAside string

	// file is what bbolt was given, for as long as bbolt has not said that it takes care of it.
	file *os.File
}

func (o *opener) open() (*bbolt.DB, error) {
	bolt, err := o.openBolt()
	var corrupt *corruptError
	if errors.As(err, &corrupt) {
		o.opts.Logger.Error("the database is corrupt and was set aside; a new one is made", "database", o.path,
			"setAside", o.setAside, "reason", corrupt.reason)
		bolt, err = o.openBolt()
	}
	switch {
	case err == nil:
		bolt.AllocSize = growStep
		return bolt, nil
	case errors.Is(err, berrors.ErrTimeout):
		err = ErrLocked
	}
	return nil, explain("can't open the database "+o.path, err)
}

// openBolt opens the file. Where it gives a corruptError, the file has been moved away.
func (o *opener) openBolt() (*bbolt.DB, error) {
	var bolt *bbolt.DB
	err := catch(func() (err error) {
		bolt, err = bbolt.Open(o.path, 0o600, &bbolt.Options{
			Timeout:         o.opts.Timeout,
			FreelistType:    bbolt.FreelistMapType,
			InitialMmapSize: int(initialMap),
			OpenFile:        o.openFile,
		})
		return err
	})
	var p *panicError
	broken := errors.As(err, &p) || errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum)
	if !broken {
		return bolt, err
	}
	// The check lets nothing through that makes bbolt say this; if it ever does, the file is no less corrupt.
	if o.file != nil {
		defer func() {
			unlock(o.file)
			_ = o.file.Close() // closed already, unless bbolt panicked
		}()
	}
	return nil, o.moveAway(&corruptError{err.Error()})
}

// openFile opens, locks and checks the file for bbolt.
func (o *opener) openFile(path string, flag int, mode os.FileMode) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, flag, mode)
		if err != nil {
			return nil, err
		}
		moved, err := o.judge(f)
		if err != nil || moved {
			_ = f.Close()
		}
		if err != nil {
			return nil, err
		}
		if !moved {
			o.file = f
			return f, nil
		}
	}
}

// judge locks the file and checks it. It tells that the file is no longer the one at the path: another process set it
// aside while we waited for the lock.
func (o *opener) judge(f *os.File) (moved bool, err error) {
	if err := lock(f, o.opts.Timeout); err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if now, err := os.Stat(o.path); err != nil || !os.SameFile(info, now) {
		return true, nil
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("%s is not an ordinary file; move it away", o.path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := f.Chmod(0o600); err != nil {
			o.opts.Logger.Warn("can't keep other users from reading the database", "database", o.path, "error", err)
		}
	}
	if info.Size() == 0 {
		return false, nil
	}
	_, err = verify(f, info.Size(), info.Size() <= alwaysVerify || markedOpen(o.path))
	var corrupt *corruptError
	if errors.As(err, &corrupt) {
		return false, o.moveAway(corrupt)
	}
	return false, err
}

// moveAway gives the corrupt file a name of its own and returns the reason, or why it could not.
func (o *opener) moveAway(reason *corruptError) error {
	base := o.path + ".corrupt-" + o.opts.Now().Format("20060102-150405")
	name := base
	for i := 2; ; i++ {
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			break
		}
		name = fmt.Sprintf("%s-%d", base, i)
	}
	if err := os.Rename(o.path, name); err != nil {
		if renameLocked(err) {
			return ErrLocked
		}
		return explain(fmt.Sprintf("the file is corrupt (%s) and can't be set aside", reason.reason), err)
	}
	o.setAside = name
	return reason
}

// The mark is a file beside the database while it is open. It stays behind where the program did not get to close it.
func mark(path string) string { return path + ".open" }

func markedOpen(path string) bool {
	_, err := os.Lstat(mark(path))
	return err == nil
}

func markOpen(path string) error {
	return os.WriteFile(mark(path), []byte(time.Now().Format(time.RFC3339)+"\n"), 0o600)
}

func markClosed(path string) error {
	if err := os.Remove(mark(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
