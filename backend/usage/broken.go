package usage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/prefix"
	"gatehouse/backend/store"
)

// broken gives how a request broke its prefix, with what that cost.
func broken(s gateway.Settlement, pricer Pricer) *prefix.Break {
	if s.Broke == nil {
		return nil
	}
	b := *s.Broke
	b.Was = shorten(b.Was, maxName)
	if cost, known := rereadCost(s, b.Tokens, pricer); known {
		b.CostPicoUSD = &cost
	}
	return &b
}

// rereadCost is what tokens cost more than they would have, had they come from a cache.
func rereadCost(s gateway.Settlement, tokens int64, pricer Pricer) (picoUSD int64, known bool) {
	if tokens == 0 {
		return 0, true
	}
	if pricer == nil || !s.Usage.Known() {
		return 0, false
	}
	u := s.Usage
	moved := int64(0)
	// What is read anew is written to the cache again, where there is one that is written to.
	for _, from := range []*llm.Count{&u.CacheWrite5m, &u.CacheWrite1h, &u.Input} {
		n, known := from.Get()
		if take := min(n, tokens-moved); known && take > 0 {
			*from = llm.Tokens(n - take)
			moved += take
		}
	}
	u.CacheRead = llm.Tokens(u.CacheRead.Or(0) + moved)
	now, then := pricer.Bill(s.Provider, s.Model, s.Usage), pricer.Bill(s.Provider, s.Model, u)
	if now == nil || then == nil || !now.Known || !then.Known {
		return 0, false
	}
	return max(int64(now.Total-then.Total), 0), true
}

// noteBroken keeps in the index that a record is of a broken prefix.
func (h *History) noteBroken(tx *store.Tx, r *Record) error {
	if r.Prefix == nil {
		return nil
	}
	return h.broken.In(tx).Put(r.ID, store.Raw{})
}

// maxBreaks is how many broken prefixes one report sums up, the newest.
const maxBreaks = 20_000

// BreakQuery asks for the broken prefixes of the requests that started at From or later and before To; zero times are
// unbounded. Limit is how many groups are given of each kind, 10 where it is 0.
type BreakQuery struct {
	From, To time.Time
	Filter   Filter
	Limit    int
}

// BreakSums is what broken prefixes came to. Tokens were read anew, Estimated of the requests have that number estimated.
// CostPicoUSD is what that cost more than reading them from caches, nil where it is known of none; UnknownCost counts those of
// which it is not known.
type BreakSums struct {
	Requests, Tokens, Estimated int64
	CostPicoUSD                 *int64
	UnknownCost                 int64
}

// BreakGroup is those that have something in common. Client is that of a conversation, Last the id of the latest request.
type BreakGroup struct {
	Name, Client, Last string
	BreakSums
}

// Breaks is the answer. Places are where prefixes broke: at the tools, the system prompt, a message of somebody's, or at a
// change of the model or provider. Partial tells that there are more than are summed up.
type Breaks struct {
	BreakSums
	Places, Clients, Conversations []BreakGroup
	Partial                        bool
}

func (s *BreakSums) add(b *prefix.Break) {
	s.Requests++
	s.Tokens += b.Tokens
	if b.Estimated {
		s.Estimated++
	}
	if b.CostPicoUSD == nil {
		s.UnknownCost++
		return
	}
	cost := *b.CostPicoUSD
	if s.CostPicoUSD != nil {
		cost += *s.CostPicoUSD
	}
	s.CostPicoUSD = &cost
}

// placeOf is the word for where a prefix broke.
func placeOf(b *prefix.Break) string {
	if b.Cause != prefix.Content {
		return string(b.Cause)
	}
	return b.Part
}

// Breaks sums up broken prefixes.
func (h *History) Breaks(ctx context.Context, q BreakQuery) (Breaks, error) {
	out := Breaks{}
	groups := [3]map[string]*BreakGroup{{}, {}, {}}
	match := (&Search{From: q.From, To: q.To, Filter: q.Filter, Broken: true}).matcher()
	err := h.eachBroken(ctx, q, func(r *Record) bool {
		if !match(r) {
			return true
		}
		if out.Requests == maxBreaks {
			out.Partial = true
			return false
		}
		out.add(r.Prefix)
		for i, name := range []string{placeOf(r.Prefix), r.Client, r.Conversation} {
			g := groups[i][name]
			if g == nil { // they come newest first
				g = &BreakGroup{Name: name, Client: r.Client, Last: r.ID}
				groups[i][name] = g
			}
			g.add(r.Prefix)
		}
		return true
	})
	limit := cmp.Or(max(q.Limit, 0), 10)
	out.Places, out.Clients, out.Conversations = ranked(groups[0], limit), ranked(groups[1], limit), ranked(groups[2], limit)
	return out, err
}

// ranked gives the groups, those that cost most first.
func ranked(groups map[string]*BreakGroup, limit int) []BreakGroup {
	out := []BreakGroup{}
	for _, g := range groups {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b BreakGroup) int {
		return cmp.Or(cmp.Compare(b.Tokens, a.Tokens), cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Name, b.Name))
	})
	return out[:min(len(out), limit)]
}

// eachBroken gives the records of broken prefixes that may be meant, newest first, until fn says to stop.
func (h *History) eachBroken(ctx context.Context, q BreakQuery, fn func(*Record) bool) error {
	seen := map[string]bool{}
	for _, r := range h.liveRecords() {
		seen[r.ID] = true
		if r.Prefix != nil && !fn(r) {
			return nil
		}
	}
	from, until := "", ""
	if !q.To.IsZero() {
		from = firstID(q.To.Add(idSlack))
	}
	if !q.From.IsZero() {
		until = firstID(q.From.Add(-idSlack))
	}
	return h.db.Read(func(tx *store.Tx) error {
		records := h.records.In(tx)
		return h.broken.In(tx).Range(from, store.Descending, func(id string, _ store.Raw) (bool, error) {
			if id < until || ctx.Err() != nil {
				return false, ctx.Err()
			}
			raw, found, err := records.Get(id)
			if err != nil || !found || seen[id] {
				return err == nil, err
			}
			r, err := whole(raw)
			if err != nil {
				h.opts.Logger.Warn("a record of the usage history can't be read", "id", id, "error", err)
				return true, nil
			}
			return fn(r), nil
		})
	})
}
