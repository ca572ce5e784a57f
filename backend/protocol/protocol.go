// Package protocol finds the codec of a dialect and reads the little that routing needs from a request.
//
// It must not know providers, routing or HTTP servers.
package protocol

import (
	"encoding/json"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/chatcompletions"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/messages"
)

// Codec is what passing a dialect through takes: its error shapes and its observer.
type Codec struct {
	// EncodeError gives an error's HTTP status and body.
	EncodeError func(*llm.Error) (status int, body []byte)
	// EncodeStreamError gives the bytes that end a stream which already began.
	EncodeStreamError func(*llm.Error) []byte
	// DecodeError reads an upstream's error answer.
	DecodeError func(status int, body []byte) *llm.Error
	// NewTap observes an answer.
	NewTap func(stream bool) llm.Tap
}

// For gives a dialect's codec.
func For(d llm.Dialect) Codec {
	if d == llm.Messages {
		return Codec{messages.EncodeError, messages.EncodeStreamError, messages.DecodeError, messages.NewTap}
	}
	return Codec{
		chatcompletions.EncodeError, chatcompletions.EncodeStreamError, chatcompletions.DecodeError, chatcompletions.NewTap,
	}
}

// Head is what routing needs to know of a request whose model stands in its body, and where it stands.
type Head struct {
	Model  string
	Stream bool
	// ModelAt is the span of the model's value, quotes included.
	ModelAt jsonedit.Span
}

// large is from where on Peek does not look at a body's middle, unless it is told to.
const large = 256 << 10

// Peek reads a request's head without decoding the rest. Its errors are *llm.Error of class bad request that say what is
// wrong where.
//
// In a large body it looks at the beginning and the end first, where every client writes the model: walking the middle
// would cost as much as passing it on. What is wrong there the provider finds. With thorough it always looks at all of
// it, so that no second model can hide from whoever decides by the first.
func Peek(body []byte, thorough bool) (Head, error) {
	find := jsonedit.Find
	if len(body) > large && !thorough {
		find = jsonedit.Glance
	}
	spans, err := find(body, "model", "stream")
	if err == nil && !spans[0].Found() && len(body) > large {
		spans, err = jsonedit.Find(body, "model", "stream")
	}
	if err != nil {
		return Head{}, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON: %w", err).WithCode("invalid_json")
	}
	head := Head{ModelAt: spans[0]}
	if !spans[0].Found() {
		return Head{}, missingModel()
	}
	raw := spans[0].Of(body)
	if jsonedit.Simple(raw) {
		head.Model = string(raw[1 : len(raw)-1])
	} else if json.Unmarshal(raw, &head.Model) != nil {
		return Head{}, llm.Errorf(llm.ErrBadRequest, `"model" must be a string such as "creator/model"`).WithCode("invalid_model")
	}
	if head.Model == "" {
		return Head{}, missingModel()
	}
	if spans[1].Found() {
		switch string(spans[1].Of(body)) {
		case "true":
			head.Stream = true
		case "false", "null":
		default:
			return Head{}, llm.Errorf(llm.ErrBadRequest, `"stream" must be true or false`).WithCode("invalid_stream")
		}
	}
	return head, nil
}

func missingModel() error {
	return llm.Errorf(llm.ErrBadRequest,
		`the request names no model; set "model" to an id from GET /v1/models, or to "gatehouse/active"`).WithCode("model_missing")
}
