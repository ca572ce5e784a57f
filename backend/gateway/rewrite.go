package gateway

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/routing"
)

// rewrite is a refused request's other chance: how it is written anew, and why that may do.
type rewrite struct {
	why, again string
	// forget leaves out all reasoning of earlier turns.
	forget bool
}

// raw tells that an attempt forwards the request as it is: the provider speaks the client's dialect, and answers in it as
// clients of the dialect know it.
func (x *exchange) raw(a routing.Attempt) bool {
	return a.Dialect == x.req.Dialect && !x.req.Rewrite && !protocol.Foreign(a.Dialect, targetOf(a))
}

func targetOf(a routing.Attempt) protocol.Target {
	return protocol.Target{Origin: llm.Origin{Provider: a.Provider.ID, Model: a.Model}}
}

// persist sends a request, and where the provider refuses what may be the history's fault, sends it again in another form:
// first without what only the raw path leaves in, then without any earlier reasoning. Each try is noted; the attempt becomes
// the one that was answered.
func (x *exchange) persist(ctx context.Context, a *routing.Attempt, head protocol.Head) (answer *Answer, resp *http.Response, err error) {
	fixed := x.req.Embedding != nil || x.pass != nil // no conversation
	// What we issued for another model only we can read, so the provider would refuse it.
	raw := x.raw(*a) && (fixed || !x.changes(*a) && !carry.Holds(x.req.Body))
	for {
		if !raw && !fixed {
			*a = translated(*a)
		}
		answer, resp, err = x.send(ctx, *a, head, raw)
		if err != nil || answer != nil || fixed {
			return answer, resp, err
		}
		var r rewrite
		again := false
		switch resp.StatusCode {
		case http.StatusBadRequest, http.StatusUnprocessableEntity:
			refusal := refusalText(resp)
			if x.refusesUsage(*a, raw, refusal) {
				resp.Body.Close() //nolint:errcheck // it is asked again
				x.anew(*a, resp.StatusCode, &llm.Error{Kind: llm.ErrBadRequest, Message: "the provider tells no usage of streams"},
					"again, without asking for the usage")
				continue
			}
			r, again = x.rewritable(*a, raw, refusal)
		case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			if !x.isOwn(*a) { // the client's own token is for its own dialect's endpoint
				r, again = plainer(a, raw, refusalText(resp))
			}
		}
		if !again {
			return answer, resp, err
		}
		resp.Body.Close() //nolint:errcheck // it is asked again
		x.anew(*a, resp.StatusCode, &llm.Error{Kind: llm.ErrBadRequest, Message: r.why}, r.again)
		raw, x.forget = false, r.forget
	}
}

// translated is an attempt whose request is written anew: in the provider's own dialect where the client's is only passed
// on, as the AI SDK's is.
func translated(a routing.Attempt) routing.Attempt {
	if protocol.For(a.Dialect).EncodeRequest == nil {
		a.Dialect = a.Provider.Native()
	}
	return a
}

// plainer turns to Chat Completions where what stands at a provider's base URL has nothing newer, as many servers have that
// are said to be OpenAI's.
func plainer(a *routing.Attempt, raw bool, refusal string) (rewrite, bool) {
	if raw || a.Dialect != llm.Responses || !a.Provider.Speaks(llm.ChatCompletions) || strings.Contains(refusal, "model") {
		return rewrite{}, false
	}
	a.Dialect = llm.ChatCompletions
	return rewrite{why: "there is no " + llm.Responses.String() + " at its base URL", again: "again, in " + llm.ChatCompletions.String()}, true
}

// refusalText reads what a provider says of a refusal and leaves it to be read again.
func refusalText(resp *http.Response) string {
	body, err := io.ReadAll(io.LimitReader(resp.Body, errorLimit))
	resp.Body.Close() //nolint:errcheck // reading is over
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
	return strings.ToLower(string(body))
}

// failing gives the error that a reading ended in, io.EOF if there was none.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// rewritable tells why a request that was refused may do when it is written anew; not ok if nothing speaks for it.
func (x *exchange) rewritable(a routing.Attempt, raw bool, refusal string) (rewrite, bool) {
	if !raw {
		return rewrite{"the provider does not know the history's reasoning", "again, without reasoning of earlier turns", true},
			!x.forget && aboutReasoning(refusal)
	}
	switch {
	case carry.In(x.req.Body):
		// A carrier of ours that was damaged; the others were seen before.
		return rewrite{why: "the history holds another model's reasoning", again: "again, without the other model's reasoning"}, true
	case x.namesFiles(a):
		return rewrite{why: "the provider fetches no files", again: "again, with the content of the files that it names by URL"}, true
	case protocol.Accented(a.Dialect, targetOf(a)) && !tooLong(refusal):
		return rewrite{why: "the provider's form of the protocol is another", again: "again, in the provider's form"}, true
	case aboutReasoning(refusal):
		return rewrite{"the provider does not know the history's reasoning", "again, without reasoning of earlier turns", true}, true
	}
	return rewrite{}, false
}

// aboutReasoning tells that a refusal is of what earlier turns hold of reasoning: signatures, encrypted content, members
// that carry it. The words are those of Anthropic's, OpenAI's, Google's and DeepSeek's refusals.
func aboutReasoning(refusal string) bool {
	return slices.ContainsFunc([]string{
		"signature", "redacted_thinking", "thinking block", "encrypted_content", "encrypted content", "reasoning_content",
		"reasoning_details", "'reasoning'", "'rs_",
	}, func(word string) bool { return strings.Contains(refusal, word) })
}

func tooLong(refusal string) bool {
	return strings.Contains(refusal, "context_length_exceeded") || strings.Contains(refusal, "too long")
}

// withoutReasoning leaves out of a conversation what only the model that wrote it can read.
func withoutReasoning(messages []llm.Message) {
	for i, m := range messages {
		messages[i].Parts = slices.DeleteFunc(m.Parts, func(p llm.Part) bool { _, ok := p.(llm.Reasoning); return ok })
		for j, p := range messages[i].Parts {
			if c, ok := p.(llm.ToolCall); ok && c.Signature != "" {
				c.Signature, c.Origin = "", llm.Origin{}
				messages[i].Parts[j] = c
			}
		}
	}
}
