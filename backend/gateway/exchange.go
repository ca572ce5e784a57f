package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/provider"
)

// exchange is one request on its way.
type exchange struct {
	g     *Gateway
	req   Request
	codec protocol.Codec
	id    string
	start time.Time
	entry Entry

	// pass is set for requests that are passed on whole.
	pass *passing

	requested string
	// long tells that the client asked for the long context by the model's suffix.
	long     bool
	provider *provider.Provider
	model    string
	attempts []Attempt
	// whole tells that the answer is already there to its end.
	whole bool
	// forget leaves all reasoning of earlier turns out when the request is written anew.
	forget bool
	// asked is the request as it was decoded last, nil where it went as it was.
	asked *protocol.Asked
	// estimated is the estimate of the prompt's tokens, uncorrected; 0 where none was made.
	estimated int64
	first     time.Duration
	seen      *llm.Observation

	mu   sync.Mutex
	last *Settlement
}

// settle ends the line in the history; only the first call counts.
func (x *exchange) settle(outcome Outcome, e *llm.Error, status int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.last != nil {
		return
	}
	s := Settlement{
		Outcome: outcome, Model: x.model, Status: status, Attempts: x.attempts, FirstToken: x.first,
		Duration: x.g.Now().Sub(x.start),
	}
	if x.provider != nil {
		s.Provider = x.provider.ID
	}
	if e != nil {
		s.Kind, s.Error = e.Kind, e.Message
	}
	if x.seen != nil {
		s.UpstreamID, s.Usage, s.Finish = x.seen.ID, x.seen.Usage, x.seen.Finish
	}
	x.last = &s
	x.entry.Settle(s)
}

func (x *exchange) settlement() Settlement {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.last == nil {
		return Settlement{Outcome: Open}
	}
	return *x.last
}

func (x *exchange) answer(ctx context.Context, resp *http.Response) *Answer {
	events := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
	// Gemini's streams are one JSON array for who does not ask for events.
	stream := events || x.req.Dialect == llm.Gemini && x.req.Head != nil && x.req.Head.Stream
	header := x.header(resp)
	if stream {
		header.Del("Content-Length")
	}
	return &Answer{
		ID: x.id, Status: resp.StatusCode, Header: header, Stream: stream, Provider: x.provider.ID, Model: x.model,
		Body:    &body{x: x, ctx: ctx, upstream: resp.Body, status: resp.StatusCode, stream: stream, array: stream && !events, tap: x.codec.NewTap(stream)},
		settled: x.settlement,
	}
}

// body passes an answer on and watches it. A stream that fails or is cut off gets the error event of its dialect as its
// end, so that no client takes a torn answer for a whole one.
type body struct {
	x        *exchange
	ctx      context.Context
	upstream io.ReadCloser
	status   int
	stream   bool
	array    bool // the stream is one JSON array, no server-sent events
	tap      llm.Tap

	tail   []byte // what is still to be given after the upstream's own bytes
	ended  error  // what to give after the tail
	closed bool
	told   bool // Issued was told
}

func (b *body) issued() {
	if !b.told && b.x.req.Issued != nil && b.x.seen.ID != "" {
		b.told = true
		b.x.req.Issued(b.x.seen.ID, b.x.provider.ID)
	}
}

func (b *body) Read(p []byte) (int, error) {
	if b.ended != nil {
		return b.rest(p)
	}
	n, err := b.upstream.Read(p)
	if n > 0 {
		b.x.seen = b.tap.Write(p[:n])
		b.issued()
		if b.stream && b.x.first == 0 && b.x.seen.Content {
			b.x.first = max(b.x.g.Now().Sub(b.x.start), 1)
		}
	}
	if err == nil {
		return n, nil
	}
	b.x.seen = b.tap.Close()
	b.issued()
	b.end(err)
	if n > 0 {
		return n, nil
	}
	return b.rest(p)
}

func (b *body) rest(p []byte) (int, error) {
	if len(b.tail) == 0 {
		return 0, b.ended
	}
	n := copy(p, b.tail)
	b.tail = b.tail[n:]
	return n, nil
}

// end settles at the end of the upstream's bytes.
func (b *body) end(err error) {
	b.ended = io.EOF
	seen := b.x.seen
	switch {
	case seen.Err != nil:
		seen.Err.Message = b.x.redact(seen.Err.Message)
		b.x.settle(Failed, seen.Err, b.status)
	case errors.Is(err, io.EOF) && (seen.Ended || b.endsWithConnection()):
		b.x.settle(OK, nil, b.status)
	case b.ctx.Err() != nil:
		b.ended = b.ctx.Err()
		b.x.settle(Cancelled, llm.AsError(b.ctx.Err()), b.status)
	default:
		e := llm.Errorf(llm.ErrOverloaded, "%s broke off its answer before it was finished; try again", b.x.provider.Name).
			WithStatus(http.StatusBadGateway).WithCode("upstream_broke_off")
		b.x.settle(Failed, e, b.status)
		if b.stream && !b.array {
			// A blank line first: the cut may have come within an event.
			b.tail = append([]byte("\n\n"), b.x.streamError(seen.ID, e)...)
		} else {
			b.ended = io.ErrUnexpectedEOF
		}
	}
}

// endsWithConnection tells that the answer has no end of its own that could be missed.
func (b *body) endsWithConnection() bool {
	tap, ok := b.tap.(interface{ EndsWithConnection() bool })
	return ok && tap.EndsWithConnection()
}

// Close ends the upstream at once. A client that leaves after the terminal marker got everything.
func (b *body) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	defer b.x.learn()
	err := b.upstream.Close()
	if b.ended != nil {
		return err
	}
	b.x.seen = b.tap.Close()
	if seen := b.x.seen; seen.Ended && seen.Err == nil {
		b.x.settle(OK, nil, b.status)
	} else {
		b.x.settle(Cancelled, llm.AsError(context.Canceled), b.status)
	}
	return err
}
