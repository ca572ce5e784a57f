// Package embeddings is OpenAI's POST /embeddings (API reference, "Embeddings"), of both sides, with what other servers
// of that shape do differently.
//
// It must not know who asks, who is asked or why; a server's ways are data (Options).
package embeddings
