// Package gateway carries requests: it takes one plan, sends it to its provider, gives the answer back byte for byte,
// and leaves a line in the usage history. Editors and the chat window go the same way through it.
//
// It must not know HTTP servers, settings files, keychains or databases: what it needs of them comes through the small
// interfaces declared here.
package gateway

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"gatehouse/backend/fetch"
	"gatehouse/backend/llm"
	"gatehouse/backend/prefix"
	"gatehouse/backend/protocol"
	"gatehouse/backend/provider"
	"gatehouse/backend/recall"
	"gatehouse/backend/routing"
)

// Upstream sends a call to a provider.
type Upstream interface {
	Do(ctx context.Context, call provider.Call) (*http.Response, error)
}

// Credentials gives the secret of one of a provider's credentials (an empty name is the only one), empty where the provider
// has none and needs none. Its errors are *llm.Error.
type Credentials interface {
	Secret(ctx context.Context, id provider.ID, name string) (string, error)
}

// Health keeps what is known against targets.
type Health interface {
	// Admit tells whether an attempt may start; each that may must be ended by Report.
	Admit(t routing.Target, anyway bool) bool
	Report(t routing.Target, r routing.Result)
	// Remember keeps who answered a conversation last.
	Remember(conversation string, t routing.Target)
	// Late gives after what time an attempt is slower than nearly all of a target's latest, to the first content of a stream
	// or to the whole of an answer in one piece; 0 where that is not known.
	Late(t routing.Target, whole bool) time.Duration
}

// Files gets files by URL, in their order. Its errors are *llm.Error.
type Files interface {
	Get(ctx context.Context, urls []string) ([]fetch.File, error)
}

// Options is what a Gateway is made of. All but those that say what nil means are needed.
type Options struct {
	// World gives the snapshot that a request is decided on.
	World       func() routing.World
	Upstream    Upstream
	Credentials Credentials
	Recorder    Recorder
	// Contents keeps what clients send and get; nil keeps nothing.
	Contents Contents
	// Calibration corrects estimates of a prompt's tokens; nil leaves them as they are.
	Calibration Calibration
	// Objects remembers who made what; nil remembers nothing.
	Objects Objects
	// Ledger keeps what batches used; nil keeps nothing.
	Ledger Ledger
	Health Health
	// Prefixes remembers how prompts began; nil remembers nothing.
	Prefixes *prefix.Memory
	// Purse says what may be spent; nil has no bounds.
	Purse Purse
	// Redact takes known secrets out of what an upstream said.
	Redact func([]byte) []byte
	// Conceal takes out secrets that are known for one request only: the tokens of clients that bring their own.
	Conceal func(text []byte, secrets []string) []byte
	// Files gets what a request names by URL and its target takes only inline.
	Files Files
	// Price gives what a usage costs at a provider's model, in 1e-12 USD; nil knows no prices.
	Price  func(provider, model string, u llm.Usage) (picoUSD int64, known bool)
	Now    func() time.Time
	Logger *slog.Logger
	// Pause waits before attempts are made again and tells whether the context still holds; nil waits by the clock.
	Pause func(ctx context.Context, d time.Duration) bool
	// Tracing gives what providers are told of traces; nil tells them nothing.
	Tracing func() Tracing
	// AfterFunc starts the timers by which attempts end or are late; nil is time.AfterFunc.
	AfterFunc func(d time.Duration, f func()) Timer
}

// Timer is what AfterFunc gives, as *time.Timer is.
type Timer interface {
	Stop() bool
	Reset(d time.Duration) bool
}

// Gateway is safe for concurrent use.
type Gateway struct {
	Options
	memory *recall.Memory
	// silent are the ids of the providers that refuse to be asked for a stream's usage.
	silent sync.Map
	budget budget
}

// New makes a Gateway.
func New(o Options) *Gateway {
	if o.Pause == nil {
		o.Pause = pause
	}
	if o.AfterFunc == nil {
		o.AfterFunc = byTheClock
	}
	return &Gateway{Options: o, memory: recall.New(o.Now)}
}

// Caller is who asks.
type Caller struct {
	// KeyID and Key are the local API key's id and name, empty for the chat window.
	KeyID, Key string
	Project    string
	Client     string
	// Allows tells whether the caller may use a model; nil allows all. It is asked for the id that the caller named and
	// for the one that it stands for.
	Allows func(model string) bool
}

// Hold is provider.Hold, for doors, which don't know providers.
type Hold = provider.Hold

