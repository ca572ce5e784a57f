package protocol

import (
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/embeddings"
	"gatehouse/backend/protocol/ollama"
)

// ollamaCodec lacks all that speaks to a provider: Ollama itself is asked in OpenAI's dialect. It lacks Decode, since one
// dialect has two kinds of request, see Ollama.
var ollamaCodec = Codec{
	EncodeError: ollama.EncodeError, EncodeStreamError: nameless(ollama.EncodeStreamError), DecodeError: ollama.DecodeError,
}

// OllamaHead reads what routing needs of a request of Ollama's, of any kind.
func OllamaHead(body []byte) (Head, error) {
	model, stream, err := ollama.Head(body)
	return Head{Model: model, Stream: stream}, err
}

// Ollama reads a client's request of /api/chat or, where generate is set, of /api/generate. Its answer names the model as
// name does, which is the client's own word.
func Ollama(body []byte, name string, generate bool) (*Asked, error) {
	decode := ollama.DecodeChat
	if generate {
		decode = ollama.DecodeGenerate
	}
	req, err := decode(body)
	if err != nil {
		return nil, err
	}
	options := func(a Answering) ollama.AnswerOptions {
		return ollama.AnswerOptions{Model: name, Generate: generate, Start: a.Now, Now: a.Clock, Account: a.Account}
	}
	return &Asked{
		Request: req, StreamType: ollama.ContentType,
		NewEncoder: func(a Answering) Encoder { return ollama.NewEncoder(options(a)) },
		EncodeResponse: func(events []llm.Event, a Answering) ([]byte, error) {
			return ollama.EncodeResponse(events, options(a))
		},
	}, nil
}

// OllamaEmbeddings reads a client's request of /api/embed or, where single is set, of /api/embeddings.
func OllamaEmbeddings(body []byte, name string, single bool) (*EmbeddingAsked, error) {
	req, err := ollama.DecodeEmbed(body, single)
	if err != nil {
		return nil, err
	}
	return &EmbeddingAsked{Request: req, Encode: func(a *llm.EmbeddingAnswer, as Answering) ([]byte, error) {
		embeddings.Unit(a.Vectors) // as Ollama's are
		body, err := ollama.EncodeEmbed(a, single, ollama.AnswerOptions{Model: name, Start: as.Now, Now: as.Clock}, as.InputTokens())
		return accounted(body, "provider_metadata", as, a.Usage), err
	}}, nil
}

// OllamaLoads tells whether a request asks nothing, but that a model is loaded into memory or freed from there.
func OllamaLoads(body []byte) (loads, unload bool) { return ollama.Loads(body) }

// EncodeOllamaLoaded writes the answer to such a request.
func EncodeOllamaLoaded(name string, generate, unload bool, now func() time.Time) []byte {
	return ollama.EncodeLoaded(unload, ollama.AnswerOptions{Model: name, Generate: generate, Now: now})
}
