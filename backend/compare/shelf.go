package compare

import (
	"fmt"
	"strings"

	"gatehouse/backend/store"
)

// shelf is where the comparisons are kept: one bucket of them by id, one of answers that ended by comparison, prompt and
// model, one of saved prompts by name.
type shelf struct {
	db          *store.DB
	comparisons *store.Bucket[record]
	answers     *store.Bucket[Answer]
	prompts     *store.Bucket[[]string]
}

// record is a comparison as it is stored.
type record struct {
	Comparison
	Deleted bool `json:"deleted,omitempty"`
}

func newShelf(db *store.DB) *shelf {
	return &shelf{
		db:          db,
		comparisons: store.NewBucket[record](db, "compare.comparisons"),
		answers:     store.NewBucket[Answer](db, "compare.answers"),
		prompts:     store.NewBucket[[]string](db, "compare.prompts"),
	}
}

func answerKey(id string, place int) string { return fmt.Sprintf("%s/%06d", id, place) }

// tidy removes what was deleted and stops what ran.
func (s *shelf) tidy() error {
	return s.db.Write(func(tx *store.Tx) error {
		found := map[string]record{}
		err := s.comparisons.In(tx).ForEach(func(id string, r record) error {
			if r.Deleted || r.State == StateRunning {
				found[id] = r
			}
			return nil
		})
		if err != nil {
			return err
		}
		for id, r := range found {
			if r.Deleted {
				err = s.remove(tx, id)
			} else {
				r.State = StateStopped
				err = s.comparisons.In(tx).Put(id, r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *shelf) remove(tx *store.Tx, id string) error {
	var keys []string
	err := s.eachAnswer(tx, id, func(key string, _ Answer) { keys = append(keys, key) })
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := s.answers.In(tx).Delete(key); err != nil {
			return err
		}
	}
	return s.comparisons.In(tx).Delete(id)
}

func (s *shelf) eachAnswer(tx *store.Tx, id string, fn func(key string, a Answer)) error {
	prefix := id + "/"
	return s.answers.In(tx).Range(prefix, store.Ascending, func(key string, a Answer) (bool, error) {
		if !strings.HasPrefix(key, prefix) {
			return false, nil
		}
		fn(key, a)
		return true, nil
	})
}

// load gives a comparison with the answers that ended; false if there is none or it was deleted.
func (s *shelf) load(id string) (r record, ended []Answer, ok bool, err error) {
	err = s.db.Read(func(tx *store.Tx) error {
		if r, ok, err = s.comparisons.In(tx).Get(id); err != nil || !ok {
			return err
		}
		return s.eachAnswer(tx, id, func(_ string, a Answer) { ended = append(ended, a) })
	})
	return r, ended, ok && !r.Deleted, err
}

// end stores an answer that ended and counts it.
func (s *shelf) end(id string, place int, a Answer) (record, error) {
	var r record
	err := s.db.Write(func(tx *store.Tx) (err error) {
		if err := s.answers.In(tx).Put(answerKey(id, place), a); err != nil {
			return err
		}
		return s.comparisons.In(tx).Update(id, func(kept *record, _ bool) error {
			kept.Ended++
			r = *kept
			return nil
		})
	})
	return r, err
}

// change lets fn change a comparison; false if there is none.
func (s *shelf) change(id string, fn func(*record) error) (r record, ok bool, err error) {
	err = s.db.Write(func(tx *store.Tx) error {
		if r, ok, err = s.comparisons.In(tx).Get(id); err != nil || !ok {
			return err
		}
		if err := fn(&r); err != nil {
			return err
		}
		return s.comparisons.In(tx).Put(id, r)
	})
	return r, ok, err
}
