// Package autostart has the desktop start a program when its user logs in, by the one file or registry value that the
// desktop itself looks at: that is the only place where the choice is kept.
//
// It must not know which program it starts, nor decide whether it should.
package autostart

import "fmt"

// Entry is what is to start.
type Entry struct {
	// ID names the file or the value: letters and hyphens.
	ID string
	// Name is for people who look at the desktop's list of such programs.
	Name string
	// Command is the program's path and its arguments.
	Command []string
}

// Enabled tells whether the desktop starts the entry at login, with the same command or with another.
func (e Entry) Enabled() (bool, error) {
	on, err := e.enabled()
	if err != nil {
		return false, fmt.Errorf("whether %s starts at login can't be read: %w", e.Name, err)
	}
	return on, nil
}

// Set has the desktop start the entry at login, or no longer.
func (e Entry) Set(on bool) error {
	do := e.disable
	if on {
		do = e.enable
	}
	if err := do(); err != nil {
		return fmt.Errorf("starting at login could not be changed: %w", err)
	}
	return nil
}
