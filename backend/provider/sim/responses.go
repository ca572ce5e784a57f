package sim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// responses is OpenAI Responses (API reference, "Responses"). The simulator keeps no answers, whatever "store" says.
type responses struct{}

type responsesRequest struct {
	Model              *string         `json:"model"`
	Input              json.RawMessage `json:"input"`
	Instructions       string          `json:"instructions"`
	Include            []string        `json:"include"`
	MaxOutputTokens    *int64          `json:"max_output_tokens"`
	ParallelToolCalls  *bool           `json:"parallel_tool_calls"`
	PreviousResponseID string          `json:"previous_response_id"`
	Conversation       json.RawMessage `json:"conversation"`
	Background         bool            `json:"background"`
	Stream             bool            `json:"stream"`
	Stop               json.RawMessage `json:"stop"`
	Reasoning          struct {
		Summary string `json:"summary"`
	} `json:"reasoning"`
	Tools      []responsesTool `json:"tools"`
	ToolChoice json.RawMessage `json:"tool_choice"`
}

type responsesTool struct {
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Parameters json.RawMessage `json:"parameters"`
}

// inputItem is an item of the input.
type inputItem struct {
	Type      string          `json:"type"`
	ID        string          `json:"id"`
	Role      string          `json:"role"`
	Content   json.RawMessage `json:"content"`
	CallID    string          `json:"call_id"`
	Name      string          `json:"name"`
	Arguments *string         `json:"arguments"`
	Input     *string         `json:"input"`
	Output    json.RawMessage `json:"output"`
	Encrypted string          `json:"encrypted_content"`
	Summary   json.RawMessage `json:"summary"`
}

func (responses) idPrefixes() (answer, toolCall, request string) { return "resp_", "call_", "req_" }

func (responses) headers(h http.Header, requestID string) { chat{}.headers(h, requestID) }

func (responses) refuse(w http.ResponseWriter, ref *refusal, requestID string) {
	chat{}.refuse(w, ref, requestID)
}

func (responses) parse(body []byte, _ http.Header) (*ask, *refusal) {
	var req responsesRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return nil, refusef(badRequest, "We could not parse the JSON body of your request: %v", err)
	}
	switch {
	case req.Model == nil || *req.Model == "":
		return nil, refusef(badRequest, "Missing required parameter: 'model'.").at("model", "missing_required_parameter")
	case len(req.Input) == 0:
		return nil, refusef(badRequest, "Missing required parameter: 'input'.").at("input", "missing_required_parameter")
	case len(req.Stop) > 0:
		return nil, refusef(badRequest, "Unknown parameter: 'stop'.").at("stop", "unknown_parameter")
	case req.PreviousResponseID != "":
		return nil, refusef(badRequest, "Previous response with id '%s' not found.", req.PreviousResponseID).
			at("previous_response_id", "previous_response_not_found")
	case req.Background || len(req.Conversation) > 0 && string(req.Conversation) != "null":
		return nil, refusef(badRequest, "The simulator keeps no answers, so it has neither background nor conversations.").
			at("background", "unsupported_value")
	}
	a := &ask{
		model: *req.Model, stream: req.Stream, parallel: true, choice: choice{mode: "auto"},
		summary: req.Reasoning.Summary != "", encrypted: slices.Contains(req.Include, "reasoning.encrypted_content"),
		input: count(req.Instructions),
	}
	if req.ParallelToolCalls != nil {
		a.parallel = *req.ParallelToolCalls
	}
	if n := req.MaxOutputTokens; n != nil {
		if *n < 16 {
			return nil, refusef(badRequest, "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but "+
				"got %d instead.", *n).at("max_output_tokens", "integer_below_min_value")
		}
		a.limit = *n
	}
	if ref := readResponsesTools(&req, a); ref != nil {
		return nil, ref
	}
	return a, readInput(&req, a)
}

// readResponsesTools takes functions and custom tools. Those that OpenAI runs itself are never used.
func readResponsesTools(req *responsesRequest, a *ask) *refusal {
	for i, t := range req.Tools {
		if t.Type != "function" && t.Type != "custom" {
			continue
		}
		if !validName(t.Name) {
			return refusef(badRequest, "Invalid 'tools[%d].name': expected letters, digits, _ and -, at most 64.", i).
				at("tools", "invalid_value")
		}
		a.tools = append(a.tools, tool{name: t.Name, schema: t.Parameters, freeform: t.Type == "custom"})
		a.input += count(t.Name) + count(string(t.Parameters))
	}
	if len(req.ToolChoice) == 0 || string(req.ToolChoice) == "null" {
		return nil
	}
	if json.Unmarshal(req.ToolChoice, &a.choice.mode) == nil && slices.Contains([]string{"auto", "none", "required"}, a.choice.mode) {
		return nil
	}
	var named struct{ Type, Name string }
	if json.Unmarshal(req.ToolChoice, &named) == nil && a.declares(named.Name) {
		a.choice = choice{"named", named.Name}
		return nil
	}
	return refusef(badRequest, "Tool choice '%s' not found in 'tools' parameter.", named.Name).at("tool_choice", "invalid_value")
}

