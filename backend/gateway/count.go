package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/gemini"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/tokens"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// Calibration knows how far the estimate of a prompt's tokens is off at a model.
type Calibration interface {
	// Correct gives the tokens that a prompt probably has.
	Correct(provider, model string, estimated int64) int64
	// Wants tells whether it is worth an estimate to learn from a request.
	Wants(provider, model string) bool
	// Learn takes what a prompt really had.
	Learn(provider, model string, estimated, actual int64)
}

// countLimit bounds a provider's answer to how many tokens a request has, countPatience how long it may take: there is
// another answer at hand.
const (
	countLimit    = 1 << 20
	countPatience = 10 * time.Second
)

// CountTokens answers how many tokens a request has at its model, in the client's dialect: the provider's own count where it
// has one, else an estimate, which is never 0. It costs nothing and leaves no line in the history. Its errors are
// *llm.Error: a model that nobody serves, or a request that can't be read.
func (g *Gateway) CountTokens(ctx context.Context, req Request) (*Answer, error) {
	x := &exchange{g: g, req: req, codec: protocol.For(req.Dialect), start: g.Now(), line: &line{entry: unrecorded{}}, decision: &routing.Decision{}}
	x.id = NewRequestID(x.start)
	head, err := x.peek()
	if err != nil {
		return nil, err
	}
	x.requested = head.Model
	plan, err := x.plan(head)
	if err != nil {
		return nil, err
	}
	a := plan[0]
	x.provider, x.model = a.Provider, a.Model
	if d := a.Provider.Counts(req.Dialect, a.Upstream); d != "" {
		if answer := x.countThere(ctx, a, d, head); answer != nil {
			return answer, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, llm.AsError(err)
		}
	}
	asked, err := x.decode()
	if err != nil {
		return nil, err
	}
	return x.counted(nil, protocol.EncodeCountResponse(req.Dialect, x.estimate(asked.Request))), nil
}

// unrecorded is the line of what the history does not hold.
type unrecorded struct{}

func (unrecorded) Guard(context.Context) {}
func (unrecorded) Reserve(Reserved)      {}
func (unrecorded) Settle(Settlement)     {}

// countThere asks the provider, in a dialect that it counts in. It gives nil where that came to nothing, and the provider's
// refusal where the request is at fault, as the client wrote it.
func (x *exchange) countThere(ctx context.Context, a routing.Attempt, d llm.Dialect, head protocol.Head) *Answer {
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	raw := d == x.req.Dialect
	a.Dialect = d
	call := provider.Call{Provider: a.Provider, Dialect: d, Count: true, Model: a.Upstream, Header: x.ownHeader(d)}
	if d == llm.Gemini {
		call.Method = "countTokens"
	}
	var err error
	if raw {
		call.Query, call.Header = forwardQuery(x.req), forwardHeader(x.req)
		call.Body, err = x.countBody(d, head, a.Upstream)
	} else {
		call.Body, err = x.countAnew(ctx, a, d)
	}
	if err != nil {
		return nil
	}
	resp, err := x.call(ctx, a, call)
	if err != nil {
		return nil
	}
	defer resp.Body.Close() //nolint:errcheck // reading is over
	body, err := io.ReadAll(io.LimitReader(resp.Body, countLimit))
	if err != nil {
		return nil
	}
	if raw && resp.StatusCode == http.StatusBadRequest && !carry.In(x.req.Body) {
		return x.counted(resp, x.redactBytes(body))
	}
	n, err := protocol.DecodeCountResponse(d, body)
	if resp.StatusCode >= http.StatusMultipleChoices || err != nil {
		return nil
	}
	if !raw {
		body = protocol.EncodeCountResponse(x.req.Dialect, n)
	}
	return x.counted(resp, body)
}

// countBody is the client's own request with nothing but the model changed.
func (x *exchange) countBody(d llm.Dialect, head protocol.Head, upstream string) (provider.Body, error) {
	if d == llm.Gemini {
		body, err := gemini.ReplaceModel(x.req.Body, upstream)
		return wire(body), err
	}
	return jsonedit.Replace(x.req.Body, head.ModelAt, modelValue(x.req.Body, head, upstream)), nil
}

// countAnew is the request in the provider's dialect.
func (x *exchange) countAnew(ctx context.Context, a routing.Attempt, d llm.Dialect) (provider.Body, error) {
	asked, err := x.decode()
	if err != nil {
		return nil, err
	}
	target := protocol.Target{Origin: llm.Origin{Provider: a.Provider.ID, Model: a.Model}}
	if err := x.g.inline(ctx, a, target, asked.Request); err != nil {
		return nil, err
	}
	asked.Request.Model = a.Upstream
	body, err := protocol.EncodeCountRequest(d, asked.Request, target)
	return wire(body), err
}

// counted is the answer; resp is the provider's, nil where it was not asked.
func (x *exchange) counted(resp *http.Response, body []byte) *Answer {
	status := http.StatusOK
	if resp == nil {
		resp = &http.Response{Header: http.Header{}}
	} else if resp.StatusCode >= http.StatusBadRequest {
		status = resp.StatusCode
	}
	header := x.header(resp)
	header.Del("Content-Length")
	header.Set("Content-Type", "application/json")
	return &Answer{
		ID: x.id, Status: status, Header: header, Provider: x.provider.ID, Model: x.model,
		Body: io.NopCloser(bytes.NewReader(body)), settled: x.settlement,
	}
}

// estimate gives the tokens that a request probably has at the attempt's model.
func (x *exchange) estimate(req *llm.Request) int64 {
	x.estimated = tokens.Request(req, x.model)
	if x.g.Calibration == nil {
		return x.estimated
	}
	return x.g.Calibration.Correct(x.provider.ID, x.model, x.estimated)
}

// learnLimit is the largest request body that is estimated only to learn from it.
const learnLimit = 4 << 20

// learn compares what a request used with its estimate. Where none was made yet, because the request went to its provider
// as it was, it is called when the client has its answer.
func (x *exchange) learn() {
	s := x.settlement()
	c := x.g.Calibration
	if c == nil || s.Outcome != OK || s.Usage.Input.Provenance() != llm.Reported || x.req.Embedding != nil || x.pass != nil || !c.Wants(s.Provider, s.Model) {
		return
	}
	if x.estimated == 0 {
		if len(x.req.Body) > learnLimit {
			return
		}
		asked, err := x.asked, error(nil)
		if asked == nil {
			asked, err = x.decode()
		}
		if err != nil {
			return
		}
		x.estimated = tokens.Request(asked.Request, s.Model)
	}
	u := s.Usage
	c.Learn(s.Provider, s.Model, x.estimated, u.Input.Or(0)+u.CacheRead.Or(0)+u.CacheWrite5m.Or(0)+u.CacheWrite1h.Or(0))
}
