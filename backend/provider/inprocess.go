package provider

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// inProcess sends requests to a handler in this process as if it were a server: streamed, cancellable, with the same
// back-pressure.
type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	pr, pw := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: pw, ready: make(chan struct{})}
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	go func() {
		defer cancel()
		defer in.Body.Close() //nolint:errcheck // reading is over
		defer func() {
			if recover() != nil { // http.ErrAbortHandler is how the simulator drops its connection
				w.drop()
				pw.CloseWithError(io.ErrUnexpectedEOF) //nolint:errcheck // always nil
				return
			}
			w.WriteHeader(http.StatusOK)
			pw.Close() //nolint:errcheck // always nil
		}()
		t.handler.ServeHTTP(w, in)
	}()
	select {
	case <-w.ready:
	case <-r.Context().Done():
	}
	if err := r.Context().Err(); err != nil {
		cancel()
		pr.CloseWithError(err) //nolint:errcheck // always nil
		return nil, err
	}
	if w.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Header: w.sent, Request: r, ContentLength: -1,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: &pipeBody{PipeReader: pr, cancel: cancel},
	}, nil
}

// pipeWriter is the handler's side.
type pipeWriter struct {
	header http.Header
	sent   http.Header
	body   *io.PipeWriter
	once   sync.Once
	status int
	ready  chan struct{}
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status = status
		w.sent = w.header.Clone() // what the handler adds later comes too late, as on a wire
		close(w.ready)
	})
}

// drop ends an answer that did not begin.
func (w *pipeWriter) drop() { w.once.Do(func() { close(w.ready) }) }

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Flush is there for handlers that ask; every write goes out at once.
func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

// pipeBody is the caller's side.
type pipeBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

var errBodyClosed = errors.New("provider: the answer was closed")

func (b *pipeBody) Close() error {
	b.cancel()
	return b.CloseWithError(errBodyClosed)
}
