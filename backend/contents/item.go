package contents

import (
	"bytes"
	"unicode/utf8"

	"gatehouse/backend/gateway"
)

// item is the contents of one request on their way to the disk. It implements gateway.Content.
type item struct {
	c    *Contents
	head head
	// request and answer are as far as they are kept; held is how much of the memory's bound they have taken.
	request, answer []byte
	held            int64
	redact          func([]byte) []byte
	// forgotten tells that the request was deleted meanwhile. It is guarded by Contents.mu.
	forgotten bool
}

// Begin copies a request's body as far as it is kept, where its project's contents are; nil where they are not.
func (c *Contents) Begin(o gateway.Opening, body []byte) gateway.Content {
	rules := c.ruled()
	if len(rules) == 0 {
		return nil
	}
	keep, ok := rules[o.Project]
	if !ok || !validID(o.ID) {
		return nil
	}
	it := &item{c: c, head: head{
		ID: o.ID, Project: o.Project, Dialect: o.Dialect, Surface: o.Surface, Model: o.RequestedModel, Stream: o.Stream,
		StartedAt: o.StartedAt, Until: o.StartedAt.Add(keep),
	}}
	kept := body[:min(int64(len(body)), c.opts.MaxBody)]
	room := it.take(len(kept))
	if room {
		it.request = bytes.Clone(kept)
		it.head.Request.Bytes = int64(len(body))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || !room {
		c.lost++
		c.leave(it)
		return nil
	}
	c.running[it] = struct{}{}
	return it
}

// take reserves memory.
func (it *item) take(n int) bool {
	if it.c.held.Add(int64(n)) > it.c.opts.MaxHeld {
		it.c.held.Add(-int64(n))
		return false
	}
	it.held += int64(n)
	return true
}

// Write is given what the client gets of the answer.
func (it *item) Write(p []byte) {
	whole := int64(len(it.answer)) == it.head.Answer.Bytes // nothing was left out yet
	it.head.Answer.Bytes += int64(len(p))
	room := it.c.opts.MaxBody - int64(len(it.answer))
	if !whole || room <= 0 {
		return
	}
	p = p[:min(int64(len(p)), room)]
	if it.take(len(p)) {
		it.answer = append(it.answer, p...)
	}
}

// End hands the contents over to the disk. Redact takes out the secrets of the request besides all that are known; where it
// is nil, it is not known what secrets the request holds, and nothing is kept.
func (it *item) End(redact func([]byte) []byte) {
	c := it.c
	it.redact = redact
	c.mu.Lock()
	defer c.mu.Unlock()
	if redact != nil && !c.closed {
		select {
		case c.queue <- it:
			return
		default: // the disk does not keep up
			c.lost++
		}
	}
	c.leave(it)
}

// leave gives up what an item holds. c.mu is held.
func (c *Contents) leave(it *item) {
	delete(c.running, it)
	c.held.Add(-it.held)
	it.held, it.request, it.answer = 0, nil, nil
}

// store writes an item, if it is still to be kept, and tells whether it did.
func (c *Contents) store(it *item) bool {
	request := it.clean(it.request, &it.head.Request)
	answer := it.clean(it.answer, &it.head.Answer)
	if it.head.Answer.Missing == "" && spreads(answer, it.redact) {
		answer, it.head.Answer.Missing = nil, "it held a secret in pieces"
	}
	it.head.Request.Kept, it.head.Answer.Kept = int64(len(request)), int64(len(answer))
	text, err := encode(&it.head, request, answer)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.leave(it)
	if err != nil { // texts and numbers always marshal
		c.trouble("contents can't be kept", err)
		return false
	}
	rules := c.ruled()
	if _, keep := rules[it.head.Project]; !keep || it.forgotten || !c.opts.Now().Before(it.head.end(rules)) {
		return false
	}
	it.head.size = int64(len(text))
	c.makeRoom(it.head.size)
	if err := c.writeFile(it.head.ID, text); err != nil {
		c.trouble("contents can't be kept", err)
		return false
	}
	c.problem = ""
	c.kept[it.head.ID] = it.head
	c.bytes += it.head.size
	return true
}

// clean takes secrets out of what is kept of a body. Only texts are kept: in anything else no secret could be found.
func (it *item) clean(text []byte, b *Body) []byte {
	b.Truncated = int64(len(text)) < b.Bytes
	if b.Truncated { // it may have been cut within a letter
		for n := 0; n < utf8.UTFMax && len(text) > 0 && !utf8.Valid(text[max(0, len(text)-utf8.UTFMax):]); n++ {
			text = text[:len(text)-1]
		}
	}
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		b.Missing = "it is no text"
		return nil
	}
	return []byte(it.c.opts.Mask(string(it.redact(text))))
}

// validID tells whether a request's id can be a file's name.
func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return true
}
