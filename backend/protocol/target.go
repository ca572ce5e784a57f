package protocol

import (
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/gemini"
	"gatehouse/backend/protocol/messages"
)

// NeedsInline tells whether media that a request names by URL must be brought inline for a target: its protocol has no
// place for the URL, or its server does not fetch.
func NeedsInline(d llm.Dialect, t Target, m llm.Media) bool {
	if !strings.HasPrefix(m.URL, "http://") && !strings.HasPrefix(m.URL, "https://") {
		return false
	}
	switch d {
	case llm.ChatCompletions:
		return chatcompletions.OptionsFor(t.Origin).NeedsInline(m)
	case llm.Messages:
		return messages.NeedsInline(m)
	case llm.Gemini:
		return !gemini.TakesURL(m.URL)
	case llm.Ollama:
		return true
	}
	return false
}

// Accented tells that a server's form of a dialect is another than its clients', so that what they send may have to be
// written anew for it: only Chat Completions is spoken in so many ways.
func Accented(d llm.Dialect, t Target) bool {
	return d == llm.ChatCompletions && t.Origin.Provider != "openai" && t.Origin.Provider != "gateway" && t.Origin.Provider != "openrouter"
}

// Foreign tells that a server answers in a form of a dialect that the dialect's own clients can't read, so that nothing is
// forwarded as it is: Mistral writes reasoning as parts of the content, and its errors are flat.
func Foreign(d llm.Dialect, t Target) bool {
	return d == llm.ChatCompletions && t.Origin.Provider == "mistral"
}

// Stops parts stop sequences into those that a target takes and those at which its answer has to be cut (see Cut).
func Stops(d llm.Dialect, t Target, all []string) (taken, cut []string) {
	limit := -1
	switch d {
	case llm.ChatCompletions:
		limit = chatcompletions.OptionsFor(t.Origin).StopLimit()
	case llm.Gemini:
		limit = gemini.MaxStops
	case llm.Responses:
		limit = 0
	}
	for _, s := range all {
		if limit >= 0 && len(taken) == limit || d == llm.Messages && !messages.TakesStop(s) {
			cut = append(cut, s)
		} else {
			taken = append(taken, s)
		}
	}
	return taken, cut
}

// Cut ends an answer at the first of some stop sequences; see fit.Cut.
func Cut(stops []string, whole bool, in llm.Stream) llm.Stream { return fit.Cut(stops, whole, in) }
