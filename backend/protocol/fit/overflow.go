package fit

import "strings"

// Overflow is the code of an error that says that the conversation is too long for the model; clients shorten it then.
const Overflow = "context_length_exceeded"

// TooLong tells from the words of a refusal that the conversation is too long, since few vendors have a code for it.
func TooLong(message string) bool {
	message = strings.ToLower(message)
	for _, words := range []string{
		"prompt is too long", "maximum context length", "exceeds the context", "context window", "context size",
		"exceeds the maximum number of tokens", "too large for model",
	} {
		if strings.Contains(message, words) {
			return true
		}
	}
	return false
}
