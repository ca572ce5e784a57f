// Package llm is the vocabulary in which Gatehouse speaks about language-model calls: requests, messages, parts,
// stream events, usage, finish reasons and errors.
//
// It imports the standard library only and must not know any wire format, provider or model by name. JSON schemas and
// tool inputs stay raw text, so that key order and number spelling survive and providers' prompt caches keep matching.
package llm

// Dialect names a wire protocol.
type Dialect string

// The dialects that carry a conversation.
const (
	// ChatCompletions is OpenAI's POST /chat/completions (API reference, "Chat").
	ChatCompletions Dialect = "chat-completions"
	// Messages is Anthropic's POST /v1/messages (API reference, "Messages").
	Messages Dialect = "messages"
	// Responses is OpenAI's POST /responses (API reference, "Responses").
	Responses Dialect = "responses"
	// Gemini is Google's POST /v1beta/models/{model}:generateContent (API reference, "Generating content").
	Gemini Dialect = "gemini"
	// AISDK is the AI SDK's gateway protocol (package @ai-sdk/gateway).
	AISDK Dialect = "ai-sdk"
	// Ollama is Ollama's POST /api/chat (API reference, "Generate a chat completion").
	Ollama Dialect = "ollama"
)

// The dialects that ask for embeddings.
const (
	// Embeddings is OpenAI's POST /embeddings (API reference, "Embeddings").
	Embeddings Dialect = "embeddings"
	// GeminiEmbeddings is Google's POST /v1beta/models/{model}:embedContent and :batchEmbedContents (API reference,
	// "Embeddings").
	GeminiEmbeddings Dialect = "gemini-embeddings"
)

// Embeds tells whether a dialect asks for embeddings rather than for a conversation.
func (d Dialect) Embeds() bool { return d == Embeddings || d == GeminiEmbeddings }

// String gives the dialect's name as people write it.
func (d Dialect) String() string {
	switch d {
	case ChatCompletions:
		return "OpenAI Chat Completions"
	case Messages:
		return "Anthropic Messages"
	case Responses:
		return "OpenAI Responses"
	case Gemini:
		return "Gemini"
	case AISDK:
		return "AI SDK gateway protocol"
	case Ollama:
		return "Ollama"
	case Embeddings:
		return "OpenAI Embeddings"
	case GeminiEmbeddings:
		return "Gemini Embeddings"
	}
	return string(d)
}
