package protocol

import (
	"bytes"
	"encoding/json"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/responses"
)

// Keeping is what a service that keeps OpenAI Responses' answers has to do with one request.
type Keeping struct {
	// ID is the answer's id; empty makes it of the request's own.
	ID string
	// History are the items that go before the request's own, Resolve gives what a reference to an item stands for.
	History []json.RawMessage
	Resolve func(item json.RawMessage) (items []json.RawMessage, ok bool)
	// Keep is called with the whole response before its last event goes out, unless the answer failed or is not the
	// client's (Asked.Won). Nil keeps nothing.
	Keep func(response []byte)
	// Started is called with the encoder before its first event; nil where nobody wants to know.
	Started func(*responses.Encoder)
	// Compact asks for a summary of the conversation instead of an answer, as a compaction_trigger in the input does.
	Compact bool
}

// ResponsesRequest is a client's request in OpenAI Responses with what it says of what is to be kept.
type ResponsesRequest struct {
	*Asked
	Head *responses.Head
}

// Responses reads a client's request whose state somebody keeps.
func Responses(body []byte, k Keeping) (*ResponsesRequest, error) {
	req, head, err := responses.DecodeRequest(body, responses.DecodeOptions{History: k.History, Resolve: k.Resolve})
	if err != nil {
		return nil, err
	}
	compact := k.Compact || head.Compact
	if compact {
		req = responses.Compaction(req)
	}
	keeper := &keeper{keep: k.Keep}
	encoder := func(a Answering) *keepingEncoder {
		options := responses.AnswerOptions{
			Head: head, Origin: a.Origin, ID: k.ID, Model: a.Model, Now: func() time.Time { return a.Now },
			Account: a.Account,
		}
		if options.ID == "" {
			options.ID = "resp_" + a.ID
		}
		e := &keepingEncoder{Encoder: responses.NewEncoder(options), keeper: keeper}
		if compact {
			e.compacting = &responses.Compacting{Origin: a.Origin}
		}
		if k.Started != nil {
			k.Started(e.Encoder)
		}
		return e
	}
	asked := &Asked{
		Request: req, Notices: head.Notices, Won: keeper.win,
		NewEncoder: func(a Answering) Encoder { return encoder(a) },
		EncodeResponse: func(events []llm.Event, a Answering) ([]byte, error) {
			e := encoder(a)
			for _, event := range events {
				e.Encode(event)
			}
			if e.failed != nil {
				return nil, e.failed
			}
			if e.Response() == nil {
				return nil, llm.AsError(llm.ErrIncomplete)
			}
			return e.Response(), nil
		},
	}
	return &ResponsesRequest{asked, head}, nil
}

// keeper keeps an answer as soon as it is both whole and the client's.
type keeper struct {
	keep     func([]byte)
	won      bool
	response []byte // what waits until it is won
}

func (k *keeper) take(response []byte) {
	switch {
	case k.keep == nil:
	case k.won:
		k.keep(response)
	default:
		k.response = bytes.Clone(response)
	}
}

func (k *keeper) win() {
	k.won = true
	if k.response != nil {
		k.keep(k.response)
		k.response = nil
	}
}

// keepingEncoder gives the whole response to who keeps it before its last event goes out.
type keepingEncoder struct {
	*responses.Encoder
	keeper     *keeper
	compacting *responses.Compacting
	out        []byte
	kept       bool
	failed     *llm.Error
}

func (e *keepingEncoder) Encode(event llm.Event) []byte {
	if f, ok := event.(llm.Finish); ok && f.Reason.Kind == llm.FinishError {
		e.kept = true // a failed answer is nothing to go on from
	}
	if e.compacting == nil {
		return e.settle(e.Encoder.Encode(event))
	}
	events, failed := e.compacting.Next(event)
	if failed != nil {
		e.failed = failed
		return e.End(failed)
	}
	e.out = e.out[:0]
	for _, event := range events {
		e.out = append(e.out, e.Encoder.Encode(event)...)
	}
	return e.settle(e.out)
}

// settle keeps the answer once it is there.
func (e *keepingEncoder) settle(out []byte) []byte {
	if response := e.Response(); response != nil && !e.kept {
		e.kept = true
		e.keeper.take(response)
	}
	return out
}

func (e *keepingEncoder) End(err *llm.Error) []byte {
	e.kept = true // as above
	return e.Encoder.End(err)
}

// decodeResponses refuses what needs answers to be kept, where nobody keeps them.
func decodeResponses(body []byte) (*Asked, error) {
	r, err := Responses(body, Keeping{})
	if err != nil {
		return nil, err
	}
	for name, asked := range map[string]bool{
		"previous_response_id": r.Head.PreviousResponseID != "", "conversation": r.Head.Conversation != "",
		"background": r.Head.Background,
	} {
		if asked {
			return nil, llm.Errorf(llm.ErrBadRequest, "%q needs answers to be kept, which nobody does here; send the whole input "+
				"instead", name).WithCode("unsupported_parameter")
		}
	}
	return r.Asked, nil
}

// Compacted gives the request with an answer in the shape of POST /responses/compact; items are all of the conversation.
func (r *ResponsesRequest) Compacted(items []json.RawMessage) *Asked {
	asked, encode := *r.Asked, r.EncodeResponse
	asked.EncodeResponse = func(events []llm.Event, a Answering) ([]byte, error) {
		response, err := encode(events, a)
		if err != nil {
			return nil, err
		}
		return responses.EncodeCompaction(items, response, a.Now.Unix()), nil
	}
	return &asked
}
