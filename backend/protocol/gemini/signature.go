package gemini

import (
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/fit"
)

// A thoughtSignature is bytes, so clients read it as base64, and some of Google's own SDKs fail on anything else. Our
// carriers therefore go out in their form of base64, which no signature of Google's own begins like.

// unsealed gives the carrier that a thoughtSignature holds; one that holds none stays as it is.
func unsealed(signature string) string {
	if carrier, ok := carry.FromBase64(signature); ok {
		return carrier
	}
	return signature
}

// openSignature reads a client's thoughtSignature: what our carrier holds, or the signature as it is with no origin.
func openSignature(signature string) llm.Reasoning {
	if signature == skipSignature {
		return llm.Reasoning{}
	}
	return fit.UnpackReasoning(unsealed(signature))
}

// openCall reads the thoughtSignature on a client's functionCall.
func openCall(signature string) (string, llm.Origin) {
	signature = unsealed(signature)
	if _, own, origin, ok := fit.UnpackCall(signature); ok {
		return own, origin
	}
	if carry.Tagged(signature) || signature == skipSignature {
		return "", llm.Origin{}
	}
	return signature, llm.Origin{}
}
