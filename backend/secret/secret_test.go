package secret

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// godbus keeps one shared connection open for the life of the program.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/godbus/dbus/v5.(*Conn).inWorker"),
		goleak.IgnoreAnyFunction("github.com/godbus/dbus/v5.newConn.func1"),
		// go-keyring never takes back the channel on which it waited for a dialog; later signals queue up for it.
		goleak.IgnoreAnyFunction("github.com/godbus/dbus/v5.(*signalChannelData).deferredDeliver"),
	)
}

// mockRing is go-keyring's own stand-in, which keyring.MockInit puts in place.
type mockRing struct{}

func (mockRing) get(service, name string, _ bool) (string, error) { return keyring.Get(service, name) }

func (mockRing) set(service, name, value string) error { return keyring.Set(service, name, value) }

func (mockRing) delete(service, name string) error { return keyring.Delete(service, name) }

// funcRing is a keychain that behaves as a test wants.
type funcRing struct {
	mockRing
	f func() (string, error)
}

func (r funcRing) get(string, string, bool) (string, error) { return r.f() }

// blockRing is a keychain that waits for its dialog.
type blockRing struct{ entered, release chan struct{} }

func newBlockRing() blockRing { return blockRing{make(chan struct{}, 10), make(chan struct{})} }

func (r blockRing) wait() { r.entered <- struct{}{}; <-r.release }

func (r blockRing) get(string, string, bool) (string, error) { r.wait(); return "late", nil }
func (r blockRing) set(string, string, string) error         { r.wait(); return nil }
func (r blockRing) delete(string, string) error              { r.wait(); return nil }

func TestRoundTrip(t *testing.T) {
	keyring.MockInit()
	var changes atomic.Int32
	k := newKeychain(Options{Changed: func() { changes.Add(1) }}, mockRing{})
	defer k.Close()
	if s := k.Status(); s.State != Checking {
		t.Fatalf("before the first call: %+v", s)
	}
	roundTrip(t, k)
	if s := k.Probe(t.Context()); s != (Status{State: OK}) || changes.Load() != 1 {
		t.Fatalf("got %+v after %d changes", s, changes.Load())
	}
}

// roundTrip is what every keychain must do.
func roundTrip(t *testing.T, k *Keychain) {
	t.Helper()
	ctx := t.Context()
	if _, err := k.Get(ctx, "openai"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("missing: got %v", err)
	}
	if err := k.Delete(ctx, "openai"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("delete of a missing one: got %v", err)
	}
	for _, value := range []string{"sk-1", "sk-2", "grüße\nzwei Zeilen 日本\t\"'\\$(x)", strings.Repeat("k", MaxBytes)} {
		if err := k.Set(ctx, "openai", value); err != nil {
			t.Fatal(err)
		}
		if got, err := k.Get(ctx, "openai"); err != nil || got != value {
			t.Fatalf("kept %q, got %q, %v", value, got, err)
		}
	}
	if err := k.Set(ctx, "openai", strings.Repeat("k", MaxBytes+1)); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("too large: got %v", err)
	}
	if err := k.Set(ctx, "anthropic", "other"); err != nil {
		t.Fatal(err)
	}
	if err := k.Delete(ctx, "openai"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(ctx, "openai"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("after delete: got %v", err)
	}
	if got, err := k.Get(ctx, "anthropic"); err != nil || got != "other" {
		t.Fatalf("the other: %q, %v", got, err)
	}
	if err := k.Delete(ctx, "anthropic"); err != nil {
		t.Fatal(err)
	}
}

func TestSystemErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"too big", keyring.ErrSetDataTooBig, ErrTooLarge},
		{"not found", keyring.ErrNotFound, ErrNotFound},
	} {
		k := newKeychain(Options{}, funcRing{f: func() (string, error) { return "", c.err }})
		if _, err := k.Get(t.Context(), "x"); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	k := newKeychain(Options{}, funcRing{f: func() (string, error) { return "", errors.New("strange") }})
	_, err := k.Get(t.Context(), "x")
	u, ok := errors.AsType[*Unavailable](err)
	if !ok || u.State != Absent || !strings.Contains(u.Reason, "strange") || !strings.Contains(u.Advice, "OPENAI_API_KEY") {
		t.Fatalf("got %+v", err)
	}
	if s := k.Status(); s != (Status{Absent, u.Reason, u.Advice}) {
		t.Fatalf("got %+v", s)
	}
}

