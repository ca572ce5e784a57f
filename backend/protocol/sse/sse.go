// Package sse reads and writes server-sent events (WHATWG HTML, section 9.2) as providers really send them: LF, CR and
// CRLF line ends, a byte order mark, comments, missing spaces, events of many megabytes, a last event without its blank
// line.
//
// It must not know what the events mean.
package sse

import (
	"bytes"
	"io"
)

// Event is one event. Data joins its data lines with newlines and is valid until the next call that made it.
type Event struct {
	Name string
	Data []byte
}

// Splitter cuts a stream into events while the bytes pass by in pieces of any size. It keeps at most limit bytes of an
// unfinished line; past that it gives up on the stream for good (Overflowed), so that a hostile one can't grow it.
type Splitter struct {
	limit int
	line  []byte // the unfinished line
	name  []byte
	known string // the last event's name, which the next one often has too
	data  []byte
	has   bool // data lines were seen
	skipN bool // the last byte was CR: an LF right behind it belongs to it
	begun bool // the byte order mark was looked for
	over  bool
}

// DefaultLimit bounds one event. Events with images inline run to tens of megabytes.
const DefaultLimit = 64 << 20

// NewSplitter makes a splitter; limit 0 means DefaultLimit.
func NewSplitter(limit int) *Splitter {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Splitter{limit: limit}
}

// Overflowed tells that an event was larger than the limit.
func (s *Splitter) Overflowed() bool { return s.over }

// AtStart tells that no event has begun: what comes next starts a new one.
func (s *Splitter) AtStart() bool {
	return s.begun && !s.has && !s.skipN && !s.over && len(s.line) == 0 && len(s.name) == 0
}

// Write takes the next bytes and calls fn for each event that they complete.
func (s *Splitter) Write(p []byte, fn func(Event)) {
	for len(p) > 0 && !s.over {
		if s.skipN {
			s.skipN = false
			if p[0] == '\n' {
				p = p[1:]
				continue
			}
		}
		end := lineEnd(p)
		if end < 0 {
			if len(s.line)+len(s.data)+len(p) > s.limit {
				s.over = true
				s.line, s.data = nil, nil
				return
			}
			s.line = append(s.line, p...)
			return
		}
		line := p[:end]
		if len(s.line) > 0 {
			s.line = append(s.line, line...)
			line = s.line
		}
		if len(line)+len(s.data) > s.limit {
			s.over = true
			s.line, s.data = nil, nil
			return
		}
		s.take(line, fn)
		s.line = s.line[:0]
		s.skipN = p[end] == '\r'
		p = p[end+1:]
	}
}

// Close completes a last event that had no blank line behind it.
func (s *Splitter) Close(fn func(Event)) {
	if s.over {
		return
	}
	if len(s.line) > 0 {
		s.take(s.line, fn)
		s.line = s.line[:0]
	}
	s.take(nil, fn)
}

// lineEnd finds the first CR or LF.
func lineEnd(p []byte) int {
	lf := bytes.IndexByte(p, '\n')
	if lf >= 0 {
		p = p[:lf]
	}
	if cr := bytes.IndexByte(p, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

var (
	mark      = []byte("\ufeff")
	dataField = []byte("data")
	nameField = []byte("event")
)

func (s *Splitter) take(line []byte, fn func(Event)) {
	if !s.begun {
		s.begun = true
		line = bytes.TrimPrefix(line, mark)
	}
	if len(line) == 0 {
		if s.has {
			if s.known != string(s.name) {
				s.known = string(s.name)
			}
			fn(Event{Name: s.known, Data: s.data})
		}
		s.name, s.data, s.has = s.name[:0], s.data[:0], false
		return
	}
	field, value, _ := bytes.Cut(line, []byte(":"))
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	switch {
	case bytes.Equal(field, dataField):
		if s.has {
			s.data = append(s.data, '\n')
		}
		s.data = append(s.data, value...)
		s.has = true
	case bytes.Equal(field, nameField):
		s.name = append(s.name[:0], value...)
	}
}

// Reader reads events one at a time.
type Reader struct {
	r     io.Reader
	s     *Splitter
	buf   []byte
	queue []Event // of the last read
	at    int     // the event that was given last
	err   error
}

// NewReader makes a Reader.
func NewReader(r io.Reader) *Reader {
	return &Reader{r: r, s: NewSplitter(0), buf: make([]byte, 32<<10)}
}

// Next gives the next event, whose data is the caller's to keep; io.EOF at the end.
func (r *Reader) Next() (Event, error) {
	var room []byte // for the data of all events of one read
	keep := func(e Event) {
		start := len(room)
		room = append(room, e.Data...)
		r.queue = append(r.queue, Event{e.Name, room[start:len(room):len(room)]})
	}
	for r.at++; r.at >= len(r.queue); {
		r.queue, r.at = r.queue[:0], 0
		if r.err != nil {
			return Event{}, r.err
		}
		n, err := r.r.Read(r.buf)
		room = make([]byte, 0, n)
		r.s.Write(r.buf[:n], keep)
		if r.s.Overflowed() {
			err = io.ErrShortBuffer
		}
		if err == io.EOF {
			r.s.Close(keep)
		}
		r.err = err
	}
	return r.queue[r.at], nil
}

// Append writes an event in its canonical form, one data line for each line of data.
func Append(dst []byte, name string, data []byte) []byte {
	if name != "" {
		dst = append(append(append(dst, "event: "...), name...), '\n')
	}
	for {
		line, rest, more := bytes.Cut(data, []byte("\n"))
		dst = append(append(append(dst, "data: "...), line...), '\n')
		if !more {
			break
		}
		data = rest
	}
	return append(dst, '\n')
}
