package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// messages is Anthropic Messages (API reference, "Messages"), version 2023-06-01 and later.
type messages struct{}

type messagesRequest struct {
	Model         *string         `json:"model"`
	MaxTokens     *int64          `json:"max_tokens"`
	Messages      []turn          `json:"messages"`
	System        json.RawMessage `json:"system"`
	StopSequences []string        `json:"stop_sequences"`
	Stream        bool            `json:"stream"`
	Tools         []messagesTool  `json:"tools"`
	ToolChoice    *struct {
		Type            string `json:"type"`
		Name            string `json:"name"`
		DisableParallel bool   `json:"disable_parallel_tool_use"`
	} `json:"tool_choice"`
}

type turn struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
}

type messagesTool struct {
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	InputSchema  json.RawMessage `json:"input_schema"`
	CacheControl *cacheControl   `json:"cache_control"`
}

type cacheControl struct {
	Type string `json:"type"`
	TTL  string `json:"ttl"`
}

type block struct {
	Type         string          `json:"type"`
	Text         string          `json:"text"`
	Thinking     string          `json:"thinking"`
	Signature    string          `json:"signature"`
	Data         string          `json:"data"`
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	Input        json.RawMessage `json:"input"`
	ToolUseID    string          `json:"tool_use_id"`
	Content      json.RawMessage `json:"content"`
	IsError      bool            `json:"is_error"`
	CacheControl *cacheControl   `json:"cache_control"`
}

func (messages) idPrefixes() (answer, toolCall, request string) { return "msg_", "toolu_", "req_" }

func (messages) headers(h http.Header, requestID string) { h.Set("Request-Id", requestID) }

type messagesError struct {
	Type  string `json:"type"`
	Error struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	} `json:"error"`
	RequestID string `json:"request_id,omitempty"`
}

func messagesErrorBody(ref *refusal, requestID string) messagesError {
	body := messagesError{Type: "error", RequestID: requestID}
	body.Error.Type, body.Error.Message = messagesSpelling[ref.kind].kind, ref.message
	return body
}

func (messages) refuse(w http.ResponseWriter, ref *refusal, requestID string) {
	writeRefusal(w, ref, messagesSpelling[ref.kind].status, messagesErrorBody(ref, requestID))
}

// prompt adds up the request's tokens in the order in which Anthropic caches it: tools, system, messages.
type prompt struct {
	sum    [sha256.Size]byte
	tokens int64
	marks  []mark
}

func (p *prompt) add(tokens int64, cc *cacheControl, pieces ...[]byte) *refusal {
	hash := sha256.New()
	hash.Write(p.sum[:])
	for _, piece := range pieces {
		hash.Write(piece)
		hash.Write([]byte{0})
	}
	hash.Sum(p.sum[:0])
	p.tokens += tokens
	if cc == nil {
		return nil
	}
	ttl := 5 * time.Minute
	switch {
	case cc.Type != "ephemeral":
		return refusef(badRequest, "cache_control: Input tag '%s' found does not match any of the expected tags: 'ephemeral'",
			cc.Type)
	case cc.TTL == "1h":
		ttl = time.Hour
	case cc.TTL != "" && cc.TTL != "5m":
		return refusef(badRequest, "cache_control.ttl: Input should be '5m' or '1h'")
	case len(p.marks) == 4:
		return refusef(badRequest, "A maximum of 4 blocks with cache_control may be provided.")
	}
	p.marks = append(p.marks, mark{p.sum, p.tokens, ttl})
	return nil
}

func (messages) parse(body []byte, header http.Header) (*ask, *refusal) {
	return parseMessages(body, header, true)
}

