package responses

import (
	"bytes"
	"encoding/json"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonwrite"
)

// marshal writes JSON without HTML escapes, as the official SDKs do. size is about how much it will be, in bytes.
func marshal(v any, size int) ([]byte, error) {
	b, err := jsonwrite.Marshal(v, size)
	if err != nil {
		return nil, invalid(err)
	}
	return b, nil
}

func invalid(err error) error {
	return llm.Errorf(llm.ErrBadRequest, "the request holds JSON that is not valid: %w", err)
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte { return jsonwrite.AppendString(dst, s) }

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
