package gateway

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
)

// translatedBody writes a streamed answer anew as its events come. What one read of the upstream brought goes out in one
// piece: each piece is flushed, and a flush costs more than the translation of an event.
type translatedBody struct {
	*translation
	ctx      context.Context
	upstream *pausing
	encoder  protocol.Encoder
	status   int
	next     func() ([]byte, bool)
	stop     func()

	out []byte // what was not read yet
	// begun tells that the answer is the client's; early is how it failed before.
	begun bool
	early *llm.Error
	ended error
}

// enough is when a piece goes out though the upstream has more, in bytes.
const enough = 16 << 10

func newTranslatedBody(ctx context.Context, t *translation, resp *http.Response, encoder protocol.Encoder) *translatedBody {
	b := &translatedBody{translation: t, ctx: ctx, status: resp.StatusCode, upstream: &pausing{ReadCloser: resp.Body}, encoder: encoder}
	whole := *resp
	whole.Body = b.upstream
	b.next, b.stop = iter.Pull(func(yield func([]byte) bool) {
		var piece []byte
		give := func() bool {
			if len(piece) == 0 {
				return true
			}
			more := yield(piece)
			piece = piece[:0]
			return more
		}
		b.upstream.before = give
		for e, err := range t.events(&whole) {
			if err != nil {
				piece = append(piece, b.fail(err)...)
				give()
				return
			}
			b.observe(e)
			if b.x.first > 0 {
				b.x.watch.beat()
			}
			piece = append(piece, encoder.Encode(e)...)
			if b.upstream.left || len(piece) >= enough && !give() {
				return
			}
		}
		if b.upstream.left {
			return
		}
		b.ended = io.EOF
		b.x.settle(OK, nil, b.status)
		give()
	})
	return b
}

// pausing is an upstream before which everything that came from it goes out.
type pausing struct {
	io.ReadCloser
	before func() bool
	left   bool // nobody reads any more
}

var errLeft = errors.New("nobody reads the answer any more")

func (p *pausing) Read(b []byte) (int, error) {
	if p.left = p.left || !p.before(); p.left {
		return 0, errLeft
	}
	return p.ReadCloser.Read(b)
}

// begin reads up to the first content: what fails until then may still be answered by somebody else. Its error is an
// *llm.Error.
func (b *translatedBody) begin() error {
	for b.x.first == 0 && len(b.out) < headLimit {
		piece, more := b.next()
		b.out = append(b.out, piece...)
		if !more {
			break
		}
	}
	if b.early != nil {
		return b.early
	}
	b.begun = true
	return nil
}

func (b *translatedBody) drop() {
	b.upstream.Close() //nolint:errcheck // it is not the answer
	b.stop()
}

func (b *translatedBody) Read(p []byte) (int, error) {
	for len(b.out) == 0 {
		piece, more := b.pull()
		if !more {
			return 0, b.ended
		}
		b.out = piece
	}
	n := copy(p, b.out)
	b.out = b.out[n:]
	return n, nil
}

// pull gives the next piece; after a panic that is the last one, which says so.
func (b *translatedBody) pull() (piece []byte, more bool) {
	defer func() {
		if v := recover(); v != nil {
			e := Panicked(b.x.g.Logger, b.x.id, v)
			b.ended = io.EOF
			b.x.settle(Failed, e, b.status)
			piece, more = b.x.ending(func() []byte { return b.encoder.End(e) }, "", e), true
		}
	}()
	return b.next()
}

func (b *translatedBody) over() bool {
	return b.ended != nil || b.x.seen != nil && b.x.seen.Finish.Kind != ""
}

// fail settles an answer that failed and gives what the client is told.
func (b *translatedBody) fail(err error) []byte {
	if b.upstream.left {
		return nil // it was ended from here, and Close says how
	}
	failed := b.failure(b.ctx, err)
	if left := b.ctx.Err() != nil && cause(b.ctx) == nil; left && b.begun {
		b.ended = b.ctx.Err()
		b.x.settle(Cancelled, llm.AsError(b.ctx.Err()), b.status)
		return nil
	} else if left {
		failed = llm.AsError(b.ctx.Err())
	}
	if !b.begun {
		b.early, b.ended = failed, failed
		return nil
	}
	b.ended = io.EOF
	b.x.settle(Failed, failed, b.status)
	return b.encoder.End(failed)
}

// Close ends the upstream at once. A client that leaves after the last event got everything.
func (b *translatedBody) Close() error {
	defer b.x.watch.stop()
	defer func() {
		if v := recover(); v != nil {
			b.x.settle(Failed, Panicked(b.x.g.Logger, b.x.id, v), b.status)
		}
	}()
	err := b.upstream.Close()
	if b.ended == nil && b.over() {
		b.x.settle(OK, nil, b.status)
	} else if b.ended == nil {
		b.x.settle(Cancelled, llm.AsError(context.Canceled), b.status)
	}
	b.stop()
	b.x.learn()
	return err
}
