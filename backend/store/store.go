// Package store is the database: one bbolt file with a version, typed buckets of JSON values and transactions that
// are on the disk when they return.
//
// It is the only package that imports bbolt. It must not know what the values mean: who keeps something here owns a
// bucket and its type.
//
// A file that can't be trusted is set aside under another name and a new one is made; a file that can't be read or
// written for another reason (no space, no permission, another Gatehouse, a newer version) is left alone, and the
// error says what to do.
package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// ErrClosed is what every call gives after Close.
var ErrClosed = errors.New("the database is closed")

// Options are how a database is opened. The zero value is ready to use.
type Options struct {
	// Timeout is how long to wait for another process to let the file go; 0 means 500 ms.
	Timeout time.Duration
	// Logger gets what a person should know; nil means nowhere.
	Logger *slog.Logger
	// Now is the clock that names a file set aside; nil means time.Now.
	Now func() time.Time
}

// DB is an open database. Its methods may be called from any goroutine.
type DB struct {
	path     string
	setAside string
	bolt     *bbolt.DB
	log      *slog.Logger
	// suspect is set once a transaction panicked: the file stays marked as open, so that the next start checks it.
	suspect atomic.Bool
}

// Tx is one transaction. It is of use only until the function that got it returns.
type Tx struct {
	bolt *bbolt.Tx
	db   *DB
}

// Open opens the database at path, and makes it and its folder where they are missing. It gives ErrLocked where another
// process has it open, and ErrNewer where a newer version of Gatehouse wrote it. See SetAside for a corrupt one.
func Open(path string, opts Options) (*DB, error) {
	if opts.Timeout <= 0 {
		opts.Timeout = 500 * time.Millisecond
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, explain("can't make the folder of the database "+path, err)
	}
	o := opener{path: path, opts: opts}
	bolt, err := o.open()
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, setAside: o.setAside, bolt: bolt, log: opts.Logger}
	if err := db.migrate(migrations); err != nil {
		return nil, errors.Join(err, bolt.Close())
	}
	if err := markOpen(path); err != nil {
		// Only the next start's check depends on the mark, so a full disk must not keep the program from starting.
		db.log.Warn("can't mark the database as open", "error", err)
	}
	return db, nil
}

// Path is where the database is.
func (db *DB) Path() string { return db.path }

// SetAside is where Open moved a corrupt database to; empty if it found none.
func (db *DB) SetAside() string { return db.setAside }

// Close waits for running transactions, closes the file and marks it as cleanly closed. A second call does nothing.
func (db *DB) Close() error {
	if err := db.bolt.Close(); err != nil {
		return explain("can't close the database "+db.path, err)
	}
	if db.suspect.Load() {
		return nil
	}
	if err := markClosed(db.path); err != nil {
		return explain("can't mark the database "+db.path+" as closed", err)
	}
	return nil
}

// Read runs fn in a transaction that sees one unchanging state. Keep it short: the file can't give space back meanwhile.
// fn must not start a Write, which could wait for this Read forever. An error of fn comes back as it is.
func (db *DB) Read(fn func(*Tx) error) error { return db.run(db.bolt.View, fn) }

// Write runs fn in a transaction: all that it puts is on the disk when Write returns, or none of it, with an error.
// There is one at a time; fn must not start another. An error of fn comes back as it is.
func (db *DB) Write(fn func(*Tx) error) error { return db.run(db.bolt.Update, fn) }

// run runs a transaction and turns what bbolt does on a page that went bad after the check at the start (it panics, or
// reads outside the file) into an error, so that a bad sector costs one answer and not the program.
func (db *DB) run(transact func(func(*bbolt.Tx) error) error, fn func(*Tx) error) error {
	var own error
	err := catch(func() error {
		return transact(func(tx *bbolt.Tx) error {
			own = fn(&Tx{tx, db})
			return own
		})
	})
	var p *panicError
	switch {
	case err == nil:
		return nil
	case own != nil:
		return own
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return fmt.Errorf("%s: %w", db.path, ErrClosed)
	case errors.As(err, &p):
		db.suspect.Store(true)
		db.log.Error("a database transaction panicked", "database", db.path, "panic", p.value, "stack", string(p.stack))
		return fmt.Errorf("the database %s can't be read; it is checked at the next start: %w", db.path, err)
	}
	return explain("can't save to the database "+db.path, err)
}

type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprint("panic: ", p.value) }

// catch turns a panic, and a fault on the mapped file, into an error.
func catch(fn func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(before)
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{v, debug.Stack()}
		}
	}()
	return fn()
}
