package app

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"runtime"

	"gatehouse/backend/autostart"
	"gatehouse/backend/control"
)

// login is how the desktop starts this program at login: hidden, with the state folder that it has now. It is nil for a
// program without a window, and where the folder can't be given along.
func (c *Core) login() control.Login {
	program, err := os.Executable()
	if c.Build != "desktop" || err != nil {
		return nil
	}
	entry := autostart.Entry{ID: "gatehouse", Name: "Gatehouse", Command: []string{program, "--hidden"}}
	if home := os.Getenv(homeVariable); home != "" {
		if runtime.GOOS == "windows" {
			return nil
		}
		sum := sha256.Sum256([]byte(c.Home))
		entry.ID += "-" + hex.EncodeToString(sum[:4])
		entry.Command = append([]string{"/usr/bin/env", homeVariable + "=" + c.Home}, entry.Command...)
	}
	return entry
}
