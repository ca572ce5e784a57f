package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/whole"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// Objects remembers who made what later requests are about: files, batches, videos. It never fails; what it forgot is not
// found.
type Objects interface {
	// Remember keeps where objects are. What is known of one already stays, but for a batch that was not known.
	Remember(ids []string, at Holding)
	Find(id string) (Holding, bool)
}

// Holding is where an object is.
type Holding struct {
	// Provider is who made it, Model with which model, if it was made with one.
	Provider, Model string
	// KeyID is the local API key that asked for it, empty for the chat window.
	KeyID string
	// Batch is the batch whose results a file holds, empty for all others. Created is when that was created, or else when
	// the object was seen first; Find gives it always.
	Batch   string
	Created time.Time
}

// Place is where a request names its model.
type Place int

// The places: none; the member or form field "model" of the body; the member "model" of the member "session" in the body;
// the header ai-model-id.
const (
	NoModel Place = iota
	BodyModel
	SessionModel
	HeaderModel
)

// Pass is a request that is passed on whole: only its model is replaced. Its Dialect says how its errors are spelled.
type Pass struct {
	Request
	Surface llm.Surface
	// Method is the HTTP method, Tail what follows the surface's own path, escaped.
	Method, Tail string
	// Model is where the model's name stands. Optional tells that there need not be one.
	Model    Place
	Optional bool
	// Object is the id of what the request is about, empty for one that begins something. ObjectIn is the member of the
	// body that holds it instead.
	Object, ObjectIn string
	// Keeps tells that the answer names objects which later requests are about.
	Keeps bool
	// AnyModel tells that what the request begins may use any model, Harmless that it uses none: for keys that may not use
	// all models.
	AnyModel, Harmless bool
}

// Streams tells whether the client asks for a stream of events.
func (p Pass) Streams() bool {
	look := passing{Pass: p}
	_ = look.read() // what is wrong with it is told elsewhere
	return look.stream
}

// Pass carries a request whole. It goes the same way as those of Exchange, and so do its errors.
func (g *Gateway) Pass(ctx context.Context, p Pass) (*Answer, error) {
	x := &exchange{g: g, req: p.Request, codec: protocol.For(p.Dialect), start: g.Now(), pass: &passing{Pass: p}, decision: &routing.Decision{}}
	peekErr := x.pass.read()
	held, known := x.pass.held(g.Objects)
	x.pass.holding, x.pass.known = held, known
	x.requested = x.pass.model
	if x.requested == "" && known {
		x.requested = held.Model
	}
	x.open(x.requested, p.Surface, x.pass.stream)
	return x.finish(ctx, func() (*Answer, error) {
		if peekErr != nil {
			return nil, peekErr
		}
		err := x.choose(held, known)
		if x.req.Header.Get(DryRunHeader) != "" {
			return x.dryRun(*x.decision, err)
		}
		if err != nil {
			return nil, err
		}
		if err := x.reservePass(ctx, x.decision.Attempts); err != nil {
			return nil, err
		}
		return x.try(ctx, x.decision.Attempts, protocol.Head{})
	})
}

// held finds where the object is that the request is about.
func (p *passing) held(objects Objects) (Holding, bool) {
	if p.Object == "" || objects == nil {
		return Holding{}, false
	}
	return objects.Find(p.Object)
}