// parseMessages reads a request for an answer, or else for a count of its tokens, which takes no limit.
func parseMessages(body []byte, header http.Header, answers bool) (*ask, *refusal) {
	if header.Get("Anthropic-Version") == "" {
		return nil, refusef(badRequest, "anthropic-version: header is required")
	}
	var req messagesRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, refusef(badRequest, "The request body is not valid JSON: %v", err)
	}
	switch {
	case req.Model == nil || *req.Model == "":
		return nil, refusef(badRequest, "model: Field required")
	case !answers && (req.MaxTokens != nil || req.Stream):
		return nil, refusef(badRequest, "max_tokens, stream: Extra inputs are not permitted")
	case answers && req.MaxTokens == nil:
		return nil, refusef(badRequest, "max_tokens: Field required")
	case answers && *req.MaxTokens < 1:
		return nil, refusef(badRequest, "max_tokens: must be greater than or equal to 1")
	case req.Messages == nil:
		return nil, refusef(badRequest, "messages: Field required")
	case len(req.Messages) == 0:
		return nil, refusef(badRequest, "messages: at least one message is required")
	}
	if req.MaxTokens == nil {
		req.MaxTokens = new(int64)
	}
	a := &ask{
		model: *req.Model, stream: req.Stream, limit: *req.MaxTokens, stop: req.StopSequences, parallel: true,
		choice: choice{mode: "auto"},
	}
	p := &prompt{}
	_ = p.add(0, nil, []byte(a.model)) // without cache_control there is nothing to refuse
	for _, read := range []func(*messagesRequest, *ask, *prompt) *refusal{
		readMessagesTools, readSystem, readTurns,
	} {
		if ref := read(&req, a, p); ref != nil {
			return nil, ref
		}
	}
	a.input, a.marks = p.tokens, p.marks
	return a, nil
}

func readMessagesTools(req *messagesRequest, a *ask, p *prompt) *refusal {
	for i, t := range req.Tools {
		if !validName(t.Name) {
			return refusef(badRequest, "tools.%d.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'", i)
		}
		var s struct {
			Type string `json:"type"`
		}
		if t.InputSchema == nil {
			return refusef(badRequest, "tools.%d.input_schema: Field required", i)
		}
		if json.Unmarshal(t.InputSchema, &s) != nil || s.Type != "object" {
			return refusef(badRequest, "tools.%d.input_schema.type: Input should be 'object'", i)
		}
		a.tools = append(a.tools, tool{name: t.Name, schema: t.InputSchema})
		tokens := count(t.Name) + count(t.Description) + count(string(t.InputSchema))
		if ref := p.add(tokens, t.CacheControl, []byte(t.Name), []byte(t.Description), t.InputSchema); ref != nil {
			return ref
		}
	}
	if req.ToolChoice == nil {
		return nil
	}
	a.parallel = !req.ToolChoice.DisableParallel
	switch req.ToolChoice.Type {
	case "auto", "none":
		a.choice.mode = req.ToolChoice.Type
	case "any":
		a.choice.mode = "required"
	case "tool":
		if !a.declares(req.ToolChoice.Name) {
			return refusef(badRequest, "Tool '%s' not found in provided tools", req.ToolChoice.Name)
		}
		a.choice = choice{"named", req.ToolChoice.Name}
	default:
		return refusef(badRequest, "tool_choice: Input tag '%s' found does not match any of the expected tags: 'auto', "+
			"'any', 'tool', 'none'", req.ToolChoice.Type)
	}
	return nil
}

func readSystem(req *messagesRequest, _ *ask, p *prompt) *refusal {
	if len(req.System) == 0 {
		return nil
	}
	blocks, ref := blocksOf(req.System, "system")
	if ref != nil {
		return ref
	}
	for i, b := range blocks {
		if b.Type != "text" {
			return refusef(badRequest, "system.%d.type: Input should be 'text'", i)
		}
		if ref := p.add(count(b.Text), b.CacheControl, []byte("system"), []byte(b.Text)); ref != nil {
			return ref
		}
	}
	return nil
}

// readTurns also checks that every tool use is answered at the start of the next user turn.
func readTurns(req *messagesRequest, a *ask, p *prompt) *refusal {
	var open map[string]string // tool use id -> tool
	for i, t := range req.Messages {
		blocks, ref := blocksOf(t.Content, "messages")
		if ref != nil {
			return ref
		}
		switch {
		case t.Role == "system" && systemTurn(req.Messages, i):
		case t.Role != "user" && t.Role != "assistant":
			return refusef(badRequest, "messages.%d.role: Input should be 'user' or 'assistant'", i)
		case i == 0 && t.Role != "user":
			return refusef(badRequest, "messages: first message must use the \"user\" role")
		case len(blocks) == 0:
			return refusef(badRequest, "messages.%d: all messages must have non-empty content", i)
		}
		if t.Role == "user" && (i == 0 || req.Messages[i-1].Role != "user") {
			a.text, a.media, a.results = "", 0, nil
		}
		asked := open
		open = map[string]string{}
		p.tokens += tokensMessage
		for j, b := range blocks {
			if ref := readBlock(a, p, t.Role, b, asked, open); ref != nil {
				ref.message = fmt.Sprintf("messages.%d.content.%d: %s", i, j, ref.message)
				return ref
			}
		}
		if len(asked) > 0 {
			return refusef(badRequest, "messages.%d: `tool_use` ids were found without `tool_result` blocks immediately "+
				"after. Each `tool_use` block must have a corresponding `tool_result` block in the next message.", i-1)
		}
	}
	if len(open) > 0 {
		return refusef(badRequest, "messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after.",
			len(req.Messages)-1)
	}
	return nil
}

