// Package aisdk speaks the AI SDK's gateway protocol to clients: what the npm package @ai-sdk/gateway sends, in the
// versions 2, 3 and 4 of its language-model specification (AI SDK 5, 6 and 7). Its sources are that package and the
// types of @ai-sdk/provider (LanguageModelV2, V3 and V4). Towards providers it only observes answers that pass by.
//
// It must not know providers, routing or HTTP servers: bytes in, vocabulary out, and the other way round.
package aisdk
