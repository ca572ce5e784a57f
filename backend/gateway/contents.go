package gateway

import "io"

// Contents keeps what clients send and get, where the user wants that. It must be quick and not block: it is called in the
// request's own time.
type Contents interface {
	// Begin gives what keeps the contents of a request, nil where they are not kept. The body is the gateway's; what is kept
	// of it must be copied.
	Begin(o Opening, body []byte) Content
}

// Content is what is kept of one request. Its methods are called one after the other.
type Content interface {
	// Write is given what the client gets of the answer, as it gets it. The bytes are the gateway's.
	Write(p []byte)
	// End is called once, when the client got all. Redact takes known secrets out, those among them that the request itself
	// brought; it is nil where the request was refused before anybody knew which those are. It may be called later.
	End(redact func([]byte) []byte)
}

// keepContents begins to keep the request's contents, where they are kept.
func (x *exchange) keepContents(o Opening) {
	if x.g.Contents != nil {
		x.content = x.g.Contents.Begin(o, x.req.Body)
	}
}

// endContents ends what is kept.
func (x *exchange) endContents() {
	if x.content == nil {
		return
	}
	if x.understood {
		x.content.End(x.redactBytes)
	} else {
		x.content.End(nil)
	}
}

// keptBody shows an answer to what keeps it, on its way to the client.
type keptBody struct {
	io.ReadCloser
	x      *exchange
	closed bool
}

func (b *keptBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.x.content.Write(p[:n])
	return n, err
}

func (b *keptBody) Close() error {
	err := b.ReadCloser.Close()
	if !b.closed {
		b.closed = true
		b.x.endContents()
	}
	return err
}

func (b *keptBody) over() bool {
	whole, ok := b.ReadCloser.(interface{ over() bool })
	return ok && whole.over()
}
