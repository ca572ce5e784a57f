// Package protocol finds the codec of a dialect and reads the little that routing needs from a request.
//
// It must not know providers, routing or HTTP servers.
package protocol

import (
	"encoding/json"
	"io"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/protocol/chatcompletions"
	"gatehouse/backend/protocol/embeddings"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/gemini"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/messages"
	"gatehouse/backend/protocol/responses"
)

// Codec is a dialect's spelling of everything. Members for a side that a dialect is not spoken on here are nil.
type Codec struct {
	// EncodeError gives an error's HTTP status and body.
	EncodeError func(*llm.Error) (status int, body []byte)
	// EncodeStreamError gives the bytes that end a stream which already began, under the id that the answer has.
	EncodeStreamError func(id string, e *llm.Error) []byte
	// DecodeError reads an upstream's error answer.
	DecodeError func(status int, body []byte) *llm.Error
	// NewTap observes an answer.
	NewTap func(stream bool) llm.Tap

	// Decode reads a client's request.
	Decode func(body []byte) (*Asked, error)

	// EncodeRequest writes a request for a provider, DecodeStream and DecodeResponse read its answer.
	EncodeRequest  func(*llm.Request, Target) ([]byte, []llm.Notice, error)
	DecodeStream   func(io.Reader) llm.Stream
	DecodeResponse func([]byte) ([]llm.Event, error)
}

// Target is who gets a request.
type Target struct {
	Origin llm.Origin
	// MaxOutput is the model's limit of output tokens, 0 where unknown.
	MaxOutput int64
	// Same tells that the client speaks the target's dialect too, so that signatures without a tag of ours are its own.
	Same bool
	// Silent tells that the server refuses to be asked for a stream's usage.
	Silent bool
}

// Asked is a client's request with what its answer needs.
type Asked struct {
	Request *llm.Request
	// Notices tell of what the vocabulary could not take.
	Notices        []llm.Notice
	NewEncoder     func(Answering) Encoder
	EncodeResponse func([]llm.Event, Answering) ([]byte, error)
	// StreamType is the media type of a streamed answer, empty for server-sent events.
	StreamType string
	// Won is to be called when the answer to this reading of the request is the client's: of several that are made side by
	// side only one may leave traces. Nil where nobody wants to know.
	Won func()
}

// Answering is what an answer to a client must know.
type Answering struct {
	// ID is the request's own id; dialects that need another form make one of it.
	ID string
	// Model is the name that the client used.
	Model string
	// Origin is who answers.
	Origin llm.Origin
	// Now is the time at which the answer begins.
	Now time.Time
	// Clock tells the time, for dialects that tell how long an answer took.
	Clock func() time.Time
	// InputTokens estimates the prompt. It looks at all of it, so only dialects that tell a number at the start ask.
	InputTokens func() int64
	// Notices tell the client what was not carried, where its dialect has a place for that.
	Notices []llm.Notice
	// Account gives, at the end of an answer with its usage, a JSON object of how it came about (hosted gateway,
	// provider_metadata.gateway), for the dialects that have a place for it. Nil leaves it out.
	Account func(llm.Usage) []byte
}

// Encoder writes a streamed answer.
type Encoder interface {
	// Encode gives the bytes of one event.
	Encode(llm.Event) []byte
	// End gives the bytes that end an answer which failed after it began.
	End(*llm.Error) []byte
}

// For gives a dialect's codec.
func For(d llm.Dialect) Codec {
	switch d {
	case llm.Messages:
		return messagesCodec
	case llm.Responses:
		return responsesCodec
	case llm.Gemini:
		return geminiCodec
	case llm.AISDK:
		return aisdkCodec
	case llm.Embeddings:
		return embeddingsCodec
	case llm.GeminiEmbeddings:
		return geminiEmbeddingsCodec
	case llm.Ollama:
		return ollamaCodec
	}
	return chatCodec
}

