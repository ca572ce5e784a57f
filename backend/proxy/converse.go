package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

// converse serves the routes whose requests name their model in the body.
func (s *Server) converse(d llm.Dialect) handler {
	return func(w http.ResponseWriter, r *http.Request, key access.Key) error {
		return s.exchange(w, r, key, func(req *gateway.Request) error { req.Dialect = d; return nil })
	}
}

// exchange reads the body, has the request carried and copies the answer. complete fills in what the dialect needs.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request, key access.Key, complete func(*gateway.Request) error) error {
	return s.withRequest(w, r, key, func(req *gateway.Request) error {
		if err := complete(req); err != nil {
			return err
		}
		return s.carry(w, r, req, s.Gateway.Exchange)
	})
}

func paused() *llm.Error {
	return llm.Errorf(llm.ErrOverloaded, "the endpoint is paused; resume it in the tray or the window, or run: gatehouse resume").
		WithStatus(http.StatusServiceUnavailable).WithCode("paused")
}

// withRequest reads the body and gives the request, whose body is of use only until handle returns.
func (s *Server) withRequest(w http.ResponseWriter, r *http.Request, key access.Key, handle func(*gateway.Request) error) error {
	if s.Paused() {
		return paused()
	}
	body, err := s.readBody(w, r)
	if err != nil {
		return err
	}
	defer body.release()
	req := s.request(r, key)
	req.Body, req.Hold = body.data, body.hold
	return handle(&req)
}

// request is what a request says beside its body.
func (s *Server) request(r *http.Request, key access.Key) gateway.Request {
	return gateway.Request{
		Header: r.Header, Query: r.URL.RawQuery, Own: s.own(r),
		Caller: gateway.Caller{
			KeyID: key.ID, Key: key.Name, Project: key.Project, Client: clientOf(r), Allows: allows(key),
		},
	}
}

// way is one of the ways in which the gateway answers requests.
type way func(context.Context, gateway.Request) (*gateway.Answer, error)

// carry has the request answered and copies the answer.
func (s *Server) carry(w http.ResponseWriter, r *http.Request, req *gateway.Request, by way) error {
	out := s.newOutlet(w, r, req)
	return out.serve(s, func() (*gateway.Answer, error) { return by(r.Context(), *req) })
}

func allows(key access.Key) func(string) bool {
	if len(key.Models) == 0 {
		return nil
	}
	return key.Allows
}

// Memory of request bodies is kept for the next ones: small buffers and very large ones in a pool, which gives them back
// when nothing has needed them for a while, and two of the size that coding agents send for good, since a pool loses them
// at every collection and a fresh megabyte costs as much as to pass one on.
var (
	buffers = sync.Pool{New: func() any { b := make([]byte, 0, 64<<10); return &b }}
	spares  = make(chan *[]byte, 2)
)

const (
	spareSize   = 2 << 20
	largestKept = 16 << 20
)

// newBuffer gives an empty buffer for a body of a size, or of a size that is not known (negative).
func newBuffer(size int64) *[]byte {
	if size > 256<<10 && size < spareSize {
		select {
		case b := <-spares:
			return b
		default:
			b := make([]byte, 0, spareSize)
			return &b
		}
	}
	return buffers.Get().(*[]byte)
}

func keepBuffer(b *[]byte) {
	switch {
	case cap(*b) == spareSize:
		select {
		case spares <- b:
		default:
		}
	case cap(*b) <= largestKept:
		buffers.Put(b)
	}
}

type requestBody struct {
	data []byte
	room *[]byte
	hold *gateway.Hold
}

// release gives the memory back, unless a connection to a provider still reads it: another request's bytes must never go
// out there.
func (b requestBody) release() {
	if !b.hold.Free() {
		return
	}
	*b.room = b.data[:0]
	keepBuffer(b.room)
}

// readBody reads the whole body, which is kept in case it has to be sent again. Its length is checked before anything is
// read, where the client says it, and while reading where not.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (requestBody, error) {
	limit := s.Limits().MaxBodyBytes
	if r.ContentLength > limit {
		return requestBody{}, tooLarge(limit)
	}
	room := newBuffer(r.ContentLength)
	body := requestBody{data: (*room)[:0], room: room, hold: &gateway.Hold{}}
	source := http.MaxBytesReader(w, r.Body, limit)
	if n := r.ContentLength; n > int64(cap(body.data)) {
		body.data = make([]byte, 0, n)
	}
	for {
		if len(body.data) == cap(body.data) {
			if int64(len(body.data)) == r.ContentLength {
				break
			}
			body.data = append(body.data, 0)[:len(body.data)]
		}
		n, err := source.Read(body.data[len(body.data):cap(body.data)])
		body.data = body.data[:len(body.data)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			body.release()
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				return requestBody{}, tooLarge(limit)
			}
			return requestBody{}, llm.Errorf(llm.ErrBadRequest, "the request body could not be read to its end: %w", err)
		}
	}
	return body, nil
}

func tooLarge(limit int64) error {
	return llm.Errorf(llm.ErrBadRequest, "the request body is larger than %d bytes; the limit is \"maxBodyBytes\" in settings", limit).
		WithStatus(http.StatusRequestEntityTooLarge).WithCode("request_too_large")
}

// chunks keeps the memory that answers are copied through.
var chunks = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}
