package sim

import (
	"encoding/json"
	"net/http"
)

// chat is OpenAI Chat Completions (API reference, "Chat").
type chat struct{}

type chatRequest struct {
	Model               *string         `json:"model"`
	Messages            []chatMessage   `json:"messages"`
	MaxTokens           *int64          `json:"max_tokens"`
	MaxCompletionTokens *int64          `json:"max_completion_tokens"`
	N                   *int64          `json:"n"`
	Stop                json.RawMessage `json:"stop"`
	Stream              bool            `json:"stream"`
	StreamOptions       *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	Tools             []chatTool      `json:"tools"`
	ToolChoice        json.RawMessage `json:"tool_choice"`
	ParallelToolCalls *bool           `json:"parallel_tool_calls"`
}

type chatMessage struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	Refusal    string          `json:"refusal"`
	ToolCalls  []chatCall      `json:"tool_calls"`
	ToolCallID string          `json:"tool_call_id"`
}

type chatCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function chatFunction `json:"function"`
}

type chatFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type chatTool struct {
	Type     string `json:"type"`
	Function struct {
		Name       string          `json:"name"`
		Parameters json.RawMessage `json:"parameters"`
	} `json:"function"`
}

type chatPart struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func (chat) idPrefixes() (answer, toolCall, request string) { return "chatcmpl-", "call_", "req_" }

func (chat) headers(h http.Header, requestID string) {
	h.Set("X-Request-Id", requestID)
	h.Set("Openai-Version", "2020-10-01")
	h.Set("Openai-Processing-Ms", "1")
}

func (chat) refuse(w http.ResponseWriter, ref *refusal, _ string) {
	writeRefusal(w, ref, chatSpelling[ref.kind].status, chatErrorBody(ref))
}

type chatError struct {
	Error struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    *string `json:"code"`
	} `json:"error"`
}

func chatErrorBody(ref *refusal) chatError {
	spelling := chatSpelling[ref.kind]
	var body chatError
	body.Error.Message, body.Error.Type = ref.message, spelling.kind
	if ref.param != "" {
		body.Error.Param = &ref.param
	}
	if code := ref.code; code != "" {
		body.Error.Code = &code
	} else if code := spelling.code; code != "" {
		body.Error.Code = &code
	}
	return body
}

func (chat) parse(body []byte, _ http.Header) (*ask, *refusal) {
	var req chatRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, refusef(badRequest, "We could not parse the JSON body of your request: %v", err)
	}
	a := &ask{stream: req.Stream, parallel: true, choice: choice{mode: "auto"}}
	switch {
	case req.Model == nil || *req.Model == "":
		return nil, refusef(badRequest, "you must provide a model parameter").at("model", "missing_required_parameter")
	case req.Messages == nil:
		return nil, refusef(badRequest, "Missing required parameter: 'messages'.").
			at("messages", "missing_required_parameter")
	case len(req.Messages) == 0:
		return nil, refusef(badRequest, "Invalid 'messages': empty array. Expected an array with minimum length 1.").
			at("messages", "empty_array")
	case req.N != nil && *req.N != 1:
		return nil, refusef(badRequest, "Unsupported value: 'n'. The simulator gives one choice.").
			at("n", "unsupported_value")
	}
	a.model = *req.Model
	a.includeUsage = req.StreamOptions != nil && req.StreamOptions.IncludeUsage
	if req.ParallelToolCalls != nil {
		a.parallel = *req.ParallelToolCalls
	}
	for _, read := range []func(*chatRequest, *ask) *refusal{
		readChatLimit, readChatStop, readChatTools, readChatMessages,
	} {
		if ref := read(&req, a); ref != nil {
			return nil, ref
		}
	}
	return a, nil
}

// readChatLimit takes the new name of the limit before the old one.
func readChatLimit(req *chatRequest, a *ask) *refusal {
	name, limit := "max_completion_tokens", req.MaxCompletionTokens
	if limit == nil {
		name, limit = "max_tokens", req.MaxTokens
	}
	if limit == nil {
		return nil
	}
	if *limit < 1 {
		return refusef(badRequest, "Invalid '%s': integer below minimum value. Expected a value >= 1.", name).
			at(name, "integer_below_min_value")
	}
	a.limit = *limit
	return nil
}

func readChatStop(req *chatRequest, a *ask) *refusal {
	if len(req.Stop) == 0 || string(req.Stop) == "null" {
		return nil
	}
	var one string
	if json.Unmarshal(req.Stop, &one) == nil {
		a.stop = []string{one}
		return nil
	}
	if json.Unmarshal(req.Stop, &a.stop) != nil || len(a.stop) > 4 {
		return refusef(badRequest, "Invalid 'stop': expected a string or an array of at most 4 strings.").at("stop", "")
	}
	return nil
}