// nameless is for dialects whose errors don't name the answer.
func nameless(encode func(*llm.Error) []byte) func(string, *llm.Error) []byte {
	return func(_ string, e *llm.Error) []byte { return encode(e) }
}

var chatCodec = Codec{
	EncodeError: chatcompletions.EncodeError, EncodeStreamError: nameless(chatcompletions.EncodeStreamError),
	DecodeError: chatcompletions.DecodeError, NewTap: chatcompletions.NewTap,
	Decode: func(body []byte) (*Asked, error) {
		req, err := chatcompletions.DecodeRequest(body)
		if err != nil {
			return nil, err
		}
		return chatAsked(req, nil, body), nil
	},
	EncodeRequest: func(req *llm.Request, t Target) ([]byte, []llm.Notice, error) {
		options := chatcompletions.OptionsFor(t.Origin)
		options.MaxOutput = t.MaxOutput
		options.NoStreamOptions = options.NoStreamOptions || t.Silent
		return chatcompletions.EncodeRequest(req, options)
	},
	DecodeStream: chatcompletions.DecodeStream, DecodeResponse: chatcompletions.DecodeResponse,
}

// chatAsked is a request whose answer is one of Chat Completions.
func chatAsked(req *llm.Request, notices []llm.Notice, body []byte) *Asked {
	options := func(a Answering) chatcompletions.EncoderOptions {
		return chatcompletions.EncoderOptions{
			ID: "chatcmpl-" + a.ID, Model: a.Model, Created: a.Now.Unix(), Origin: a.Origin,
			IncludeUsage: chatcompletions.IncludeUsage(body), Account: a.Account,
		}
	}
	return &Asked{
		Request: req, Notices: notices,
		NewEncoder: func(a Answering) Encoder { return chatcompletions.NewEncoder(options(a)) },
		EncodeResponse: func(events []llm.Event, a Answering) ([]byte, error) {
			return chatcompletions.EncodeResponse(events, options(a))
		},
	}
}

// ResponsesForChat reads a request of Responses from a client that wants its answer as one of Chat Completions.
func ResponsesForChat(body []byte) (*Asked, error) {
	asked, err := decodeResponses(body)
	if err != nil {
		return nil, err
	}
	return chatAsked(asked.Request, asked.Notices, body), nil
}

var messagesCodec = Codec{
	EncodeError: messages.EncodeError, EncodeStreamError: nameless(messages.EncodeStreamError),
	DecodeError: messages.DecodeError, NewTap: messages.NewTap,
	Decode: func(body []byte) (*Asked, error) {
		req, err := messages.DecodeRequest(body)
		if err != nil {
			return nil, err
		}
		options := func(a Answering) messages.EncoderOptions {
			return messages.EncoderOptions{
				ID: "msg_" + a.ID, Model: a.Model, Origin: a.Origin, InputTokens: a.InputTokens(), Account: a.Account,
			}
		}
		return &Asked{
			Request:    req,
			NewEncoder: func(a Answering) Encoder { return messages.NewEncoder(options(a)) },
			EncodeResponse: func(events []llm.Event, a Answering) ([]byte, error) {
				return messages.EncodeResponse(events, options(a))
			},
		}, nil
	},
	EncodeRequest: func(req *llm.Request, t Target) ([]byte, []llm.Notice, error) {
		return messages.EncodeRequest(req, messages.Options{Target: t.Origin, MaxTokens: t.MaxOutput, Untagged: t.Same})
	},
	DecodeStream: messages.DecodeStream, DecodeResponse: messages.DecodeResponse,
}

var responsesCodec = Codec{
	EncodeError: responses.EncodeError, EncodeStreamError: responses.EncodeStreamError,
	DecodeError: responses.DecodeError, NewTap: responses.NewTap,
	Decode: decodeResponses,
	EncodeRequest: func(req *llm.Request, t Target) ([]byte, []llm.Notice, error) {
		options := responses.OptionsFor(t.Origin)
		options.Untagged = t.Same
		return responses.EncodeRequest(req, options)
	},
	DecodeStream: responses.DecodeStream, DecodeResponse: responses.DecodeResponse,
}

