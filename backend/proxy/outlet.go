package proxy

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/messages"
)

// comment is what every client of server-sent events passes over (HTML standard, "Server-sent events").
var comment = []byte(": keep-alive\n\n")

// aliveFor is what keeps a client's connection alive, nil where its stream has no place for such a thing.
func aliveFor(r *http.Request, d llm.Dialect) []byte {
	switch d {
	case llm.Messages:
		return messages.Ping()
	case llm.Gemini:
		if r.URL.Query().Get("alt") != "sse" { // a JSON array
			return nil
		}
	case llm.Ollama:
		return nil
	}
	return comment
}

// outlet writes one answer. The handler's goroutine writes what the upstream sends, the keeper's the keep-alives; mu keeps
// them apart, and close ends the keeper's part before the handler returns.
type outlet struct {
	w       http.ResponseWriter
	flusher http.Flusher
	dialect llm.Dialect
	alive   []byte
	// streams tells that the client asked for a stream. It is asked when the first keep-alive is due.
	streams func() bool

	keeper *keeper
	quiet  atomic.Int32 // ticks since the last byte
	due    atomic.Bool  // a keep-alive is under way

	mu     sync.Mutex
	answer *gateway.Answer
	begun  bool // the header is out
	last   [4]byte
}

// newOutlet starts the wait for an answer to req.
func (s *Server) newOutlet(w http.ResponseWriter, r *http.Request, req *gateway.Request) *outlet {
	o := &outlet{w: w, dialect: req.Dialect, alive: aliveFor(r, req.Dialect), last: [4]byte{2: '\n', 3: '\n'}}
	o.flusher, _ = w.(http.Flusher)
	o.streams = func() bool {
		if req.Head != nil {
			return req.Head.Stream
		}
		head, err := protocol.Peek(req.Body, false)
		return err == nil && head.Stream
	}
	if o.alive != nil && o.flusher != nil {
		o.keeper = s.keeper
		o.keeper.add(o)
	}
	return o
}

// serve writes the answer that get gives, or what went wrong.
func (o *outlet) serve(s *Server, get func() (*gateway.Answer, error)) error {
	defer o.close()
	return o.fail(s.contained(func() error {
		answer, err := get()
		if err != nil {
			return err
		}
		defer answer.Body.Close() //nolint:errcheck // the answer is over either way
		return o.copy(answer)
	}))
}

// close ends the keep-alives.
func (o *outlet) close() {
	if o.keeper == nil {
		return
	}
	o.keeper.remove(o)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.alive = nil
}

// keepAlive writes one, if it still has a place.
func (o *outlet) keepAlive() {
	defer o.due.Store(false)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.alive == nil || o.quiet.Load() < patience:
		return
	case o.answer == nil && !o.begun && !o.streams():
		o.alive = nil // for good: there is no place for a keep-alive in this answer
		return
	case !o.between():
		return
	}
	o.quiet.Store(0)
	o.header()
	_, _ = o.w.Write(o.alive) // the client may be gone
	o.flusher.Flush()
}

// between tells that what was written so far ends with a whole event.
func (o *outlet) between() bool {
	end := string(o.last[:])
	return end[2:] == "\n\n" || end[2:] == "\r\r" || end == "\r\n\r\n"
}

// header sends the status line once: the answer's, or where none is there yet, that of a stream.
func (o *outlet) header() {
	if o.begun {
		return
	}
	o.begun = true
	h := o.w.Header()
	stream, status := true, http.StatusOK
	if o.answer == nil {
		h["Content-Type"] = []string{"text/event-stream"}
	} else {
		stream, status = o.answer.Stream, o.answer.Status
		for name, values := range o.answer.Header {
			h[name] = values
		}
	}
	if stream {
		h["Cache-Control"] = []string{"no-cache"}
		h["X-Accel-Buffering"] = []string{"no"}
	}
	o.w.WriteHeader(status) // goes out with the first bytes of the body
}

// write passes on what the upstream sent; a stream is flushed after every piece, so that no token waits for the next. Behind
// a piece that is the last there is no place for a keep-alive, though the upstream may take its time to end.
func (o *outlet) write(p []byte, last bool) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.header()
	o.quiet.Store(0)
	if last {
		o.alive = nil
	}
	if _, err := o.w.Write(p); err != nil {
		return err
	}
	if o.alive != nil {
		if n := len(p); n >= len(o.last) {
			o.last = [4]byte(p[n-len(o.last):])
		} else {
			copy(o.last[:], append(o.last[n:len(o.last):len(o.last)], p...))
		}
	}
	if o.flusher != nil && (o.answer == nil || o.answer.Stream) {
		o.flusher.Flush()
	}
	return nil
}

// fail gives an error back as long as it can still have its own status; after that it is the end of the stream.
func (o *outlet) fail(err error) error {
	if err == nil {
		return nil
	}
	o.mu.Lock()
	begun := o.begun
	o.mu.Unlock()
	if !begun {
		return err
	}
	_ = o.write(protocol.For(o.dialect).EncodeStreamError("", llm.AsError(err)), true) // the client may be gone
	return nil
}

// copy writes the answer as it comes.
func (o *outlet) copy(a *gateway.Answer) error {
	if err := o.take(a); err != nil {
		return o.fail(err)
	}
	chunk := chunks.Get().(*[]byte)
	defer chunks.Put(chunk)
	for {
		n, err := a.Body.Read(*chunk)
		if n > 0 {
			if o.write((*chunk)[:n], a.Over()) != nil {
				return nil // the client is gone; closing the body settles
			}
		}
		if err == nil {
			continue
		}
		o.mu.Lock()
		begun := o.begun
		o.alive = nil
		if err == io.EOF {
			o.header()
		}
		o.mu.Unlock()
		if err == io.EOF {
			return nil
		}
		if e, ok := err.(*llm.Error); ok && !begun { //nolint:errorlint // only an answer that never began ends so
			return e
		}
		if e, ok := err.(*llm.Error); ok { //nolint:errorlint // as above, with a keep-alive before it
			return o.fail(e)
		}
		// The header is out: only cutting the connection tells the client that the answer is torn.
		panic(http.ErrAbortHandler)
	}
}

// take notes the answer. Where the header of a stream is out already, an answer that is no stream becomes an error.
func (o *outlet) take(a *gateway.Answer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	// Audio is a stream too, as it is made, but one without a place for keep-alives.
	events := a.Stream && strings.HasPrefix(a.Header.Get("Content-Type"), "text/event-stream")
	if !events {
		o.alive = nil
	}
	alone := o.begun
	o.answer = a
	if !alone || events {
		return nil
	}
	if a.Status < http.StatusBadRequest {
		return llm.Errorf(llm.ErrInternal, "%s answered in one piece where a stream was asked for, and too late to pass it on; "+
			"try again, or ask without streaming", a.Provider).WithStatus(http.StatusBadGateway)
	}
	body, err := io.ReadAll(a.Body)
	if err != nil && len(body) == 0 {
		return err
	}
	return protocol.For(o.dialect).DecodeError(a.Status, body)
}