// systemTurn tells that instructions may stand at a place in the conversation: behind a user's turn, and last or before
// the assistant's (API reference, "Messages", beta mid-conversation-system). Claude Code sends them so.
func systemTurn(turns []turn, i int) bool {
	return i > 0 && turns[i-1].Role == "user" && (i == len(turns)-1 || turns[i+1].Role == "assistant")
}

// readBlock takes a block in: asked are the tool uses that wait for a result, open those that this turn adds.
func readBlock(a *ask, p *prompt, role string, b block, asked, open map[string]string) *refusal {
	if len(asked) > 0 && b.Type != "tool_result" {
		return refusef(badRequest, "`tool_use` ids were found without `tool_result` blocks immediately after")
	}
	switch b.Type {
	case "text":
		if b.Text == "" {
			return refusef(badRequest, "text content blocks must be non-empty")
		}
		if role == "user" {
			a.text += b.Text
			a.hear(b.Text)
		}
		return p.add(count(b.Text), b.CacheControl, []byte(role), []byte(b.Text))
	case "image", "document", "search_result":
		a.media++
		return p.add(tokensMedia, b.CacheControl, []byte(role), []byte(b.Type))
	case "thinking":
		if role != "assistant" || b.Signature != signature(b.Thinking) {
			return refusef(badRequest, "Invalid `signature` in `thinking` block")
		}
		return p.add(count(b.Thinking), nil, []byte(role), []byte(b.Thinking))
	case "redacted_thinking":
		return refusef(badRequest, "Invalid `data` in `redacted_thinking` block")
	case "tool_use":
		if role != "assistant" || b.ID == "" || b.Name == "" || len(b.Input) == 0 || b.Input[0] != '{' {
			return refusef(badRequest, "tool_use: expected an assistant's block with id, name and an input object")
		}
		open[b.ID] = b.Name
		return p.add(count(b.Name)+count(string(b.Input)), b.CacheControl, []byte(b.Name), b.Input)
	case "tool_result":
		name, ok := asked[b.ToolUseID]
		if role != "user" || !ok {
			return refusef(badRequest, "unexpected `tool_use_id` found in `tool_result` blocks: %s", b.ToolUseID)
		}
		delete(asked, b.ToolUseID)
		text, ref := resultText(b.Content)
		if ref != nil {
			return ref
		}
		a.learn(result{name, text, b.IsError})
		return p.add(count(text), b.CacheControl, []byte(b.ToolUseID), []byte(text))
	}
	return refusef(badRequest, "Input tag '%s' found using 'type' does not match any of the expected tags", b.Type)
}

func resultText(raw json.RawMessage) (string, *refusal) {
	if len(raw) == 0 {
		return "", nil
	}
	blocks, ref := blocksOf(raw, "tool_result.content")
	if ref != nil {
		return "", ref
	}
	var text string
	for _, b := range blocks {
		if b.Type == "text" {
			text += b.Text
		} else {
			text += "[" + b.Type + "]"
		}
	}
	return text, nil
}

// blocksOf reads content, which is a string or an array of blocks.
func blocksOf(raw json.RawMessage, field string) ([]block, *refusal) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			if text == "" {
				return nil, nil
			}
			return []block{{Type: "text", Text: text}}, nil
		}
	}
	var blocks []block
	if json.Unmarshal(raw, &blocks) != nil {
		return nil, refusef(badRequest, "%s: Input should be a string or an array of blocks", field)
	}
	return blocks, nil
}
