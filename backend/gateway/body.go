package gateway

import (
	"context"
	"errors"
	"io"
	"slices"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
)

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
	if b.x.pass == nil {
		hear(&b.x.heard, p)
	}
	b.issued()
	if b.stream && b.x.first == 0 && b.x.seen.Content {
		b.x.first = max(b.x.g.Now().Sub(b.x.start), 1)
	}
	if !b.stream || b.x.first > 0 {
		b.x.watch.beat()
	}
}

func (b *body) Read(p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			n = 0
			b.failed(Panicked(b.x.g.Logger, b.x.id, v))
			err = b.ended
			if len(b.tail) > 0 {
				err = nil
			}
		}
	}()
	return b.visible(p)
}

// visible reads what the client is to see.
func (b *body) visible(p []byte) (int, error) {
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
		b.failed(e)
	}
}

// failed settles an answer that has no end of its own, and gives it one as far as its form has a place for that.
func (b *body) failed(e *llm.Error) {
	b.head, b.tail, b.ended = nil, nil, io.EOF
	b.x.settle(Failed, e, b.status)
	if !b.stream || b.array {
		b.ended = io.ErrUnexpectedEOF
		return
	}
	id := ""
	if b.x.seen != nil {
		id = b.x.seen.ID
	}
	// A blank line first: the cut may have come within an event.
	b.tail = append([]byte("\n\n"), b.x.streamError(id, e)...)
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
	defer b.x.watch.stop()
	defer func() {
		if v := recover(); v != nil {
			b.x.settle(Failed, Panicked(b.x.g.Logger, b.x.id, v), b.status)
		}
	}()
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
