package gemini

import (
	"encoding/base64"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/fit"
)

// A thoughtSignature is bytes, so clients read it as base64, and some of Google's own SDKs fail on anything else. Our
// carriers therefore go out in base64 once more.

// sealed is a carrier as a thoughtSignature.
func sealed(carrier string) string {
	if carrier == "" {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(carrier))
}

// alphabet turns base64url into base64.
var alphabet = strings.NewReplacer("-", "+", "_", "/")

// unsealed gives the carrier that a thoughtSignature holds; one that holds none stays as it is.
func unsealed(signature string) string {
	if !strings.HasPrefix(signature, "Z2hy") { // "ghr", as every carrier begins
		return signature
	}
	// SDKs that keep it as bytes may write it in either alphabet.
	text := alphabet.Replace(strings.TrimRight(signature, "="))
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || !carry.Tagged(string(b)) {
		return signature
	}
	return string(b)
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
