package gateway

import (
	"context"
	"net/http"
	"slices"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/routing"
)

// Purse says whether a request may be made, by budgets and rate limits. Its errors are *llm.Error.
type Purse interface {
	// Reserve sets aside what a request may take. Each request that it was asked about is ended by End, once.
	Reserve(ctx context.Context, in Intent) (Grant, error)
	// End gives back what a request has reserved and the history did not take the place of.
	End(id string, s Settlement)
}

// Intent is what is known of a request before anything of it is sent.
type Intent struct {
	ID        string
	StartedAt time.Time
	// Key is the API key's name, empty for the chat window.
	Key, Project string
	Tags         []string
	// Model is the name that the client asked by, Candidates who may answer, in order. Hedged tells that two may at once.
	Model      string
	Candidates []Candidate
	Hedged     bool
	// Surface is set where the request is passed on whole, Embeds where it is for embeddings.
	Surface llm.Surface
	Embeds  bool
	// Bytes is the length of its body. MaxOutput reads the longest answer that it asks for, in tokens, from there; 0 is
	// unknown.
	Bytes     int
	MaxOutput func() int64
	// Instead is the model that answers in place of the one that was asked for, by an earlier Grant. Fixed tells that none
	// may.
	Instead string
	Fixed   bool
}

// Candidate is a model at a provider.
type Candidate struct{ Provider, Model string }

// Grant is what a Purse says of a request that may be made.
type Grant struct {
	// Instead is a model to ask in place of the one that was asked for. Nothing is reserved then.
	Instead string
	// Reserved is what was set aside; nil where no budget wants it.
	Reserved *Reserved
	// Notice says how much of a budget is spent, for the client; empty where there is nothing to say.
	Notice string
}

// Reserved is what a request had set aside when it began. The history keeps it for requests whose end is not known.
type Reserved struct {
	// PicoUSD is in 1e-12 USD; nil is unknown.
	PicoUSD *int64 `json:"picoUSD"`
	Tokens  int64  `json:"tokens"`
	// Bytes is the length of the request's body, from which its tokens were told.
	Bytes int64 `json:"bytes"`
}

// BudgetHeader says how much of a budget is spent that a request is under, once that is worth a warning.
const BudgetHeader = "X-Gatehouse-Budget"

// reserve asks for what a conversation or embeddings may take. A budget may want another model to answer; the decision is
// made anew then.
func (x *exchange) reserve(ctx context.Context, w routing.World, ask routing.Ask, d routing.Decision) (routing.Decision, error) {
	if x.g.Purse == nil {
		return d, nil
	}
	in := x.intent(d.Attempts)
	in.Embeds = x.req.Embedding != nil
	from := x.req.From
	in.Fixed = in.Embeds || x.req.Suffix != "" || slices.ContainsFunc(d.Attempts, x.isOwn) ||
		from != nil && from.Provider != "" && from.Expanded == nil // only who keeps it can go on from it
	grant, err := x.g.Purse.Reserve(ctx, in)
	if err == nil && grant.Instead != "" {
		ask.Model, ask.Allows = grant.Instead, nil // whoever set the budget grants its fallback
		if other, refused := routing.Decide(w, ask); refused == nil {
			d, in.Instead = other, grant.Instead
			x.decision = &d
			x.confine()
			in.Candidates = candidates(d.Attempts)
		} else {
			in.Fixed = true
		}
		grant, err = x.g.Purse.Reserve(ctx, in)
	}
	return d, x.granted(grant, err)
}

// reservePass is reserve for what is passed on whole.
func (x *exchange) reservePass(ctx context.Context, plan []routing.Attempt) error {
	if x.g.Purse == nil {
		return nil
	}
	in := x.intent(plan)
	in.Surface, in.Fixed = x.pass.Surface, true
	return x.granted(x.g.Purse.Reserve(ctx, in))
}

func (x *exchange) granted(grant Grant, err error) error {
	if err != nil {
		return err
	}
	x.notice = grant.Notice
	if grant.Reserved != nil {
		x.line.entry.Reserve(*grant.Reserved)
	}
	return nil
}

func (x *exchange) intent(plan []routing.Attempt) Intent {
	caller, options := x.req.Caller, x.decision.Options
	return Intent{
		ID: x.id, StartedAt: x.start, Key: caller.Key, Project: caller.Project, Tags: options.Tags, Model: x.requested,
		Candidates: candidates(plan), Hedged: x.hedges(), Bytes: len(x.req.Body), MaxOutput: x.maxOutput,
	}
}

func candidates(plan []routing.Attempt) []Candidate {
	var out []Candidate
	for _, a := range plan {
		if c := (Candidate{a.Provider.ID, a.Model}); !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// outputLimits are the members by which each dialect bounds the answer (the API references, "max_completion_tokens",
// "max_output_tokens", "max_tokens", "maxOutputTokens", "num_predict").
var outputLimits = map[llm.Dialect]struct {
	object string
	names  []string
}{
	llm.ChatCompletions: {"", []string{"max_completion_tokens", "max_tokens"}},
	llm.Responses:       {"", []string{"max_output_tokens"}},
	llm.Messages:        {"", []string{"max_tokens"}},
	llm.Gemini:          {"generationConfig", []string{"maxOutputTokens"}},
	llm.AISDK:           {"", []string{"maxOutputTokens"}},
	llm.Ollama:          {"options", []string{"num_predict"}},
}

// maxOutput reads the longest answer that the request asks for, in tokens; 0 is unknown.
func (x *exchange) maxOutput() int64 {
	at, ok := outputLimits[x.req.Dialect]
	if !ok || x.pass != nil || x.req.Embedding != nil {
		return 0
	}
	names := at.names
	if at.object != "" {
		names = []string{at.object}
	}
	spans, err := jsonedit.Glance(x.req.Body, names...)
	if err != nil {
		return 0 // whoever needs the whole body says what is wrong with it
	}
	for _, span := range spans {
		if !span.Found() {
			continue
		}
		v := jsonread.Of(span.Of(x.req.Body))
		if at.object != "" {
			v = v.Get(at.names[0])
		}
		if n := v.Int(); n > 0 {
			return n
		}
	}
	return 0
}

// tellBudget says in the header how much of a budget is spent.
func (x *exchange) tellBudget(h http.Header) {
	if x.notice != "" {
		h[BudgetHeader] = []string{x.notice}
	}
}
