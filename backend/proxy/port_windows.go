package proxy

import (
	"errors"
	"syscall"
)

// wsaEADDRINUSE is WinSock's own number, which package syscall does not name.
const wsaEADDRINUSE = syscall.Errno(10048)

func portInUse(err error) bool { return errors.Is(err, wsaEADDRINUSE) }
