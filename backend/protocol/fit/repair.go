package fit

import (
	"slices"
	"strconv"

	"gatehouse/backend/llm"
)

// NoResult is the text of a result that the conversation lacks.
const NoResult = "(The tool gave no result.)"

// Repair brings calls and results into the form that all dialects take: each assistant's turn with calls is followed at
// once by one tool message with a result for every call, in the order of the calls, and no result stands anywhere else.
// A call without a result gets an error for one, a result without a call becomes a text of the user's, an id that is
// used again gets a number. fit, if not nil, brings ids into the target's form. Messages that need nothing stay as they
// are, and messages is never written to.
func Repair(messages []llm.Message, fit func(id string) string) (out []llm.Message, notices []llm.Notice) {
	if fit == nil {
		fit = func(id string) string { return id }
	}
	r := repair{used: map[string]bool{}, fit: fit, out: make([]llm.Message, 0, len(messages))}
	for start := 0; start < len(messages); {
		end := start
		for end < len(messages) && messages[end].Role == llm.RoleAssistant {
			r.assistant(messages[end])
			end++
		}
		next := end
		for next < len(messages) && messages[next].Role != llm.RoleAssistant {
			next++
		}
		r.answer(messages[end:next])
		start = next
	}
	return r.out, r.notices
}

type repair struct {
	out     []llm.Message
	notices []llm.Notice
	used    map[string]bool
	fit     func(string) string
	pending []*pending // the calls of the last assistant's turn
}

type pending struct {
	was, id, name string
	result        *llm.ToolResult
}

func (r *repair) notice(text string) {
	if n := (llm.Notice{Field: "messages", Message: text}); !slices.Contains(r.notices, n) {
		r.notices = append(r.notices, n)
	}
}

func (r *repair) assistant(m llm.Message) {
	var parts []llm.Part
	for i, p := range m.Parts {
		call, ok := p.(llm.ToolCall)
		if !ok || call.ByProvider {
			continue
		}
		id := r.fit(call.ID)
		for n := 2; r.used[id] || id == ""; n++ {
			id = r.fit(call.ID + "_" + strconv.Itoa(n))
		}
		r.used[id] = true
		r.pending = append(r.pending, &pending{was: call.ID, id: id, name: call.Name})
		if id != call.ID {
			if parts == nil {
				parts = slices.Clone(m.Parts)
			}
			call.ID = id
			parts[i] = call
		}
	}
	if parts != nil {
		m.Parts = parts
	}
	r.out = append(r.out, m)
}

// answer takes the messages between two turns of the assistant's.
func (r *repair) answer(messages []llm.Message) {
	rest := make([]llm.Message, 0, len(messages))
	for _, m := range messages {
		if !slices.ContainsFunc(m.Parts, isResult) {
			rest = append(rest, m)
			continue
		}
		kept := llm.Message{Role: m.Role}
		if kept.Role == llm.RoleTool {
			kept.Role = llm.RoleUser
		}
		for _, p := range m.Parts {
			if result, ok := p.(llm.ToolResult); ok {
				kept.Parts = append(kept.Parts, r.result(result)...)
				continue
			}
			kept.Parts = append(kept.Parts, p)
		}
		if len(kept.Parts) > 0 {
			rest = append(rest, kept)
		}
	}
	if len(r.pending) > 0 {
		answers := llm.Message{Role: llm.RoleTool}
		for _, p := range r.pending {
			if p.result == nil {
				r.notice("a tool call without a result got an error for one")
				p.result = &llm.ToolResult{CallID: p.id, Name: p.name, IsError: true, Parts: []llm.Part{llm.Text{Text: NoResult}}}
			}
			answers.Parts = append(answers.Parts, *p.result)
		}
		r.out = append(r.out, answers)
		r.pending = nil
	}
	r.out = append(r.out, rest...)
}

func isResult(p llm.Part) bool { _, ok := p.(llm.ToolResult); return ok }

// result gives a result to its call; one that has none is given back as parts of the user's.
func (r *repair) result(result llm.ToolResult) []llm.Part {
	for _, p := range r.pending {
		if p.was == result.CallID && p.result == nil {
			result.CallID = p.id
			if result.Name == "" {
				result.Name = p.name
			}
			p.result = &result
			return nil
		}
	}
	r.notice("a tool result without its call was sent as text")
	out := []llm.Part{llm.Text{Text: "(The result of a tool call that is not part of this conversation:)"}}
	return append(out, result.Parts...)
}
