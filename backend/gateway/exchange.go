package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/chatcompletions"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// exchange is one attempt of a request on its way; the attempts of a request share its line.
type exchange struct {
	g     *Gateway
	req   Request
	codec protocol.Codec
	id    string
	start time.Time
	line  *line

	// pass is set for requests that are passed on whole.
	pass *passing

	requested string
	// long tells that the client asked for the long context by the model's suffix.
	long     bool
	decision *routing.Decision
	// cut are the places of the body that are meant for routing alone, and said is its providerOptions, which hold more.
	cut      []jsonedit.Span
	said     jsonedit.Span
	provider *provider.Provider
	model    string
	// arm tells that this attempt is at the model that a rollout gave the request to.
	arm bool
	// whole tells that the answer is already there to its end.
	whole bool
	// unasked tells that this attempt asks for the stream's usage although the client does not.
	unasked bool
	// forget leaves all reasoning of earlier turns out when the request is written anew.
	forget bool
	// asked is the request as it was decoded last, nil where it went as it was.
	asked *protocol.Asked
	// estimated is the estimate of the prompt's tokens, uncorrected; 0 where none was made.
	estimated int64
	first     time.Duration
	// notice is what the client is told of a budget.
	notice string
	seen   *llm.Observation
	watch  *watchdog
	// tried is this attempt's place among the line's, and report tells its outcome to whoever keeps health.
	tried  int
	report func(routing.Result)
	// trying holds until it is known whether this attempt gives the answer; late is what it wanted to settle until then.
	// lost tells that another one gave it.
	trying, lost bool
	late         func()
}

// line is what the attempts of a request share: its line in the history.
type line struct {
	entry Entry

	mu       sync.Mutex
	attempts []Attempt
	trials   []trial // beside attempts: what the history does not keep of them
	last     *Settlement
}

// branch gives an exchange for one attempt.
func (x *exchange) branch() *exchange {
	y := *x
	return &y
}

// settle ends the line in the history; only the first call counts. It also ends the attempt. The line of an attempt that is
// still being tried ends when it won.
func (x *exchange) settle(outcome Outcome, e *llm.Error, status int) {
	switch {
	case x.trying && x.late == nil:
		x.late = func() { x.settle(outcome, e, status) }
		return
	case x.trying:
		return
	}
	x.settled(outcome, e, status)
	if x.lost {
		return
	}
	x.line.mu.Lock()
	defer x.line.mu.Unlock()
	if x.line.last != nil {
		return
	}
	s := Settlement{
		Outcome: outcome, Model: x.model, Status: status, Attempts: x.line.attempts, FirstToken: x.first,
		Duration: x.g.Now().Sub(x.start),
	}
	if x.provider != nil {
		s.Provider = x.provider.ID
	}
	s.User, s.Tags = x.decision.Options.User, x.decision.Options.Tags
	if d := x.decision; d.Rollout != "" {
		s.Rollout, s.Arm, s.ArmServed = d.Rollout, d.Arm, x.arm && outcome != Failed
	}
	if e != nil {
		s.Kind, s.Error = e.Kind, e.Message
	}
	if x.seen != nil {
		s.UpstreamID, s.Usage, s.Finish = x.seen.ID, x.seen.Usage, x.seen.Finish
	}
	x.line.last = &s
	x.line.entry.Settle(s)
	if x.g.Purse != nil {
		x.g.Purse.End(x.id, s)
	}
}

func (x *exchange) settlement() Settlement {
	x.line.mu.Lock()
	defer x.line.mu.Unlock()
	if x.line.last == nil {
		return Settlement{Outcome: Open}
	}
	return *x.line.last
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
		ID: x.id, Status: resp.StatusCode, Header: header, Stream: stream, Raw: true, Provider: x.provider.ID, Model: x.model,
		Body:    &body{x: x, ctx: ctx, upstream: resp.Body, status: resp.StatusCode, stream: stream, array: stream && !events, tap: x.codec.NewTap(stream), hide: x.hider(events)},
		settled: x.settlement,
		account: func() []byte {
			if x.seen == nil {
				return x.account(llm.Usage{}, nil)
			}
			return x.account(x.seen.Usage, nil)
		},
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
	// hide keeps the usage from a client that did not ask for it; nil where nothing is to be kept from it. shown is what
	// it gave and nobody read yet, done how reading ended.
	hide  *chatcompletions.Unasked
	shown []byte
	done  error
	// opaque tells that nothing can be seen of how the answer begins.
	opaque bool

	head   []byte // what came before anything was given
	tail   []byte // what is still to be given after the upstream's own bytes
	ended  error  // what to give after the tail
	closed bool
	told   bool // Issued was told
}

