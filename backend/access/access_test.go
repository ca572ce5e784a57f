package access

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/store"
)

// clock is a clock that is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type bench struct {
	*Keys
	db     *store.DB
	clock  *clock
	broker *event.Broker
}

func start(t testing.TB, path string, every time.Duration) *bench {
	t.Helper()
	db, err := store.Open(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{db: db, clock: &clock{at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}, broker: &event.Broker{}}
	b.Keys, err = open(db, Options{Now: b.clock.now, Broker: b.broker}, every)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.end() })
	return b
}

func (b *bench) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(b.Close(ctx), b.db.Close())
}

func dbPath(t testing.TB) string { return filepath.Join(t.TempDir(), "gatehouse.db") }

func create(t testing.TB, k *Keys, n NewKey) (Key, string) {
	t.Helper()
	key, token, err := k.Create(n)
	if err != nil {
		t.Fatal(err)
	}
	return key, token
}

// refusedAs checks that an error is one of authentication that tells what to do, and not what the token is.
func refusedAs(t *testing.T, err, want error, token string) {
	t.Helper()
	e, ok := errors.AsType[*llm.Error](err)
	if !ok || e.Kind != llm.ErrAuth || !errors.Is(err, want) || e.HTTPStatus() != 401 || !strings.Contains(e.Message, "create") {
		t.Errorf("got %v, want %v", err, want)
		return
	}
	if token != "" && strings.Contains(e.Message, token) {
		t.Errorf("the token is in the message %q", e.Message)
	}
}

