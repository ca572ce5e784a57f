package event

import (
	"context"
	"errors"
	"testing"
	"time"
)

func next(t *testing.T, s *Subscription) Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	e, err := s.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestOrderAndSequence(t *testing.T) {
	var b Broker
	s := b.Subscribe(8)
	b.Publish("a", 1)
	b.PublishEnd("b", 2)
	if e := next(t, s); e.Type != "a" || e.Seq != 1 {
		t.Fatalf("got %+v", e)
	}
	if e := next(t, s); e.Type != "b" || e.Seq != 2 {
		t.Fatalf("got %+v", e)
	}
}

func TestFullQueueDropsLossyAndKeepsEnds(t *testing.T) {
	var b Broker
	s := b.Subscribe(2)
	b.Publish("delta", 1)
	b.Publish("delta", 2)
	b.Publish("delta", 3) // dropped: the queue is full
	b.PublishEnd("end", 4)
	if e := next(t, s); e.Data != 2 {
		t.Fatalf("the oldest delta should have made room, got %+v", e)
	}
	if e := next(t, s); e.Type != "end" {
		t.Fatalf("the end is missing, got %+v", e)
	}
	if b.Dropped() != 2 {
		t.Fatalf("dropped %d, want 2", b.Dropped())
	}
}

func TestSubscriberFullOfEndsIsLagged(t *testing.T) {
	var b Broker
	s := b.Subscribe(1)
	b.PublishEnd("end", 1)
	b.PublishEnd("end", 2)
	next(t, s)
	if _, err := s.Next(context.Background()); !errors.Is(err, ErrLagged) {
		t.Fatalf("got %v, want ErrLagged", err)
	}
}

func TestCloseWakesTheWaiter(t *testing.T) {
	var b Broker
	s := b.Subscribe(1)
	done := make(chan error, 1)
	go func() { _, err := s.Next(context.Background()); done <- err }()
	s.Close()
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Fatalf("got %v, want ErrClosed", err)
	}
	b.Publish("x", nil) // must not panic or reach the closed subscription
}
