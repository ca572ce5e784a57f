// Package gemini speaks Google's Gemini API (API reference, "Generating content": generateContent and
// streamGenerateContent of v1beta), with its token counts and embeddings, for clients and for providers.
//
// It must not know providers, routing or HTTP servers: bytes in, vocabulary out, and the other way round.
package gemini

import "strings"

// Path gives what stands behind the base URL (…/v1beta) for a call of a model. Methods are generateContent,
// streamGenerateContent, countTokens, embedContent and batchEmbedContents; a stream is asked for as server-sent events.
func Path(model, method string) string {
	path := "/" + resource(model) + ":" + method
	if method == "streamGenerateContent" {
		path += "?alt=sse"
	}
	return path
}

// resource is a model's resource name: models/{id}, unless it is one of another kind already (tunedModels/{id}).
func resource(model string) string {
	if strings.HasPrefix(model, "models/") || strings.HasPrefix(model, "tunedModels/") {
		return model
	}
	return "models/" + model
}
