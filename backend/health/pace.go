package health

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// pace is how fast a target was, in its latest answers.
type pace struct {
	first []time.Duration
	whole []time.Duration // of answers in one piece
	speed []int64         // thousandths of tokens per second
}

// paceLength is of how many answers the median is taken.
const paceLength = 32

func (p *pace) add(r routing.Result) {
	if r.FirstToken <= 0 {
		if r.Duration > 0 {
			p.whole = appendLast(p.whole, r.Duration)
		}
		return
	}
	p.first = appendLast(p.first, r.FirstToken)
	if rest := r.Duration - r.FirstToken; rest > 0 && r.Tokens > 1 {
		p.speed = appendLast(p.speed, r.Tokens*1_000_000/max(rest.Milliseconds(), 1))
	}
}

func appendLast[T any](list []T, v T) []T {
	list = append(list, v)
	if len(list) > paceLength {
		list = list[1:]
	}
	return list
}

func median[T time.Duration | int64](list []T) T {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// Measured tells how a target did lately; without a credential, how the provider did with all of its own.
func (b *Board) Measured(of routing.Target) routing.Measure {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all pace
	for known, t := range b.targets {
		if known.Provider == of.Provider && known.Model == of.Model && (of.Credential == "" || known.Credential == of.Credential) {
			all.first = append(all.first, t.pace.first...)
			all.speed = append(all.speed, t.pace.speed...)
		}
	}
	return routing.Measure{FirstToken: median(all.first), MilliTokensPerSecond: median(all.speed)}
}

// lateOf is how many of a hundred attempts are not late, lateLeast of how many one can tell.
const (
	lateOf    = 95
	lateLeast = 5
)

// Late gives the 95th percentile of a target's latest times to the first token, or of those that its answers in one piece
// took; 0 where too few are known.
func (b *Board) Late(of routing.Target, whole bool) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.targets[of]
	if t == nil {
		return 0
	}
	list := t.pace.first
	if whole {
		list = t.pace.whole
	}
	if len(list) < lateLeast {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[(len(sorted)*lateOf+99)/100-1]
}

// places remembers who answered which conversation last, for a bounded number of conversations.
type places struct {
	mu    sync.Mutex
	order *list.List
	by    map[string]*list.Element
}

type place struct {
	conversation string
	target       routing.Target
}

const mostPlaces = 10_000

func newPlaces() *places { return &places{order: list.New(), by: map[string]*list.Element{}} }

// Remember keeps that a target answered a conversation.
func (b *Board) Remember(conversation string, of routing.Target) {
	if conversation == "" {
		return
	}
	p := b.places
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.by[conversation]; ok {
		e.Value = place{conversation, of}
		p.order.MoveToFront(e)
		return
	}
	p.by[conversation] = p.order.PushFront(place{conversation, of})
	if p.order.Len() > mostPlaces {
		oldest := p.order.Remove(p.order.Back()).(place)
		delete(p.by, oldest.conversation)
	}
}

// Stuck gives who answered a conversation last.
func (b *Board) Stuck(conversation string) (routing.Target, bool) {
	p := b.places
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.by[conversation]
	if !ok {
		return routing.Target{}, false
	}
	return e.Value.(place).target, true
}

// Running counts the attempts under way with a credential, over all models.
func (b *Board) Running(id provider.ID, name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for of, t := range b.targets {
		if of.Provider == id && of.Credential == name {
			n += t.running
		}
	}
	return n
}
