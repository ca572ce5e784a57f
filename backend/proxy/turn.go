package proxy

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"gatehouse/backend/answers"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/responses"
)

// turn is a request in OpenAI Responses with what it goes on from. Where its provider speaks the dialect and it goes on
// from nothing that is kept here, all of that is the provider's affair and the request goes as it is.
type turn struct {
	s   *Server
	key string
	// body is the request as the client sent it.
	body  []byte
	state responses.State
	// kept tells that what the request goes on from is kept here, memory is that of a connection (nil if it is none of it).
	kept   bool
	memory *remembered
	// past reads what goes before the request's own once, however many attempts ask. items are it, and before is how many
	// items the conversation had ever had.
	past   func() ([]json.RawMessage, error)
	items  []json.RawMessage
	before int
	// id is the answer's, empty where it is made of the request's own.
	id string
	// background leaves the keeping to the job.
	background bool
	compact    bool
	started    func(*responses.Encoder)
	// done is told of an answer that was translated, with the request's own items; nil where nobody asks.
	done func(head *responses.Head, response []byte)
}

// open finds out what a request goes on from and sets how it is decoded. memory is the connection's, nil without one.
func (s *Server) open(req *gateway.Request, memory *memory) *turn {
	t := &turn{s: s, key: req.Caller.KeyID, body: req.Body, state: responses.ReadState(req.Body)}
	t.past = sync.OnceValues(func() (items []json.RawMessage, err error) {
		t.items, err = t.history()
		return t.items, err
	})
	req.Dialect, req.Decode = llm.Responses, t.decode
	if id := t.state.Previous; id != "" {
		if t.memory = memory.get(id); t.memory == nil {
			_, t.kept = s.Answers.Has(t.key, id)
		}
	}
	if id := t.state.Conversation; id != "" {
		_, t.kept = s.Answers.Conversation(t.key, id)
	}
	if t.state.References && !t.kept {
		for _, item := range responses.InputItems(req.Body) {
			t.kept = t.kept || t.refersHere(item)
		}
	}
	req.From = t.from()
	req.Rewrite = t.kept || t.memory != nil && t.memory.ours
	if t.state.Store {
		req.Issued = func(id, provider string) { s.Answers.Issued(t.key, id, provider) }
	}
	return t
}

// from says what the request goes on from, nil where that is nothing.
func (t *turn) from() *gateway.From {
	switch {
	case t.memory != nil:
		return &gateway.From{
			Provider: t.memory.provider, Items: func() []json.RawMessage { return t.memory.items },
			Expanded: func() []byte { return responses.Expanded(t.body, t.memory.items) },
		}
	case t.kept:
		return &gateway.From{Items: func() []json.RawMessage {
			items, err := t.past()
			if err != nil { // decoding says so
				return nil
			}
			return items
		}}
	case t.state.Previous != "":
		keeper, _ := t.s.Answers.Provider(t.key, t.state.Previous)
		return &gateway.From{Provider: keeper}
	}
	return nil
}

func (t *turn) refersHere(item json.RawMessage) bool {
	if jsonread.Of(item).Get("type").String() != "item_reference" {
		return false
	}
	_, ok := t.s.Answers.Has(t.key, responses.ItemOwner(jsonread.Of(item).Get("id").String()))
	return ok
}

// decode reads the request together with what it goes on from.
func (t *turn) decode() (*protocol.Asked, error) {
	r, err := t.read()
	if err != nil {
		return nil, err
	}
	return r.Asked, nil
}

func (t *turn) read() (*protocol.ResponsesRequest, error) {
	history, err := t.past()
	if err != nil {
		return nil, err
	}
	var r *protocol.ResponsesRequest
	r, err = protocol.Responses(t.body, protocol.Keeping{
		ID: t.id, History: history, Resolve: t.resolve, Compact: t.compact, Started: t.started,
		Keep: func(response []byte) {
			if !t.background && !t.compact && (t.state.Store || t.state.Conversation != "") {
				t.keep(t.answer(r.Head, response))
			}
			if t.done != nil {
				t.done(r.Head, response)
			}
		},
	})
	return r, err
}

