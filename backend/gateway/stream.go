package gateway

import (
	"context"
	"io"
	"net/http"
	"slices"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// Reply is a streamed answer in the vocabulary.
type Reply struct {
	// ID is the request's in the history.
	ID string
	// Events must be read to the end, or left; both end the upstream and settle the history's line.
	Events llm.Stream
	// Settlement gives what the history holds once Events is over.
	Settlement func() Settlement
	// Notices tell what could not be carried as it was asked for.
	Notices []llm.Notice
}

// Stream carries a request of the vocabulary, for callers in this process. It goes the same way as everybody's: encoded
// in a dialect that the model's provider speaks, and through Exchange. Its errors are *llm.Error, within *Unanswered where
// the request got as far as the history.
func (g *Gateway) Stream(ctx context.Context, req *llm.Request, caller Caller) (*Reply, error) {
	dialect, attempt := g.dialectFor(req.Model)
	body, notices, err := g.encode(dialect, req, attempt)
	if err != nil {
		return nil, llm.AsError(err)
	}
	out := Request{Dialect: dialect, Body: body, Header: http.Header{}, Caller: caller}
	if dialect == llm.Gemini { // its bodies don't say it
		out.Head, out.Query = &protocol.Head{Model: req.Model, Stream: true}, "alt=sse"
	}
	answer, err := g.Exchange(ctx, out)
	if err != nil {
		return nil, err
	}
	if answer.Status >= http.StatusMultipleChoices {
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close() //nolint:errcheck // reading is over
		e := llm.AsError(err)
		if err == nil {
			e = llm.AsError(protocol.For(dialect).DecodeError(answer.Status, text))
		}
		return nil, &Unanswered{Err: e, Header: answer.Header, ID: answer.ID, Settlement: answer.settled()}
	}
	return &Reply{ID: answer.ID, Events: events(dialect, answer.Body), Settlement: answer.settled, Notices: notices}, nil
}

// dialectFor gives the dialect in which the model is asked for, and who would answer. Where it can't be had, Exchange
// says why and leaves its line in the history.
func (g *Gateway) dialectFor(model string) (llm.Dialect, routing.Attempt) {
	plan, err := routing.Plan(g.World(), model, llm.ChatCompletions)
	if err != nil {
		return llm.ChatCompletions, routing.Attempt{Provider: &provider.Provider{}}
	}
	return plan[0].Dialect, plan[0]
}

func (g *Gateway) encode(d llm.Dialect, req *llm.Request, a routing.Attempt) ([]byte, []llm.Notice, error) {
	known, _ := g.World().Catalog.Served(a.Provider.ID, a.Model)
	if req.Temperature != nil && len(known.Parameters) > 0 && !slices.Contains(known.Parameters, "temperature") {
		cool := *req // the catalog says that the model takes none
		cool.Temperature, req = nil, &cool
	}
	return protocol.For(d).EncodeRequest(req, protocol.Target{
		Origin: llm.Origin{Provider: a.Provider.ID, Model: a.Model}, MaxOutput: known.MaxOutput,
	})
}

// events decodes an answer and closes it when the reader is done with it.
func events(d llm.Dialect, body io.ReadCloser) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		defer body.Close() //nolint:errcheck // the answer is over
		for e, err := range protocol.For(d).DecodeStream(body) {
			if !yield(e, err) {
				return
			}
		}
		_, _ = io.Copy(io.Discard, body) // the end of the stream stands behind its terminal marker
	}
}