func (b *body) issued() {
	if !b.told && !b.x.trying && b.x.req.Issued != nil && b.x.seen != nil && b.x.seen.ID != "" {
		b.told = true
		b.x.req.Issued(b.x.seen.ID, b.x.provider.ID)
	}
}

// headLimit bounds what is read of an answer before anything of it is given to the client.
const headLimit = 64 << 10

// begin reads a stream up to its first content, and a whole answer as far as it is short: what fails until then may still
// be answered by somebody else. Its error is an *llm.Error.
func (b *body) begin() error {
	if b.opaque {
		return nil
	}
	b.head = make([]byte, 0, 2<<10)
	for len(b.head) < headLimit {
		if len(b.head) == cap(b.head) {
			b.head = slices.Grow(b.head, cap(b.head))
		}
		n, err := b.upstream.Read(b.head[len(b.head):cap(b.head)])
		b.head = b.head[:len(b.head)+n]
		if n > 0 {
			b.note(b.head[len(b.head)-n:])
		}
		if err != nil {
			b.x.seen = b.tap.Close()
			b.issued()
			return b.beginEnded(err)
		}
		if e := b.x.seen; e != nil && e.Err != nil {
			return b.inBand(e.Err)
		}
		if b.stream && b.x.first > 0 {
			return nil
		}
	}
	return nil
}

func (b *body) drop() {
	b.upstream.Close() //nolint:errcheck // it is not the answer
	b.closed = true
}

// beginEnded judges an answer that ended before anything of it was given.
func (b *body) beginEnded(err error) error {
	seen := b.x.seen
	switch {
	case seen.Err != nil:
		return b.inBand(seen.Err)
	case errors.Is(err, io.EOF) && seen.Ended:
		b.end(err)
		return nil
	case cause(b.ctx) != nil:
		return cause(b.ctx)
	case b.ctx.Err() != nil:
		return llm.AsError(b.ctx.Err())
	}
	return b.x.brokeOff(b.ctx, err)
}

// inBand is an error that came within an answer which began well (HTTP 200).
func (b *body) inBand(e *llm.Error) error {
	clean := *e
	clean.Message = b.x.redact(e.Message)
	return &clean
}

// note shows the tap what came.
func (b *body) note(p []byte) {
	b.x.seen = b.tap.Write(p)
	b.issued()
	if b.stream && b.x.first == 0 && b.x.seen.Content {
		b.x.first = max(b.x.g.Now().Sub(b.x.start), 1)
	}
	if !b.stream || b.x.first > 0 {
		b.x.watch.beat()
	}
}

func (b *body) Read(p []byte) (int, error) {
	if b.hide == nil {
		return b.read(p)
	}
	for len(b.shown) == 0 && b.done == nil {
		n, err := b.read(p)
		if err == nil && b.hide.Idle(p[:n]) {
			return n, nil
		}
		b.shown = b.hide.Write(b.shown[:0], p[:n])
		if err != nil {
			b.shown, b.done = b.hide.Close(b.shown), err
		}
	}
	if len(b.shown) == 0 {
		return 0, b.done
	}
	n := copy(p, b.shown)
	b.shown = b.shown[n:]
	return n, nil
}

func (b *body) read(p []byte) (int, error) {
	if len(b.head) > 0 {
		b.issued()
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	if b.ended != nil {
		return b.rest(p)
	}
	n, err := b.upstream.Read(p)
	if n > 0 {
		b.note(p[:n])
	}
	if err == nil {
		return n, nil
	}
	whole := b.over()
	b.x.seen = b.tap.Close()
	b.issued()
	if whole {
		err = io.EOF // how the connection ends behind the end of the stream is nobody's loss
	}
	b.end(err)
	if n > 0 {
		return n, nil
	}
	return b.rest(p)
}

func (b *body) over() bool {
	return b.ended != nil || b.stream && b.x.seen != nil && b.x.seen.Ended
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
	case b.ctx.Err() != nil && cause(b.ctx) == nil:
		b.ended = b.ctx.Err()
		b.x.settle(Cancelled, llm.AsError(b.ctx.Err()), b.status)
	default:
		e := cause(b.ctx)
		if e == nil {
			e = llm.AsError(b.x.brokeOff(b.ctx, err))
		}
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
	defer b.x.watch.stop()
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