func TestPanicOfTheLibraryIsAnError(t *testing.T) {
	var nothing *Unavailable
	k := newKeychain(Options{}, funcRing{f: func() (string, error) { return nothing.Reason, nil }})
	defer k.Close()
	if _, err := k.Get(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "connection broke") {
		t.Fatalf("got %v", err)
	}
}

func TestStuckCall(t *testing.T) {
	r := newBlockRing()
	changed := make(chan struct{}, 10)
	k := newKeychain(Options{Patience: 20 * time.Millisecond, Changed: func() { changed <- struct{}{} }}, r)

	// A read gives up after the patience, whatever the dialog does.
	if _, err := k.Get(t.Context(), "x"); !isLocked(err) {
		t.Fatalf("got %v", err)
	}
	await(t, changed)
	if s := k.Status(); s.State != Locked || !strings.Contains(s.Reason, "unlock dialog") {
		t.Fatalf("got %+v", s)
	}
	// Later callers are refused at once and start no second worker.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 100 {
		if err := k.Set(ctx, "x", "y"); !isLocked(err) {
			t.Fatalf("got %v", err)
		}
		if s := k.Probe(ctx); s.State != Locked {
			t.Fatalf("got %+v", s)
		}
	}
	if n := len(r.entered); n != 1 {
		t.Fatalf("%d calls are under way", n)
	}
	// Close does not wait for the dialog.
	k.Close()
	// Once it is answered the keychain is fine again.
	close(r.release)
	await(t, changed)
	if s := k.Status(); s.State != OK {
		t.Fatalf("got %+v", s)
	}
	k.Close() // waits now
	if _, err := k.Get(t.Context(), "x"); !errors.Is(err, errClosed) {
		t.Fatalf("after Close: %v", err)
	}
}

func TestSetWaitsForTheDialog(t *testing.T) {
	r := newBlockRing()
	changed := make(chan struct{}, 10)
	k := newKeychain(Options{Patience: time.Millisecond, Changed: func() { changed <- struct{}{} }}, r)
	defer k.Close()
	done := make(chan error, 1)
	go func() { done <- k.Set(t.Context(), "x", "y") }()
	await(t, changed) // locked
	close(r.release)
	if err := <-done; err != nil {
		t.Fatalf("got %v", err)
	}
}

func TestCallersInLineSeeTheCallGetStuck(t *testing.T) {
	r := newBlockRing()
	k := newKeychain(Options{Patience: 50 * time.Millisecond, DialogTime: time.Hour}, r)
	results := make(chan error, 5)
	for range 5 {
		go func() { results <- k.Set(t.Context(), "x", "y") }()
	}
	for range 4 {
		if err := <-results; !isLocked(err) {
			t.Fatalf("got %v", err)
		}
	}
	close(r.release)
	if err := <-results; err != nil {
		t.Fatal(err)
	}
	k.Close()
}

func TestCallersGiveUp(t *testing.T) {
	r := newBlockRing()
	k := newKeychain(Options{Patience: time.Hour}, r)
	ctx, cancel := context.WithCancel(t.Context())
	results := make(chan error, 2)
	for range 2 {
		go func() { _, err := k.Get(ctx, "x"); results <- err }()
	}
	<-r.entered
	cancel()
	for range 2 {
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
	}
	close(r.release)
	k.Close()
}

func TestCallsNeverRunSideBySide(t *testing.T) {
	var running atomic.Int32
	k := newKeychain(Options{}, funcRing{f: func() (string, error) {
		if running.Add(1) != 1 {
			t.Error("two calls at once")
		}
		defer running.Add(-1)
		return "x", nil
	}})
	results := make(chan error, 50)
	for range 50 {
		go func() { _, err := k.Get(t.Context(), "x"); results <- err }()
	}
	for range 50 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	k.Close()
}

func isLocked(err error) bool {
	u, ok := errors.AsType[*Unavailable](err)
	return ok && u.State == Locked
}

func await(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing happened")
	}
}
