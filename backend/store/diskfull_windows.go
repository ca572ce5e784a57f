package store

import (
	"errors"
	"syscall"
)

// diskFull knows Windows' own numbers: ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL (System Error Codes, winerror.h).
func diskFull(err error) bool {
	return errors.Is(err, syscall.Errno(39)) || errors.Is(err, syscall.Errno(112))
}
