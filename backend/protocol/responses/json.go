package responses

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
)

// marshal writes JSON without HTML escapes, as the official SDKs do.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, llm.Errorf(llm.ErrBadRequest, "the request holds JSON that is not valid: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return append(dst, jsonedit.String(s)...)
		}
	}
	if !utf8.ValidString(s) {
		return append(dst, jsonedit.String(s)...)
	}
	return append(append(append(dst, '"'), s...), '"')
}

// oneLine takes the white space out of valid JSON, because an event's data is one line.
func oneLine(raw json.RawMessage) json.RawMessage {
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return raw
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil { // the callers checked it
		return raw
	}
	return b.Bytes()
}
