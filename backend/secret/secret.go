// Package secret keeps secrets in the operating system's keychain: macOS Keychain, Windows Credential Manager, or the
// Secret Service of a Linux desktop (GNOME Keyring, KWallet, KeePassXC).
//
// It is the only package that knows the keychain library, and makes up for what that lacks: no call blocks its caller
// beyond a limit although an unlock dialog can stay open for ever, reading never opens a dialog, calls never run side
// by side, a missing keychain is told from a locked one, and looking for one never starts a stray D-Bus daemon.
//
// It must not know what the secrets are for, nor keep them.
package secret

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/zalando/go-keyring"
)

// Service is the name under which Gatehouse's entries are filed.
const Service = "gatehouse"

// MaxBytes is the longest value. Windows takes 2560 bytes and macOS about 3000; one limit everywhere keeps a secret
// usable on each of them.
const MaxBytes = 2500

// ErrNotFound is the answer for a name under which nothing is kept.
var ErrNotFound = errors.New("not in the keychain")

// ErrTooLarge refuses a value longer than MaxBytes.
var ErrTooLarge = fmt.Errorf("longer than the %d bytes that every keychain takes", MaxBytes)

// State is whether the keychain can be used.
type State string

// The states.
const (
	Checking State = "checking"
	OK       State = "ok"
	Absent   State = "absent"
	Locked   State = "locked"
)

// Status is the keychain's state with its cause and what to do; both are empty when it is Checking or OK.
type Status struct {
	State  State
	Reason string
	Advice string
}

// Unavailable is the error of every call while the keychain can't be used.
type Unavailable struct {
	State  State // Absent or Locked
	Reason string
	Advice string
}

func (u *Unavailable) Error() string {
	return fmt.Sprintf("the keychain is %s: %s", u.State, u.Reason)
}

// ring is the blocking keychain underneath. With ask, it may open a dialog; without, a locked keychain is an error.
// Its errors are ErrNotFound, *Unavailable or whatever the system says.
type ring interface {
	get(service, name string, ask bool) (string, error)
	set(service, name, value string) error
	delete(service, name string) error
}

// Options is what a Keychain needs. The zero value is the product's.
type Options struct {
	// Service replaces the usual service name, for tests.
	Service string
	Logger  *slog.Logger
	// Patience is how long one call may take before it counts as waiting for a dialog; 2 s if zero.
	Patience time.Duration
	// DialogTime is how long Set and Delete wait for the user to answer a dialog; 60 s if zero.
	DialogTime time.Duration
	// Changed is called after Status changed, from any goroutine. It must not wait for the keychain.
	Changed func()
}

// Keychain is the operating system's keychain. All methods can be called from any goroutine.
type Keychain struct {
	service    string
	patience   time.Duration
	dialogTime time.Duration
	log        *slog.Logger
	changed    func()
	ring       ring

	// slot holds a token while a call runs; calls never run side by side.
	slot chan struct{}

	mu     sync.Mutex
	status Status
	closed bool
	// stuck is closed once the running call has outlasted the patience; every call has its own.
	stuck chan struct{}
}

// New gives the keychain. Nothing is asked of it until the first call; Probe is meant to be that.
func New(opts Options) *Keychain { return newKeychain(opts, systemRing{}) }

func newKeychain(opts Options, r ring) *Keychain {
	k := &Keychain{
		service:    opts.Service,
		patience:   opts.Patience,
		dialogTime: opts.DialogTime,
		log:        opts.Logger,
		changed:    opts.Changed,
		ring:       r,
		slot:       make(chan struct{}, 1),
		status:     Status{State: Checking},
		stuck:      make(chan struct{}),
	}
	if k.service == "" {
		k.service = Service
	}
	if k.patience <= 0 {
		k.patience = 2 * time.Second
	}
	if k.dialogTime <= 0 {
		k.dialogTime = time.Minute
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if k.changed == nil {
		k.changed = func() {}
	}
	return k
}

// Get reads a secret. It never opens a dialog of its own accord: a locked keychain is Unavailable at once.
func (k *Keychain) Get(ctx context.Context, name string) (string, error) {
	return k.call(ctx, k.patience, func() (string, error) { return k.ring.get(k.service, name, false) })
}

// Set keeps a secret. It may open a dialog to unlock the keychain and waits a minute for its answer; answered later,
// the secret is kept all the same and Status changes.
func (k *Keychain) Set(ctx context.Context, name, value string) error {
	if len(value) > MaxBytes {
		return ErrTooLarge
	}
	_, err := k.call(ctx, k.dialogTime, func() (string, error) { return "", k.ring.set(k.service, name, value) })
	return err
}

// Delete removes a secret. It may open a dialog, as Set may.
func (k *Keychain) Delete(ctx context.Context, name string) error {
	_, err := k.call(ctx, k.dialogTime, func() (string, error) { return "", k.ring.delete(k.service, name) })
	return err
}

// probeName is asked for to see whether the keychain answers. Nothing is ever kept under it.
const probeName = "probe"

// Probe looks whether the keychain can be used, and asks the user to unlock it where that is needed. It does not wait
// for the answer: when it comes, Status changes.
func (k *Keychain) Probe(ctx context.Context) Status {
	_, err := k.call(ctx, k.patience, func() (string, error) { return k.ring.get(k.service, probeName, true) })
	if u, ok := errors.AsType[*Unavailable](err); ok {
		return Status{u.State, u.Reason, u.Advice}
	}
	return k.Status()
}

// Status is the state that the last call found.
func (k *Keychain) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.status
}

