package protocol

import (
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
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
