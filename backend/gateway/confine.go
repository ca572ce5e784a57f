package gateway

import (
	"encoding/json"
	"slices"

	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// From is what a request goes on from that only refers to it.
type From struct {
	// Provider is who keeps the answer that it goes on from, empty if no provider does.
	Provider provider.ID
	// Expanded gives the request for all others, as one that goes on from nothing; nil where nobody here knows all of it.
	Expanded func() []byte
	// Items gives what went before, oldest first; nil where nobody here knows it.
	Items func() []json.RawMessage
}

// confine leaves of a plan what may be done with it, in the order in which it can be.
func (x *exchange) confine() {
	x.confineToOwn()
	x.confineToKeeper()
}

// confineToOwn: a client that brings its own token for its vendor pays there, so nobody else may serve at somebody else's
// cost.
func (x *exchange) confineToOwn() {
	d := x.decision
	own := slices.IndexFunc(d.Attempts, x.isOwn)
	if own < 0 {
		return
	}
	payer := d.Attempts[own]
	var kept []routing.Attempt
	for i, a := range d.Attempts {
		if i == own || i < own && a.Model != payer.Model {
			kept = append(kept, a)
			continue
		}
		d.Left = append(d.Left, routing.Left{
			Provider: a.Provider.ID, Credential: a.Credential, Model: a.Model,
			Reason: "the client brings its own token for " + payer.Provider.Name + ", and pays there",
		})
	}
	d.Attempts = kept
}

// confineToKeeper puts in front who keeps what the request goes on from, where nobody else can know it.
func (x *exchange) confineToKeeper() {
	from, plan := x.req.From, x.decision.Attempts
	if from == nil || from.Provider == "" || from.Expanded != nil {
		return
	}
	keeps := func(a routing.Attempt) bool { return a.Provider.ID == from.Provider }
	if !slices.ContainsFunc(plan, keeps) {
		return
	}
	plan = slices.Clone(plan)
	slices.SortStableFunc(plan, func(a, b routing.Attempt) int {
		switch {
		case keeps(a) == keeps(b):
			return 0
		case keeps(a):
			return -1
		}
		return 1
	})
	for i := range plan {
		if keeps(plan[i]) {
			plan[i].Reason += " and keeps what the request goes on from"
		}
	}
	x.decision.Attempts = plan
}

// expand makes of an attempt's request one that goes on from nothing, where its provider would not know from what.
func (x *exchange) expand(a routing.Attempt, head protocol.Head) (protocol.Head, error) {
	from := x.req.From
	if from == nil || from.Expanded == nil || a.Provider.ID == from.Provider || !x.raw(a) {
		return head, nil
	}
	x.req.Body = from.Expanded()
	x.cut, x.said = nil, jsonedit.Span{}
	head, err := x.peek()
	if err == nil {
		_, err = x.options(head) // for where they stand now
	}
	return head, err
}

// Native tells that all who may answer a request take it as it is, in its own dialect. Its errors are those that asking
// would give.
func (g *Gateway) Native(req Request) (bool, error) {
	x := &exchange{g: g, req: req, codec: protocol.For(req.Dialect), start: g.Now(), decision: &routing.Decision{}}
	head, err := x.peek()
	if err != nil {
		return false, err
	}
	x.requested = head.Model
	plan, err := x.plan(head)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(plan, func(a routing.Attempt) bool { return !x.raw(a) || x.changes(a) }), nil
}
