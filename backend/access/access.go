// Package access keeps the local API keys: who may use the gateway, for which project and which models.
//
// A key is shown once, when it is made; only its SHA-256 is stored. Checking one takes no database: it reads a snapshot
// in memory that every change replaces, so a revoked key is refused from the next request on.
//
// It must not know HTTP, nor what a model is beyond its id.
package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// EventKeys says that the list of keys changed. It carries nothing.
const EventKeys = "keys"

// useEvery is how often the last uses are saved, at most.
const useEvery = time.Minute

// Why a key is refused. Authenticate gives an *llm.Error around one of them, with what to do.
var (
	ErrUnknown = errors.New("unknown API key")
	ErrRevoked = errors.New("revoked API key")
	ErrExpired = errors.New("expired API key")
)

// Key is a local API key, without the key itself. It is not to be changed.
type Key struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Project string `json:"project"`
	// Hint is the token's start, enough to recognise it by.
	Hint string `json:"hint"`
	// Models are the patterns it may use; none means all. See Allows.
	Models     []string   `json:"models"`
	CreatedAt  time.Time  `json:"createdAt"`
	ExpiresAt  *time.Time `json:"expiresAt"`
	LastUsedAt *time.Time `json:"lastUsedAt"`
	RevokedAt  *time.Time `json:"revokedAt"`
}

// NewKey asks for a key. ExpiresIn 0 means never.
type NewKey struct {
	Name      string
	Project   string
	Models    []string
	ExpiresIn time.Duration
}

// Options are what Keys work with. All may be left out.
type Options struct {
	Now    func() time.Time
	Broker *event.Broker
	Logger *slog.Logger
}

// record is a key as it is stored.
type record struct {
	Key
	// Hash is the SHA-256 of the whole token.
	Hash []byte `json:"hash"`
}

// known is a key in memory. All snapshots share its last use.
type known struct {
	key  Key
	hash [sha256.Size]byte
	// used is when it was last used, in Unix milliseconds, 0 for never.
	used *atomic.Int64
}

// Keys is the local API keys. Its methods may be called from any goroutine.
type Keys struct {
	bucket *store.Bucket[record]
	db     *store.DB
	opts   Options
	every  time.Duration // useEvery, less in tests

	// change is held by whoever makes a new snapshot.
	change   sync.Mutex
	snapshot atomic.Pointer[map[string]*known]

	unsaved atomic.Bool // some last use is not in the database
	used    chan struct{}
	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once
}

// Open reads the keys from a database.
func Open(db *store.DB, opts Options) (*Keys, error) {
	return open(db, opts, useEvery)
}

