// Package chatcompletions speaks OpenAI's Chat Completions (API reference, "Chat", POST /chat/completions) as OpenAI and
// the many servers that follow it do.
//
// It must not know routing or HTTP servers: bytes in, vocabulary out, and the other way round. All that it knows of single
// providers is the table of accents in options.go.
package chatcompletions
