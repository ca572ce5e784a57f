//go:build !linux && !darwin && !freebsd

package store

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// initialMap is left to bbolt: Windows makes the file as large as its map.
const initialMap = 0

// lock leaves locking to bbolt. That another process has the file open shows when it is to be renamed, which Windows
// then refuses.
func lock(*os.File, time.Duration) error { return nil }

func unlock(*os.File) {}

// renameLocked says whether a rename failed because another process has the file open (ERROR_SHARING_VIOLATION,
// ERROR_LOCK_VIOLATION; System Error Codes, winerror.h).
func renameLocked(err error) bool {
	return errors.Is(err, syscall.Errno(32)) || errors.Is(err, syscall.Errno(33))
}
