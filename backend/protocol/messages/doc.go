// Package messages speaks Anthropic's Messages (API reference, "Messages", POST /v1/messages) in its versions 2023-06-01
// and 2026-10-21.
//
// It must not know providers, routing or HTTP servers: bytes in, vocabulary out, and the other way round.
package messages
