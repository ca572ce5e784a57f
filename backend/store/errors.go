package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"
)

// ErrLocked is why a database that another process has open can't be opened.
var ErrLocked = errors.New("another Gatehouse has the database open; use that one, or quit it first")

// ErrNewer is why a database that a newer version of Gatehouse wrote can't be opened.
var ErrNewer = errors.New("a newer version of Gatehouse wrote the database; use that version, or move the file away")

// explain puts what was tried before an error and what to do about it after.
func explain(what string, err error) error {
	advice := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), diskFull(err):
		advice = "; the disk is full: free some space and try again"
	case errors.Is(err, syscall.EFBIG):
		advice = "; the file may not grow further: raise the limit on file sizes and try again"
	case errors.Is(err, syscall.EROFS):
		advice = "; the disk is read-only: put the state folder on one that can be written"
	case errors.Is(err, fs.ErrPermission):
		advice = "; this user may not read and write it: check the owner and mode of the file and its folder"
	case errors.Is(err, syscall.EISDIR):
		advice = "; a folder is in its place: move it away"
	case errors.Is(err, berrors.ErrMaxSizeReached):
		advice = "; the database may not grow further"
	}
	return fmt.Errorf("%s: %w%s", what, err, advice)
}
