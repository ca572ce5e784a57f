//go:build linux || darwin || freebsd

package store

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// initialMap is the address space kept for the file, in bytes: as long as it fits, a growing file need not wait for
// running reads.
const initialMap = min(1<<30, ^uint(0)>>4)

// lock takes bbolt's own lock before bbolt does (on the same open file, where taking it twice is harmless), so that a
// file is only judged and set aside while nobody else writes it.
func lock(f *os.File, timeout time.Duration) error {
	for deadline := time.Now().Add(timeout); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if time.Now().After(deadline) {
			return ErrLocked
		}
	}
}

// unlock lets go of the lock even where something still maps the file.
func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// renameLocked says whether a rename failed because another process has the file open.
func renameLocked(error) bool { return false }
