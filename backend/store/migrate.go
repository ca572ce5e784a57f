package store

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"
)

// The bucket "meta" holds the version of the file under "version", as 8 bytes, big endian.
var (
	metaBucket = []byte("meta")
	versionKey = []byte("version")
)

// migration takes a file from the version before to this one, within one transaction.
type migration struct {
	version uint64
	run     func(*bbolt.Tx) error
}

// migrations are in order of version, without gaps; the last one is the version this program writes. The first makes
// the file ours. Buckets are made by their first put.
var migrations = []migration{
	{1, func(*bbolt.Tx) error { return nil }},
}

// migrate brings the file to the last version. A file that is newer, or some other program's, is left as it is.
func (db *DB) migrate(table []migration) error {
	newest := table[len(table)-1].version
	var version uint64
	var foreign bool
	err := db.Read(func(tx *Tx) (err error) {
		version, foreign, err = readVersion(tx.bolt)
		return err
	})
	switch {
	case err != nil:
		return err
	case foreign:
		return fmt.Errorf("%s is a database of another program; move it away", db.path)
	case version > newest:
		return fmt.Errorf("can't open the database %s: %w (it has version %d, this program knows %d)", db.path, ErrNewer,
			version, newest)
	case version == newest:
		return nil
	}
	return db.Write(func(tx *Tx) error {
		for _, m := range table {
			if m.version <= version {
				continue
			}
			if err := m.run(tx.bolt); err != nil {
				return fmt.Errorf("can't bring it to version %d: %w", m.version, err)
			}
		}
		meta, err := tx.bolt.CreateBucketIfNotExists(metaBucket)
		if err != nil {
			return err
		}
		return meta.Put(versionKey, binary.BigEndian.AppendUint64(nil, newest))
	})
}

// readVersion gives 0 for an empty file; foreign is one that has something but no version.
func readVersion(tx *bbolt.Tx) (version uint64, foreign bool, err error) {
	meta := tx.Bucket(metaBucket)
	if meta == nil {
		first, _ := tx.Cursor().First()
		return 0, first != nil, nil
	}
	v := meta.Get(versionKey)
	if len(v) != 8 {
		return 0, true, nil
	}
	return binary.BigEndian.Uint64(v), false, nil
}