// history gives the items that go before the request's own.
func (t *turn) history() (items []json.RawMessage, err error) {
	switch ok := true; {
	case t.state.Previous != "" && t.state.Conversation != "": // decoding says what is wrong with that
	case t.memory != nil:
		return t.memory.items, nil
	case t.state.Previous != "":
		items, ok, err = t.s.Answers.History(t.key, t.state.Previous)
		if err == nil && !ok {
			err = t.unknownPrevious()
		}
	case t.state.Conversation != "":
		items, t.before, ok, err = t.s.Answers.Items(t.key, t.state.Conversation)
		if err == nil && !ok {
			err = unknownConversation(t.state.Conversation)
		}
	}
	return items, err
}

func (t *turn) unknownPrevious() error {
	id := t.state.Previous
	e := llm.Errorf(llm.ErrBadRequest, "Previous response with id '%s' not found. Send the whole input instead.", id)
	if running, ok := t.s.Answers.Has(t.key, id); ok && running {
		e = llm.Errorf(llm.ErrBadRequest, "Previous response with id '%s' is still being written. Wait until it is completed.", id)
	} else if ok {
		e = llm.Errorf(llm.ErrBadRequest, "Previous response with id '%s' goes on from one that was deleted. Send the whole input instead.", id)
	} else if _, elsewhere := t.s.Answers.Provider(t.key, id); elsewhere {
		e = llm.Errorf(llm.ErrBadRequest, "Previous response with id '%s' not found: the provider that gave it keeps it, and this "+
			"model is another provider's. Send the whole input instead.", id)
	}
	return e.WithCode("previous_response_not_found").WithParam("previous_response_id")
}

func (t *turn) resolve(item json.RawMessage) ([]json.RawMessage, bool) {
	if !t.refersHere(item) {
		return nil, false
	}
	id := jsonread.Of(item).Get("id").String()
	answer, ok, err := t.s.Answers.Get(t.key, responses.ItemOwner(id))
	if err != nil || !ok {
		return nil, false
	}
	for _, list := range [][]json.RawMessage{answer.Input, answers.Output(answer.Response)} {
		for _, one := range list {
			if jsonread.Of(one).Get("id").String() == id {
				return []json.RawMessage{one}, true
			}
		}
	}
	return nil, false
}

// keep keeps a whole answer, as far as the client wants that. Trouble with the disk costs no answer: the client has it,
// and going on from it will be refused.
func (t *turn) keep(answer answers.Answer) {
	t.s.extend(answer)
	if !t.state.Store {
		return
	}
	if err := t.s.Answers.Put(answer); err != nil {
		t.s.Logger.Error("can't keep an answer", "answer", answer.ID, "error", err)
	}
}

// extend adds an answer to its conversation, if it has one. That is what a conversation is for, so it is done whether or
// not the answer itself is kept.
func (s *Server) extend(answer answers.Answer) {
	if answer.Conversation == "" {
		return
	}
	items := append(slices.Clone(answer.Input), answers.Output(answer.Response)...)
	if _, err := s.Answers.Append(answer.Key, answer.Conversation, items); err != nil {
		s.Logger.Error("can't add an answer to its conversation", "answer", answer.ID, "error", err)
	}
}

func (t *turn) answer(head *responses.Head, response []byte) answers.Answer {
	root := jsonread.Of(response)
	id := root.Get("id").String()
	return answers.Answer{
		ID: id, Key: t.key, CreatedAt: time.Unix(root.Get("created_at").Int(), 0), Previous: t.state.Previous,
		Conversation: t.state.Conversation, Before: t.before, Input: responses.Listed(head.Input, id, 0), Response: response,
	}
}
