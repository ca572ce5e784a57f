package messages

import (
	"slices"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/fit"
)

// minBudget is the least budget that the API takes.
const minBudget = 1024

// thinking writes max_tokens and how much the model shall think: adaptively with an effort where the model knows it,
// else by the budget that is the effort's share of the output.
func (e *encoder) thinking(req *llm.Request, out *request) {
	limit := e.opts.MaxTokens
	if limit <= 0 {
		limit = e.quirks.MaxOutput
	}
	out.MaxTokens = limit
	if limit <= 0 {
		out.MaxTokens = DefaultMaxTokens
	}
	if n := req.MaxOutputTokens; n != nil {
		out.MaxTokens = *n
		if limit > 0 && *n > limit {
			out.MaxTokens = limit
			e.notice("max_tokens", "it was lowered to the model's limit")
		}
	}
	if r := req.Reasoning; r != nil {
		e.level(r, out, limit)
	}
	if out.Thinking == nil {
		return
	}
	for _, x := range req.Extra {
		if x.Dialect == llm.Messages && x.Name == "thinking.display" && string(x.Raw) == `"omitted"` {
			out.Thinking.Display = "omitted"
		}
	}
	e.thinkingFits(out)
}

func (e *encoder) level(r *llm.ReasoningConfig, out *request, limit int64) {
	q := e.quirks
	effort := r.Effort
	switch {
	case q.NoThinking:
		if effort != "none" {
			e.notice("reasoning", "the model does not reason, so it was left out")
		}
		return
	case effort == "none":
		e.off(out)
		return
	case q.Adaptive && (q.NoBudget || r.Budget == nil):
		if effort == "" && r.Budget != nil {
			effort = fit.Effort(*r.Budget, out.MaxTokens)
			e.notice("reasoning", "the budget was turned into the effort "+effort)
		}
		out.Thinking = &thinking{Type: "adaptive"}
		e.effort(effort, out)
	default:
		e.budget(r, out, limit)
	}
	if out.Thinking != nil && r.Summary != "" {
		out.Thinking.Display = "summarized"
	}
}

// off turns thinking off, or as low as the model lets it.
func (e *encoder) off(out *request) {
	switch {
	case !e.quirks.AlwaysThinks:
		out.Thinking = &thinking{Type: "disabled"}
	case e.quirks.BetweenTools:
		out.Thinking = &thinking{Type: "between_tools"}
		e.notice("reasoning", "the model can't go without; it reasons between tools only")
	default:
		e.effort("minimal", out)
		e.notice("reasoning", "the model can't go without; it got its lowest effort")
	}
}

func (e *encoder) effort(effort string, out *request) {
	if effort == "" {
		return
	}
	level := fit.Nearest(effort, e.quirks.Efforts)
	if level == "" {
		return
	}
	if level != effort {
		e.notice("reasoning", "the effort "+effort+" became "+level+", the nearest that the model has")
	}
	out.OutputConfig = append(members{{"effort", level}}, out.OutputConfig...)
}

// budget gives the model its budget, inside max_tokens, which is raised where that leaves no room for an answer.
func (e *encoder) budget(r *llm.ReasoningConfig, out *request, limit int64) {
	budget := fit.Budget(r.Effort, out.MaxTokens)
	switch {
	case r.Budget != nil:
		budget = *r.Budget
	case r.Effort == "": // as the model likes it
		budget = fit.Budget("medium", out.MaxTokens)
	}
	if r.Budget != nil && r.Effort != "" && slices.Contains(e.quirks.Efforts, r.Effort) {
		e.effort(r.Effort, out)
	}
	budget = max(budget, minBudget)
	if budget >= out.MaxTokens {
		out.MaxTokens += budget
		if limit > 0 && out.MaxTokens > limit {
			out.MaxTokens = limit
		}
		e.notice("max_tokens", "it was raised, because it counts the reasoning too")
	}
	if budget >= out.MaxTokens {
		budget = out.MaxTokens - 1
	}
	if budget < minBudget {
		e.notice("reasoning", "there is no room for it in the model's output, so it was left out")
		return
	}
	out.Thinking = &thinking{Type: "enabled", BudgetTokens: budget}
}

// thinkingFits turns thinking off where the rest of the request does not go with it.
func (e *encoder) thinkingFits(out *request) {
	kind := out.Thinking.Type
	if kind != "enabled" && kind != "adaptive" {
		return
	}
	forced := out.ToolChoice != nil && (out.ToolChoice.Type == "any" || out.ToolChoice.Type == "tool")
	switch {
	case forced && !e.quirks.AlwaysThinks:
		e.notice("reasoning", "a model that is forced to call a tool can't reason, so it was turned off")
		out.Thinking = nil
	case kind == "enabled" && e.loopWithoutThinking():
		e.notice("reasoning", "the reasoning behind the last tool calls is not there to go on from, so it was turned off")
		out.Thinking = nil
	}
	if last := e.turns[len(e.turns)-1]; out.Thinking != nil && last.Role == string(llm.RoleAssistant) {
		e.notice("messages", "a model that reasons can't go on from an answer of its own, so the user asks it to go on")
		e.turns = append(e.turns, turn{string(llm.RoleUser), []any{say("(Go on from where you stopped.)")}})
	}
}

// loopWithoutThinking tells that tool calls are being answered whose turn does not start with its thinking.
func (e *encoder) loopWithoutThinking() bool {
	n := len(e.turns)
	if n < 2 {
		return false
	}
	if _, result := e.turns[n-1].Content[0].(*toolResultBlock); !result {
		return false
	}
	switch e.turns[n-2].Content[0].(type) {
	case thinkingBlock:
		return false
	case *textBlock, *toolUseBlock, *mediaBlock:
		return true
	}
	return false // redacted thinking, or something only the API knows
}
