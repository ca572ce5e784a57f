package provider

import (
	"io"
	"sync/atomic"
)

// Hold counts who still reads a request's body. A transport may go on reading after it gave an answer or an error, and
// until it closed what it reads (net/http, "RoundTripper"), so the body's memory must not be used for anything else
// before. The zero Hold is nobody's; a nil one does not count. It is safe for concurrent use.
type Hold struct{ readers atomic.Int64 }

// Free tells that nobody reads the body any more, and nobody will unless it is handed out again.
func (h *Hold) Free() bool { return h.readers.Load() == 0 }

// reader is a reader of the body that counts until it is closed.
func (h *Hold) reader(r io.Reader) io.ReadCloser {
	if h == nil {
		return io.NopCloser(r)
	}
	h.readers.Add(1)
	return &held{Reader: r, hold: h}
}

type held struct {
	io.Reader
	hold   *Hold
	closed atomic.Bool
}

// Close may be called more than once.
func (h *held) Close() error {
	if !h.closed.Swap(true) {
		h.hold.readers.Add(-1)
	}
	return nil
}
