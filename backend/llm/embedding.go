package llm

// EmbeddingRequest asks for the vectors of inputs.
type EmbeddingRequest struct {
	Model  string
	Inputs []EmbeddingInput
	// Dimensions is the length that the vectors shall have, nil for the model's own.
	Dimensions *int64
	// User is the caller's own id of its end user.
	User string
	// TaskType is what the vectors are for, as Gemini names it (RETRIEVAL_QUERY and the like), Title the document's; empty
	// where the caller did not say.
	TaskType, Title string
	// Extra is what the caller's dialect has and this vocabulary has not.
	Extra []Extra
}

// EmbeddingInput is a text, or the tokens of one where Tokens is not nil.
type EmbeddingInput struct {
	Text   string
	Tokens []int64
}

// EmbeddingAnswer holds a vector for each input, in the order of the inputs.
type EmbeddingAnswer struct {
	Model   string
	Vectors [][]float64
	Usage   Usage
}