// sendPass sends the request whole. It gives no answer where the provider refused.
func (x *exchange) sendPass(ctx context.Context, a routing.Attempt) (*Answer, *http.Response, error) {
	p := x.pass
	call := provider.Call{
		Provider: a.Provider, Dialect: a.Dialect, Surface: p.Surface, Verb: p.Method, Tail: p.Tail, Query: passQuery(x.req.Query),
	}
	var err error
	if call.Secret, err = x.secret(ctx, a); err != nil {
		return nil, nil, err
	}
	call.Header = p.header(a.Upstream, call.Secret)
	x.reportTo(a, call.Header)
	x.traceTo(call.Header)
	call.Hold = x.req.Hold
	resp, err := x.doPass(ctx, a, call)
	if err != nil {
		return nil, resp, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, resp, x.mute(resp)
	}
	tap := whole.NewTap(resp.Header.Get("Content-Type"), resp.ContentLength)
	if p.Keeps {
		answer, err := x.keep(ctx, resp, tap)
		return answer, resp, err
	}
	opaque := !isJSON(resp.Header)
	if results := x.resultsTap(ctx, resp.ContentLength); results != nil {
		tap, opaque = results, true // a line tells nothing of the next
	}
	stream := isEvents(resp.Header)
	header := x.passedHeader(resp)
	if stream {
		header.Del("Content-Length")
	}
	return &Answer{
		ID: x.id, Status: resp.StatusCode, Header: header, Provider: a.Provider.ID, Model: a.Model, settled: x.settlement,
		// What comes without its length, as speech does while it is made, goes on as it comes.
		Stream: stream || resp.ContentLength < 0,
		Body:   &body{x: x, ctx: ctx, upstream: resp.Body, status: resp.StatusCode, stream: stream, tap: tap, opaque: opaque, hide: x.hider(stream)},
	}, resp, nil
}

// doPass sends the request, and again without asking for the usage of a stream where the provider refuses that.
func (x *exchange) doPass(ctx context.Context, a routing.Attempt, call provider.Call) (*http.Response, error) {
	for {
		var err error
		if call.Body, err = x.passBody(a); err != nil {
			return nil, err
		}
		resp, err := x.g.Upstream.Do(ctx, call)
		if err != nil || !x.unasked || resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusUnprocessableEntity ||
			!x.refusesUsage(a, true, refusalText(resp)) {
			return resp, err
		}
		resp.Body.Close() //nolint:errcheck // it is asked again
	}
}

func isJSON(h http.Header) bool { return strings.Contains(h.Get("Content-Type"), "json") }

func isEvents(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}

// keptLimit bounds an answer that names objects. Lists of them are the largest.
const keptLimit = 16 << 20

// keep reads an answer that names objects to its end before the client sees it: its next request may come at once.
func (x *exchange) keep(ctx context.Context, resp *http.Response, tap *whole.Tap) (*Answer, error) {
	defer resp.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(io.LimitReader(resp.Body, keptLimit+1))
	if err != nil {
		return nil, x.brokeOff(ctx, err)
	}
	if len(text) > keptLimit {
		return nil, llm.Errorf(llm.ErrInternal, "%s's answer is larger than %d bytes; ask for fewer at a time", x.provider.Name, keptLimit).
			WithStatus(http.StatusBadGateway)
	}
	tap.Write(text)
	x.seen = tap.Close()
	x.remember(tap)
	x.whole = true
	header := x.passedHeader(resp)
	header.Del("Content-Length")
	return &Answer{
		ID: x.id, Status: resp.StatusCode, Header: header, Provider: x.provider.ID, Model: x.model,
		Body: io.NopCloser(bytes.NewReader(text)), settled: x.settlement,
	}, nil
}

// remember keeps where the objects are that an answer names.
func (x *exchange) remember(tap *whole.Tap) {
	if x.g.Objects == nil {
		return
	}
	at := Holding{Provider: x.provider.ID, Model: x.model, KeyID: x.req.Caller.KeyID}
	for _, b := range tap.Batches() {
		results := at
		results.Batch = b.ID
		if b.Created > 0 {
			results.Created = time.Unix(b.Created, 0).UTC()
		}
		x.g.Objects.Remember(b.Files, results)
	}
	if ids := tap.IDs(); len(ids) > 0 {
		x.g.Objects.Remember(ids, at)
	}
}

// mute makes an error of a refusal that says nothing in JSON, as servers answer on paths that they don't have; nil for all
// others.
func (x *exchange) mute(resp *http.Response) error {
	kind := resp.Header.Get("Content-Type")
	if resp.StatusCode < 400 || resp.StatusCode == http.StatusUnauthorized || strings.Contains(kind, "json") {
		return nil
	}
	resp.Body.Close() //nolint:errcheck // it is not read
	return llm.Errorf(llm.KindOfStatus(resp.StatusCode), "%s answered %d without saying why; it may not have %s at %s", x.provider.Name,
		resp.StatusCode, x.pass.Surface, x.provider.BaseURL).WithStatus(resp.StatusCode).WithCode("upstream_refused")
}
