package gateway

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// wholeLimit bounds an upstream's answer that has to be whole before it can be translated.
const wholeLimit = 64 << 20

// wire is a request that was written anew.
type wire []byte

func (w wire) Reader() io.Reader { return bytes.NewReader(w) }
func (w wire) Len() int64        { return int64(len(w)) }

// translation is an attempt at a provider that is spoken to in another dialect than the client's: the request is decoded
// into the vocabulary and encoded anew, the answer the other way round.
type translation struct {
	x       *exchange
	asked   *protocol.Asked
	dialect llm.Dialect // the target's
	target  protocol.Codec
	origin  llm.Origin
	stream  bool
	notes   []llm.Notice
	// cut are the stop sequences that the target does not take.
	cut []string
}

// prepare writes the request anew.
func (x *exchange) prepare(ctx context.Context, a routing.Attempt, head protocol.Head) (*translation, provider.Body, error) {
	asked, err := x.decode()
	if err != nil {
		return nil, nil, err
	}
	x.asked, x.heard = asked, heard{dialect: a.Dialect, stream: head.Stream, plain: true}
	known, _ := x.g.World().Catalog.Served(a.Provider.ID, a.Model)
	t := &translation{
		x: x, asked: asked, dialect: a.Dialect, target: protocol.For(a.Dialect), stream: head.Stream,
		origin: llm.Origin{Provider: a.Provider.ID, Model: a.Model},
	}
	asked.Request.Model, asked.Request.Stream = a.Upstream, head.Stream
	x.apply(a, asked.Request)
	target := protocol.Target{Origin: t.origin, MaxOutput: known.MaxOutput, Same: a.Dialect == x.req.Dialect, Silent: x.silent(a)}
	if x.forget {
		withoutReasoning(asked.Request.Messages)
	}
	asked.Request.Stop, t.cut = protocol.Stops(a.Dialect, target, asked.Request.Stop)
	t.recall()
	if err := x.g.inline(ctx, a, target, asked.Request); err != nil {
		return nil, nil, err
	}
	text, notices, err := t.target.EncodeRequest(asked.Request, target)
	if err != nil {
		return nil, nil, err
	}
	t.notes = slices.Concat(x.notes, asked.Notices, notices)
	x.notes = t.notes
	return t, wire(text), nil
}

func (x *exchange) decode() (*protocol.Asked, error) {
	if x.req.Decode != nil {
		return x.req.Decode()
	}
	return x.codec.Decode(x.req.Body)
}

// ownHeader is what a rewritten request says of itself; the client's own headers speak of another dialect.
func (x *exchange) ownHeader(d llm.Dialect) http.Header {
	h := http.Header{
		"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "User-Agent": {"gatehouse"},
	}
	if agent := x.req.Header.Get("User-Agent"); agent != "" {
		h.Set("User-Agent", agent)
	}
	if d == llm.Messages {
		h.Set("Anthropic-Version", defaultVersion)
	}
	return h
}

// answer gives an upstream's answer in the client's dialect.
func (t *translation) answer(ctx context.Context, resp *http.Response) (*Answer, error) {
	x := t.x
	h := x.header(resp)
	h.Del("Content-Length")
	answering := protocol.Answering{
		ID: strings.TrimPrefix(x.id, "req_"), Model: x.askedFor(), Origin: t.origin, Now: x.start,
		Clock: x.g.Now, InputTokens: func() int64 { return x.estimate(t.asked.Request) }, Notices: t.notes,
		Account: func(u llm.Usage) []byte { return x.account(u, t.notes) },
	}
	answer := &Answer{
		ID: x.id, Status: http.StatusOK, Header: h, Stream: t.stream, Provider: x.provider.ID, Model: x.model, settled: x.settlement,
	}
	if t.stream {
		h.Set("Content-Type", cmp.Or(t.asked.StreamType, "text/event-stream"))
		answer.Body = newTranslatedBody(ctx, t, resp, t.asked.NewEncoder(answering))
		return answer, nil
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	var all []llm.Event
	for e, err := range t.events(resp) {
		if err != nil {
			if ctx.Err() != nil && cause(ctx) == nil {
				return nil, llm.AsError(ctx.Err())
			}
			return nil, t.failure(ctx, err)
		}
		t.observe(e)
		all = append(all, e)
	}
	body, err := t.asked.EncodeResponse(all, answering)
	if err != nil {
		return nil, err
	}
	h.Set("Content-Type", "application/json")
	x.whole = true
	answer.Body = io.NopCloser(strings.NewReader(string(body)))
	return answer, nil
}

// askedFor is the name under which the client knows the model.
func (x *exchange) askedFor() string {
	if x.requested != "" {
		return x.requested
	}
	return x.model
}

func streams(resp *http.Response) bool {
	return strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
}

// events gives the answer's events as the client shall have them.
func (t *translation) events(resp *http.Response) llm.Stream {
	return t.remember(protocol.Restore(t.dialect, t.asked.Request, protocol.Cut(t.cut, !streams(resp), t.decoded(resp))))
}

// decoded decodes the answer, streamed or not as the upstream chose.
func (t *translation) decoded(resp *http.Response) llm.Stream {
	if streams(resp) {
		return t.target.DecodeStream(resp.Body)
	}
	return func(yield func(llm.Event, error) bool) {
		body, err := io.ReadAll(io.LimitReader(resp.Body, wholeLimit))
		var all []llm.Event
		if err == nil {
			all, err = t.target.DecodeResponse(body)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// observe keeps what the history wants to know.
func (t *translation) observe(e llm.Event) {
	x := t.x
	if x.seen == nil {
		x.seen = &llm.Observation{}
	}
	switch e := e.(type) {
	case llm.MessageStart:
		x.seen.ID, x.seen.Model = e.ID, e.Model
	case llm.UsageUpdate:
		x.seen.Usage = e.Usage
	case llm.Finish:
		x.seen.Finish = e.Reason
	case llm.PartDelta:
		x.seen.Content = true
		hear(&x.heard, e.Text)
		hear(&x.heard, e.Input)
	case llm.PartStart:
		_, call := e.Part.(llm.ToolCall)
		x.seen.Content = x.seen.Content || call
	}
	if t.stream && x.seen.Content && x.first == 0 {
		x.first = max(x.g.Now().Sub(x.start), 1)
	}
}

// failure says in what way an answer failed.
func (t *translation) failure(ctx context.Context, err error) *llm.Error {
	if timeout := cause(ctx); timeout != nil {
		return timeout
	}
	e := llm.AsError(err)
	if e.Kind == llm.ErrInternal && e.Status == 0 {
		return llm.AsError(t.x.brokeOff(ctx, err))
	}
	clean := *e
	if clean.Kind == llm.ErrOverloaded && clean.Status == 529 {
		clean.Status = 0 // Anthropic's own; the client's dialect has its word for it
	}
	clean.Message = t.x.redact(e.Message)
	return &clean
}

// noticesLimit bounds the header that carries notices.
const noticesLimit = 2048

// noticeHeader writes notices in one line of plain ASCII.
func noticeHeader(notices []llm.Notice) string {
	var b strings.Builder
	for _, n := range notices {
		text := n.Field + ": " + n.Message
		if b.Len()+len(text) > noticesLimit {
			break
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		for _, r := range text {
			if r < ' ' || r > '~' {
				r = '?'
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}
