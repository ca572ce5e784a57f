// Package event is the in-process broadcast that keeps every face of Gatehouse (window, tray, browser, CLI) drawn
// from the same facts.
//
// Guarantees:
//   - Publishing never blocks and never allocates without bound: each subscription holds at most its own limit.
//   - Events of one publisher arrive in order, each with a sequence number that only grows.
//   - A lossy event (Publish) may be dropped for a subscriber that lags; a must-deliver event (PublishEnd) is not: it
//     takes the place of the oldest lossy one. A subscriber whose queue is full of must-deliver events is closed as
//     lagged, so that it resubscribes and starts from a fresh snapshot instead of silently missing something.
//
// It must not know what the events mean.
package event

import (
	"context"
	"errors"
	"sync"
)

// ErrLagged ends a subscription that could not keep up with must-deliver events.
var ErrLagged = errors.New("event: subscriber fell too far behind")

// ErrClosed ends a subscription that was cancelled or whose broker closed.
var ErrClosed = errors.New("event: subscription closed")

// Event is one thing that happened.
type Event struct {
	Seq  uint64 `json:"seq"`
	Type string `json:"type"`
	Data any    `json:"data"`
}

type queued struct {
	Event
	end bool
}

// Broker fans events out to subscriptions. The zero value is ready to use.
type Broker struct {
	mu      sync.Mutex
	seq     uint64
	subs    map[*Subscription]struct{}
	dropped uint64
}

// Subscription is one subscriber's bounded queue.
type Subscription struct {
	broker *Broker
	limit  int

	mu    sync.Mutex
	queue []queued
	err   error
	wake  chan struct{}
}

// Subscribe starts a subscription that holds at most limit undelivered events.
func (b *Broker) Subscribe(limit int) *Subscription {
	s := &Subscription{broker: b, limit: max(limit, 1), wake: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[*Subscription]struct{}{}
	}
	b.subs[s] = struct{}{}
	return s
}

// Publish sends a lossy event.
func (b *Broker) Publish(kind string, data any) { b.publish(kind, data, false) }

// PublishEnd sends an event that no subscriber may miss.
func (b *Broker) PublishEnd(kind string, data any) { b.publish(kind, data, true) }

func (b *Broker) publish(kind string, data any, end bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	q := queued{Event{Seq: b.seq, Type: kind, Data: data}, end}
	for s := range b.subs {
		dropped, lagged := s.push(q)
		if dropped {
			b.dropped++
		}
		if lagged {
			delete(b.subs, s)
		}
	}
}

// Dropped counts lossy events that some subscriber missed.
func (b *Broker) Dropped() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}

func (s *Subscription) push(q queued) (dropped, lagged bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false, true
	}
	if len(s.queue) >= s.limit {
		if !q.end {
			return true, false
		}
		oldest := -1
		for i := range s.queue {
			if !s.queue[i].end {
				oldest = i
				break
			}
		}
		if oldest < 0 {
			s.err = ErrLagged
			s.signal()
			return false, true
		}
		s.queue = append(s.queue[:oldest], s.queue[oldest+1:]...)
		dropped = true
	}
	s.queue = append(s.queue, q)
	s.signal()
	return dropped, false
}

func (s *Subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Next waits for the next event. It returns ctx's error, ErrLagged or ErrClosed when there is none to come.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	for {
		s.mu.Lock()
		if len(s.queue) > 0 {
			q := s.queue[0]
			s.queue = s.queue[1:]
			s.mu.Unlock()
			return q.Event, nil
		}
		err := s.err
		s.mu.Unlock()
		if err != nil {
			return Event{}, err
		}
		select {
		case <-ctx.Done():
			return Event{}, ctx.Err()
		case <-s.wake:
		}
	}
}

// Close ends the subscription; a waiting Next returns ErrClosed once the queue is drained.
func (s *Subscription) Close() {
	s.broker.mu.Lock()
	delete(s.broker.subs, s)
	s.broker.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = ErrClosed
	}
	s.signal()
}
