package aisdk

import (
	"encoding/json"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
)

// EmbeddingCall is a decoded request for embeddings.
type EmbeddingCall struct {
	Model  string
	Values []string
	// Dimensions is nil where the caller did not say.
	Dimensions *int64
	// TaskType is what the vectors are for, as Google names it; empty where the caller did not say.
	TaskType string
	// Options is providerOptions, Gateway its member gateway, both as they came; nil where there is none.
	Options json.RawMessage
	Gateway json.RawMessage
}

// DecodeEmbedding reads a request for embeddings: {input: string or list} of version 2, {values: list} since. Its errors
// are *llm.Error of class bad request.
func DecodeEmbedding(head Head, body []byte) (*EmbeddingCall, error) {
	if head.Model == "" {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request names no model; set the header %s to its id", otherModel).
			WithCode("model_missing")
	}
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON").WithCode("invalid_json")
	}
	out := &EmbeddingCall{Model: head.Model}
	field, values := "values", root.Get("values")
	if !values.Exists() {
		field, values = "input", root.Get("input")
	}
	if values.Type() != jsonread.String && !values.IsArray() {
		return nil, bad(field, "must be a text or a list of texts")
	}
	for _, v := range values.Array() {
		if v.Type() != jsonread.String {
			return nil, bad(field, "must be a text or a list of texts")
		}
		out.Values = append(out.Values, v.Str())
	}
	if len(out.Values) == 0 {
		return nil, bad(field, "must hold at least one text")
	}
	options := root.Get("providerOptions")
	dimensions := root.Get("dimensions")
	for _, path := range []string{"openai.dimensions", "google.outputDimensionality", "mistral.outputDimension"} {
		if !dimensions.Exists() {
			dimensions = options.Get(path)
		}
	}
	out.TaskType = options.Get("google.taskType").String()
	if dimensions.Type() == jsonread.Number {
		if n := dimensions.Int(); n > 0 && float64(n) == dimensions.Float() {
			out.Dimensions = &n
		} else {
			return nil, bad("dimensions", "must be a whole number above 0")
		}
	}
	if options.IsObject() {
		out.Options = json.RawMessage(options.Raw())
		if g := options.Get("gateway"); g.IsObject() {
			out.Gateway = json.RawMessage(g.Raw())
		}
	}
	return out, nil
}

type embeddingBody struct {
	Embeddings       [][]float64     `json:"embeddings"`
	Usage            *embeddingUsage `json:"usage,omitempty"`
	Warnings         []warning       `json:"warnings"`
	ProviderMetadata *metadata       `json:"providerMetadata,omitempty"`
}

type embeddingUsage struct {
	Tokens int64 `json:"tokens"`
}

// EncodeEmbedding writes the answer: a vector for each value, in the order of the values. Of opts it takes Version,
// GenerationID, Account and Notices. A vector that holds NaN or an infinity is an error, for JSON has no word for them.
func EncodeEmbedding(vectors [][]float64, tokens llm.Count, opts Options) ([]byte, error) {
	if vectors == nil {
		vectors = [][]float64{} // the client refuses null
	}
	out := embeddingBody{Embeddings: vectors, Warnings: max(opts.Version, V3).warnings(opts.Notices)}
	out.ProviderMetadata = opts.final(llm.Usage{Input: tokens})
	if n, ok := tokens.Get(); ok {
		out.Usage = &embeddingUsage{n}
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, llm.Errorf(llm.ErrInternal, "the provider's vectors are not numbers: %w", err)
	}
	return body, nil
}
