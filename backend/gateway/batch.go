package gateway

import (
	"context"
	"net/http"
	"strings"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/whole"
)

// Ledger takes requests that were carried elsewhere, with how they ended: those of a batch.
type Ledger interface {
	// Enter keeps those that it does not have yet, by their ids.
	Enter(ctx context.Context, ended []Ended) error
}

// Ended is a request that was opened and has ended, of a length of time that nobody knows.
type Ended struct {
	Opening
	Settlement
}

const (
	// entered is how many results are kept at a time, enterLimit how long that may hold up the client that reads them.
	entered    = 500
	enterLimit = 5 * time.Second
)

// BatchTier is the service tier of what a batch used, as price lists call it (llm.Usage.Tier).
const BatchTier = "batch"

// results are those of a batch while a client reads them. Each is a request of its own in the history, by an id that follows
// from the batch and the client's name for the request: however often they are read, it counts once.
type results struct {
	x       *exchange
	ctx     context.Context
	batch   string
	created time.Time
	model   string
	ready   []Ended
	failed  bool
}

// resultsTap observes the results of a batch; nil where the answer is nothing of the kind. Of a batch that was not begun
// here too little is known: it may not even be this user's.
func (x *exchange) resultsTap(ctx context.Context, length int64) *whole.Tap {
	p := x.pass
	if x.g.Ledger == nil || !p.known {
		return nil
	}
	r := &results{x: x, ctx: context.WithoutCancel(ctx), batch: p.holding.Batch, created: p.holding.Created, model: p.holding.Model}
	switch {
	case p.Surface == llm.Files && p.Method == http.MethodGet && strings.HasSuffix(p.Tail, "/content") && r.batch != "":
	case p.Surface == llm.AISDKBatches && strings.HasSuffix(p.Tail, "/batch/results"):
		r.batch = p.Object
	default:
		return nil
	}
	return whole.NewResults(length, r.each, r.enter)
}

func (r *results) each(result whole.Result) {
	if result.ID == "" {
		return
	}
	x, seen := r.x, &llm.Observation{}
	dialect := answerDialect(result.Answer, x.pass.Surface)
	if result.Answer != nil {
		tap := protocol.For(dialect).NewTap(false)
		tap.Write(result.Answer)
		seen = tap.Close()
		if seen.Model == "" { // not every tap looks for it
			seen.Model = jsonread.Of(result.Answer).Get("model").String()
		}
	}
	model := r.model
	if model == "" && seen.Model != "" {
		model = x.provider.ModelID(seen.Model)
	}
	caller := x.req.Caller
	e := Ended{
		Opening{
			ID: derivedID(r.created, x.provider.ID, r.batch, result.ID), StartedAt: r.created, KeyID: caller.KeyID, Key: caller.Key,
			Project: caller.Project, Client: caller.Client, Dialect: dialect, Surface: llm.Batches, RequestedModel: model,
		},
		Settlement{
			Outcome: OK, Provider: x.provider.ID, Model: model, UpstreamID: seen.ID, Status: result.Status, Usage: seen.Usage, Finish: seen.Finish,
			Notices: []llm.Notice{{Field: "batch", Message: "this is the request " + result.ID + " of " + r.batch}},
		},
	}
	e.Usage.Tier = BatchTier
	if result.Failure != "" || result.Status >= http.StatusBadRequest || seen.Err != nil {
		e.Outcome, e.Kind, e.Error = Failed, llm.ErrInternal, x.redact(result.Failure)
		if result.Status >= http.StatusBadRequest {
			e.Kind = llm.KindOfStatus(result.Status)
		}
	}
	if r.ready = append(r.ready, e); len(r.ready) >= entered {
		r.enter()
	}
}

// enter keeps what is ready. Where that fails the next reading of the results counts them; this one goes on without.
func (r *results) enter() {
	if len(r.ready) == 0 || r.failed {
		r.ready = nil
		return
	}
	ctx, cancel := context.WithTimeout(r.ctx, enterLimit)
	defer cancel()
	if err := r.x.g.Ledger.Enter(ctx, r.ready); err != nil {
		r.failed = true
		r.x.g.Logger.Error("what a batch used could not be kept; it is when its results are read again", "batch", r.batch, "error", err)
	}
	r.ready = nil
}

// answerDialect tells in which dialect an answer is, by what it says of itself (API references, "object").
func answerDialect(answer []byte, surface llm.Surface) llm.Dialect {
	if surface == llm.AISDKBatches {
		return llm.AISDK
	}
	if answer == nil {
		return llm.ChatCompletions
	}
	switch jsonread.Of(answer).Get("object").String() {
	case "response":
		return llm.Responses
	case "list":
		return llm.Embeddings
	}
	return llm.ChatCompletions
}

// free tells that a request is about what is kept elsewhere, for which nobody asks anything: files, how a batch or a video is
// getting on. What a batch costs its own requests do.
func (p *passing) free() bool {
	if p.Method == http.MethodGet || p.Method == http.MethodDelete || p.Harmless {
		return true
	}
	switch p.Surface {
	case llm.Files, llm.Uploads:
		return true
	case llm.Batches:
		return strings.HasSuffix(p.Tail, "/cancel")
	case llm.AISDKBatches:
		return p.ObjectIn != ""
	}
	return false
}

// begins tells that a request begins a batch, whose cost only its results tell.
func (p *passing) begins() bool {
	return (p.Surface == llm.Batches || p.Surface == llm.AISDKBatches) && p.Method == http.MethodPost && !p.free()
}

// countedLater is what the history says of a request that begins a batch.
var countedLater = llm.Notice{
	Field: "batch", Message: "its requests are counted, each by itself, when their results are fetched through Gatehouse",
}
