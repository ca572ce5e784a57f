package proxy

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/coder/websocket"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/responses"
	"gatehouse/backend/protocol/sse"
)

// turn carries one request of a connection. The key is looked at each time, so that a revoked one ends with the next.
func (c *socket) turn(f frame) {
	key, refused := c.s.authenticate(c.r)
	if refused != nil {
		c.send(f.lane, errorFrame(refused))
		c.leave(websocket.StatusPolicyViolation, "the API key is refused")
		return
	}
	if c.s.Paused() {
		c.send(f.lane, errorFrame(paused()))
		return
	}
	req := c.s.request(c.r, key)
	req.Body = f.body
	t := c.s.open(&req, &c.memory)
	err := c.answer(f, t, &req)
	if err == nil || c.ctx.Err() != nil {
		return
	}
	if t.state.Previous != "" { // nothing can go on from it any more
		c.memory.drop(t.state.Previous)
	}
	if e := llm.AsError(err); !errors.Is(err, errSaid) {
		c.send(f.lane, errorFrame(e))
		if e.HTTPStatus() == http.StatusPaymentRequired {
			c.leave(outOfFunds, "out of funds")
		}
	}
}

// errSaid is a failure that the client got as an event.
var errSaid = errors.New("the answer failed")

func (c *socket) answer(f frame, t *turn, req *gateway.Request) error {
	head, err := protocol.Peek(req.Body, true)
	if err != nil {
		return err
	}
	t.done = func(head *responses.Head, response []byte) {
		c.remember(f.lane, response, t.items, head.Input, nil, &remembered{ours: true})
	}
	if f.warmup {
		if _, err := c.s.Gateway.Native(*req); err != nil {
			return err
		}
		return c.warmUp(f, t, head.Model)
	}
	answer, err := c.s.Gateway.Exchange(c.ctx, *req)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // the answer is over either way
	if answer.Status >= http.StatusMultipleChoices {
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return err
		}
		return protocol.For(llm.Responses).DecodeError(answer.Status, body)
	}
	if !answer.Stream {
		return llm.Errorf(llm.ErrOverloaded, "the provider does not stream its answers").WithStatus(http.StatusBadGateway)
	}
	return c.stream(f, t, answer)
}

// stream passes an answer's events on. One that passed as it came is remembered from its events.
func (c *socket) stream(f frame, t *turn, answer *gateway.Answer) error {
	events := sse.NewReader(answer.Body)
	var items []json.RawMessage
	for {
		e, err := events.Next()
		if err != nil {
			if own, ok := errors.AsType[*llm.Error](err); ok {
				return own
			}
			return llm.Errorf(llm.ErrOverloaded, "the answer broke off before it was finished; ask again").
				WithStatus(http.StatusBadGateway)
		}
		if len(e.Data) == 0 || bytes.Equal(bytes.TrimSpace(e.Data), []byte("[DONE]")) {
			continue
		}
		kind := e.Name
		if kind == "" {
			kind = jsonread.Of(e.Data).Get("type").String()
		}
		switch kind {
		case "response.output_item.done":
			if answer.Raw {
				items = append(items, json.RawMessage(jsonread.Of(e.Data).Get("item").Raw()))
			}
		case "response.completed", "response.incomplete":
			if answer.Raw {
				c.rememberRaw(f, t, answer.Provider, []byte(jsonread.Of(e.Data).Get("response").Raw()), items)
			}
			c.send(f.lane, accounted(e.Data, answer.Account()))
			return nil
		case "response.failed", "error":
			c.send(f.lane, e.Data)
			return errSaid
		}
		c.send(f.lane, e.Data)
		if c.ctx.Err() != nil {
			return c.ctx.Err()
		}
	}
}

// accounted puts into an answer's last event how it came about: over a connection there are no headers that could say it.
func accounted(event, account []byte) []byte {
	response, err := jsonedit.Find(event, "response")
	if account == nil || err != nil || !response[0].Found() {
		return event
	}
	at := response[0]
	member, err := jsonedit.Insert(at.Of(event), "provider_metadata", []byte(`{"gateway":`+string(account)+`}`))
	if jsonread.Of(at.Of(event)).Get("provider_metadata").Exists() || err != nil { // another gateway's own
		return event
	}
	return jsonedit.Apply(event, jsonedit.Edit{At: at, With: jsonedit.Apply(at.Of(event), member).Bytes()}).Bytes()
}

// rememberRaw remembers an answer of a provider that speaks the dialect. Where it goes on from what only the provider
// knows, the provider goes on keeping it.
func (c *socket) rememberRaw(f frame, t *turn, provider string, response []byte, items []json.RawMessage) {
	var before []json.RawMessage
	switch {
	case t.memory != nil:
		before = t.memory.items
	case t.state.Previous != "" || t.state.Conversation != "":
		return
	}
	kept := ""
	if t.state.Store {
		kept = provider
	}
	c.remember(f.lane, response, before, responses.InputItems(f.body), items, &remembered{provider: kept})
}

// remember keeps an answer as its lane's last. items are its own as they were streamed, for providers whose last event has
// none.
func (c *socket) remember(lane string, response []byte, before, input, items []json.RawMessage, r *remembered) {
	root := jsonread.Of(response)
	if output := root.Get("output").Array(); len(output) > 0 {
		items = nil
		for _, item := range output {
			items = append(items, json.RawMessage(item.Raw()))
		}
	}
	r.items = append(append([]json.RawMessage{}, before...), input...)
	for _, item := range items {
		if r.ours {
			r.items = append(r.items, item)
		} else if item = responses.Portable(item); item != nil {
			r.items = append(r.items, item)
		}
	}
	c.memory.put(lane, root.Get("id").String(), r)
}

// warmUp answers a request for no answer: there is an id to go on from. Nothing is sent to a provider, since no provider
// is spoken to over a connection that could be warm.
func (c *socket) warmUp(f frame, t *turn, model string) error {
	t.id = c.s.newID("resp_")
	foreign := t.kept || t.memory != nil && t.memory.ours
	t.done = func(head *responses.Head, response []byte) {
		c.remember(f.lane, response, t.items, head.Input, nil, &remembered{ours: foreign})
	}
	r, err := t.read()
	if err != nil {
		return err
	}
	r.Won() // nobody else answers
	encoder := r.NewEncoder(protocol.Answering{ID: t.id, Model: model, Now: c.s.now()})
	out := bytes.Clone(encoder.Encode(llm.MessageStart{}))
	out = append(out, encoder.Encode(llm.Finish{Reason: llm.FinishReason{Kind: llm.FinishStop}})...)
	events := sse.NewReader(bytes.NewReader(out))
	for {
		e, err := events.Next()
		if err != nil {
			return nil //nolint:nilerr // all was said
		}
		c.send(f.lane, e.Data)
	}
}
