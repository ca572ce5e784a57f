// Package gemini speaks Google's Gemini API (API reference, "Generating content": generateContent and
// streamGenerateContent of v1beta), with its token counts and embeddings, for clients and for providers.
//
// It must not know providers, routing or HTTP servers: bytes in, vocabulary out, and the other way round.
package gemini

import "strings"

// resource is a model's resource name: models/{id}, unless it is one of another kind already (tunedModels/{id}).
func resource(model string) string {
	if strings.HasPrefix(model, "models/") || strings.HasPrefix(model, "tunedModels/") {
		return model
	}
	return "models/" + model
}
