// Package chatcompletions speaks OpenAI's Chat Completions (API reference, "Chat", POST /chat/completions) as OpenAI and
// the many servers that follow it do.
//
// It must not know providers, routing or HTTP servers: bytes in, vocabulary out, and the other way round.
package chatcompletions