// Close refuses further calls and waits for a running one, unless that waits for a dialog: the keychain library has no
// way to call it back, so it ends with the program.
func (k *Keychain) Close() {
	k.mu.Lock()
	k.closed = true
	stuck := k.stuck
	k.mu.Unlock()
	select {
	case k.slot <- struct{}{}:
		<-k.slot
	case <-stuck:
	}
}

var errClosed = errors.New("the keychain is closed")

type answer struct {
	value string
	err   error
}

// call runs f on its own goroutine, when no other call runs, and waits for it at most for the limit. A call that
// outlasts the limit runs on; until it ends, others are refused at once.
func (k *Keychain) call(ctx context.Context, limit time.Duration, f func() (string, error)) (string, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	if err := k.enter(ctx, timer.C); err != nil {
		return "", err
	}
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		<-k.slot
		return "", errClosed
	}
	stuck := k.stuck
	k.mu.Unlock()

	answered := make(chan answer, 1)
	go func() {
		patience := time.AfterFunc(k.patience, func() { k.markStuck(stuck) })
		value, err := protect(f)
		patience.Stop()
		err = k.leave(err)
		answered <- answer{value, err}
	}()
	select {
	case a := <-answered:
		return a.value, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	case <-timer.C:
		return "", waiting()
	}
}

// enter takes the slot.
func (k *Keychain) enter(ctx context.Context, limit <-chan time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for {
		k.mu.Lock()
		stuck := k.stuck
		k.mu.Unlock()
		select {
		case k.slot <- struct{}{}:
			return nil
		default:
		}
		select {
		case k.slot <- struct{}{}:
			return nil
		case <-stuck:
			// The call that was stuck may have ended since; then the slot is free or another call has its own channel.
			k.mu.Lock()
			same := k.stuck == stuck
			k.mu.Unlock()
			if same {
				return waiting()
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return waiting()
		}
	}
}

func waiting() *Unavailable {
	return &Unavailable{
		State:  Locked,
		Reason: "it has not answered, most likely because its unlock dialog waits for you",
		Advice: "Answer the keychain's unlock dialog; it may be behind another window. " + useVariables,
	}
}

// useVariables is what works in every case.
const useVariables = "Until then, set the provider's environment variable (for example OPENAI_API_KEY, " +
	"ANTHROPIC_API_KEY or AI_GATEWAY_API_KEY) before starting Gatehouse."

func (k *Keychain) markStuck(stuck chan struct{}) {
	k.mu.Lock()
	if k.stuck != stuck {
		k.mu.Unlock()
		return
	}
	close(stuck)
	w := waiting()
	changed := k.setStatus(Status{w.State, w.Reason, w.Advice})
	k.mu.Unlock()
	if changed {
		k.changed()
	}
}

// leave ends a call: it gives the slot back, takes the status from the outcome and makes the caller's error.
func (k *Keychain) leave(err error) error {
	status := Status{State: OK}
	switch {
	case err == nil, errors.Is(err, keyring.ErrNotFound), errors.Is(err, ErrNotFound):
		if err != nil {
			err = ErrNotFound
		}
	case errors.Is(err, keyring.ErrSetDataTooBig):
		err = ErrTooLarge
	default:
		u := classify(err)
		status, err = Status{u.State, u.Reason, u.Advice}, u
	}
	k.mu.Lock()
	changed := k.setStatus(status)
	k.stuck = make(chan struct{})
	k.mu.Unlock()
	<-k.slot
	if changed {
		k.changed()
	}
	return err
}

// setStatus needs the lock.
func (k *Keychain) setStatus(s Status) bool {
	if k.status == s {
		return false
	}
	k.status = s
	k.log.Info("keychain", "state", string(s.State), "reason", s.Reason)
	return true
}

// protect turns a panic of the keychain library into an error: it takes a closed D-Bus connection for an answer.
func protect(f func() (string, error)) (value string, err error) {
	defer func() {
		if r := recover(); r != nil {
			value, err = "", fmt.Errorf("the keychain's connection broke: %v", r)
		}
	}()
	return f()
}