// Request is one call in a dialect. The gateway keeps Body until the answer is closed.
type Request struct {
	Dialect llm.Dialect
	Body    []byte
	// Hold counts who reads Body, also after the answer was closed; nil where its memory is not used again.
	Hold *Hold
	// Header and Query are the client's; what may pass is chosen here.
	Header http.Header
	Query  string
	Caller Caller
	// Own are the headers with the client's own token for the vendor of its dialect, nil if it brought none. They go to
	// that vendor alone, and are kept nowhere.
	Own http.Header
	// Embedding makes it a request for embeddings; nil for a conversation.
	Embedding *Embedding
	// Head and Decode are for dialects whose requests name their model outside of the body: what it is, and how the
	// request is read. Nil where the body says it.
	Head   *protocol.Head
	Decode func() (*protocol.Asked, error)
	// Rewrite sends the request decoded and encoded anew even to a provider that speaks its dialect: it refers to what
	// only Decode knows.
	Rewrite bool
	// Suffix is added to the path of the dialect's endpoint, for its other methods (/compact). It needs a provider that
	// speaks the dialect.
	Suffix string
	// Issued is told the id of an answer that is passed on as it comes, as soon as it is known, and who gave it. Nil where
	// nobody wants to know.
	Issued func(id, provider string)
	// From is what the request goes on from, where it only refers to it; nil where it holds all.
	From *From
	// Version is the version in the path of a protocol whose paths begin with one, as the AI SDK's do.
	Version string
}

// Answer is an upstream's answer, an error of its included. Body must be closed; it ends the line in the history.
type Answer struct {
	ID     string
	Status int
	Header http.Header
	// Stream tells that the body goes on as it comes: a stream of events, or audio while it is made.
	Stream bool
	Body   io.ReadCloser
	// Provider and Model are who answered.
	Provider, Model string
	// Raw tells that the answer is passed on as the provider gives it.
	Raw bool
	// settled gives what the history holds once Body is closed.
	settled func() Settlement
	account func() []byte
	target  routing.Target
}

// Account gives of a raw answer what one that is written anew says in provider_metadata.gateway, a JSON object; nil of all
// others. It is for doors that have no headers to say it in, when they have read the answer to its end.
func (a *Answer) Account() []byte {
	if a.account == nil {
		return nil
	}
	return a.account()
}

// Over tells that what was read of Body so far is a whole stream with its end: nothing may follow it, though Body may not
// have ended yet. It must be asked between reads.
func (a *Answer) Over() bool {
	b, ok := a.Body.(interface{ over() bool })
	return ok && b.over()
}

// Exchange carries one request. It returns as soon as the upstream's header is there. Its errors are *llm.Error in which
// nothing has been sent; the line in the history is already settled then.
func (g *Gateway) Exchange(ctx context.Context, req Request) (*Answer, error) {
	x := &exchange{g: g, req: req, codec: protocol.For(req.Dialect), start: g.Now(), decision: &routing.Decision{}}
	head, peekErr := x.peek()
	x.requested = head.Model
	x.open(head.Model, "", head.Stream)
	return x.finish(ctx, func() (*Answer, error) { return x.run(ctx, head, peekErr) })
}

// open begins the line in the history.
func (x *exchange) open(model string, surface llm.Surface, stream bool) {
	caller := x.req.Caller
	x.id = NewRequestID(x.start)
	x.line = &line{}
	parent, state := traceOf(x.req.Header)
	o := Opening{
		ID: x.id, StartedAt: x.start, KeyID: caller.KeyID, Key: caller.Key, Project: caller.Project, Client: caller.Client,
		Dialect: x.req.Dialect, Surface: surface, RequestedModel: model, Stream: stream,
		TraceParent: parent, TraceState: state,
	}
	x.line.entry = x.g.Recorder.Begin(o)
	x.keepContents(o)
}

// finish runs the request, and ends the line where nothing has been sent.
func (x *exchange) finish(ctx context.Context, run func() (*Answer, error)) (*Answer, error) {
	answer, err := x.contained(run)
	if err != nil {
		e := llm.AsError(err)
		if e.Kind == llm.ErrInternal && e.Cause != nil {
			x.g.Logger.Error("request failed", "request", x.id, "error", x.redact(e.Cause.Error()))
		}
		x.settle(outcomeOf(e), e, e.HTTPStatus())
		x.endContents()
		x.line.entry.Guard(ctx)
		return nil, x.unanswered(e)
	}
	if x.content != nil {
		answer.Body = &keptBody{ReadCloser: answer.Body, x: x}
	}
	x.tell(answer.Header, answer.Stream)
	x.line.entry.Guard(ctx)
	return answer, nil
}

func (x *exchange) peek() (protocol.Head, error) {
	if x.req.Head != nil {
		return *x.req.Head, nil
	}
	return protocol.Peek(x.req.Body, x.req.Caller.Allows != nil)
}

func (x *exchange) run(ctx context.Context, head protocol.Head, peekErr error) (*Answer, error) {
	if peekErr != nil {
		return nil, peekErr
	}
	w := x.withOwn(x.g.World())
	ask, err := x.asking(w, head)
	if err != nil {
		return nil, err
	}
	x.understood = true
	d, err := routing.Decide(w, ask)
	x.decision = &d
	x.confine()
	if x.req.Header.Get(DryRunHeader) != "" {
		return x.dryRun(d, err)
	}
	if err != nil {
		return nil, err
	}
	if d, err = x.reserve(ctx, w, ask, d); err != nil {
		return nil, err
	}
	answer, err := x.try(ctx, d.Attempts, head)
	if answer != nil && ask.Conversation != "" && answer.Status < http.StatusBadRequest {
		x.g.Health.Remember(ask.Conversation, answer.target)
	}
	return answer, err
}