// geminiCodec and aisdkCodec lack Decode: their clients' models stand outside of the body, see Gemini and AISDK.
var (
	geminiCodec = Codec{
		EncodeError: gemini.EncodeError, EncodeStreamError: nameless(gemini.EncodeStreamError),
		DecodeError: gemini.DecodeError, NewTap: gemini.NewTap,
		EncodeRequest: func(req *llm.Request, t Target) ([]byte, []llm.Notice, error) {
			return gemini.EncodeRequest(req, gemini.Options{Target: t.Origin, Untagged: t.Same})
		},
		DecodeStream: gemini.DecodeStream, DecodeResponse: gemini.DecodeResponse,
	}
	aisdkCodec = Codec{
		EncodeError:       func(e *llm.Error) (int, []byte) { return aisdk.EncodeError(e, "", "") },
		EncodeStreamError: nameless(aisdk.EncodeStreamError), DecodeError: aisdk.DecodeError, NewTap: aisdk.NewTap,
	}
)

// The codecs of embeddings say errors as their vendors' other dialects do. What they decode is no conversation, see
// OpenAIEmbeddings and GeminiEmbeddings.
var (
	embeddingsCodec = Codec{
		EncodeError: chatcompletions.EncodeError, EncodeStreamError: nameless(chatcompletions.EncodeStreamError),
		DecodeError: chatcompletions.DecodeError, NewTap: embeddings.NewTap,
	}
	geminiEmbeddingsCodec = Codec{
		EncodeError: gemini.EncodeError, EncodeStreamError: nameless(gemini.EncodeStreamError),
		DecodeError: gemini.DecodeError, NewTap: gemini.NewEmbedTap,
	}
)

// Gemini reads a client's request to a model; array asks for a stream as one JSON array.
func Gemini(body []byte, head Head, array bool) (*Asked, error) {
	req, err := gemini.DecodeRequest(body, head.Model, head.Stream)
	if err != nil {
		return nil, err
	}
	options := func(a Answering) gemini.AnswerOptions {
		return gemini.AnswerOptions{Array: array, Origin: a.Origin, Model: a.Model, Account: a.Account}
	}
	streamType := ""
	if array {
		streamType = "application/json"
	}
	return &Asked{
		Request: req, StreamType: streamType,
		NewEncoder: func(a Answering) Encoder { return gemini.NewEncoder(options(a)) },
		EncodeResponse: func(events []llm.Event, a Answering) ([]byte, error) {
			return gemini.EncodeResponse(events, options(a))
		},
	}, nil
}

// AISDK reads a client's request of the AI SDK's gateway protocol.
func AISDK(body []byte, head aisdk.Head) (*Asked, error) {
	call, err := aisdk.DecodeRequest(head, body)
	if err != nil {
		return nil, err
	}
	options := func(a Answering) aisdk.Options {
		return aisdk.Options{
			Version: head.Version, Origin: a.Origin, GenerationID: "gen_" + a.ID, Notices: a.Notices, At: a.Now,
			Account: a.Account,
		}
	}
	return &Asked{
		Request: call.Request, Notices: call.Notices,
		NewEncoder:     func(a Answering) Encoder { return aisdk.NewEncoder(options(a)) },
		EncodeResponse: func(events []llm.Event, a Answering) ([]byte, error) { return aisdk.EncodeResponse(events, options(a)) },
	}, nil
}

// Restore undoes in an answer what fitting a request to its target, of the dialect, did to names and tools.
func Restore(d llm.Dialect, req *llm.Request, in llm.Stream) llm.Stream {
	if d == llm.Gemini {
		return gemini.Restore(req, in)
	}
	return fit.Restore(req, in)
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
