package protocol

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/gemini"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/responses"
)

// countMembers are a request's members that a provider's count takes; it refuses those that only matter for an answer
// (Anthropic, "Count tokens in a Message"; OpenAI, "Get input token counts").
var countMembers = map[llm.Dialect][]string{
	llm.Messages: {"model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control"},
	llm.Responses: {
		"model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "text", "truncation",
	},
}

// EncodeCountRequest asks a provider of a dialect how many tokens a request has.
func EncodeCountRequest(d llm.Dialect, req *llm.Request, t Target) ([]byte, error) {
	if d == llm.Gemini {
		return gemini.EncodeCountRequest(req, gemini.Options{Target: t.Origin})
	}
	body, _, err := For(d).EncodeRequest(req, t)
	if err != nil {
		return nil, err
	}
	out := []byte{'{'}
	err = jsonedit.Members(body, func(key []byte, value jsonedit.Span) error {
		if slices.Contains(countMembers[d], string(key)) {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(append(append(out, '"'), key...), '"', ':'), value.Of(body)...)
		}
		return nil
	})
	return append(out, '}'), err
}

// DecodeCountResponse reads a provider's count, which is above 0.
func DecodeCountResponse(d llm.Dialect, body []byte) (int64, error) {
	name := "input_tokens"
	if d == llm.Gemini {
		name = "totalTokens"
	}
	n := gjson.GetBytes(body, name)
	if !gjson.ValidBytes(body) || n.Type != gjson.Number || n.Int() < 1 {
		return 0, llm.Errorf(llm.ErrInternal, "the provider's count of tokens can't be read").WithStatus(http.StatusBadGateway)
	}
	return n.Int(), nil
}

// EncodeCountResponse writes a count for a client of a dialect.
func EncodeCountResponse(d llm.Dialect, tokens int64) []byte {
	switch d {
	case llm.Gemini:
		return gemini.EncodeCountResponse(tokens)
	case llm.Responses:
		return append(strconv.AppendInt([]byte(`{"object":"response.input_tokens","input_tokens":`), tokens, 10), '}')
	}
	return append(strconv.AppendInt([]byte(`{"input_tokens":`), tokens, 10), '}')
}

// GeminiCount reads a client's request for a count.
func GeminiCount(body []byte, model string) (*Asked, error) {
	req, err := gemini.DecodeCountRequest(body, model)
	if err != nil {
		return nil, err
	}
	return &Asked{Request: req}, nil
}

// ResponsesCount reads a client's request for a count.
func ResponsesCount(body []byte) (*Asked, error) {
	req, head, err := responses.DecodeRequest(body, responses.DecodeOptions{})
	if err != nil {
		return nil, err
	}
	return &Asked{Request: req, Notices: head.Notices}, nil
}
