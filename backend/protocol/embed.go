package protocol

import (
	"net/http"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/protocol/embeddings"
	"gatehouse/backend/protocol/gemini"
)

// EmbeddingAsked is a client's request for embeddings with what its answer needs.
type EmbeddingAsked struct {
	Request *llm.EmbeddingRequest
	Notices []llm.Notice
	// Encode writes the answer. Of Answering it takes what the dialect shows.
	Encode func(*llm.EmbeddingAnswer, Answering) ([]byte, error)
}

// OpenAIEmbeddings reads a request of OpenAI's shape.
func OpenAIEmbeddings(body []byte) (*EmbeddingAsked, error) {
	req, form, err := embeddings.DecodeRequest(body)
	if err != nil {
		return nil, err
	}
	return &EmbeddingAsked{Request: req, Encode: func(a *llm.EmbeddingAnswer, as Answering) ([]byte, error) {
		body, err := embeddings.EncodeResponse(a, form, as.Model, as.InputTokens())
		return accounted(body, "providerMetadata", as, a.Usage), err // camel case here (hosted gateway, "Embeddings")
	}}, nil
}

// GeminiEmbeddings reads a request of Gemini's shape; batch is batchEmbedContents.
func GeminiEmbeddings(body []byte, model string, batch bool) (*EmbeddingAsked, error) {
	e, err := gemini.DecodeEmbedRequest(body, model, batch)
	if err != nil {
		return nil, err
	}
	req := &llm.EmbeddingRequest{
		Model: e.Model, Inputs: texts(e.Texts), Dimensions: e.Dimensions, TaskType: e.TaskType, Title: e.Title,
	}
	return &EmbeddingAsked{Request: req, Encode: func(a *llm.EmbeddingAnswer, as Answering) ([]byte, error) {
		body, err := gemini.EncodeEmbedResponse(a.Vectors, a.Usage, batch)
		return accounted(body, "provider_metadata", as, a.Usage), err
	}}, nil
}

// accounted puts the account of how an answer came about at the end of an object, where there is an object.
func accounted(body []byte, name string, as Answering, u llm.Usage) []byte {
	end := len(body) - 1
	if as.Account == nil || end < 1 || body[end] != '}' {
		return body
	}
	body = append(append(append(body[:end:end], `,"`...), name...), `":{"gateway":`...)
	return append(append(body, as.Account(u)...), "}}"...)
}

// AISDKEmbeddings reads a request of the AI SDK's gateway protocol.
func AISDKEmbeddings(body []byte, head aisdk.Head) (*EmbeddingAsked, error) {
	call, err := aisdk.DecodeEmbedding(head, body)
	if err != nil {
		return nil, err
	}
	req := &llm.EmbeddingRequest{
		Model: call.Model, Inputs: texts(call.Values), Dimensions: call.Dimensions, TaskType: call.TaskType,
	}
	if len(call.Options) > 0 {
		req.Extra = []llm.Extra{{Dialect: llm.AISDK, Name: "providerOptions", Raw: call.Options}}
	}
	return &EmbeddingAsked{Request: req, Encode: func(a *llm.EmbeddingAnswer, as Answering) ([]byte, error) {
		return aisdk.EncodeEmbedding(a.Vectors, a.Usage.Input, aisdk.Options{
			Version: head.Version, GenerationID: "gen_" + as.ID, Notices: as.Notices, Account: as.Account,
		})
	}}, nil
}

func texts(list []string) []llm.EmbeddingInput {
	out := make([]llm.EmbeddingInput, len(list))
	for i, text := range list {
		out[i].Text = text
	}
	return out
}

// EmbeddingBatch is a request's share that a provider takes at once.
type EmbeddingBatch struct {
	Body []byte
	// Size is how many inputs it has.
	Size int
}

// EncodeEmbeddings writes a request for a provider that is spoken to in a dialect, in as many batches as it needs.
func EncodeEmbeddings(d llm.Dialect, provider string, req *llm.EmbeddingRequest) ([]EmbeddingBatch, []llm.Notice, error) {
	if d == llm.GeminiEmbeddings {
		return geminiBatches(req)
	}
	options, _ := embeddings.OptionsFor(provider)
	body, notices, err := embeddings.EncodeRequest(req, options)
	return []EmbeddingBatch{{body, len(req.Inputs)}}, notices, err
}

func geminiBatches(req *llm.EmbeddingRequest) ([]EmbeddingBatch, []llm.Notice, error) {
	var notices []llm.Notice
	drop := func(field string) {
		notices = append(notices, llm.Notice{Field: field, Message: "the provider has no such option for embeddings"})
	}
	if req.User != "" {
		drop("user")
	}
	for _, x := range req.Extra {
		drop(x.Name)
	}
	var out []EmbeddingBatch
	for rest := req.Inputs; len(rest) > 0; {
		n := min(len(rest), gemini.MaxEmbeddings)
		e := &gemini.Embeddings{Model: req.Model, Dimensions: req.Dimensions, TaskType: req.TaskType, Title: req.Title}
		for _, in := range rest[:n] {
			if in.Tokens != nil {
				return nil, nil, llm.Errorf(llm.ErrBadRequest, "input: Google Gemini takes texts, not tokens").
					WithCode("invalid_request_error")
			}
			e.Texts = append(e.Texts, in.Text)
		}
		body, err := gemini.EncodeEmbedRequest(e)
		if err != nil {
			return nil, nil, err
		}
		out, rest = append(out, EmbeddingBatch{body, n}), rest[n:]
	}
	return out, notices, nil
}

// DecodeEmbeddings reads a provider's answer to a batch, which must hold a vector for each input.
func DecodeEmbeddings(d llm.Dialect, body []byte, size int) (*llm.EmbeddingAnswer, error) {
	var out *llm.EmbeddingAnswer
	var err error
	if d == llm.GeminiEmbeddings {
		out = &llm.EmbeddingAnswer{}
		out.Vectors, out.Usage, err = gemini.DecodeEmbedResponse(body)
	} else {
		out, err = embeddings.DecodeResponse(body)
	}
	if err != nil {
		return nil, err
	}
	if len(out.Vectors) != size {
		return nil, llm.Errorf(llm.ErrInternal, "the provider gave %d vectors for %d inputs", len(out.Vectors), size).
			WithStatus(http.StatusBadGateway).WithCode("upstream_unreadable")
	}
	return out, nil
}

// PlainEmbeddings tells whether a provider of a dialect takes requests as its dialect's own clients write them.
func PlainEmbeddings(d llm.Dialect, provider string) bool {
	_, plain := embeddings.OptionsFor(provider)
	return d == llm.GeminiEmbeddings || plain
}
