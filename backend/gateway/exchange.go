package gateway

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// exchange is one attempt of a request on its way; the attempts of a request share its line.
type exchange struct {
	g     *Gateway
	req   Request
	codec protocol.Codec
	id    string
	start time.Time
	line  *line

	// content is what keeps the request's contents; nil where they are not kept. understood tells that it is known what the
	// request asks of routing, the credentials that it brings among it.
	content    Content
	understood bool

	// pass is set for requests that are passed on whole.
	pass *passing

	requested string
	// conversation is the same for all requests of one conversation; empty where that is not known.
	conversation string
	// long tells that the client asked for the long context by the model's suffix.
	long     bool
	decision *routing.Decision
	// cut are the places of the body that are meant for routing alone, and said is its providerOptions, which hold more.
	cut      []jsonedit.Span
	said     jsonedit.Span
	provider *provider.Provider
	model    string
	// arm tells that this attempt is at the model that a rollout gave the request to.
	arm bool
	// whole tells that the answer is already there to its end.
	whole bool
	// unasked tells that this attempt asks for the stream's usage although the client does not.
	unasked bool
	// forget leaves all reasoning of earlier turns out when the request is written anew.
	forget bool
	// notes tell what of the request could not be carried.
	notes []llm.Notice
	// asked is the request as it was decoded last, nil where it went as it was.
	asked *protocol.Asked
	// estimated is the estimate of the prompt's tokens, uncorrected; 0 where none was made.
	estimated int64
	first     time.Duration
	// notice is what the client is told of a budget.
	notice string
	seen   *llm.Observation
	heard  heard
	watch  *watchdog
	// tried is this attempt's place among the line's, and report tells its outcome to whoever keeps health.
	tried  int
	report func(routing.Result)
	// trying holds until it is known whether this attempt gives the answer; late is what it wanted to settle until then.
	// lost tells that another one gave it.
	trying, lost bool
	// leave gives up what was made for this attempt so that another one can be made beside it; nil where none can.
	leave context.CancelCauseFunc
	late  func()
}

// line is what the attempts of a request share: its line in the history.
type line struct {
	entry Entry

	mu       sync.Mutex
	attempts []Attempt
	trials   []trial // beside attempts: what the history does not keep of them
	last     *Settlement
}

// branch gives an exchange for one attempt.
func (x *exchange) branch() *exchange {
	y := *x
	return &y
}

// settle ends the line in the history; only the first call counts. It also ends the attempt. The line of an attempt that is
// still being tried ends when it won.
func (x *exchange) settle(outcome Outcome, e *llm.Error, status int) {
	switch {
	case x.trying && x.late == nil:
		x.late = func() { x.settle(outcome, e, status) }
		return
	case x.trying:
		return
	}
	x.settled(outcome, e, status)
	if x.lost {
		return
	}
	x.line.mu.Lock()
	defer x.line.mu.Unlock()
	if x.line.last != nil {
		return
	}
	s := Settlement{
		Outcome: outcome, Model: x.model, Status: status, Attempts: x.line.attempts, FirstToken: x.first,
		Duration: x.g.Now().Sub(x.start),
	}
	if x.provider != nil {
		s.Provider = x.provider.ID
	}
	s.Notices, s.Conversation = x.notes, x.conversation
	if x.pass != nil {
		s.Free = x.pass.free()
		if x.pass.begins() && outcome == OK {
			s.Notices = append(slices.Clip(s.Notices), countedLater)
		}
	}
	s.User, s.Tags = x.decision.Options.User, x.decision.Options.Tags
	if d := x.decision; d.Rollout != "" {
		s.Rollout, s.Arm, s.ArmServed = d.Rollout, d.Arm, x.arm && outcome != Failed
	}
	if e != nil {
		s.Kind, s.Error = e.Kind, e.Message
	}
	if x.seen != nil {
		s.UpstreamID, s.Usage, s.Finish = x.seen.ID, x.seen.Usage, x.seen.Finish
		s.Answered = x.tried + 1
	}
	x.follow(&s)
	x.line.last = &s
	x.line.entry.Settle(s)
	if x.g.Purse != nil {
		x.g.Purse.End(x.id, s)
	}
}

func (x *exchange) settlement() Settlement {
	x.line.mu.Lock()
	defer x.line.mu.Unlock()
	if x.line.last == nil {
		return Settlement{Outcome: Open}
	}
	return *x.line.last
}

func (x *exchange) answer(ctx context.Context, resp *http.Response) *Answer {
	events := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream")
	// Gemini's streams are one JSON array for who does not ask for events.
	stream := events || x.req.Dialect == llm.Gemini && x.req.Head != nil && x.req.Head.Stream
	x.heard = heard{dialect: x.req.Dialect, stream: stream}
	header := x.header(resp)
	if stream {
		header.Del("Content-Length")
	}
	return &Answer{
		ID: x.id, Status: resp.StatusCode, Header: header, Stream: stream, Raw: true, Provider: x.provider.ID, Model: x.model,
		Body:    &body{x: x, ctx: ctx, upstream: resp.Body, status: resp.StatusCode, stream: stream, array: stream && !events, tap: x.codec.NewTap(stream), hide: x.hider(events)},
		settled: x.settlement,
		account: func() []byte {
			if x.seen == nil {
				return x.account(llm.Usage{}, nil)
			}
			return x.account(x.seen.Usage, nil)
		},
	}
}