func TestLifeOfAKey(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := dbPath(t)
	b := start(t, path, useEvery)
	events := b.broker.Subscribe(10)
	key, token := create(t, b.Keys, NewKey{Name: " editor ", Project: "p", Models: []string{"anthropic/*"}, ExpiresIn: time.Hour})
	if !regexp.MustCompile(`^gh_[0-9A-Za-z]{10}_[0-9A-Za-z]{43}$`).MatchString(token) || tokenID(token) != key.ID {
		t.Errorf("the token is %q, the id %q", token, key.ID)
	}
	if key.Name != "editor" || key.Hint != "gh_"+key.ID+"…" || !key.ExpiresAt.Equal(b.clock.now().Add(time.Hour)) {
		t.Errorf("got %+v", key)
	}
	if ev, err := events.Next(t.Context()); err != nil || ev.Type != EventKeys {
		t.Errorf("%+v %v", ev, err)
	}
	got, err := b.Authenticate(token)
	if err != nil || got.ID != key.ID || got.Project != "p" || !got.Allows("anthropic/claude") || got.Allows("openai/gpt") {
		t.Fatalf("%+v %v", got, err)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(data), token[len(token)-secretLen:]) {
		t.Errorf("the secret is in the database (%v)", err)
	}

	b = start(t, path, useEvery)
	if _, err := b.Authenticate(token); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	b.clock.pass(time.Hour - 1)
	if _, err := b.Authenticate(token); err != nil {
		t.Errorf("just before its end: %v", err)
	}
	b.clock.pass(1)
	_, err = b.Authenticate(token)
	refusedAs(t, err, ErrExpired, token)
	// The name is free again.
	second, token2 := create(t, b.Keys, NewKey{Name: "editor"})
	if revoked, err := b.Revoke("editor"); err != nil || revoked.ID != second.ID || revoked.RevokedAt == nil {
		t.Errorf("%+v %v", revoked, err)
	}
	_, err = b.Authenticate(token2)
	refusedAs(t, err, ErrRevoked, token2)
	if again, err := b.Revoke(second.ID); err != nil || !again.RevokedAt.Equal(b.clock.now()) {
		t.Errorf("revoked twice: %+v %v", again, err)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	b = start(t, path, useEvery)
	_, err = b.Authenticate(token2)
	refusedAs(t, err, ErrRevoked, token2)
	if list := b.List(); len(list) != 2 || list[0].ID != second.ID || list[1].ID != key.ID {
		t.Errorf("got %+v", list)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	b := start(t, dbPath(t), useEvery)
	_, token := create(t, b.Keys, NewKey{Name: "a"})
	_, other := create(t, b.Keys, NewKey{Name: "b"})
	flipped := []byte(token)
	flipped[len(flipped)-1] ^= 1
	for _, wrong := range []string{
		"", "gh_", "sk-ant-123", token[:len(token)-1], token + "x", token + token, " " + token, strings.ToUpper(token),
		string(flipped), token[:14] + other[14:], other[:14] + token[14:], "gh_0000000000" + token[13:],
		strings.Repeat("x", 1<<20), strings.Repeat("\x00", maxToken),
	} {
		key, err := b.Authenticate(wrong)
		refusedAs(t, err, ErrUnknown, wrong)
		if key.ID != "" {
			t.Errorf("an error and the key %s", key.ID)
		}
	}
	for _, k := range b.List() {
		if k.LastUsedAt != nil {
			t.Errorf("%s counts as used", k.Name)
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	b := start(t, dbPath(t), useEvery)
	a, token := create(t, b.Keys, NewKey{Name: "a"})
	for _, c := range []struct {
		n    NewKey
		want string
	}{
		{NewKey{}, "needs a name"},
		{NewKey{Name: " \t "}, "needs a name"},
		{NewKey{Name: "a"}, "named \"a\" already"},
		{NewKey{Name: a.ID}, "already"},
		{NewKey{Name: strings.Repeat("ä", 65)}, "too long"},
		{NewKey{Name: "x\ny"}, "can't be shown"},
		{NewKey{Name: "\xff"}, "can't be shown"},
		{NewKey{Name: "my " + token}, "holds an API key"},
		{NewKey{Name: "x", Project: token}, "holds an API key"},
		{NewKey{Name: "x", Project: strings.Repeat("p", 65)}, "project is too long"},
		{NewKey{Name: "x", Models: []string{""}}, "not a model pattern"},
		{NewKey{Name: "x", Models: []string{"a b"}}, "not a model pattern"},
		{NewKey{Name: "x", Models: make([]string, 65)}, "64 model patterns"},
		{NewKey{Name: "x", ExpiresIn: -1}, "100 years"},
		{NewKey{Name: "x", ExpiresIn: maxDuration + 1}, "100 years"},
	} {
		_, got, err := b.Create(c.n)
		e, ok := errors.AsType[*llm.Error](err)
		if !ok || e.Kind != llm.ErrBadRequest || !strings.Contains(e.Message, c.want) || got != "" || strings.Contains(e.Message, token) {
			t.Errorf("%+v: %v", c.n, err)
		}
	}
	if len(b.List()) != 1 {
		t.Errorf("%+v", b.List())
	}
	for _, who := range []string{"", "nobody", token} {
		_, err := b.Revoke(who)
		e, ok := errors.AsType[*llm.Error](err)
		if !ok || e.Kind != llm.ErrNotFound || strings.Contains(e.Message, token) {
			t.Errorf("revoke %q: %v", who, err)
		}
	}
}

// Nothing is told that is not stored: after the database is closed, no key is made and none is revoked.
func TestChangesThatCanNotBeSaved(t *testing.T) {
	b := start(t, dbPath(t), useEvery)
	_, token := create(t, b.Keys, NewKey{Name: "a"})
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, got, err := b.Create(NewKey{Name: "b"}); err == nil || got != "" || !strings.Contains(err.Error(), "was not made") {
		t.Errorf("create: %v", err)
	}
	if _, err := b.Revoke("a"); err == nil || !strings.Contains(err.Error(), "can still be used") {
		t.Errorf("revoke: %v", err)
	}
	if _, err := b.Authenticate(token); err != nil || len(b.List()) != 1 {
		t.Errorf("authenticate: %v", err)
	}
}

func TestLastUse(t *testing.T) {
	path := dbPath(t)
	b := start(t, path, time.Millisecond)
	events := b.broker.Subscribe(10)
	_, token := create(t, b.Keys, NewKey{Name: "a"})
	create(t, b.Keys, NewKey{Name: "never"})
	saved := func(b *bench, name string) *time.Time {
		var at *time.Time
		err := b.bucket.ForEach(func(_ string, r record) error {
			if r.Name == name {
				at = r.LastUsedAt
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for range 2 {
		if _, err := events.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Authenticate(token); err != nil {
		t.Fatal(err)
	}
	if _, err := events.Next(t.Context()); err != nil { // told after it is saved
		t.Fatal(err)
	}
	if at := saved(b, "a"); at == nil || !at.Equal(b.clock.now()) {
		t.Errorf("saved as %v", at)
	}
	if at := saved(b, "never"); at != nil {
		t.Errorf("an unused key is used at %v", at)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}

	// A minute is not waited for at the end, and a revoked key keeps its last use.
	b = start(t, path, time.Hour)
	b.clock.pass(time.Minute)
	if _, err := b.Authenticate(token); err != nil {
		t.Fatal(err)
	}
	want := b.clock.now()
	b.clock.pass(time.Minute)
	if key, err := b.Revoke("a"); err != nil || !key.LastUsedAt.Equal(want) {
		t.Errorf("%+v %v", key, err)
	}
	if err := b.end(); err != nil {
		t.Fatal(err)
	}
	b = start(t, path, time.Hour)
	if at := saved(b, "a"); at == nil || !at.Equal(want) {
		t.Errorf("saved as %v, want %v", at, want)
	}
	for _, k := range b.List() {
		if k.Name == "a" && (k.RevokedAt == nil || !k.LastUsedAt.Equal(want)) {
			t.Errorf("%+v", k)
		}
	}
}

func TestAllAtOnce(t *testing.T) {
	b := start(t, dbPath(t), time.Millisecond)
	_, token := create(t, b.Keys, NewKey{Name: "shared"})
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for i := range 20 {
				name := fmt.Sprintf("%d-%d", g, i)
				_, own, err := b.Create(NewKey{Name: name})
				if err != nil {
					t.Error(err)
					return
				}
				for range 50 {
					if _, err := b.Authenticate(token); err != nil {
						t.Error(err)
					}
				}
				if _, err := b.Authenticate(own); err != nil {
					t.Error(err)
				}
				if _, err := b.Revoke(name); err != nil {
					t.Error(err)
				}
				if _, err := b.Authenticate(own); !errors.Is(err, ErrRevoked) {
					t.Error("a revoked key is let in")
				}
				_ = b.List()
			}
		})
	}
	all.Wait()
	if n := len(b.List()); n != 161 {
		t.Errorf("%d keys", n)
	}
}

func TestBrokenKeyInTheDatabase(t *testing.T) {
	b := start(t, dbPath(t), useEvery)
	if err := b.bucket.Put("x", record{Key: Key{ID: "x"}, Hash: []byte("short")}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(b.db, Options{}); err == nil || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	k := start(b, dbPath(b), useEvery)
	var token string
	for i := range 100 {
		_, token = create(b, k.Keys, NewKey{Name: fmt.Sprint(i)})
	}
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.Authenticate(token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unknown", func(b *testing.B) {
		b.ReportAllocs()
		wrong := "gh_0000000000" + token[13:]
		for b.Loop() {
			if _, err := k.Authenticate(wrong); err == nil {
				b.Fatal("let in")
			}
		}
	})
}
