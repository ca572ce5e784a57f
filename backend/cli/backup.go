package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"gatehouse/backend/control"
)

type backupCommand struct {
	File string `arg:"" help:"The file to write. It must not be there yet."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c backupCommand) Run(s *session) error {
	path, err := filepath.Abs(c.File)
	if err != nil {
		return err
	}
	done, err := call[control.BackupDone](s, "backup.make", control.BackupFile{Path: path})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(done)
	}
	fmt.Fprintf(s.stdout, "%s: %d bytes\n", done.Path, done.Bytes)
	return nil
}

type restoreCommand struct {
	File string `arg:"" help:"A file that gatehouse backup wrote."`
	JSON bool   `name:"json" help:"Print JSON."`
}

func (c restoreCommand) Run(s *session) error {
	path, err := filepath.Abs(c.File)
	if err != nil {
		return err
	}
	done, err := call[control.UsageChange](s, "backup.restore", control.BackupFile{Path: path})
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(done)
	}
	fmt.Fprintf(s.stdout, "%d requests were put back\n", done.Requests)
	return nil
}

type usageDeleteCommand struct {
	Project *string `help:"Those of this project."`
	Since   string  `help:"From then on: a day (2026-11-20), a time (2026-11-20T15:04) or how long ago (36h, 7d)."`
	Until   string  `help:"Up to then; a day is included."`
	JSON    bool    `name:"json" help:"Print JSON."`
}

// Validate says what is wrong with the flags before anything is asked.
func (c usageDeleteCommand) Validate() error {
	_, err := c.deletion(time.Now())
	return err
}

func (c usageDeleteCommand) deletion(now time.Time) (d control.UsageDeletion, err error) {
	if c.Project == nil && c.Since == "" && c.Until == "" {
		return d, errors.New("say what to delete: --project, --since or --until")
	}
	d.Project = c.Project
	if d.From, err = moment("--since", c.Since, now, 0); err != nil {
		return d, err
	}
	d.To, err = moment("--until", c.Until, now, 1)
	return d, err
}

func (c usageDeleteCommand) Run(s *session) error {
	d, err := c.deletion(time.Now())
	if err != nil {
		return err
	}
	done, err := call[control.UsageChange](s, "usage.delete", d)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.json(done)
	}
	fmt.Fprintf(s.stdout, "%d requests were deleted\n", done.Requests)
	return nil
}
