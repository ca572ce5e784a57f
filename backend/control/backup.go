package control

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"gatehouse/backend/llm"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

// EventUsageChanged is the type of the event that says that requests were deleted from the history, put back, or entered.
const EventUsageChanged = usage.EventChanged

func (s *Service) deleteUsage(ctx context.Context, d UsageDeletion) (UsageChange, error) {
	n, err := s.History.Delete(ctx, usage.Deletion{From: timeOr(d.From), To: timeOr(d.To), Project: d.Project})
	if n > 0 {
		s.Broker.PublishEnd(EventUsageChanged, Empty{})
	}
	return UsageChange{n}, err
}

// passing is how folders begin that hold a database on its way out or in.
const passing = ".passing-"

// passingFolder makes a folder beside the database, which is on a disk with room for another one.
func (s *Service) passingFolder() (string, error) { return os.MkdirTemp(s.Home, passing+"*") }

// Tidy removes from the state folder what a backup or a restoring left that was broken off with the program. It is called
// by whoever has the database open, before anything is served.
func Tidy(home string) error {
	left, err := filepath.Glob(filepath.Join(home, passing+"*"))
	for _, folder := range left {
		err = errors.Join(err, os.RemoveAll(folder))
	}
	return err
}

// backUp writes the database to a file, while it goes on being used.
func (s *Service) backUp(_ context.Context, f BackupFile) (BackupDone, error) {
	if !filepath.IsAbs(f.Path) {
		return BackupDone{}, llm.Errorf(llm.ErrBadRequest, "say where to with an absolute path; %q is none", f.Path)
	}
	size, err := s.DB.Backup(f.Path)
	if err != nil {
		return BackupDone{}, llm.Errorf(llm.ErrBadRequest, "%v", err)
	}
	return BackupDone{f.Path, size}, nil
}

// restore puts back the requests of a backup that the history lacks. It reads a copy, as opening a database writes to it.
func (s *Service) restore(ctx context.Context, f BackupFile) (done UsageChange, err error) {
	if !filepath.IsAbs(f.Path) {
		return done, llm.Errorf(llm.ErrBadRequest, "say which file with an absolute path; %q is none", f.Path)
	}
	folder, err := s.passingFolder()
	if err != nil {
		return done, llm.Errorf(llm.ErrInternal, "a backup can't be read beside the database: %v", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "backup.db")
	if err := copyFile(path, f.Path); err != nil {
		return done, llm.Errorf(llm.ErrBadRequest, "the backup can't be read: %v", err)
	}
	return s.restoreFrom(ctx, path, f.Path)
}

// restoreFrom puts back the requests of a copy of a backup, which is called name.
func (s *Service) restoreFrom(ctx context.Context, path, name string) (done UsageChange, err error) {
	backup, err := store.Open(path, store.Options{Logger: s.Logger})
	if err != nil {
		return done, llm.Errorf(llm.ErrBadRequest, "%s is no backup of Gatehouse's: %v", name, err)
	}
	defer func() { err = errors.Join(err, backup.Close()) }()
	if backup.SetAside() != "" {
		return done, llm.Errorf(llm.ErrBadRequest, "%s is no backup of Gatehouse's, or it is broken", name)
	}
	done.Requests, err = s.History.Import(ctx, backup)
	if done.Requests > 0 {
		s.Budgets.Reload()
		s.Broker.PublishEnd(EventUsageChanged, Empty{})
	}
	return done, err
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	return copyTo(to, in)
}

// copyTo makes a file of all that there is to read.
func copyTo(to string, in io.Reader) error {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, in)
	if n == 0 && err == nil {
		err = errors.New("it is empty")
	}
	return errors.Join(err, out.Close())
}
