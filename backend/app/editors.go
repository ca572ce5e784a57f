package app

import (
	"os"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/connect"
)

// openEditors finds the editors of this user. A connection that was cut off is taken back, and the key made for it ends.
func (c *Core) openEditors(keys *access.Keys) *connect.Editors {
	home, err := os.UserHomeDir()
	if err != nil {
		home = c.Home // a user without a home has no editors either
	}
	editors, unused, err := connect.New(connect.Options{Home: home, State: c.Home, Getenv: os.Getenv, Now: time.Now, Logger: c.logger})
	if err != nil { // everything else works
		c.logger.Error("an editor's settings could not be put back", "error", err)
	}
	for _, id := range unused {
		if _, err := keys.Revoke(id); err != nil {
			c.logger.Warn("an unused API key was not revoked", "key", id, "error", err)
		}
	}
	return editors
}
