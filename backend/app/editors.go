package app

import (
	"os"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/connect"
	"gatehouse/backend/stray"
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
	c.revokeUnused(keys, unused)
	return editors
}

// revokeUnused ends API keys that were made for a change that was cut off.
func (c *Core) revokeUnused(keys *access.Keys, ids []string) {
	for _, id := range ids {
		if _, err := keys.Revoke(id); err != nil {
			c.logger.Warn("an unused API key was not revoked", "key", id, "error", err)
		}
	}
}

// openStray looks for keys of the providers that there are at the moment. hide is told each that is found.
func (c *Core) openStray(keys *access.Keys, hide func(secret string)) *stray.Strays {
	variables := func() map[string]string {
		all := map[string]string{}
		for _, p := range c.table.Load().Sorted() {
			for _, name := range p.Variables {
				all[name] = p.ID
			}
		}
		return all
	}
	found, unused, err := stray.New(stray.Options{State: c.Home, Variables: variables, Hide: hide, Now: time.Now})
	if err != nil { // everything else works
		c.logger.Error("what was changed in files with keys can't be read", "error", err)
	}
	c.revokeUnused(keys, unused)
	return found
}
