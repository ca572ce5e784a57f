package aisdk

import (
	"bytes"
	"slices"
	"strings"

	"gatehouse/backend/protocol/jsonedit"
)

// private are the headers that a request's body must not take to an upstream: the client's own keys.
var private = []string{"authorization", "proxy-authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"}

// Private gives what must be taken out of a request's body before it is passed on as it is: of the headers that a call was
// given, which the AI SDK repeats in the body, those that hold keys. Its errors are *jsonedit.SyntaxError.
func Private(body []byte) ([]jsonedit.Edit, error) {
	spans, err := jsonedit.Find(body, "headers")
	if err != nil || !spans[0].Found() {
		return nil, err
	}
	raw := spans[0].Of(body)
	if raw[0] != '{' {
		return nil, nil
	}
	kept, found := []byte{'{'}, false
	err = jsonedit.Members(raw, func(key []byte, value jsonedit.Span) error {
		// A name with an escape is no header's; it is not worth to be understood.
		if slices.Contains(private, strings.ToLower(string(key))) || bytes.IndexByte(key, '\\') >= 0 {
			found = true
			return nil
		}
		if len(kept) > 1 {
			kept = append(kept, ',')
		}
		kept = append(append(append(kept, '"'), key...), `":`...)
		kept = append(kept, value.Of(raw)...)
		return nil
	})
	if err != nil || !found {
		return nil, err
	}
	return []jsonedit.Edit{{At: spans[0], With: append(kept, '}')}}, nil
}
