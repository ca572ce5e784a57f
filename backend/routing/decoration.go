package routing

import "strings"

// Claude Code only lists ids that begin with "claude", and asks for the long context by a suffix; so its list shows ids
// decorated with both (hosted gateway, "Claude Code"). People paste such ids elsewhere too.
const (
	ClaudeCodePrefix = "claude-code/"
	LongSuffix       = "[1m]"
	// LongContext is the size of context, in tokens, from which on an id is shown with the suffix.
	LongContext = 1_000_000
)

// Undecorate gives the model that a decorated id stands for, and whether it asks for the long context.
func Undecorate(id string) (model string, long bool) {
	model = strings.TrimPrefix(id, ClaudeCodePrefix)
	model, long = strings.CutSuffix(model, LongSuffix)
	return model, long
}

// Undecorated is Undecorate, but for names that mean something as they are.
func (w World) Undecorated(id string) (model string, long bool) {
	if w.Catalog.Has(id) {
		return id, false
	}
	if w.Config != nil {
		if _, virtual := w.Config.Virtual[id]; virtual {
			return id, false
		}
	}
	if _, named := w.Providers[strings.TrimSuffix(ClaudeCodePrefix, "/")]; named {
		model, long = strings.CutSuffix(id, LongSuffix)
		return model, long
	}
	return Undecorate(id)
}
