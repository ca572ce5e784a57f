package gateway

import (
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/routing"
)

// askUsage gives the edits by which a streamed request that is forwarded as it is asks for its usage, which no stream of
// Chat Completions tells by itself; none where it asks already, or where the server is known to refuse. What only we asked
// for is kept from the client.
func (x *exchange) askUsage(a routing.Attempt, stream bool) ([]jsonedit.Edit, error) {
	x.unasked = false
	if !stream || a.Dialect != llm.ChatCompletions || x.silent(a) {
		return nil, nil
	}
	edits, err := chatcompletions.AskUsage(x.req.Body)
	x.unasked = len(edits) > 0
	return edits, err
}

// silent tells that a provider refuses to be asked for a stream's usage: it is known to, or did since the program started.
func (x *exchange) silent(a routing.Attempt) bool {
	if chatcompletions.OptionsFor(targetOf(a).Origin).NoStreamOptions {
		return true
	}
	_, refused := x.g.silent.Load(a.Provider.ID)
	return refused
}

// refusesUsage tells that a provider refused a request because we asked for its usage. It is not asked for it again.
func (x *exchange) refusesUsage(a routing.Attempt, raw bool, refusal string) bool {
	asked := x.unasked || !raw && a.Dialect == llm.ChatCompletions
	if !asked || x.silent(a) || !strings.Contains(refusal, "stream_options") && !strings.Contains(refusal, "include_usage") {
		return false
	}
	x.g.silent.Store(a.Provider.ID, struct{}{})
	return true
}

// hider keeps from the client what only we asked for; nil where there is nothing.
func (x *exchange) hider(events bool) *chatcompletions.Unasked {
	if !x.unasked || !events {
		return nil
	}
	return &chatcompletions.Unasked{}
}
