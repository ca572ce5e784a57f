package gateway

import (
	"cmp"

	"gatehouse/backend/llm"
	"gatehouse/backend/prefix"
)

// follow notes in a settlement which conversation the request is one of, and how it broke its prefix. It is called when the
// last of the answer is there, so that no client waits for it.
func (x *exchange) follow(s *Settlement) {
	if x.g.Prefixes == nil || x.pass != nil || x.req.Embedding != nil || x.req.Suffix != "" || s.Answered == 0 {
		return
	}
	if s.Outcome != OK && !(s.Outcome == Cancelled && x.seen.Content) { // nothing says that the prompt was read
		return
	}
	caller := x.req.Caller.KeyID + "\x00" + x.req.Caller.Project
	session := x.session()
	p, ok := x.g.Prefixes.Read(caller+"\x00"+session, x.before(), x.req.Body)
	if !ok {
		return
	}
	session = cmp.Or(session, p.Session)
	id, broke := x.g.Prefixes.Follow(prefix.Turn{
		ID: x.id, Caller: caller, Dialect: x.req.Dialect, Session: session, Prompt: p,
		Provider: s.Provider, Model: s.Model, Usage: s.Usage, Started: x.start, Ended: x.start.Add(s.Duration),
	})
	s.Conversation, s.Broke = id, broke // not the one by which targets stick: a guess at what was said could be held against it
	if session != "" {
		s.Conversation = x.ownHash("id", session)
	}
}

// before gives the items that go before the request's own.
func (x *exchange) before() [][]byte {
	if x.req.Dialect != llm.Responses || x.req.From == nil || x.req.From.Items == nil {
		return nil
	}
	var out [][]byte
	for _, item := range x.req.From.Items() {
		out = append(out, item)
	}
	return out
}
