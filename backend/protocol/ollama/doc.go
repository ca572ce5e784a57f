// Package ollama speaks Ollama's own protocol (API reference: /api/chat, /api/generate, /api/embed, /api/embeddings) with
// clients. Ollama itself is asked in OpenAI's, so there is no other side.
//
// It must not know providers, routing or HTTP servers: bytes in, vocabulary out, and the other way round.
package ollama
