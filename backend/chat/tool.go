package chat

import (
	"encoding/json"
	"strings"

	"gatehouse/backend/llm"
)

// ToolCall is a tool that was called for an answer: by the provider, which tells its result too, or by a model that calls
// one though the chat offers none. It is shown, and never sent back: it means nothing without the tool's declaration.
type ToolCall struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Arguments are JSON, or whatever text the tool takes. Result is empty where none came; Failed says that it is an error.
	Arguments string `json:"arguments"`
	Result    string `json:"result"`
	Failed    bool   `json:"failed"`
}

// maxTools bounds the tool calls that are shown of one answer, maxToolText each one's arguments and result, and maxToolName
// its name, in bytes.
const (
	maxTools    = 200
	maxToolText = 64 << 10
	maxToolName = 256
)

// liveTool is a call whose arguments may still grow.
type liveTool struct {
	at        int // in the turn's tools
	arguments strings.Builder
}

// addTool shows a call that begins, and follows its arguments by the stream's index.
func (r *run) addTool(index int, call ToolCall) {
	if len(r.turn.Tools) >= maxTools {
		return
	}
	call.Name, call.Arguments = clipTo(call.Name, maxToolName), clip(call.Arguments)
	live := &liveTool{at: len(r.turn.Tools)}
	live.arguments.WriteString(call.Arguments)
	r.toolByIndex[index] = live
	r.turn.Tools = append(r.turn.Tools[:live.at:live.at], call) // others hold the list as it was
}

// argue adds to a call's arguments.
func (r *run) argue(index int, piece string) {
	if live := r.toolByIndex[index]; live != nil && live.arguments.Len() < maxToolText {
		live.arguments.WriteString(piece)
	}
}

// toolEnded shows a call with all its arguments.
func (r *run) toolEnded(index int) bool {
	live := r.toolByIndex[index]
	if live == nil {
		return false
	}
	delete(r.toolByIndex, index)
	r.changeTool(live.at, func(t *ToolCall) { t.Arguments = clip(live.arguments.String()) })
	return true
}

// answerTool shows a call's result.
func (r *run) answerTool(id, result string, failed bool) bool {
	for at, t := range r.turn.Tools {
		if t.ID == id && id != "" {
			r.changeTool(at, func(t *ToolCall) { t.Result, t.Failed = clip(result), failed })
			return true
		}
	}
	return false
}

func (r *run) changeTool(at int, fn func(*ToolCall)) {
	tools := append([]ToolCall{}, r.turn.Tools...)
	fn(&tools[at])
	r.turn.Tools = tools
}

func clip(text string) string { return clipTo(text, maxToolText) }

func clipTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// takePart adds a part that is about a tool; false for any other.
func (r *run) takePart(index int, part llm.Part) bool {
	switch p := part.(type) {
	case llm.ToolCall:
		r.addTool(index, ToolCall{ID: p.ID, Name: p.Name, Arguments: string(p.Input)})
		return true
	case llm.ToolResult:
		return r.answerTool(p.CallID, textOf(p.Parts), p.IsError)
	case llm.Opaque:
		return r.takeOpaque(index, p.Raw)
	}
	return false
}

func textOf(parts []llm.Part) string {
	var texts []string
	for _, p := range parts {
		if t, ok := p.(llm.Text); ok {
			texts = append(texts, t.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// providersTool is what is read of a tool that the provider runs itself: Anthropic's server_tool_use and mcp_tool_use with
// their ..._tool_result (API reference, "Messages"), and OpenAI's items whose types end with _call (API reference,
// "Responses"), which hold call and result in one.
type providersTool struct {
	Type      string          `json:"type"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	ToolUseID string          `json:"tool_use_id"`
	Input     json.RawMessage `json:"input"`
	Content   json.RawMessage `json:"content"`
	IsError   bool            `json:"is_error"`
	Action    json.RawMessage `json:"action"`
	Queries   json.RawMessage `json:"queries"`
	Arguments json.RawMessage `json:"arguments"`
	Code      json.RawMessage `json:"code"`
	Results   json.RawMessage `json:"results"`
	Outputs   json.RawMessage `json:"outputs"`
	Output    json.RawMessage `json:"output"`
	Error     json.RawMessage `json:"error"`
}

func (r *run) takeOpaque(index int, raw json.RawMessage) bool {
	var p providersTool
	if json.Unmarshal(raw, &p) != nil {
		return false
	}
	switch {
	case strings.HasSuffix(p.Type, "_tool_use"):
		call := ToolCall{ID: p.ID, Name: p.Name, Arguments: plain(p.Input)}
		if call.Arguments == "{}" { // what follows is the whole
			call.Arguments = ""
		}
		r.addTool(index, call)
	case strings.HasSuffix(p.Type, "_tool_result"):
		return r.answerTool(p.ToolUseID, plain(p.Content), p.IsError || strings.Contains(string(p.Content), `_tool_result_error"`))
	case strings.HasSuffix(p.Type, "_call"):
		name := p.Name
		if name == "" {
			name = strings.TrimSuffix(p.Type, "_call")
		}
		r.addTool(index, ToolCall{
			ID: p.ID, Name: name, Arguments: plain(p.Action, p.Queries, p.Arguments, p.Code),
			Result: clip(plain(p.Results, p.Outputs, p.Output, p.Error)), Failed: len(plain(p.Error)) > 0,
		})
	default:
		return false
	}
	return true
}

// plain gives the first value that is there: a string's text, else its JSON.
func plain(values ...json.RawMessage) string {
	for _, v := range values {
		var text string
		switch {
		case len(v) == 0 || string(v) == "null":
		case json.Unmarshal(v, &text) == nil:
			return text
		default:
			return string(v)
		}
	}
	return ""
}

// takeDelta adds to the arguments of a provider's own call (API reference, "Messages": content_block_delta).
func (r *run) takeDelta(raw json.RawMessage) {
	var d struct {
		Index int `json:"index"`
		Delta struct {
			PartialJSON string `json:"partial_json"`
		} `json:"delta"`
	}
	if json.Unmarshal(raw, &d) == nil {
		r.argue(d.Index, d.Delta.PartialJSON)
	}
}
