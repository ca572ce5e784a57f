package balance_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/balance"
	"gatehouse/backend/event"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// desk is a keeper with a provider that can be told what to answer.
type desk struct {
	*balance.Keeper
	mu     sync.Mutex
	now    time.Time
	answer func(ctx context.Context, secret string) (provider.Balance, error)
	asked  atomic.Int32
}

func (d *desk) set(answer func(ctx context.Context, secret string) (provider.Balance, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = answer
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func openDesk() *desk {
	d := &desk{now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)}
	table := provider.NewTable(nil)
	d.Keeper = balance.New(balance.Options{
		Provider: func(id provider.ID) *provider.Provider { return table[id] },
		Secret: func(_ context.Context, r balance.Ref) (string, error) {
			if r.Name == "none" {
				return "", llm.Errorf(llm.ErrAuth, "there is none")
			}
			return "secret-" + r.Name, nil
		},
		Ask: func(ctx context.Context, _ *provider.Provider, secret string) (provider.Balance, error) {
			d.asked.Add(1)
			d.mu.Lock()
			answer := d.answer
			d.mu.Unlock()
			return answer(ctx, secret)
		},
		Broker: &event.Broker{},
		Now: func() time.Time {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.now
		},
	})
	return d
}

func dollars(text string) func(context.Context, string) (provider.Balance, error) {
	return func(context.Context, string) (provider.Balance, error) {
		return provider.Balance{Amounts: []provider.Amount{{Currency: "USD", Amount: text}}}, nil
	}
}

var work = balance.Ref{Provider: "deepseek", Name: "work"}

// A provider is asked once for a while, and what it said stays known when it says nothing later.
func TestAsk(t *testing.T) {
	d := openDesk()
	d.set(dollars("5"))
	if _, known := d.Known(work); known {
		t.Error("known before anybody asked")
	}
	sub := d.Broker.Subscribe(10)
	defer sub.Close()
	for range 3 {
		s, err := d.Ask(t.Context(), work, balance.Usual)
		if err != nil || s.Err != nil || s.Balance.Amounts[0].Amount != "5" {
			t.Fatalf("%+v, %v", s, err)
		}
	}
	if e, err := sub.Next(t.Context()); err != nil || e.Type != balance.EventType {
		t.Errorf("%+v, %v", e, err)
	}
	if n := d.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	told := d.now
	d.pass(balance.Usual)
	d.set(func(context.Context, string) (provider.Balance, error) {
		return provider.Balance{}, llm.Errorf(llm.ErrOverloaded, "it is down")
	})
	s, err := d.Ask(t.Context(), work, balance.Usual)
	if err != nil || s.Err == nil || s.Err.Kind != llm.ErrOverloaded || !s.At.Equal(told) || s.Balance.Amounts[0].Amount != "5" || !s.Asked.After(told) {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := d.Ask(t.Context(), work, balance.Usual); err != nil || s.Err == nil || d.asked.Load() != 2 {
		t.Errorf("who failed is asked again at once: %+v, %v", s, err)
	}
	d.pass(time.Minute)
	d.set(dollars("4"))
	if s, err := d.Ask(t.Context(), work, balance.Usual); err != nil || s.Err != nil || s.Balance.Amounts[0].Amount != "4" {
		t.Errorf("who failed a minute ago is not asked again: %+v, %v", s, err)
	}
	d.Forget("openai")
	if _, known := d.Known(work); !known {
		t.Error("another provider's credential was replaced, and this one's balance is forgotten")
	}
	d.Forget("deepseek")
	if _, known := d.Known(work); known {
		t.Error("known of a credential that was replaced")
	}
	if _, err := d.Ask(t.Context(), work, balance.Usual); err != nil {
		t.Error(err)
	}
	d.Forget("")
	if _, known := d.Known(work); known {
		t.Error("known of a provider that is elsewhere now")
	}
}

func TestNobodyToAsk(t *testing.T) {
	d := openDesk()
	for ref, want := range map[balance.Ref]llm.ErrorKind{
		{Provider: "nobody"}: llm.ErrNotFound, {Provider: "anthropic"}: llm.ErrBadRequest, {Provider: "deepseek", Name: "none"}: llm.ErrAuth,
	} {
		if _, err := d.Ask(t.Context(), ref, 0); llm.AsError(err) == nil || llm.AsError(err).Kind != want {
			t.Errorf("%v: %v", ref, err)
		}
	}
	if d.asked.Load() > 0 {
		t.Error("somebody was asked")
	}
}

// Those who ask at the same time ask once; who leaves says nothing of the provider; and what a credential had that was replaced
// meanwhile is not what the new one has.
func TestTogether(t *testing.T) {
	d := openDesk()
	begun, answer := make(chan struct{}, 10), make(chan struct{})
	d.set(func(ctx context.Context, _ string) (provider.Balance, error) {
		begun <- struct{}{}
		select {
		case <-answer:
			return dollars("5")(ctx, "")
		case <-ctx.Done():
			return provider.Balance{}, llm.AsError(ctx.Err())
		}
	})
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := d.Ask(ctx, work, balance.Usual)
		left <- err
	}()
	<-begun
	leave()
	if err := <-left; err == nil {
		t.Error("who left got an answer")
	}
	if _, known := d.Known(work); known {
		t.Error("that somebody left is taken for the provider's failure")
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if s, err := d.Ask(t.Context(), work, balance.Usual); err != nil || s.Err != nil {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
	<-begun
	d.Forget("deepseek")
	close(answer)
	all.Wait()
	if n := d.asked.Load(); n > 3 {
		t.Errorf("asked %d times", n)
	}
}