func readChatTools(req *chatRequest, a *ask) *refusal {
	if req.Tools != nil && len(req.Tools) == 0 {
		return refusef(badRequest, "Invalid 'tools': empty array. Expected an array with minimum length 1.").
			at("tools", "empty_array")
	}
	for _, t := range req.Tools {
		if t.Type != "function" {
			return refusef(badRequest, "Invalid 'tools': the simulator knows tools of type function only, not %q.", t.Type).
				at("tools", "unsupported_value")
		}
		if !validName(t.Function.Name) {
			return refusef(badRequest, "Invalid 'tools[].function.name': expected letters, digits, _ and -, at most 64.").
				at("tools[0].function.name", "invalid_value")
		}
		a.tools = append(a.tools, tool{name: t.Function.Name, schema: t.Function.Parameters})
		a.input += count(t.Function.Name) + count(string(t.Function.Parameters))
	}
	if len(req.ToolChoice) == 0 || string(req.ToolChoice) == "null" {
		return nil
	}
	if json.Unmarshal(req.ToolChoice, &a.choice.mode) == nil {
		switch a.choice.mode {
		case "auto", "none", "required":
			return nil
		}
	}
	var named struct {
		Type     string `json:"type"`
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	if json.Unmarshal(req.ToolChoice, &named) == nil && named.Type == "function" && a.declares(named.Function.Name) {
		a.choice = choice{"named", named.Function.Name}
		return nil
	}
	return refusef(badRequest, "Invalid 'tool_choice': expected none, auto, required or a declared function.").
		at("tool_choice", "invalid_value")
}

func (a *ask) declares(name string) bool {
	for _, t := range a.tools {
		if t.name == name {
			return true
		}
	}
	return false
}

// validName tells whether both dialects take a tool's name.
func validName(name string) bool {
	for _, c := range []byte(name) {
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

// readChatMessages also checks that every tool call is answered before the conversation goes on.
func readChatMessages(req *chatRequest, a *ask) *refusal {
	open := map[string]string{} // call id -> tool
	for i, m := range req.Messages {
		text, media, ref := chatContent(m)
		if ref != nil {
			return ref
		}
		a.input += tokensMessage + count(text) + int64(media)*tokensMedia
		if m.Role != "tool" && len(open) > 0 {
			return refusef(badRequest, "An assistant message with 'tool_calls' must be followed by tool messages responding "+
				"to each 'tool_call_id'.").at("messages", "")
		}
		switch m.Role {
		case "system", "developer":
		case "user":
			a.text, a.media, a.results = text, media, nil
			a.hear(text)
		case "assistant":
			a.results = nil
			for _, c := range m.ToolCalls {
				if c.ID == "" || c.Function.Name == "" {
					return refusef(badRequest, "Invalid 'messages[%d].tool_calls': a call needs an id and a function name.", i).
						at("messages", "")
				}
				open[c.ID] = c.Function.Name
				a.input += count(c.Function.Name) + count(c.Function.Arguments)
			}
		case "tool":
			name, ok := open[m.ToolCallID]
			if !ok {
				return refusef(badRequest, "Invalid parameter: messages with role 'tool' must be a response to a preceding "+
					"message with 'tool_calls'.").at("messages", "")
			}
			delete(open, m.ToolCallID)
			a.learn(result{name: name, text: text})
		default:
			return refusef(badRequest, "Invalid value: '%s'. Supported values are: 'system', 'assistant', 'user', 'developer' "+
				"and 'tool'.", m.Role).at("messages", "invalid_value")
		}
	}
	if len(open) > 0 {
		return refusef(badRequest, "An assistant message with 'tool_calls' must be followed by tool messages responding to "+
			"each 'tool_call_id'.").at("messages", "")
	}
	return nil
}

func chatContent(m chatMessage) (text string, media int, ref *refusal) {
	if len(m.Content) == 0 || string(m.Content) == "null" {
		if m.Role == "assistant" {
			return "", 0, nil
		}
		return "", 0, refusef(badRequest, "Invalid value for 'content': expected a string, got null.").
			at("messages", "invalid_type")
	}
	if json.Unmarshal(m.Content, &text) == nil {
		return text, 0, nil
	}
	var parts []chatPart
	if json.Unmarshal(m.Content, &parts) != nil {
		return "", 0, refusef(badRequest, "Invalid type for 'content': expected a string or an array of parts.").
			at("messages", "invalid_type")
	}
	for _, p := range parts {
		switch p.Type {
		case "text", "refusal":
			text += p.Text
		case "image_url", "input_audio", "file":
			if m.Role != "user" {
				return "", 0, refusef(badRequest, "Invalid content type: %s is only for user messages.", p.Type).
					at("messages", "invalid_value")
			}
			media++
		default:
			return "", 0, refusef(badRequest, "Invalid value: '%s'. Supported values are: 'text', 'image_url', "+
				"'input_audio', 'refusal' and 'file'.", p.Type).at("messages", "invalid_value")
		}
	}
	return text, media, nil
}
