package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes the database as it is now to a file, while it goes on being used. The file is there as a whole or not at all;
// one that is there already is an error. It gives the size in bytes. Room that is free in the database is written, too.
func (db *DB) Backup(path string) (size int64, err error) {
	if _, err := os.Lstat(path); err == nil {
		return 0, explain("can't back up to "+path, fs.ErrExist)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part") // with mode 0600
	if err != nil {
		return 0, explain("can't back up to "+path, err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // it is gone where all went well
	size, err = db.WriteTo(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Link(f.Name(), path) // unlike a rename, it replaces nothing
		if err != nil && !errors.Is(err, fs.ErrExist) {
			err = os.Rename(f.Name(), path) // a file system without hard links
		}
	}
	if err != nil {
		return 0, explain("can't back up to "+path, err)
	}
	return size, nil
}

// WriteTo writes the database as it is now, as Backup does.
func (db *DB) WriteTo(w io.Writer) (n int64, err error) {
	err = db.run(db.bolt.View, func(tx *Tx) (err error) {
		n, err = tx.bolt.WriteTo(w)
		return err
	})
	return n, err
}

// Used is how many bytes of the file hold something. The file itself does not get smaller: what is deleted makes room in it.
func (db *DB) Used() (bytes int64, err error) {
	err = db.run(db.bolt.View, func(tx *Tx) error {
		free := int64(db.bolt.Stats().FreePageN+db.bolt.Stats().PendingPageN) * int64(tx.bolt.DB().Info().PageSize)
		bytes = tx.bolt.Size() - free
		return nil
	})
	return bytes, err
}
