package routing

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"
)

// balanced gives a provider's credentials in the order in which to try them; nil where nothing is known of them.
func (d *decider) balanced(s serving) []Credential {
	if d.w.Credentials == nil {
		return nil
	}
	list := slices.Clone(d.w.Credentials(s.p.ID))
	if len(list) < 2 {
		return list
	}
	mode := InOrder
	if d.w.Balance != nil {
		mode = d.w.Balance(s.p.ID)
	}
	switch mode {
	case ByWeight:
		weighted := make([]Weighted, len(list))
		for i, c := range list {
			weighted[i] = Weighted{c.Name, max(c.Weight, 1)}
		}
		order := d.shuffled(weighted, "credentials "+s.p.ID)
		slices.SortStableFunc(list, func(a, b Credential) int {
			return cmp.Compare(slices.Index(order, a.Name), slices.Index(order, b.Name))
		})
		return list // a conversation keeps its place by its hash
	case LeastBusy:
		slices.SortStableFunc(list, func(a, b Credential) int { return cmp.Compare(a.InFlight, b.InFlight) })
	case Fastest:
		slices.SortStableFunc(list, func(a, b Credential) int { return cmp.Compare(d.latency(s, a), d.latency(s, b)) })
	}
	return d.stuck(s, list)
}

// latency is a credential's median time to the first token; who was not measured comes first, so that it is.
func (d *decider) latency(s serving, c Credential) time.Duration {
	if d.w.Measured == nil {
		return 0
	}
	return d.w.Measured(Target{s.p.ID, s.model, c.Name}).FirstToken
}

// last gives who answered the conversation last.
func (d *decider) last() (Target, bool) {
	if d.w.Stuck == nil || d.q.Conversation == "" {
		return Target{}, false
	}
	return d.w.Stuck(d.q.Conversation)
}

// stuck puts the credential first that answered the conversation last, since prompt caches and signed reasoning belong
// to it.
func (d *decider) stuck(s serving, list []Credential) []Credential {
	last, ok := d.last()
	if !ok || last.Provider != s.p.ID {
		return list
	}
	if i := slices.IndexFunc(list, func(c Credential) bool { return c.Name == last.Credential }); i > 0 {
		c := list[i]
		list = slices.Insert(slices.Delete(list, i, i+1), 0, c)
	}
	return list
}

// shuffled orders targets by their weights and chance: the first by its share, the others behind it by weight.
func (d *decider) shuffled(targets []Weighted, salt string) []string {
	rest := slices.Clone(targets)
	slices.SortStableFunc(rest, func(a, b Weighted) int { return b.Weight - a.Weight })
	total := 0
	for _, t := range targets {
		total += max(t.Weight, 0)
	}
	if total > 0 {
		at := int(d.chance(salt) % uint64(total)) //nolint:gosec // below total
		for i, t := range rest {
			if at < t.Weight {
				rest = append([]Weighted{t}, slices.Delete(rest, i, i+1)...)
				break
			}
			at -= t.Weight
		}
	} else {
		rest = targets
	}
	out := make([]string, len(rest))
	for i, t := range rest {
		out[i] = t.Model
	}
	return out
}

// chance gives the number that decides something: the same throughout a conversation, where that is known.
func (d *decider) chance(salt string) uint64 {
	h := fnv.New64a()
	if d.q.Conversation != "" {
		_, _ = h.Write([]byte(d.q.Conversation))
	} else {
		_, _ = fmt.Fprint(h, d.q.Seed)
	}
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(salt))
	return mixed(h.Sum64())
}

// mixed spreads a hash's differences over all bits (the finalizer of SplitMix64).
func mixed(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