func open(db *store.DB, opts Options, every time.Duration) (*Keys, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Broker == nil {
		opts.Broker = &event.Broker{}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	k := &Keys{
		bucket: store.NewBucket[record](db, "keys"), db: db, opts: opts, every: every,
		used: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	all := map[string]*known{}
	err := k.bucket.ForEach(func(id string, r record) error {
		if id != r.ID || len(r.Hash) != sha256.Size {
			return fmt.Errorf("the API key %q in %s is broken", id, db.Path())
		}
		all[id] = newKnown(r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	k.snapshot.Store(&all)
	go k.saveUses()
	return k, nil
}

func newKnown(r record) *known {
	n := &known{key: r.Key, hash: [sha256.Size]byte(r.Hash), used: &atomic.Int64{}}
	if r.LastUsedAt != nil {
		n.used.Store(r.LastUsedAt.UnixMilli())
	}
	return n
}

// Create makes a key and gives its token, which can't be had again.
func (k *Keys) Create(n NewKey) (Key, string, error) {
	n, err := n.valid()
	if err != nil {
		return Key{}, "", err
	}
	k.change.Lock()
	defer k.change.Unlock()
	now := k.opts.Now().Round(0)
	all := *k.snapshot.Load()
	for id, other := range all {
		if id == n.Name || other.key.Name == n.Name && other.key.active(now) {
			return Key{}, "", llm.Errorf(llm.ErrBadRequest,
				"there is an API key named %q already; choose another name, or revoke that one first", n.Name)
		}
	}
	id, token := newToken()
	for all[id] != nil {
		id, token = newToken()
	}
	key := Key{ID: id, Name: n.Name, Project: n.Project, Hint: tokenPrefix + id + "…", Models: n.Models, CreatedAt: now}
	if n.ExpiresIn > 0 {
		at := now.Add(n.ExpiresIn)
		key.ExpiresAt = &at
	}
	hash := sha256.Sum256([]byte(token))
	r := record{key, hash[:]}
	if err := k.bucket.Put(id, r); err != nil {
		return Key{}, "", unsaved(err, "the API key was not made")
	}
	k.replace(newKnown(r))
	return key, token, nil
}

// replace makes a snapshot with a new state of one key, and tells. k.change is held.
func (k *Keys) replace(n *known) {
	next := maps.Clone(*k.snapshot.Load())
	next[n.key.ID] = n
	k.snapshot.Store(&next)
	k.opts.Broker.PublishEnd(EventKeys, struct{}{})
}

// List gives all keys, newest first, with revoked and expired ones.
func (k *Keys) List() []Key {
	out := []Key{}
	for _, n := range *k.snapshot.Load() {
		out = append(out, n.view())
	}
	slices.SortFunc(out, func(a, b Key) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return out
}

// view is the key with its last use.
func (n *known) view() Key {
	key := n.key
	key.LastUsedAt = nil
	if ms := n.used.Load(); ms != 0 {
		at := time.UnixMilli(ms)
		key.LastUsedAt = &at
	}
	return key
}

// Revoke ends a key for good, from the next request on. A name means the active key of that name.
func (k *Keys) Revoke(idOrName string) (Key, error) {
	k.change.Lock()
	defer k.change.Unlock()
	now := k.opts.Now().Round(0)
	n := k.find(idOrName, now)
	if n == nil {
		return Key{}, llm.Errorf(llm.ErrNotFound, "there is no API key %q; list the keys to see their names", shown(idOrName))
	}
	if n.key.RevokedAt != nil {
		return n.view(), nil
	}
	next := &known{key: n.view(), hash: n.hash, used: n.used}
	next.key.RevokedAt = &now
	if err := k.bucket.Put(next.key.ID, record{next.key, next.hash[:]}); err != nil {
		return Key{}, unsaved(err, "the API key was not revoked and can still be used")
	}
	k.replace(next)
	return next.view(), nil
}

// find prefers an id, then the active key of a name, then the one of that name that was made last.
func (k *Keys) find(idOrName string, now time.Time) *known {
	all := *k.snapshot.Load()
	if n := all[idOrName]; n != nil {
		return n
	}
	var best *known
	for _, n := range all {
		switch {
		case n.key.Name != idOrName:
		case n.key.active(now):
			return n
		case best == nil, n.key.CreatedAt.After(best.key.CreatedAt):
			best = n
		}
	}
	return best
}

// Authenticate gives the key of a token. It takes the same time for every token of a length that is no key's, whichever
// part of it is wrong.
func (k *Keys) Authenticate(token string) (Key, error) {
	id := tokenID(token)
	hash := sha256.Sum256([]byte(token[:min(len(token), maxToken)]))
	n := (*k.snapshot.Load())[id]
	want := &nobody
	if n != nil {
		want = &n.hash
	}
	if subtle.ConstantTimeCompare(hash[:], want[:]) != 1 || n == nil || len(token) > maxToken {
		return Key{}, errUnknown
	}
	now := k.opts.Now()
	if n.key.RevokedAt != nil {
		return Key{}, refused(ErrRevoked, "key_revoked",
			"the Gatehouse API key %q was revoked; create a new one and put it into this program's settings", n.key.Name)
	}
	if n.key.expired(now) {
		return Key{}, refused(ErrExpired, "key_expired",
			"the Gatehouse API key %q has expired; create a new one and put it into this program's settings", n.key.Name)
	}
	n.used.Store(now.UnixMilli())
	if !k.unsaved.Load() && k.unsaved.CompareAndSwap(false, true) {
		select {
		case k.used <- struct{}{}:
		default:
		}
	}
	return n.key, nil
}

// nobody is the hash that the token of an unknown id is compared with. No token has it.
var nobody [sha256.Size]byte

var errUnknown error = refused(ErrUnknown, "invalid_api_key",
	"this is not an API key of this Gatehouse; create one in its window or with `gatehouse key create NAME`")

func refused(cause error, code, format string, args ...any) *llm.Error {
	return &llm.Error{Kind: llm.ErrAuth, Message: fmt.Sprintf(format, args...), Code: code, Cause: cause}
}

func unsaved(err error, what string) error {
	return &llm.Error{Kind: llm.ErrInternal, Message: what + ": " + err.Error(), Cause: err}
}

// saveUses writes the last uses some time after the first new one.
func (k *Keys) saveUses() {
	defer close(k.stopped)
	for {
		select {
		case <-k.used:
		case <-k.stop:
			return
		}
		wait := time.NewTimer(k.every)
		select {
		case <-wait.C:
		case <-k.stop:
			wait.Stop()
			return
		}
		if err := k.flush(); err != nil {
			k.opts.Logger.Warn("can't save when API keys were last used", "error", err)
		}
	}
}

// flush saves the last uses that the database does not have.
func (k *Keys) flush() error {
	if !k.unsaved.Swap(false) {
		return nil
	}
	k.change.Lock()
	defer k.change.Unlock()
	err := k.db.Write(func(tx *store.Tx) error {
		b := k.bucket.In(tx)
		for id, n := range *k.snapshot.Load() {
			view := n.view()
			if view.LastUsedAt == nil {
				continue
			}
			err := b.Update(id, func(r *record, exists bool) error {
				if !exists {
					return fmt.Errorf("the API key %s is missing from the database", id)
				}
				r.LastUsedAt = view.LastUsedAt
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		k.unsaved.Store(true)
		return err
	}
	k.opts.Broker.PublishEnd(EventKeys, struct{}{})
	return nil
}

// Close saves the last uses and stops. Keys can be checked after it; their uses are no longer saved.
func (k *Keys) Close(ctx context.Context) error {
	k.closing.Do(func() { close(k.stop) })
	select {
	case <-k.stopped:
	case <-ctx.Done():
		return llm.AsError(ctx.Err())
	}
	return k.flush()
}