// readInput also checks that calls and outputs belong together, and that reasoning is followed by what it led to.
func readInput(req *responsesRequest, a *ask) *refusal {
	if json.Unmarshal(req.Input, &a.text) == nil {
		a.input += tokensMessage + count(a.text)
		a.hear(a.text)
		return nil
	}
	var items []inputItem
	if json.Unmarshal(req.Input, &items) != nil || len(items) == 0 {
		return refusef(badRequest, "Invalid type for 'input': expected a string or a list of items.").at("input", "invalid_type")
	}
	open := map[string]string{} // call id -> tool
	seen := map[string]bool{}
	for i, it := range items {
		var ref *refusal
		switch it.Type {
		case "", "message":
			ref = readMessageItem(a, it)
		case "function_call", "custom_tool_call":
			a.results = nil
			if it.CallID == "" || it.Name == "" || it.Arguments == nil && it.Input == nil {
				return refusef(badRequest, "Missing required parameter: 'input[%d].call_id', 'name' or 'arguments'.", i).
					at("input", "missing_required_parameter")
			}
			if seen[it.CallID] {
				return refusef(badRequest, "Duplicate call_id '%s' in input.", it.CallID).at("input", "")
			}
			seen[it.CallID], open[it.CallID] = true, it.Name
			a.input += count(it.Name)
		case "function_call_output", "custom_tool_call_output":
			ref = readOutputItem(a, it, open)
		case "reasoning":
			ref = checkReasoningItem(items, i)
		case "item_reference":
			ref = refusef(badRequest, "Item with id '%s' not found. Items are not persisted when `store` is set to false.", it.ID).
				at("input", "")
		}
		if ref != nil {
			return ref
		}
	}
	for id := range open {
		return refusef(badRequest, "No tool output found for function call %s.", id).at("input", "")
	}
	return nil
}

func readMessageItem(a *ask, it inputItem) *refusal {
	text, media, ref := itemContent(it.Content, it.Role)
	if ref != nil {
		return ref
	}
	a.input += tokensMessage + count(text) + int64(media)*tokensMedia
	switch it.Role {
	case "system", "developer":
	case "user":
		a.text, a.media, a.results = text, media, nil
		a.hear(text)
	case "assistant":
		a.results = nil
	default:
		return refusef(badRequest, "Invalid value: '%s'. Supported values are: 'assistant', 'system', 'developer', and 'user'.", it.Role).
			at("input", "invalid_value")
	}
	return nil
}

func readOutputItem(a *ask, it inputItem, open map[string]string) *refusal {
	name, ok := open[it.CallID]
	if !ok {
		return refusef(badRequest, "No tool call found for function call output with call_id %s.", it.CallID).at("input", "")
	}
	delete(open, it.CallID)
	text, _, ref := itemContent(it.Output, "user")
	if ref != nil {
		return ref
	}
	a.learn(result{name: name, text: text})
	a.input += count(text)
	return nil
}

// itemContent reads a string or a list of parts; an assistant's are others than a user's.
func itemContent(raw json.RawMessage, role string) (text string, media int, ref *refusal) {
	if json.Unmarshal(raw, &text) == nil {
		return text, 0, nil
	}
	var parts []struct{ Type, Text, Refusal string }
	if json.Unmarshal(raw, &parts) != nil {
		return "", 0, refusef(badRequest, "Invalid type for 'input[].content': expected a string or a list of parts.").
			at("input", "invalid_type")
	}
	for _, p := range parts {
		switch {
		case p.Type == "input_text" && role != "assistant", p.Type == "output_text" && role == "assistant":
			text += p.Text
		case p.Type == "refusal" && role == "assistant":
			text += p.Refusal
		case (p.Type == "input_image" || p.Type == "input_file") && role == "user":
			media++
		default:
			return "", 0, refusef(badRequest, "Invalid value: '%s'. It is not supported in a message of the role '%s'.", p.Type, role).
				at("input", "invalid_value")
		}
	}
	return text, media, nil
}

// encryption is how encrypted reasoning begins, as OpenAI's does.
const encryption = "gAAAAAB"

func encrypt(reasoning string) string {
	return encryption + base64.URLEncoding.EncodeToString(seal(reasoning))
}

// checkReasoningItem refuses reasoning that was not encrypted here, and such as led to nothing.
func checkReasoningItem(items []inputItem, i int) *refusal {
	it := items[i]
	switch {
	case len(bytes.TrimSpace(it.Summary)) == 0:
		return refusef(badRequest, "Missing required parameter: 'input[%d].summary'.", i).at("input", "missing_required_parameter")
	case it.Encrypted == "":
		return refusef(badRequest, "Item with id '%s' not found. Items are not persisted when `store` is set to false.", it.ID).
			at("input", "")
	}
	text, ours := strings.CutPrefix(it.Encrypted, encryption)
	token, err := base64.URLEncoding.DecodeString(text)
	if !ours || err != nil || !sealed(token) {
		return refusef(badRequest, "The encrypted content for item %s could not be verified.", it.ID).
			at("input", "invalid_encrypted_content")
	}
	for _, next := range items[i+1:] {
		switch {
		case next.Type == "function_call", next.Type == "custom_tool_call", next.Role == "assistant":
			return nil
		case next.Type != "reasoning":
			return ledToNothing(it)
		}
	}
	return ledToNothing(it)
}

func ledToNothing(it inputItem) *refusal {
	return refusef(badRequest, "Item '%s' of type 'reasoning' was provided without its required following item.", it.ID).at("input", "")
}
