package gateway

import (
	"net/http"
	"slices"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/routing"
)

// longBeta switches a context of a million tokens on for those of Anthropic's models that don't have it by themselves
// (API reference, "Context windows").
const longBeta = "context-1m-2025-08-07"

// askLong asks Anthropic for the long context where the client did by the model's suffix. Everybody else gives a model
// what context it has.
func (x *exchange) askLong(a routing.Attempt, h http.Header) {
	if !x.long || a.Provider.ID != "anthropic" || a.Dialect != llm.Messages {
		return
	}
	if known, ok := x.g.World().Catalog.Served(a.Provider.ID, a.Model); ok && known.ContextWindow >= routing.LongContext {
		return
	}
	for _, v := range h["Anthropic-Beta"] {
		for beta := range strings.SplitSeq(v, ",") {
			if strings.TrimSpace(beta) == longBeta {
				return
			}
		}
	}
	h["Anthropic-Beta"] = append(slices.Clone(h["Anthropic-Beta"]), longBeta) // the client's own slice stays as it is
}
