package control

import (
	"context"
	"time"

	"gatehouse/backend/usage"
)

// UsagePrefix is how a prompt did not begin as that of the request before it in its conversation, so that no cache could have
// the rest of it.
type UsagePrefix struct {
	Cause string `json:"cause" enum:"content,model,provider"` // what is another than before
	Was   string `json:"was"`                                 // the model or provider of before, where that is the cause
	// Part is what the first block that differs is a part of; Number is that message's or tool's, from 1, or 0 for a system
	// prompt in front of all messages.
	Part   string `json:"part" enum:"tools,system,user,assistant,tool,other"`
	Number int    `json:"number"`
	Kept   int    `json:"kept"`   // how many blocks are as before up to there
	Blocks int    `json:"blocks"` // how many there were
	After  string `json:"after"`  // the id of the request before
	Tokens int64  `json:"tokens"` // about how many were read anew that a cache could have had
	// Estimated tells that Tokens is not reckoned from what the provider reports of its cache alone.
	Estimated bool `json:"estimated"`
	// CostPicoUSD is what that cost more than reading them from the cache; null where it is unknown.
	CostPicoUSD *int64 `json:"costPicoUSD"`
}

// UsagePrefixQuery asks for the broken prefixes of the requests that started at From or later and before To; empty is
// unbounded. Limit is how many groups are given of each kind, 10 where it is 0.
type UsagePrefixQuery struct {
	From   *time.Time  `json:"from"`
	To     *time.Time  `json:"to"`
	Filter UsageFilter `json:"filter"`
	Limit  int         `json:"limit"`
}

// UsagePrefixSums is what broken prefixes came to. The cost is what the tokens cost more than reading them from caches would
// have; null where it is known of none.
type UsagePrefixSums struct {
	Requests    int64  `json:"requests"`
	Tokens      int64  `json:"tokens"`    // read anew
	Estimated   int64  `json:"estimated"` // the requests of which that is estimated
	CostPicoUSD *int64 `json:"costPicoUSD"`
	UnknownCost int64  `json:"unknownCost"` // the requests of which the cost is not known
}

// UsagePrefixGroup is the broken prefixes that have something in common.
type UsagePrefixGroup struct {
	Name   string          `json:"name"`
	Client string          `json:"client"` // of the latest request
	Last   string          `json:"last"`   // the latest request's id
	Sums   UsagePrefixSums `json:"sums"`
}

// UsagePrefixes sums up broken prefixes. Places are the parts where they broke, or model or provider where that changed.
// Partial tells that there are more, older ones than are summed up.
type UsagePrefixes struct {
	Sums          UsagePrefixSums    `json:"sums"`
	Places        []UsagePrefixGroup `json:"places"`
	Clients       []UsagePrefixGroup `json:"clients"`
	Conversations []UsagePrefixGroup `json:"conversations"`
	Partial       bool               `json:"partial"`
}

func (s *Service) usagePrefixes(ctx context.Context, q UsagePrefixQuery) (UsagePrefixes, error) {
	b, err := s.History.Breaks(ctx, usage.BreakQuery{
		From: timeOr(q.From), To: timeOr(q.To), Filter: filterOf(q.Filter), Limit: q.Limit,
	})
	if err != nil {
		return UsagePrefixes{}, err
	}
	groups := func(all []usage.BreakGroup) []UsagePrefixGroup {
		out := []UsagePrefixGroup{}
		for _, g := range all {
			out = append(out, UsagePrefixGroup{g.Name, g.Client, g.Last, UsagePrefixSums(g.BreakSums)})
		}
		return out
	}
	return UsagePrefixes{
		Sums: UsagePrefixSums(b.BreakSums), Places: groups(b.Places), Clients: groups(b.Clients),
		Conversations: groups(b.Conversations), Partial: b.Partial,
	}, nil
}
